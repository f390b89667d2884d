//! Calls to the vendor, and its calls to us.

use axum::http::HeaderMap;
use jiff::Timestamp;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder};
use serde_json::json;

use super::errors::understand;
use super::signature::{SignedHeaders, verify};
use super::wire::{Understood, confirms_upload, read_callback, read_session};
use crate::config::OnboardingConfig;
use crate::decision::Report;
use crate::id::Correlation;
use crate::secret::{CallbackKey, ParseCallbackSecretError, Secret};
use crate::vendor::line::Line;
use crate::vendor::{CallError, Created, Delivery, HearError, Known, NewSession, Picture};
use crate::verification::ImageKind;

#[derive(Debug)]
pub(crate) struct Vendor {
    line: Line,
    key: Secret,
    callback_url: String,
    callback_key: CallbackKey,
}

impl Vendor {
    pub(crate) fn new(config: &OnboardingConfig, line: Line) -> Result<Self, ParseCallbackSecretError> {
        Ok(Self {
            line,
            key: config.vendor_api_key.clone(),
            callback_url: config.callback_url.clone(),
            callback_key: config.callback_secret.decoded()?,
        })
    }

    pub(crate) async fn create_session(
        &self,
        correlation: &Correlation,
        key: &str,
        session: &NewSession<'_>,
    ) -> Result<Created, CallError> {
        let body = json!({
            "reference": session.reference,
            "country": session.country.as_str(),
            "document_type": session.document_type,
            "callback_url": self.callback_url,
        });
        let request = self.request(Method::POST, "/v1/sessions", correlation).header("idempotency-key", key).json(&body);
        let report = self.report(request).await?;
        Ok(Created { session: report.session, version: report.version })
    }

    pub(crate) async fn upload(&self, correlation: &Correlation, known: &Known, picture: Picture) -> Result<(), CallError> {
        let (path, name) = match picture.kind {
            ImageKind::Document => ("documents", "document.jpg"),
            ImageKind::Selfie => ("selfies", "selfie.jpg"),
        };
        let file = Part::bytes(picture.bytes).file_name(name).mime_str("image/jpeg").map_err(CallError::Unreachable)?;
        let form = match picture.kind {
            ImageKind::Document => Form::new().text("side", "front").part("file", file),
            ImageKind::Selfie => Form::new().part("file", file),
        };
        let path = format!("/v1/sessions/{}/{path}", known.session);
        let request = self.request(Method::POST, &path, correlation).multipart(form);
        let answer = self.line.perform(request, understand).await?;
        if confirms_upload(&answer.body) { Ok(()) } else { Err(answer.unreadable("not an upload")) }
    }

    pub(crate) async fn submit(&self, correlation: &Correlation, key: &str, known: &Known) -> Result<Report, CallError> {
        let path = format!("/v1/sessions/{}/submit", known.session);
        let request = self.request(Method::POST, &path, correlation).header("idempotency-key", key).json(&json!({}));
        self.report(request).await
    }

    pub(crate) async fn fetch(&self, correlation: &Correlation, known: &Known) -> Result<Report, CallError> {
        self.report(self.request(Method::GET, &format!("/v1/sessions/{}", known.session), correlation)).await
    }

    pub(crate) fn hear(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Option<Delivery>, HearError> {
        let event = verify(self.callback_key.as_bytes(), SignedHeaders::of(headers), body, now)?;
        Ok(Some(Delivery { event: event.to_owned(), callback: read_callback(body)? }))
    }

    fn request(&self, method: Method, path: &str, correlation: &Correlation) -> RequestBuilder {
        self.line.request(method, path, correlation).bearer_auth(self.key.expose())
    }

    async fn report(&self, request: RequestBuilder) -> Result<Report, CallError> {
        let answer = self.line.perform(request, understand).await?;
        match read_session(&answer.body) {
            Ok(Understood::Fully(report)) => Ok(report),
            Ok(Understood::OnlySession(_)) => Err(answer.unreadable("unknown words")),
            Err(_) => Err(answer.unreadable("not a session")),
        }
    }
}
