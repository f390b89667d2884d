//! An applicant of the running load test: their journey, what their app remembers, and what is written down about them.

use std::collections::BTreeMap;

use kycsim_scenarios::journey::{Capture, Journey, Next, Rules, Shown, Step, StepResult};
use kycsim_scenarios::language::{Applicant, Arrival};
use kycsim_scenarios::{Scenario, SimTime};

use super::hands::Again;
use super::target::Credentials;
use crate::record::{AttemptRow, EndRow, JourneyRow, Told};

/// One applicant. Kept small, for most of a run's applicants wait: see `benches/waiting.rs`.
#[derive(Debug)]
pub(super) struct Participant {
    /// Their number in the schedule.
    number: u64,
    applicant: Applicant,
    journey: Journey,
    pub(super) credentials: Credentials,
    arrived: SimTime,
    consented: Option<SimTime>,
    attempts: Vec<AttemptRow>,
    polls: u32,
    retries: BTreeMap<Step, u32>,
    /// The step that was last performed, to tell a retry from a first try.
    performed: Option<(Step, u32)>,
}

impl Participant {
    pub(super) fn arrive(scenario: &Scenario, Arrival { number, at: now }: Arrival) -> (Box<Self>, Next) {
        let applicant = scenario.applicant(number);
        let rules = rules(scenario, &applicant);
        let (journey, next) = Journey::begin(scenario.fate(&applicant.key), rules, now);
        let participant = Self {
            number,
            applicant,
            journey,
            credentials: Credentials::default(),
            arrived: now,
            consented: None,
            attempts: Vec::new(),
            polls: 0,
            retries: BTreeMap::new(),
            performed: None,
        };
        (Box::new(participant), next)
    }

    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    pub(super) const fn applicant(&self) -> &Applicant {
        &self.applicant
    }

    pub(super) const fn journey(&self) -> &Journey {
        &self.journey
    }

    pub(super) const fn step(&self) -> Step {
        self.journey.step()
    }

    pub(super) fn capture(&self, scenario: &Scenario) -> Capture {
        self.journey.capture(rules(scenario, &self.applicant))
    }

    /// How long the applicant will wait for an answer from `now` on.
    pub(super) fn patience(&self, scenario: &Scenario, now: SimTime) -> std::time::Duration {
        self.journey.patient_until(rules(scenario, &self.applicant)) - now
    }

    /// Whether the applicant has submitted and waits for the outcome.
    pub(super) fn awaits_decision(&self) -> bool {
        self.step() == Step::AwaitDecision
    }

    /// Takes the answer to the step that was due at `due`, and returns what comes next.
    pub(super) fn on(&mut self, result: StepResult, scenario: &Scenario, due: SimTime, now: SimTime) -> Next {
        let step = self.step();
        let this = (step, self.journey.attempt());
        if step == Step::AwaitDecision {
            self.polls += 1;
        } else if self.performed.replace(this) == Some(this) {
            *self.retries.entry(step).or_insert(0) += 1;
        }
        match (step, result) {
            (Step::Consent, StepResult::Done) => self.consented = Some(due),
            (Step::Submit, StepResult::Done) => {
                let attempt = self.journey.attempt();
                self.attempts.push(AttemptRow { attempt, due, accepted: now, submitted_again: None, told: None, review_seen: None });
            }
            (_, StepResult::Status(shown)) => self.see(shown, now),
            (_, StepResult::Done | StepResult::PictureRefused | StepResult::Failed) => {}
        }
        self.journey.on(result, rules(scenario, &self.applicant), now)
    }

    /// What it takes to submit the present attempt once more, if the answer to `step` was the submission's acknowledgement and the applicant now goes back.
    pub(super) fn submits_again(&mut self, step: Step, result: StepResult, scenario: &Scenario, now: SimTime) -> Option<Box<Again>> {
        let acknowledged = (step, result) == (Step::Submit, StepResult::Done);
        if !acknowledged || !self.journey.submits_twice(rules(scenario, &self.applicant)) {
            return None;
        }
        self.attempts.last_mut()?.submitted_again = Some(now);
        let (applicant, fate, credentials) = (self.applicant.clone(), self.journey.fate().clone(), self.credentials.clone());
        Some(Box::new(Again { applicant, fate, credentials }))
    }

    fn see(&mut self, shown: Shown, now: SimTime) {
        let Some(attempt) = self.attempts.last_mut() else { return };
        match shown {
            Shown::Waiting => {}
            Shown::InReview => _ = attempt.review_seen.get_or_insert(now),
            Shown::NeedsResubmission | Shown::Approved | Shown::Rejected | Shown::Expired => attempt.told = Some(Told { shown, at: now }),
        }
    }

    /// How long the latest attempt took until the applicant was told its outcome.
    pub(super) fn decision_latency(&self) -> Option<std::time::Duration> {
        let attempt = self.attempts.last()?;
        attempt.told.map(|told| told.at - attempt.due)
    }

    pub(super) fn row(&self, end: Option<EndRow>) -> JourneyRow {
        JourneyRow {
            applicant: self.applicant.key.clone(),
            country: self.applicant.country,
            document: self.applicant.document,
            device: self.applicant.device,
            risk: self.applicant.risk,
            arrived: self.arrived,
            consented: self.consented,
            step: self.step(),
            end,
            verification: self.credentials.verification.clone(),
            attempts: self.attempts.clone(),
            in_review: self.journey.is_in_review(),
            polls: self.polls,
            retries: self.retries.clone(),
        }
    }
}

fn rules<'a>(scenario: &'a Scenario, applicant: &Applicant) -> Rules<'a> {
    Rules { group: &scenario.applicants.groups()[applicant.group], run: &scenario.run }
}
