//! A dialect's front desk: what its vendor has beside sessions, as a value of the world.
//!
//! Where a translator says what everybody may know, a desk knows something: applicants, files, webhook endpoints, what was asked for with a session. It
//! decides no outcome: to sessions it comes through the [`Counter`], like any customer.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use kycsim_scenarios::SimTime;
use kycsim_scenarios::language::EventKind;

use super::Telling;
use crate::call::{Cause, Errand, Said, Whose};
use crate::callbacks::Endpoint;
use crate::refusal::Refusal;
use crate::session::Session;
use crate::snapshot::Unsound;
use crate::world::Counter;

/// What every dialect keeps at hand. It is asked with the tenant's lock held: it neither waits nor talks.
pub(crate) trait Desk: fmt::Debug + Send {
    /// Which events its vendor tells of unless the scenario says otherwise.
    fn tells(&self) -> &'static [EventKind];

    /// Finds out whose an errand is. Nothing has happened yet.
    fn whose(&self, errand: &Errand) -> Result<Whose, Refusal>;

    /// Does what an errand asks for, and says so. What the vendor refuses in words of its own is said too; [`Refusal`]s are what every vendor has.
    fn serve(&mut self, errand: &Errand, counter: &mut Counter<'_>) -> Result<Said, Refusal>;

    /// Takes note of what has happened to a session, before anybody is told.
    fn note(&mut self, happening: &Happening<'_>);

    /// Returns the vendor's own name for an event; none when it never tells of such a thing.
    fn event_name(&self, happening: &Happening<'_>) -> Option<&'static str>;

    /// Returns the body of the event with this id.
    fn event(&self, happening: &Happening<'_>, id: &str, telling: Telling) -> Bytes;

    /// Returns what goes ahead of the event, told plainly whatever befalls the event itself: only to endpoints that want it.
    fn heralds(&self, _: &Happening<'_>) -> Vec<Herald> {
        Vec::new()
    }

    /// Returns the webhook endpoints that want events of this name, beside the address that the vendor was started with.
    fn endpoints(&self, _event: &str) -> Vec<Arc<Endpoint>> {
        Vec::new()
    }

    /// Returns the webhook endpoint with this id, if events still go there.
    fn endpoint(&self, _id: &str) -> Option<Arc<Endpoint>> {
        None
    }

    /// Takes note of how a try to deliver an event ended, to the webhook endpoint with this id, or else to the address that this is.
    fn delivered(&mut self, _event: &str, _receiver: &str, _accepted: bool) {}

    /// Returns what is to outlive the process.
    fn keep(&self) -> serde_json::Value;

    /// Takes back in what was kept.
    fn resume(&mut self, kept: serde_json::Value) -> Result<(), Unsound>;
}

/// Something that has happened to a session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Happening<'a> {
    pub(crate) kind: EventKind,
    /// As it is now.
    pub(crate) session: &'a Session,
    pub(crate) at: SimTime,
    /// The request that made it happen; none when it happened of itself.
    pub(crate) cause: Option<&'a Cause>,
}

/// An event that goes ahead of another.
#[derive(Debug, Clone)]
pub(crate) struct Herald {
    /// The vendor's own name for it.
    pub(crate) name: &'static str,
    pub(crate) body: Bytes,
}
