//! The map of the API, and its description: both from the handlers.

use aide::axum::ApiRouter;
use aide::openapi::{
    Info, OpenApi, Operation, Parameter, ParameterData, ParameterSchemaOrContent, PathItem, PathStyle, ReferenceOr, SchemaObject,
};
use aide::transform::TransformOperation;
use axum::Router;
use axum::extract::State;
use axum::response::Redirect;
use axum::routing::get;
use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use schemars::json_schema;

use super::problem::Problem;
use super::{
    Office, PREFIX, clock, deliveries, events, incidents, metrics, ndjson, orders, receivers, requests, room, secrets, sessions, tenants,
    verify,
};

const DESCRIPTION: &str = "Steers a fake KYC vendor: tenants, clock, orders, incidents; and looks at what it was asked and what it sent. Words are \
    WireMock's where it has them. What stands at `/__admin/…` is the default tenant's; every tenant has the same at `/__admin/tenants/{tenant}/…`. \
    Every answer that is no success is `{\"error\": {\"code\", \"message\"}}`; codes are stable.";

/// Returns everything that there is, and leaves its description in the office.
pub(super) fn routes(office: &Office) -> Router {
    let mut document = OpenApi {
        info: Info {
            title: "kycsim vendor: admin API".to_owned(),
            description: Some(DESCRIPTION.to_owned()),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ..Info::default()
        },
        ..OpenApi::default()
    };
    let at_root = ApiRouter::new().merge(metrics::routes()).merge(tenants::routes()).merge(of_each());
    let of_tenants = of_each().with_path_items(|mut item| {
        name_tenant(item.inner_mut());
        item
    });
    let routes = ApiRouter::new().nest(PREFIX, at_root).nest(&format!("{PREFIX}/tenants/{{tenant}}"), of_tenants).finish_api(&mut document);
    // A document of plain values can always be written; an empty one would be seen by the test that reads it.
    let _ = office.0.openapi.set(serde_json::to_vec(&document).unwrap_or_default().into());
    routes
        .route(&format!("{PREFIX}/openapi.json"), get(openapi))
        .route(&format!("{PREFIX}/docs"), get(async || Redirect::temporary("/__admin/openapi.json")))
        .merge(room::routes())
        .fallback(unknown)
        .method_not_allowed_fallback(not_allowed)
        .with_state(office.clone())
}

/// What every tenant has.
fn of_each() -> ApiRouter<Office> {
    ApiRouter::new()
        .merge(tenants::routes_of_each())
        .merge(clock::routes())
        .merge(orders::routes())
        .merge(sessions::routes())
        .merge(incidents::routes())
        .merge(requests::routes())
        .merge(deliveries::routes())
        .merge(verify::routes())
        .merge(receivers::routes())
        .merge(secrets::routes())
        .merge(events::routes())
        .merge(ndjson::routes())
}

/// Describes one operation.
pub(super) fn about(
    id: &'static str,
    tag: &'static str,
    summary: &'static str,
) -> impl for<'t> FnOnce(TransformOperation<'t>) -> TransformOperation<'t> {
    move |operation| operation.id(id).tag(tag).summary(summary).default_response::<Problem>()
}

/// Describes what is the same under a tenant's own address: its name in the path, and an id that no other operation has.
fn name_tenant(item: &mut PathItem) {
    let tenant = SchemaObject { json_schema: json_schema!({ "type": "string" }), external_docs: None, example: None };
    let parameter = Parameter::Path {
        parameter_data: ParameterData {
            name: "tenant".to_owned(),
            description: Some("The tenant's name; `default` is the one that the vendor was started with.".to_owned()),
            required: true,
            deprecated: None,
            format: ParameterSchemaOrContent::Schema(tenant),
            example: None,
            examples: Default::default(),
            explode: None,
            extensions: Default::default(),
        },
        style: PathStyle::Simple,
    };
    item.parameters.push(ReferenceOr::Item(parameter));
    for operation in operations(item) {
        operation.operation_id = operation.operation_id.take().map(|id| format!("{id}OfTenant"));
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.delete].into_iter().flatten()
}

async fn openapi(State(office): State<Office>) -> ([(HeaderName, HeaderValue); 1], Bytes) {
    let document = office.0.openapi.get().cloned().unwrap_or_default();
    ([(CONTENT_TYPE, HeaderValue::from_static("application/json"))], document)
}

async fn unknown() -> Problem {
    Problem::missing("no_such_resource", "there is nothing at this address; `/__admin/openapi.json` says what there is")
}

async fn not_allowed() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "this address does not take this method; `/__admin/openapi.json` says which",
    )
}
