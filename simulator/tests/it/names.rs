//! The core names no vendor: real ones live in `dialects/` and nowhere else.

use std::path::{Path, PathBuf};

const VENDORS: [&str; 7] = ["stripe", "onfido", "sumsub", "persona", "veriff", "plaid", "jumio"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("dialects") {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The vendors that a text names as a word of its own: `personal` names nobody.
fn named(text: &str) -> Vec<&'static str> {
    let text = text.to_lowercase();
    let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).collect();
    VENDORS.into_iter().filter(|vendor| words.contains(vendor)).collect()
}

#[test]
fn the_core_names_no_vendor() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&here.join("src"), &mut files);
    sources(&here.join("../scenarios/src"), &mut files);
    assert!(files.len() > 30, "where are the sources? {files:?}");
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        assert_eq!(named(&text), [""; 0], "{}", file.display());
    }
}

#[test]
fn a_name_is_found_where_there_is_one() {
    assert_eq!(named("let x = Stripe_identity;"), ["stripe"]);
    assert_eq!(named("no personal data, no stripes"), [""; 0]);
}
