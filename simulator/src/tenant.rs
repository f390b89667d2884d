//! One tenant: its world behind a lock, its clock, its secrets.
//!
//! Everybody comes here to decide, and waits outside: no guard of a lock lives across an await. All tenants of a vendor are in `tenants`.

mod carrying;
mod kept;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use kycsim_scenarios::ledger::{DeliveryResult, LedgerEntry};
use kycsim_scenarios::vendor::{Answer, Befalling, Defect, Fault};
use kycsim_scenarios::{ApplicantKey, SimTime};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::call::{Call, Granted};
use crate::callbacks::{Delivery, Sealed, Sending};
use crate::clock::{Clock, Stopwatch};
use crate::config::VendorConfig;
use crate::counts::Counters;
use crate::dialects::{Dialect, RequestId, Seal, Translator};
use crate::id::SessionId;
use crate::idempotency::{IdempotencyKey, Repeatable};
use crate::journal::{Body, Headers, Journal, RecordedDelivery, RecordedRequest};
use crate::pass::Passes;
use crate::refusal::Refusal;
use crate::secret::{ApiKey, InvalidWebhookSecret, WebhookSecret, random};
use crate::tenants::{Advances, Fuses, Keyring, RotateSecretError};
use crate::world::{Meeting, Step, World};
pub(crate) use carrying::Carrying;

/// How long an answer waits at most for a callback that is to come before it.
const TOLD_WITHIN: Duration = Duration::from_secs(2);

/// How far a callback is ahead that is to come before an answer, where nobody can wait until it has come.
const HEAD_START: Duration = Duration::from_millis(250);

/// Who waits as long as an answer is to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waits {
    /// Whoever answers.
    Here,
    /// Its caller.
    #[cfg_attr(not(feature = "wiremock"), expect(dead_code, reason = "only another's server has its own way to wait"))]
    Caller,
}

/// One customer's vendor.
pub(crate) struct Tenant {
    pub(crate) name: String,
    pub(crate) clock: Clock,
    /// Whose API it speaks.
    pub(crate) speaks: Dialect,
    pub(crate) dialect: Arc<dyn Translator>,
    pub(crate) api_key: ApiKey,
    pub(crate) passes: Passes,
    keyring: RwLock<Keyring>,
    /// What the scenario changes the secret to; none: one that is made up then.
    next_webhook_secret: Option<WebhookSecret>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) advances: Advances,
    pub(crate) fuses: Fuses,
    /// Cancelled when it is to begin nothing new.
    pub(crate) stop: CancellationToken,
    /// Cancelled when what is under way is to be cut short.
    pub(crate) kill: CancellationToken,
    first_request_id: u128,
    /// A plain mutex: it is held for microseconds, to decide, and never while anything waits.
    world: Mutex<World>,
    /// Rung when something was entered that is due before all else.
    sooner: Notify,
    /// Rung when nothing is outstanding any more.
    quiet: Notify,
    /// Rung when an incident was started or stopped by hand.
    incidents_changed: Notify,
    /// Rung when anything has changed.
    changed: Notify,
    pub(crate) journal: Journal,
}

/// What became of a request.
#[derive(Debug)]
pub(crate) struct Met {
    /// Whom it was about, if anybody that is known.
    pub(crate) applicant: Option<ApplicantKey>,
    /// Which session it was about, if there was one.
    pub(crate) session: Option<SessionId>,
    /// How long its answer was held back on purpose.
    pub(crate) delay: Duration,
    pub(crate) verdict: Verdict,
}

/// What is said to a request.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// The truth: what was granted, or why not.
    True(Result<Granted, Refusal>),
    /// The truth, spoiled on its way.
    Spoiled(Result<Granted, Refusal>, Fault),
    /// Nothing true at all.
    Failed(Fault),
}

/// What a first look at a request has led to.
enum Begun<'t> {
    /// It was performed.
    Performed(Result<Granted, Refusal>),
    /// It is to be answered later, or not as it should be.
    Awaits { call: Call, repeatable: Option<Repeatable>, flight: Option<InFlight<'t>> },
}

/// A request that is under way, and must not come twice at a time. It is no more when this is dropped, even if its client leaves.
struct InFlight<'t> {
    tenant: &'t Tenant,
    key: IdempotencyKey,
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.tenant.world().arrive(&self.key);
    }
}

/// How far a frozen clock was put forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moved {
    /// Not at all: something is due, or a delivery is under way.
    NotYet,
    /// To the next thing that is due.
    ToNextDue,
    /// As far as it was to go. Nothing is due there.
    ToEnd,
    /// Not at all: it is not frozen.
    NotFrozen,
}

impl Tenant {
    /// Returns the `serial`th tenant of a vendor. It stops when `stop` does, and is cut short when `kill` says so, or by tokens of its own.
    pub(crate) fn new(
        name: String,
        serial: u64,
        config: &VendorConfig,
        speaks: Dialect,
        stop: &CancellationToken,
        kill: &CancellationToken,
    ) -> Result<Self, InvalidWebhookSecret> {
        let keyring = Keyring::new(speaks, config.webhook_secret.clone())?;
        let passes = Passes::of(&name, &config.api_key);
        let staff = speaks.staff(config, &passes);
        let dialect = Arc::clone(&staff.translator);
        let counters = Arc::new(Counters::default());
        let world = World::new(config, staff, Arc::clone(&counters));
        let started = u128::from(config.clock.unix_seconds().unsigned_abs());
        Ok(Self {
            name,
            clock: config.clock.clone(),
            speaks,
            dialect,
            api_key: config.api_key.clone(),
            passes,
            keyring: RwLock::new(keyring),
            next_webhook_secret: config.next_webhook_secret.clone(),
            counters,
            advances: Advances::default(),
            fuses: Fuses::default(),
            stop: stop.child_token(),
            kill: kill.child_token(),
            first_request_id: (started << 64) + (u128::from(serial) << 40),
            world: Mutex::new(world),
            sooner: Notify::new(),
            quiet: Notify::new(),
            incidents_changed: Notify::new(),
            changed: Notify::new(),
            journal: Journal::new(config.limits.journal),
        })
    }

    /// Counts a request, and gives it a name: when the tenant was made, which tenant it is, and which of its requests.
    pub(crate) fn next_request_id(&self) -> RequestId {
        RequestId(self.first_request_id + u128::from(self.counters.requests.add(1)))
    }

    /// Answers a call: waits as long as the scenario says (in real time: its caller does), then fails it, grants it or refuses it.
    ///
    /// Where its caller waits it is ready at once, and [`Met::delay`] says for how long.
    pub(crate) async fn answer(&self, call: Call, repeatable: Option<Repeatable>, waits: Waits) -> Met {
        let (meeting, begun) = match self.begin(call, repeatable) {
            Ok(begun) => begun,
            Err(refusal) => {
                return Met { applicant: None, session: None, delay: Duration::ZERO, verdict: Verdict::True(Err(refusal)) };
            }
        };
        let Meeting { applicant, session, answer: Answer { mut delay, befalls } } = meeting;
        let verdict = match begun {
            Begun::Performed(said) => Verdict::True(said),
            Begun::Awaits { call, repeatable, flight } => {
                if waits == Waits::Here && !delay.is_zero() {
                    self.clock.wait_real_for(delay).await;
                }
                drop(flight);
                self.perform_late(call, repeatable, befalls)
            }
        };
        if let Verdict::True(Ok(granted)) | Verdict::Spoiled(Ok(granted), _) = &verdict
            && let Some(told) = granted.told()
        {
            match waits {
                Waits::Here => tokio::select! {
                    () = told.cancelled() => {}
                    () = self.clock.wait_real_for(TOLD_WITHIN) => {}
                },
                Waits::Caller => delay = delay.max(HEAD_START),
            }
        }
        Met { applicant, session, delay, verdict }
    }

    /// Works out how a call is to be answered, and performs it if that is at once: then the lock is taken once, as mostly.
    fn begin(&self, call: Call, repeatable: Option<Repeatable>) -> Result<(Meeting, Begun<'_>), Refusal> {
        let mut world = self.world();
        let meeting = world.meet(&call, self.clock.now())?;
        if !meeting.answer.delay.is_zero() || meeting.answer.befalls.is_some() {
            let mut flight = None;
            if let Some(Repeatable { key, .. }) = repeatable.as_ref().filter(|_| self.dialect.repetition().refuses_in_flight) {
                world.depart(key)?;
                flight = Some(InFlight { tenant: self, key: key.clone() });
            }
            return Ok((meeting, Begun::Awaits { call, repeatable, flight }));
        }
        let said = self.entering(world, |world, now| world.perform(call, repeatable, None, now));
        Ok((meeting, Begun::Performed(said)))
    }

    /// Performs a call that was held back, unless what befalls it comes before that.
    fn perform_late(&self, call: Call, repeatable: Option<Repeatable>, befalls: Option<Befalling>) -> Verdict {
        let perform = |repeatable, fault| self.entering(self.world(), |world, now| world.perform(call, repeatable, fault, now));
        match befalls {
            None => Verdict::True(perform(repeatable, None)),
            Some(Befalling { fault, performed: true }) => {
                let said = perform(repeatable, Some(fault));
                if fault.spoils_a_true_answer() { Verdict::Spoiled(said, fault) } else { Verdict::Failed(fault) }
            }
            Some(Befalling { fault, performed: false }) => {
                if let (Fault::Error { status: 500 }, Some(repeatable), true) = (fault, repeatable, self.dialect.repetition().keeps_faults)
                {
                    self.world().keep_fault(repeatable, 500);
                }
                Verdict::Failed(fault)
            }
        }
    }

    /// Does what is due, at most `limit` things, and hands the deliveries among them to `start`. Returns when there is more to do.
    pub(crate) fn step(self: &Arc<Self>, limit: usize, mut start: impl FnMut(Carrying, Delivery)) -> Option<SimTime> {
        let mut world = self.world();
        let now = self.clock.now();
        for _ in 0..limit {
            match world.step(now) {
                Step::Nothing => break,
                Step::Done => {}
                Step::RotateSecret { overlap } => self.rotate_as_planned(overlap),
                Step::Deliver(delivery) => start(Carrying::begin(self), delivery), // under the lock: nobody sees it neither due nor carried
            }
        }
        let next = world.next_due();
        drop(world);
        self.changed.notify_waiters();
        self.tell_when_quiet();
        self.advances.tell();
        next
    }

    /// Puts a frozen clock forward, at most to `end`, if nothing is left to do where it stands.
    pub(crate) fn put_forward(&self, end: SimTime) -> Moved {
        let world = self.world(); // held to the end: nothing can be entered for a moment that is skipped
        let next = world.next_due();
        if next.is_some_and(|next| next <= self.clock.now()) || self.advances.carrying() > 0 {
            return Moved::NotYet;
        }
        let (to, moved) = match next {
            Some(next) if next <= end => (next, Moved::ToNextDue),
            Some(_) | None => (end, Moved::ToEnd),
        };
        if self.clock.put_forward(to) { moved } else { Moved::NotFrozen }
    }

    /// Waits until `next` is due, or something that is due before it was entered.
    pub(crate) async fn wait_for_work(&self, next: Option<SimTime>) {
        let due = async {
            match next {
                Some(next) => self.clock.wait_until(next).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = due => {}
            () = self.sooner.notified() => {}
        }
    }

    /// Writes a request into the journal.
    pub(crate) fn write_down(&self, mut request: RecordedRequest, came: Stopwatch) {
        let (at, took) = self.clock.lap(came);
        request.took = took;
        self.journal.record_request(at, self.clock.real_time(), request);
    }

    /// Writes a try of a delivery into the journal.
    pub(crate) fn record(&self, delivery: &Delivery, sealed: &Sealed, began: SimTime, took: Duration, result: &DeliveryResult) {
        let Sending { event, copy, failed, .. } = &delivery.sending;
        let recorded = RecordedDelivery {
            event_id: event.id.clone(),
            event: event.kind.as_str().into(),
            session: event.session.shared(),
            applicant: event.applicant.clone(),
            copy: copy.number,
            try_number: failed + 1,
            defect: copy.defect_of_try(*failed).map(|defect| defect.as_str().into()),
            due: delivery.due,
            began,
            took,
            receiver: event.to.receiver().into(),
            headers: Headers::of(&sealed.headers),
            body: Body::shared(&sealed.body, Some("application/json")),
            result: result.clone(),
        };
        self.journal.record_delivery(self.clock.now(), self.clock.real_time(), recorded);
    }

    /// Takes note of how a delivery ended, and returns the one that may begin in its place.
    pub(crate) fn delivered(&self, delivery: Delivery, began: SimTime, result: DeliveryResult) -> Option<Delivery> {
        let next = self.entering(self.world(), |world, now| world.delivered(delivery, began, result, now));
        self.tell_when_quiet();
        next
    }

    /// Whether an incident refuses connections.
    pub(crate) fn is_refusing(&self) -> bool {
        self.world().board().is_refusing(self.clock.now())
    }

    /// Waits until an incident begins to refuse connections, after those up to `seen`, and returns when that was.
    pub(crate) async fn refusal_begins(&self, seen: Option<SimTime>) -> SimTime {
        loop {
            let mut changed = std::pin::pin!(self.incidents_changed.notified());
            changed.as_mut().enable(); // before looking, so that what happens in between is not missed
            let next = self.world().board().next_refusal(seen);
            let due = async {
                match next {
                    Some(next) => {
                        self.clock.wait_until(next).await;
                        next
                    }
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                begins = due => return begins,
                () = changed.as_mut() => {}
            }
        }
    }

    /// Returns what the next try of a delivery sends. It is signed as of the machine's time of day, with which receivers compare it, unless a defect wants
    /// it otherwise.
    pub(crate) fn seal(&self, delivery: &Delivery) -> Sealed {
        let Sending { event, copy, failed, .. } = &delivery.sending;
        let (mut seal, mut signed_at, mut body) = (Seal::Proper, self.clock.unix_seconds(), &event.body);
        let defect = copy.defect_of_try(*failed);
        match defect {
            Some(Defect::Replayed) => {
                if let Some(sealed) = event.replayed.as_ref().and_then(|first| first.get()) {
                    return sealed.clone();
                }
            }
            Some(Defect::Unsigned) => seal = Seal::Unsigned,
            Some(Defect::WrongSignature) => seal = Seal::WrongSignature,
            Some(Defect::Stale) => signed_at = signed_at.saturating_sub_unsigned(copy.age.as_secs()),
            Some(Defect::Malformed | Defect::UnknownFields) => body = event.defective_body.as_ref().unwrap_or(body),
            Some(Defect::UnknownStatus | Defect::NewId | Defect::Contradicting) | None => {}
        }
        let keys = match &event.endpoint {
            Some(endpoint) => endpoint.keys.clone(),
            None => self.keyring.read().unwrap_or_else(PoisonError::into_inner).keys(self.clock.now()),
        };
        let sealed = Sealed { headers: self.dialect.sign(&keys, seal, &event.id, signed_at, body), body: body.clone() };
        if let Some(first) = event.replayed.as_ref().filter(|_| defect.is_none_or(Defect::tells_the_truth)) {
            first.get_or_init(|| sealed.clone());
        }
        sealed
    }

    /// Returns the current webhook secret.
    pub(crate) fn webhook_secret(&self) -> WebhookSecret {
        self.keyring.read().unwrap_or_else(PoisonError::into_inner).secret().clone()
    }

    /// Signs with `secret`, or with one made up here, and for as long as `overlap` with the one before too. Returns it.
    pub(crate) fn rotate_webhook_secret(
        &self,
        secret: Option<WebhookSecret>,
        overlap: Duration,
    ) -> Result<WebhookSecret, RotateSecretError> {
        let secret = match secret {
            Some(secret) => secret,
            None => self.speaks.secret(random()?),
        };
        let until = self.clock.now().saturating_add(overlap);
        self.keyring.write().unwrap_or_else(PoisonError::into_inner).rotate(secret.clone(), until)?;
        Ok(secret)
    }

    fn rotate_as_planned(&self, overlap: Duration) {
        if let Err(error) = self.rotate_webhook_secret(self.next_webhook_secret.clone(), overlap) {
            tracing::warn!(tenant = self.name, %error, "the webhook secret could not be changed");
        }
    }

    /// Waits until no decision and no callback is outstanding.
    pub(crate) async fn idle(&self) {
        loop {
            let rung = self.quiet.notified(); // before looking, so that what happens in between is not missed
            if self.counters.is_quiet() {
                return;
            }
            rung.await;
        }
    }

    pub(crate) fn ledger(&self) -> Vec<LedgerEntry> {
        self.world().ledger()
    }

    /// Obeys a command, at the tenant's present moment.
    pub(crate) fn command<T>(&self, act: impl FnOnce(&mut World, SimTime) -> T) -> T {
        let result = self.entering(self.world(), act);
        self.tell_when_quiet();
        result
    }

    /// Looks, and changes nothing: whoever waits for a change is not woken, or they would wake themselves by looking.
    pub(crate) fn look<T>(&self, at: impl FnOnce(&World, SimTime) -> T) -> T {
        let world = self.world();
        at(&world, self.clock.now())
    }

    /// Rings whoever waits for incidents to come and go.
    pub(crate) fn incidents_changed(&self) {
        self.incidents_changed.notify_waiters();
    }

    /// Returns what resolves at the next change of anything, from now on.
    pub(crate) fn changed(&self) -> impl Future<Output = ()> + '_ {
        let mut changed = Box::pin(self.changed.notified());
        changed.as_mut().enable();
        changed
    }

    /// Does something that may enter new things on the agenda, and wakes the driver when one of them comes first.
    fn entering<T>(&self, mut world: MutexGuard<'_, World>, act: impl FnOnce(&mut World, SimTime) -> T) -> T {
        let before = world.next_due();
        let result = act(&mut world, self.clock.now());
        let after = world.next_due();
        drop(world);
        self.changed.notify_waiters();
        if after.is_some_and(|after| before.is_none_or(|before| after < before)) {
            self.sooner.notify_one();
        }
        result
    }

    fn tell_when_quiet(&self) {
        if self.counters.is_quiet() {
            self.quiet.notify_waiters();
        }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        // A panic while it was held would be a bug elsewhere; what is known is still worth more than nothing.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Tenant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tenant").field("name", &self.name).finish_non_exhaustive()
    }
}
