//! Applicant, uploads, check, reports.

use std::time::Duration;

use kycsim_simulator::testing::{Fault, Operation, Outcome, Reason};
use reqwest::Method;
use serde_json::{Value, json};

use super::scene::{IN_8_S, REPORTS, Scene, secs};
use crate::stage::text;

#[tokio::test]
async fn an_approval_is_a_check_with_clear_reports() {
    let scene = Scene::set(IN_8_S).await;
    let [applicant, check] = scene.walk("a-1").await;
    let before = scene.get(&format!("/checks/{check}")).await;
    assert_eq!((&before["status"], &before["result"], &before["version"]), (&json!("in_progress"), &Value::Null, &json!("3.6")));
    for report in scene.get(&format!("/reports?check_id={check}")).await["reports"].as_array().unwrap() {
        assert_eq!((&report["status"], &report["result"]), (&json!("awaiting_data"), &Value::Null), "never in_progress");
    }
    scene.advance(secs(8)).await;
    let after = scene.get(&format!("/checks/{check}")).await;
    assert_eq!((&after["status"], &after["result"]), (&json!("complete"), &json!("clear")));
    let sub_results = [json!("clear"), Value::Null, Value::Null];
    let expected: Vec<_> = REPORTS.iter().zip(sub_results).map(|(name, sub)| [json!(name), json!("clear"), sub]).collect();
    assert_eq!(scene.results(&check).await, expected);
    let session = scene.vendor.session_of("a-1").unwrap();
    assert_eq!((session.id.as_str(), session.status.as_str()), (applicant.as_str(), "approved"), "an applicant is a session");
}

#[tokio::test]
async fn every_reason_of_every_outcome_makes_the_check_consider() {
    let scene = Scene::set(IN_8_S).await;
    let mut checks = Vec::new();
    for reason in Reason::ALL.iter().copied() {
        for (outcome, sub_result) in [(Outcome::Declined, "suspected"), (Outcome::Review, "caution"), (Outcome::Resubmission, "rejected")] {
            let name = format!("{outcome}-{reason}");
            let order = scene.vendor.order_for(name.clone());
            match outcome {
                Outcome::Declined => order.declined([reason]).await.unwrap(),
                Outcome::Review => order.review([reason]).await.unwrap(),
                Outcome::Resubmission | Outcome::Approved => order.resubmission([reason]).await.unwrap(),
            }
            checks.push((scene.walk(&name).await, reason, sub_result));
        }
    }
    scene.advance(secs(8)).await;
    for ([_, check], reason, sub_result) in checks {
        assert_eq!(scene.get(&format!("/checks/{check}")).await["result"], "consider");
        let results = scene.results(&check).await;
        let wrong: Vec<_> = results.iter().filter(|[_, result, _]| result != "clear").collect();
        assert_eq!(wrong.len(), 1, "{reason}: {results:?}");
        if wrong[0][0] == "document" {
            assert_eq!(wrong[0][2], sub_result, "{reason}");
        }
    }
}

#[tokio::test]
async fn a_resubmission_is_the_next_attempt_of_the_same_session() {
    let scene = Scene::set(IN_8_S).await;
    scene.vendor.order_for("a-1").resubmission([Reason::ImageBlurred]).await.unwrap();
    let [applicant, first] = scene.walk("a-1").await;
    scene.advance(secs(8)).await;
    scene.vendor.order_for("a-1").approved().await.unwrap();
    scene.upload(&applicant).await;
    let second = scene.check(&applicant).await;
    assert_eq!(scene.get(&format!("/checks/{first}")).await["result"], "consider", "while the next is under way");
    scene.advance(secs(8)).await;
    assert_eq!(scene.get(&format!("/checks/{second}")).await["result"], "clear");
    assert_eq!(scene.get(&format!("/checks/{first}")).await["result"], "consider");
    let sessions = scene.vendor.sessions();
    assert_eq!((sessions.len(), sessions[0].attempt), (1, 2));
}

#[tokio::test]
async fn the_same_post_twice_makes_two_checks() {
    let scene = Scene::set(IN_8_S).await;
    let [applicant, first] = scene.walk("a-1").await;
    let second = scene.check(&applicant).await;
    assert_ne!(first, second);
    assert_eq!(scene.vendor.sessions().len(), 2, "the other one has a session of its own");
    scene.advance(secs(8)).await;
    let third = scene.check(&applicant).await;
    scene.advance(secs(8)).await;
    let listed = scene.get(&format!("/checks?applicant_id={applicant}")).await;
    let listed: Vec<_> = listed["checks"].as_array().unwrap().iter().map(|check| (text(check, "id"), text(check, "result"))).collect();
    assert_eq!(listed, [third, second, first].map(|id| (id, "clear".to_owned())));
}

#[tokio::test]
async fn a_check_that_comes_long_after_the_uploads_is_a_check_like_any_other() {
    let scene = Scene::set(&format!("{IN_8_S}session_lifetime = \"30m\"")).await;
    let applicant = scene.applicant("a-1").await;
    scene.upload(&applicant).await;
    scene.advance(secs(3600)).await;
    let check = scene.check(&applicant).await;
    scene.advance(secs(8)).await;
    assert_eq!(scene.get(&format!("/checks/{check}")).await["result"], "clear");
}

#[tokio::test]
async fn a_late_sanctions_hit_changes_the_check() {
    let revision = "revision = [{ from = \"approved\", probability = 1, after = { distribution = \"constant\", value = \"72h\" }, \
        to = \"declined\", reasons = { sanctions_hit = 1 } }]";
    let scene = Scene::set(&format!("{IN_8_S}{revision}")).await;
    let [applicant, check] = scene.walk("a-1").await;
    let monitor = scene.post("/watchlist_monitors", json!({"applicant_id": applicant, "report_name": "watchlist_aml"})).await;
    let matches = format!("/watchlist_monitors/{}/matches", text(&monitor, "id"));
    scene.advance(secs(8)).await;
    assert_eq!(scene.get(&format!("/checks/{check}")).await["result"], "clear");
    assert_eq!(scene.get(&matches).await, json!({"matches": []}));
    scene.advance(secs(72 * 3600)).await;
    assert_eq!(scene.get(&format!("/checks/{check}")).await["result"], "consider");
    assert_eq!(scene.get(&matches).await["matches"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_read_that_the_scenario_says_shows_the_decision() {
    let scene = Scene::set(&format!("{IN_8_S}progress = \"polls\"\npolls = 3")).await;
    let [_, check] = scene.walk("a-1").await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(scene.get(&format!("/checks/{check}")).await["status"].clone());
    }
    assert_eq!(statuses, ["in_progress", "in_progress", "complete"]);
}

#[tokio::test]
async fn an_applicant_is_deleted_when_no_check_runs_and_can_be_restored() {
    let scene = Scene::set(IN_8_S).await;
    let [applicant, _] = scene.walk("a-1").await;
    let path = format!("/applicants/{applicant}");
    let (status, refused) = scene.said(Method::DELETE, &path, &Value::Null).await;
    assert_eq!((status, &refused["error"]["type"]), (422, &json!("deletion_incomplete_checks")));
    scene.advance(secs(8)).await;
    assert_eq!(scene.said(Method::DELETE, &path, &Value::Null).await.0, 204);
    assert!(scene.get(&path).await["delete_at"].is_string());
    assert_eq!(scene.get("/applicants").await["applicants"], json!([]));
    assert_eq!(scene.get("/applicants?include_deleted=true").await["applicants"].as_array().unwrap().len(), 1);
    let new = json!({"applicant_id": applicant, "report_names": ["document"]});
    assert_eq!(scene.said(Method::POST, "/checks", &new).await.0, 410);
    assert_eq!(scene.said(Method::POST, &format!("{path}/restore"), &Value::Null).await.0, 204);
    let check = scene.check(&applicant).await; // with the pictures that there were
    scene.advance(secs(8)).await;
    assert_eq!(scene.get(&format!("/checks/{check}")).await["result"], "clear");
}

#[tokio::test]
async fn bytes_are_not_kept_and_a_download_says_its_name() {
    let scene = Scene::set(IN_8_S).await;
    let applicant = scene.applicant("a-1").await;
    let [document, _] = scene.upload(&applicant).await;
    let answer = scene.ask(Method::GET, &format!("/documents/{document}/download")).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "image/png");
    assert_eq!(answer.headers()["content-disposition"], "attachment; filename=\"picture.jpg\"");
    assert!(answer.bytes().await.unwrap().starts_with(b"\x89PNG"));
}

#[tokio::test]
async fn a_read_that_lags_shows_the_check_as_it_was() {
    let scene = Scene::set(IN_8_S).await;
    let lag = Fault::StaleRead { lag: Duration::from_secs(60) };
    scene.vendor.order_for("a-1").failing(Operation::GetSession, lag, 1).await.unwrap();
    let [_, check] = scene.walk("a-1").await;
    scene.advance(secs(8)).await;
    assert_eq!(scene.get(&format!("/checks/{check}")).await["status"], "in_progress");
    assert_eq!(scene.get(&format!("/checks/{check}")).await["status"], "complete");
}
