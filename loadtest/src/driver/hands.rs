//! What a Goose user does with a job: perform it, take the time, and hand the answer back.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use goose::goose::GooseUser;
use kycsim_scenarios::journey::{Capture, Step, StepResult};
use kycsim_scenarios::language::{Applicant, ReviewDecision, Triage};
use kycsim_scenarios::{ApplicantKey, Fate, Scenario, SimTime};
use tokio_util::sync::CancellationToken;

use super::participant::Participant;
use super::pool::Work;
use super::target::{Case, Credentials, Depth, Ruled, StepCall, Target};
use crate::clock::RunClock;
use crate::record::AnswerRow;

/// Something to be done with a request, or a few.
#[derive(Debug)]
pub(super) struct Job {
    /// When it was to begin: every latency counts from here.
    pub(super) due: SimTime,
    pub(super) task: Task,
}

#[derive(Debug)]
pub(super) enum Task {
    Step(Box<Participant>),
    /// The submit button, pressed once more.
    SubmitAgain(Box<Again>),
    Claim {
        reviewer: u32,
        triage: Triage,
    },
    Decide {
        reviewer: u32,
        case: Case,
        decision: ReviewDecision,
    },
    Depth,
    Answer {
        applicant: ApplicantKey,
        credentials: Credentials,
    },
    /// Which cases reviewers could work on now.
    OpenCases,
    /// Warm-up: opens a connection, and is measured by nobody.
    Greet,
}

/// Who submits once more, and with what.
#[derive(Debug)]
pub(super) struct Again {
    pub(super) applicant: Applicant,
    pub(super) fate: Fate,
    pub(super) credentials: Credentials,
}

/// A job that has been done.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) due: SimTime,
    pub(super) began: SimTime,
    pub(super) ended: SimTime,
    pub(super) outcome: Outcome,
}

#[derive(Debug)]
pub(super) enum Outcome {
    Step(Box<Participant>, StepResult),
    /// Whatever the answer was: nobody waits for it.
    SubmittedAgain,
    Claimed {
        reviewer: u32,
        case: Option<Case>,
    },
    Decided {
        reviewer: u32,
        ruled: Ruled,
    },
    Depth(Option<Depth>),
    Answer {
        row: Option<AnswerRow>,
        credentials: Credentials,
    },
    /// About whom; none when nobody answered, or with a part of them alone.
    OpenCases(Option<Vec<ApplicantKey>>),
    Greeted,
    /// A bug of ours: what the job was about is gone with it.
    Panicked,
}

/// The workers' side of the queue.
#[derive(Debug)]
pub(super) struct Hands {
    pub(super) scenario: Arc<Scenario>,
    pub(super) target: Target,
    pub(super) clock: RunClock,
    pub(super) jobs: flume::Receiver<Job>,
    pub(super) reports: flume::Sender<Report>,
    pub(super) stop: CancellationToken,
    pub(super) busy: AtomicU32,
    pub(super) busy_max: AtomicU32,
}

impl Work for Hands {
    fn perform_one<'u>(&'u self, user: &'u mut GooseUser) -> BoxFuture<'u, ()> {
        Box::pin(async move {
            // Goose looks for its exit only between transactions: never wait on anything but this.
            let job = tokio::select! {
                job = self.jobs.recv_async() => job.ok(),
                () = self.stop.cancelled() => None,
            };
            let Some(Job { due, task }) = job else { return };
            let busy = self.busy.fetch_add(1, Ordering::Relaxed) + 1;
            self.busy_max.fetch_max(busy, Ordering::Relaxed);
            let began = self.clock.now();
            // A panic would end this Goose user without a word, and the run would go on with one fewer.
            let outcome = AssertUnwindSafe(self.perform(user, task, began)).catch_unwind().await.unwrap_or(Outcome::Panicked);
            let report = Report { due, began, ended: self.clock.now(), outcome };
            self.busy.fetch_sub(1, Ordering::Relaxed);
            // The dispatcher goes home last; when it is gone, nobody wants to know.
            let _ = self.reports.send_async(report).await;
        })
    }
}

impl Hands {
    async fn perform(&self, user: &mut GooseUser, task: Task, began: SimTime) -> Outcome {
        match task {
            Task::Step(participant) => self.step(user, participant, began).await,
            Task::SubmitAgain(again) => {
                self.submit_again(user, *again).await;
                Outcome::SubmittedAgain
            }
            Task::Claim { reviewer, triage } => Outcome::Claimed { reviewer, case: self.target.claim(user, reviewer, triage).await },
            Task::Decide { reviewer, case, decision } => {
                let ruled = self.target.decide(user, reviewer, &case, decision).await;
                Outcome::Decided { reviewer, ruled }
            }
            Task::Depth => Outcome::Depth(self.target.depth(user).await),
            Task::Answer { applicant, credentials } => {
                Outcome::Answer { row: self.target.answer(user, &applicant, &credentials).await, credentials }
            }
            Task::OpenCases => Outcome::OpenCases(self.target.open_cases(user).await),
            Task::Greet => {
                self.target.greet(user).await;
                Outcome::Greeted
            }
        }
    }

    async fn submit_again(&self, user: &mut GooseUser, again: Again) {
        let Again { applicant, fate, mut credentials } = again;
        // No picture goes with it.
        let call =
            StepCall { step: Step::Submit, applicant: &applicant, fate: &fate, capture: Capture::Good, picture: 0, limit: LONGEST_LIMIT };
        let _ = self.target.step(user, &mut credentials, call).await;
    }

    async fn step(&self, user: &mut GooseUser, mut participant: Box<Participant>, began: SimTime) -> Outcome {
        // An app gives a request up after so long, whatever its user would bear.
        let limit = participant.patience(&self.scenario, began).clamp(SHORTEST_LIMIT, LONGEST_LIMIT);
        let mut credentials = std::mem::take(&mut participant.credentials);
        let call = StepCall {
            step: participant.step(),
            applicant: participant.applicant(),
            fate: participant.journey().fate(),
            capture: participant.capture(&self.scenario),
            picture: participant.journey().pictures(),
            limit,
        };
        let result = self.target.step(user, &mut credentials, call).await;
        participant.credentials = credentials;
        Outcome::Step(participant, result)
    }
}

/// Even somebody whose patience has just ended gets an answer to the request that is under way, if it comes promptly.
const SHORTEST_LIMIT: std::time::Duration = std::time::Duration::from_millis(500);
const LONGEST_LIMIT: std::time::Duration = std::time::Duration::from_secs(30);
