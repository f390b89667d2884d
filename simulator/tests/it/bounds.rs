//! What happens at each bound on what clients may do.

use std::time::Duration;

use kycsim_simulator::Limits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use wiremock::ResponseTemplate;

use crate::faults::{create_request, incident, rest};
use crate::stage::{APPROVE, Stage, limits, until};

async fn bounded(change: impl FnOnce(&mut Limits)) -> Stage {
    let limits = limits(change);
    Stage::set_with(APPROVE, |config| config.limits(limits), ResponseTemplate::new(200)).await
}

async fn connect(stage: &Stage) -> TcpStream {
    TcpStream::connect(stage.vendor.address()).await.unwrap()
}

/// Sends a byte every few milliseconds until the connection is cut.
async fn dribble(stream: TcpStream, bytes: &[u8]) {
    let (mut reads, mut writes) = stream.into_split();
    let cut = async {
        let _ = reads.read_to_end(&mut Vec::new()).await; // closed or reset: both are a cut
    };
    tokio::select! {
        () = cut => {}
        () = async {
            for byte in bytes.iter().cycle() {
                if writes.write_all(&[*byte]).await.is_err() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        } => {}
        () = tokio::time::sleep(Duration::from_secs(20)) => panic!("it was not cut"),
    }
}

#[tokio::test]
async fn a_slow_head_is_cut_and_others_are_served_meanwhile() {
    let stage = bounded(|limits| limits.head_within = Duration::from_millis(80)).await;
    let slow = async {
        let mut stream = connect(&stage).await;
        stream.write_all(b"GET / HTTP/1.1\r\nslow: ").await.unwrap();
        dribble(stream, b"x").await;
    };
    let others = async {
        for number in 0..20 {
            stage.create_owned(number).await;
        }
    };
    tokio::join!(slow, others);
    until(async || stage.vendor.counts().connections_timed_out, |cut| *cut >= 1).await;
    assert_eq!(stage.vendor.counts().sessions, 20);
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    let stage = bounded(|limits| limits.head_within = Duration::from_millis(40)).await;
    assert_eq!(rest(connect(&stage).await).await, (vec![], None), "before its first request");
    let mut used = connect(&stage).await;
    used.write_all(&create_request("a-1")).await.unwrap();
    let (answer, end) = rest(used).await;
    assert!(answer.starts_with(b"HTTP/1.1 201") && end.is_none(), "and after it");
    assert_eq!(stage.vendor.counts().connections_timed_out, 2);
}

#[tokio::test]
async fn a_request_under_way_is_not_idle() {
    let latency = "latency = { distribution = \"constant\", value = \"300ms\" }";
    let short = limits(|limits| limits.head_within = Duration::from_millis(20));
    let stage = Stage::set_with(&format!("{APPROVE}{latency}"), |config| config.limits(short), ResponseTemplate::new(200)).await;
    stage.create("a-1").await;
    let drip = incident("0s", "http = { fault = \"chunked_dribble_delay\", chunks = 2, duration = \"300ms\" }");
    let stage = Stage::set_with(&drip, |config| config.limits(short), ResponseTemplate::new(200)).await;
    stage.create("a-1").await;
}

#[tokio::test]
async fn a_slow_body_is_cut() {
    let stage = bounded(|limits| limits.body_within = Duration::from_millis(50)).await;
    let request = create_request("a-1");
    let mut stream = connect(&stage).await;
    stream.write_all(&request[..request.len() - 5]).await.unwrap();
    assert_eq!(rest(stream).await.0, b"");
    assert_eq!((stage.vendor.counts().bodies_cut, stage.vendor.counts().sessions), (1, 0));
}

#[tokio::test]
async fn a_head_that_is_too_long_or_has_too_many_headers_is_refused() {
    let stage = bounded(|limits| (limits.headers, limits.head_bytes) = (10, 2000)).await;
    for (headers, refused) in [("a: b\r\n".repeat(9), 0), ("a: b\r\n".repeat(10), 1), (format!("a: {}\r\n", "b".repeat(2000)), 2)] {
        let mut stream = connect(&stage).await;
        stream.write_all(format!("GET / HTTP/1.1\r\nconnection: close\r\n{headers}\r\n").as_bytes()).await.unwrap();
        let (answer, _) = rest(stream).await;
        let status = if refused == 0 { "404" } else { "431" };
        assert!(answer.starts_with(format!("HTTP/1.1 {status} ").as_bytes()), "{}", answer.escape_ascii());
        until(async || stage.vendor.counts().heads_too_large, |count| *count == refused).await;
    }
}

#[tokio::test]
async fn bodies_that_are_too_long_are_counted() {
    let stage = bounded(|_| {}).await;
    let long = stage.post("/v1/sessions").header("content-type", "application/json").body(vec![b' '; 65 * 1024]);
    assert_eq!(long.send().await.unwrap().status().as_u16(), 413);
    assert_eq!(stage.vendor.counts().bodies_too_large, 1);
}
