//! `docs/zoo.md` has a row for each exhibit. `KYCSIM_UPDATE_DOCS=1 cargo test -p kycsim-loadtest` draws it anew.

use std::fmt::Write as _;
use std::path::Path;

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
