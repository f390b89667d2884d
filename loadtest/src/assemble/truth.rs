//! The vendor's ledger, by applicant and attempt.

use std::collections::{BTreeMap, BTreeSet};

use kycsim_reports::model::VendorSummary;
use kycsim_scenarios::language::EventKind;
use kycsim_scenarios::ledger::{DeliveryResult, LedgerEntry, LedgerEvent};
use kycsim_scenarios::vendor::{Decision, Defect, Outcome};
use kycsim_scenarios::{ApplicantKey, SimTime};

/// What the vendor did, as far as it wrote it down.
#[derive(Debug)]
pub(super) struct Truth<'a> {
    applicants: BTreeMap<&'a ApplicantKey, BTreeMap<u32, Attempt<'a>>>,
    entries: BTreeMap<&'a ApplicantKey, Vec<&'a LedgerEntry>>,
    /// When the backend first accepted each event that told the truth about a decision.
    accepted: BTreeMap<&'a ApplicantKey, Vec<SimTime>>,
    summary: VendorSummary,
}

/// One attempt at the vendor.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Attempt<'a> {
    /// Which of the applicant's, from 1.
    pub(super) number: u32,
    pub(super) submitted: Option<SimTime>,
    /// The first decision: what the applicant waited for.
    pub(super) decided: Option<(SimTime, &'a Decision)>,
    /// The latest decision, if the vendor changed it.
    pub(super) revised: Option<(SimTime, &'a Decision)>,
    /// How often the vendor changed it.
    pub(super) revisions: u32,
    /// When the first delivery of a callback began that told of it.
    pub(super) first_sent: Option<SimTime>,
    /// When the backend first accepted such a delivery.
    pub(super) accepted: Option<SimTime>,
    /// How many of its events the backend accepted: one for the decision, and one for each change of it.
    told: u32,
    /// When it accepted the last of them.
    told_last: Option<SimTime>,
}

impl<'a> Attempt<'a> {
    fn of(attempts: &mut BTreeMap<u32, Self>, number: u32) -> &mut Self {
        attempts.entry(number).or_insert(Self { number, ..Self::default() })
    }

    /// The vendor's word as it stands.
    pub(super) fn standing(&self) -> Option<(SimTime, &'a Decision)> {
        self.revised.or(self.decided)
    }

    /// Since when the backend must know of the latest decision; none when that cannot be told. Which event told of which decision does not stand in the
    /// ledger, so a backend knows for sure only when it has accepted as many of them as there were.
    pub(super) fn told_everything(&self) -> Option<SimTime> {
        self.told_last.filter(|_| self.told > self.revisions)
    }
}

impl<'a> Truth<'a> {
    pub(super) fn new(ledger: &'a [LedgerEntry]) -> Self {
        let mut truth =
            Self { applicants: BTreeMap::new(), entries: BTreeMap::new(), accepted: BTreeMap::new(), summary: VendorSummary::default() };
        let mut callbacks = BTreeSet::new();
        let mut known = BTreeSet::new();
        // How many attempts an applicant had behind them when a session was begun: a backend may begin one for each attempt.
        let mut behind: BTreeMap<&str, u32> = BTreeMap::new();
        for entry in ledger {
            truth.entries.entry(&entry.applicant).or_default().push(entry);
            let attempts = truth.applicants.entry(&entry.applicant).or_default();
            let before = behind.get(&*entry.session).copied().unwrap_or(0);
            let numbered = |attempt: u32| before.saturating_add(attempt);
            match &entry.event {
                LedgerEvent::SessionCreated => {
                    truth.summary.sessions += 1;
                    let decided = attempts.values().filter(|attempt| attempt.decided.is_some()).map(|attempt| attempt.number);
                    behind.insert(&entry.session, decided.max().unwrap_or(0));
                }
                LedgerEvent::Submitted { attempt } => Attempt::of(attempts, numbered(*attempt)).submitted = Some(entry.at),
                LedgerEvent::Decided { decision, .. } => {
                    truth.summary.decisions += 1;
                    Attempt::of(attempts, numbered(decision.attempt)).decided = Some((entry.at, decision));
                }
                LedgerEvent::Revised { decision } => {
                    let attempt = Attempt::of(attempts, numbered(decision.attempt));
                    attempt.revised = Some((entry.at, decision));
                    attempt.revisions += 1;
                    truth.summary.revisions += 1;
                }
                LedgerEvent::Delivered { callback, kind, attempt, copy, attempt_number, defect, began, result, .. } => {
                    // These have ids of their own, and are no events of their own.
                    if !matches!(defect, Some(Defect::NewId | Defect::UnknownStatus | Defect::Contradicting)) {
                        callbacks.insert(callback);
                    }
                    truth.summary.deliveries += 1;
                    truth.summary.forged += u64::from(defect.is_some_and(Defect::is_forged));
                    truth.summary.duplicates += u64::from(is_duplicate(*copy, *attempt_number, *defect));
                    let accepted = was_taken_in(result);
                    truth.summary.deliveries_failed += u64::from(!matches!(result, DeliveryResult::Accepted { .. }));
                    if *kind != EventKind::Decided || !defect.is_none_or(Defect::tells_the_truth) {
                        continue; // nobody learns a decision from it
                    }
                    let attempt = Attempt::of(attempts, numbered(*attempt));
                    attempt.first_sent = Some(attempt.first_sent.map_or(*began, |first| first.min(*began)));
                    if !accepted {
                        continue;
                    }
                    attempt.accepted = Some(attempt.accepted.map_or(entry.at, |first| first.min(entry.at)));
                    // A duplicate with an id of its own is no event of its own.
                    if *defect != Some(Defect::NewId) && known.insert(callback) {
                        attempt.told += 1;
                        attempt.told_last = attempt.told_last.max(Some(entry.at));
                        truth.accepted.entry(&entry.applicant).or_default().push(entry.at);
                    }
                }
                LedgerEvent::CallbackHeld { .. } => truth.summary.held += 1,
                LedgerEvent::Expired
                | LedgerEvent::Cancelled
                | LedgerEvent::Redacted
                | LedgerEvent::CallbackLost { .. }
                | LedgerEvent::CallbackGivenUp { .. }
                | LedgerEvent::ReceiverDisabled { .. } => {}
            }
        }
        truth.summary.callbacks = callbacks.len() as u64;
        truth
    }

    /// One attempt of an applicant; empty when the vendor never heard of it.
    pub(super) fn attempt(&self, applicant: &ApplicantKey, attempt: u32) -> Attempt<'a> {
        self.applicants.get(applicant).and_then(|attempts| attempts.get(&attempt)).copied().unwrap_or_default()
    }

    /// The attempt that the vendor decided last.
    pub(super) fn latest_decided(&self, applicant: &ApplicantKey) -> Option<Attempt<'a>> {
        self.applicants.get(applicant)?.values().rev().find(|attempt| attempt.decided.is_some()).copied()
    }

    /// Everything the vendor ever decided about an applicant, in order of time.
    pub(super) fn decisions(&self, applicant: &ApplicantKey) -> impl Iterator<Item = (SimTime, &'a Decision)> {
        self.entries(applicant).iter().filter_map(|entry| match &entry.event {
            LedgerEvent::Decided { decision, .. } | LedgerEvent::Revised { decision } => Some((entry.at, decision)),
            LedgerEvent::SessionCreated
            | LedgerEvent::Submitted { .. }
            | LedgerEvent::Expired
            | LedgerEvent::Cancelled
            | LedgerEvent::Redacted
            | LedgerEvent::CallbackHeld { .. }
            | LedgerEvent::CallbackLost { .. }
            | LedgerEvent::Delivered { .. }
            | LedgerEvent::ReceiverDisabled { .. }
            | LedgerEvent::CallbackGivenUp { .. } => None,
        })
    }

    /// When each attempt was decided first, in order of time.
    pub(super) fn first_decisions(&self, applicant: &ApplicantKey) -> impl Iterator<Item = SimTime> {
        self.entries(applicant).iter().filter(|entry| matches!(entry.event, LedgerEvent::Decided { .. })).map(|entry| entry.at)
    }

    /// When the vendor was asked for a decision, in order of time.
    pub(super) fn submissions(&self, applicant: &ApplicantKey) -> impl Iterator<Item = SimTime> {
        self.entries(applicant).iter().filter(|entry| matches!(entry.event, LedgerEvent::Submitted { .. })).map(|entry| entry.at)
    }

    /// Returns whose decisions were changed, from what they were at first into what they are.
    pub(super) fn changes(&self) -> impl Iterator<Item = (&'a ApplicantKey, Outcome, Outcome)> {
        let attempts = self.applicants.iter().flat_map(|(applicant, attempts)| attempts.values().map(move |attempt| (*applicant, attempt)));
        attempts.filter_map(|(applicant, attempt)| {
            let ((_, first), (_, latest)) = (attempt.decided?, attempt.revised?);
            Some((applicant, first.outcome, latest.outcome))
        })
    }

    /// When the backend last accepted news about an applicant, at `before` or earlier.
    pub(super) fn last_accepted(&self, applicant: &ApplicantKey, before: SimTime) -> Option<SimTime> {
        self.accepted.get(applicant)?.iter().copied().filter(|at| *at <= before).max()
    }

    /// Everything in the ledger about an applicant, in order of time.
    pub(super) fn entries(&self, applicant: &ApplicantKey) -> &[&'a LedgerEntry] {
        self.entries.get(applicant).map_or(&[], Vec::as_slice)
    }

    /// The vendor's counters as far as the ledger tells: it does not list single requests.
    pub(super) const fn vendor_summary(&self) -> VendorSummary {
        self.summary
    }
}

/// Whether a delivery was made on purpose a second time.
pub(super) fn is_duplicate(copy: u32, attempt_number: u32, defect: Option<Defect>) -> bool {
    copy > 0 && attempt_number == 1 && defect.is_none_or(Defect::tells_the_truth)
}

/// Whether the backend answered with success, whatever the vendor takes for one.
pub(super) fn was_taken_in(result: &DeliveryResult) -> bool {
    match result {
        DeliveryResult::Accepted { .. } => true,
        DeliveryResult::Refused { status } => (200..300).contains(status),
        DeliveryResult::Failed { .. } => false,
    }
}
