//! What handlers take: the same as axum's, but what is wrong is said in our form, naming the key that is to blame.

use aide::OperationInput;
use aide::generate::GenContext;
use aide::openapi::{Operation, ReferenceOr};
use aide::operation::{ParamLocation, add_parameters, parameters_from_schema};
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::CONTENT_TYPE;
use hyper::http::request::Parts;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::Office;
use super::problem::Problem;

/// The longest body: a scenario with everything in it has a tenth of that.
const BODY_MAX: usize = 256 * 1024;
/// How long a client may take to send one.
const BODY_WITHIN: std::time::Duration = std::time::Duration::from_secs(30);

/// A JSON body.
pub(super) struct Json<T>(pub(super) T);

/// A JSON body that may be left out.
pub(super) struct JsonOrNothing<T>(pub(super) T);

/// The query.
pub(super) struct Query<T>(pub(super) T);

/// What stands in the path.
pub(super) struct Path<T>(pub(super) T);

/// One id, or one name, in the path.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Id {
    /// Its id.
    pub(super) id: String,
}

/// A form of the control room.
pub(super) struct Form<T>(pub(super) T);

async fn read(office: &Office, body: Body) -> Result<Bytes, Problem> {
    let too_large = || Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", format!("a body has at most {BODY_MAX} bytes"));
    let broken_off = || Problem::new(StatusCode::BAD_REQUEST, "broken_body", "the body broke off, or took too long");
    if hyper::body::Body::size_hint(&body).lower() > BODY_MAX as u64 {
        return Err(too_large());
    }
    let is_too_long =
        |error: &axum::Error| std::error::Error::source(error).is_some_and(|source| source.is::<http_body_util::LengthLimitError>());
    tokio::select! {
        read = to_bytes(body, BODY_MAX) => read.map_err(|error| if is_too_long(&error) { too_large() } else { broken_off() }),
        () = office.tenants().default_tenant().clock.wait_real_for(BODY_WITHIN) => Err(broken_off()),
    }
}

fn content_type(head: &Parts) -> &str {
    let text = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim()
}

fn wrong_content_type(expected: &str) -> Problem {
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", format!("send it as `content-type: {expected}`"))
}

/// Reads JSON; what does not fit is said with the key at which it stands.
fn parse<T: DeserializeOwned>(head: &Parts, body: &[u8]) -> Result<T, Problem> {
    if !content_type(head).eq_ignore_ascii_case("application/json") {
        return Err(wrong_content_type("application/json"));
    }
    // serde would take a list for an object, its items for the fields in their order. Nobody means that.
    if body.trim_ascii_start().starts_with(b"[") {
        return Err(Problem::invalid("invalid_body", "the body must be an object, and is a list".to_owned()));
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        match inner.classify() {
            Category::Data => Problem::invalid("invalid_body", at(&path, &inner.to_string())),
            Category::Io | Category::Syntax | Category::Eof => malformed(&inner),
        }
    })?;
    json.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn malformed(error: &serde_json::Error) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "malformed_json", format!("the body is not JSON: {error}"))
}

fn at(path: &str, message: &str) -> String {
    if path == "." { message.to_owned() } else { format!("in `{path}`: {message}") }
}

impl<T: DeserializeOwned> FromRequest<Office> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, office: &Office) -> Result<Self, Problem> {
        let (head, body) = request.into_parts();
        let body = read(office, body).await?;
        parse(&head, &body).map(Self)
    }
}

impl<T: DeserializeOwned + Default> FromRequest<Office> for JsonOrNothing<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, office: &Office) -> Result<Self, Problem> {
        let (head, body) = request.into_parts();
        let body = read(office, body).await?;
        if body.is_empty() { Ok(Self(T::default())) } else { parse(&head, &body).map(Self) }
    }
}

impl<T: DeserializeOwned> FromRequest<Office> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, office: &Office) -> Result<Self, Problem> {
        let (head, body) = request.into_parts();
        if !content_type(&head).as_bytes().eq_ignore_ascii_case(super::guard::FORM) {
            return Err(wrong_content_type("application/x-www-form-urlencoded"));
        }
        let body = read(office, body).await?;
        // The same reader as a query's: a form is a query in the body.
        let uri = hyper::Uri::builder().path_and_query([b"/?", &body[..]].concat()).build();
        let uri = uri.map_err(|error| Problem::new(StatusCode::BAD_REQUEST, "invalid_form", error.to_string()))?;
        let form = axum::extract::Query::<T>::try_from_uri(&uri);
        form.map(|form| Self(form.0)).map_err(|error| Problem::new(StatusCode::BAD_REQUEST, "invalid_form", error.body_text()))
    }
}

impl<T: DeserializeOwned> FromRequestParts<Office> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(head: &mut Parts, _office: &Office) -> Result<Self, Problem> {
        let query = axum::extract::Query::<T>::try_from_uri(&head.uri);
        query.map(|query| Self(query.0)).map_err(|error| Problem::new(StatusCode::BAD_REQUEST, "invalid_query", error.body_text()))
    }
}

impl<T: DeserializeOwned + Send> FromRequestParts<Office> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(head: &mut Parts, office: &Office) -> Result<Self, Problem> {
        let path = axum::extract::Path::<T>::from_request_parts(head, office).await;
        path.map(|path| Self(path.0)).map_err(|error| Problem::new(StatusCode::BAD_REQUEST, "invalid_path", error.body_text()))
    }
}

impl<T: JsonSchema> OperationInput for Json<T> {
    fn operation_input(context: &mut GenContext, operation: &mut Operation) {
        axum::Json::<T>::operation_input(context, operation);
    }
}

impl<T: JsonSchema> OperationInput for JsonOrNothing<T> {
    fn operation_input(context: &mut GenContext, operation: &mut Operation) {
        axum::Json::<T>::operation_input(context, operation);
        if let Some(ReferenceOr::Item(body)) = &mut operation.request_body {
            body.required = false;
        }
    }
}

impl<T: JsonSchema> OperationInput for Query<T> {
    fn operation_input(context: &mut GenContext, operation: &mut Operation) {
        let schema = context.schema.subschema_for::<T>();
        let parameters = parameters_from_schema(context, schema, ParamLocation::Query);
        add_parameters(context, operation, parameters);
    }
}

impl<T: JsonSchema> OperationInput for Path<T> {
    fn operation_input(context: &mut GenContext, operation: &mut Operation) {
        axum::extract::Path::<T>::operation_input(context, operation);
    }
}
