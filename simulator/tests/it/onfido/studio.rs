//! Workflow runs.

use kycsim_simulator::testing::Reason;
use reqwest::Method;
use serde_json::json;

use super::scene::{IN_8_S, Scene, body, secs};
use crate::stage::text;

#[tokio::test]
async fn a_run_ends_as_it_is_decided() {
    let scene = Scene::set(IN_8_S).await;
    scene.vendor.order_for("declined").declined([Reason::DocumentForged]).await.unwrap();
    scene.vendor.order_for("review").review([Reason::SelfieMismatch]).await.unwrap();
    let mut runs = Vec::new();
    for status in ["approved", "declined", "review"] {
        let applicant = scene.applicant(status).await;
        let run = text(&scene.run(&applicant).await, "id");
        assert_eq!(scene.run_status(&run).await, "awaiting_input");
        scene.complete(&run, &applicant).await;
        assert_eq!(scene.run_status(&run).await, "processing");
        runs.push((run, status));
    }
    scene.advance(secs(8)).await;
    for (run, status) in runs {
        assert_eq!(scene.run_status(&run).await, status);
    }
}

#[tokio::test]
async fn a_run_asks_again_for_what_was_bad_and_for_nothing_else() {
    let scene = Scene::set(IN_8_S).await;
    scene.vendor.order_for("a-1").resubmission([Reason::SelfieMismatch]).await.unwrap();
    let applicant = scene.applicant("a-1").await;
    let run = text(&scene.run(&applicant).await, "id");
    scene.complete(&run, &applicant).await;
    scene.advance(secs(8)).await;
    let asked = scene.get(&format!("/workflow_runs/{run}")).await;
    assert_eq!((&asked["status"], &asked["reasons"]), (&json!("awaiting_input"), &json!(["Image Integrity - Face Detected"])));
    let mut open = Vec::new();
    for task in scene.get(&format!("/workflow_runs/{run}/tasks")).await.as_array().unwrap() {
        let task = scene.get(&format!("/workflow_runs/{run}/tasks/{}", text(task, "id"))).await;
        if task["output"].is_null() {
            open.push(text(&task, "task_def_id"));
        }
    }
    assert_eq!(open, ["upload_face_photo"]);
    scene.vendor.order_for("a-1").approved().await.unwrap();
    scene.complete(&run, &applicant).await;
    scene.advance(secs(8)).await;
    assert_eq!(scene.run_status(&run).await, "approved");
}

#[tokio::test]
async fn a_run_that_nobody_finishes_is_abandoned_and_told_so() {
    let scene = Scene::set(&format!("{IN_8_S}session_lifetime = \"30m\"")).await;
    scene.webhook("/hook", &["workflow_run.completed"]).await;
    let applicant = scene.applicant("a-1").await;
    let run = text(&scene.run(&applicant).await, "id");
    scene.advance(secs(1800)).await;
    assert_eq!(scene.run_status(&run).await, "abandoned");
    let [told] = &scene.received("/hook").await[..] else { panic!("one event") };
    let payload = &body(told)["payload"];
    assert_eq!((&payload["object"]["status"], &payload["resource"]["status"]), (&json!("abandoned"), &json!("abandoned")));
    scene.upload(&applicant).await;
    let check = scene.check(&applicant).await; // the applicant's session is free again
    scene.advance(secs(8)).await;
    assert_eq!(scene.get(&format!("/checks/{check}")).await["result"], "clear");
    assert_eq!(scene.run_status(&run).await, "abandoned");
}

#[tokio::test]
async fn a_run_and_a_check_of_one_applicant_do_not_meet() {
    let scene = Scene::set(IN_8_S).await;
    let applicant = scene.applicant("a-1").await;
    scene.upload(&applicant).await;
    let run = text(&scene.run(&applicant).await, "id");
    let check = scene.check(&applicant).await;
    scene.advance(secs(8)).await;
    assert_eq!(scene.get(&format!("/checks/{check}")).await["result"], "clear");
    assert_eq!(scene.run_status(&run).await, "awaiting_input");
    scene.complete(&run, &applicant).await;
    scene.advance(secs(8)).await;
    assert_eq!(scene.run_status(&run).await, "approved");
}

#[tokio::test]
async fn tasks_and_the_run_are_told_of_with_themselves() {
    let scene = Scene::set(IN_8_S).await;
    scene.webhook("/hook", &[]).await;
    let applicant = scene.applicant("a-1").await;
    let run = text(&scene.run(&applicant).await, "id");
    scene.complete(&run, &applicant).await;
    scene.advance(secs(8)).await;
    let mut actions = scene.actions("/hook").await;
    assert_eq!(actions.pop().as_deref(), Some("workflow_run.completed"), "the last");
    assert_eq!(actions.iter().filter(|action| *action == "workflow_task.completed").count(), 5);
    assert_eq!(actions.iter().filter(|action| *action == "workflow_task.started").count(), 1);
    let told = scene.received("/hook").await;
    let resource = &body(told.last().unwrap())["payload"]["resource"];
    assert_eq!(resource, &scene.get(&format!("/workflow_runs/{run}")).await, "the run as it is");
}

#[tokio::test]
async fn what_makes_no_sense_about_a_task_is_refused() {
    let scene = Scene::set(IN_8_S).await;
    let (applicant, other) = (scene.applicant("a-1").await, scene.applicant("a-2").await);
    let [document, _] = scene.upload(&other).await;
    let run = text(&scene.run(&applicant).await, "id");
    let tasks = scene.get(&format!("/workflow_runs/{run}/tasks")).await;
    let complete = |place: usize| format!("/workflow_runs/{run}/tasks/{}/complete", text(&tasks[place], "id"));
    let refused = async |path: String, data| scene.said(Method::POST, &path, &json!({ "data": data })).await.0;
    assert_eq!(refused(complete(1), json!([{"id": document}])).await, 422, "of another applicant");
    assert_eq!(refused(complete(1), json!([])).await, 422);
    assert_eq!(refused(complete(0), json!([])).await, 422, "no profile");
    assert_eq!(refused(format!("/workflow_runs/{run}/tasks/none/complete"), json!({})).await, 404);
    scene.post(&complete(0), json!({"data": {"first_name": "Maria"}})).await;
    assert_eq!(scene.get(&format!("/applicants/{applicant}")).await["first_name"], "Maria");
    assert_eq!(refused(complete(0), json!({})).await, 422, "twice");
}

#[tokio::test]
async fn pictures_that_came_while_a_form_was_out_are_the_runs_too() {
    let scene = Scene::set(IN_8_S).await;
    let applicant = scene.applicant("a-1").await;
    let run = text(&scene.run(&applicant).await, "id");
    scene.post("/checks", json!({"applicant_id": applicant, "report_names": ["document"], "applicant_provides_data": true})).await;
    scene.complete(&run, &applicant).await;
    scene.advance(secs(8)).await;
    assert_eq!(scene.run_status(&run).await, "approved");
}

#[tokio::test]
async fn a_run_that_begins_late_has_its_time_all_the_same() {
    let scene = Scene::set(&format!("{IN_8_S}session_lifetime = \"30m\"")).await;
    let applicant = scene.applicant("a-1").await;
    scene.advance(secs(29 * 60)).await;
    let run = text(&scene.run(&applicant).await, "id");
    scene.advance(secs(29 * 60)).await;
    assert_eq!(scene.run_status(&run).await, "awaiting_input");
    scene.advance(secs(60)).await;
    assert_eq!(scene.run_status(&run).await, "abandoned");
}
