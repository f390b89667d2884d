//! Doors for the fuzz targets in `fuzz/`: what they must reach and nobody else may. No part of the library's promises.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::StreamBody;
use hyper::body::Frame;
use hyper::{HeaderMap, Request, Response};
use kycsim_scenarios::language::DocumentKind;
use kycsim_scenarios::ledger::{DeliveryResult, LedgerEntry};
use kycsim_scenarios::{ApplicantKey, Scenario, SimTime};
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::call::{Call, Granted, NewSession};
use crate::callbacks::CallbackUrl;
use crate::clock::{Clock, ClockMode};
use crate::config::{Limits, VendorConfig};
use crate::dialects::Dialect;
use crate::http::hear;
use crate::id::SessionId;
use crate::pass::Passes;
use crate::picture::{Picture, PictureKind};
use crate::secret::{ApiKey, InvalidWebhookSecret, WebhookSecret};
use crate::session::{CountryCode, ImageSlot, Side};
use crate::tenant::Waits;
use crate::tenants::{TenantHandle, Tenants};
use crate::world::{Step, World};

/// What the customer of every vendor here proves itself with.
pub const API_KEY: &str = "key_fuzzed";

/// A scenario may go on for ever: so many steps of it are played.
const STEPS_MAX: usize = 256;

/// A vendor without sockets, whose clock stands still.
pub struct Unwired {
    runtime: Runtime,
    tenants: Arc<Tenants>,
}

impl fmt::Debug for Unwired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unwired").finish_non_exhaustive()
    }
}

impl Unwired {
    /// Starts a vendor that plays `scenario`; none when the operating system gives no more.
    #[must_use]
    pub fn start(scenario: Arc<Scenario>) -> Option<Self> {
        let runtime = Builder::new_current_thread().enable_time().build().ok()?;
        let config = config(scenario)?;
        let entered = runtime.enter();
        let (stop, kill) = (CancellationToken::new(), CancellationToken::new());
        let dialect = Dialect::from_word(&config.scenario.vendor.dialect)?;
        let tenants = Arc::new(Tenants::start(config, dialect, TaskTracker::new(), stop, kill).ok()?);
        drop(entered);
        Some(Self { runtime, tenants })
    }

    /// Asks it, with a body that comes in these pieces; none when the connection would have ended without an answer.
    #[must_use]
    pub fn ask(&self, request: Request<Vec<Bytes>>) -> Option<Response<Bytes>> {
        let (head, pieces) = request.into_parts();
        let frames = pieces.into_iter().map(|piece| Ok::<_, Infallible>(Frame::data(piece)));
        let body = StreamBody::new(futures_util::stream::iter(frames));
        let asked = self.tenants.asked(&head);
        let tenant = self.tenants.tenant_of(&asked);
        let heard = hear(tenant, &asked, &head, body, Limits::default().body_within, Waits::Here);
        self.runtime.block_on(heard).ok().map(|heard| heard.said)
    }

    /// Whether these are the headers of a customer that it knows.
    #[must_use]
    pub fn knows(&self, headers: &HeaderMap) -> bool {
        let (mut head, ()) = Request::new(()).into_parts();
        head.headers = headers.clone();
        self.tenants.asked(&head).refusal().is_none()
    }

    /// Its tenant.
    #[must_use]
    pub fn tenant(&self) -> TenantHandle {
        TenantHandle::new(Arc::clone(self.tenants.default_tenant()))
    }
}

/// Returns the signature of a callback.
///
/// # Errors
/// When the secret is none.
pub fn signature(secret: &str, event: &str, unix_seconds: i64, body: &[u8]) -> Result<String, InvalidWebhookSecret> {
    Ok(Dialect::Generic.signer(&WebhookSecret::new(secret))?.signature(event, unix_seconds, body))
}

/// Walks an applicant through a scenario, each thing when it is due, with a receiver that accepts every other callback. Returns the ledger.
#[must_use]
pub fn play(scenario: Arc<Scenario>) -> Option<Vec<LedgerEntry>> {
    let config = config(scenario)?;
    let mut world = World::new(&config, Dialect::Generic.staff(&config, &Passes::of("fuzzed", &config.api_key)), Arc::default());
    let mut now = SimTime::ZERO;
    let new = NewSession {
        applicant: ApplicantKey::numbered(1),
        country: CountryCode::parse("DE")?,
        document: DocumentKind::IdCard,
        callback_url: None,
    };
    if let Some(Granted::Created(session)) = request(&mut world, Call::CreateSession(new), now) {
        submit(&mut world, &session.about.id, now);
    }
    for number in 0..STEPS_MAX {
        now = world.next_due().map_or(now, |due| now.max(due));
        match world.step(now) {
            Step::Nothing => break,
            Step::Done | Step::RotateSecret { .. } => {}
            Step::Deliver(delivery) => {
                let result =
                    if number % 2 == 0 { DeliveryResult::Accepted { status: 204 } } else { DeliveryResult::Refused { status: 500 } };
                let _ = world.delivered(delivery, now, result, now); // one applicant fills no lane: nobody waits for the place
            }
        }
    }
    Some(world.ledger())
}

fn submit(world: &mut World, session: &SessionId, now: SimTime) {
    let picture = Picture { kind: PictureKind::Jpeg, bytes: 9 };
    for slot in [ImageSlot::Document(Side::Front), ImageSlot::Selfie] {
        request(world, Call::Upload { session: session.clone(), slot, picture }, now);
    }
    request(world, Call::Submit(session.clone()), now);
    request(world, Call::GetSession(session.clone()), now);
}

fn request(world: &mut World, call: Call, now: SimTime) -> Option<Granted> {
    let _ = world.meet(&call, now);
    world.perform(call, None, None, now).ok()
}

fn config(scenario: Arc<Scenario>) -> Option<VendorConfig> {
    let secret = WebhookSecret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    let config = VendorConfig::new(scenario, ApiKey::new(API_KEY).ok()?, secret, Clock::new(ClockMode::Frozen));
    Some(config.callback_url(CallbackUrl::parse("http://127.0.0.1:1/").ok()?))
}
