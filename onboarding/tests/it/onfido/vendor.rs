//! As much of Onfido as the backend can notice, over HTTP, written from Onfido's specification.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit as _, Mac as _};
use kycsim_onboarding::{OnboardingConfig, Secret, VendorApi};
use serde_json::{Value, json};
use sha2::Sha256;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::vendor::lock;
use crate::world::FakeVendor;

pub(crate) const API_KEY: &str = "api_sandbox.world";
const WEBHOOK_TOKEN: &str = "wHk3cZ8nR2pQvT5yB1xL0sD7gJ4mF6aE";
/// Long enough for a webhook to overtake an answer.
const A_MOMENT: Duration = Duration::from_millis(300);
/// Longer than any test waits.
const FOR_EVER: Duration = Duration::from_secs(3600);

/// What goes wrong at Onfido.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    None,
    /// Nothing is done; the answer is this.
    Refuse(u16, &'static str),
    /// Checks are made, and the answer does not come.
    HangOnChecks,
    /// How a check stands is answered late: as it stood when it was asked.
    DelayReads,
    /// Everything is done, and the answer is lost.
    LoseAnswers,
    /// Uploads are confirmed, and lost.
    LoseUploads,
}

#[derive(Debug)]
struct Check {
    id: String,
    applicant: String,
    tags: Value,
    status: &'static str,
    result: Value,
    reports: Value,
}

#[derive(Debug)]
struct State {
    trouble: Trouble,
    /// Each with what it was made from.
    applicants: Vec<Value>,
    /// Whose, and of which kind, with the form that it came in.
    uploads: Vec<(String, &'static str, String)>,
    checks: Vec<Check>,
    /// Counts up with everything that happens.
    second: u32,
}

/// A webhook that Onfido would send.
#[derive(Debug, Clone)]
pub(crate) struct Webhook(pub(crate) String);

#[derive(Debug)]
pub(crate) struct Onfido {
    pub(crate) server: MockServer,
    state: Arc<Mutex<State>>,
}

struct Script(Arc<Mutex<State>>);

impl FakeVendor for Onfido {
    fn introduce(&self, config: &mut OnboardingConfig) {
        config.vendor_api = VendorApi::Onfido;
        config.vendor_url = self.server.uri();
        config.vendor_api_key = Secret::new(API_KEY);
        config.callback_secret = VendorApi::Onfido.callback_secret(WEBHOOK_TOKEN).unwrap();
    }
}

pub(crate) fn sign(webhook: &Webhook) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(WEBHOOK_TOKEN.as_bytes()).unwrap();
    mac.update(webhook.0.as_bytes());
    HEXLOWER.encode(&mac.finalize().into_bytes())
}

/// A report with one leaf that is not clear, `branch.leaf`, and perhaps a note there.
pub(crate) fn report(name: &str, result: &str, sub_result: Option<&str>, place: &str, note: &str) -> Value {
    let (branch, leaf) = place.split_once('.').unwrap();
    let properties = if note.is_empty() { json!({}) } else { json!({ note: "true" }) };
    json!({
        "id": "r-1", "name": name, "status": "complete", "result": result, "sub_result": sub_result,
        "breakdown": { branch: { "result": "consider", "breakdown": { leaf: { "result": "consider", "properties": properties } } } },
    })
}

impl Onfido {
    pub(crate) async fn start() -> Self {
        let state = State { trouble: Trouble::None, applicants: Vec::new(), uploads: Vec::new(), checks: Vec::new(), second: 0 };
        let state = Arc::new(Mutex::new(state));
        let server = MockServer::builder().start().await;
        Mock::given(any()).respond_with(Script(Arc::clone(&state))).mount(&server).await;
        Self { server, state }
    }

    pub(crate) fn trouble(&self, trouble: Trouble) {
        lock(&self.state).trouble = trouble;
    }

    /// Completes an applicant's latest check, clear without reports, and returns the webhook that says so.
    pub(crate) fn complete(&self, reference: &str, reports: &[Value]) -> Webhook {
        let mut state = lock(&self.state);
        let check = state.check(reference);
        check.status = "complete";
        check.result = json!(if reports.is_empty() { "clear" } else { "consider" });
        check.reports = json!(reports);
        state.webhook(reference, "completed")
    }

    /// Sets the status of an applicant's latest check, and returns the webhook that says so.
    pub(crate) fn turn(&self, reference: &str, status: &'static str) -> Webhook {
        let mut state = lock(&self.state);
        state.check(reference).status = status;
        state.webhook(reference, status)
    }

    pub(crate) fn webhook(&self, reference: &str, happened: &str) -> Webhook {
        lock(&self.state).webhook(reference, happened)
    }

    /// What an applicant was made from.
    pub(crate) fn applicant(&self, reference: &str) -> Value {
        let mut state = lock(&self.state);
        let id = state.id(reference);
        state.applicants.iter().find(|applicant| applicant["id"] == id).cloned().unwrap()
    }

    pub(crate) fn checks(&self, reference: &str) -> usize {
        let mut state = lock(&self.state);
        let id = state.id(reference);
        state.checks.iter().filter(|check| check.applicant == id).count()
    }

    /// Which kinds of media came, in order.
    pub(crate) fn media(&self, reference: &str) -> Vec<&'static str> {
        let mut state = lock(&self.state);
        let id = state.id(reference);
        state.uploads.iter().filter(|(applicant, ..)| *applicant == id).map(|(_, kind, _)| *kind).collect()
    }

    /// The forms that media came in.
    pub(crate) fn forms(&self) -> Vec<String> {
        lock(&self.state).uploads.iter().map(|(_, _, form)| form.clone()).collect()
    }

    /// How often something below this path was asked for with this method.
    pub(crate) async fn calls(&self, method: &str, path: &str) -> usize {
        let requests = self.server.received_requests().await.unwrap_or_default();
        requests
            .iter()
            .filter(|request| request.method.as_str() == method && request.url.path().starts_with(&format!("/v3.6{path}")))
            .count()
    }

    /// How often anybody asked what became of a check.
    pub(crate) async fn reads(&self) -> usize {
        self.calls("GET", "/checks/").await
    }
}

impl State {
    fn id(&mut self, reference: &str) -> String {
        let named = |applicant: &&Value| applicant["id_numbers"][0]["value"] == reference;
        let applicant = self.applicants.iter().rev().find(named).expect("there is such an applicant");
        applicant["id"].as_str().unwrap().to_owned()
    }

    fn check(&mut self, reference: &str) -> &mut Check {
        let id = self.id(reference);
        self.checks.iter_mut().rev().find(|check| check.applicant == id).expect("the applicant has a check")
    }

    fn now(&mut self) -> String {
        self.second += 1;
        format!("2026-11-22T10:{:02}:{:02}Z", self.second / 60, self.second % 60)
    }

    fn webhook(&mut self, reference: &str, happened: &str) -> Webhook {
        let now = self.now();
        let check = self.check(reference);
        let href = format!("https://api.eu.onfido.com/v3.6/checks/{}", check.id);
        let object = json!({ "id": check.id, "status": check.status, "completed_at_iso8601": now, "href": href });
        Webhook(json!({ "payload": { "resource_type": "check", "action": format!("check.{happened}"), "object": object } }).to_string())
    }
}

impl Check {
    fn json(&self) -> Value {
        json!({
            "id": self.id, "applicant_id": self.applicant, "status": self.status, "result": self.result, "tags": self.tags,
            "created_at": format!("2026-11-22T09:00:{:0>2}Z", self.id.trim_start_matches("c-")), "version": "3.6",
        })
    }
}

impl Respond for Script {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut state = lock(&self.0);
        let token = request.headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
        if token != format!("Token token={API_KEY}") {
            return answer(401, &error("authorization_error", &json!({})));
        }
        if let Trouble::Refuse(status, body) = state.trouble {
            return ResponseTemplate::new(status).set_body_raw(body, "application/json");
        }
        let (status, body) = perform(&mut state, request);
        let answer = answer(status, &body);
        let reads_check = request.method.as_str() == "GET" && request.url.path().starts_with("/v3.6/checks/");
        let makes_check = request.method.as_str() == "POST" && request.url.path() == "/v3.6/checks";
        match state.trouble {
            Trouble::HangOnChecks if makes_check => answer.set_delay(FOR_EVER),
            Trouble::LoseAnswers => ResponseTemplate::new(502).set_body_raw("<html>Bad Gateway</html>", "text/html"),
            Trouble::DelayReads if reads_check => answer.set_delay(A_MOMENT),
            Trouble::None | Trouble::Refuse(..) | Trouble::HangOnChecks | Trouble::DelayReads | Trouble::LoseUploads => answer,
        }
    }
}

fn answer(status: u16, body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body)
}

fn error(r#type: &str, fields: &Value) -> Value {
    json!({ "error": { "type": r#type, "message": "…", "fields": fields } })
}

/// The value of a text field in a multipart body.
fn field(form: &str, name: &str) -> String {
    let (_, rest) = form.split_once(&format!("name=\"{name}\"\r\n\r\n")).unwrap_or_else(|| panic!("no {name} in {form}"));
    rest.split("\r\n").next().unwrap().to_owned()
}

fn perform(state: &mut State, request: &Request) -> (u16, Value) {
    let query =
        |name: &str| request.url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default();
    let parts: Vec<_> = request.url.path().trim_start_matches("/v3.6/").split('/').collect();
    let listed = |state: &State, kind: &str| -> Value {
        let uploads =
            state.uploads.iter().enumerate().filter(|(_, (applicant, found, _))| *applicant == query("applicant_id") && *found == kind);
        uploads.map(|(number, _)| json!({ "id": format!("u-{number}") })).collect()
    };
    match (request.method.as_str(), parts.as_slice()) {
        ("POST", ["applicants"]) => {
            let mut applicant: Value = request.body_json().unwrap();
            applicant["id"] = json!(format!("app-{}", state.applicants.len() + 1));
            state.applicants.push(applicant.clone());
            (201, applicant)
        }
        ("POST", [kind @ ("documents" | "live_photos")]) => {
            let form = String::from_utf8_lossy(&request.body).into_owned();
            let kind = if *kind == "documents" { "documents" } else { "live_photos" };
            if state.trouble != Trouble::LoseUploads {
                state.uploads.push((field(&form, "applicant_id"), kind, form));
            }
            (201, json!({ "id": format!("u-{}", state.uploads.len()) }))
        }
        ("GET", ["documents"]) => (200, json!({ "documents": listed(state, "documents") })),
        ("GET", ["live_photos"]) => (200, json!({ "live_photos": listed(state, "live_photos") })),
        ("POST", ["checks"]) => {
            let body: Value = request.body_json().unwrap();
            let applicant = body["applicant_id"].as_str().unwrap().to_owned();
            let kinds = |kind: &str| state.uploads.iter().any(|(owner, found, _)| *owner == applicant && *found == kind);
            if !kinds("documents") || !kinds("live_photos") {
                return (422, error("validation_error", &json!({ "report_names": ["there is nothing to examine"] })));
            }
            let id = format!("c-{}", state.checks.len() + 1);
            let (status, result, reports) = ("in_progress", Value::Null, json!([]));
            state.checks.push(Check { id, applicant, tags: body["tags"].clone(), status, result, reports });
            (201, state.checks[state.checks.len() - 1].json())
        }
        ("GET", ["checks"]) => {
            let checks: Vec<_> =
                state.checks.iter().rev().filter(|check| check.applicant == query("applicant_id")).map(Check::json).collect();
            (200, json!({ "checks": checks }))
        }
        ("GET", ["checks", id]) => match state.checks.iter().find(|check| check.id == *id) {
            Some(check) => (200, check.json()),
            None => (404, error("resource_not_found", &json!({}))),
        },
        ("GET", ["reports"]) => match state.checks.iter().find(|check| check.id == query("check_id")) {
            Some(check) => (200, json!({ "reports": check.reports })),
            None => (404, error("resource_not_found", &json!({}))),
        },
        _ => (404, error("resource_not_found", &json!({}))),
    }
}
