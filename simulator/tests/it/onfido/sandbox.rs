//! The sandbox's conventions, and orders, which come before them.

use kycsim_simulator::testing::Reason;
use serde_json::{Value, json};

use super::scene::{IN_8_S, REPORTS, Scene, secs};
use crate::stage::text;

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
