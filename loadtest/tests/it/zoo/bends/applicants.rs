//! What a backend does with what applicants ask of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use futures_util::future::BoxFuture;
use serde_json::json;

use super::super::database::Database;
use super::super::proxy::{Answer, Arrived, Bend, Beyond};
use crate::world::API_KEY;

/// `/v1/verifications/{id}{end}`, as the verification's id.
fn verification<'a>(path: &'a str, end: &str) -> Option<&'a str> {
    path.strip_prefix("/v1/verifications/")?.strip_suffix(end).filter(|id| !id.is_empty() && !id.contains('/'))
}

/// Whoever has waited too long for the vendor is approved, so that nobody leaves.
pub(in super::super) struct ApprovesTheWaiting {
    pub(in super::super) database: Database,
    pub(in super::super) longer_than: Duration,
}

impl Bend for ApprovesTheWaiting {
    fn bend<'a>(&'a self, arrived: Arrived, beyond: &'a Beyond) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            if let Some(id) = verification(&arrived.path, "").filter(|_| arrived.method == Method::GET) {
                self.database.approve_when_waiting(id, self.longer_than).await;
            }
            beyond.pass(arrived).await
        })
    }
}

/// De-duplicates submissions by the verification alone: another attempt is taken for the first one, sent again.
#[derive(Default)]
pub(in super::super) struct TakesAnotherAttemptForTheSame {
    taken: Mutex<BTreeMap<String, Answer>>,
}

impl Bend for TakesAnotherAttemptForTheSame {
    fn bend<'a>(&'a self, arrived: Arrived, beyond: &'a Beyond) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            let Some(id) = verification(&arrived.path, "/submit").map(str::to_owned) else { return beyond.pass(arrived).await };
            if let Some(taken) = self.taken.lock().unwrap().get(&id) {
                return taken.clone();
            }
            let answer = beyond.pass(arrived).await;
            if answer.status.is_success() {
                self.taken.lock().unwrap().insert(id, answer.clone());
            }
            answer
        })
    }
}

/// Begins the session at the vendor when the account is opened, so that it is there in time. Stands before the backend and before the vendor.
#[derive(Clone)]
pub(in super::super) struct SessionAtSignUp {
    vendor: Beyond,
    callback_url: String,
    /// What the vendor answered, by reference.
    begun: Arc<Mutex<BTreeMap<String, Answer>>>,
}

impl SessionAtSignUp {
    pub(in super::super) fn new(vendor: Beyond, callback_url: String) -> Self {
        Self { vendor, callback_url, begun: Arc::default() }
    }

    async fn begin(&self, reference: &str, country: &str) {
        let body = json!({ "reference": reference, "country": country, "document_type": "id_card", "callback_url": self.callback_url });
        let answer = self.vendor.pass(to_vendor("/v1/sessions", "application/json", body.to_string().into())).await;
        if answer.status == StatusCode::CREATED {
            self.begun.lock().unwrap().insert(reference.to_owned(), answer);
        }
    }
}

impl Bend for SessionAtSignUp {
    fn bend<'a>(&'a self, arrived: Arrived, beyond: &'a Beyond) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            let reference = |arrived: &Arrived| arrived.json().and_then(|body| Some(body["reference"].as_str()?.to_owned()));
            if arrived.is(Method::POST, |path| path == "/v1/sessions") {
                let begun = reference(&arrived).and_then(|reference| self.begun.lock().unwrap().get(&reference).cloned());
                return match begun {
                    Some(begun) => begun,
                    None => beyond.pass(arrived).await,
                };
            }
            let signs_up = arrived.is(Method::POST, |path| path == "/v1/accounts");
            let who = reference(&arrived).filter(|_| signs_up);
            let answer = beyond.pass(arrived).await;
            if let Some(who) = who.filter(|_| answer.status == StatusCode::CREATED) {
                self.begin(&who, "DE").await;
            }
            answer
        })
    }
}

/// Every submission is a job of its own for the vendor. Stands before the backend and before the vendor.
#[derive(Clone)]
pub(in super::super) struct SessionForEachSubmission {
    vendor: Beyond,
    database: Database,
    jobs: Arc<Mutex<Jobs>>,
}

#[derive(Default)]
struct Jobs {
    /// The applicant of each session.
    references: BTreeMap<String, String>,
    /// What the vendor was told about an applicant, in order: path behind the session's, content type, body.
    told: BTreeMap<String, Vec<(String, String, Bytes)>>,
    /// Attempts that were submitted: the verification, and which.
    submitted: BTreeSet<(String, u64)>,
    /// Applicants who submitted once more.
    again: BTreeSet<String>,
}

impl SessionForEachSubmission {
    pub(in super::super) fn new(vendor: Beyond, database: Database) -> Self {
        Self { vendor, database, jobs: Arc::default() }
    }

    /// Keeps what the vendor is told, so that it can be told once more.
    async fn keep(&self, arrived: Arrived, beyond: &Beyond) -> Answer {
        let content_type = arrived.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let (path, body, said) = (arrived.path.clone(), arrived.body.clone(), arrived.json());
        let answer = beyond.pass(arrived).await;
        if !answer.status.is_success() {
            return answer;
        }
        let again = {
            let mut jobs = self.jobs.lock().unwrap();
            let Jobs { references, told, again, .. } = &mut *jobs;
            let ended = if path == "/v1/sessions" {
                let id = answer.json().and_then(|session| Some(session["id"].as_str()?.to_owned())).unwrap();
                let reference = said.unwrap()["reference"].as_str().unwrap().to_owned();
                told.insert(reference.clone(), vec![(String::new(), content_type, body)]);
                references.insert(id, reference);
                None
            } else {
                let (id, call) = path.strip_prefix("/v1/sessions/").unwrap().split_once('/').unwrap();
                let reference = references[id].clone();
                told.get_mut(&reference).unwrap().push((call.to_owned(), content_type, body));
                (call == "submit" && again.contains(&reference)).then_some(reference)
            };
            ended.map(|reference| first_attempt(&told[&reference]))
        };
        if let Some(job) = again {
            self.tell_again(job).await;
        }
        answer
    }

    async fn tell_again(&self, job: Vec<(String, String, Bytes)>) {
        let mut session = String::new();
        for (call, content_type, body) in job {
            let path = if call.is_empty() { "/v1/sessions".to_owned() } else { format!("/v1/sessions/{session}/{call}") };
            let answer = self.vendor.pass(to_vendor(&path, &content_type, body)).await;
            if call.is_empty() {
                session = answer.json().unwrap()["id"].as_str().unwrap().to_owned();
            }
        }
    }

    /// Notes that an applicant submitted once more, and does it all again if it is done already.
    async fn submitted(&self, verification: &str, attempt: u64) {
        let Some(reference) = self.database.reference(verification).await else { return };
        let job = {
            let mut jobs = self.jobs.lock().unwrap();
            if jobs.submitted.insert((verification.to_owned(), attempt)) {
                return;
            }
            jobs.again.insert(reference.clone());
            let told = jobs.told.get(&reference).filter(|told| told.iter().any(|(call, ..)| call == "submit"));
            told.map(|told| first_attempt(told))
        };
        if let Some(job) = job {
            self.tell_again(job).await;
        }
    }
}

impl Bend for SessionForEachSubmission {
    fn bend<'a>(&'a self, arrived: Arrived, beyond: &'a Beyond) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            if arrived.is(Method::POST, |path| path.starts_with("/v1/sessions")) {
                return self.keep(arrived, beyond).await;
            }
            let submitted = verification(&arrived.path, "/submit").map(str::to_owned);
            let answer = beyond.pass(arrived).await;
            if let Some(verification) = submitted.filter(|_| answer.status.is_success()) {
                let attempt = answer.json().unwrap()["attempt"].as_u64().unwrap();
                self.submitted(&verification, attempt).await;
            }
            answer
        })
    }
}

/// Everything up to the first submission.
fn first_attempt(told: &[(String, String, Bytes)]) -> Vec<(String, String, Bytes)> {
    let ends = told.iter().position(|(call, ..)| call == "submit").map_or(told.len(), |submit| submit + 1);
    told[..ends].to_vec()
}

/// A call to the vendor without a key that would make it the same as another.
fn to_vendor(path: &str, content_type: &str, body: Bytes) -> Arrived {
    let key = HeaderValue::from_str(&format!("Bearer {API_KEY}")).unwrap();
    let mut headers = HeaderMap::from_iter([("authorization".parse().unwrap(), key)]);
    headers.insert("content-type", HeaderValue::from_str(content_type).unwrap());
    Arrived { method: Method::POST, path: path.to_owned(), headers, body }
}
