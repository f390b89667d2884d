//! What the targets share: a vendor that plays a plain scenario, and what every answer of it must be like.

pub mod spoken;

use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::http::request::Builder;
use hyper::{Request, Response};
use kycsim_scenarios::Scenario;
use kycsim_simulator::fuzzing::{API_KEY, Unwired};
use serde_json::Value;

static SCENARIO: LazyLock<Arc<Scenario>> = LazyLock::new(|| {
    let text = include_str!("../../scenarios/catalogue/all-pass.toml");
    Arc::new(Scenario::parse("all-pass", text).expect("the catalogue is sound"))
});

/// A vendor, and a session that was begun there.
pub struct Stage {
    pub vendor: Unwired,
    pub session: String,
}

impl Stage {
    pub fn set() -> Self {
        let vendor = Unwired::start(Arc::clone(&SCENARIO)).expect("there is memory");
        let new = r#"{"reference": "a-000001", "country": "DE", "document_type": "passport"}"#;
        let begun = request("POST", "/v1/sessions").header(CONTENT_TYPE, "application/json").body(vec![Bytes::from(new)]);
        let answer = vendor.ask(begun.expect("it is sound")).expect("it is answered");
        let session = check(&answer)["id"].as_str().expect("it has an id").to_owned();
        Self { vendor, session }
    }
}

/// Begins a request of the customer.
pub fn request(method: &str, path: &str) -> Builder {
    Request::builder().method(method).uri(path).header(AUTHORIZATION, format!("Bearer {API_KEY}"))
}

/// Checks that an answer is one of the dialect's, and returns what it says.
pub fn check(answer: &Response<Bytes>) -> Value {
    let status = answer.status();
    let said: Value = serde_json::from_slice(answer.body()).expect("an answer is JSON");
    assert!(status.is_success() || status.is_client_error(), "no incident is going on: {status}");
    assert_eq!(status.is_client_error(), said["error"]["code"].is_string(), "{status}: {said}");
    assert_eq!(status.is_success(), said["object"].is_string(), "{status}: {said}");
    said
}

/// Cuts a body into pieces of these lengths, again and again; an empty one is a piece too.
pub fn cut(body: &Bytes, lengths: &[u8]) -> Vec<Bytes> {
    let (mut rest, mut pieces) = (body.clone(), Vec::new());
    for length in lengths.iter().cycle().take(body.len() + lengths.len()) {
        pieces.push(rest.split_to(usize::from(*length).min(rest.len())));
    }
    pieces.push(rest);
    pieces
}
