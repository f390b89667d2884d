//! Requests, deliveries, verify, wait, receivers, secrets, exports.

use reqwest::Method;
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::desk::refusal;
use crate::receiver::signed_by;
use crate::stage::{APPROVE, SECRET, Stage, text};

fn sequences(page: &Value) -> Vec<u64> {
    page["entries"].as_array().unwrap().iter().map(|entry| entry["sequence"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn requests_are_read_with_a_cursor_and_filters() {
    let stage = Stage::set(APPROVE).await;
    let session = stage.create("a-1").await;
    stage.session(&session).await;
    stage.get("/v1/nothing/here").send().await.unwrap();

    let first = stage.ask("/requests?since=0&limit=2").await;
    assert_eq!((sequences(&first), &first["next"], &first["missed"]), (vec![1, 2], &json!(2), &json!(0)));
    assert_eq!(sequences(&stage.ask("/requests?since=2").await), [3]);
    let latest = stage.ask("/requests?limit=1").await;
    assert_eq!((sequences(&latest), &latest["next"]), (vec![3], &json!(3)), "without a cursor come the latest");
    assert_eq!(sequences(&stage.ask("/requests?operation=create_session").await), [1]);
    assert_eq!(sequences(&stage.ask(&format!("/requests?session={session}&method=get")).await), [2]);
    assert_eq!(sequences(&stage.ask("/requests?status=404").await), [3]);
    assert_eq!(sequences(&stage.ask("/requests/unmatched").await), [3]);
    let page = stage.ask("/requests?since=0").await;
    assert!(page.to_string().contains("[redacted]") && !page.to_string().contains(crate::stage::API_KEY));

    stage.order_done(Method::DELETE, "/requests").await;
    let after = stage.ask("/requests?since=0").await;
    assert_eq!((sequences(&after), &after["missed"]), (vec![], &json!(3)), "a reader learns what it missed");
    refusal(stage.admin(Method::GET, "/requests?sesion=x").send().await.unwrap(), 400, "invalid_query").await;
    assert_eq!(stage.vendor.counts().requests, 3, "the admin API's own requests count nowhere");
}

#[tokio::test]
async fn requests_and_deliveries_are_counted_and_found_by_pattern() {
    let stage = Stage::set(APPROVE).await;
    let session = stage.walk("a-1").await;
    stage.idle().await;
    let uploads = json!({"method": "POST", "urlPathPattern": "/v1/sessions/[^/]+/(documents|selfies)"});
    assert_eq!(stage.tell(Method::POST, "/requests/count", &uploads).await, json!({"count": 2, "dropped": 0}));
    let found = stage.tell(Method::POST, "/requests/find", &json!({"operation": "create_session"})).await;
    assert_eq!((&found["entries"][0]["session"], &found["more"]), (&json!(session), &json!(false)));
    let accepted = json!({"session": session, "result": "accepted"});
    assert_eq!(stage.tell(Method::POST, "/deliveries/count", &accepted).await["count"], 1);
    let found = stage.tell(Method::POST, "/deliveries/find", &json!({"bodyPatterns": [{"contains": session}]})).await;
    assert_eq!(found["entries"][0]["event"], "decided");
    assert_eq!(stage.ask("/deliveries?result=accepted&applicant=a-1").await["entries"].as_array().unwrap().len(), 1);
    assert_eq!(sequences(&stage.ask("/deliveries?result=refused").await), [0; 0]);
    let message = stage.refused(Method::POST, "/requests/count", &json!({"urlPattern": "("}), 422, "invalid_body").await;
    assert!(message.contains("urlPattern"), "{message}");
}

#[tokio::test]
async fn verify_says_what_came_nearest() {
    let stage = Stage::set(APPROVE).await;
    stage.create("a-1").await;
    let claim = |times: Value| json!({"pattern": {"request": {"method": "POST", "applicant": "a-1"}}, "times": times});
    let satisfied = stage.tell(Method::POST, "/verify", &claim(json!({"exactly": 1}))).await;
    assert_eq!((&satisfied["satisfied"], &satisfied["found"]), (&json!(true), &json!(1)));
    let claim = json!({"pattern": {"request": {"method": "POST", "applicant": "a-2"}}, "times": {"exactly": 1}});
    let missed = stage.tell(Method::POST, "/verify", &claim).await;
    assert_eq!(missed["satisfied"], false);
    assert!(text(&missed, "nearest").contains("<<<<<"));
    stage.refused(Method::POST, "/verify", &json!({"pattern": {"request": {}}, "times": {}}), 422, "invalid_body").await;
    stage.refused(Method::POST, "/verify", &json!({"pattern": {"reqest": {}}, "times": {"exactly": 1}}), 422, "invalid_body").await;
}

#[tokio::test]
async fn a_wait_ends_with_what_is_waited_for_or_says_what_is_missing() {
    let stage = Stage::set(APPROVE).await;
    let hope = json!({"pattern": {"delivery": {"applicant": "a-1", "result": "accepted"}}, "times": {"atLeast": 1}, "within": "20s"});
    let waiting = stage.tell(Method::POST, "/wait", &hope);
    let (waited, _) = tokio::join!(waiting, stage.walk("a-1"));
    assert_eq!(waited["satisfied"], true);
    let hope = json!({"pattern": {"delivery": {"applicant": "a-2"}}, "times": {"atLeast": 1}, "within": "50ms"});
    let waited = stage.tell(Method::POST, "/wait", &hope).await;
    assert_eq!((&waited["satisfied"], &waited["found"]), (&json!(false), &json!(0)));
    let mut endless = hope;
    endless["within"] = json!("61s");
    stage.refused(Method::POST, "/wait", &endless, 422, "too_long").await;
}

#[tokio::test]
async fn journal_and_ledger_are_exported_as_lines() {
    let stage = Stage::set(APPROVE).await;
    for number in 0..300 {
        stage.create(&format!("a-{number}")).await; // more than one piece
    }
    stage.walk("b-1").await;
    stage.idle().await;
    let lines = async |path: &str| {
        let answer = stage.admin(Method::GET, path).send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/x-ndjson");
        let text = answer.text().await.unwrap();
        assert!(text.ends_with('\n'));
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>()
    };
    let journal = lines("/requests.ndjson").await;
    let numbers: Vec<_> = journal.iter().map(|entry| entry["sequence"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=305).collect::<Vec<_>>(), "without gaps");
    assert_eq!(lines("/requests.ndjson?kind=delivery").await.len(), 1);
    let ledger = lines("/ledger.ndjson").await;
    assert_eq!(ledger.len(), stage.vendor.ledger().len());
    assert_eq!(ledger[0]["event"], "session_created");
}

#[tokio::test]
async fn a_disabled_receiver_is_listed_and_enabled() {
    let failing = ResponseTemplate::new(500);
    let disabling = format!("{APPROVE}callbacks = {{ retry = [], disable_after = 1 }}\n");
    let stage = Stage::set_with(&disabling, |config| config, failing).await;
    stage.walk("a-1").await;
    let receiver = stage.backend.address().to_string();
    crate::stage::until(
        async || stage.ask("/receivers").await["receivers"].clone(),
        |list| *list == json!([{"receiver": receiver, "failed_in_a_row": 1, "disabled": true}]),
    )
    .await;
    stage.order_done(Method::POST, &format!("/receivers/{receiver}/enable")).await;
    refusal(stage.admin(Method::POST, "/receivers/nobody:1/enable").send().await.unwrap(), 404, "not_disabled").await;
}

#[tokio::test]
async fn a_rotated_secret_signs_beside_the_one_before() {
    let stage = Stage::set(APPROVE).await;
    let rotated = stage.tell(Method::POST, "/webhook-secret/rotate", &json!({"overlap": "24h"})).await;
    stage.walk("a-1").await;
    stage.idle().await;
    let callback = &stage.received().await[0];
    assert_eq!(signed_by(callback, SECRET), [false, true]);
    assert_eq!(signed_by(callback, &text(&rotated, "webhook_secret")), [true, false]);
    stage.refused(Method::POST, "/webhook-secret/rotate", &json!({"secret": "hunter2"}), 422, "invalid_webhook_secret").await;
}
