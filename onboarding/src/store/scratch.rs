//! A folder of our own, gone when we are.

use std::fs::{DirBuilder, remove_dir_all};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::OpenDatabaseError;

#[derive(Debug)]
pub(super) struct ScratchFolder(PathBuf);

impl ScratchFolder {
    pub(super) fn new() -> Result<Self, OpenDatabaseError> {
        let path = std::env::temp_dir().join(format!("kycsim-onboarding-{}", Uuid::new_v4().simple()));
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        {
            use std::os::unix::fs::DirBuilderExt as _;
            builder.mode(0o700); // other users of the machine have no business with applicants' images
        }
        match builder.create(&path) {
            Ok(()) => Ok(Self(path)),
            Err(source) => Err(OpenDatabaseError::Scratch { path, source }),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for ScratchFolder {
    fn drop(&mut self) {
        if let Err(error) = remove_dir_all(&self.0) {
            tracing::warn!(path = %self.0.display(), %error, "the temporary database was left behind");
        }
    }
}
