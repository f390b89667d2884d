use reqwest::Method;
use serde_json::json;

use super::desk::refusal;
use crate::stage::{APPROVE, Stage};

#[tokio::test]
async fn an_order_decides_what_happens_and_is_taken_back() {
    let stage = Stage::set(APPROVE).await;
    let order = json!({"outcome": "declined", "reasons": ["sanctions_hit"], "decision_delay": "0s"});
    let placed = stage.tell(Method::PUT, "/orders/applicants/a%2E1", &order).await;
    assert_eq!((&placed["applicant"], &placed["order"]["outcome"]), (&json!("a.1"), &json!("declined")));
    assert_eq!(stage.ask("/orders/applicants/a%2E1").await, placed);
    let session = stage.walk("a.1").await;
    stage.until_status(&session, "declined").await;

    stage
        .tell(Method::PUT, &format!("/orders/sessions/{session}"), &json!({"responses": [{"http": {"fault": "error", "status": 503}}]}))
        .await;
    assert_eq!(stage.get(&format!("/v1/sessions/{session}")).send().await.unwrap().status(), 503);
    let list = stage.ask("/orders?limit=1").await;
    assert_eq!((&list["total"], &list["orders"][0]["applicant"]), (&json!(2), &json!("a.1")));

    stage.order_done(Method::DELETE, &format!("/orders/sessions/{session}")).await;
    assert_eq!(stage.session(&session).await["status"], "declined");
    stage.order_done(Method::DELETE, "/orders/applicants/a%2E1").await;
    refusal(stage.admin(Method::DELETE, "/orders/applicants/a%2E1").send().await.unwrap(), 404, "no_such_order").await;
    refusal(stage.admin(Method::GET, "/orders/sessions/ses_0").send().await.unwrap(), 404, "no_such_order").await;
}

#[tokio::test]
async fn an_order_that_makes_no_sense_is_refused() {
    let stage = Stage::set(APPROVE).await;
    let message = stage.refused(Method::PUT, "/orders/applicants/a-1", &json!({"outcome": "declined"}), 422, "invalid_body").await;
    assert!(message.contains("needs reasons"), "{message}");
    let message = stage.refused(Method::PUT, "/orders/applicants/a-1", &json!({"outcom": "approved"}), 422, "invalid_body").await;
    assert!(message.contains("unknown field `outcom`"), "{message}");
    stage.refused(Method::PUT, "/orders/sessions/ses_0", &json!({}), 404, "no_such_session").await;
}
