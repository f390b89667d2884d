//! The control room.
use super::Office;
use axum::Router;
pub(super) fn routes() -> Router<Office> {
    Router::new()
}
