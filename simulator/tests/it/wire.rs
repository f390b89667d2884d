//! Every fault byte for byte: what a bare TCP client sees, and what a real client makes of it.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::faults::{create_request, incident, rest};
use crate::stage::{API_KEY, Stage, new_session};

/// Sets a stage where cancelling fails like this, and nothing else, with a session to cancel.
async fn failing_cancel(fault: &str) -> (Stage, String) {
    let stage = Stage::set(&incident("0s", &format!("scope = {{ endpoints = [\"cancel\"] }}\nhttp = {{ {fault} }}"))).await;
    let session = stage.create("a-1").await;
    (stage, session)
}

/// Begins a session and cancels another, both at once over one connection; checks that the first is answered in full, and returns what comes after.
async fn second_answer(fault: &str) -> (Vec<u8>, Option<ErrorKind>) {
    let (stage, session) = failing_cancel(fault).await;
    let cancel = format!("POST /v1/sessions/{session}/cancel HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {API_KEY}\r\n\r\n");
    let mut stream = TcpStream::connect(stage.vendor.address()).await.unwrap();
    stream.write_all(&[create_request("a-2"), cancel.into_bytes()].concat()).await.unwrap();
    let (bytes, end) = rest(stream).await;
    let (head, body) = split(&bytes);
    assert!(head.starts_with("HTTP/1.1 201 Created\r\n"), "{head}");
    let (first, second) = body.split_at_checked(length(&head)).expect("the first answer is whole");
    assert_eq!(serde_json::from_slice::<Value>(first).unwrap()["reference"], "a-2");
    assert_eq!(stage.vendor.counts().faults, 1);
    let performed = !matches!(second, []) && second[0] == b'H'; // where there is something of a true answer, there was something to answer
    let status = if performed { "cancelled" } else { "collecting" };
    assert_eq!(stage.session(&session).await["status"], status);
    (second.to_vec(), end)
}

fn split(answer: &[u8]) -> (String, Vec<u8>) {
    let end = answer.windows(4).position(|end| end == b"\r\n\r\n").unwrap_or_else(|| panic!("{}", answer.escape_ascii())) + 4;
    (String::from_utf8(answer[..end].to_vec()).unwrap(), answer[end..].to_vec())
}

fn length(head: &str) -> usize {
    head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length is announced").parse().unwrap()
}

/// Returns whether a real client had an answer to a request that fails like this, and whether its body came in full.
async fn as_a_client_sees_it(fault: &str) -> (bool, bool) {
    let (stage, session) = failing_cancel(fault).await;
    let seen = match stage.post(&format!("/v1/sessions/{session}/cancel")).send().await {
        Ok(answer) => (true, answer.bytes().await.is_ok()),
        Err(error) => {
            assert!(!error.is_timeout() && !error.is_connect(), "{error:?}");
            (false, false)
        }
    };
    stage.create("a-2").await; // over a new connection, if need be
    seen
}

#[tokio::test]
async fn a_reset_before_the_headers_sends_nothing() {
    assert_eq!(second_answer("fault = \"connection_reset_by_peer\"").await, (vec![], Some(ErrorKind::ConnectionReset)));
    assert_eq!(as_a_client_sees_it("fault = \"connection_reset_by_peer\"").await, (false, false));
}

#[tokio::test]
async fn a_reset_in_the_headers_sends_some_of_them() {
    let fault = "fault = \"connection_reset_by_peer\", moment = \"in_headers\"";
    let (sent, end) = second_answer(fault).await;
    assert!(sent.starts_with(b"HTTP/1.1 200 OK\r\n") && !sent.windows(4).any(|end| end == b"\r\n\r\n"), "{}", sent.escape_ascii());
    assert_eq!(end, Some(ErrorKind::ConnectionReset));
    assert_eq!(as_a_client_sees_it(fault).await, (false, false));
}

#[tokio::test]
async fn a_reset_in_the_body_sends_half_of_it() {
    let fault = "fault = \"connection_reset_by_peer\", moment = \"in_body\"";
    let (sent, end) = second_answer(fault).await;
    let (head, body) = split(&sent);
    assert_eq!((body.len(), end), (length(&head) / 2, Some(ErrorKind::ConnectionReset)));
    assert!(!as_a_client_sees_it(fault).await.1);
}

#[tokio::test]
async fn a_truncated_body_ends_in_good_order_and_too_soon() {
    let (sent, end) = second_answer("fault = \"truncated_body\"").await;
    let (head, body) = split(&sent);
    assert_eq!((body.len(), end), (length(&head) / 2, None));
    assert_eq!(as_a_client_sees_it("fault = \"truncated_body\"").await, (true, false));
}

#[tokio::test]
async fn an_empty_response_is_none() {
    assert_eq!(second_answer("fault = \"empty_response\"").await, (vec![], None));
    assert_eq!(as_a_client_sees_it("fault = \"empty_response\"").await, (false, false));
}

#[tokio::test]
async fn random_data_is_no_http_and_the_same_every_time() {
    let (sent, end) = second_answer("fault = \"random_data_then_close\"").await;
    assert_eq!((sent.len(), end), (256, None));
    assert!(sent.iter().all(|byte| !byte.is_ascii()));
    assert_eq!(second_answer("fault = \"random_data_then_close\"").await.0, sent);
    assert_eq!(as_a_client_sees_it("fault = \"random_data_then_close\"").await, (false, false));
}

#[tokio::test]
async fn a_malformed_chunk_follows_good_headers() {
    let (sent, end) = second_answer("fault = \"malformed_response_chunk\"").await;
    let (head, body) = split(&sent);
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.contains("transfer-encoding: chunked\r\n"), "{head}");
    assert_eq!((str::from_utf8(&body).unwrap(), end), ("no chunk begins like this\r\n", None));
    assert!(!as_a_client_sees_it("fault = \"malformed_response_chunk\"").await.1);
}

/// What a client gets that asks a vendor where everything fails like this.
async fn answer(fault: &str) -> (Stage, reqwest::Response) {
    let stage = Stage::set(&incident("0s", &format!("http = {{ {fault} }}"))).await;
    let answer = stage.post("/v1/sessions").json(&new_session("a-1")).send().await.unwrap();
    assert_eq!(stage.vendor.counts().faults, 1);
    (stage, answer)
}

fn content_type(answer: &reqwest::Response) -> &str {
    answer.headers()["content-type"].to_str().unwrap()
}

#[tokio::test]
async fn a_broken_gateway_answers_in_html() {
    let (stage, answer) = answer("fault = \"html\", status = 504").await;
    assert_eq!((answer.status(), content_type(&answer)), (StatusCode::GATEWAY_TIMEOUT, "text/html"));
    assert!(!answer.headers().contains_key("request-id"), "the vendor has not seen it");
    assert!(answer.text().await.unwrap().contains("<title>504 Gateway Timeout</title>"));
    assert_eq!(stage.vendor.counts().sessions, 0);
}

#[tokio::test]
async fn malformed_json_is_as_long_as_announced_and_no_json() {
    let (stage, answer) = answer("fault = \"malformed_json\"").await;
    assert_eq!((answer.status(), content_type(&answer)), (StatusCode::CREATED, "application/json"));
    let announced = answer.content_length().unwrap();
    let body = answer.bytes().await.unwrap();
    assert_eq!(body.len() as u64, announced);
    assert!(body.starts_with(b"{\"id\":\"ses_") && serde_json::from_slice::<Value>(&body).is_err());
    assert_eq!(stage.vendor.counts().sessions, 1);
}

#[tokio::test]
async fn the_wrong_content_type_has_the_right_content() {
    let (_stage, answer) = answer("fault = \"wrong_content_type\"").await;
    assert_eq!((answer.status(), content_type(&answer)), (StatusCode::CREATED, "text/html"));
    assert_eq!(answer.json::<Value>().await.unwrap()["status"], "collecting");
}

#[tokio::test]
async fn missing_fields_are_missing_from_a_success_and_not_from_a_refusal() {
    let (stage, created) = answer("fault = \"missing_fields\"").await;
    assert_eq!(created.status(), StatusCode::CREATED);
    let body: Value = created.json().await.unwrap();
    assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["id", "object"]);
    let refused = stage.submit(body["id"].as_str().unwrap()).await;
    assert_eq!(
        (refused.status(), &refused.json::<Value>().await.unwrap()["error"]["code"]),
        (StatusCode::CONFLICT, &"images_missing".into())
    );
}

#[tokio::test]
async fn what_the_core_spoils_is_a_true_answer_to_the_socket_and_counted() {
    for fault in ["fault = \"lost_upload\"", "fault = \"stale_read\", lag = \"5s\""] {
        let (_stage, answer) = answer(fault).await;
        assert_eq!(answer.json::<Value>().await.unwrap()["status"], "collecting");
    }
}

#[tokio::test]
async fn a_dribbled_answer_takes_its_time_and_is_whole() {
    let begun = Instant::now();
    let (_stage, mut answer) = answer("fault = \"chunked_dribble_delay\", chunks = 5, duration = \"200ms\"").await;
    assert!(answer.headers()["transfer-encoding"] == "chunked");
    let (mut body, mut pieces) = (Vec::new(), 0);
    while let Some(piece) = answer.chunk().await.unwrap() {
        body.extend_from_slice(&piece);
        pieces += 1;
    }
    assert!(begun.elapsed() >= Duration::from_millis(200));
    assert!(pieces <= 5, "{pieces}"); // a busy machine may hand over two at once
    assert_eq!(serde_json::from_slice::<Value>(&body).unwrap()["status"], "collecting");
}

#[tokio::test]
async fn a_dribbled_answer_does_not_keep_a_vendor_from_stopping() {
    let (stage, mut answer) = answer("fault = \"chunked_dribble_delay\", chunks = 2, duration = \"10m\"").await;
    assert!(answer.chunk().await.unwrap().is_some());
    assert_eq!(stage.vendor.shutdown(Duration::from_secs(10)).await.cut_short, 0);
    assert!(answer.chunk().await.is_err());
}
