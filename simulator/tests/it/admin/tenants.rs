use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::desk::{expect, refusal};
use crate::customer::Customer;
use crate::stage::{APPROVE, Stage, text};

async fn create(stage: &Stage, body: &Value) -> Value {
    let answer = stage.admin(Method::POST, "/tenants").json(body).send().await.unwrap();
    assert_eq!(answer.headers()["location"], format!("/__admin/tenants/{}", text(body, "name")));
    expect(answer, StatusCode::CREATED).await
}

#[tokio::test]
async fn a_tenant_is_made_used_looked_at_and_deleted() {
    let stage = Stage::set(APPROVE).await;
    let made = create(&stage, &json!({"name": "mine", "clock": "frozen", "seed": 8, "callback_url": stage.backend.uri()})).await;
    assert_eq!((&made["name"], &made["scenario"], &made["clock"]["mode"]), (&json!("mine"), &json!("test"), &json!("frozen")));
    assert!(text(&made, "webhook_secret").starts_with("whsec_"));
    let key = text(&made, "api_key");
    let session = Customer { client: &stage.client, address: stage.vendor.address(), key: &key }.walk("a-1").await;

    let shown = stage.ask("/tenants/mine").await;
    assert_eq!((&shown["counts"]["sessions"], &shown["quiet"]), (&json!(1), &json!(false)));
    assert!(!shown.to_string().contains(&key), "secrets are shown once");
    stage.tell(Method::POST, "/tenants/mine/clock/advance", &json!({"by": "1s"})).await;
    assert_eq!(stage.ask(&format!("/tenants/mine/sessions/{session}")).await["status"], "approved");
    assert_eq!(stage.ask("/sessions").await["sessions"], json!([]), "the default tenant has none");
    let list = stage.ask("/tenants").await;
    let names: Vec<_> = list["tenants"].as_array().unwrap().iter().map(|tenant| text(tenant, "name")).collect();
    assert_eq!(names, ["default", "mine"]);

    stage.order_done(Method::DELETE, "/tenants/mine").await;
    for path in ["/tenants/mine", "/tenants/mine/sessions"] {
        refusal(stage.admin(Method::GET, path).send().await.unwrap(), 404, "no_such_tenant").await;
    }
    refusal(stage.admin(Method::DELETE, "/tenants/default").send().await.unwrap(), 409, "default_tenant").await;
}

#[tokio::test]
async fn a_scenario_comes_by_name_as_toml_or_as_json() {
    let stage = Stage::set(APPROVE).await;
    assert_eq!(create(&stage, &json!({"name": "by-name", "scenario": "outage"})).await["scenario"], "outage");
    let scenario = crate::stage::scenario(APPROVE);
    assert_eq!(create(&stage, &json!({"name": "toml", "scenario": scenario.to_toml().unwrap()})).await["scenario"], "test");
    assert_eq!(create(&stage, &json!({"name": "json", "scenario": *scenario})).await["scenario"], "test");
}

#[tokio::test]
async fn what_cannot_be_a_tenant_is_refused_with_a_reason() {
    let stage = Stage::set(APPROVE).await;
    let refused = async |body: Value, status, code| stage.refused(Method::POST, "/tenants", &body, status, code).await;
    create(&stage, &json!({"name": "one", "api_key": "key_one"})).await;
    refused(json!({"name": "a b"}), 422, "invalid_name").await;
    refused(json!({"name": "one"}), 409, "name_taken").await;
    refused(json!({"name": "two", "api_key": "key_one"}), 409, "api_key_taken").await;
    refused(json!({"name": "two", "api_key": "a b"}), 422, "invalid_api_key").await;
    refused(json!({"name": "two", "webhook_secret": "hunter2"}), 422, "invalid_webhook_secret").await;
    refused(json!({"name": "two", "callback_url": "http://example.com/"}), 422, "invalid_callback_url").await;
    assert!(refused(json!({"name": "two", "dialect": "klingon"}), 422, "unknown_dialect").await.contains("generic"));
    assert!(refused(json!({"name": "two", "scenario": "no-such"}), 422, "no_such_scenario").await.contains("baseline"));
    let message = refused(json!({"name": "two", "scenario": "name = \"x\"\nsumary = 1"}), 422, "invalid_scenario").await;
    assert!(message.contains("scenario:2:1") && message.contains("did you mean `summary`?"), "{message}");
    let message = refused(json!({"name": "two", "scenario": {"name": "x", "seed": "y"}}), 422, "invalid_scenario").await;
    assert!(message.contains("scenario.seed"), "{message}");
    let message = refused(json!({"name": "two", "seeed": 1}), 422, "invalid_body").await;
    assert!(message.contains("unknown field `seeed`"), "{message}");
    let message = refused(json!({"scenario": "outage"}), 422, "invalid_body").await;
    assert!(message.contains("missing field `name`"), "{message}");
}

#[tokio::test]
async fn a_reset_takes_back_what_a_test_has_done() {
    let stage = Stage::set(APPROVE).await;
    let session = stage.create("a-1").await;
    stage.tell(Method::PUT, "/orders/applicants/a-1", &json!({"outcome": "approved"})).await;
    let incident = json!({"incident": {"name": "down", "lasts": "1h", "http": {"fault": "error", "status": 503}}});
    expect(stage.admin(Method::POST, "/incidents").json(&incident).send().await.unwrap(), StatusCode::CREATED).await;
    assert_eq!(stage.get(&format!("/v1/sessions/{session}")).send().await.unwrap().status(), 503);

    stage.order_done(Method::POST, "/reset").await;
    assert_eq!(stage.session(&session).await["status"], "collecting");
    assert_eq!(stage.ask("/orders").await["total"], 0);
    let page = stage.ask("/requests?since=0").await;
    assert_eq!((page["entries"].as_array().unwrap().len(), &page["missed"]), (1, &json!(2)));
}
