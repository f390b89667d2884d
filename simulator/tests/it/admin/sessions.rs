use reqwest::Method;
use serde_json::json;

use super::desk::refusal;
use crate::stage::{APPROVE, Stage, text};

const BY_COMMAND: &str =
    "outcomes = { approved = 1 }\nprogress = \"command\"\ndecision_delay = { distribution = \"constant\", value = \"20ms\" }\n";

#[tokio::test]
async fn sessions_are_listed_by_status_and_applicant() {
    let stage = Stage::set(APPROVE).await;
    let first = stage.walk("a-1").await;
    stage.until_status(&first, "approved").await;
    let second = stage.create("a-2").await;
    let ids = async |query: &str| {
        let list = stage.ask(&format!("/sessions{query}")).await;
        list["sessions"].as_array().unwrap().iter().map(|session| text(session, "id")).collect::<Vec<_>>()
    };
    assert_eq!(ids("").await, [second.clone(), first.clone()], "the newest first");
    assert_eq!(ids("?limit=1").await, [second.clone()]);
    assert_eq!(ids("?status=approved").await, [first.clone()]);
    assert_eq!(ids("?applicant=a-2&status=collecting").await, [second.clone()]);
    assert_eq!(ids("?applicant=a-3").await, [""; 0]);
    assert_eq!(stage.ask(&format!("/sessions/{first}")).await["decision"]["outcome"], "approved");
    for query in ["?limit=0", "?limit=1001", "?status=happy", "?stauts=approved"] {
        refusal(stage.admin(Method::GET, &format!("/sessions{query}")).send().await.unwrap(), 400, "invalid_query").await;
    }
    refusal(stage.admin(Method::GET, "/sessions/ses_0").send().await.unwrap(), 404, "no_such_session").await;
}

#[tokio::test]
async fn a_session_is_decided_waited_for_and_told_of_again() {
    let stage = Stage::set(BY_COMMAND).await;
    let session = stage.walk("a-1").await;
    let path = |verb: &str| format!("/sessions/{session}/{verb}");
    let waiting = stage.admin(Method::POST, &path("wait")).json(&json!({"status": "declined", "within": "20s"})).send();
    let deciding = async {
        let verdict = json!({"outcome": "declined", "reasons": ["document_forged"]});
        assert_eq!(stage.tell(Method::POST, &path("decide"), &verdict).await["status"], "declined");
    };
    let (waited, ()) = tokio::join!(waiting, deciding);
    assert_eq!(super::desk::expect(waited.unwrap(), 200.try_into().unwrap()).await["decision"]["reasons"], json!(["document_forged"]));

    let one_delivery = json!({"pattern": {"delivery": {"session": session}}, "times": {"exactly": 1}});
    assert_eq!(stage.tell(Method::POST, "/wait", &one_delivery).await["satisfied"], true);
    stage.order_done(Method::POST, &path("redeliver")).await;
    let two = json!({"pattern": {"delivery": {"session": session}}, "times": {"exactly": 2}});
    assert_eq!(stage.tell(Method::POST, "/wait", &two).await["satisfied"], true);
    let received = stage.received().await;
    let event = |nth: usize| received[nth].body_json::<serde_json::Value>().unwrap()["id"].clone();
    assert_eq!(event(0), event(1), "the same event");
}

#[tokio::test]
async fn what_cannot_be_decided_or_waited_for_is_refused() {
    let stage = Stage::set(BY_COMMAND).await;
    let session = stage.create("a-1").await;
    let path = |verb: &str| format!("/sessions/{session}/{verb}");
    refusal(stage.admin(Method::POST, &path("decide")).send().await.unwrap(), 409, "wrong_status").await;
    stage.refused(Method::POST, &path("decide"), &json!({"reasons": ["sanctions_hit"]}), 422, "invalid_decision").await;
    refusal(stage.admin(Method::POST, &path("redeliver")).send().await.unwrap(), 409, "wrong_status").await;
    let message = stage.refused(Method::POST, &path("wait"), &json!({"status": "approved", "within": "50ms"}), 409, "not_reached").await;
    assert!(message.contains("is collecting after 50ms"), "{message}");
    stage.refused(Method::POST, &path("wait"), &json!({"status": "approved", "within": "2m"}), 422, "too_long").await;
    stage.refused(Method::POST, "/sessions/ses_0/wait", &json!({"status": "approved"}), 404, "no_such_session").await;
}

#[tokio::test]
async fn a_wait_ends_when_its_tenant_is_deleted() {
    let stage = Stage::set(APPROVE).await;
    stage.admin(Method::POST, "/tenants").json(&json!({"name": "short"})).send().await.unwrap();
    let hope = json!({"pattern": {"request": {}}, "times": {"atLeast": 1}, "within": "60s"});
    let waiting = stage.admin(Method::POST, "/tenants/short/wait").json(&hope).send();
    let deleting = async {
        for _ in 0..5 {
            stage.ask("/health").await; // most likely the wait has begun by then; if not, it must not begin
        }
        stage.order_done(Method::DELETE, "/tenants/short").await;
    };
    let (waited, ()) = tokio::join!(waiting, deleting);
    let status = waited.unwrap().status().as_u16();
    assert!([404, 409].contains(&status), "{status}");
}
