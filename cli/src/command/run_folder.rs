use std::path::{Path, PathBuf};

use anyhow::anyhow;

/// Returns the folder that a run of this name is to be written into.
///
/// # Errors
/// When it holds a run already.
pub(super) fn run_folder(out: Option<&Path>, id: &str) -> anyhow::Result<PathBuf> {
    let path = out.map_or_else(|| Path::new("runs").join(id), Path::to_owned);
    if path.join("manifest.json").exists() {
        return Err(anyhow!("`{}` holds a run already; give another folder with --out", path.display()));
    }
    Ok(path)
}
