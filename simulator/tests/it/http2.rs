//! HTTP/2 on the same port as HTTP/1.

use std::time::Duration;

use reqwest::{Client, Response, StatusCode, Version};
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use wiremock::ResponseTemplate;

use crate::faults::{incident, rest};
use crate::stage::{API_KEY, APPROVE, Stage, limits, new_session, until};

fn client() -> Client {
    Client::builder().no_proxy().http2_prior_knowledge().timeout(Duration::from_secs(20)).build().unwrap()
}

async fn create(client: &Client, stage: &Stage) -> reqwest::Result<Response> {
    client.post(stage.url("/v1/sessions")).bearer_auth(API_KEY).json(&new_session("a-1")).send().await
}

#[tokio::test]
async fn both_versions_are_spoken_on_one_port() {
    let stage = Stage::set(APPROVE).await;
    let client = client();
    let answers = futures_util::future::join_all((0..50).map(|_| create(&client, &stage))).await;
    for answer in answers {
        let answer = answer.unwrap();
        assert_eq!((answer.version(), answer.status()), (Version::HTTP_2, StatusCode::CREATED));
    }
    stage.create("a-2").await;
    assert_eq!(stage.vendor.counts().sessions, 51);
}

/// Checks what a client sees of a request that fails like this: whether it is answered, and whether its body comes in full.
async fn check(fault: &str, answered: bool, whole: bool) {
    let stage = Stage::set(&incident("0s", &format!("scope = {{ endpoints = [\"cancel\"] }}\nhttp = {{ {fault} }}"))).await;
    let (client, session) = (client(), stage.create("a-1").await);
    let cancel = client.post(stage.url(&format!("/v1/sessions/{session}/cancel"))).bearer_auth(API_KEY);
    let seen = match cancel.send().await {
        Ok(answer) => (true, answer.bytes().await.is_ok()),
        Err(error) => {
            assert!(!error.is_timeout(), "{fault}: {error:?}");
            (false, false)
        }
    };
    assert_eq!(seen, (answered, whole), "{fault}");
    assert_eq!(stage.vendor.counts().faults, 1, "{fault}");
    assert_eq!(create(&client, &stage).await.unwrap().status(), StatusCode::CREATED, "{fault}");
}

#[tokio::test]
async fn faults_show_as_far_as_they_can() {
    check("fault = \"connection_reset_by_peer\"", false, false).await;
    check("fault = \"connection_reset_by_peer\", moment = \"in_headers\"", false, false).await;
    check("fault = \"connection_reset_by_peer\", moment = \"in_body\"", false, false).await;
    check("fault = \"empty_response\"", false, false).await;
    check("fault = \"random_data_then_close\"", false, false).await;
    check("fault = \"malformed_response_chunk\"", false, false).await;
    check("fault = \"truncated_body\"", true, false).await;
    check("fault = \"malformed_json\"", true, true).await;
    check("fault = \"chunked_dribble_delay\", chunks = 3, duration = \"20ms\"", true, true).await;
    check("fault = \"html\"", true, true).await;
}

#[tokio::test]
async fn a_dribbled_answer_is_whole() {
    let drip = "http = { fault = \"chunked_dribble_delay\", chunks = 10, duration = \"100ms\" }";
    let stage = Stage::set(&incident("0s", drip)).await;
    let session: Value = create(&client(), &stage).await.unwrap().json().await.unwrap();
    assert_eq!(session["status"], "collecting");
}

#[tokio::test]
async fn a_connection_that_opens_no_stream_is_closed() {
    let short = limits(|limits| limits.head_within = Duration::from_millis(40));
    let stage = Stage::set_with(APPROVE, |config| config.limits(short), ResponseTemplate::new(200)).await;
    let mut stream = TcpStream::connect(stage.vendor.address()).await.unwrap();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    rest(stream).await;
    assert_eq!(stage.vendor.counts().connections_timed_out, 1);
}

#[tokio::test]
async fn a_vendor_stops_though_a_stream_hangs() {
    let stage = Stage::set(&incident("0s", "http = { fault = \"hang\" }")).await;
    let asked = client().post(stage.url("/v1/sessions")).bearer_auth(API_KEY).json(&new_session("a-1")).send();
    let asked = tokio::spawn(asked);
    until(async || stage.vendor.counts().faults, |faults| *faults == 1).await;
    assert_eq!(stage.vendor.shutdown(Duration::from_secs(10)).await.cut_short, 0);
    assert!(asked.await.unwrap().is_err());
}
