//! The head: owns the agenda, the applicants and the reviewers, and decides what is done next.

mod closing;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use kycsim_reports::model::{Ended, Manifest};
use kycsim_scenarios::journey::{Next, Shown, Step, StepResult};
use kycsim_scenarios::language::Arrival;
use kycsim_scenarios::{Agenda, ApplicantKey, Scenario, Shard, SimTime};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::arrivals::Arrivals;
use super::hands::{Hands, Job, Outcome, Report, Task};
use super::participant::Participant;
use super::pictures::Pictures;
use super::pool::Pool;
use super::progress::Progress;
use super::reviewers::{Handled, LOOK_EVERY};
use super::tally::Tally;
use super::target::{Credentials, Ruled, Target};
use super::watch::VendorWatch;
use crate::clock::RunClock;
use crate::record::{DepthRow, EndRow, GeneratorRow, Measured, ReviewRow, RunFolder, WriteRunError};

/// How often the depth of the review queue is asked for, and the progress shown.
const DEPTH_EVERY: Duration = Duration::from_millis(250);
const SECOND: Duration = Duration::from_secs(1);

/// Why a run could not be played to its end.
#[derive(Debug, thiserror::Error)]
#[error("the run's files could not be written")]
pub struct PlayError(#[from] WriteRunError);

/// Everything a run needs besides its pool.
#[derive(Debug)]
pub struct Rehearsal {
    /// What is played.
    pub scenario: Arc<Scenario>,
    /// Which part of it.
    pub shard: Shard,
    /// Nobody comes but these, each at their moment; empty: everybody comes.
    pub only: BTreeSet<ApplicantKey>,
    /// What reviewers show the backend.
    pub reviewer_token: String,
    /// What applicants upload.
    pub pictures: Pictures,
    /// The run's time line; its schedule begins when this clock's does.
    pub clock: RunClock,
    /// Where everything is written.
    pub folder: RunFolder,
    /// As it was written before the run.
    pub manifest: Manifest,
    /// The vendor's counters.
    pub vendor: Arc<dyn VendorWatch>,
    /// Where to tell how it goes.
    pub progress: watch::Sender<Progress>,
    /// Cancelled when the run is to end early.
    pub stop: CancellationToken,
}

/// Plays a scenario against the backend that the pool was launched for, and writes all of it into the run's folder.
///
/// Returns when the schedule is over and every journey was followed to its end or to the settling deadline, or soon after `stop` is cancelled.
///
/// # Errors
/// [`PlayError`] when the run's files could not be written; the pool is sent home all the same.
pub async fn play(pool: Pool, rehearsal: Rehearsal) -> Result<(), PlayError> {
    let Rehearsal { scenario, shard, only, reviewer_token, pictures, clock, mut folder, mut manifest, vendor, progress, stop } = rehearsal;
    // Unbounded, for arrivals never wait for the system. It holds at most what has arrived and not ended, which the run holds anyway.
    let (jobs, waiting) = flume::unbounded();
    // A worker with a report waits until it is taken: there are never more than there are workers.
    let (reports, reported) = flume::bounded(pool.workers() as usize);
    let hands = Arc::new(Hands {
        scenario: Arc::clone(&scenario),
        target: Target::new(reviewer_token, pictures, clock),
        clock,
        jobs: waiting,
        reports,
        stop: pool.stopping(),
        busy: AtomicU32::new(0),
        busy_max: AtomicU32::new(0),
    });
    let work: Arc<Hands> = Arc::clone(&hands);
    pool.give(work);
    let workers = pool.workers();
    let reviewers = shard.share_of(scenario.review.reviewers.value());
    let mut dispatcher = Dispatcher {
        arrivals: Arrivals::new(&scenario, shard, &only),
        scenario: &scenario,
        clock,
        agenda: Agenda::new(),
        jobs,
        reported,
        outstanding: 0,
        folder: &mut folder,
        vendor: &*vendor,
        progress: &progress,
        tally: Tally::new(),
        measured: Measured::default(),
        arrivals_over: false,
        last_arrival: SimTime::ZERO,
        handled: (0..reviewers).map(|_| None).collect(),
        left: Vec::new(),
        sampled: SimTime::ZERO,
        steps: 0,
        panics: 0,
    };
    dispatcher.warm_up(workers).await;
    let played = dispatcher.play(&stop).await;
    let (steps, panics) = (dispatcher.steps, dispatcher.panics);
    let goose_requests = pool.end().await;
    manifest.ended = if stop.is_cancelled() { Ended::CutShort } else { Ended::Complete };
    played?;
    let generator = GeneratorRow {
        workers,
        reviewers,
        steps,
        goose_requests,
        panics,
        busy_max: hands.busy_max.load(Ordering::Relaxed),
        observed_until: clock.now(),
    };
    folder.write_end(&vendor.counts().totals, &generator)?;
    folder.write_manifest(&manifest)?;
    folder.finish()?;
    Ok(())
}

/// Something on the agenda.
#[derive(Debug)]
enum Due {
    Arrive(Arrival),
    /// In a closed model nobody comes from now on.
    ArrivalsEnd,
    Step(Box<Participant>),
    /// The journey ends at this moment, and not before: nobody knows of it until then.
    End(Box<Participant>, EndRow),
    Claim(u32),
    Decide(u32),
    Depth,
    Second,
}

struct Dispatcher<'a> {
    scenario: &'a Scenario,
    clock: RunClock,
    arrivals: Arrivals<'a>,
    agenda: Agenda<Due>,
    jobs: flume::Sender<Job>,
    reported: flume::Receiver<Report>,
    /// Jobs that have not been reported yet.
    outstanding: usize,
    folder: &'a mut RunFolder,
    vendor: &'a dyn VendorWatch,
    progress: &'a watch::Sender<Progress>,
    tally: Tally,
    measured: Measured,
    arrivals_over: bool,
    last_arrival: SimTime,
    /// What each reviewer is working on.
    handled: Vec<Option<Handled>>,
    /// Those whose journey is over, to be asked about at the end.
    left: Vec<(ApplicantKey, Credentials)>,
    /// When the last second's sample was taken.
    sampled: SimTime,
    steps: u64,
    panics: u64,
}

impl Dispatcher<'_> {
    /// Lets every worker open its connection before anything is measured.
    async fn warm_up(&mut self, workers: u32) {
        for _ in 0..workers {
            self.send(self.clock.now(), Task::Greet);
        }
        while self.outstanding > 0 && self.reported.recv_async().await.is_ok() {
            self.outstanding -= 1;
        }
    }

    async fn play(&mut self, stop: &CancellationToken) -> Result<(), WriteRunError> {
        self.first_arrivals();
        self.agenda.enter(SimTime::ZERO, Due::Depth);
        self.agenda.enter(SimTime::ZERO.saturating_add(SECOND), Due::Second);
        for (reviewer, _) in (0_u32..).zip(&self.handled) {
            self.agenda.enter(SimTime::ZERO, Due::Claim(reviewer));
        }
        while !stop.is_cancelled() && !self.is_over() {
            self.turn(stop).await?;
        }
        self.close(stop).await
    }

    /// One turn: do what is due, then wait for the next thing or the next report.
    async fn turn(&mut self, stop: &CancellationToken) -> Result<(), WriteRunError> {
        let now = self.clock.now();
        while let Some((due, item)) = self.agenda.take_due(now) {
            self.begin(due, item)?;
        }
        let next = self.agenda.next_due().unwrap_or(SimTime::MAX);
        let report = tokio::select! {
            report = self.reported.recv_async() => report.ok(),
            () = self.clock.wait_until(next) => None,
            () = stop.cancelled() => None,
        };
        for report in report.into_iter().chain(self.reported.drain().collect::<Vec<_>>()) {
            self.outstanding -= 1;
            self.take(report)?;
        }
        Ok(())
    }

    fn begin(&mut self, due: SimTime, item: Due) -> Result<(), WriteRunError> {
        match item {
            Due::Arrive(arrival) => {
                let (participant, next) = Participant::arrive(self.scenario, arrival);
                self.tally.arrived += 1;
                self.last_arrival = due;
                if !self.scenario.arrivals.is_closed() {
                    self.next_arrival();
                }
                self.proceed(participant, next);
            }
            Due::ArrivalsEnd => self.arrivals_over = true,
            Due::Step(participant) => self.send(due, Task::Step(participant)),
            Due::End(participant, end) => self.end(&participant, end)?,
            Due::Claim(reviewer) => self.send(due, Task::Claim { reviewer, triage: self.scenario.review.triage }),
            Due::Decide(reviewer) => {
                if let Some(Handled { case, decision, .. }) = &self.handled[reviewer as usize] {
                    let (case, decision) = (case.clone(), *decision);
                    self.send(due, Task::Decide { reviewer, case, decision });
                }
            }
            Due::Depth => {
                self.send(due, Task::Depth);
                self.show_progress(due);
                self.agenda.enter(due.saturating_add(DEPTH_EVERY), Due::Depth);
            }
            Due::Second => {
                self.sample()?;
                self.agenda.enter(due.saturating_add(SECOND), Due::Second);
            }
        }
        Ok(())
    }

    fn take(&mut self, report: Report) -> Result<(), WriteRunError> {
        let Report { due, began, ended, outcome } = report;
        match outcome {
            Outcome::Step(mut participant, result) => {
                let step = participant.step();
                self.steps += 1;
                self.tally.lag(began - due);
                self.measured.record("lag", began - due);
                self.measured.record(&format!("step.{step}"), ended - due);
                if step != Step::AwaitDecision {
                    self.measured.record("api_latency", ended - due);
                }
                let (awaited, reviewed) = (participant.awaits_decision(), participant.journey().is_in_review());
                let next = participant.on(result, self.scenario, due, ended);
                if let StepResult::Status(Shown::Approved | Shown::Rejected | Shown::NeedsResubmission) = result
                    && let Some(latency) = participant.decision_latency()
                {
                    self.tally.decision(latency);
                }
                self.count(awaited, participant.awaits_decision(), reviewed, participant.journey().is_in_review());
                if let Some(again) = participant.submits_again(step, result, self.scenario, ended) {
                    self.send(ended, Task::SubmitAgain(again));
                }
                self.proceed(participant, next);
            }
            Outcome::Claimed { reviewer, case: Some(case) } => {
                let handled = Handled::begin(case, self.scenario, ended);
                self.agenda.enter(handled.done, Due::Decide(reviewer));
                self.handled[reviewer as usize] = Some(handled);
            }
            Outcome::Claimed { reviewer, case: None } => self.agenda.enter(ended.saturating_add(LOOK_EVERY), Due::Claim(reviewer)),
            Outcome::Decided { reviewer, ruled } => self.decided(reviewer, ruled, ended)?,
            Outcome::Depth(depth) => {
                self.tally.queue_depth = depth.map(|depth| depth.waiting);
                if let Some(depth) = depth {
                    self.folder.depth(&DepthRow { at: began, waiting: depth.waiting, claimed: depth.claimed })?;
                }
            }
            Outcome::SubmittedAgain | Outcome::Answer { .. } | Outcome::OpenCases(_) | Outcome::Greeted => {}
            Outcome::Panicked => self.panics += 1,
        }
        Ok(())
    }

    /// Keeps the levels: who awaits a decision, and whose case people look at.
    fn count(&mut self, awaited: bool, awaits: bool, reviewed: bool, in_review: bool) {
        self.tally.awaiting = self.tally.awaiting + u64::from(awaits) - u64::from(awaited);
        self.tally.in_review = self.tally.in_review + u64::from(in_review) - u64::from(reviewed);
    }

    fn decided(&mut self, reviewer: u32, ruled: Ruled, now: SimTime) -> Result<(), WriteRunError> {
        let Some(handled) = self.handled[reviewer as usize].take() else { return Ok(()) };
        if ruled == Ruled::NotNow {
            // The case stays in this reviewer's hands until the backend takes the decision.
            self.handled[reviewer as usize] = Some(handled);
            self.agenda.enter(now.saturating_add(SECOND), Due::Decide(reviewer));
            return Ok(());
        }
        let row = handled.row(reviewer, (ruled == Ruled::Taken).then_some(now));
        self.folder.review(&ReviewRow { settled: (ruled == Ruled::Settled).then_some(now), ..row })?;
        self.agenda.enter(now, Due::Claim(reviewer));
        Ok(())
    }

    fn proceed(&mut self, participant: Box<Participant>, next: Next) {
        match next {
            Next::Perform { step: _, due } => self.agenda.enter(due, Due::Step(participant)),
            Next::End { ending, at } => self.agenda.enter(at, Due::End(participant, EndRow::new(ending, at))),
        }
    }

    fn end(&mut self, participant: &Participant, end: EndRow) -> Result<(), WriteRunError> {
        self.count(participant.awaits_decision(), false, participant.journey().is_in_review(), false);
        self.tally.end(end);
        if let Some(next) = self.scenario.arrivals.after(participant.number(), end.at(), self.scenario.seed) {
            self.agenda.enter(next.at, Due::Arrive(next));
        }
        self.leave(participant, Some(end))
    }

    /// Writes a journey down and remembers whom to ask about it.
    fn leave(&mut self, participant: &Participant, end: Option<EndRow>) -> Result<(), WriteRunError> {
        if participant.credentials.verification.is_some() {
            self.left.push((participant.applicant().key.clone(), participant.credentials.clone()));
        }
        self.folder.journey(&participant.row(end))
    }

    /// Enters the first applicant; in a closed model the first of each user, whose others come when one has ended.
    fn first_arrivals(&mut self) {
        if !self.scenario.arrivals.is_closed() {
            return self.next_arrival();
        }
        for first in self.arrivals.by_ref() {
            self.agenda.enter(first.at, Due::Arrive(first));
        }
        self.agenda.enter(SimTime::from_start(self.scenario.arrivals.duration.length()), Due::ArrivalsEnd);
    }

    fn next_arrival(&mut self) {
        match self.arrivals.next() {
            Some(next) => self.agenda.enter(next.at, Due::Arrive(next)),
            None => self.arrivals_over = true,
        }
    }

    fn send(&mut self, due: SimTime, task: Task) {
        self.outstanding += 1;
        // The receiver lives as long as the pool's work, which outlives this.
        let _ = self.jobs.send(Job { due, task });
    }

    fn sample(&mut self) -> Result<(), WriteRunError> {
        self.sampled = self.clock.now();
        let sample = self.tally.sample(self.sampled, self.vendor.counts());
        self.folder.second(&sample, std::mem::take(&mut self.measured))
    }

    fn show_progress(&self, now: SimTime) {
        let active = self.scenario.incident.iter().filter(|incident| incident.is_active(now)).map(|incident| incident.name().to_owned());
        self.progress.send_replace(self.tally.progress(now.since_start(), active.collect(), self.arrivals_over));
    }

    fn is_over(&self) -> bool {
        if !self.arrivals_over {
            return false;
        }
        let deadline = self.last_arrival.saturating_add(self.scenario.run.settle.length());
        let nobody_left = self.tally.in_flight() == 0 && self.vendor.is_quiet(deadline);
        let queue_empty = self.tally.queue_depth.unwrap_or(0) == 0 && self.handled.iter().all(Option::is_none);
        (nobody_left && queue_empty) || self.clock.now() >= deadline
    }
}
