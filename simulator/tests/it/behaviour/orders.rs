//! Orders: what is to happen to one applicant or session, before and after it exists.

use kycsim_simulator::testing::{Fault, Operation, PlaceOrderError, Probability, Reason};
use kycsim_simulator::{CommandError, Subject};
use reqwest::StatusCode;

use super::scene::{HOUR, IN_8_S, Scene, secs};

#[tokio::test]
async fn an_order_decides_when_and_what_and_others_go_as_the_scenario_says() {
    let scene = Scene::set(IN_8_S).await;
    scene.vendor.order_for("a-1").declined([Reason::SanctionsHit]).after(HOUR).await.unwrap();
    let (ordered, other) = (scene.walk("a-1").await, scene.walk("a-2").await);
    scene.advance(HOUR - secs(1)).await;
    assert_eq!(scene.session(&ordered).await["status"], "processing");
    assert_eq!(scene.session(&other).await["status"], "approved");
    scene.advance(secs(1)).await;
    assert_eq!(scene.session(&ordered).await["decision"]["reasons"], serde_json::json!(["sanctions_hit"]));
}

#[tokio::test]
async fn an_order_holds_for_what_is_under_examination_already() {
    let scene = Scene::set(IN_8_S).await;
    let (first, second) = (scene.walk("a-1").await, scene.walk("a-2").await);
    scene.advance(secs(4)).await;
    scene.vendor.order_for("a-1").declined([Reason::DocumentForged]).await.unwrap();
    scene.vendor.order_for_session(&second).review([Reason::LowConfidence]).await.unwrap();
    scene.advance(secs(4)).await;
    assert_eq!(scene.session(&first).await["status"], "declined");
    assert_eq!(scene.session(&second).await["status"], "review");
}

#[tokio::test]
async fn a_sessions_order_comes_before_its_applicants() {
    let scene = Scene::set(IN_8_S).await;
    scene.vendor.order_for("a-1").declined([Reason::DocumentForged]).await.unwrap();
    let (one, two) = (scene.create("a-1").await, scene.create("a-1").await);
    scene.vendor.order_for_session(&one).review([Reason::LowConfidence]).await.unwrap();
    for id in [&one, &two] {
        scene.customer().upload(id, "documents").await;
        scene.customer().upload(id, "selfies").await;
        assert_eq!(scene.submit(id).await.status(), StatusCode::ACCEPTED);
    }
    scene.advance(secs(8)).await;
    assert_eq!((&scene.session(&one).await["status"], &scene.session(&two).await["status"]), (&"review".into(), &"declined".into()));
    assert!(scene.vendor.withdraw_order(&Subject::Session(one)));
    assert_eq!(scene.vendor.orders().len(), 1);
}

#[tokio::test]
async fn an_order_changes_how_one_applicant_is_told() {
    let scene = Scene::set(&format!("{IN_8_S}callbacks.retry = [\"5s\"]")).await;
    scene.vendor.order_for("a-1").with_callbacks(|callbacks| callbacks.lost = Probability::new(1.0).unwrap()).await.unwrap();
    let twice = scene.vendor.order_for("a-2").with_callbacks(|callbacks| {
        callbacks.unsigned = Probability::new(1.0).unwrap();
        callbacks.delay = kycsim_simulator::testing::Distribution::constant(secs(60));
    });
    twice.await.unwrap();
    for number in 1..=3 {
        scene.walk(&format!("a-{number}")).await;
    }
    scene.advance(HOUR).await;
    let told: Vec<_> = scene.vendor.deliveries().into_iter().map(|delivery| (delivery.applicant.to_string(), delivery.defect)).collect();
    assert_eq!(told, [("a-3".to_owned(), None), ("a-2".to_owned(), Some("unsigned".into()))]);
    assert_eq!(scene.seconds(), [8.0, 68.0]);
}

#[tokio::test]
async fn the_next_so_many_calls_of_one_applicant_fail() {
    let scene = Scene::set(IN_8_S).await;
    scene.vendor.order_for("a-1").failing(Operation::Submit, Fault::Error { status: 503 }, 2).await.unwrap();
    let mut statuses = Vec::new();
    for reference in ["a-1", "a-2"] {
        let id = scene.create(reference).await;
        scene.customer().upload(&id, "documents").await;
        scene.customer().upload(&id, "selfies").await;
        for _ in 0..3 {
            statuses.push(scene.submit(&id).await.status().as_u16());
        }
    }
    assert_eq!(statuses, [503, 503, 202, 202, 409, 409]);
}

#[tokio::test]
async fn an_order_may_change_what_brings_the_decision_about() {
    let scene = Scene::set(&format!("{IN_8_S}polls = 2")).await;
    scene.vendor.order_for("a-1").by_polls().await.unwrap();
    scene.vendor.order_for("a-2").on_command().await.unwrap();
    scene.vendor.order_for("a-3").approved().after(secs(0)).await.unwrap();
    let mut ids = Vec::new();
    for number in 1..=3 {
        ids.push(scene.walk(&format!("a-{number}")).await);
    }
    scene.advance(HOUR).await;
    let mut statuses = Vec::new();
    for _ in 0..2 {
        for id in &ids {
            statuses.push(scene.session(id).await["status"].clone());
        }
    }
    assert_eq!(statuses, ["processing", "processing", "approved", "approved", "processing", "approved"]);
}

#[tokio::test]
async fn an_order_that_makes_no_sense_is_refused_with_the_remedy() {
    let scene = Scene::set(IN_8_S).await;
    let refused = scene.vendor.order_for("a-1").declined([]).await.unwrap_err();
    assert!(refused.to_string().contains("`declined` needs reasons"), "{refused}");
    let refused = scene.vendor.order_for("a-1").failing(Operation::Submit, Fault::Error { status: 200 }, 1).await.unwrap_err();
    assert!(refused.to_string().contains("200 is not an error status"), "{refused}");
    let refused = scene.vendor.order_for("a-1").with_callbacks(|callbacks| callbacks.disable_after = Some(0)).await.unwrap_err();
    assert!(refused.to_string().contains("`disable_after` must be at least 1"), "{refused}");
    let refused = scene.vendor.order_for_session("ses_1").approved().await.unwrap_err();
    assert!(matches!(refused, PlaceOrderError::Refused(CommandError::NoSuchSession { .. })), "{refused}");
    assert!(scene.vendor.orders().is_empty(), "nothing has changed");
}
