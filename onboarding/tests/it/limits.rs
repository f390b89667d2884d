//! Input that is not what it should be: refused with a problem, and never a panic.

use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use reqwest::Method;
use serde_json::json;

use crate::world::{PICTURE, World, expect, expect_problem};

#[tokio::test]
async fn malformed_bodies_are_refused() {
    let world = World::start().await;
    let open = |body: &str| {
        world.post("/v1/accounts", "").header("idempotency-key", "k").header("content-type", "application/json").body(body.to_owned())
    };
    expect_problem(open("{"), 400, "malformed_json").await;
    expect_problem(open("[]"), 422, "invalid_field").await;
    expect_problem(open(r#"{"reference": "a", "email": "a@b", "country": "DE", "colour": "green"}"#), 422, "invalid_field").await;
    expect_problem(open(r#"{"reference": "a b", "email": "a@b", "country": "DE"}"#), 422, "invalid_field").await;
    expect_problem(open(r#"{"reference": "a", "email": "nobody", "country": "DE"}"#), 422, "invalid_field").await;
    expect_problem(open(r#"{"reference": "a", "email": "a@b", "country": "Germany"}"#), 422, "invalid_field").await;
    expect_problem(open(&format!(r#"{{"reference": "{}"}}"#, "a".repeat(70_000))), 413, "body_too_large").await;
    let no_type = world.post("/v1/accounts", "").header("idempotency-key", "k").body("{}");
    expect_problem(no_type, 415, "unsupported_media_type").await;
    let no_key = world.post("/v1/accounts", "").json(&json!({ "reference": "a", "email": "a@b", "country": "DE" }));
    expect_problem(no_key, 400, "idempotency_key_missing").await;
}

#[tokio::test]
async fn there_is_an_answer_at_every_address() {
    let world = World::start().await;
    expect_problem(world.get("/v1/nothing", ""), 404, "no_such_endpoint").await;
    expect_problem(world.request(Method::DELETE, "/v1/accounts", ""), 405, "method_not_allowed").await;
    expect_problem(world.get("/v1/reviews?limit=many", crate::world::REVIEWER_TOKEN), 400, "invalid_parameter").await;
}

#[tokio::test]
async fn nobody_sees_anothers_verification() {
    let world = World::start().await;
    let verification = world.verification("a-1").await;
    let stranger = world.open_account("a-2").await;
    let path = format!("/v1/verifications/{}", verification.id);
    for token in ["", "nonsense", &stranger.token] {
        expect_problem(world.get(&path, token), 401, "unauthorised").await;
        expect_problem(world.post(&format!("{path}/submit"), token), 401, "unauthorised").await;
        expect_problem(world.get(&format!("{path}/events"), token), 401, "unauthorised").await;
        expect_problem(world.put_image(&verification, "document", token, PICTURE.clone()), 401, "unauthorised").await;
    }
    // An account's token is no capture token, and the other way round.
    expect_problem(world.put_image(&verification, "document", &verification.applicant.token, vec![]), 401, "unauthorised").await;
    let capture = world.capture_token(&verification).await;
    expect_problem(world.get(&path, &capture), 401, "unauthorised").await;
    expect_problem(world.get("/v1/verifications/ver_0", &stranger.token), 401, "unauthorised").await;
}

#[tokio::test]
async fn poor_images_are_sent_back_before_the_vendor_is_paid() {
    let world = World::start().await;
    let verification = world.verification("a-1").await;
    let token = world.capture_token(&verification).await;
    let put = |bytes: Vec<u8>| world.put_image(&verification, "document", &token, bytes);
    let jpeg = |picture: &RgbImage| {
        let mut bytes = Vec::new();
        JpegEncoder::new(&mut bytes).encode_image(picture).unwrap();
        bytes
    };
    let flat = jpeg(&RgbImage::from_pixel(800, 600, image::Rgb([120, 130, 140])));
    let small = jpeg(&RgbImage::from_pixel(200, 140, image::Rgb([120, 130, 140])));
    expect_problem(put(flat), 422, "image_blurred").await;
    expect_problem(put(small), 422, "image_too_small").await;
    expect_problem(put(PICTURE[..PICTURE.len() / 2].to_vec()), 422, "image_truncated").await;
    expect_problem(put(b"GIF89a".to_vec()), 422, "not_an_image").await;
    expect_problem(put(Vec::new()), 422, "not_an_image").await;
    let path = format!("/v1/capture/{}/document", verification.id);
    let gif = world.request(Method::PUT, &path, &token).header("content-type", "image/gif").body(PICTURE.clone());
    expect_problem(gif, 415, "unsupported_media_type").await;
    assert_eq!(world.status(&verification).await, "initiated");
    assert_eq!(world.count(&verification, "image_refused").await, 5);

    expect(put(PICTURE.clone()), 200).await;
    assert_eq!(world.status(&verification).await, "capture_in_progress");
}

#[tokio::test]
async fn an_image_that_is_too_large_is_not_even_read() {
    let world = World::start().await;
    let verification = world.verification("a-1").await;
    let token = world.capture_token(&verification).await;
    let too_large = world.put_image(&verification, "document", &token, vec![0xFF; 8 * 1024 * 1024 + 1]).send().await;
    // The answer may come while the body is still being sent; then the client sees the connection close instead.
    if let Ok(response) = too_large {
        assert_eq!(response.status(), 413);
    }
    expect(world.put_image(&verification, "document", &token, PICTURE.clone()), 200).await;
}

#[tokio::test]
async fn nothing_is_captured_after_the_submission() {
    let world = World::start().await;
    let verification = world.verification("a-1").await;
    let token = world.capture_token(&verification).await;
    world.capture(&verification).await;
    world.submit(&verification).await;
    expect_problem(world.put_image(&verification, "selfie", &token, PICTURE.clone()), 409, "not_capturing").await;
    let path = format!("/v1/verifications/{}/capture-token", verification.id);
    expect_problem(world.post(&path, &verification.applicant.token), 409, "not_capturing").await;
}

#[tokio::test]
async fn the_metrics_name_patterns_and_not_people() {
    let world = World::start().await;
    let verification = world.submitted("a-1").await;
    let text = world.get("/metrics", "").send().await.unwrap().text().await.unwrap();
    for expected in [
        r#"onboarding_verifications{status="submitted"} 1"#,
        r#"onboarding_http_requests_total{route="/v1/capture/{id}/document",status="200"} 1"#,
        "onboarding_review_queue_depth 0",
        "onboarding_outbox_oldest_seconds",
    ] {
        assert!(text.contains(expected), "{expected} is not in\n{text}");
    }
    assert!(!text.contains(&verification.id));
}
