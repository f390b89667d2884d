//! `docs/dialects/README.md` has every row of the vendors' own pages, with the same mark. `KYCSIM_UPDATE_DOCS=1 cargo test -p kycsim` draws it anew.

use std::path::{Path, PathBuf};

const MARK: &str = "<!-- table -->\n";
const VENDORS: [(&str, &str); 2] = [("Stripe Identity", "stripe-identity.md"), ("Onfido", "onfido.md")];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/dialects")
}

/// How far something is there, by what its row says of it.
fn mark(says: &str) -> &'static str {
    match says {
        _ if says.starts_with("faithful") => "faithful",
        _ if says.starts_with("absent") || says.starts_with("there is never") => "absent",
        _ => "partial",
    }
}

/// Returns the rows of a page's tables that say how far endpoints and fields are there: what, and the mark.
fn rows(page: &str) -> Vec<(String, &'static str)> {
    let mut rows = Vec::new();
    let (mut inside, mut above) = (false, String::new());
    for line in page.lines() {
        let cells: Vec<&str> = line.trim().trim_matches('|').split(" | ").map(str::trim).collect();
        match cells.as_slice() {
            ["endpoint" | "field" | "object" | "", ..]
                if line.starts_with("| endpoint |") || line.starts_with("| field |") || line.starts_with("| object |") =>
            {
                inside = true;
            }
            [head, ..] if head.starts_with("---") => {}
            _ if !line.starts_with('|') => inside = false,
            [what, says] if inside => rows.push(((*what).to_owned(), mark(says))),
            [object, field, says] if inside => {
                if !object.is_empty() {
                    (*object).clone_into(&mut above);
                }
                rows.push((format!("{above}: {field}"), mark(says)));
            }
            _ => {}
        }
    }
    rows
}

#[test]
fn the_table_of_all_dialects_says_what_their_pages_say() {
    let mut table = String::from("\n| vendor | endpoint or field | |\n| --- | --- | --- |\n");
    for (vendor, page) in VENDORS {
        let rows = rows(&std::fs::read_to_string(folder().join(page)).unwrap());
        assert!(rows.len() >= 20, "{page} has lost its tables");
        for (what, mark) in rows {
            table.push_str(&format!("| {vendor} | {what} | {mark} |\n"));
        }
    }
    let path = folder().join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let (before, drawn) = readme.split_once(MARK).unwrap();
    if std::env::var_os("KYCSIM_UPDATE_DOCS").is_some() {
        std::fs::write(&path, format!("{before}{MARK}{table}")).unwrap();
    } else {
        assert_eq!(drawn, table, "draw it anew: KYCSIM_UPDATE_DOCS=1 cargo test -p kycsim");
    }
}
