//! How many deliveries are on their way at a time.
//!
//! Each receiver has a lane of its own, so that one that is slow, or never answers, holds up nobody but itself. A value: it starts nothing.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use kycsim_scenarios::SimTime;
use kycsim_scenarios::vendor::{IncidentId, PlannedCopy};
use tokio_util::sync::DropGuard;

use super::event::Event;

/// How many deliveries to one receiver are on their way at a time. A real vendor has a like bound; a backend that answers in 10 ms gets 6,400 a second.
const IN_FLIGHT_MAX: usize = 64;

/// How many receivers have a lane of their own; all later ones share the last. A test has one or two.
const LANES_MAX: usize = 32;

/// One copy of an event, on its way to being told.
#[derive(Debug, Clone)]
pub(crate) struct Sending {
    pub(crate) event: Arc<Event>,
    pub(crate) copy: PlannedCopy,
    /// How many tries have failed.
    pub(crate) failed: u32,
    /// The incident that held it last.
    pub(crate) let_go: Option<IncidentId>,
    /// Dropped when the first try has ended: somebody may wait for that.
    pub(crate) told: Option<Arc<DropGuard>>,
}

/// One try to deliver one copy.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub(crate) sending: Sending,
    /// When it was to begin.
    pub(crate) due: SimTime,
}

impl Delivery {
    /// Returns it as the lanes take note of it: without what somebody waits on.
    fn noted(&self) -> Self {
        let Self { sending: Sending { event, copy, failed, let_go, told: _ }, due } = self;
        Self { sending: Sending { event: Arc::clone(event), copy: *copy, failed: *failed, let_go: *let_go, told: None }, due: *due }
    }
}

/// All lanes.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    lanes: Vec<Lane>,
    by_receiver: HashMap<String, usize>,
}

#[derive(Debug, Default)]
struct Lane {
    /// What is on its way; nobody waits on this copy of it.
    in_flight: Vec<Delivery>,
    /// As long as there are callbacks pending, which the number of sessions bounds.
    waiting: VecDeque<Delivery>,
}

impl Lanes {
    /// Returns the delivery if it may begin now; otherwise it waits for its turn.
    pub(crate) fn enter(&mut self, delivery: Delivery) -> Option<Delivery> {
        let lane = self.lane_of(delivery.sending.event.to.receiver());
        if lane.in_flight.len() < IN_FLIGHT_MAX {
            lane.in_flight.push(delivery.noted());
            return Some(delivery);
        }
        lane.waiting.push_back(delivery);
        None
    }

    /// Makes room after this copy of an event was tried, and returns the delivery that takes its place.
    pub(crate) fn leave(&mut self, event: &Arc<Event>, copy: u32) -> Option<Delivery> {
        let lane = self.lane_of(event.to.receiver());
        let is_it = |delivery: &Delivery| delivery.sending.copy.number == copy && Arc::ptr_eq(&delivery.sending.event, event);
        if let Some(place) = lane.in_flight.iter().position(is_it) {
            lane.in_flight.swap_remove(place);
        }
        let next = lane.waiting.pop_front()?;
        lane.in_flight.push(next.noted());
        Some(next)
    }

    /// Returns what is on its way and what waits for its place, with the moments at which it was due.
    pub(crate) fn carried(&self) -> impl Iterator<Item = (SimTime, &Sending)> {
        self.lanes.iter().flat_map(|lane| lane.in_flight.iter().chain(&lane.waiting)).map(|delivery| (delivery.due, &delivery.sending))
    }

    fn lane_of(&mut self, receiver: &str) -> &mut Lane {
        let index = match self.by_receiver.get(receiver) {
            Some(index) => *index,
            None if self.lanes.len() < LANES_MAX => {
                self.lanes.push(Lane::default());
                self.by_receiver.insert(receiver.to_owned(), self.lanes.len() - 1);
                self.lanes.len() - 1
            }
            None => LANES_MAX - 1,
        };
        &mut self.lanes[index]
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use kycsim_scenarios::ApplicantKey;
    use kycsim_scenarios::language::{EventKind, Tries};

    use super::super::{CallbackUrl, Terms};
    use super::*;
    use crate::id::SessionId;

    fn to(port: usize, number: u64) -> Delivery {
        let event = Event {
            id: format!("evt_{number}"),
            kind: EventKind::Decided,
            session: SessionId::named("ses_1"),
            applicant: ApplicantKey::numbered(number),
            attempt: 1,
            to: CallbackUrl::parse(&format!("http://127.0.0.1:{port}/")).unwrap(),
            endpoint: None,
            body: Bytes::new(),
            defective_body: None,
            terms: Arc::new(Terms { retry: Vec::new(), within: Duration::ZERO, success: None, disable_after: None }),
            replayed: None,
        };
        let copy = PlannedCopy { number: 0, defect: None, defective_tries: Tries::First, age: Duration::ZERO, retried: true };
        let sending = Sending { event: Arc::new(event), copy, failed: 0, let_go: None, told: None };
        Delivery { sending, due: SimTime::from_micros(number) }
    }

    #[test]
    fn a_full_lane_lets_others_pass_and_its_own_in_order() {
        let mut lanes = Lanes::default();
        let mut begun: VecDeque<Delivery> = (0..64).map(|number| lanes.enter(to(1, number)).unwrap()).collect();
        assert!(lanes.enter(to(1, 64)).is_none());
        assert!(lanes.enter(to(1, 65)).is_none());
        assert!(lanes.enter(to(2, 66)).is_some(), "another receiver");
        assert_eq!(lanes.carried().count(), 67);
        let mut next = |lanes: &mut Lanes| {
            let Sending { event, copy, .. } = begun.pop_front().unwrap().sending;
            lanes.leave(&event, copy.number).map(|delivery| delivery.due.as_micros())
        };
        assert_eq!([next(&mut lanes), next(&mut lanes), next(&mut lanes)], [Some(64), Some(65), None]);
        assert_eq!(lanes.carried().map(|(due, _)| due.as_micros()).filter(|number| *number < 3).count(), 0, "they have ended");
        assert!(lanes.enter(to(1, 67)).is_some(), "there is room again");
        assert!(lanes.enter(to(1, 68)).is_none());
    }

    #[test]
    fn there_are_never_more_lanes_than_their_bound() {
        let mut lanes = Lanes::default();
        for port in 1..=LANES_MAX + 10 {
            assert!(lanes.enter(to(port, 0)).is_some(), "{port}");
        }
        assert_eq!(lanes.lanes.len(), LANES_MAX);
        assert!(lanes.by_receiver.len() <= LANES_MAX);
    }
}
