//! Who may steer, as raw bytes over a socket: nothing here is smoothed by a client.

use std::net::SocketAddr;

use kycsim_simulator::AdminToken;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::stage::{APPROVE, scenario, start};

async fn say(address: SocketAddr, head: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("{head}\r\nconnection: close\r\n\r\n{body}").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or(answer)
}

#[track_caller]
fn check(answer: &str, expected: &str, code: &str) {
    assert_eq!(status(answer), expected, "{answer}");
    assert!(code.is_empty() || answer.contains(&format!("\"code\":\"{code}\"")), "{answer}");
    assert!(!answer.to_ascii_lowercase().contains("access-control-"), "no other origin is ever let in: {answer}");
}

#[tokio::test]
async fn another_host_is_turned_away() {
    let vendor = start(scenario(APPROVE), |config| config).await;
    let at = vendor.address();
    check(&say(at, &format!("GET /__admin/health HTTP/1.1\r\nhost: {at}"), "").await, "200", "");
    check(&say(at, "GET /__admin/health HTTP/1.1\r\nhost: localhost", "").await, "200", "");
    check(&say(at, "GET /__admin/health HTTP/1.1\r\nhost: rebound.example", "").await, "403", "foreign_host");
    check(&say(at, "GET /__admin/ HTTP/1.1\r\nhost: rebound.example", "").await, "403", "foreign_host");
    check(&say(at, "POST /__admin/reset HTTP/1.1\r\nhost: rebound.example:80\r\ncontent-length: 0", "").await, "403", "foreign_host");
    // An absolute address takes the place of `Host`, and is looked at in the same way.
    check(&say(at, "GET http://rebound.example/__admin/health HTTP/1.1\r\nhost: rebound.example", "").await, "403", "foreign_host");
}

#[tokio::test]
async fn another_origin_is_turned_away() {
    let vendor = start(scenario(APPROVE), |config| config).await;
    let at = vendor.address();
    let post = |more: &str| format!("POST /__admin/reset HTTP/1.1\r\nhost: {at}\r\ncontent-length: 0\r\n{more}");
    check(&say(at, &post(&format!("origin: http://{at}")), "").await, "204", "");
    check(&say(at, &post("origin: http://evil.example"), "").await, "403", "foreign_origin");
    check(&say(at, &post("origin: null"), "").await, "403", "foreign_origin");
    check(&say(at, &post("sec-fetch-site: cross-site\r\nsec-fetch-mode: no-cors"), "").await, "403", "foreign_origin");
    let preflight =
        format!("OPTIONS /__admin/reset HTTP/1.1\r\nhost: {at}\r\norigin: http://evil.example\r\naccess-control-request-method: PUT");
    check(&say(at, &preflight, "").await, "403", "foreign_origin");
}

#[tokio::test]
async fn a_body_is_json_and_says_so() {
    let vendor = start(scenario(APPROVE), |config| config).await;
    let at = vendor.address();
    let put = |kind: &str, body: &str| {
        let length = body.len();
        (format!("PUT /__admin/clock HTTP/1.1\r\nhost: {at}\r\ncontent-type: {kind}\r\ncontent-length: {length}"), body.to_owned())
    };
    let send = async |(head, body): (String, String)| say(at, &head, &body).await;
    check(&send(put("application/json; charset=utf-8", r#"{"mode":"frozen"}"#)).await, "200", "");
    for simple in ["text/plain", "multipart/form-data", "application/x-www-form-urlencoded"] {
        let answer = send(put(simple, r#"{"mode":"real"}"#)).await;
        assert!(["415", "403"].contains(&status(&answer)), "{answer}");
    }
    assert_eq!(vendor.default_tenant().clock().mode(), kycsim_simulator::ClockMode::Frozen, "a simple request from a page does nothing");
    check(&send(put("application/json", "{")).await, "400", "malformed_json");
    check(&send(put("application/json", r#"{"mode":"real"} x"#)).await, "400", "malformed_json");
    check(&send(put("application/json", "")).await, "400", "malformed_json");
    check(&send(put("application/json", r#"{"mode":"real","mood":1}"#)).await, "422", "invalid_body");
    check(&send(put("application/json", &format!("\"{}\"", "x".repeat(256 * 1024)))).await, "413", "body_too_large");
    let chunked = format!("PUT /__admin/clock HTTP/1.1\r\nhost: {at}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked");
    let body = format!("{:x}\r\n{}\r\n0\r\n\r\n", 300_000, "x".repeat(300_000));
    check(&say(at, &chunked, &body).await, "413", "body_too_large");
}

#[tokio::test]
async fn a_form_must_come_from_the_control_room() {
    let vendor = start(scenario(APPROVE), |config| config).await;
    let at = vendor.address();
    let body = "tenant=default&act=freeze";
    let post = |more: &str| {
        format!(
            "POST /__admin/room HTTP/1.1\r\nhost: {at}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}{more}",
            body.len()
        )
    };
    check(&say(at, &post(""), body).await, "403", "foreign_origin");
    check(&say(at, &post("\r\norigin: http://evil.example"), body).await, "403", "foreign_origin");
    check(&say(at, &post(&format!("\r\norigin: http://{at}")), body).await, "303", "");
}

#[tokio::test]
async fn with_a_token_nobody_steers_without_it() {
    const TOKEN: &str = "a-token-of-these-tests";
    let vendor = start(scenario(APPROVE), |config| config.admin_token(AdminToken::new(TOKEN).unwrap())).await;
    let at = vendor.address();
    let get = |more: &str| format!("GET /__admin/health HTTP/1.1\r\nhost: vendor.example{more}");
    let answer = say(at, &get(""), "").await;
    check(&answer, "401", "missing_token");
    assert!(answer.to_ascii_lowercase().contains("www-authenticate: bearer"), "{answer}");
    check(&say(at, &get("\r\nauthorization: Bearer a-token-of-these-testz"), "").await, "401", "wrong_token");
    check(&say(at, &get(&format!("\r\nauthorization: Bearer {TOKEN}")), "").await, "200", "");
    let foreign = get(&format!("\r\nauthorization: Bearer {TOKEN}\r\norigin: http://evil.example"));
    check(&say(at, &foreign, "").await, "403", "foreign_origin");
}

#[tokio::test]
async fn without_an_admin_api_its_addresses_are_like_any_other() {
    let vendor = start(scenario(APPROVE), kycsim_simulator::VendorConfig::without_admin).await;
    let answer = say(vendor.address(), "GET /__admin/health HTTP/1.1\r\nhost: localhost", "").await;
    check(&answer, "404", "");
    assert_eq!(vendor.counts().requests, 1, "it is the vendor that answers");
}

#[tokio::test]
async fn what_is_not_there_is_said_in_the_same_form() {
    let vendor = start(scenario(APPROVE), |config| config).await;
    let at = vendor.address();
    check(&say(at, "GET /__admin/nothing HTTP/1.1\r\nhost: localhost", "").await, "404", "no_such_resource");
    check(&say(at, "PATCH /__admin/clock HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0", "").await, "405", "method_not_allowed");
    check(&say(at, "GET /__admin/sessions/%FF HTTP/1.1\r\nhost: localhost", "").await, "400", "invalid_path");
    check(&say(at, "GET /__admin HTTP/1.1\r\nhost: localhost", "").await, "308", "");
    check(&say(at, "GET /__admin/docs HTTP/1.1\r\nhost: localhost", "").await, "307", "");
    assert_eq!(vendor.counts().requests, 0, "none of this was the vendor's");
}
