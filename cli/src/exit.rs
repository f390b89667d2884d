//! How the command ends. CI reads these numbers: they are part of the interface.

use std::process::ExitCode;

/// The exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All objectives held.
    Success = 0,
    /// An objective or the integrity verdict failed.
    Failed = 1,
    /// Bad usage, or a scenario that is not valid.
    Usage = 2,
    /// The run itself could not be done.
    Broken = 3,
    /// The generator was saturated, or the sample is too small to say.
    Inconclusive = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a subcommand ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The user has to change something.
    #[error("{0:#}")]
    Usage(anyhow::Error),
    /// The world did not play along.
    #[error("{0:#}")]
    Broken(#[from] anyhow::Error),
}

impl Failure {
    pub(crate) fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self::Usage(error.into())
    }

    pub(crate) const fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Broken(_) => Exit::Broken,
        }
    }
}

#[expect(clippy::print_stderr, reason = "the one place where the command complains")]
pub(crate) fn complain(failure: &Failure) {
    eprintln!("kycsim: {failure}");
}
