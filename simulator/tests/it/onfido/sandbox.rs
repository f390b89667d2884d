//! The sandbox's conventions, and orders, which come before them.

use kycsim_simulator::Dialect;
use kycsim_simulator::testing::{Reason, TestVendor};
use serde_json::{Value, json};

use super::scene::{IN_8_S, REPORTS, Scene, secs};
use crate::stage::{scenario, text};

/// Returns the results of a check that is asked for with `more`, by somebody of this name.
async fn results(scene: &Scene, name: (&str, &str), more: Value) -> Vec<[Value; 3]> {
    let applicant = scene
        .applicant_called(&format!("{}-{}-{more}", name.0, name.1).replace(|c: char| !c.is_ascii_alphanumeric(), "-"), name.0, name.1)
        .await;
    scene.upload(&applicant).await;
    let mut new = json!({"applicant_id": applicant, "report_names": REPORTS});
    new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let check = text(&scene.post("/checks", new).await, "id");
    scene.advance(secs(8)).await;
    scene.results(&check).await
}

fn outcomes(results: &[[Value; 3]]) -> Vec<&str> {
    results.iter().map(|[_, result, _]| result.as_str().unwrap()).collect()
}

#[tokio::test]
async fn names_and_requests_order_results() {
    let scene = Scene::set(IN_8_S).await;
    let considered = results(&scene, ("Mara", "cOnSiDeR"), json!({})).await;
    assert_eq!(outcomes(&considered), ["consider"; 3]);
    let one = results(&scene, ("Mara", "Lindqvist"), json!({"consider": ["watchlist_standard"]})).await;
    assert_eq!(outcomes(&one), ["clear", "clear", "consider"]);
    for sub_result in ["rejected", "suspected", "caution"] {
        let document = results(&scene, ("Mara", "Lindqvist"), json!({"sub_result": sub_result})).await;
        assert_eq!((outcomes(&document), &document[0][2]), (vec!["consider", "clear", "clear"], &json!(sub_result)));
    }
    let titled = results(&scene, ("Face Comparison - Face Match", "Consider"), json!({})).await;
    assert_eq!(outcomes(&titled), ["clear", "consider", "clear"]);
}

#[tokio::test]
async fn an_order_comes_before_a_convention() {
    let scene = Scene::set(IN_8_S).await;
    scene.vendor.order_for("a-1").approved().await.unwrap();
    scene.vendor.order_for("a-2").review([Reason::PepMatch]).await.unwrap();
    for (reference, expected) in [("a-1", ["clear", "clear", "clear"]), ("a-2", ["clear", "clear", "unidentified"])] {
        let applicant = scene.applicant_called(reference, "Mara", "Consider").await;
        scene.upload(&applicant).await;
        let check = scene.check(&applicant).await;
        scene.advance(secs(8)).await;
        assert_eq!(outcomes(&scene.results(&check).await), expected);
    }
}

#[tokio::test]
async fn a_live_token_leaves_the_sandbox() {
    let mut scene = Scene::set(IN_8_S).await;
    let live = TestVendor::builder().scenario(scenario(IN_8_S)).dialect(Dialect::Onfido).frozen().api_key("api_live.x");
    scene.vendor = live.start().await.unwrap();
    for environment in ["sandbox", "live"] {
        let url = format!("{}/{environment}", scene.backend.uri());
        scene.post("/webhooks", json!({"url": url, "environments": [environment], "events": ["check.completed"]})).await;
    }
    let considered = results(&scene, ("Mara", "Consider"), json!({"consider": ["document"], "sub_result": "rejected"})).await;
    assert_eq!(outcomes(&considered), ["clear"; 3]);
    assert_eq!(scene.get("/applicants").await["applicants"][0]["sandbox"], false);
    assert_eq!((scene.received("/live").await.len(), scene.received("/sandbox").await.len()), (1, 0));
}

#[tokio::test]
async fn tenants_do_not_see_each_other() {
    let scene = Scene::set(IN_8_S).await;
    let [applicant, _] = scene.walk("a-1").await;
    let run = scene.run(&applicant).await;
    let other = scene.vendor.tenant("other").unwrap();
    let ask = |path: &str| {
        let token = format!("Token token={}", other.api_key());
        scene.client.get(format!("{}/v3.6{path}", other.uri())).header("authorization", token).send()
    };
    assert_eq!(ask(&format!("/applicants/{applicant}")).await.unwrap().status(), 404);
    assert_eq!(ask(&format!("/workflow_runs/{}", text(&run, "id"))).await.unwrap().status(), 404);
    let runs: Value = ask("/workflow_runs").await.unwrap().json().await.unwrap();
    assert_eq!(runs, json!([]));
}
