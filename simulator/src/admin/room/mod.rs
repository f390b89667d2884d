//! The control room: one small page, rendered here, for a person at a browser. Its forms are plain posts, so it works without script; with it, the page
//! follows what happens. `page` says what is on it.

mod changes;
mod notice;
mod page;

use std::time::Duration;

use askama::Template as _;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::StatusCode;
use hyper::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue};
use kycsim_scenarios::vendor::IncidentId;
use serde::Deserialize;

use super::extract::{Form, Query};
use super::incidents::shipped;
use super::problem::Problem;
use super::{Office, PREFIX};
use crate::clock::ClockMode;
use crate::secret::random;
use crate::tenants::{AdvanceError, TenantHandle};
use notice::Done;
use page::Page;

/// How long an advance may take that somebody clicked: after that the page comes back, and says so.
const ADVANCE_WITHIN: Duration = Duration::from_secs(20);

pub(super) fn routes() -> Router<Office> {
    Router::new()
        .route(PREFIX, get(async || Redirect::permanent("/__admin/")))
        .route(&format!("{PREFIX}/"), get(show))
        .route(&format!("{PREFIX}/room"), post(act))
        .route(&format!("{PREFIX}/room/changes"), get(changes::changes))
}

/// Whose room, and what was just done there.
#[derive(Deserialize)]
struct Asked {
    tenant: Option<String>,
    done: Option<Done>,
}

/// What a button asks for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    tenant: String,
    act: Act,
    id: Option<u32>,
    incident: Option<String>,
    minutes: Option<u32>,
    receiver: Option<String>,
}

#[derive(Clone, Copy, Deserialize)]
enum Act {
    #[serde(rename = "freeze")]
    Freeze,
    #[serde(rename = "resume")]
    Resume,
    #[serde(rename = "advance_1m")]
    AdvanceMinute,
    #[serde(rename = "advance_1h")]
    AdvanceHour,
    #[serde(rename = "advance_24h")]
    AdvanceDay,
    #[serde(rename = "start")]
    Start,
    #[serde(rename = "stop")]
    Stop,
    #[serde(rename = "enable")]
    Enable,
}

async fn show(State(office): State<Office>, Query(Asked { tenant, done }): Query<Asked>) -> Result<Response, Problem> {
    let tenant = named(&office, tenant)?;
    let nonce = random().map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "no_randomness", error.to_string()))?;
    let nonce = STANDARD.encode(&nonce[..16]);
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'; img-src data:; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    let policy = HeaderValue::try_from(policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'")); // base64 always fits
    let rendered = Page::of(&office, &tenant, done, nonce).render();
    let html = rendered.map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "not_written", error.to_string()))?;
    let headers: [(HeaderName, HeaderValue); 2] =
        [(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")), (CONTENT_SECURITY_POLICY, policy)];
    Ok((headers, html).into_response())
}

fn named(office: &Office, name: Option<String>) -> Result<TenantHandle, Problem> {
    match name {
        None => Ok(office.default_tenant()),
        Some(name) => office.tenants().find(&name).ok_or_else(|| Problem::no_such_tenant(&name)),
    }
}

async fn act(State(office): State<Office>, Form(wanted): Form<Wanted>) -> Result<Redirect, Problem> {
    let tenant = named(&office, Some(wanted.tenant.clone()))?;
    let done = done(&tenant, wanted).await;
    Ok(Redirect::to(&format!("{PREFIX}/?tenant={}&done={}", tenant.name(), done.as_str()))) // a name needs no escapes
}

async fn done(tenant: &TenantHandle, wanted: Wanted) -> Done {
    match wanted.act {
        Act::Freeze => {
            tenant.clock().set_mode(ClockMode::Frozen);
            Done::Frozen
        }
        Act::Resume => {
            tenant.clock().set_mode(ClockMode::Real);
            Done::Resumed
        }
        Act::AdvanceMinute => advance(tenant, 60).await,
        Act::AdvanceHour => advance(tenant, 60 * 60).await,
        Act::AdvanceDay => advance(tenant, 24 * 60 * 60).await,
        Act::Start => start(tenant, wanted.incident.as_deref(), wanted.minutes),
        Act::Stop => match wanted.id.map(|id| tenant.stop_incident(IncidentId(id))) {
            Some(Ok(())) => Done::Stopped,
            Some(Err(_)) | None => Done::OverAlready,
        },
        Act::Enable => match wanted.receiver.is_some_and(|receiver| tenant.enable_receiver(&receiver)) {
            true => Done::Enabled,
            false => Done::NotDisabled,
        },
    }
}

async fn advance(tenant: &TenantHandle, seconds: u64) -> Done {
    match tenant.advance(Duration::from_secs(seconds), ADVANCE_WITHIN).await {
        Ok(()) => Done::Advanced,
        Err(AdvanceError::NotFrozen) => Done::NotFrozen,
        Err(AdvanceError::Overran { .. } | AdvanceError::Stopped { .. }) => Done::Overran,
    }
}

fn start(tenant: &TenantHandle, name: Option<&str>, minutes: Option<u32>) -> Done {
    let minutes = minutes.filter(|minutes| [1, 5, 15].contains(minutes)).unwrap_or(5);
    let Some(incident) = name.and_then(shipped) else { return Done::Unknown };
    match tenant.start_incident(incident, Duration::from_secs(u64::from(minutes) * 60)) {
        Ok(_) => Done::Started,
        Err(_) => Done::Full,
    }
}
