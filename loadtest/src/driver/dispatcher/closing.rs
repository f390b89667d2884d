//! The end of a run: open journeys are written down, and the backend is asked what it believes of everybody.

use std::time::Duration;

use kycsim_scenarios::SimTime;
use tokio_util::sync::CancellationToken;

use super::super::hands::{Outcome, Report, Task};
use super::super::target::Ruled;
use super::{Dispatcher, Due, SECOND};
use crate::record::{OpenCases, WriteRunError};

/// How long nothing may move, at the vendor or in what the backend says, until what is undecided is a finding. A backend that works its backlog off is not
/// stuck, however long it takes over it.
const REST: Duration = Duration::from_secs(15);
/// Even a backlog that still shrinks is not waited for longer than this. Whoever is undecided then is no finding.
const LONGEST: Duration = Duration::from_secs(120);
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(500);
/// After Ctrl-C nobody wants to wait that long.
const CUT_SHORT: Duration = Duration::from_secs(3);

/// What moves while a backlog is worked off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Moved {
    sessions: u64,
    decisions: u64,
    undecided: usize,
}

impl Dispatcher<'_> {
    /// Ends the load: writes open journeys down, and asks the backend what it believes of everybody.
    pub(super) async fn close(&mut self, stop: &CancellationToken) -> Result<(), WriteRunError> {
        let rest = if stop.is_cancelled() { CUT_SHORT } else { REST };
        let deadline = self.clock.now().saturating_add(rest);
        // The last second is played to its end: rates over a fraction of one would be noise.
        self.clock.wait_until(self.sampled.saturating_add(SECOND)).await;
        self.sample()?;
        let mut open = Vec::new();
        while let Some((_, item)) = self.agenda.take_due(SimTime::MAX) {
            if let Due::Step(participant) | Due::End(participant, _) = item {
                open.push(participant);
            }
        }
        // What is under way is answered, or not, within the limit.
        while self.outstanding > 0 {
            let Some(report) = self.report_by(deadline).await else { break };
            self.outstanding -= 1;
            match report.outcome {
                Outcome::Step(mut participant, result) => {
                    participant.on(result, self.scenario, report.due, report.ended);
                    open.push(participant);
                }
                Outcome::Decided { reviewer, ruled: Ruled::Taken } => {
                    if let Some(handled) = self.handled[reviewer as usize].take() {
                        self.folder.review(&handled.row(reviewer, Some(report.ended)))?;
                    }
                }
                Outcome::Panicked => self.panics += 1,
                Outcome::Decided { ruled: Ruled::Settled | Ruled::NotNow, .. }
                | Outcome::SubmittedAgain
                | Outcome::Claimed { .. }
                | Outcome::Depth(_)
                | Outcome::Answer { .. }
                | Outcome::OpenCases(_)
                | Outcome::Greeted => {}
            }
        }
        for participant in open {
            self.leave(&participant, None)?;
        }
        for (reviewer, handled) in (0_u32..).zip(&self.handled) {
            if let Some(handled) = handled {
                self.folder.review(&handled.row(reviewer, None))?;
            }
        }
        self.ask(rest, if stop.is_cancelled() { CUT_SHORT } else { LONGEST }).await?;
        self.ask_for_cases(rest).await
    }

    /// Asks about everybody, and again about those the backend has not made up its mind on, until nothing has moved for `rest`, or `longest` is over.
    async fn ask(&mut self, rest: Duration, longest: Duration) -> Result<(), WriteRunError> {
        let mut asked = std::mem::take(&mut self.left);
        let began = self.clock.now();
        let latest = began.saturating_add(longest);
        let (mut moved, mut moved_at) = (self.moved(asked.len()), began);
        while !asked.is_empty() {
            let now = self.clock.now();
            let at_rest = now >= moved_at.saturating_add(rest);
            let last = at_rest || now >= latest;
            for (applicant, credentials) in asked.drain(..) {
                self.send(now, Task::Answer { applicant, credentials });
            }
            while self.outstanding > 0 {
                let Some(report) = self.report_by(latest.saturating_add(REST)).await else { return Ok(()) };
                self.outstanding -= 1;
                if let Outcome::Answer { row: Some(mut row), credentials } = report.outcome {
                    let undecided = row.status.as_deref().is_none_or(|status| status == "submitted");
                    if undecided && !last {
                        asked.push((row.applicant, credentials));
                    } else {
                        row.too_early = undecided && !at_rest;
                        self.folder.answer(&row)?;
                    }
                }
            }
            if asked.is_empty() {
                break;
            }
            let moves = self.moved(asked.len());
            if moves != moved {
                (moved, moved_at) = (moves, self.clock.now());
            }
            self.clock.wait_until(self.clock.now().saturating_add(ASK_AGAIN_AFTER)).await;
        }
        Ok(())
    }

    fn moved(&self, undecided: usize) -> Moved {
        let totals = self.vendor.counts().totals;
        Moved { sessions: totals.sessions, decisions: totals.decisions, undecided }
    }

    /// Asks which cases are open. After the answers: whoever waited for people then, and has no case now, has lost it in between or before.
    async fn ask_for_cases(&mut self, limit: Duration) -> Result<(), WriteRunError> {
        let now = self.clock.now();
        self.send(now, Task::OpenCases);
        while let Some(report) = self.report_by(now.saturating_add(limit)).await {
            self.outstanding -= 1;
            if let Outcome::OpenCases(cases) = report.outcome {
                return match cases {
                    Some(cases) => self.folder.open_cases(&OpenCases { at: report.began, applicants: cases.into_iter().collect() }),
                    None => Ok(()),
                };
            }
        }
        Ok(())
    }

    async fn report_by(&self, deadline: SimTime) -> Option<Report> {
        tokio::select! {
            report = self.reported.recv_async() => report.ok(),
            () = self.clock.wait_until(deadline) => None,
        }
    }
}
