//! Snapshots as files: JSON with a format number, written whole or not at all.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{FORMAT, Snapshot};

/// Longer than what a full store makes: beyond it a file is no snapshot of ours, and reading it would only fill the memory.
const BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;

/// Why a snapshot was not written. A file that was there before is as it was.
#[derive(Debug, thiserror::Error)]
#[error("the snapshot could not be written to `{}`", .path.display())]
pub struct WriteSnapshotError {
    /// Where it was to go.
    pub path: PathBuf,
    /// Why not.
    pub source: io::Error,
}

/// Why a snapshot was not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadSnapshotError {
    /// The file could not be read at all.
    #[error("the snapshot `{}` could not be read", .path.display())]
    Open {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A later version wrote it.
    #[error("the snapshot `{}` is of format {format}, and this version reads formats up to {FORMAT}; use the version that wrote it", .path.display())]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its format.
        format: u32,
    },
    /// It is no snapshot, or not a whole one.
    #[error("`{}` is damaged, or no snapshot: {reason}", .path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong, and where. Nothing of what the file says: there are secrets in it.
        reason: String,
    },
}

/// What every format begins with.
#[derive(Deserialize)]
struct Head {
    format: u32,
}

impl Snapshot {
    /// Writes it to a file, in place of the one that was there: a reader sees either the old one or the new one, whenever the machine stops. On Unix
    /// only its owner may read it, because there are secrets in it.
    ///
    /// # Errors
    /// [`WriteSnapshotError`] when the folder cannot be written to.
    pub fn write(&self, path: &Path) -> Result<(), WriteSnapshotError> {
        let failed = |source| WriteSnapshotError { path: path.to_owned(), source };
        let mut beside = path.as_os_str().to_owned();
        beside.push(format!(".{}.new", std::process::id()));
        let beside = PathBuf::from(beside);
        let written = self.write_to(&beside).and_then(|()| std::fs::rename(&beside, path));
        if written.is_err() {
            let _ = std::fs::remove_file(&beside); // it may not even be there
        }
        written.map_err(failed)
    }

    fn write_to(&self, path: &Path) -> io::Result<()> {
        // A file of that name is left from a process that was killed: it is made anew, so that nobody else has opened it before.
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut out = BufWriter::new(options.open(path)?);
        serde_json::to_writer(&mut out, self).map_err(io::Error::from)?;
        out.write_all(b"\n")?;
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
    }

    /// Reads a file that [`Snapshot::write`] wrote.
    ///
    /// # Errors
    /// [`ReadSnapshotError`] when it cannot be read, is of a newer format, or is damaged.
    pub fn read(path: &Path) -> Result<Self, ReadSnapshotError> {
        let open = |source| ReadSnapshotError::Open { path: path.to_owned(), source };
        let damaged = |error: serde_json::Error| {
            // Line and kind of the error only: its text quotes what it stumbled over.
            let reason = format!("{:?} error in line {}, column {}", error.classify(), error.line(), error.column());
            ReadSnapshotError::Damaged { path: path.to_owned(), reason }
        };
        let mut text = Vec::new();
        File::open(path).and_then(|file| BufReader::new(file).take(BYTES_MAX).read_to_end(&mut text)).map_err(open)?;
        let Head { format } = serde_json::from_slice(&text).map_err(damaged)?;
        if format > FORMAT {
            return Err(ReadSnapshotError::Newer { path: path.to_owned(), format });
        }
        serde_json::from_slice(&text).map_err(damaged)
    }
}
