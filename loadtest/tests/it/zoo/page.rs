//! `docs/zoo.md` has a row for each exhibit, and `docs/integrity.md` a section for each kind of finding. `KYCSIM_UPDATE_DOCS=1 cargo test -p kycsim-loadtest` draws it anew.

use std::fmt::Write as _;
use std::path::Path;

use kycsim_reports::model::FindingKind;
use kycsim_scenarios::catalogue;

use super::exhibit::{EXHIBITS, Shows};

const MARK: &str = "<!-- table -->\n";

#[test]
fn the_zoos_page_has_a_row_for_each_exhibit() {
    let mut table = String::from("\n| backend | its bug | found by | as |\n| --- | --- | --- | --- |\n");
    for exhibit in EXHIBITS {
        let shows: Vec<String> = exhibit
            .shows
            .iter()
            .map(|shows| match shows {
                Shows::As(kind) => format!("[`{0}`](integrity.md#{0})", kind.as_str()),
                Shows::Missing(measure) => format!("the objective on `{measure}`"),
            })
            .collect();
        let shows = shows.join(", ");
        let scenario = exhibit.scenario;
        writeln!(table, "| `{}` | {} | [`{scenario}`](../scenarios/catalogue/{scenario}.toml) | {shows} |", exhibit.name, exhibit.bug)
            .unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/zoo.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, drawn) = page.split_once(MARK).unwrap();
    if std::env::var_os("KYCSIM_UPDATE_DOCS").is_some() {
        std::fs::write(&path, format!("{before}{MARK}{table}")).unwrap();
    } else {
        assert_eq!(drawn, table, "draw it anew: KYCSIM_UPDATE_DOCS=1 cargo test -p kycsim-loadtest");
    }
}

#[test]
fn the_verdicts_page_has_a_section_for_each_kind_and_names_scenarios_that_provoke_it() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/integrity.md")).unwrap();
    let sections: Vec<(&str, &str)> = page.split("\n## `").skip(1).map(|section| section.split_once('`').unwrap()).collect();
    let headings: Vec<&str> = sections.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(headings, FindingKind::ALL.map(FindingKind::as_str));
    for (kind, text) in sections {
        let (_, provoked) = text.split_once("Provoked by ").unwrap_or_else(|| panic!("{kind}"));
        let (provoked, _) = provoked.split_once('.').unwrap();
        let named: Vec<&str> = provoked.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "{kind}");
        assert!(named.iter().all(|name| catalogue::text(name).is_some()), "{kind}: {named:?}");
        let exhibits =
            EXHIBITS.iter().filter(|exhibit| exhibit.shows.iter().any(|shows| matches!(shows, Shows::As(each) if each.as_str() == kind)));
        assert!(exhibits.map(|exhibit| exhibit.scenario).any(|scenario| named.contains(&scenario)), "{kind}: {named:?}");
    }
}
