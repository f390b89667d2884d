//! The one form in which this API says no.

use aide::OperationOutput;
use aide::generate::GenContext;
use aide::openapi::{Operation, Response as Described, StatusCode as Status};
use axum::Json;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use hyper::StatusCode;
use hyper::header::{HeaderValue, WWW_AUTHENTICATE};
use schemars::JsonSchema;
use serde::Serialize;

use crate::tenants::{AdvanceError, CreateTenantError, DeleteTenantError, RotateSecretError};
use crate::world::CommandError;

/// Why something was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    /// Stable: programs compare it.
    pub(super) code: &'static str,
    /// For people.
    pub(super) message: String,
}

/// Why a request was refused. Nothing has changed then, unless the message says so.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
struct Shown {
    /// The error.
    error: ShownError,
}

/// What went wrong.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ProblemDetail")]
struct ShownError {
    /// For programs: one stable word.
    code: &'static str,
    /// For people.
    message: String,
}

impl Problem {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// Something in the request makes no sense.
    pub(super) fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message)
    }

    pub(super) fn missing(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    pub(super) fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    pub(super) fn forbidden(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, message)
    }

    pub(super) fn unauthorized(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, message)
    }

    pub(super) fn busy(what: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "too_busy", format!("there are as many {what} already as there may be; try again later"))
    }

    pub(super) fn stopping() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", "the vendor is shutting down")
    }

    pub(super) fn no_such_session(session: &str) -> Self {
        Self::missing("no_such_session", format!("there is no session `{session}`"))
    }

    pub(super) fn no_such_tenant(name: &str) -> Self {
        Self::missing("no_such_tenant", format!("there is no tenant `{name}`"))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Self { status, code, message } = self;
        let mut response: Response<Body> = (status, Json(Shown { error: ShownError { code, message } })).into_response();
        if status == StatusCode::UNAUTHORIZED {
            // Basic, so that a browser asks for it: the token is the password.
            let challenge = HeaderValue::from_static("Basic realm=\"kycsim: the admin token is the password\", charset=\"UTF-8\"");
            response.headers_mut().append(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            response.headers_mut().append(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

impl OperationOutput for Problem {
    type Inner = Self;

    fn operation_response(context: &mut GenContext, operation: &mut Operation) -> Option<Described> {
        Json::<Shown>::operation_response(context, operation)
    }

    fn inferred_responses(context: &mut GenContext, operation: &mut Operation) -> Vec<(Option<Status>, Described)> {
        Self::operation_response(context, operation).into_iter().map(|described| (None, described)).collect()
    }
}

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        let message = error.to_string();
        match error {
            CommandError::NoSuchSession { .. } => Self::missing("no_such_session", message),
            CommandError::WrongStatus { .. } => Self::conflict("wrong_status", message),
            CommandError::InvalidDecision(_) => Self::invalid("invalid_decision", message),
            CommandError::Full { .. } => Self::conflict("full", message),
            CommandError::NoSuchIncident(_) => Self::missing("no_such_incident", message),
        }
    }
}

impl From<CreateTenantError> for Problem {
    fn from(error: CreateTenantError) -> Self {
        let message = error.to_string();
        match error {
            CreateTenantError::InvalidName => Self::invalid("invalid_name", message),
            CreateTenantError::NameTaken { .. } => Self::conflict("name_taken", message),
            CreateTenantError::ApiKeyTaken => Self::conflict("api_key_taken", message),
            CreateTenantError::TooMany { .. } => Self::conflict("full", message),
            CreateTenantError::UnknownDialect { .. } => Self::invalid("invalid_scenario", message),
            CreateTenantError::WebhookSecret(_) => Self::invalid("invalid_webhook_secret", message),
            CreateTenantError::CallbackUrl(_) => Self::invalid("invalid_callback_url", message),
            CreateTenantError::NoRandomness(_) => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "no_randomness", message),
            CreateTenantError::Stopped => Self::stopping(),
        }
    }
}

impl From<DeleteTenantError> for Problem {
    fn from(error: DeleteTenantError) -> Self {
        match &error {
            DeleteTenantError::Unknown { name } => Self::no_such_tenant(name),
            DeleteTenantError::Default => Self::conflict("default_tenant", error.to_string()),
        }
    }
}

impl From<AdvanceError> for Problem {
    fn from(error: AdvanceError) -> Self {
        let message = error.to_string();
        match error {
            AdvanceError::NotFrozen => Self::conflict("clock_not_frozen", message),
            AdvanceError::Overran { .. } => Self::conflict("advance_overran", message),
            AdvanceError::Stopped { .. } => Self::conflict("tenant_stopped", message),
        }
    }
}

impl From<RotateSecretError> for Problem {
    fn from(error: RotateSecretError) -> Self {
        let message = error.to_string();
        match error {
            RotateSecretError::WebhookSecret(_) => Self::invalid("invalid_webhook_secret", message),
            RotateSecretError::NoRandomness(_) => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "no_randomness", message),
        }
    }
}
