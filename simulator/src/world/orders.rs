//! Orders: what is to happen to somebody, whatever the scenario says.

use std::collections::HashMap;
use std::sync::Arc;

use kycsim_scenarios::ApplicantKey;
use kycsim_scenarios::vendor::{Befalling, Operation, Order};
use serde::{Deserialize, Serialize};

use crate::id::SessionId;
use crate::snapshot::KeptOrder;

/// All orders, bounded.
#[derive(Debug, Default)]
pub(super) struct Orders {
    /// How many there may be.
    holds: usize,
    of_sessions: HashMap<SessionId, Placed>,
    of_applicants: HashMap<ApplicantKey, Placed>,
}

/// Whom an order is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Orderee {
    /// One session, which must exist.
    Session(SessionId),
    /// All sessions of an applicant, who need not have come yet.
    Applicant(ApplicantKey),
}

/// There is no room for one more order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there are {holds} orders already, and no room for more; take some back")]
pub(crate) struct TooManyOrders {
    pub(crate) holds: usize,
}

#[derive(Debug)]
struct Placed {
    order: Arc<Order>,
    /// How many requests each of its responses would have failed.
    matched: Vec<u32>,
}

impl Orders {
    pub(super) fn new(holds: usize) -> Self {
        Self { holds, ..Self::default() }
    }

    /// Places an order, in place of an earlier one about the same.
    pub(super) fn place(&mut self, whom: Orderee, order: Order) -> Result<(), TooManyOrders> {
        let known = match &whom {
            Orderee::Session(session) => self.of_sessions.contains_key(session),
            Orderee::Applicant(applicant) => self.of_applicants.contains_key(applicant),
        };
        if !known && self.len() >= self.holds {
            return Err(TooManyOrders { holds: self.holds });
        }
        let placed = Placed { matched: vec![0; order.responses.len()], order: Arc::new(order) };
        match whom {
            Orderee::Session(session) => self.of_sessions.insert(session, placed),
            Orderee::Applicant(applicant) => self.of_applicants.insert(applicant, placed),
        };
        Ok(())
    }

    /// Takes an order back. Returns whether there was one.
    pub(super) fn withdraw(&mut self, whom: &Orderee) -> bool {
        match whom {
            Orderee::Session(session) => self.of_sessions.remove(session).is_some(),
            Orderee::Applicant(applicant) => self.of_applicants.remove(applicant).is_some(),
        }
    }

    /// Returns what is kept of them, in an order that is the same every time.
    pub(super) fn keep(&self) -> Vec<KeptOrder> {
        let kept = |whom, placed: &Placed| KeptOrder { whom, order: Order::clone(&placed.order), matched: placed.matched.clone() };
        let of_sessions = self.of_sessions.iter().map(|(id, placed)| kept(Orderee::Session(id.clone()), placed));
        let of_applicants = self.of_applicants.iter().map(|(key, placed)| kept(Orderee::Applicant(key.clone()), placed));
        let mut all: Vec<KeptOrder> = of_sessions.chain(of_applicants).collect();
        all.sort_unstable_by(|a, b| a.whom.cmp(&b.whom));
        all
    }

    /// Returns the orders that were kept.
    pub(super) fn resumed(holds: usize, kept: Vec<KeptOrder>) -> Self {
        let mut orders = Self::new(holds);
        for KeptOrder { whom, order, mut matched } in kept {
            matched.resize(order.responses.len(), 0);
            let placed = Placed { order: Arc::new(order), matched };
            match whom {
                Orderee::Session(session) => orders.of_sessions.insert(session, placed),
                Orderee::Applicant(applicant) => orders.of_applicants.insert(applicant, placed),
            };
        }
        orders
    }

    /// Returns the order for a session: its own, or else that for its applicant.
    pub(super) fn about(&self, session: &SessionId, applicant: &ApplicantKey) -> Option<Arc<Order>> {
        if self.len() == 0 {
            return None;
        }
        let placed = self.of_sessions.get(session).or_else(|| self.of_applicants.get(applicant))?;
        Some(Arc::clone(&placed.order))
    }

    /// Returns what was ordered to befall a request; `draw` gives the chance of each ordered response.
    pub(super) fn befalling(
        &mut self,
        session: Option<&SessionId>,
        applicant: &ApplicantKey,
        operation: Operation,
        mut draw: impl FnMut() -> f64,
    ) -> Option<Befalling> {
        if self.len() == 0 {
            return None;
        }
        let of_session = session.and_then(|session| self.of_sessions.get_mut(session));
        let Placed { order, matched } = of_session.or_else(|| self.of_applicants.get_mut(applicant))?;
        for (response, matched) in order.responses.iter().zip(matched) {
            let concerned = response.endpoints.is_empty() || response.endpoints.contains(&operation);
            if !concerned || draw() >= response.http.probability().value() {
                continue;
            }
            let number = *matched;
            *matched = number.saturating_add(1);
            if response.http.counts(number) {
                return response.http.befalls();
            }
        }
        None
    }

    /// Returns the order about exactly this one.
    pub(super) fn of(&self, whom: &Orderee) -> Option<Arc<Order>> {
        let placed = match whom {
            Orderee::Session(session) => self.of_sessions.get(session),
            Orderee::Applicant(applicant) => self.of_applicants.get(applicant),
        };
        placed.map(|placed| Arc::clone(&placed.order))
    }

    /// Takes all orders back.
    pub(super) fn clear(&mut self) {
        self.of_sessions.clear();
        self.of_applicants.clear();
    }

    /// All of them, in no order.
    pub(super) fn all(&self) -> impl Iterator<Item = (Orderee, Arc<Order>)> {
        let sessions = self.of_sessions.iter().map(|(id, placed)| (Orderee::Session(id.clone()), Arc::clone(&placed.order)));
        sessions.chain(self.of_applicants.iter().map(|(key, placed)| (Orderee::Applicant(key.clone()), Arc::clone(&placed.order))))
    }

    fn len(&self) -> usize {
        self.of_sessions.len() + self.of_applicants.len()
    }
}
