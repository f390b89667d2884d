use reqwest::{Method, Response};
use serde_json::Value;

use super::desk::refusal;
use crate::stage::{APPROVE, Stage, limits};

/// One server-sent event.
#[derive(Debug, PartialEq)]
struct Event {
    name: String,
    id: u64,
    data: Value,
}

/// Reads events until there are `count`.
async fn hear(stream: &mut Response, count: usize) -> Vec<Event> {
    let mut text = String::new();
    let mut events = Vec::new();
    while events.len() < count {
        let piece = stream.chunk().await.unwrap().expect("it goes on");
        text.push_str(std::str::from_utf8(&piece).unwrap());
        while let Some((event, rest)) = text.split_once("\n\n") {
            let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(|value| value.trim().to_owned());
            if let Some(name) = field("event:") {
                events.push(Event { name, id: field("id:").unwrap().parse().unwrap(), data: field("data:").unwrap().parse().unwrap() });
            }
            text = rest.to_owned();
        }
    }
    events
}

#[tokio::test]
async fn the_journal_is_told_as_it_is_written() {
    let stage = Stage::set(APPROVE).await;
    stage.create("a-0").await;
    let mut stream = stage.admin(Method::GET, "/events").send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    stage.walk("a-1").await;
    let events = hear(&mut stream, 5).await;
    assert_eq!(events.iter().map(|event| event.id).collect::<Vec<_>>(), [2, 3, 4, 5, 6], "from now on");
    assert_eq!((events[0].name.as_str(), &events[0].data["operation"]), ("request", &"create_session".into()));
    assert_eq!((events[4].name.as_str(), &events[4].data["applicant"]), ("delivery", &"a-1".into()));
}

#[tokio::test]
async fn a_listener_goes_on_where_it_was() {
    let stage = Stage::set(APPROVE).await;
    stage.walk("a-1").await;
    stage.idle().await;
    let mut stream = stage.admin(Method::GET, "/events").header("last-event-id", "3").send().await.unwrap();
    assert_eq!(hear(&mut stream, 2).await.iter().map(|event| event.id).collect::<Vec<_>>(), [4, 5]);
    let mut stream = stage.admin(Method::GET, "/events?since=0&kind=delivery").send().await.unwrap();
    assert_eq!(hear(&mut stream, 1).await[0].id, 5);
    refusal(stage.admin(Method::GET, "/events").header("last-event-id", "x").send().await.unwrap(), 400, "invalid_cursor").await;
}

#[tokio::test]
async fn a_listener_is_told_what_it_missed() {
    let stage =
        Stage::set_with(APPROVE, |config| config.limits(limits(|limits| limits.journal.entries = 2)), wiremock::ResponseTemplate::new(204))
            .await;
    for number in 0..5 {
        stage.create(&format!("a-{number}")).await;
    }
    let mut stream = stage.admin(Method::GET, "/events?since=1").send().await.unwrap();
    let events = hear(&mut stream, 3).await;
    assert_eq!(events[0], Event { name: "missed".to_owned(), id: 3, data: serde_json::json!({"missed": 2}) });
    assert_eq!(events[1..].iter().map(|event| event.id).collect::<Vec<_>>(), [4, 5]);
}

#[tokio::test]
async fn there_are_only_so_many_listeners_and_none_outlives_the_vendor() {
    let stage = Stage::set(APPROVE).await;
    let mut streams = Vec::new();
    for _ in 0..64 {
        streams.push(stage.admin(Method::GET, "/events").send().await.unwrap());
    }
    refusal(stage.admin(Method::GET, "/events").send().await.unwrap(), 503, "too_busy").await;
    drop(streams.pop());
    let again =
        crate::stage::until(async || stage.admin(Method::GET, "/events").send().await.unwrap().status().as_u16(), |status| *status == 200);
    again.await;
    let remains = stage.vendor.shutdown(std::time::Duration::from_secs(10)).await;
    assert_eq!(remains.cut_short, 0, "streams end when the vendor does");
}
