//! How this vendor spells its ids: a prefix that says what is named, and letters and digits.

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// How many letters 128 bits take.
const LETTERS: usize = 22;

/// As many letters as fit into a machine word, and how many different words they make.
const LETTERS_AT_ONCE: usize = 10;
const WORDS_AT_ONCE: u128 = 62_u128.pow(10);

/// Returns `prefix` and `bits` as 22 letters and digits.
pub(super) fn spell(prefix: &str, mut bits: u128) -> String {
    let mut letters = [0_u8; LETTERS];
    for letters in letters.rchunks_mut(LETTERS_AT_ONCE) {
        let mut part = u64::try_from(bits % WORDS_AT_ONCE).unwrap_or_default(); // 62 to the tenth is below 2 to the sixtieth
        bits /= WORDS_AT_ONCE;
        for letter in letters.iter_mut().rev() {
            *letter = ALPHABET[usize::try_from(part % 62).unwrap_or_default()]; // below 62, so it always fits
            part /= 62;
        }
    }
    let mut id = String::with_capacity(prefix.len() + LETTERS);
    id.push_str(prefix);
    id.push_str(str::from_utf8(&letters).unwrap_or_default()); // the alphabet is ASCII
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_spelled_in_full() {
        assert_eq!(spell("vs_", 0), format!("vs_{}", "0".repeat(22)));
        assert_eq!(spell("vs_", 63), format!("vs_{}11", "0".repeat(20)));
        assert_eq!(spell("", u128::MAX), "7n42DGM5Tflk9n8mt7Fhc7");
        assert_ne!(spell("", u128::MAX), spell("", u128::MAX - 1));
    }
}
