//! The tenant that a request is about.

use aide::OperationInput;
use axum::extract::{FromRequestParts, RawPathParams};
use hyper::StatusCode;
use hyper::http::request::Parts;

use super::Office;
use super::problem::Problem;
use crate::tenants::TenantHandle;

/// The tenant in the path; the default one where the path names none.
pub(super) struct Of(pub(super) TenantHandle);

impl OperationInput for Of {}

impl FromRequestParts<Office> for Of {
    type Rejection = Problem;

    async fn from_request_parts(head: &mut Parts, office: &Office) -> Result<Self, Problem> {
        let path = RawPathParams::from_request_parts(head, office).await;
        let path = path.map_err(|error| Problem::new(StatusCode::BAD_REQUEST, "invalid_path", error.body_text()))?;
        match path.iter().find_map(|(key, value)| (key == "tenant").then_some(value)) {
            None => Ok(Self(office.default_tenant())),
            Some(name) => office.tenants().find(name).map(Self).ok_or_else(|| Problem::no_such_tenant(name)),
        }
    }
}

impl Office {
    pub(super) fn default_tenant(&self) -> TenantHandle {
        TenantHandle::new(std::sync::Arc::clone(self.tenants().default_tenant()))
    }
}
