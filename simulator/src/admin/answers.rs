//! Answers that axum has no type for, and how they are described.

use aide::OperationOutput;
use aide::generate::GenContext;
use aide::openapi::{MediaType, Operation, Response as Described, SchemaObject, StatusCode as Status};
use axum::Json;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use schemars::{JsonSchema, json_schema};
use serde::Serialize;

/// 201: made, and here it is.
pub(super) struct Created<T> {
    pub(super) is: T,
    /// Where, for the `Location` header; none when it has no address of its own, or none that could stand in a header.
    pub(super) at: Option<String>,
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        let mut response = (StatusCode::CREATED, Json(self.is)).into_response();
        if let Some(at) = self.at.and_then(|at| HeaderValue::try_from(at).ok()) {
            response.headers_mut().insert(LOCATION, at);
        }
        response
    }
}

impl<T: JsonSchema> OperationOutput for Created<T> {
    type Inner = T;

    fn operation_response(context: &mut GenContext, operation: &mut Operation) -> Option<Described> {
        Json::<T>::operation_response(context, operation)
    }

    fn inferred_responses(context: &mut GenContext, operation: &mut Operation) -> Vec<(Option<Status>, Described)> {
        Self::operation_response(context, operation).into_iter().map(|described| (Some(Status::Code(201)), described)).collect()
    }
}

/// Declares an answer that is a text of some type.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: $content_type:literal, $describes:literal);+ $(;)?) => {
        $($(#[$doc])*
        pub(super) struct $name(pub(super) Body);

        impl IntoResponse for $name {
            fn into_response(self) -> Response {
                ([(CONTENT_TYPE, HeaderValue::from_static($content_type))], self.0).into_response()
            }
        }

        impl OperationOutput for $name {
            type Inner = String;

            fn operation_response(_context: &mut GenContext, _operation: &mut Operation) -> Option<Described> {
                let text = SchemaObject { json_schema: json_schema!({ "type": "string" }), external_docs: None, example: None };
                let mut described = Described { description: $describes.to_owned(), ..Described::default() };
                described.content.insert($content_type.to_owned(), MediaType { schema: Some(text), ..MediaType::default() });
                Some(described)
            }

            fn inferred_responses(context: &mut GenContext, operation: &mut Operation) -> Vec<(Option<Status>, Described)> {
                Self::operation_response(context, operation).into_iter().map(|described| (Some(Status::Code(200)), described)).collect()
            }
        })+
    };
}

texts! {
    /// Lines of JSON.
    Lines: "application/x-ndjson", "One JSON value a line";
    /// What Prometheus reads.
    Metrics: "application/openmetrics-text; version=1.0.0; charset=utf-8", "OpenMetrics text";
    /// Server-sent events.
    Events: "text/event-stream", "Server-sent events, without end";
}
