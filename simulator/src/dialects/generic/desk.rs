use bytes::Bytes;
use kycsim_scenarios::language::EventKind;

use super::wire;
use crate::call::{Errand, Said, Whose};
use crate::clock::WallEpoch;
use crate::config::VendorConfig;
use crate::dialects::{Desk, Happening, Telling};
use crate::refusal::Refusal;
use crate::snapshot::Unsound;
use crate::world::Counter;

/// Has nothing beside sessions, and so nobody comes to it: it tells events.
#[derive(Debug)]
pub(in crate::dialects) struct GenericDesk {
    wall: WallEpoch,
}

impl GenericDesk {
    pub(in crate::dialects) fn new(config: &VendorConfig) -> Self {
        Self { wall: config.clock.wall() }
    }
}

impl Desk for GenericDesk {
    fn tells(&self) -> &'static [EventKind] {
        &[EventKind::Decided, EventKind::Expired]
    }

    fn whose(&self, _: &Errand) -> Result<Whose, Refusal> {
        Ok(Whose::Nobody)
    }

    fn serve(&mut self, _: &Errand, _: &mut Counter<'_>) -> Result<Said, Refusal> {
        Err(Refusal::NoSuchEndpoint { nearest: String::new() })
    }

    fn note(&mut self, _: &Happening<'_>) {}

    fn event_name(&self, happening: &Happening<'_>) -> Option<&'static str> {
        wire::event_name(happening.kind)
    }

    fn event(&self, happening: &Happening<'_>, _id: &str, telling: Telling) -> Bytes {
        wire::event(happening.kind, happening.session, telling, self.wall)
    }

    fn keep(&self) -> serde_json::Value {
        serde_json::Value::Null
    }

    fn resume(&mut self, _: serde_json::Value) -> Result<(), Unsound> {
        Ok(())
    }
}
