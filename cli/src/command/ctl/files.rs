//! What comes from files.

use std::path::Path;

use anyhow::{Context as _, anyhow};
use serde_json::Value;

use crate::exit::Failure;

fn text(path: &Path) -> Result<String, Failure> {
    let read = std::fs::read_to_string(path).with_context(|| format!("could not read `{}`", path.display()));
    read.map_err(Failure::Usage)
}

/// Reads JSON.
pub(super) fn json(path: &Path) -> Result<Value, Failure> {
    serde_json::from_str(&text(path)?).map_err(|error| Failure::usage(anyhow!("`{}` is not JSON: {error}", path.display())))
}

/// Reads TOML, or JSON when the file's name ends so.
pub(super) fn toml_or_json(path: &Path) -> Result<Value, Failure> {
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
        return json(path);
    }
    toml::from_str(&text(path)?).map_err(|error| Failure::usage(anyhow!("`{}` is not TOML: {error}", path.display())))
}

/// Returns what stands for a scenario: the text of a file of this name, or else the name, for the vendor to know.
pub(super) fn scenario(name: &str) -> Result<String, Failure> {
    let path = Path::new(name);
    if path.exists() { text(path) } else { Ok(name.to_owned()) }
}
