//! Every face of a run, side by side in its folder.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::model::Run;
use crate::{html, json, junit, markdown};

/// A face that is a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// For a browser, offline.
    Html,
    /// For programs, and to read the run back.
    Json,
    /// For a CI server.
    Junit,
    /// For a pull request.
    Markdown,
}

impl Face {
    /// Every face, in the order in which they are written.
    pub const ALL: [Self; 4] = [Self::Json, Self::Junit, Self::Markdown, Self::Html];

    /// Returns the name of its file.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        match self {
            Self::Html => "report.html",
            Self::Json => "report.json",
            Self::Junit => "junit.xml",
            Self::Markdown => "summary.md",
        }
    }

    /// Writes this face of `run`.
    ///
    /// # Errors
    /// Whatever the writer refuses.
    pub fn write(self, run: &Run, out: &mut impl Write) -> io::Result<()> {
        match self {
            Self::Html => html(run, out),
            Self::Json => json(run, out),
            Self::Junit => junit(run, out),
            Self::Markdown => markdown(run, out),
        }
    }
}

/// Why a face could not be left in a folder.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteFacesError {
    #[error("could not make the folder `{}`", .folder.display())]
    Folder { folder: PathBuf, source: io::Error },
    #[error("could not write `{}`", .path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("`{}` is written, but could not be put in its place as `{}`", .partial.display(), .path.display())]
    Place { partial: PathBuf, path: PathBuf, source: io::Error },
}

/// Writes every face into `folder`, which is made when it is missing. A face replaces its predecessor in one move, so that a reader (a
/// browser that reloads, a CI server that collects) never sees half of one.
///
/// # Errors
/// When the folder cannot be made or a file in it cannot be written. The faces before that one are in their places then.
pub fn write_faces(run: &Run, folder: &Path) -> Result<(), WriteFacesError> {
    fs::create_dir_all(folder).map_err(|source| WriteFacesError::Folder { folder: folder.to_owned(), source })?;
    Face::ALL.into_iter().try_for_each(|face| place(run, face, folder))
}

fn place(run: &Run, face: Face, folder: &Path) -> Result<(), WriteFacesError> {
    let path = folder.join(face.file_name());
    // In the same folder: a rename is one move only within a file system. One writer per folder, so the name need not be unique.
    let partial = folder.join(format!(".{}.partial", face.file_name()));
    if let Err(source) = write(run, face, &partial) {
        // The first error is the one worth telling; a leftover is overwritten by the next attempt.
        let _ = fs::remove_file(&partial);
        return Err(WriteFacesError::Write { path, source });
    }
    fs::rename(&partial, &path).map_err(|source| WriteFacesError::Place { partial, path, source })
}

fn write(run: &Run, face: Face, partial: &Path) -> io::Result<()> {
    let mut out = BufWriter::new(File::create(partial)?);
    face.write(run, &mut out)?;
    out.flush()
}
