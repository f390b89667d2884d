//! The invariants of `ARCHITECTURE.md` that a test can check.

use std::path::{Path, PathBuf};

/// Which of our crates each crate may depend on; tests may use more.
const ARROWS: [(&str, &[&str]); 6] = [
    ("scenarios", &[]),
    ("reports", &[]),
    ("onboarding", &[]),
    ("fixtures", &["scenarios"]),
    ("simulator", &["scenarios"]),
    ("loadtest", &["scenarios", "fixtures", "reports"]),
];

/// Vendors whose names may stand in the folder of a dialect, or of an adapter, and nowhere else in the core.
const VENDORS: [&str; 10] = ["stripe", "onfido", "entrust", "sumsub", "persona", "veriff", "plaid", "jumio", "trulioo", "complyadvantage"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every Rust file below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

#[test]
fn arrows_between_crates_point_down_only() {
    for (name, allowed) in ARROWS {
        let manifest: toml::Table = read(&root().join(name).join("Cargo.toml")).parse().unwrap();
        let ours: Vec<&str> =
            manifest["dependencies"].as_table().unwrap().keys().filter_map(|dependency| dependency.strip_prefix("kycsim-")).collect();
        assert!(ours.iter().all(|each| allowed.contains(each)), "{name} depends on {ours:?}, and may on {allowed:?}");
    }
}

#[test]
fn the_core_names_no_vendor() {
    for (folder, exempt) in
        [("simulator/src", "simulator/src/dialects"), ("scenarios/src", ""), ("onboarding/src", "onboarding/src/vendor")]
    {
        for file in sources(&root().join(folder)) {
            if !exempt.is_empty() && file.starts_with(root().join(exempt)) {
                continue;
            }
            let text = read(&file).to_lowercase();
            // Whole words only: "personal" is not a vendor.
            let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).collect();
            let named = VENDORS.iter().find(|vendor| words.contains(vendor));
            assert_eq!(named, None, "{}", file.display());
        }
    }
}

#[test]
fn the_model_touches_nothing() {
    for file in sources(&root().join("scenarios/src")) {
        let text = read(&file);
        for forbidden in ["tokio::", "hyper::", "Instant::now", "SystemTime::now", "std::net", "thread::spawn"] {
            assert!(!text.contains(forbidden), "{} uses {forbidden}", file.display());
        }
    }
}

#[test]
fn the_backend_cannot_see_a_scenario() {
    for file in sources(&root().join("onboarding/src")) {
        assert!(!read(&file).contains("kycsim_"), "{} uses another crate of ours", file.display());
    }
}
