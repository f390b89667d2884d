//! The verdict on correctness: what was decided, against what the backend says at the end and what applicants were shown on the way.
//!
//! | file | what it looks for |
//! | --- | --- |
//! | `standing` | what the backend says, against what was decided: lost, contradicted |
//! | `course` | how it came there: never decided, approved after a rejection, regressed |
//! | `motion` | whose move it is: stuck, resubmission ignored, review orphaned |
//! | `once` | what must happen once: doubled, duplicate attempt |
//! | `authority` | what needs somebody's word: forged, consent missing |
//! | `evidence` | everybody's story in order of time |
//!
//! Of the first three families an applicant has one finding at most, the one that says most. `docs/integrity.md` tells users what each kind means.

mod authority;
mod course;
mod evidence;
mod motion;
mod once;
#[cfg(test)]
mod scene;
mod standing;

use std::collections::BTreeMap;
use std::time::Duration;

use kycsim_reports::model::{Finding, FindingKind, Integrity, Recognises, Tells};
use kycsim_scenarios::vendor::Outcome;
use kycsim_scenarios::{ApplicantKey, SimTime};

use super::truth::Truth;
use crate::record::{AnswerRow, JourneyRow, OpenCases, Records, ReviewRow};

/// A decision younger than this may still be on its way.
const GRACE: Duration = Duration::from_secs(10);

/// A change that the backend was told of may take so long to show. Shorter, because it starts from the backend's own acknowledgement.
const CHANGE_GRACE: Duration = Duration::from_secs(5);

/// Something that is wrong: its kind, and one sentence.
type Wrong = (FindingKind, String);

/// What comes of looking at an applicant.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Judgement {
    Sound,
    /// The vendor, or time, still owes something.
    Undecided,
    Wrong(FindingKind, String),
}

pub(super) fn check(records: &Records, truth: &Truth<'_>) -> Integrity {
    let journeys: BTreeMap<&ApplicantKey, &JourneyRow> = records.journeys.iter().map(|row| (&row.applicant, row)).collect();
    let mut reviews: BTreeMap<&ApplicantKey, Vec<&ReviewRow>> = BTreeMap::new();
    for row in &records.reviews {
        reviews.entry(&row.applicant).or_default().push(row);
    }
    reviews.values_mut().for_each(|rows| rows.sort_by_key(|row| row.claimed));
    let begun = records.journeys.iter().filter(|journey| journey.verification.is_some()).count();
    let mut integrity = Integrity {
        checked: begun == 0 || !records.answers.is_empty(),
        applicants: records.answers.len() as u64,
        undecided: 0,
        unanswered: (begun - begun.min(records.answers.len())) as u64,
        findings: Vec::new(),
    };
    let world = World::of(records, truth);
    for answer in records.answers.values() {
        let Some(status) = answer.status.as_deref() else {
            integrity.unanswered += 1;
            continue;
        };
        let Some(journey) = journeys.get(&answer.applicant) else { continue };
        let reviews = reviews.get(&answer.applicant).map_or(&[][..], Vec::as_slice);
        let case = Case { answer, status, journey, reviews, world: &world };
        let (judgement, others) = case.judge();
        integrity.undecided += u64::from(judgement == Judgement::Undecided);
        let first = match judgement {
            Judgement::Wrong(kind, summary) => Some((kind, summary)),
            Judgement::Sound | Judgement::Undecided => None,
        };
        integrity.findings.extend(first.into_iter().chain(others).map(|(kind, summary)| case.finding(kind, summary)));
    }
    // Whoever never began a verification is not asked about at the end; what was done to them without their word is found all the same.
    for journey in records.journeys.iter().filter(|journey| !records.answers.contains_key(&journey.applicant)) {
        let wrong = authority::unconsented(journey, truth);
        integrity.findings.extend(wrong.map(|(kind, summary)| world.finding(kind, summary, journey, None, &[])));
    }
    integrity.findings.sort_by(|a, b| (a.kind, &a.applicant).cmp(&(b.kind, &b.applicant)));
    integrity
}

/// What is the same for all applicants of a run.
struct World<'a> {
    truth: &'a Truth<'a>,
    tells: Tells,
    /// Whether every second session, and every second submission, is the backend's own doing.
    repeats_nothing: bool,
    /// The same for submissions alone.
    repeats_no_submission: bool,
    open_cases: Option<&'a OpenCases>,
    /// Whether the backend writes consent down where we can read it.
    records_consent: bool,
    replay: &'a str,
}

impl<'a> World<'a> {
    fn of(records: &'a Records, truth: &'a Truth<'a>) -> Self {
        let vendor = &records.manifest.vendor;
        let repeats_nothing = vendor.recognises == Recognises::EveryRepetition;
        // Where a vendor may take a call that is tried again for a new one, only a run without a single injected fault shows whose doing a second one is.
        let faultless = records.vendor.is_some_and(|summary| summary.faults == 0);
        Self {
            truth,
            tells: vendor.tells,
            repeats_nothing,
            repeats_no_submission: repeats_nothing || faultless,
            open_cases: records.open_cases.as_ref(),
            records_consent: records
                .answers
                .values()
                .any(|answer| answer.events.iter().any(|event| event.kind == authority::CONSENT_GIVEN)),
            replay: &records.manifest.replay,
        }
    }

    fn finding(
        &self,
        kind: FindingKind,
        summary: String,
        journey: &JourneyRow,
        answer: Option<&AnswerRow>,
        reviews: &[&ReviewRow],
    ) -> Finding {
        let applicant = journey.applicant.to_string();
        let replay = if self.replay.is_empty() { String::new() } else { format!("{} {applicant}", self.replay) };
        Finding { kind, applicant, summary, evidence: evidence::story(self.truth, journey, answer, reviews), replay }
    }
}

/// Everything that is known of one applicant whom the backend was asked about.
struct Case<'a> {
    answer: &'a AnswerRow,
    status: &'a str,
    journey: &'a JourneyRow,
    /// In the order in which reviewers claimed them.
    reviews: &'a [&'a ReviewRow],
    world: &'a World<'a>,
}

impl<'a> Case<'a> {
    /// What is wrong with where the applicant stands, and all else that is wrong.
    fn judge(&self) -> (Judgement, Vec<Wrong>) {
        let course = self.approved_after_rejection().or_else(|| self.regressed()).or_else(|| self.never_decided());
        let judgement = match course.or_else(|| self.resubmission_ignored()) {
            Some((kind, summary)) => Judgement::Wrong(kind, summary),
            None => match self.judge_standing() {
                wrong @ Judgement::Wrong(..) => wrong,
                fine @ (Judgement::Sound | Judgement::Undecided) => {
                    self.review_orphaned().map_or(fine, |(kind, summary)| Judgement::Wrong(kind, summary))
                }
            },
        };
        let others = [self.doubled(), self.duplicate_attempt(), self.forged(), self.consent_missing()];
        (judgement, others.into_iter().flatten().collect())
    }

    fn finding(&self, kind: FindingKind, summary: String) -> Finding {
        self.world.finding(kind, summary, self.journey, Some(self.answer), self.reviews)
    }

    fn truth(&self) -> &'a Truth<'a> {
        self.world.truth
    }

    /// The latest case that a reviewer claimed.
    fn review(&self) -> Option<&'a ReviewRow> {
        self.reviews.last().copied()
    }

    /// Whether the world has had time to follow from what happened at `at`.
    fn is_settled_since(&self, at: SimTime) -> bool {
        !self.answer.too_early && self.answer.at - at >= GRACE
    }

    /// Whether a backend may say this of what the vendor decided. The vendor's word is an input: a backend may look more closely than the vendor asked for, but
    /// it may not turn a no into a yes.
    fn fits(&self, outcome: Outcome, status: &str) -> bool {
        match (outcome, status) {
            (_, "pending_review") | (Outcome::Approved, "approved") => true,
            // A vendor that says no more than "not approved" leaves the rest to the backend.
            (
                Outcome::Declined | Outcome::Review | Outcome::Resubmission,
                "rejected" | "needs_resubmission" | "capture_in_progress" | "expired",
            ) if self.world.tells == Tells::Approval => true,
            (Outcome::Declined, "rejected") | (Outcome::Resubmission, "needs_resubmission" | "capture_in_progress" | "expired") => true,
            (Outcome::Approved | Outcome::Declined | Outcome::Review | Outcome::Resubmission, _) => false,
        }
    }
}
