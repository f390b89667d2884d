//! The backend under test: which requests a step is made of, and what its answers mean.

use std::time::Duration;

use goose::goose::GooseUser;
use jiff::Timestamp;
use kycsim_fixtures::{Person, Subject};
use kycsim_scenarios::journey::{Capture, Shown, Step, StepResult};
use kycsim_scenarios::language::{Applicant, ReviewDecision, Triage};
use kycsim_scenarios::{ApplicantKey, Fate, SimTime};
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::http::{Body, Call, Reply};
use super::pictures::Pictures;
use crate::clock::RunClock;
use crate::record::{AnswerRow, BackendEvent};

/// What an applicant's app remembers of the backend.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Credentials {
    account: String,
    token: String,
    pub(super) verification: Option<String>,
    capture: Option<String>,
}

/// A request of a journey: which step, and what is needed to make it.
#[derive(Debug)]
pub(super) struct StepCall<'a> {
    pub(super) step: Step,
    pub(super) applicant: &'a Applicant,
    pub(super) fate: &'a Fate,
    pub(super) capture: Capture,
    pub(super) picture: u32,
    /// How long the applicant will wait for the answer.
    pub(super) limit: Duration,
}

/// A review case in a reviewer's hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Case {
    pub(super) id: String,
    pub(super) applicant: ApplicantKey,
    pub(super) opened: Option<SimTime>,
}

/// The review queue, as the backend says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) struct Depth {
    pub(super) waiting: u64,
    pub(super) claimed: u64,
}

/// The reference backend's API, as `docs/onboarding-api.md` describes it.
#[derive(Debug)]
pub(super) struct Target {
    reviewer_token: String,
    pictures: Pictures,
    clock: RunClock,
}

/// Reviewers, samples and the final questions wait this long for an answer.
const PATIENCE_OF_TOOLS: Duration = Duration::from_secs(5);

/// As many cases as the API shows at once; with so many, some may be missing from the list.
const CASES_MAX: usize = 500;

impl Target {
    pub(super) const fn new(reviewer_token: String, pictures: Pictures, clock: RunClock) -> Self {
        Self { reviewer_token, pictures, clock }
    }

    /// Performs one step of a journey.
    pub(super) async fn step(&self, user: &mut GooseUser, credentials: &mut Credentials, call: StepCall<'_>) -> StepResult {
        let result = match call.step {
            Step::OpenAccount => self.open_account(user, credentials, &call).await,
            Step::Consent => self.consent(user, credentials, &call).await,
            Step::StartVerification => self.start_verification(user, credentials, &call).await,
            Step::CaptureDocument | Step::CaptureSelfie => self.capture(user, credentials, &call).await,
            Step::Submit => self.submit(user, credentials, &call).await,
            Step::AwaitDecision => self.status(user, credentials, &call).await,
        };
        result.unwrap_or(StepResult::Failed)
    }

    async fn open_account(&self, user: &mut GooseUser, credentials: &mut Credentials, call: &StepCall<'_>) -> Option<StepResult> {
        #[derive(Deserialize)]
        struct Account {
            id: String,
            token: String,
        }
        let person = Person::draw(call.fate, call.applicant.country);
        let body = json!({ "reference": call.applicant.key, "email": person.email.reveal(), "country": call.applicant.country });
        let request = Call::post("/v1/accounts", Body::Json(body)).idempotency_key(format!("account-{}", call.applicant.key));
        let reply = succeeded(request.send(user, call.step.as_str(), call.limit).await?)?;
        let Account { id, token } = reply.json()?;
        *credentials = Credentials { account: id, token, verification: None, capture: None };
        Some(StepResult::Done)
    }

    async fn consent(&self, user: &mut GooseUser, credentials: &Credentials, call: &StepCall<'_>) -> Option<StepResult> {
        #[derive(Deserialize)]
        struct Policy {
            policy_version_hash: String,
            scopes: Vec<String>,
        }
        let shown = Call::get("/v1/consent-policy".to_owned()).send(user, "consent_policy", call.limit).await?;
        let Policy { policy_version_hash, scopes } = succeeded(shown)?.json()?;
        let body = json!({ "policy_version_hash": policy_version_hash, "locale": "en", "scopes": scopes });
        let request = Call::post(format!("/v1/accounts/{}/consents", credentials.account), Body::Json(body)).bearer(&credentials.token);
        succeeded(request.send(user, call.step.as_str(), call.limit).await?)?;
        Some(StepResult::Done)
    }

    async fn start_verification(&self, user: &mut GooseUser, credentials: &mut Credentials, call: &StepCall<'_>) -> Option<StepResult> {
        #[derive(Deserialize)]
        struct Started {
            id: String,
            capture: Token,
        }
        let body = json!({ "country": call.applicant.country, "document_type": call.applicant.document });
        let request = Call::post(format!("/v1/accounts/{}/verifications", credentials.account), Body::Json(body))
            .bearer(&credentials.token)
            .idempotency_key(format!("verification-{}", call.applicant.key));
        let Started { id, capture } = succeeded(request.send(user, call.step.as_str(), call.limit).await?)?.json()?;
        credentials.verification = Some(id);
        credentials.capture = Some(capture.token);
        Some(StepResult::Done)
    }

    async fn capture(&self, user: &mut GooseUser, credentials: &mut Credentials, call: &StepCall<'_>) -> Option<StepResult> {
        let verification = credentials.verification.clone()?;
        let token = match credentials.capture.clone() {
            Some(token) => token,
            None => {
                let request = Call::post(format!("/v1/verifications/{verification}/capture-token"), Body::Empty).bearer(&credentials.token);
                let Token { token } = succeeded(request.send(user, "capture_token", call.limit).await?)?.json()?;
                credentials.capture = Some(token.clone());
                token
            }
        };
        let (kind, subject) = if call.step == Step::CaptureDocument {
            ("document", Subject::Document { kind: call.applicant.document, country: call.applicant.country })
        } else {
            ("selfie", Subject::Selfie)
        };
        let picture = self.pictures.take(subject, call.applicant.device, call.capture, call.fate, call.picture);
        let request = Call::put(format!("/v1/capture/{verification}/{kind}"), Body::Picture(picture)).bearer(&token);
        let reply = request.send(user, call.step.as_str(), call.limit).await?;
        match reply.status {
            StatusCode::UNPROCESSABLE_ENTITY => Some(StepResult::PictureRefused),
            StatusCode::UNAUTHORIZED => {
                credentials.capture = None; // it has expired: the next try asks for a fresh one
                None
            }
            status => status.is_success().then_some(StepResult::Done),
        }
    }

    async fn submit(&self, user: &mut GooseUser, credentials: &mut Credentials, call: &StepCall<'_>) -> Option<StepResult> {
        let verification = credentials.verification.as_ref()?;
        let request = Call::post(format!("/v1/verifications/{verification}/submit"), Body::Empty).bearer(&credentials.token);
        succeeded(request.send(user, call.step.as_str(), call.limit).await?)?;
        credentials.capture = None; // a resubmission needs a fresh one
        Some(StepResult::Done)
    }

    async fn status(&self, user: &mut GooseUser, credentials: &Credentials, call: &StepCall<'_>) -> Option<StepResult> {
        #[derive(Deserialize)]
        struct Status {
            status: String,
        }
        let verification = credentials.verification.as_ref()?;
        let request = Call::get(format!("/v1/verifications/{verification}")).bearer(&credentials.token);
        let Status { status } = succeeded(request.send(user, call.step.as_str(), call.limit).await?)?.json()?;
        Some(StepResult::Status(shown(&status)?))
    }

    /// Asks for a case to review; none when none waits, or nobody answers.
    pub(super) async fn claim(&self, user: &mut GooseUser, reviewer: u32, triage: Triage) -> Option<Case> {
        #[derive(Deserialize)]
        struct Claimed {
            id: String,
            reference: ApplicantKey,
            opened_at: Option<Timestamp>,
        }
        let body = json!({ "reviewer": reviewer_name(reviewer), "order": triage });
        let request = Call::post("/v1/reviews/claim", Body::Json(body)).bearer(&self.reviewer_token);
        let reply = request.send(user, "claim_review", PATIENCE_OF_TOOLS).await?;
        let Claimed { id, reference, opened_at } = reply.json()?;
        Some(Case { id, applicant: reference, opened: opened_at.map(|at| self.sim_time(at)) })
    }

    /// Hands a reviewer's decision in.
    pub(super) async fn decide(&self, user: &mut GooseUser, reviewer: u32, case: &Case, decision: ReviewDecision) -> Ruled {
        let body = json!({ "reviewer": reviewer_name(reviewer), "decision": decision, "note": "rehearsal" });
        let request = Call::post(format!("/v1/reviews/{}/decision", case.id), Body::Json(body)).bearer(&self.reviewer_token);
        match request.send(user, "decide_review", PATIENCE_OF_TOOLS).await {
            Some(reply) if reply.status.is_success() => Ruled::Taken,
            Some(reply) if reply.status == StatusCode::CONFLICT => Ruled::Settled,
            Some(_) | None => Ruled::NotNow,
        }
    }

    /// Asks how long the review queue is.
    pub(super) async fn depth(&self, user: &mut GooseUser) -> Option<Depth> {
        let request = Call::get("/v1/reviews/summary".to_owned()).bearer(&self.reviewer_token);
        succeeded(request.send(user, "review_summary", PATIENCE_OF_TOOLS).await?)?.json()
    }

    /// Asks about whom a case is open, claimed or not; none when the answer is missing, or may not be all of them.
    pub(super) async fn open_cases(&self, user: &mut GooseUser) -> Option<Vec<ApplicantKey>> {
        #[derive(Deserialize)]
        struct Cases {
            cases: Vec<Open>,
        }
        #[derive(Deserialize)]
        struct Open {
            reference: ApplicantKey,
        }
        let request = Call::get(format!("/v1/reviews?limit={CASES_MAX}")).bearer(&self.reviewer_token);
        let Cases { cases } = succeeded(request.send(user, "open_cases", PATIENCE_OF_TOOLS).await?)?.json()?;
        (cases.len() < CASES_MAX).then(|| cases.into_iter().map(|open| open.reference).collect())
    }

    /// Asks what the backend says of an applicant at the end.
    pub(super) async fn answer(&self, user: &mut GooseUser, applicant: &ApplicantKey, credentials: &Credentials) -> Option<AnswerRow> {
        #[derive(Deserialize)]
        struct Final {
            status: String,
            attempt: u32,
        }
        #[derive(Deserialize)]
        struct Events {
            events: Vec<Event>,
        }
        #[derive(Deserialize)]
        struct Event {
            at: Timestamp,
            kind: String,
            attempt: Option<u32>,
            status: Option<String>,
        }
        let verification = credentials.verification.clone()?;
        let unanswered = AnswerRow {
            applicant: applicant.clone(),
            verification,
            at: self.clock.now(),
            status: None,
            attempt: 0,
            events: Vec::new(),
            too_early: false,
        };
        let path = format!("/v1/verifications/{}", unanswered.verification);
        let asked = Call::get(path.clone()).bearer(&credentials.token).send(user, "final_status", PATIENCE_OF_TOOLS).await;
        let told = Call::get(format!("{path}/events")).bearer(&credentials.token).send(user, "final_events", PATIENCE_OF_TOOLS).await;
        let (Some(asked), Some(told)) = (asked.and_then(succeeded), told.and_then(succeeded)) else { return Some(unanswered) };
        let (Some(Final { status, attempt }), Some(Events { events })) = (asked.json(), told.json()) else { return Some(unanswered) };
        let events = events
            .into_iter()
            .map(|Event { at, kind, attempt, status }| BackendEvent { at: self.sim_time(at), kind, attempt, status })
            .collect();
        Some(AnswerRow { status: Some(status), attempt, events, ..unanswered })
    }

    /// Opens the connection and wakes the backend up: warm-up, and measured by nobody.
    pub(super) async fn greet(&self, user: &mut GooseUser) {
        let _ = Call::get("/healthz".to_owned()).send(user, "warm_up", PATIENCE_OF_TOOLS).await;
    }

    /// A moment of the backend's wall clock on the run's time line; the two share a machine.
    fn sim_time(&self, at: Timestamp) -> SimTime {
        let micros = at.as_microsecond() - self.clock.began_wall().as_microsecond();
        SimTime::from_micros(u64::try_from(micros).unwrap_or(0))
    }
}

/// What became of a reviewer's decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ruled {
    /// It counts.
    Taken,
    /// The case needs no decision any more: the vendor changed its own meanwhile, or another reviewer was faster.
    Settled,
    /// Nobody took it: try again.
    NotNow,
}

#[derive(Deserialize)]
struct Token {
    token: String,
}

fn succeeded(reply: Reply) -> Option<Reply> {
    reply.status.is_success().then_some(reply)
}

fn reviewer_name(reviewer: u32) -> String {
    format!("reviewer-{reviewer}")
}

/// What an applicant understands from the backend's word; none when it is no word of the API.
fn shown(status: &str) -> Option<Shown> {
    Some(match status {
        "initiated" | "capture_in_progress" | "submitted" => Shown::Waiting,
        "pending_review" => Shown::InReview,
        "needs_resubmission" => Shown::NeedsResubmission,
        "approved" => Shown::Approved,
        "rejected" => Shown::Rejected,
        "expired" => Shown::Expired,
        _ => return None,
    })
}
