//! The vendor's endpoints on a `wiremock::MockServer`, beside the mocks that are there already.
//!
//! `wiremock` asks its mocks one after another whether a request is theirs, and only then what to answer; and a mock answers either always or never. So
//! there are two: the first has the vendor decide when it is asked whether the request is its own, and says yes if the connection is to break; the
//! second answers what was decided. `wiremock` takes requests one at a time, so nothing comes in between.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use http_body_util::Full;
use hyper::header::CONTENT_TYPE;
use kycsim_scenarios::vendor::Fault;
use wiremock::{Match, Mock, MockServer, Request, Respond, ResponseTemplate};

use super::builder::{StartTestVendorError, TestVendorBuilder};
use super::vendor::TestVendor;
use crate::dialects::{Reply, Translator};
use crate::http::{HTML, Heard, break_json, gateway_page, hear};
use crate::refusal::Refusal;
use crate::tenant::Waits;
use crate::tenants::Tenants;
use crate::vendor::Vendor;

/// After all mocks that were given no priority of their own: those of the team come first.
const PRIORITY: u8 = u8::MAX;

impl TestVendorBuilder {
    /// Mounts the vendor on a `wiremock::MockServer` of yours instead of starting a server of its own. Needs the feature `wiremock`.
    ///
    /// Your own mocks come first, so that one of them can stand in for an endpoint; paths that are not the vendor's are not touched; and
    /// `received_requests()` shows all. Callbacks, orders and the clock are as ever. When the vendor is dropped its endpoints are gone.
    ///
    /// What differs, because `wiremock` can answer whole, close the connection, or do so later, and nothing else:
    /// - what was asked for is done when the request comes, and injected latency holds the answer back afterwards;
    /// - a fault that breaks the connection closes it before the answer, and at once: no reset, no half of a head or a body, no garbage;
    /// - `hang` is a 504 after [`crate::Limits::hang`], and `chunked_dribble_delay` a whole answer after all of its time;
    /// - a callback that is `early` is a quarter of a second ahead of the answer, and nobody waits for its receiver.
    ///
    /// ```
    /// # async fn doc() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = wiremock::MockServer::start().await;
    /// let vendor = kycsim_simulator::testing::TestVendor::builder().frozen().mount_on(&server).await?;
    /// assert_eq!(vendor.uri(), server.uri());
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(doc())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StartTestVendorError`] when what was said makes no sense.
    pub async fn mount_on(self, server: &MockServer) -> Result<TestVendor, StartTestVendorError> {
        let config = self.into_config()?;
        let (scenario, hang) = (Arc::clone(&config.scenario), config.limits.hang);
        let vendor = Vendor::start_unlistened(&config, *server.address())?;
        let mounted = Arc::new(Mounted { tenants: vendor.shared_tenants(), hang, decided: Mutex::new(None) });
        let broken = Mock::given(Breaks(Arc::clone(&mounted))).respond_with_err(|_: &Request| Broken);
        broken.with_priority(PRIORITY).named("the vendor breaks the connection").mount(server).await;
        let answered = Mock::given(Answers(Arc::clone(&mounted))).respond_with(Answers(mounted));
        answered.with_priority(PRIORITY).named("the vendor").mount(server).await;
        Ok(TestVendor::new(vendor, scenario))
    }
}

/// A vendor on another's server.
struct Mounted {
    tenants: Arc<Tenants>,
    hang: Duration,
    /// What was decided about the request that is being answered.
    decided: Mutex<Option<ResponseTemplate>>,
}

/// The connection is closed without an answer.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the vendor breaks the connection")]
struct Broken;

/// Has the vendor decide about a request, and matches where the connection is to break.
struct Breaks(Arc<Mounted>);

/// Matches where something was decided, and answers it.
struct Answers(Arc<Mounted>);

impl Match for Breaks {
    fn matches(&self, request: &Request) -> bool {
        let decided = self.0.decide(request);
        let breaks = matches!(decided, Some(Err(Broken)));
        *self.0.decided() = decided.and_then(Result::ok);
        breaks
    }
}

impl Match for Answers {
    fn matches(&self, _: &Request) -> bool {
        self.0.decided().is_some()
    }
}

impl Respond for Answers {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        self.0.decided().take().unwrap_or_else(|| ResponseTemplate::new(404)) // it matched, so there is one
    }
}

impl Mounted {
    /// Returns how the vendor answers; none when the request is not for it.
    fn decide(&self, request: &Request) -> Option<Result<ResponseTemplate, Broken>> {
        let target = request.url.query().map_or_else(|| request.url.path().to_owned(), |query| format!("{}?{query}", request.url.path()));
        let mut whole = hyper::Request::new(Full::new(Bytes::copy_from_slice(&request.body)));
        *whole.method_mut() = request.method.clone();
        *whole.headers_mut() = request.headers.clone();
        *whole.uri_mut() = target.parse().ok()?;
        let (head, body) = whole.into_parts();
        let asked = self.tenants.asked(&head);
        let tenant = self.tenants.tenant_of(&asked);
        let door = tenant.dialect.door(&request.method, request.url.path());
        if tenant.stop.is_cancelled() || matches!(door, Err(Refusal::NoSuchEndpoint { .. })) {
            return None;
        }
        // The body is there and the caller waits, so it is ready at once.
        let heard = hear(tenant, &asked, &head, body, Duration::MAX, Waits::Caller).now_or_never();
        Some(match heard {
            Some(Ok(heard)) => self.shown(tenant.dialect.as_ref(), heard),
            Some(Err(_)) | None => Err(Broken), // a body that is far too long
        })
    }

    /// Returns an answer as `wiremock` can give it.
    fn shown(&self, dialect: &dyn Translator, heard: Heard) -> Result<ResponseTemplate, Broken> {
        let Heard { said, befallen, delay } = heard;
        let Some((fault, name)) = befallen else { return Ok(template(said, delay)) };
        let (said, more) = match fault {
            Fault::Error { status } => (dialect.fail(status, &name), Duration::ZERO),
            Fault::Html { status } => (gateway_page(status), Duration::ZERO),
            Fault::Hang => (dialect.fail(504, &name), self.hang),
            Fault::ChunkedDribbleDelay { over, .. } => (said, over),
            Fault::MalformedJson => (said.map(|body| break_json(&body)), Duration::ZERO),
            Fault::WrongContentType => {
                let mut said = said;
                said.headers_mut().insert(CONTENT_TYPE, HTML);
                (said, Duration::ZERO)
            }
            Fault::MissingFields if said.status().is_success() => (said.map(|body| dialect.hollow(&body)), Duration::ZERO),
            Fault::MissingFields | Fault::LostUpload | Fault::StaleRead { .. } => (said, Duration::ZERO),
            Fault::ConnectionResetByPeer { .. }
            | Fault::EmptyResponse
            | Fault::RandomDataThenClose
            | Fault::MalformedResponseChunk
            | Fault::TruncatedBody => return Err(Broken),
        };
        Ok(template(said, delay.saturating_add(more)))
    }

    fn decided(&self) -> MutexGuard<'_, Option<ResponseTemplate>> {
        self.decided.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn template(said: Reply, delay: Duration) -> ResponseTemplate {
    let (head, body) = said.into_parts();
    let mut template = ResponseTemplate::new(head.status.as_u16()).set_body_bytes(body);
    for (name, value) in &head.headers {
        template = template.append_header(name, value);
    }
    if delay.is_zero() { template } else { template.set_delay(delay) }
}
