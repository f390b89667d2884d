use reqwest::Method;
use serde_json::json;

use crate::stage::{APPROVE, Stage};

#[tokio::test]
async fn it_says_that_it_lives() {
    let stage = Stage::set(APPROVE).await;
    assert_eq!(stage.ask("/health").await, json!({"status": "healthy", "version": env!("CARGO_PKG_VERSION"), "tenants": 1}));
}

#[tokio::test]
async fn what_all_tenants_did_is_there_for_prometheus() {
    let stage = Stage::set(APPROVE).await;
    stage.admin(Method::POST, "/tenants").json(&json!({"name": "other"})).send().await.unwrap();
    stage.create("a-1").await;
    let answer = stage.admin(Method::GET, "/metrics").send().await.unwrap();
    assert!(answer.headers()["content-type"].to_str().unwrap().starts_with("application/openmetrics-text"));
    let text = answer.text().await.unwrap();
    for line in [
        "# TYPE kycsim_vendor_sessions counter",
        "# HELP kycsim_vendor_sessions Sessions begun.",
        "kycsim_vendor_sessions_total{tenant=\"default\"} 1",
        "kycsim_vendor_sessions_total{tenant=\"other\"} 0",
        "# TYPE kycsim_vendor_callbacks_pending gauge",
        "kycsim_vendor_callbacks_pending{tenant=\"default\"} 0",
    ] {
        assert!(text.lines().any(|each| each == line), "{line}\nis not in\n{text}");
    }
    assert!(text.ends_with("# EOF\n"));
}
