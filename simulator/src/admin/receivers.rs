//! `receivers`: those of callbacks that fail, and those that are sent nothing more.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::Json as Answer;
use axum::response::NoContent;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Office;
use super::extract::Path;
use super::problem::Problem;
use super::routes::about;
use super::tenant::Of;
use crate::tenants::ReceiverView;

/// Receivers that have failed lately.
#[derive(Serialize, JsonSchema)]
struct ReceiverList {
    /// Those whose latest delivery failed.
    receivers: Vec<ReceiverView>,
}

/// A receiver, in the path.
#[derive(Deserialize, JsonSchema)]
struct Named {
    /// Host and port.
    receiver: String,
}

pub(super) fn routes() -> ApiRouter<Office> {
    ApiRouter::new()
        .api_route("/receivers", get_with(list, about("listReceivers", "receivers", "Receivers of callbacks that have failed lately")))
        .api_route(
            "/receivers/{receiver}/enable",
            post_with(enable, about("enableReceiver", "receivers", "Send callbacks again to a receiver that was disabled")),
        )
}

async fn list(Of(tenant): Of) -> Answer<ReceiverList> {
    Answer(ReceiverList { receivers: tenant.failing_receivers() })
}

async fn enable(Of(tenant): Of, Path(Named { receiver }): Path<Named>) -> Result<NoContent, Problem> {
    if tenant.enable_receiver(&receiver) {
        return Ok(NoContent);
    }
    Err(Problem::missing("not_disabled", format!("no receiver `{receiver}` was disabled")))
}
