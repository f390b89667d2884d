use kycsim_scenarios::SimTime;
use kycsim_scenarios::vendor::{Fault, Outcome, Reason};
use tokio_util::sync::CancellationToken;

use super::{CommandError, World};
use crate::call::{NewSession, Submission, Upload};
use crate::id::{SessionId, digest};
use crate::picture::Picture;
use crate::refusal::Refusal;
use crate::session::{ImageSlot, Session};

/// What a dialect's desk may do with sessions, for one errand: what any customer may, and what vendors' own ways come to. Outcomes are none of it, but where
/// a vendor's sandbox has a convention for them; and an order comes before that.
pub(crate) struct Counter<'w> {
    world: &'w mut World,
    /// What befalls the answer.
    fault: Option<Fault>,
    now: SimTime,
    told: Option<CancellationToken>,
}

impl<'w> Counter<'w> {
    pub(super) const fn new(world: &'w mut World, fault: Option<Fault>, now: SimTime) -> Self {
        Self { world, fault, now, told: None }
    }

    /// What the answer has to wait for.
    pub(super) fn told(self) -> Option<CancellationToken> {
        self.told
    }

    /// The tenant's time.
    pub(crate) const fn now(&self) -> SimTime {
        self.now
    }

    /// Returns 128 bits that name something, the same in every run of the same seed.
    pub(crate) fn name(&self, kind: &str, parts: &[&[u8]]) -> u128 {
        let seed = self.world.scenario.seed.to_le_bytes();
        digest(kind, &[&[&seed[..]], parts].concat())
    }

    /// Looks at a session, which is no read by its customer: nothing comes of it.
    pub(crate) fn session(&self, id: &SessionId) -> Result<&Session, Refusal> {
        self.world.store.session(id)
    }

    /// Returns a session as its customer reads it.
    pub(crate) fn read(&mut self, id: &SessionId) -> Result<Session, Refusal> {
        self.world.read(id, self.fault, self.now)
    }

    /// Begins a session.
    pub(crate) fn create(&mut self, new: NewSession) -> Result<Session, Refusal> {
        self.world.create(new, self.now)
    }

    /// Begins another session for the same applicant, with the pictures of this one.
    pub(crate) fn create_again(&mut self, id: &SessionId) -> Result<Session, Refusal> {
        self.world.create_again(id, self.now)
    }

    /// Takes a picture in.
    pub(crate) fn take_in(&mut self, id: &SessionId, slot: ImageSlot, picture: Picture) -> Result<Upload, Refusal> {
        self.world.take_in(id, slot, picture, self.fault)
    }

    /// Hands a session in.
    pub(crate) fn submit(&mut self, id: &SessionId, submission: Submission) -> Result<Session, Refusal> {
        let (session, told) = self.world.submit(id, submission, self.now)?;
        self.told = told;
        Ok(session)
    }

    /// Lets an applicant come back to a session that was declined, left undecided, or had run out.
    pub(crate) fn reopen(&mut self, id: &SessionId) -> Result<Session, Refusal> {
        self.world.reopen(id, self.now)
    }

    /// Ends an examination now, or changes a decision: for a vendor's own test calls.
    pub(crate) fn decide(&mut self, id: &SessionId, verdict: Option<(Outcome, Vec<Reason>)>) -> Result<Session, CommandError> {
        self.world.decide_now(id, verdict, self.now)
    }

    /// Lets a session run out now: its applicant has left. Nothing happens to one that waits for nothing.
    pub(crate) fn abandon(&mut self, id: &SessionId) -> Result<(), Refusal> {
        let attempt = self.world.store.session(id)?.attempt;
        self.world.expire(id, attempt, self.now);
        Ok(())
    }

    /// Gives a session up.
    pub(crate) fn cancel(&mut self, id: &SessionId) -> Result<Session, Refusal> {
        self.world.cancel(id, self.now)
    }

    /// Erases what a session knows about its applicant.
    pub(crate) fn redact(&mut self, id: &SessionId) -> Result<Session, Refusal> {
        self.world.redact(id, self.now)
    }

    /// Tells the latest decision about a session once more.
    pub(crate) fn redeliver(&mut self, id: &SessionId) -> Result<(), CommandError> {
        self.world.redeliver(id, self.now)
    }
}
