//! What a receiver gets: signatures, duplicates, retries.

use kycsim_scenarios::ledger::{DeliveryResult, LedgerEvent};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::receiver::{header, signed_at, signed_by};
use crate::stage::{APPROVE, SECRET, Stage, picked, until};

#[track_caller]
fn verify(request: &Request) {
    assert_eq!(signed_by(request, SECRET), [true], "the signature does not hold");
    let age = jiff::Timestamp::now().as_second() - signed_at(request);
    assert!((0..60).contains(&age), "signed {age} s ago");
}

/// Every delivery in the ledger: copy, try, and whether it was accepted.
fn deliveries(stage: &Stage) -> Vec<(u32, u32, bool)> {
    picked(&stage.vendor.ledger(), |event| {
        let LedgerEvent::Delivered { copy, attempt_number, result, .. } = event else { return None };
        Some((*copy, *attempt_number, matches!(result, DeliveryResult::Accepted { .. })))
    })
}

#[tokio::test]
async fn a_callback_is_signed_over_its_very_bytes() {
    let stage = Stage::set(APPROVE).await;
    stage.walk("a-1").await;
    stage.idle().await;
    let [callback] = &stage.received().await[..] else { panic!("one callback") };
    assert_eq!((callback.method.as_str(), callback.url.path()), ("POST", "/callbacks"));
    assert_eq!(header(callback, "content-type"), "application/json");
    verify(callback);
}

#[tokio::test]
async fn duplicates_have_one_id_and_one_body() {
    let duplicates = "callbacks.duplicate = { probability = 1, copies = 3, spacing = \"10ms\" }";
    let stage = Stage::set(&format!("{APPROVE}{duplicates}")).await;
    stage.walk("a-1").await;
    stage.idle().await;
    let received = stage.received().await;
    assert_eq!(received.len(), 3);
    for callback in &received {
        verify(callback);
        assert_eq!(header(callback, "webhook-id"), header(&received[0], "webhook-id"));
        assert_eq!(callback.body, received[0].body);
    }
    assert_eq!(deliveries(&stage), [(0, 1, true), (1, 1, true), (2, 1, true)]);
    assert_eq!((stage.vendor.counts().duplicates, stage.vendor.counts().callbacks), (2, 1));
}

#[tokio::test]
async fn what_fails_is_tried_again_until_it_is_taken() {
    let stage = Stage::set(&format!("{APPROVE}callbacks.retry = [\"10ms\", \"20ms\"]")).await;
    stage.backend.reset().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(500)).up_to_n_times(1).mount(&stage.backend).await;
    // A redirect is not followed: it is a failure as any other.
    let elsewhere = ResponseTemplate::new(302).insert_header("location", "/elsewhere");
    Mock::given(any()).respond_with(elsewhere).up_to_n_times(1).mount(&stage.backend).await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200)).mount(&stage.backend).await;
    stage.walk("a-1").await;
    stage.idle().await;
    let received = stage.received().await;
    assert_eq!(deliveries(&stage), [(0, 1, false), (0, 2, false), (0, 3, true)]);
    assert!(received.iter().all(|callback| callback.url.path() == "/callbacks"));
    for callback in &received {
        verify(callback);
        assert_eq!(header(callback, "webhook-id"), header(&received[0], "webhook-id"));
    }
    assert_eq!(stage.vendor.counts().deliveries_failed, 2);
}

#[tokio::test]
async fn what_fails_for_ever_is_given_up() {
    let refuse = ResponseTemplate::new(503);
    let stage = Stage::set_with(&format!("{APPROVE}callbacks.retry = [\"10ms\"]"), |config| config, refuse).await;
    stage.walk("a-1").await;
    stage.idle().await;
    assert_eq!(deliveries(&stage), [(0, 1, false), (0, 2, false)]);
    let given_up = picked(&stage.vendor.ledger(), |event| matches!(event, LedgerEvent::CallbackGivenUp { .. }).then_some(()));
    assert_eq!((given_up.len(), stage.vendor.counts().callbacks_given_up), (1, 1));
}

#[tokio::test]
async fn a_lost_callback_is_never_sent() {
    let stage = Stage::set(&format!("{APPROVE}callbacks.lost = 1")).await;
    stage.walk("a-1").await;
    stage.idle().await;
    assert_eq!(stage.received().await.len(), 0);
    let lost = picked(&stage.vendor.ledger(), |event| matches!(event, LedgerEvent::CallbackLost { .. }).then_some(()));
    assert_eq!((lost.len(), stage.vendor.counts().callbacks_lost), (1, 1));
}

#[tokio::test]
async fn nobody_there_is_a_failed_delivery() {
    let stage = Stage::set(&format!("{APPROVE}callbacks.retry = []")).await;
    stage.walk_to("a-1", "http://127.0.0.1:9/nobody").await;
    stage.idle().await;
    let results = picked(&stage.vendor.ledger(), |event| {
        let LedgerEvent::Delivered { result, .. } = event else { return None };
        Some(result.clone())
    });
    assert!(matches!(&results[..], [DeliveryResult::Failed { reason }] if reason.contains("could not connect")), "{results:?}");
}

#[tokio::test]
async fn a_receiver_that_does_not_answer_holds_up_nobody_else() {
    let stage = Stage::set(APPROVE).await;
    let slow = MockServer::builder().start().await;
    let late = ResponseTemplate::new(200).set_delay(std::time::Duration::from_secs(60));
    Mock::given(any()).respond_with(late).mount(&slow).await;
    // More than one receiver may have on their way at a time. All at once, so that none is out of time before the prompt one comes.
    futures_util::future::join_all((0..70).map(|number| walk_slow(&stage, number, slow.uri()))).await;
    until(async || stage.vendor.counts().callbacks_pending, |pending| *pending == 70).await;
    stage.walk("prompt").await;
    let first = until(async || deliveries(&stage), |deliveries| !deliveries.is_empty()).await;
    assert_eq!(first, [(0, 1, true)], "the slow ones are still on their way");
    assert_eq!(stage.received().await.len(), 1);
}

async fn walk_slow(stage: &Stage, number: u32, to: String) {
    stage.walk_to(&format!("slow-{number}"), &to).await;
}
