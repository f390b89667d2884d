//! `webhook-secret`: what callbacks are signed with, changed.

use std::time::Duration;

use aide::axum::ApiRouter;
use aide::axum::routing::post_with;
use axum::Json as Answer;
use kycsim_scenarios::language::Period;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Office;
use super::extract::JsonOrNothing;
use super::problem::Problem;
use super::routes::about;
use super::tenant::Of;
use crate::secret::WebhookSecret;

/// How to change the secret.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Rotation {
    /// For how long callbacks are signed with both, by the tenant's clock; not at all when it is not said.
    overlap: Option<Period>,
    /// The new one; made up when it is not said.
    secret: Option<String>,
}

/// The secret that callbacks are signed with from now on.
#[derive(Serialize, JsonSchema)]
struct Rotated {
    /// The secret.
    webhook_secret: String,
}

pub(super) fn routes() -> ApiRouter<Office> {
    let text = "Change what callbacks are signed with; during the overlap they carry both signatures";
    ApiRouter::new().api_route("/webhook-secret/rotate", post_with(rotate, about("rotateWebhookSecret", "secrets", text)))
}

async fn rotate(Of(tenant): Of, JsonOrNothing(Rotation { overlap, secret }): JsonOrNothing<Rotation>) -> Result<Answer<Rotated>, Problem> {
    let overlap = overlap.map_or(Duration::ZERO, Period::length);
    let secret = tenant.rotate_webhook_secret(secret.map(WebhookSecret::new), overlap)?;
    Ok(Answer(Rotated { webhook_secret: secret.reveal().to_owned() }))
}
