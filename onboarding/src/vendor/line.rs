//! The line to the vendor: every call bounded in time and in what is read of the answer, whatever the vendor's language.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Client, Method, RequestBuilder, redirect};
use serde::de::DeserializeOwned;

use super::CallError;
use crate::chance;
use crate::clock::{Clock, within};
use crate::config::OnboardingConfig;
use crate::id::Correlation;

/// A vendor's answer is a few hundred bytes, a few thousand where it lists something; more than this is not an answer.
const ANSWER_MAX: usize = 64 * 1024;

#[derive(Debug)]
pub(crate) struct Line {
    client: Client,
    base: String,
    timeout: Duration,
    clock: Arc<dyn Clock>,
}

/// An answer that is a success, and JSON by its own account.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// An answer that is no success.
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Line {
    pub(super) fn new(config: &OnboardingConfig, clock: Arc<dyn Clock>) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .no_proxy() // the vendor is named by the operator, not by the environment
            .redirect(redirect::Policy::none()) // a redirect would take images and key to somewhere else
            .build()?;
        Ok(Self { client, base: config.vendor_url.trim_end_matches('/').to_owned(), timeout: config.vendor_timeout, clock })
    }

    /// The time of day.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) fn request(&self, method: Method, path: &str, correlation: &Correlation) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base)).header("x-request-id", correlation.as_str())
    }

    /// Sends a request and reads the answer, all within the time limit. What a refusal means, the vendor's adapter knows.
    ///
    /// To be asked for patience is no failure: the same request is sent again after a while, in all for as long as the time limit. A step of several calls would
    /// otherwise begin anew each time, and under a tight limit none would ever come to its end. An image is not sent again: its bytes have gone by.
    pub(super) async fn perform(&self, mut request: RequestBuilder, understand: fn(&Refusal) -> CallError) -> Result<Answer, CallError> {
        let mut patience = self.timeout;
        loop {
            let again = request.try_clone();
            let error = match within(&*self.clock, self.timeout, exchange(request, understand)).await? {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let (Some(next), Some(wait)) = (again, error.asks_for_patience()) else { return Err(error) };
            let wait = wait.mul_f64(0.5 + chance::share()); // those who were refused together need not come back together
            patience = match patience.checked_sub(wait) {
                Some(left) => left,
                None => return Err(error),
            };
            self.clock.sleep(wait).await;
            request = next;
        }
    }
}

impl Answer {
    /// Reads the body; `why` says what it is not, should it not be.
    pub(super) fn json<T: DeserializeOwned>(&self, why: &'static str) -> Result<T, CallError> {
        serde_json::from_slice(&self.body).map_err(|_| self.unreadable(why))
    }

    pub(super) fn unreadable(&self, why: &'static str) -> CallError {
        CallError::Unreadable { status: self.status, why }
    }
}

impl Refusal {
    /// Returns how long the vendor wants us to wait, if it says so.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        self.header("retry-after")?.trim().parse().ok().map(Duration::from_secs)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Returns a word of the vendor's that may go to the logs: a plain and short one, or none.
pub(super) fn plain_word(word: &str) -> String {
    let plain = word.len() <= 64 && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if plain { word.to_owned() } else { String::new() }
}

async fn exchange(request: RequestBuilder, understand: fn(&Refusal) -> CallError) -> Result<Answer, CallError> {
    let mut response = request.send().await.map_err(unreachable)?;
    let status = response.status();

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
    let status = status.as_u16();
    if (200..300).contains(&status) {
        Ok(Answer { status, body })
    } else {
        Err(understand(&Refusal { status, headers: response.headers().clone(), body }))
    }
}

/// Drops the address: the log line names the session already.
fn unreachable(error: reqwest::Error) -> CallError {
    CallError::Unreachable(error.without_url())
}
