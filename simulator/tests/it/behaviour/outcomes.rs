//! What is decided, when, by what, and how it changes.

use kycsim_simulator::testing::{Outcome, Reason};
use serde_json::{Value, json};

use super::scene::{HOUR, IN_8_S, Scene, body, secs};

/// Checks that one check found `result` for `reason`, that the others found nothing, and that the scores say so too.
#[track_caller]
fn check_found(decision: &Value, reason: Reason, result: &str) {
    let checks = decision["checks"].as_array().unwrap();
    assert_eq!(checks.len(), 3);
    for check in checks {
        let found = check["check"] == reason.check().as_str();
        let (result, reasons) = if found { (result, json!([reason.as_str()])) } else { ("clear", json!([])) };
        assert_eq!((&check["result"], &check["reasons"]), (&json!(result), &reasons), "{reason}");
        let confidence = check["confidence"].as_f64().unwrap();
        let band = match result {
            "clear" => 0.9..=0.999,
            "unsure" => 0.45..=0.75,
            _ => 0.01..=0.3,
        };
        assert!(band.contains(&confidence), "{reason}: {confidence}");
    }
}

#[tokio::test]
async fn every_reason_shows_in_its_check_with_a_score_and_is_told_so() {
    let scene = Scene::set(IN_8_S).await;
    let mut sessions = Vec::new();
    for (number, reason) in Reason::ALL.iter().copied().enumerate() {
        let order = |kind: &str| scene.vendor.order_for(format!("{kind}-{number}"));
        order("declined").declined([reason]).await.unwrap();
        order("review").review([reason]).await.unwrap();
        order("resubmission").resubmission([reason]).await.unwrap();
        for (kind, result) in [("declined", "rejected"), ("review", "unsure"), ("resubmission", "unsure")] {
            sessions.push((scene.walk(&format!("{kind}-{number}")).await, kind, reason, result));
        }
    }
    scene.advance(secs(8)).await;
    let received = scene.received().await;
    assert_eq!(received.len(), sessions.len());
    for (id, kind, reason, result) in sessions {
        let session = scene.session(&id).await;
        let status = if kind == "resubmission" { "resubmission_requested" } else { kind };
        assert_eq!((&session["status"], &session["decision"]["outcome"]), (&json!(status), &json!(status)));
        assert_eq!(session["decision"]["reasons"], json!([reason.as_str()]));
        check_found(&session["decision"], reason, result);
        assert!(received.iter().any(|callback| body(callback)["data"] == session), "{session}");
    }
}

#[tokio::test]
async fn an_ambiguous_result_has_the_scores_that_the_scenario_gives_it() {
    let outcomes = "outcomes = { review = { weight = 1, reasons = { low_confidence = 1 } } }\n\
        decision_delay = { distribution = \"constant\", value = \"8s\" }\nconfidence = { clear = [0.8, 0.8], unsure = [0.5, 0.5] }";
    let scene = Scene::set(outcomes).await;
    let id = scene.walk("a-1").await;
    scene.advance(secs(8)).await;
    let session = scene.session(&id).await;
    let scores: Vec<_> = session["decision"]["checks"].as_array().unwrap().iter().map(|check| check["confidence"].clone()).collect();
    assert_eq!((&session["status"], scores), (&json!("review"), vec![json!(0.5), json!(0.8), json!(0.8)]));
}

#[tokio::test]
async fn a_sanctions_hit_days_after_an_approval_is_told_as_a_second_event() {
    let revision = "revision = [{ from = \"approved\", probability = 1, after = { distribution = \"constant\", value = \"72h\" }, \
        to = \"declined\", reasons = { sanctions_hit = 1 } }]";
    let scene = Scene::set(&format!("{IN_8_S}{revision}")).await;
    let id = scene.walk("a-1").await;
    scene.advance(secs(8)).await;
    let approved = scene.session(&id).await;
    assert_eq!(approved["status"], "approved");
    scene.advance(71 * HOUR).await;
    assert_eq!(scene.session(&id).await, approved);
    scene.advance(HOUR).await;
    let declined = scene.session(&id).await;
    assert_eq!((&declined["status"], &declined["decision"]["reasons"]), (&json!("declined"), &json!(["sanctions_hit"])));
    assert_eq!((&approved["version"], &declined["version"]), (&json!(3), &json!(4)));
    assert_eq!(declined["attempt"], 1, "it is about the same attempt");
    let [first, second] = &scene.received().await[..] else { panic!("two callbacks") };
    assert_eq!((&body(first)["data"], &body(second)["data"]), (&approved, &declined));
    assert_ne!(first.headers["webhook-id"], second.headers["webhook-id"]);
}

#[tokio::test]
async fn a_session_that_nobody_submits_expires_and_so_does_one_that_nobody_submits_again() {
    let scene = Scene::set(&format!("{IN_8_S}session_lifetime = \"30m\"")).await;
    let created = scene.create("a-1").await;
    scene.vendor.order_for("a-2").resubmission([Reason::ImageGlare]).await.unwrap();
    let submitted = scene.walk("a-2").await;
    scene.advance(HOUR / 2).await;
    assert_eq!(scene.session(&created).await["status"], "expired");
    assert_eq!(scene.session(&submitted).await["status"], "resubmission_requested");
    scene.advance(secs(8)).await;
    assert_eq!(scene.session(&submitted).await["status"], "expired");
    let told: Vec<_> = scene.received().await.iter().map(|callback| body(callback)["type"].clone()).collect();
    assert_eq!(told, ["session.decided", "session.expired", "session.expired"]);
}

#[tokio::test]
async fn a_decision_waits_for_a_command_and_may_be_changed_by_another() {
    let scene = Scene::set(&format!("{IN_8_S}progress = \"command\"")).await;
    let id = scene.walk("a-1").await;
    scene.advance(1000 * HOUR).await;
    assert_eq!(scene.session(&id).await["status"], "processing");
    let decided = scene.vendor.decide(&id, None).unwrap();
    assert_eq!(decided.status.as_str(), "approved");
    let changed = scene.vendor.decide(&id, Some((Outcome::Declined, vec![Reason::PepMatch]))).unwrap();
    assert_eq!(changed.decision.unwrap().reasons, [Reason::PepMatch]);
    let other = scene.walk("a-2").await;
    scene.vendor.decide(&other, Some((Outcome::Review, vec![Reason::AddressMismatch]))).unwrap();
    scene.advance(secs(0)).await;
    let told: Vec<_> = scene.received().await.iter().map(|callback| body(callback)["data"]["status"].clone()).collect();
    assert_eq!(told, ["approved", "declined", "review"]);
    let refused = scene.vendor.decide(&scene.create("a-3").await, None).unwrap_err();
    assert!(refused.to_string().contains("only what was submitted can be decided"), "{refused}");
}

#[tokio::test]
async fn the_read_that_the_scenario_says_shows_the_decision() {
    let scene = Scene::set(&format!("{IN_8_S}progress = \"polls\"\npolls = 3")).await;
    let id = scene.walk("a-1").await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(scene.session(&id).await["status"].clone());
    }
    assert_eq!(statuses, ["processing", "processing", "approved", "approved"]);
    scene.advance(secs(0)).await;
    assert_eq!(scene.received().await.len(), 1, "and it is told once");
}

#[tokio::test]
async fn a_decision_may_be_made_at_once() {
    let scene = Scene::set(&IN_8_S.replace("8s", "0s")).await;
    let id = scene.walk("a-1").await;
    scene.advance(secs(0)).await;
    assert_eq!(scene.session(&id).await["status"], "approved");
    assert_eq!(scene.seconds(), [0.0]);
}
