//! Each defect of a callback, as a receiver sees it that verifies signatures.

use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use super::scene::{IN_8_S, Scene, body, secs};
use crate::receiver::{Seen, header, seen, signed_at};

/// Has one applicant decided with these lines under `[vendor.callbacks]`, lets a minute pass, and returns what was received, the scene, and the session.
async fn play(callbacks: &str) -> (Vec<Request>, Scene, Value) {
    play_with(callbacks, ResponseTemplate::new(204)).await
}

async fn play_with(callbacks: &str, answer: ResponseTemplate) -> (Vec<Request>, Scene, Value) {
    let scene = Scene::answering(&format!("{IN_8_S}[vendor.callbacks]\n{callbacks}"), answer).await;
    let id = scene.walk("a-1").await;
    scene.advance(secs(60)).await;
    let session = scene.session(&id).await;
    (scene.received().await, scene, session)
}

fn verdicts(received: &[Request], scene: &Scene) -> Vec<Seen> {
    received.iter().map(|callback| seen(callback, &scene.vendor.webhook_secret())).collect()
}

fn ids(received: &[Request]) -> Vec<&str> {
    received.iter().map(|callback| header(callback, "webhook-id")).collect()
}

fn defects(scene: &Scene) -> Vec<Option<String>> {
    scene.vendor.deliveries().into_iter().map(|delivery| delivery.defect.map(String::from)).collect()
}

#[tokio::test]
async fn a_duplicate_has_the_same_id_and_the_same_body() {
    let (received, scene, session) = play("duplicate = { probability = 1, copies = 2, spacing = \"2s\" }").await;
    assert_eq!(verdicts(&received, &scene), [Seen::Genuine; 2]);
    assert_eq!(ids(&received)[0], ids(&received)[1]);
    assert!(received.iter().all(|callback| body(callback)["data"] == session));
    assert_eq!(scene.seconds(), [8.0, 10.0]);
}

#[tokio::test]
async fn a_duplicate_with_an_id_of_its_own_fools_who_tells_them_by_id() {
    let (received, scene, _) = play("duplicate = { probability = 1, copies = 3, spacing = \"2s\", id = \"new\" }").await;
    assert_eq!(verdicts(&received, &scene), [Seen::Genuine; 3]);
    let ids: std::collections::BTreeSet<_> = ids(&received).into_iter().collect();
    assert_eq!(ids.len(), 3);
    assert!(received.iter().all(|callback| callback.body == received[0].body));
    assert_eq!(defects(&scene), [None, Some("new_id".to_owned()), Some("new_id".to_owned())]);
}

#[tokio::test]
async fn what_is_forged_or_stale_is_refused_and_sound_when_it_is_tried_again() {
    for (callbacks, verdict) in [
        ("unsigned = 1", Seen::Unsigned),
        ("wrong_signature = 1", Seen::Forged),
        ("stale = { probability = 1, age = \"10m\" }", Seen::Stale),
    ] {
        let retry = format!("{callbacks}\nretry = [\"5s\"]");
        let (received, scene, session) = play_with(&retry, ResponseTemplate::new(401)).await;
        assert_eq!(verdicts(&received, &scene), [verdict, Seen::Genuine], "{callbacks}");
        assert_eq!(ids(&received)[0], ids(&received)[1]);
        assert!(received.iter().all(|callback| body(callback)["data"] == session));

        let all = format!("{retry}\ndefective_tries = \"all\"");
        let (received, scene, _) = play_with(&all, ResponseTemplate::new(401)).await;
        assert_eq!(verdicts(&received, &scene), [verdict, verdict], "{callbacks}");
    }
}

#[tokio::test]
async fn a_stale_callback_is_as_old_as_it_should_be_by_the_machines_time() {
    let (received, ..) = play("stale = { probability = 1, age = \"10m\" }").await;
    let age = jiff::Timestamp::now().as_second() - signed_at(&received[0]);
    assert!((600..660).contains(&age), "{age}");
}

#[tokio::test]
async fn a_replay_is_the_same_bytes_and_the_same_headers() {
    let (received, scene, _) = play("replayed = { probability = 1, after = \"30s\" }").await;
    assert_eq!(scene.seconds(), [8.0, 38.0]);
    let [first, replay] = &received[..] else { panic!("two") };
    assert_eq!((&first.body, &first.headers), (&replay.body, &replay.headers));
    assert_eq!(defects(&scene), [None, Some("replayed".to_owned())]);
}

#[tokio::test]
async fn a_replay_is_the_same_even_when_the_secret_has_changed_meanwhile() {
    let rotating = "replayed = { probability = 1, after = \"30s\" }\nrotate_secret = { at = \"20s\", overlap = \"1s\" }";
    let (received, scene, _) = play(rotating).await;
    let [first, replay] = &received[..] else { panic!("two") };
    assert_eq!(first.headers, replay.headers);
    assert_eq!(seen(replay, &scene.vendor.webhook_secret()), Seen::Forged, "its key no longer holds");
}

#[tokio::test]
async fn a_replay_repeats_what_told_the_truth() {
    let lines = "replayed = { probability = 1, after = \"30s\" }\nunsigned = 1\nunknown_status = 1\nretry = [\"5s\"]";
    let refuse_first = |request: &Request| ResponseTemplate::new(if request.headers.contains_key("webhook-signature") { 204 } else { 401 });
    let scene = Scene::answering(&format!("{IN_8_S}[vendor.callbacks]\n{lines}"), refuse_first).await;
    scene.walk("a-1").await;
    scene.advance(secs(60)).await;
    let received = scene.received().await;
    assert_eq!(scene.seconds(), [8.0, 8.0, 13.0, 38.0], "an unknown status, an unsigned try, its retry, the replay");
    assert_eq!(verdicts(&received, &scene)[1..], [Seen::Unsigned, Seen::Genuine, Seen::Genuine]);
    assert_eq!((&received[2].body, &received[2].headers), (&received[3].body, &received[3].headers));
}

#[tokio::test]
async fn unknown_fields_come_signed_and_beside_the_truth() {
    let (received, scene, session) = play("unknown_fields = 1").await;
    assert_eq!(verdicts(&received, &scene), [Seen::Genuine]);
    let mut told = body(&received[0]);
    assert_eq!(told["data"], session);
    for known in ["type", "timestamp", "data"] {
        assert!(told.as_object_mut().unwrap().remove(known).is_some(), "{known}");
    }
    assert_eq!(told.as_object().unwrap().len(), 1, "one that nobody has announced");
}

#[tokio::test]
async fn an_unknown_status_comes_first_and_the_truth_after_it() {
    let (received, scene, session) = play("unknown_status = 1").await;
    assert_eq!(verdicts(&received, &scene), [Seen::Genuine; 2]);
    let (strange, true_one) = (body(&received[0]), body(&received[1]));
    assert_eq!((&strange["type"], &strange["data"]["status"]), (&json!("session.reconsidered"), &json!("under_reconsideration")));
    assert_eq!((&true_one["type"], &true_one["data"]), (&json!("session.decided"), &session));
    assert_ne!(ids(&received)[0], ids(&received)[1]);
}

#[tokio::test]
async fn a_malformed_body_is_properly_signed_and_no_json() {
    let (received, scene, _) = play("malformed = 1").await;
    assert_eq!(verdicts(&received, &scene), [Seen::Genuine]);
    assert!(received[0].body_json::<Value>().is_err());
    assert_eq!(scene.vendor.deliveries()[0].body.json(), None);
}

#[tokio::test]
async fn an_incident_may_damage_callbacks_while_it_lasts() {
    let incident = "[[incident]]\nname = \"damage\"\nlasts = \"30s\"\ncallbacks = { malformed = 1, lost_on_retry = 1 }";
    let scene = Scene::answering(&format!("{IN_8_S}{incident}"), ResponseTemplate::new(400)).await;
    scene.walk("a-1").await;
    scene.advance(secs(60)).await;
    assert_eq!((scene.vendor.deliveries().len(), defects(&scene)), (1, vec![Some("malformed".to_owned())]), "and it is never tried again");
    scene.walk("a-2").await;
    scene.advance(secs(8)).await;
    assert_eq!(defects(&scene)[1], None, "when it is over, callbacks are sound");
}

#[tokio::test]
async fn a_contradiction_follows_and_reads_tell_the_truth() {
    let (received, scene, session) = play("contradicting = { probability = 1, after = \"10s\" }").await;
    assert_eq!(verdicts(&received, &scene), [Seen::Genuine; 2]);
    let [told, lie] = [body(&received[0]), body(&received[1])];
    assert_eq!(told["data"], session);
    assert_eq!((&lie["data"]["status"], &lie["data"]["decision"]["outcome"]), (&json!("declined"), &json!("declined")));
    assert_eq!(lie["data"]["version"], told["data"]["version"], "it claims to be as new");
    assert_ne!(ids(&received)[0], ids(&received)[1]);
    assert_eq!(session["status"], "approved");
    assert_eq!(scene.seconds(), [8.0, 18.0]);
}

#[tokio::test]
async fn processing_may_be_told_after_the_decision() {
    let events = "events = [\"processing\", \"decided\"]";
    let types = |received: &[Request]| received.iter().map(|callback| body(callback)["type"].clone()).collect::<Vec<_>>();
    let (ordinary, ..) = play(events).await;
    assert_eq!(types(&ordinary), ["session.processing", "session.decided"]);
    let (reordered, scene, _) = play(&format!("{events}\nreordered = 1")).await;
    assert_eq!(types(&reordered), ["session.decided", "session.processing"]);
    let versions: Vec<_> = reordered.iter().map(|callback| body(callback)["data"]["version"].clone()).collect();
    assert_eq!(versions, [3, 2], "the version tells which is newer");
    assert_eq!(verdicts(&reordered, &scene), [Seen::Genuine; 2]);
}

#[tokio::test]
async fn an_early_callback_has_come_when_the_submission_is_answered() {
    let scene = Scene::set(&format!("{IN_8_S}callbacks.early = 1")).await;
    let id = scene.walk("a-1").await; // returns when the submission is answered
    let [early] = &scene.received().await[..] else { panic!("it came before the answer") };
    assert_eq!(seen(early, &scene.vendor.webhook_secret()), Seen::Genuine);
    assert_eq!(body(early)["data"], scene.session(&id).await);
}
