//! What we tell an adapter, in words of our own.

use crate::decision::{Report, SessionState};
use crate::id::{Country, DocumentType, ExaminationId, SessionId};
use crate::verification::ImageKind;

/// What a session is made from.
#[derive(Debug)]
pub(crate) struct NewSession<'a> {
    pub(crate) reference: &'a str,
    pub(crate) country: &'a Country,
    pub(crate) document_type: DocumentType,
}

/// A session that was just made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Created {
    pub(crate) session: SessionId,
    /// Zero where the vendor numbers none.
    pub(crate) version: i64,
}

/// An image to be handed over.
pub(crate) struct Picture {
    pub(crate) kind: ImageKind,
    pub(crate) bytes: Vec<u8>,
}

/// What we know of a session when we speak of it to the vendor. An adapter needs it to place what a vendor says that numbers neither attempts nor versions.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) session: SessionId,
    pub(crate) country: Country,
    pub(crate) document_type: DocumentType,
    /// The attempt that we are at.
    pub(crate) attempt: u32,
    /// Whether the vendor has confirmed that it has everything of this attempt.
    pub(crate) accepted: bool,
    /// What the vendor did so far, by attempt.
    pub(crate) examinations: Vec<(u32, ExaminationId)>,
    /// The newest version that was taken into account.
    pub(crate) seen: i64,
    /// The newest version that somebody has told us of. A vendor without versions has this one by our own count: an answer to a question that was asked
    /// after its nth hint is its nth version.
    pub(crate) told: i64,
}

impl Known {
    /// Returns the examination of the present attempt.
    pub(super) fn examination(&self) -> Option<&ExaminationId> {
        self.examinations.iter().find(|(attempt, _)| *attempt == self.attempt).map(|(_, id)| id)
    }

    /// Returns the earlier attempt that `examination` was about.
    pub(super) fn earlier_attempt(&self, examination: &ExaminationId) -> Option<u32> {
        self.examinations.iter().find(|(attempt, id)| *attempt < self.attempt && id == examination).map(|(attempt, _)| *attempt)
    }

    /// Returns the report that the vendor has everything of the present attempt. It is no news, whatever has become of the attempt meanwhile: the confirmation
    /// may be of an earlier try, and what there is to know is asked for later.
    pub(super) fn confirmed(&self, examination: Option<ExaminationId>) -> Report {
        let (session, version, attempt) = (self.session.clone(), self.seen, self.attempt);
        Report { session, version, attempt, examination, state: SessionState::Processing, decision: None }
    }

    /// Returns the version of an answer that the vendor gives now, if it numbers none itself.
    pub(super) fn version_now(&self) -> i64 {
        self.told.max(self.seen)
    }
}
