//! Where sessions are kept, and how often each applicant has called. Both are bounded: at the bound the vendor answers that it is full.

use std::collections::hash_map::Entry;

use foldhash::HashMap;
use kycsim_scenarios::{ApplicantKey, Scenario};

use crate::callbacks::AllowedHosts;
use crate::id::SessionId;
use crate::refusal::Refusal;
use crate::session::Session;
use crate::snapshot::{KeptSession, KeptTally, Unsound};

/// All sessions of one tenant. Nothing is ever taken out: a run ends before its store is full, or is told that it is full.
#[derive(Debug)]
pub(crate) struct Store {
    /// How many sessions, and how many applicants, there may be.
    holds: usize,
    /// Boxed, so that making room for more moves pointers only: it happens under the lock.
    sessions: HashMap<SessionId, Box<Session>>,
    applicants: HashMap<ApplicantKey, Tally>,
}

/// What was counted of one applicant.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    requests: u32,
    sessions: u32,
}

impl Store {
    pub(crate) fn new(holds: usize) -> Self {
        Self { holds, sessions: HashMap::default(), applicants: HashMap::default() }
    }

    /// Counts a request of `applicant` and returns how many there were before.
    ///
    /// An applicant is counted before they have a session: during an outage they may never get one.
    pub(crate) fn count_request(&mut self, applicant: &ApplicantKey) -> Result<u32, Refusal> {
        let tally = self.tally(applicant)?;
        let before = tally.requests;
        tally.requests = before.saturating_add(1);
        Ok(before)
    }

    pub(crate) fn session(&self, id: &SessionId) -> Result<&Session, Refusal> {
        self.sessions.get(id).map(Box::as_ref).ok_or(Refusal::NoSuchSession)
    }

    pub(crate) fn session_mut(&mut self, id: &SessionId) -> Result<&mut Session, Refusal> {
        self.sessions.get_mut(id).map(Box::as_mut).ok_or(Refusal::NoSuchSession)
    }

    /// Keeps what `begin` makes of the number of sessions that the applicant has had before.
    pub(crate) fn begin(&mut self, applicant: &ApplicantKey, begin: impl FnOnce(u32) -> Session) -> Result<&Session, Refusal> {
        if self.sessions.len() >= self.holds {
            return Err(Refusal::TooManySessions);
        }
        let tally = self.tally(applicant)?;
        let session = begin(tally.sessions);
        tally.sessions += 1;
        Ok(self.sessions.entry(session.about.id.clone()).insert_entry(Box::new(session)).into_mut())
    }

    /// Returns the latest sessions that `pick` picks, at most `most`, the newest first.
    pub(crate) fn latest(&self, most: usize, pick: impl Fn(&Session) -> bool) -> Vec<Session> {
        let mut picked: Vec<&Session> = self.sessions.values().map(Box::as_ref).filter(|session| pick(session)).collect();
        picked.sort_by(|a, b| (b.about.created_at, b.about.id.as_str()).cmp(&(a.about.created_at, a.about.id.as_str())));
        picked.into_iter().take(most).cloned().collect()
    }

    /// Returns what is kept of it, in an order that is the same every time.
    pub(crate) fn keep(&self) -> (Vec<KeptSession>, Vec<KeptTally>) {
        let mut sessions: Vec<&Session> = self.sessions.values().map(Box::as_ref).collect();
        sessions.sort_unstable_by(|a, b| (a.about.created_at, &a.about.id).cmp(&(b.about.created_at, &b.about.id)));
        let tally = |(applicant, Tally { requests, sessions }): (&ApplicantKey, &Tally)| KeptTally {
            applicant: applicant.clone(),
            requests: *requests,
            sessions: *sessions,
        };
        let mut applicants: Vec<KeptTally> = self.applicants.iter().map(tally).collect();
        applicants.sort_unstable_by(|a, b| a.applicant.cmp(&b.applicant));
        (sessions.into_iter().map(KeptSession::from).collect(), applicants)
    }

    /// Returns the store that was kept. It may hold more than `holds`: then it takes in nothing new.
    pub(crate) fn resumed(
        holds: usize,
        (sessions, applicants): (Vec<KeptSession>, Vec<KeptTally>),
        scenario: &Scenario,
        hosts: &AllowedHosts,
    ) -> Result<Self, Unsound> {
        let mut store = Self::new(holds);
        for kept in sessions {
            let session = Session::resumed(kept, scenario, hosts)?;
            store.sessions.insert(session.about.id.clone(), Box::new(session));
        }
        for KeptTally { applicant, requests, sessions } in applicants {
            store.applicants.insert(applicant, Tally { requests, sessions });
        }
        Ok(store)
    }

    fn tally(&mut self, applicant: &ApplicantKey) -> Result<&mut Tally, Refusal> {
        let known = self.applicants.len();
        match self.applicants.entry(applicant.clone()) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(_) if known >= self.holds => Err(Refusal::TooManySessions),
            Entry::Vacant(entry) => Ok(entry.insert(Tally::default())),
        }
    }
}
