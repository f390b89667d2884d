//! Incidents as a client sees them.

use std::io::ErrorKind;
use std::time::Duration;

use reqwest::StatusCode;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::stage::{API_KEY, APPROVE, Stage, json, limits, new_session, until};

pub(crate) fn incident(at: &str, effect: &str) -> String {
    format!("{APPROVE}[[incident]]\nname = \"test\"\nat = \"{at}\"\nlasts = \"1h\"\n{effect}")
}

/// Sends a request for a session that there is not, over a bare connection.
async fn ask(stage: &Stage) -> TcpStream {
    let mut stream = TcpStream::connect(stage.vendor.address()).await.unwrap();
    stream.write_all(&create_request("a-1")).await.unwrap();
    stream
}

/// A request for a new session, byte for byte.
pub(crate) fn create_request(reference: &str) -> Vec<u8> {
    let body = new_session(reference).to_string();
    let length = body.len();
    format!(
        "POST /v1/sessions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {API_KEY}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// How a connection ends, after how many bytes.
async fn ending(stream: TcpStream) -> (usize, Option<ErrorKind>) {
    let (bytes, end) = rest(stream).await;
    (bytes.len(), end)
}

/// What still comes over a connection, and with which error it ends.
pub(crate) async fn rest(mut stream: impl AsyncRead + Unpin) -> (Vec<u8>, Option<ErrorKind>) {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut bytes)).await.expect("the connection ends");
    (bytes, read.err().map(|error| error.kind()))
}

#[tokio::test]
async fn an_outage_answers_in_the_dialects_own_words_and_touches_nothing() {
    let stage = Stage::set(&incident("0s", "http = { fault = \"error\", status = 503 }")).await;
    let answer = stage.post("/v1/sessions").json(&new_session("a-1")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    let body = json(answer).await;
    assert_eq!((&body["error"]["type"], &body["error"]["code"]), (&"api_error".into(), &"unavailable".into()));
    assert_eq!((stage.vendor.counts().faults, stage.vendor.counts().sessions), (1, 0));
}

#[tokio::test]
async fn too_many_requests_say_when_to_come_again() {
    let stage = Stage::set(&incident("0s", "http = { fault = \"error\", status = 429 }")).await;
    let answer = stage.post("/v1/sessions").json(&new_session("a-1")).send().await.unwrap();
    assert_eq!((answer.status(), answer.headers()["retry-after"].to_str().unwrap()), (StatusCode::TOO_MANY_REQUESTS, "1"));
    assert_eq!(json(answer).await["error"]["code"], "too_many_requests");
}

#[tokio::test]
async fn only_what_is_in_scope_fails() {
    let stage = Stage::set(&incident("0s", "scope = { endpoints = [\"submit\"] }\nhttp = { fault = \"error\", status = 500 }")).await;
    let id = stage.create("a-1").await;
    assert_eq!(stage.upload(&id, "documents").await.status(), StatusCode::CREATED);
    assert_eq!(stage.upload(&id, "selfies").await.status(), StatusCode::CREATED);
    assert_eq!(stage.submit(&id).await.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(stage.session(&id).await["status"], "collecting");
}

#[tokio::test]
async fn a_reset_is_a_real_one() {
    let stage = Stage::set(&incident("0s", "http = { fault = \"connection_reset_by_peer\" }")).await;
    assert_eq!(ending(ask(&stage).await).await, (0, Some(ErrorKind::ConnectionReset)));
    assert_eq!(stage.vendor.counts().faults, 1);
}

#[tokio::test]
async fn a_request_that_hangs_is_held_while_its_client_waits() {
    let stage = Stage::set(&incident("0s", "http = { fault = \"hang\" }")).await;
    let stream = ask(&stage).await;
    until(async || stage.vendor.counts().faults, |faults| *faults == 1).await;
    drop(stream); // the client has had enough; nothing is left to wait for
    let remains = stage.vendor.shutdown(Duration::from_secs(10)).await;
    assert_eq!(remains.cut_short, 0);
}

#[tokio::test]
async fn a_request_does_not_hang_for_ever() {
    let hang = incident("0s", "http = { fault = \"hang\" }");
    let short = limits(|limits| limits.hang = Duration::from_millis(50));
    let stage = Stage::set_with(&hang, |config| config.limits(short), wiremock::ResponseTemplate::new(200)).await;
    assert_eq!(ending(ask(&stage).await).await, (0, Some(ErrorKind::ConnectionReset)));
}

#[tokio::test]
async fn refused_connections_are_reset_and_open_ones_cut() {
    let stage = Stage::set(&incident("1500ms", "http = { fault = \"refuse\" }")).await;
    let mut open = ask(&stage).await;
    let mut answer = [0; 12];
    open.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 201");
    let (_, end) = ending(open).await;
    assert_eq!(end, Some(ErrorKind::ConnectionReset), "it was open when the incident began");

    let late = TcpStream::connect(stage.vendor.address()).await.unwrap();
    assert_eq!(ending(late).await, (0, Some(ErrorKind::ConnectionReset)));
    assert_eq!(stage.vendor.counts().connections_refused, 1);
}

#[tokio::test]
async fn an_answer_takes_as_long_as_the_scenario_says() {
    let latency = "latency = { distribution = \"constant\", value = \"120ms\" }";
    let stage = Stage::set(&format!("{APPROVE}{latency}")).await;
    let begun = std::time::Instant::now();
    let answers = futures_util::future::join_all((0..20).map(|number| stage.create_owned(number))).await;
    assert_eq!(answers.len(), 20);
    assert!(begun.elapsed() >= Duration::from_millis(120));
    assert!(begun.elapsed() < Duration::from_millis(20 * 120), "they wait side by side");
}
