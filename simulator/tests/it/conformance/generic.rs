//! A customer of nobody in particular's API: `docs/dialects/generic.md`.

use kycsim_simulator::Dialect;
use reqwest::Response;
use reqwest::multipart::{Form, Part};
use serde_json::Value;
use wiremock::Request;

use super::play::{Play, read};
use super::{Customer, Seen, Verified};
use crate::receiver::{self, seen};
use crate::stage::{jpeg, json, new_session, text};

pub(super) struct Generic;

impl Customer for Generic {
    const DIALECT: Dialect = Dialect::Generic;

    async fn try_begin(play: &Play, reference: &str) -> Response {
        play.post("/v1/sessions").bearer_auth(play.vendor.api_key()).json(&new_session(reference)).send().await.unwrap()
    }

    async fn begun(answer: Response) -> String {
        text(&json(answer).await, "id")
    }

    async fn capture(play: &Play, session: &str) {
        for kind in ["documents", "selfies"] {
            let form = Form::new().part("file", Part::bytes(jpeg()).file_name("picture.jpg"));
            read(play.post(&format!("/v1/sessions/{session}/{kind}")).bearer_auth(play.vendor.api_key()).multipart(form)).await;
        }
    }

    async fn submit(play: &Play, session: &str) {
        read(play.post(&format!("/v1/sessions/{session}/submit")).bearer_auth(play.vendor.api_key())).await;
    }

    async fn look(play: &Play, session: &str) -> Seen {
        let session = read(play.get(&format!("/v1/sessions/{session}")).bearer_auth(play.vendor.api_key())).await;
        match session["status"].as_str().unwrap() {
            "collecting" => Seen::Collecting,
            "processing" => Seen::Processing,
            "approved" => Seen::Approved,
            "declined" => Seen::Declined,
            "review" => Seen::Review,
            "resubmission_requested" => Seen::Resubmission,
            other => panic!("{other}"),
        }
    }

    fn is_refusal(_: u16, body: &[u8]) -> bool {
        serde_json::from_slice::<Value>(body).is_ok_and(|body| body["error"]["code"].is_string() && body["error"]["request_id"].is_string())
    }

    fn verify(callback: &Request, secret: &str) -> Verified {
        match seen(callback, secret) {
            receiver::Seen::Genuine => Verified::Genuine,
            receiver::Seen::Unsigned => Verified::Unsigned,
            receiver::Seen::Forged => Verified::Forged,
            receiver::Seen::Stale => Verified::Stale,
        }
    }

    fn tells_a_decision(callback: &Request) -> bool {
        callback.body_json::<Value>().is_ok_and(|body| body["type"] == "session.decided")
    }
}
