//! What the vendor knows of a session beside the session itself.

use std::sync::Arc;

use kycsim_scenarios::SimTime;
use kycsim_scenarios::vendor::{Decision, Outcome, SessionState};
use serde::{Deserialize, Serialize};

use super::options::DocumentType;
use super::particulars::Particulars;
use super::reasons::Code;
use super::shelf::Named;
use crate::id::SessionId;
use crate::session::Session;

/// How many reports of one session are remembered: the latest.
const REPORTS_MAX: usize = 100;

/// One session, in this vendor's words.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Verification {
    pub(super) id: SessionId,
    /// In seconds since 1970.
    pub(super) created: i64,
    /// Shared with the events that were told of it.
    pub(super) particulars: Arc<Particulars>,
    /// Where its customer found the vendor: its page is there too.
    pub(super) base: Arc<str>,
    pub(super) captured: Captured,
    /// Why the applicant left without handing anything in, if they did.
    pub(super) left: Option<Code>,
    /// When something was handed in last: links given before are spent.
    pub(super) submitted_at: Option<SimTime>,
    reports: Vec<Filed>,
    pub(super) redaction: Option<Redaction>,
    /// What was told of it last.
    pub(super) told: Option<Outline>,
}

/// What an applicant's device has handed in, as ids of files.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(super) struct Captured {
    pub(super) document: Option<DocumentType>,
    pub(super) front: Option<String>,
    pub(super) back: Option<String>,
    pub(super) selfie: Option<String>,
}

/// A report, and the version that its session had when it was written.
#[derive(Clone, Serialize, Deserialize)]
struct Filed {
    version: u64,
    report: String,
}

/// How far the erasure of a session has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Redaction {
    Processing,
    Redacted,
}

/// What of a session changes in the eyes of whoever follows its events.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Outline {
    pub(super) status: Standing,
    pub(super) last_error: Option<Code>,
    pub(super) last_verification_report: Option<String>,
    pub(super) redaction: Option<Redaction>,
}

/// Where a session stands: one of four. There is no "failed".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Standing {
    RequiresInput,
    Processing,
    Verified,
    Canceled,
}

impl Standing {
    pub(super) const WORDS: &[(&str, Self)] = &[
        ("requires_input", Self::RequiresInput),
        ("processing", Self::Processing),
        ("verified", Self::Verified),
        ("canceled", Self::Canceled),
    ];

    /// Returns where a session stands that is in this state. Whatever did not succeed wants to be tried again.
    pub(super) const fn of(state: &SessionState) -> Self {
        match state {
            SessionState::Collecting { .. } | SessionState::Expired { .. } => Self::RequiresInput,
            SessionState::Processing { .. } => Self::Processing,
            SessionState::Decided { decision: Decision { outcome: Outcome::Approved, .. }, .. } => Self::Verified,
            SessionState::Decided { .. } => Self::RequiresInput,
            SessionState::Cancelled { .. } => Self::Canceled,
        }
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::RequiresInput => "requires_input",
            Self::Processing => "processing",
            Self::Verified => "verified",
            Self::Canceled => "canceled",
        }
    }
}

impl Verification {
    pub(super) fn new(id: SessionId, created: i64, particulars: Arc<Particulars>, base: Arc<str>) -> Self {
        Self {
            id,
            created,
            particulars,
            base,
            captured: Captured::default(),
            left: None,
            submitted_at: None,
            reports: Vec::new(),
            redaction: None,
            told: None,
        }
    }

    /// Takes a report in that was just written.
    pub(super) fn file(&mut self, report: String, version: u64) {
        if self.reports.len() == REPORTS_MAX {
            self.reports.remove(0);
        }
        self.reports.push(Filed { version, report });
    }

    /// Returns the latest report that whoever sees `session` can know of: a read that lags knows fewer.
    pub(super) fn report(&self, session: &Session) -> Option<&str> {
        self.reports.iter().rev().find(|filed| filed.version <= session.version).map(|filed| filed.report.as_str())
    }

    /// All its reports.
    pub(super) fn reports(&self) -> impl Iterator<Item = &str> {
        self.reports.iter().map(|filed| filed.report.as_str())
    }

    /// Returns why it needs input again, if it does.
    pub(super) fn last_error(&self, session: &Session) -> Option<Code> {
        let failed = |decision: &Decision| (decision.outcome != Outcome::Approved).then(|| self.code(decision));
        match &session.state {
            SessionState::Processing { .. } | SessionState::Cancelled { .. } => None,
            SessionState::Decided { decision, .. } => failed(decision).map(|code| self.left.unwrap_or(code)),
            SessionState::Collecting { last, .. } => self.left.or_else(|| last.as_ref().and_then(failed)),
            SessionState::Expired { .. } => self.left.or(Some(Code::Abandoned)),
        }
    }

    /// Returns what a decision is called that is no approval.
    pub(super) fn code(&self, decision: &Decision) -> Code {
        let asks = self.particulars.asks();
        let other = if asks.document { Code::DocumentUnverifiedOther } else { Code::IdNumberUnverifiedOther };
        decision.reasons.first().map_or(other, |reason| Code::of(*reason, asks))
    }

    pub(super) fn outline(&self, session: &Session) -> Outline {
        Outline {
            status: Standing::of(&session.state),
            last_error: self.last_error(session),
            last_verification_report: self.report(session).map(str::to_owned),
            redaction: self.redaction,
        }
    }
}

impl Named for Verification {
    fn id(&self) -> &str {
        self.id.as_str()
    }
}
