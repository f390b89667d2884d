//! What whoever runs a test may do with a tenant: give orders, decide, start and stop incidents, look at sessions, ask the journal, wait.

use std::sync::Arc;
use std::time::Duration;

use kycsim_scenarios::ApplicantKey;
use kycsim_scenarios::language::Incident;
use kycsim_scenarios::vendor::{IncidentId, Order, Outcome, Reason, Status};

use super::TenantHandle;
use super::view::{IncidentView, ReceiverView, SessionView};
use crate::callbacks::CallbackUrl;
use crate::id::SessionId;
use crate::journal::{Journal, Pattern, Times, Verification};
use crate::world::{CommandError, Orderee};

/// Whom an order is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// All sessions of the applicant with this reference, who need not have come yet.
    Applicant(String),
    /// The session with this id. It must exist, and its order comes before its applicant's.
    Session(String),
}

impl From<&Subject> for Orderee {
    fn from(subject: &Subject) -> Self {
        match subject {
            Subject::Applicant(reference) => Self::Applicant(ApplicantKey::new(reference.as_str())),
            Subject::Session(id) => Self::Session(SessionId::named(id)),
        }
    }
}

impl From<Orderee> for Subject {
    fn from(orderee: Orderee) -> Self {
        match orderee {
            Orderee::Applicant(applicant) => Self::Applicant(applicant.to_string()),
            Orderee::Session(session) => Self::Session(session.to_string()),
        }
    }
}

/// A session did not become what it was waited for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("session `{session}` is {} after {waited:?}, and not {wanted}", .status.map_or("unknown", Status::as_str))]
pub struct WaitTimeout {
    /// Its id.
    pub session: String,
    /// What was waited for.
    pub wanted: Status,
    /// Where it stands; none when there is no such session.
    pub status: Option<Status>,
    /// How long, in real time.
    pub waited: Duration,
}

/// The longest time to live of an incident that was started by hand: a crashed test leaves nothing behind for longer.
pub const INCIDENT_TTL_MAX: Duration = Duration::from_secs(24 * 60 * 60);

impl TenantHandle {
    /// Orders what is to happen to somebody, in place of an earlier order about the same. What is under examination already ends as ordered too.
    ///
    /// # Errors
    /// [`CommandError`] when there is no such session, or too many orders.
    pub fn order(&self, subject: &Subject, order: Order) -> Result<(), CommandError> {
        self.tenant().command(|world, _| world.order(subject.into(), order))
    }

    /// Takes an order back. Returns whether there was one.
    pub fn withdraw_order(&self, subject: &Subject) -> bool {
        self.tenant().command(|world, _| world.withdraw_order(&subject.into()))
    }

    /// Returns the order that was given about exactly this applicant or session.
    #[must_use]
    pub fn order_of(&self, subject: &Subject) -> Option<Arc<Order>> {
        self.tenant().look(|world, _| world.order_of(&subject.into()))
    }

    /// Takes all orders back, ends all incidents that were started by hand, and forgets the journal. Sessions, clock and secrets stay.
    pub fn reset(&self) {
        self.tenant().command(|world, _| world.withdraw_orders());
        self.stop_incidents();
        self.journal().clear();
    }

    /// Ends all incidents that were started by hand. Returns how many that were.
    pub fn stop_incidents(&self) -> usize {
        let by_hand = self.incidents().into_iter().filter(|incident| incident.by_hand);
        by_hand.filter(|incident| self.stop_incident(IncidentId(incident.id)).is_ok()).count()
    }

    /// Returns all orders, in no order.
    #[must_use]
    pub fn orders(&self) -> Vec<(Subject, Arc<Order>)> {
        self.tenant().look(|world, _| world.orders()).into_iter().map(|(whom, order)| (whom.into(), order)).collect()
    }

    /// Ends an examination now, as planned or with `verdict`; or changes a decision that was made.
    ///
    /// # Errors
    /// [`CommandError`] when there is no such session, nothing to decide, or the verdict makes no sense.
    pub fn decide(&self, session: &str, verdict: Option<(Outcome, Vec<Reason>)>) -> Result<SessionView, CommandError> {
        let session = self.tenant().command(|world, now| world.decide_now(&SessionId::named(session), verdict, now))?;
        Ok(SessionView::of(&session, self.tenant().clock.wall()))
    }

    /// Tells the latest decision about a session once more, with the same event id.
    ///
    /// # Errors
    /// [`CommandError`] when there is no such session, or it was never decided.
    pub fn redeliver(&self, session: &str) -> Result<(), CommandError> {
        self.tenant().command(|world, now| world.redeliver(&SessionId::named(session), now))
    }

    /// Starts an incident. It ends by itself: after its own length, after `ttl` of the tenant's time, or after `ttl` of real time, whichever comes first.
    /// So no crashed test leaves an outage behind, even under a frozen clock. `ttl` is at most [`INCIDENT_TTL_MAX`]. Call it within a tokio runtime.
    ///
    /// # Errors
    /// [`CommandError`] when too many are going on.
    pub fn start_incident(&self, incident: Incident, ttl: Duration) -> Result<IncidentId, CommandError> {
        let ttl = ttl.min(INCIDENT_TTL_MAX);
        let id = self.tenant().command(|world, now| world.start_incident(incident, ttl, now))?;
        self.tenant().incidents_changed();
        self.light_fuse(id, ttl);
        Ok(id)
    }

    /// Sees to it that an incident is over after `burns` of real time.
    pub(crate) fn light_fuse(&self, id: IncidentId, burns: Duration) {
        self.tenant().fuses.light(id, self.tenant().clock.stopwatch(), burns);
        let handle = self.clone();
        tokio::spawn(async move {
            let tenant = handle.tenant();
            if tenant.stop.run_until_cancelled(tenant.clock.wait_real_for(burns)).await.is_some() {
                tenant.fuses.put_out(id);
                let _ = handle.stop_incident(id); // it may be over by itself
            }
        });
    }

    /// Ends an incident, even one of the scenario.
    ///
    /// # Errors
    /// [`CommandError`] when there is none, or it is over.
    pub fn stop_incident(&self, id: IncidentId) -> Result<(), CommandError> {
        self.tenant().command(|world, now| world.stop_incident(id, now))?;
        self.tenant().fuses.put_out(id);
        self.tenant().incidents_changed();
        Ok(())
    }

    /// Returns all incidents, in the order in which they are asked.
    #[must_use]
    pub fn incidents(&self) -> Vec<IncidentView> {
        self.tenant().look(|world, now| world.board().standing(now).map(IncidentView::from).collect())
    }

    /// Returns the latest sessions, the newest first: at most `most`, of this status and applicant where they are given.
    #[must_use]
    pub fn sessions(&self, status: Option<Status>, applicant: Option<&str>, most: usize) -> Vec<SessionView> {
        let wall = self.tenant().clock.wall();
        let sessions = self.tenant().look(|world, _| {
            world.sessions(most, |session| {
                status.is_none_or(|status| session.state.status() == status)
                    && applicant.is_none_or(|applicant| session.about.fate.applicant().as_str() == applicant)
            })
        });
        sessions.iter().map(|session| SessionView::of(session, wall)).collect()
    }

    /// Returns the session with this id.
    #[must_use]
    pub fn session(&self, id: &str) -> Option<SessionView> {
        let wall = self.tenant().clock.wall();
        let session = self.tenant().look(|world, _| world.known(&SessionId::named(id)).ok().cloned())?;
        Some(SessionView::of(&session, wall))
    }

    /// Waits until a session has this status, at most `within` of real time.
    ///
    /// # Errors
    /// [`WaitTimeout`] when it has not by then.
    pub async fn wait_for_status(&self, session: &str, wanted: Status, within: Duration) -> Result<SessionView, WaitTimeout> {
        let tenant = self.tenant();
        let reached = async {
            loop {
                let changed = tenant.changed();
                if let Some(view) = self.session(session).filter(|view| view.status == wanted) {
                    return view;
                }
                changed.await;
            }
        };
        tokio::select! {
            view = reached => Ok(view),
            () = tenant.clock.wait_real_for(within) => {
                let status = self.session(session).map(|view| view.status);
                Err(WaitTimeout { session: session.to_owned(), wanted, status, waited: within })
            }
        }
    }

    /// Returns the receivers of callbacks that have failed lately.
    #[must_use]
    pub fn failing_receivers(&self) -> Vec<ReceiverView> {
        let failing = self.tenant().look(|world, _| world.failing_receivers());
        let view = |(receiver, state): (String, crate::callbacks::Receiver)| ReceiverView {
            receiver,
            failed_in_a_row: state.failed_in_a_row,
            disabled: state.disabled,
        };
        failing.into_iter().map(view).collect()
    }

    /// Sends callbacks to a receiver (host and port) again. Returns whether it was disabled.
    pub fn enable_receiver(&self, receiver: &str) -> bool {
        self.tenant().command(|world, _| world.enable_receiver(receiver))
    }

    /// Sends the callbacks of sessions that name no address of their own to `url` from now on: of those that are begun from now on.
    pub fn send_callbacks_to(&self, url: Option<CallbackUrl>) {
        self.tenant().command(|world, _| world.send_callbacks_to(url));
    }

    /// Where the callbacks of sessions go that name no address of their own.
    #[must_use]
    pub fn callback_url(&self) -> Option<CallbackUrl> {
        self.tenant().command(|world, _| world.callback_url().cloned())
    }

    /// Its journal: every request and every try of a delivery.
    #[must_use]
    pub fn journal(&self) -> &Journal {
        &self.tenant().journal
    }

    /// Whether requests or deliveries like this stand in the journal so often; when not, what comes nearest.
    #[must_use]
    pub fn verify(&self, pattern: &Pattern, times: Times) -> Verification {
        self.journal().verify(pattern, times)
    }

    /// Waits until requests or deliveries like this stand in the journal so often, at most `within` of real time, and returns how it is then.
    pub async fn wait_until(&self, pattern: &Pattern, times: Times, within: Duration) -> Verification {
        self.journal().wait_until(pattern, times, self.tenant().clock.wait_real_for(within)).await
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use kycsim_scenarios::catalogue;
    use tokio_util::sync::CancellationToken;
    use tokio_util::task::TaskTracker;

    use super::*;
    use crate::clock::{Clock, ClockMode};
    use crate::config::VendorConfig;
    use crate::dialects::Dialect;
    use crate::secret::{ApiKey, WebhookSecret};
    use crate::tenants::Tenants;

    #[tokio::test]
    async fn whoever_waits_for_a_change_is_not_woken_by_looking() {
        let scenario = Arc::new(catalogue::load("all-pass").unwrap().unwrap());
        let secret = WebhookSecret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let config = VendorConfig::new(scenario, ApiKey::new("key").unwrap(), secret, Clock::new(ClockMode::Frozen));
        let (stop, kill) = (CancellationToken::new(), CancellationToken::new());
        let tenants = Tenants::start(config, Dialect::Generic, TaskTracker::new(), stop, kill).unwrap();
        let tenant = tenants.find("default").unwrap();
        let mut changed = Box::pin(tenant.tenant().changed());
        assert!(tenant.session("ses_0").is_none() && tenant.sessions(None, None, 1).is_empty());
        let _ = (tenant.incidents(), tenant.orders(), tenant.failing_receivers(), tenant.scenario(), tenant.ledger_after(0, 1));
        assert!(changed.as_mut().now_or_never().is_none(), "a waiter that looks would wake itself, for ever");
        tenant.order(&Subject::Applicant("a-1".to_owned()), Order::default()).unwrap();
        assert!(changed.now_or_never().is_some());
    }
}
