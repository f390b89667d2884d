//! Callbacks that an incident holds back, mixes, or starves.

use super::scene::{HOUR, IN_8_S, Scene, secs};

fn incident(callbacks: &str) -> String {
    format!("{IN_8_S}[[incident]]\nname = \"hold\"\nat = \"0s\"\nlasts = \"1h\"\ncallbacks = {{ {callbacks} }}")
}

async fn submit(scene: &Scene, applicants: u32) -> Vec<String> {
    let mut references = Vec::new();
    for number in 0..applicants {
        let reference = format!("a-{number:02}");
        scene.walk(&reference).await;
        references.push(reference);
        scene.advance(secs(1)).await;
    }
    references
}

fn told(scene: &Scene) -> Vec<String> {
    scene.vendor.deliveries().iter().map(|delivery| delivery.applicant.to_string()).collect()
}

#[tokio::test]
async fn held_callbacks_are_let_go_at_their_rate_the_oldest_first() {
    let scene = Scene::set(&incident("release_rate = 4")).await;
    let references = submit(&scene, 5).await;
    scene.advance(HOUR / 2).await;
    assert_eq!((scene.vendor.deliveries().len(), scene.vendor.counts().held), (0, 5));
    scene.advance(HOUR).await;
    assert_eq!(scene.seconds(), [3600.0, 3600.25, 3600.5, 3600.75, 3601.0]);
    assert_eq!(told(&scene), references);
}

#[tokio::test]
async fn held_callbacks_may_be_let_go_mixed_and_each_once() {
    let scene = Scene::set(&incident("release_rate = 4, release_order = \"mixed\"")).await;
    let references = submit(&scene, 20).await;
    scene.advance(2 * HOUR).await;
    let mut told = told(&scene);
    assert_ne!(told, references, "not as they were held");
    told.sort();
    assert_eq!(told, references);
}

#[tokio::test]
async fn starved_callbacks_leave_so_many_a_second_and_the_rest_at_the_end() {
    let scene = Scene::set(&incident("starve_rate = 0.001").replace("1h", "42m")).await;
    for number in 0..4 {
        scene.walk(&format!("a-{number}")).await;
    }
    scene.advance(HOUR).await;
    assert_eq!(scene.seconds(), [8.0, 1008.0, 2008.0, 2520.0]);
}

#[tokio::test]
async fn starved_callbacks_leave_when_the_incident_is_stopped_and_their_retries_in_their_own_time() {
    let lines = incident("starve_rate = 0.001").replace("[[incident]]", "callbacks.retry = [\"30m\"]\n[[incident]]");
    let scene = Scene::answering(&lines, wiremock::ResponseTemplate::new(500)).await;
    for number in 0..3 {
        scene.walk(&format!("a-{number}")).await;
    }
    scene.advance(secs(1100)).await;
    let starved = scene.vendor.incidents()[0].id;
    scene.vendor.stop_incident(kycsim_scenarios::vendor::IncidentId(starved)).unwrap();
    scene.advance(HOUR).await;
    assert_eq!(scene.seconds(), [8.0, 1008.0, 1100.0, 1808.0, 2808.0, 2900.0]);
}

#[tokio::test]
async fn a_hold_that_is_stopped_by_hand_lets_go_then() {
    let scene = Scene::set(&incident("release_rate = 4")).await;
    let references = submit(&scene, 3).await;
    scene.advance(HOUR / 2).await;
    let [hold] = &scene.vendor.incidents()[..] else { panic!("one incident") };
    scene.vendor.stop_incident(kycsim_scenarios::vendor::IncidentId(hold.id)).unwrap();
    scene.advance(secs(10)).await;
    assert_eq!(scene.seconds(), [1803.0, 1803.25, 1803.5], "and not an hour after it began");
    assert_eq!(told(&scene), references);
}
