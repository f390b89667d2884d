//! Calls to the vendor: each bounded in time and in what is read of the answer.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, Method, RequestBuilder, StatusCode, redirect};
use serde_json::json;

use super::CallError;
use super::wire::{Understood, confirms_upload, error_code, read_session};
use crate::clock::{Clock, within};
use crate::config::OnboardingConfig;
use crate::decision::Report;
use crate::id::{Correlation, Country, DocumentType, SessionId};
use crate::secret::Secret;
use crate::verification::ImageKind;

/// A vendor's answer is a few hundred bytes; more than this is not an answer.
const ANSWER_MAX: usize = 64 * 1024;

/// The vendor, as we can call it.
#[derive(Debug)]
pub(crate) struct Vendor {
    client: Client,
    base: String,
    key: Secret,
    callback_url: String,
    timeout: Duration,
    clock: Arc<dyn Clock>,
}

/// What a session is made from.
#[derive(Debug)]
pub(crate) struct NewSession<'a> {
    pub(crate) reference: &'a str,
    pub(crate) country: &'a Country,
    pub(crate) document_type: DocumentType,
}

impl Vendor {
    pub(crate) fn new(config: &OnboardingConfig, clock: Arc<dyn Clock>) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .no_proxy() // the vendor is named by the operator, not by the environment
            .redirect(redirect::Policy::none()) // a redirect would take images and key to somewhere else
            .build()?;
        Ok(Self {
            client,
            base: config.vendor_url.trim_end_matches('/').to_owned(),
            key: config.vendor_api_key.clone(),
            callback_url: config.callback_url.clone(),
            timeout: config.vendor_timeout,
            clock,
        })
    }

    /// Makes a session; with the same key, the same one.
    pub(crate) async fn create_session(&self, correlation: &Correlation, key: &str, session: &NewSession<'_>) -> Result<Report, CallError> {
        let body = json!({
            "reference": session.reference,
            "country": session.country.as_str(),
            "document_type": session.document_type,
            "callback_url": self.callback_url,
        });
        let request = self.request(Method::POST, "/v1/sessions", correlation).header("idempotency-key", key).json(&body);
        self.report(request).await
    }

    /// Hands over an image; a later one of the same kind replaces it.
    pub(crate) async fn upload(
        &self,
        correlation: &Correlation,
        session: &SessionId,
        kind: ImageKind,
        bytes: Vec<u8>,
    ) -> Result<(), CallError> {
        let (path, name) = match kind {
            ImageKind::Document => ("documents", "document.jpg"),
            ImageKind::Selfie => ("selfies", "selfie.jpg"),
        };
        let file = Part::bytes(bytes).file_name(name).mime_str("image/jpeg").map_err(CallError::Unreachable)?;
        let form = match kind {
            ImageKind::Document => Form::new().text("side", "front").part("file", file),
            ImageKind::Selfie => Form::new().part("file", file),
        };
        let path = format!("/v1/sessions/{session}/{path}");
        let request = self.request(Method::POST, &path, correlation).multipart(form);
        let (status, body) = self.perform(request).await?;
        if confirms_upload(&body) { Ok(()) } else { Err(CallError::Unreadable { status: status.as_u16(), why: "not an upload" }) }
    }

    /// Tells the vendor that everything is there.
    pub(crate) async fn submit(&self, correlation: &Correlation, key: &str, session: &SessionId) -> Result<Report, CallError> {
        let path = format!("/v1/sessions/{session}/submit");
        let request = self.request(Method::POST, &path, correlation).header("idempotency-key", key).json(&json!({}));
        self.report(request).await
    }

    /// Asks where a session stands.
    pub(crate) async fn fetch(&self, correlation: &Correlation, session: &SessionId) -> Result<Report, CallError> {
        self.report(self.request(Method::GET, &format!("/v1/sessions/{session}"), correlation)).await
    }

    fn request(&self, method: Method, path: &str, correlation: &Correlation) -> RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(self.key.expose())
            .header("x-request-id", correlation.as_str())
    }

    async fn report(&self, request: RequestBuilder) -> Result<Report, CallError> {
        let (status, body) = self.perform(request).await?;
        match read_session(&body) {
            Ok(Understood::Fully(report)) => Ok(report),
            Ok(Understood::OnlySession(_)) => Err(CallError::Unreadable { status: status.as_u16(), why: "unknown words" }),
            Err(_) => Err(CallError::Unreadable { status: status.as_u16(), why: "not a session" }),
        }
    }

    /// Sends a request and reads the answer, all within the time limit.
    async fn perform(&self, request: RequestBuilder) -> Result<(StatusCode, Vec<u8>), CallError> {
        within(&*self.clock, self.timeout, exchange(request)).await?
    }
}

async fn exchange(request: RequestBuilder) -> Result<(StatusCode, Vec<u8>), CallError> {
    let mut response = request.send().await.map_err(unreachable)?;
    let status = response.status();
    let retry_after =
        response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.trim().parse().ok()).map(Duration::from_secs);

    // Of a success everything must be right: a gateway's page has a 200 as well.
    let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if status.is_success() && !content_type.to_ascii_lowercase().starts_with("application/json") {
        return Err(CallError::Unreadable { status: status.as_u16(), why: "not announced as JSON" });
    }

    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > ANSWER_MAX {
            return Err(CallError::Unreadable { status: status.as_u16(), why: "too long" });
        }
        body.extend_from_slice(&chunk);
    }
    if status.is_success() {
        Ok((status, body))
    } else {
        Err(CallError::Answered { status: status.as_u16(), code: error_code(&body), retry_after })
    }
}

/// Drops the address: the log line names the session already.
fn unreachable(error: reqwest::Error) -> CallError {
    CallError::Unreachable(error.without_url())
}
