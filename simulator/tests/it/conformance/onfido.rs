//! A customer of Onfido's, by the classic way: written from Onfido's documents (API v3.6) as of 2026-11-24.

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit as _, Mac as _};
use kycsim_simulator::Dialect;
use reqwest::multipart::{Form, Part};
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};
use sha2::Sha256;
use wiremock::Request;

use super::play::{Play, read};
use super::{Customer, Seen, Verified};
use crate::stage::{self, jpeg, text};

pub(super) struct Onfido;

fn authorized(request: RequestBuilder, play: &Play) -> RequestBuilder {
    request.header("authorization", format!("Token token={}", play.vendor.api_key()))
}

impl Customer for Onfido {
    const DIALECT: Dialect = Dialect::Onfido;
    const SIGNS_TWICE: bool = false;

    async fn try_begin(play: &Play, reference: &str) -> Response {
        let applicant = json!({
            "first_name": "Mara",
            "last_name": "Lindqvist",
            "id_numbers": [{"type": "other", "value": reference}],
            "address": {"postcode": "10115", "country": "DEU"},
        });
        authorized(play.post("/v3.6/applicants"), play).json(&applicant).send().await.unwrap()
    }

    async fn begun(answer: Response) -> String {
        text(&stage::json(answer).await, "id")
    }

    async fn capture(play: &Play, applicant: &str) {
        for (path, field) in [("documents", Some(("type", "national_identity_card"))), ("live_photos", None)] {
            let file = Part::bytes(jpeg()).file_name("picture.jpg").mime_str("image/jpeg").unwrap();
            let mut form = Form::new().text("applicant_id", applicant.to_owned()).part("file", file);
            if let Some((name, value)) = field {
                form = form.text(name, value);
            }
            read(authorized(play.post(&format!("/v3.6/{path}")), play).multipart(form)).await;
        }
    }

    async fn submit(play: &Play, applicant: &str) {
        let check = json!({"applicant_id": applicant, "report_names": ["document", "facial_similarity_photo", "watchlist_standard"]});
        read(authorized(play.post("/v3.6/checks"), play).json(&check)).await;
    }

    async fn look(play: &Play, applicant: &str) -> Seen {
        let checks = read(authorized(play.get(&format!("/v3.6/checks?applicant_id={applicant}")), play)).await;
        // The newest first.
        let Some(check) = checks["checks"].as_array().unwrap().first() else { return Seen::Collecting };
        match (check["status"].as_str().unwrap(), check["result"].as_str()) {
            ("in_progress", _) => Seen::Processing,
            ("complete", Some("clear")) => Seen::Approved,
            ("complete", Some("consider")) => {
                let id = check["id"].as_str().unwrap();
                understand(&read(authorized(play.get(&format!("/v3.6/reports?check_id={id}")), play)).await)
            }
            other => panic!("{other:?}"),
        }
    }

    fn is_refusal(_: u16, body: &[u8]) -> bool {
        serde_json::from_slice::<Value>(body).is_ok_and(|body| body["error"]["type"].is_string() && body["error"]["fields"].is_object())
    }

    fn verify(callback: &Request, secret: &str) -> Verified {
        let Some(signature) = callback.headers.get("x-sha2-signature") else { return Verified::Unsigned };
        let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(&callback.body).finalize().into_bytes();
        let expected = HEXLOWER.encode(&mac);
        if signature.as_bytes() == expected.as_bytes() { Verified::Genuine } else { Verified::Forged }
    }

    fn tells_a_decision(callback: &Request) -> bool {
        callback.body_json::<Value>().is_ok_and(|body| body["payload"]["action"] == "check.completed")
    }
}

/// Reads what a check that is not clear comes to, out of its reports.
fn understand(reports: &Value) -> Seen {
    let reports = reports["reports"].as_array().unwrap();
    let document = reports.iter().find(|report| report["name"] == "document").and_then(|report| report["sub_result"].as_str());
    let faces_unseen = |report: &Value| {
        let integrity = &report["breakdown"]["image_integrity"]["breakdown"];
        ["face_detected", "source_integrity"].iter().any(|leaf| integrity[leaf]["result"] == "unidentified")
    };
    if document == Some("rejected") || reports.iter().any(|report| report["name"] == "facial_similarity_photo" && faces_unseen(report)) {
        return Seen::Resubmission;
    }
    if document == Some("caution") || reports.iter().any(|report| report["result"] == "unidentified") {
        return Seen::Review;
    }
    Seen::Declined
}
