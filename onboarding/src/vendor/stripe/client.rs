//! Calls to Stripe, and its calls to us.
//!
//! Images go the way that the native capture sheet takes: a file, then the page's data, then the page's submission. The page is spoken to with an ephemeral
//! key, which opens this session and nothing else; it is kept in memory for as long as the steps of one submission take.

use axum::http::HeaderMap;
use jiff::Timestamp;
use reqwest::header::CONTENT_TYPE;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder};

use super::errors::understand;
use super::page_keys::PageKeys;
use super::signature::verify;
use super::wire::{FileWire, KeyWire, PageWire, SessionWire, document_type, read_callback};
use crate::config::OnboardingConfig;
use crate::decision::Report;
use crate::id::Correlation;
use crate::secret::{CallbackKey, Secret};
use crate::vendor::line::{Answer, Line};
use crate::vendor::{CallError, Created, Delivery, HearError, Known, NewSession, Picture};
use crate::verification::ImageKind;

/// The version of the API that this adapter was written for.
const VERSION: &str = "2026-10-28.endive";
/// The same, with the beta that the capture pages want.
const PAGE_VERSION: &str = "2026-10-28.endive; identity_client_api=v7";

#[derive(Debug)]
pub(crate) struct Vendor {
    line: Line,
    key: Secret,
    callback_key: CallbackKey,
    page_keys: PageKeys,
}

impl Vendor {
    pub(crate) fn new(config: &OnboardingConfig, line: Line) -> Self {
        let page_keys = PageKeys::default();
        Self { line, key: config.vendor_api_key.clone(), callback_key: config.callback_secret.whole(), page_keys }
    }

    /// Should a fault make us change the key, there may be a second session: it costs nothing, as nobody ever submits to it.
    pub(crate) async fn create_session(
        &self,
        correlation: &Correlation,
        key: &str,
        session: &NewSession<'_>,
    ) -> Result<Created, CallError> {
        let fields = [
            ("type", "document"),
            ("client_reference_id", session.reference),
            ("options[document][require_matching_selfie]", "true"),
            ("options[document][allowed_types][0]", document_type(session.document_type)),
            ("metadata[country]", session.country.as_str()),
            ("metadata[document_type]", session.document_type.as_str()),
        ];
        let request = self.post("/v1/identity/verification_sessions", correlation, &self.key, VERSION).header("idempotency-key", key);
        let answer = self.line.perform(form(request, &fields), understand).await?;
        let session: SessionWire = answer.json("not a session")?;
        let session = session.id().map_err(|_| answer.unreadable("not a session"))?;
        Ok(Created { session, version: 0 })
    }

    pub(crate) async fn upload(&self, correlation: &Correlation, known: &Known, picture: Picture) -> Result<(), CallError> {
        let field = match picture.kind {
            ImageKind::Document => "collected_data[id_document_front][high_res_image]",
            ImageKind::Selfie => "collected_data[face][best_high_res_image]",
        };
        let file = self.file(correlation, picture).await?;
        let fields = [
            ("collected_data[biometric_consent]", "true"), // nobody gets this far without it
            ("collected_data[id_document_type]", document_type(known.document_type)),
            (field, &file.id),
        ];
        let answer = self.at_page(correlation, known, "data", |request| form(request, &fields)).await?;
        answer.json::<PageWire>("not a page's data").map(|_| ())
    }

    pub(crate) async fn submit(&self, correlation: &Correlation, key: &str, known: &Known) -> Result<Report, CallError> {
        let answer = self.at_page(correlation, known, "submit", |request| form(request.header("idempotency-key", key), &[])).await?;
        let page: PageWire = answer.json("not a page's data")?;
        if page.submitted {
            self.page_keys.forget(&known.session);
            Ok(known.confirmed(None))
        } else if page.requirements.missing.is_empty() {
            Err(answer.unreadable("not submitted, and nothing is missing"))
        } else {
            Err(CallError::ImagesMissing)
        }
    }

    pub(crate) async fn fetch(&self, correlation: &Correlation, known: &Known) -> Result<Report, CallError> {
        let path = format!("/v1/identity/verification_sessions/{}", known.session);
        let request = self.line.request(Method::GET, &path, correlation).bearer_auth(self.key.expose()).header("stripe-version", VERSION);
        let answer = self.line.perform(request, understand).await?;
        let session: SessionWire = answer.json("not a session")?;
        session.report(known).ok_or_else(|| answer.unreadable("unknown words"))
    }

    pub(crate) fn hear(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Option<Delivery>, HearError> {
        verify(self.callback_key.as_bytes(), headers, body, now)?;
        Ok(read_callback(body)?)
    }

    async fn file(&self, correlation: &Correlation, picture: Picture) -> Result<FileWire, CallError> {
        let (purpose, name) = match picture.kind {
            ImageKind::Document => ("identity_document", "document.jpg"),
            ImageKind::Selfie => ("selfie", "selfie.jpg"),
        };
        let file = Part::bytes(picture.bytes).file_name(name).mime_str("image/jpeg").map_err(CallError::Unreachable)?;
        let upload = Form::new().text("purpose", purpose).part("file", file);
        let request = self.post("/v1/files", correlation, &self.key, VERSION).multipart(upload);
        let answer = self.line.perform(request, understand).await?;
        let file: FileWire = answer.json("not a file")?;
        if file.id.is_empty() { Err(answer.unreadable("not a file")) } else { Ok(file) }
    }

    /// Calls the session's capture page, with a key of its own.
    async fn at_page(
        &self,
        correlation: &Correlation,
        known: &Known,
        action: &str,
        fill: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Answer, CallError> {
        let key = self.page_key(correlation, known).await?;
        let path = format!("/v1/identity/verification_pages/{}/{action}", known.session);
        let answer = self.line.perform(fill(self.post(&path, correlation, &key, PAGE_VERSION)), understand).await;
        if let Err(CallError::Answered { status: 401 | 403, .. }) = answer {
            self.page_keys.forget(&known.session); // perhaps it no longer holds
        }
        answer
    }

    async fn page_key(&self, correlation: &Correlation, known: &Known) -> Result<Secret, CallError> {
        if let Some(key) = self.page_keys.of(&known.session, self.line.now()) {
            return Ok(key);
        }
        let request = self.post("/v1/ephemeral_keys", correlation, &self.key, VERSION);
        let answer = self.line.perform(form(request, &[("verification_session", known.session.as_str())]), understand).await?;
        let key = Secret::new(answer.json::<KeyWire>("not an ephemeral key")?.secret);
        self.page_keys.keep(&known.session, key.clone(), self.line.now());
        Ok(key)
    }

    fn post(&self, path: &str, correlation: &Correlation, key: &Secret, version: &str) -> RequestBuilder {
        self.line.request(Method::POST, path, correlation).bearer_auth(key.expose()).header("stripe-version", version)
    }
}

fn form(request: RequestBuilder, fields: &[(&str, &str)]) -> RequestBuilder {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body)
}
