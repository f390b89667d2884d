//! `orders`: what is to happen to one applicant or session, whatever the scenario says.

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, put_with};
use axum::Json as Answer;
use axum::response::NoContent;
use kycsim_scenarios::vendor::Order;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Office;
use super::extract::{Id, Json, Path, Query};
use super::problem::Problem;
use super::requests::limit;
use super::routes::about;
use super::tenant::Of;
use crate::tenants::{Subject, TenantHandle};

/// The applicant in the path.
#[derive(Deserialize, JsonSchema)]
struct Reference {
    /// The customer's reference of the applicant, who need not have come yet.
    reference: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListOrders {
    /// How many, 1 to 1000; 100 when it is not said.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<u32>,
}

/// Some orders.
#[derive(Serialize, JsonSchema)]
struct OrderList {
    /// By applicant, then by session.
    orders: Vec<PlacedOrder>,
    /// How many there are in all.
    total: usize,
}

/// An order, and whom it is about.
#[derive(Serialize, JsonSchema)]
struct PlacedOrder {
    /// The reference of the applicant it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    applicant: Option<String>,
    /// The id of the session it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    /// What is to happen.
    order: Order,
}

impl PlacedOrder {
    fn of(subject: Subject, order: &Order) -> Self {
        let (applicant, session) = match subject {
            Subject::Applicant(reference) => (Some(reference), None),
            Subject::Session(id) => (None, Some(id)),
        };
        Self { applicant, session, order: order.clone() }
    }
}

pub(super) fn routes() -> ApiRouter<Office> {
    ApiRouter::new()
        .api_route("/orders", get_with(list, about("listOrders", "orders", "Orders")))
        .api_route(
            "/orders/applicants/{reference}",
            put_with(put_applicant, about("orderApplicant", "orders", "Order what happens to an applicant, before or after they come"))
                .get_with(get_applicant, about("showApplicantOrder", "orders", "The order about an applicant"))
                .delete_with(delete_applicant, about("withdrawApplicantOrder", "orders", "Take the order about an applicant back")),
        )
        .api_route(
            "/orders/sessions/{id}",
            put_with(
                put_session,
                about("orderSession", "orders", "Order what happens to a session; it comes before its applicant's order"),
            )
            .get_with(get_session, about("showSessionOrder", "orders", "The order about a session"))
            .delete_with(delete_session, about("withdrawSessionOrder", "orders", "Take the order about a session back")),
        )
}

async fn list(Of(tenant): Of, Query(query): Query<ListOrders>) -> Result<Answer<OrderList>, Problem> {
    let limit = limit(query.limit)?;
    let mut orders = tenant.orders();
    let total = orders.len();
    orders.sort_by(|(left, _), (right, _)| key(left).cmp(&key(right)));
    let orders = orders.into_iter().take(limit).map(|(subject, order)| PlacedOrder::of(subject, &order)).collect();
    Ok(Answer(OrderList { orders, total }))
}

fn key(subject: &Subject) -> (bool, &str) {
    match subject {
        Subject::Applicant(reference) => (false, reference),
        Subject::Session(id) => (true, id),
    }
}

fn place(tenant: &TenantHandle, subject: Subject, order: Order) -> Result<Answer<PlacedOrder>, Problem> {
    let placed = PlacedOrder::of(subject.clone(), &order);
    tenant.order(&subject, order)?;
    Ok(Answer(placed))
}

fn show(tenant: &TenantHandle, subject: Subject) -> Result<Answer<PlacedOrder>, Problem> {
    let order = tenant.order_of(&subject).ok_or_else(|| none(&subject))?;
    Ok(Answer(PlacedOrder::of(subject, &order)))
}

fn withdraw(tenant: &TenantHandle, subject: &Subject) -> Result<NoContent, Problem> {
    if tenant.withdraw_order(subject) { Ok(NoContent) } else { Err(none(subject)) }
}

fn none(subject: &Subject) -> Problem {
    let whom = match subject {
        Subject::Applicant(reference) => format!("applicant `{reference}`"),
        Subject::Session(id) => format!("session `{id}`"),
    };
    Problem::missing("no_such_order", format!("there is no order about {whom}"))
}

async fn put_applicant(
    Of(tenant): Of,
    Path(Reference { reference }): Path<Reference>,
    Json(order): Json<Order>,
) -> Result<Answer<PlacedOrder>, Problem> {
    place(&tenant, Subject::Applicant(reference), order)
}

async fn get_applicant(Of(tenant): Of, Path(Reference { reference }): Path<Reference>) -> Result<Answer<PlacedOrder>, Problem> {
    show(&tenant, Subject::Applicant(reference))
}

async fn delete_applicant(Of(tenant): Of, Path(Reference { reference }): Path<Reference>) -> Result<NoContent, Problem> {
    withdraw(&tenant, &Subject::Applicant(reference))
}

async fn put_session(Of(tenant): Of, Path(Id { id }): Path<Id>, Json(order): Json<Order>) -> Result<Answer<PlacedOrder>, Problem> {
    place(&tenant, Subject::Session(id), order)
}

async fn get_session(Of(tenant): Of, Path(Id { id }): Path<Id>) -> Result<Answer<PlacedOrder>, Problem> {
    show(&tenant, Subject::Session(id))
}

async fn delete_session(Of(tenant): Of, Path(Id { id }): Path<Id>) -> Result<NoContent, Problem> {
    withdraw(&tenant, &Subject::Session(id))
}
