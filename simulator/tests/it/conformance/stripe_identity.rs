//! A customer of Stripe Identity: `docs/dialects/stripe-identity.md`. It captures embedded, as the vendor's libraries for devices do.

use kycsim_simulator::Dialect;
use reqwest::multipart::{Form, Part};
use reqwest::{RequestBuilder, Response};
use serde_json::Value;
use wiremock::Request;

use super::play::{Play, read};
use super::{Customer, Seen, Verified};
use crate::stage::{jpeg, json, text};
use crate::stripe_identity::{filled, signed_by};

pub(super) struct StripeIdentity;

/// How much older than its own clock a receiver takes a signature to be, in seconds.
const TOLERANCE: i64 = 300;

const PAGES: &str = "/v1/identity/verification_pages";
const SESSIONS: &str = "/v1/identity/verification_sessions";

fn post(play: &Play, path: &str, form: &str) -> RequestBuilder {
    filled(play.post(path).bearer_auth(play.vendor.api_key()), form)
}

async fn upload(play: &Play, purpose: &'static str) -> String {
    let form = Form::new().text("purpose", purpose).part("file", Part::bytes(jpeg()).file_name("picture.jpg"));
    text(&read(play.post("/v1/files").bearer_auth(play.vendor.api_key()).multipart(form)).await, "id")
}

impl Customer for StripeIdentity {
    const DIALECT: Dialect = Dialect::StripeIdentity;

    async fn try_begin(play: &Play, reference: &str) -> Response {
        let form =
            format!("type=document&client_reference_id={reference}&options[document][require_matching_selfie]=true&metadata[country]=DE");
        post(play, SESSIONS, &form).send().await.unwrap()
    }

    async fn begun(answer: Response) -> String {
        text(&json(answer).await, "id")
    }

    async fn capture(play: &Play, session: &str) {
        let (front, face) = (upload(play, "identity_document").await, upload(play, "selfie").await);
        let form = format!(
            "collected_data[biometric_consent]=true&collected_data[id_document_front][high_res_image]={front}&collected_data[face][best_high_res_image]={face}"
        );
        read(post(play, &format!("{PAGES}/{session}/data"), &form)).await;
    }

    async fn submit(play: &Play, session: &str) {
        let page = read(post(play, &format!("{PAGES}/{session}/submit"), "")).await;
        assert_eq!(page["submitted"], true, "{page}");
    }

    async fn look(play: &Play, session: &str) -> Seen {
        let session = read(play.get(&format!("{SESSIONS}/{session}")).bearer_auth(play.vendor.api_key())).await;
        match (session["status"].as_str().unwrap(), session["last_error"].is_null()) {
            ("requires_input", true) => Seen::Collecting,
            ("requires_input", false) => Seen::NotApproved,
            ("processing", _) => Seen::Processing,
            ("verified", true) => Seen::Approved,
            other => panic!("{other:?}"),
        }
    }

    fn is_refusal(_: u16, body: &[u8]) -> bool {
        serde_json::from_slice::<Value>(body).is_ok_and(|body| body["error"]["type"].is_string() && body["error"]["message"].is_string())
    }

    fn verify(callback: &Request, secret: &str) -> Verified {
        let (signed_at, genuine) = signed_by(callback, secret);
        if genuine.is_empty() {
            return Verified::Unsigned;
        }
        if !genuine.contains(&true) {
            return Verified::Forged;
        }
        let age = jiff::Timestamp::now().as_second() - signed_at;
        if age <= TOLERANCE { Verified::Genuine } else { Verified::Stale }
    }

    fn tells_a_decision(callback: &Request) -> bool {
        callback.body_json::<Value>().is_ok_and(|body| {
            let kind = body["type"].as_str().unwrap_or_default().trim_start_matches("identity.verification_session.");
            matches!(kind, "verified" | "requires_input")
        })
    }
}
