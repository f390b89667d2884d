//! The vendor's ledger, by applicant and attempt.

use std::collections::{BTreeMap, BTreeSet};

use kycsim_reports::model::VendorSummary;
use kycsim_scenarios::ledger::{DeliveryResult, LedgerEntry, LedgerEvent};
use kycsim_scenarios::vendor::Decision;
use kycsim_scenarios::{ApplicantKey, SimTime};

/// What the vendor did, as far as it wrote it down.
#[derive(Debug)]
pub(super) struct Truth<'a> {
    applicants: BTreeMap<&'a ApplicantKey, BTreeMap<u32, Attempt<'a>>>,
    entries: BTreeMap<&'a ApplicantKey, Vec<&'a LedgerEntry>>,
    summary: VendorSummary,
}

/// One attempt at the vendor.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Attempt<'a> {
    pub(super) submitted: Option<SimTime>,
    pub(super) decided: Option<(SimTime, &'a Decision)>,
    /// When the first delivery of its callback began.
    pub(super) first_sent: Option<SimTime>,
    /// When the backend first accepted a delivery.
    pub(super) accepted: Option<SimTime>,
}

impl<'a> Truth<'a> {
    pub(super) fn new(ledger: &'a [LedgerEntry]) -> Self {
        let mut truth = Self { applicants: BTreeMap::new(), entries: BTreeMap::new(), summary: VendorSummary::default() };
        let mut callbacks = BTreeSet::new();
        for entry in ledger {
            truth.entries.entry(&entry.applicant).or_default().push(entry);
            let attempts = truth.applicants.entry(&entry.applicant).or_default();
            match &entry.event {
                LedgerEvent::SessionCreated => truth.summary.sessions += 1,
                LedgerEvent::Submitted { attempt } => attempts.entry(*attempt).or_default().submitted = Some(entry.at),
                LedgerEvent::Decided { decision, .. } => {
                    truth.summary.decisions += 1;
                    attempts.entry(decision.attempt).or_default().decided = Some((entry.at, decision));
                }
                LedgerEvent::Delivered { callback, attempt, copy, attempt_number, began, result, .. } => {
                    callbacks.insert(callback);
                    truth.summary.deliveries += 1;
                    truth.summary.duplicates += u64::from(*copy > 0 && *attempt_number == 1);
                    let attempt = attempts.entry(*attempt).or_default();
                    attempt.first_sent = Some(attempt.first_sent.map_or(*began, |first| first.min(*began)));
                    match result {
                        DeliveryResult::Accepted { .. } => {
                            attempt.accepted = Some(attempt.accepted.map_or(entry.at, |first| first.min(entry.at)));
                        }
                        DeliveryResult::Refused { .. } | DeliveryResult::Failed { .. } => truth.summary.deliveries_failed += 1,
                    }
                }
                LedgerEvent::CallbackHeld { .. } => truth.summary.held += 1,
                LedgerEvent::Expired | LedgerEvent::Cancelled | LedgerEvent::CallbackLost { .. } | LedgerEvent::CallbackGivenUp { .. } => {}
            }
        }
        truth.summary.callbacks = callbacks.len() as u64;
        truth
    }

    /// One attempt of an applicant; empty when the vendor never heard of it.
    pub(super) fn attempt(&self, applicant: &ApplicantKey, attempt: u32) -> Attempt<'a> {
        self.applicants.get(applicant).and_then(|attempts| attempts.get(&attempt)).copied().unwrap_or_default()
    }

    /// The vendor's latest decision about an applicant.
    pub(super) fn latest_decision(&self, applicant: &ApplicantKey) -> Option<(SimTime, &'a Decision)> {
        self.applicants.get(applicant)?.values().rev().find_map(|attempt| attempt.decided)
    }

    /// When the backend last accepted a callback about an applicant, at `before` or earlier.
    pub(super) fn last_accepted(&self, applicant: &ApplicantKey, before: SimTime) -> Option<SimTime> {
        self.applicants.get(applicant)?.values().filter_map(|attempt| attempt.accepted).filter(|at| *at <= before).max()
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
