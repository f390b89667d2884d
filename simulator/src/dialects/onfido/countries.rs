//! Countries: the API writes ISO 3166-1 alpha-3, the core alpha-2.

use crate::session::CountryCode;

/// Every country that the API knows, alpha-3 and alpha-2 in one word, by the former. Kosovo has no official code: the API says `RKS`.
const COUNTRIES: &str = "\
ABWAW AFGAF AGOAO AIAAI ALAAX ALBAL ANDAD AREAE ARGAR ARMAM ASMAS ATAAQ ATFTF ATGAG AUSAU AUTAT AZEAZ BDIBI BELBE BENBJ \
BESBQ BFABF BGDBD BGRBG BHRBH BHSBS BIHBA BLMBL BLRBY BLZBZ BMUBM BOLBO BRABR BRBBB BRNBN BTNBT BVTBV BWABW CAFCF CANCA \
CCKCC CHECH CHLCL CHNCN CIVCI CMRCM CODCD COGCG COKCK COLCO COMKM CPVCV CRICR CUBCU CUWCW CXRCX CYMKY CYPCY CZECZ DEUDE \
DJIDJ DMADM DNKDK DOMDO DZADZ ECUEC EGYEG ERIER ESHEH ESPES ESTEE ETHET FINFI FJIFJ FLKFK FRAFR FROFO FSMFM GABGA GBRGB \
GEOGE GGYGG GHAGH GIBGI GINGN GLPGP GMBGM GNBGW GNQGQ GRCGR GRDGD GRLGL GTMGT GUFGF GUMGU GUYGY HKGHK HMDHM HNDHN HRVHR \
HTIHT HUNHU IDNID IMNIM INDIN IOTIO IRLIE IRNIR IRQIQ ISLIS ISRIL ITAIT JAMJM JEYJE JORJO JPNJP KAZKZ KENKE KGZKG KHMKH \
KIRKI KNAKN KORKR KWTKW LAOLA LBNLB LBRLR LBYLY LCALC LIELI LKALK LSOLS LTULT LUXLU LVALV MACMO MAFMF MARMA MCOMC MDAMD \
MDGMG MDVMV MEXMX MHLMH MKDMK MLIML MLTMT MMRMM MNEME MNGMN MNPMP MOZMZ MRTMR MSRMS MTQMQ MUSMU MWIMW MYSMY MYTYT NAMNA \
NCLNC NERNE NFKNF NGANG NICNI NIUNU NLDNL NORNO NPLNP NRUNR NZLNZ OMNOM PAKPK PANPA PCNPN PERPE PHLPH PLWPW PNGPG POLPL \
PRIPR PRKKP PRTPT PRYPY PSEPS PYFPF QATQA REURE RKSXK ROURO RUSRU RWARW SAUSA SDNSD SENSN SGPSG SGSGS SHNSH SJMSJ SLBSB \
SLESL SLVSV SMRSM SOMSO SPMPM SRBRS SSDSS STPST SURSR SVKSK SVNSI SWESE SWZSZ SXMSX SYCSC SYRSY TCATC TCDTD TGOTG THATH \
TJKTJ TKLTK TKMTM TLSTL TONTO TTOTT TUNTN TURTR TUVTV TWNTW TZATZ UGAUG UKRUA UMIUM URYUY USAUS UZBUZ VATVA VCTVC VENVE \
VGBVG VIRVI VNMVN VUTVU WLFWF WSMWS YEMYE ZAFZA ZMBZM ZWEZW";

/// How long each word is, with the blank after it.
const STEP: usize = 6;

/// Returns the alpha-2 code of the country with this alpha-3 code, in capital letters.
pub(super) fn alpha_2(alpha_3: &str) -> Option<CountryCode> {
    if alpha_3.len() != 3 {
        return None;
    }
    COUNTRIES
        .as_bytes()
        .chunks(STEP)
        .find(|word| word.starts_with(alpha_3.as_bytes()))
        .and_then(|word| CountryCode::parse(str::from_utf8(word.get(3..5)?).ok()?))
}

/// Returns whether the API knows a country by this alpha-3 code.
pub(super) fn is_known(alpha_3: &str) -> bool {
    alpha_2(alpha_3).is_some()
}

/// The code of nowhere in particular: that of applicants who do not say where they live.
pub(super) fn nowhere() -> Option<CountryCode> {
    CountryCode::parse("XX")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(alpha_3: &str, expected: Option<&str>) {
        assert_eq!(alpha_2(alpha_3).map(|code| code.as_str().to_owned()).as_deref(), expected, "{alpha_3}");
    }

    #[test]
    fn countries_have_two_codes() {
        check("DEU", Some("DE"));
        check("ABW", Some("AW"));
        check("ZWE", Some("ZW"));
        check("RKS", Some("XK"));
        for alpha_3 in ["", "DE", "deu", "XXX", "DED", "EUD", "DEUD"] {
            check(alpha_3, None);
        }
        assert!(COUNTRIES.split(' ').all(|word| word.len() == 5), "each word is two codes");
        assert!(nowhere().is_some());
    }
}
