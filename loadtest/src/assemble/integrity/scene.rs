//! One applicant's story, made up for a test: sound unless the test says otherwise.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kycsim_reports::model::{Ended, FindingKind, Integrity, Machine, Manifest, ScenarioSummary, Tells, VendorPlayed, VendorSummary};
use kycsim_scenarios::journey::{Shown, Step};
use kycsim_scenarios::language::{Country, Device, DocumentKind, EventKind, ReviewDecision, Risk};
use kycsim_scenarios::ledger::{DeliveryResult, LedgerEntry, LedgerEvent};
use kycsim_scenarios::vendor::{Decision, Defect, Outcome};
use kycsim_scenarios::{ApplicantKey, SimTime, catalogue};

use super::super::truth::Truth;
use super::check;
use crate::record::{AnswerRow, AttemptRow, BackendEvent, EndRow, JourneyRow, Measured, OpenCases, Records, ReviewRow, Told};

/// Who applies.
const APPLICANT: u64 = 42;

pub(super) fn applicant() -> ApplicantKey {
    ApplicantKey::numbered(APPLICANT)
}

pub(super) fn secs(seconds: f64) -> SimTime {
    SimTime::from_start(Duration::from_secs_f64(seconds))
}

/// The records of a run with one applicant, who consented after one second and submitted after two.
pub(super) struct Scene {
    pub(super) records: Records,
    session: &'static str,
}

impl Scene {
    /// The applicant has submitted, and so has the backend.
    pub(super) fn submitted() -> Self {
        Self::acknowledged().vendor(2.1, LedgerEvent::SessionCreated).vendor(2.2, LedgerEvent::Submitted { attempt: 1 })
    }

    /// The applicant has submitted, and the vendor knows nothing of it.
    pub(super) fn acknowledged() -> Self {
        let journey = JourneyRow {
            applicant: applicant(),
            country: Country::De,
            document: DocumentKind::Passport,
            device: Device::MobileGood,
            risk: Risk::Low,
            arrived: SimTime::ZERO,
            consented: Some(secs(1.0)),
            step: Step::AwaitDecision,
            end: None,
            verification: Some("ver_1".to_owned()),
            attempts: Vec::new(),
            in_review: false,
            polls: 0,
            retries: BTreeMap::new(),
        };
        let records = Records {
            manifest: manifest(),
            scenario: catalogue::load("all-pass").unwrap().unwrap(),
            journeys: vec![journey],
            series: Vec::new(),
            depths: Vec::new(),
            reviews: Vec::new(),
            answers: BTreeMap::new(),
            open_cases: None,
            ledger: Vec::new(),
            measured: Measured::default(),
            vendor: Some(VendorSummary::default()),
            generator: None,
        };
        Self { records, session: "ses_1" }.attempt(1, 2.0)
    }

    pub(super) fn journey(&mut self) -> &mut JourneyRow {
        &mut self.records.journeys[0]
    }

    /// The backend acknowledged another attempt.
    pub(super) fn attempt(mut self, attempt: u32, at: f64) -> Self {
        let accepted = secs(at);
        self.journey().attempts.push(AttemptRow { attempt, due: accepted, accepted, submitted_again: None, told: None, review_seen: None });
        self
    }

    /// The applicant was shown an outcome of the latest attempt; a final one ends the journey.
    pub(super) fn told(mut self, at: f64, shown: Shown) -> Self {
        let at = secs(at);
        let journey = self.journey();
        journey.attempts.last_mut().unwrap().told = Some(Told { shown, at });
        journey.end = match shown {
            Shown::Approved => Some(EndRow::Approved { at }),
            Shown::Rejected => Some(EndRow::Rejected { at }),
            Shown::Waiting | Shown::InReview | Shown::NeedsResubmission | Shown::Expired => None,
        };
        self
    }

    /// What follows at the vendor is about a session of this name.
    pub(super) fn session(self, session: &'static str) -> Self {
        Self { session, ..self }
    }

    pub(super) fn vendor(mut self, at: f64, event: LedgerEvent) -> Self {
        let entry = LedgerEntry { at: secs(at), session: self.session.into(), applicant: applicant(), event };
        self.records.ledger.push(entry);
        self
    }

    pub(super) fn decided(self, at: f64, attempt: u32, outcome: Outcome) -> Self {
        let decision = Decision { attempt, outcome, reasons: Vec::new() };
        self.vendor(at, LedgerEvent::Decided { due: secs(at), decision })
    }

    pub(super) fn revised(self, at: f64, attempt: u32, outcome: Outcome) -> Self {
        self.vendor(at, LedgerEvent::Revised { decision: Decision { attempt, outcome, reasons: Vec::new() } })
    }

    /// The backend answered a callback about a decision with success.
    pub(super) fn delivered(self, at: f64, callback: &str, defect: Option<Defect>) -> Self {
        let event = LedgerEvent::Delivered {
            callback: callback.to_owned(),
            kind: EventKind::Decided,
            attempt: 1,
            copy: 0,
            attempt_number: 1,
            defect,
            due: secs(at),
            began: secs(at),
            result: DeliveryResult::Accepted { status: 204 },
        };
        self.vendor(at, event)
    }

    /// A line of the backend's log.
    pub(super) fn logged(mut self, at: f64, kind: &str, attempt: u32, status: &str) -> Self {
        let (kind, status) = (kind.to_owned(), (!status.is_empty()).then(|| status.to_owned()));
        let event = BackendEvent { at: secs(at), kind, attempt: Some(attempt), status };
        let answer = self.records.answers.entry(applicant()).or_insert_with(unanswered);
        answer.events.push(event);
        self
    }

    /// A reviewer claimed the case, and decided it a second later.
    pub(super) fn reviewed(mut self, at: f64, decision: ReviewDecision) -> Self {
        self.records.reviews.push(ReviewRow {
            case: format!("rev_{at}"),
            applicant: applicant(),
            reviewer: 0,
            opened: None,
            claimed: secs(at),
            decided: Some(secs(at + 1.0)),
            settled: None,
            decision,
        });
        self
    }

    /// The reviewers' tool was asked after the applicant's status, and lists these.
    pub(super) fn open_cases(mut self, cases: &[u64]) -> Self {
        let applicants: BTreeSet<ApplicantKey> = cases.iter().map(|number| ApplicantKey::numbered(*number)).collect();
        self.records.open_cases = Some(OpenCases { at: secs(61.0), applicants });
        self
    }

    pub(super) fn tells(mut self, tells: Tells) -> Self {
        self.records.manifest.vendor.tells = tells;
        self
    }

    /// A minute after it all began, the backend says this of the applicant.
    pub(super) fn says(mut self, status: &str, attempt: u32) -> Self {
        let answer = self.records.answers.entry(applicant()).or_insert_with(unanswered);
        answer.status = Some(status.to_owned());
        answer.attempt = attempt;
        self
    }

    pub(super) fn verdict(&self) -> Integrity {
        check(&self.records, &Truth::new(&self.records.ledger))
    }

    pub(super) fn kinds(&self) -> Vec<FindingKind> {
        self.verdict().findings.iter().map(|finding| finding.kind).collect()
    }

    #[track_caller]
    pub(super) fn is_sound(&self) {
        assert_eq!(self.verdict().findings, []);
    }

    /// Wrong in one way alone; returns the sentence.
    #[track_caller]
    pub(super) fn is_wrong(&self, kind: FindingKind) -> String {
        let findings = self.verdict().findings;
        assert_eq!(findings.iter().map(|finding| finding.kind).collect::<Vec<_>>(), [kind], "{findings:#?}");
        findings[0].summary.clone()
    }
}

fn unanswered() -> AnswerRow {
    AnswerRow {
        applicant: applicant(),
        verification: "ver_1".to_owned(),
        at: secs(60.0),
        status: None,
        attempt: 1,
        events: Vec::new(),
        too_early: false,
    }
}

fn manifest() -> Manifest {
    Manifest {
        id: "test".to_owned(),
        kycsim: String::new(),
        started_at: String::new(),
        scenario: ScenarioSummary { name: String::new(), summary: String::new(), teaches: String::new(), arrivals_seconds: 0.0 },
        seed: 7,
        command: "kycsim run all-pass --seed 7".to_owned(),
        replay: "kycsim run all-pass --seed 7 --only".to_owned(),
        machine: Machine { os: String::new(), arch: String::new(), cores: 1, build: String::new() },
        vendor: VendorPlayed::default(),
        shard: None,
        ended: Ended::Complete,
    }
}
