use std::time::Duration;

use rand::RngExt;

use super::capture::Capture;
use super::step::{Shown, Step, StepResult};
use crate::fate::{Fate, Purpose};
use crate::language::{ApplicantGroup, RunSettings};
use crate::time::SimTime;
use crate::words::words;

/// After so many refused pictures in one step an applicant gives up.
const REFUSALS_BORNE: u32 = 4;

/// The rules a journey is played by: one group of the mix, and the run's settings. Borrowed for each call, so that a waiting journey stays small.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The applicant's group.
    pub group: &'a ApplicantGroup,
    /// How the load test plays.
    pub run: &'a RunSettings,
}

/// One applicant's onboarding: where they are, since when, and how often they have tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journey {
    fate: Fate,
    step: Step,
    /// Since when they face this screen: patience counts from here.
    step_since: SimTime,
    /// Which attempt at the verification, from 1.
    attempt: u32,
    /// Pictures taken so far, which tells one draw from the next.
    pictures: u32,
    /// Pictures refused in this step.
    refusals: u32,
    /// Whether people are looking at it; the applicant then does not sit before the screen.
    in_review: bool,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Perform this step.
    Perform {
        /// Which.
        step: Step,
        /// When.
        due: SimTime,
    },
    /// The journey is over.
    End {
        /// How.
        ending: Ending,
        /// Since when.
        at: SimTime,
    },
}

/// How a journey ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The applicant was told yes.
    Approved,
    /// The applicant was told no.
    Rejected,
    /// The applicant was told that time ran out.
    Expired,
    /// The applicant left without a word.
    Abandoned {
        /// At which step.
        step: Step,
        /// Why.
        cause: Cause,
    },
}

words! {
    /// Why an applicant left.
    Cause {
        /// Of their own accord.
        ChangedMind = "changed_mind",
        /// They waited too long.
        Waiting = "waiting",
        /// Errors, until patience ended.
        Errors = "errors",
        /// One picture after the other was refused.
        RefusedPictures = "refused_pictures",
    }
}

impl Journey {
    /// Returns the journey of an applicant who arrives now, and its first step.
    #[must_use]
    pub fn begin(fate: Fate, rules: Rules<'_>, now: SimTime) -> (Self, Next) {
        let mut journey = Self { fate, step: Step::OpenAccount, step_since: now, attempt: 1, pictures: 0, refusals: 0, in_review: false };
        let next = journey.enter(Step::OpenAccount, rules, now);
        (journey, next)
    }

    /// Returns what comes after the answer to the current step, which came at `now`.
    pub fn on(&mut self, result: StepResult, rules: Rules<'_>, now: SimTime) -> Next {
        match (self.step, result) {
            (Step::OpenAccount, StepResult::Done) => self.enter(Step::Consent, rules, now),
            (Step::Consent, StepResult::Done) => self.enter(Step::StartVerification, rules, now),
            (Step::StartVerification, StepResult::Done) => self.enter(Step::CaptureDocument, rules, now),
            (Step::CaptureDocument, StepResult::Done) => {
                self.pictures += 1; // the selfie is another picture, and may turn out otherwise
                self.enter(Step::CaptureSelfie, rules, now)
            }
            (Step::CaptureSelfie, StepResult::Done) => self.enter(Step::Submit, rules, now),
            (Step::Submit, StepResult::Done) => self.enter(Step::AwaitDecision, rules, now),
            (Step::CaptureDocument | Step::CaptureSelfie, StepResult::PictureRefused) => self.take_another_picture(rules, now),
            (_, StepResult::Status(shown)) => self.see(shown, rules, now),
            // A step that has nothing to refuse, or a poll that came without a status, is answered nonsense: as good as an error.
            (_, StepResult::Failed | StepResult::Done | StepResult::PictureRefused) => {
                self.again(self.retry_pause(rules), Cause::Errors, rules, now)
            }
        }
    }

    /// The step that is being performed, or will be.
    #[must_use]
    pub const fn step(&self) -> Step {
        self.step
    }

    /// Which attempt at the verification, from 1.
    #[must_use]
    pub const fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Whose journey it is, and what they draw.
    #[must_use]
    pub const fn fate(&self) -> &Fate {
        &self.fate
    }

    /// Whether the applicant was told that people are looking at it.
    #[must_use]
    pub const fn is_in_review(&self) -> bool {
        self.in_review
    }

    /// How the picture turns out that is taken now.
    #[must_use]
    pub fn capture(&self, rules: Rules<'_>) -> Capture {
        Capture::draw(&rules.group.capture, &self.fate, self.pictures)
    }

    /// How many pictures were taken before: tells one image from the next.
    #[must_use]
    pub const fn pictures(&self) -> u32 {
        self.pictures
    }

    /// Whether the applicant goes back after this attempt's submission and presses the button once more.
    #[must_use]
    pub fn submits_twice(&self, rules: Rules<'_>) -> bool {
        self.fate.rng(Purpose::DoubleSubmit, self.attempt).random::<f64>() < rules.group.double_submit.value()
    }

    /// Until when the applicant bears the current screen; for ever while people are looking at it.
    #[must_use]
    pub fn patient_until(&self, rules: Rules<'_>) -> SimTime {
        if self.in_review {
            return SimTime::MAX;
        }
        // One draw for each screen: the same person is not equally patient everywhere.
        let patience = rules.group.patience.sample(&mut self.fate.rng(Purpose::Patience, self.screen()));
        self.step_since.saturating_add(patience)
    }

    /// Numbers the screens of a journey: the step, and the attempt it belongs to.
    fn screen(&self) -> u32 {
        let steps = u32::try_from(Step::ALL.len()).unwrap_or(u32::MAX);
        self.attempt.saturating_mul(steps).saturating_add(self.step as u32)
    }

    fn enter(&mut self, step: Step, rules: Rules<'_>, now: SimTime) -> Next {
        self.step = step;
        self.refusals = 0;
        self.in_review = false;
        let due = match step {
            // Nobody thinks before a request that their app makes for them.
            Step::StartVerification | Step::Submit => now,
            Step::AwaitDecision => now.saturating_add(rules.run.poll_every.length()),
            Step::OpenAccount | Step::Consent | Step::CaptureDocument | Step::CaptureSelfie => {
                now.saturating_add(rules.group.step_time.sample(&mut self.fate.rng(Purpose::StepTime, self.screen())))
            }
        };
        // Waiting for a decision begins with the submission, every other screen with the step itself.
        self.step_since = if step == Step::AwaitDecision { now } else { due };
        if self.leaves(step, rules) {
            return Next::End { ending: Ending::Abandoned { step, cause: Cause::ChangedMind }, at: due };
        }
        Next::Perform { step, due }
    }

    fn leaves(&self, step: Step, rules: Rules<'_>) -> bool {
        let probability = match step {
            Step::OpenAccount => rules.group.leave.open_account,
            Step::Consent => rules.group.leave.consent,
            Step::CaptureDocument => rules.group.leave.capture_document,
            Step::CaptureSelfie => rules.group.leave.capture_selfie,
            Step::StartVerification | Step::Submit | Step::AwaitDecision => return false,
        };
        self.fate.rng(Purpose::Leave, self.screen()).random::<f64>() < probability.value()
    }

    fn take_another_picture(&mut self, rules: Rules<'_>, now: SimTime) -> Next {
        self.pictures += 1;
        self.refusals += 1;
        if self.refusals >= REFUSALS_BORNE {
            return Next::End { ending: Ending::Abandoned { step: self.step, cause: Cause::RefusedPictures }, at: now };
        }
        let takes = rules.group.step_time.sample(&mut self.fate.rng(Purpose::StepTime, 1000 + self.pictures));
        Next::Perform { step: self.step, due: now.saturating_add(takes) }
    }

    fn see(&mut self, shown: Shown, rules: Rules<'_>, now: SimTime) -> Next {
        match shown {
            Shown::Approved => Next::End { ending: Ending::Approved, at: now },
            Shown::Rejected => Next::End { ending: Ending::Rejected, at: now },
            Shown::Expired => Next::End { ending: Ending::Expired, at: now },
            Shown::NeedsResubmission => {
                self.attempt += 1;
                self.pictures += 1;
                self.enter(Step::CaptureDocument, rules, now)
            }
            Shown::InReview => {
                self.in_review = true;
                self.again(rules.run.poll_every.length(), Cause::Waiting, rules, now)
            }
            Shown::Waiting => {
                self.in_review = false;
                self.again(rules.run.poll_every.length(), Cause::Waiting, rules, now)
            }
        }
    }

    const fn retry_pause(&self, rules: Rules<'_>) -> Duration {
        match self.step {
            Step::AwaitDecision => rules.run.poll_every.length(),
            Step::OpenAccount | Step::Consent | Step::StartVerification | Step::CaptureDocument | Step::CaptureSelfie | Step::Submit => {
                rules.run.retry_after.length()
            }
        }
    }

    /// The same step once more after `pause`, or at the last moment of patience; none of it when patience has ended.
    fn again(&self, pause: Duration, cause: Cause, rules: Rules<'_>, now: SimTime) -> Next {
        let patient_until = self.patient_until(rules);
        if now >= patient_until {
            return Next::End { ending: Ending::Abandoned { step: self.step, cause }, at: now };
        }
        Next::Perform { step: self.step, due: now.saturating_add(pause).min(patient_until) }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::fate::ApplicantKey;
    use crate::language::{Period, Probability};

    fn group() -> ApplicantGroup {
        toml::from_str(
            r#"share = 1
            country = "DE"
            document = "passport"
            patience = { distribution = "constant", value = "10s" }
            step_time = { distribution = "constant", value = "2s" }"#,
        )
        .unwrap()
    }

    fn secs(seconds: u64) -> SimTime {
        SimTime::from_micros(seconds * 1_000_000)
    }

    /// Plays a journey in which every step is answered at once, polls with what `status` says at that moment.
    fn play(group: &ApplicantGroup, status: impl Fn(SimTime) -> StepResult) -> (Vec<(Step, u64)>, Ending, SimTime) {
        let run = RunSettings { poll_every: Period::from_millis(1000), ..RunSettings::default() };
        let rules = Rules { group, run: &run };
        let (mut journey, mut next) = Journey::begin(Fate::new(1, ApplicantKey::numbered(1)), rules, SimTime::ZERO);
        let mut performed = Vec::new();
        loop {
            match next {
                Next::Perform { step, due } => {
                    performed.push((step, due.as_micros() / 1_000_000));
                    let result = if step == Step::AwaitDecision { status(due) } else { StepResult::Done };
                    next = journey.on(result, rules, due);
                }
                Next::End { ending, at } => return (performed, ending, at),
            }
        }
    }

    #[test]
    fn a_journey_goes_from_sign_up_to_decision() {
        let (performed, ending, at) =
            play(&group(), |now| StepResult::Status(if now >= secs(12) { Shown::Approved } else { Shown::Waiting }));
        let steps: Vec<(&str, u64)> = performed.iter().map(|(step, at)| (step.as_str(), *at)).collect();
        assert_eq!(
            steps,
            [
                ("open_account", 2),
                ("consent", 4),
                ("start_verification", 4),
                ("capture_document", 6),
                ("capture_selfie", 8),
                ("submit", 8),
                ("await_decision", 9),
                ("await_decision", 10),
                ("await_decision", 11),
                ("await_decision", 12)
            ]
        );
        assert_eq!((ending, at), (Ending::Approved, secs(12)));
    }

    #[test]
    fn an_applicant_who_waits_too_long_leaves_when_patience_ends() {
        let (_, ending, at) = play(&group(), |_| StepResult::Status(Shown::Waiting));
        assert_eq!(ending, Ending::Abandoned { step: Step::AwaitDecision, cause: Cause::Waiting });
        assert_eq!(at, secs(18), "submitted at 8, patient for 10");
    }

    #[test]
    fn errors_end_in_abandonment_for_errors() {
        let (_, ending, _) = play(&group(), |_| StepResult::Failed);
        assert_eq!(ending, Ending::Abandoned { step: Step::AwaitDecision, cause: Cause::Errors });
    }

    #[test]
    fn nobody_sits_before_the_screen_while_people_look_at_it() {
        let (_, ending, at) = play(&group(), |now| StepResult::Status(if now >= secs(500) { Shown::Approved } else { Shown::InReview }));
        assert_eq!((ending, at), (Ending::Approved, secs(500)));
    }

    #[test]
    fn who_submits_twice_is_fate_and_may_differ_from_attempt_to_attempt() {
        let mut group = group();
        let run = RunSettings::default();
        let twice = |group: &ApplicantGroup| -> Vec<(bool, bool)> {
            let rules = Rules { group, run: &run };
            let journeys = (0..200).map(|number| Journey::begin(Fate::new(1, ApplicantKey::numbered(number)), rules, SimTime::ZERO).0);
            journeys
                .map(|mut journey| {
                    let first = journey.submits_twice(rules);
                    journey.attempt += 1;
                    (first, journey.submits_twice(rules))
                })
                .collect()
        };
        assert!(twice(&group).iter().all(|(first, second)| !first && !second), "nobody, unless the scenario asks for it");
        group.double_submit = Probability::new(0.5).unwrap();
        let drawn = twice(&group);
        assert_eq!(drawn, twice(&group));
        let first = drawn.iter().filter(|(first, _)| *first).count();
        assert!((70..130).contains(&first), "{first}");
        assert!(drawn.iter().any(|(first, second)| first != second));
    }

    #[test]
    fn document_and_selfie_turn_out_independently() {
        let mut group = group();
        group.capture.blurred = Probability::new(0.5).unwrap();
        let run = RunSettings::default();
        let rules = Rules { group: &group, run: &run };
        let pairs: BTreeSet<(Capture, Capture)> = (0..100)
            .map(|number| {
                let (mut journey, _) = Journey::begin(Fate::new(1, ApplicantKey::numbered(number)), rules, SimTime::ZERO);
                (0..3).for_each(|_| _ = journey.on(StepResult::Done, rules, SimTime::ZERO));
                let document = journey.capture(rules);
                journey.on(StepResult::Done, rules, SimTime::ZERO);
                (document, journey.capture(rules))
            })
            .collect();
        assert_eq!(pairs.len(), 4, "{pairs:?}");
    }

    #[test]
    fn whoever_is_refused_picture_after_picture_gives_up() {
        let (group, run) = (group(), RunSettings::default());
        let rules = Rules { group: &group, run: &run };
        let (mut journey, _) = Journey::begin(Fate::new(1, ApplicantKey::numbered(1)), rules, SimTime::ZERO);
        for _ in 0..3 {
            journey.on(StepResult::Done, rules, SimTime::ZERO);
        }
        let nexts: Vec<Next> = (0..4).map(|_| journey.on(StepResult::PictureRefused, rules, SimTime::ZERO)).collect();
        assert!(nexts[..3].iter().all(|next| matches!(next, Next::Perform { step: Step::CaptureDocument, .. })), "{nexts:?}");
        let gone = Ending::Abandoned { step: Step::CaptureDocument, cause: Cause::RefusedPictures };
        assert_eq!(nexts[3], Next::End { ending: gone, at: SimTime::ZERO });
    }

    proptest! {
        #[test]
        fn every_journey_ends_and_time_never_runs_back(
            answers in prop::collection::vec((0_usize..8, 0_u64..3_000_000), 0..200),
        ) {
            let group = group();
            let run = RunSettings::default();
            let rules = Rules { group: &group, run: &run };
            let (mut journey, mut next) = Journey::begin(Fate::new(1, ApplicantKey::numbered(1)), rules, SimTime::ZERO);
            let mut now = SimTime::ZERO;
            let mut answers = answers.into_iter();
            // Whatever was answered before, an applicant who is only told to wait leaves in the end.
            for _ in 0..10_000 {
                match next {
                    Next::Perform { due, .. } => {
                        prop_assert!(due >= now);
                        let (which, took) = answers.next().unwrap_or((1, 0));
                        let result = match which {
                            0 => StepResult::Done,
                            1 => StepResult::Status(Shown::Waiting),
                            2 => StepResult::PictureRefused,
                            3 => StepResult::Failed,
                            other => StepResult::Status(Shown::ALL[other % Shown::ALL.len()]),
                        };
                        now = due.saturating_add(Duration::from_micros(took));
                        next = journey.on(result, rules, now);
                    }
                    Next::End { at, .. } => {
                        prop_assert!(at >= now);
                        return Ok(());
                    }
                }
            }
            prop_assert!(false, "the journey never ended");
        }
    }
}
