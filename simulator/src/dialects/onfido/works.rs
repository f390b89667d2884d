//! Which check or workflow run an attempt of a session is for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::SessionId;

/// What a session is examined for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Work {
    /// The check with this id.
    Check(String),
    /// The workflow run with this id.
    Run(String),
}

/// All of them: as many as there are checks, and attempts of runs.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Works {
    submitted: BTreeMap<String, Vec<(u32, Work)>>,
    /// What waits for pictures of its own, by the session that they are to come to.
    reserved: BTreeMap<String, Work>,
    /// The check of each report.
    pub(super) reports: BTreeMap<String, String>,
}

impl Works {
    /// Takes note that an attempt was handed in.
    pub(super) fn submitted(&mut self, session: &SessionId, attempt: u32, work: Work) {
        self.submitted.entry(session.as_str().to_owned()).or_default().push((attempt, work));
    }

    /// Returns what an attempt is for.
    pub(super) fn of(&self, session: &SessionId, attempt: u32) -> Option<&Work> {
        self.submitted.get(session.as_str())?.iter().rev().find(|(known, _)| *known == attempt).map(|(_, work)| work)
    }

    /// Keeps a session for what waits for its pictures.
    pub(super) fn reserve(&mut self, session: &SessionId, work: Work) {
        self.reserved.insert(session.as_str().to_owned(), work);
    }

    /// Lets everybody have it again.
    pub(super) fn release(&mut self, session: &SessionId) {
        self.reserved.remove(session.as_str());
    }

    pub(super) fn reserved(&self, session: &SessionId) -> Option<&Work> {
        self.reserved.get(session.as_str())
    }

    pub(super) fn is_reserved(&self, session: &SessionId) -> bool {
        self.reserved(session).is_some()
    }
}
