//! `clock`: how a tenant's time goes by, and moving it on.

use std::time::Duration;

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use axum::Json as Answer;
use jiff::Timestamp;
use kycsim_scenarios::language::Period;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Office;
use super::extract::Json;
use super::problem::Problem;
use super::routes::about;
use super::span;
use super::tenant::Of;
use crate::clock::{ClockMode, TimeScale};
use crate::tenants::TenantHandle;

/// How far a clock is moved at once, at most: beyond it dates have five digits.
const ADVANCE_MAX: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// How time goes by: `"real"`, `"frozen"`, or `{"scaled": 60}` for a minute a second.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mode {
    /// As the machine's.
    Real,
    /// Not at all, until it is told to.
    Frozen,
    /// So many times as fast.
    Scaled(#[schemars(range(max = 1_000_000.0), extend("exclusiveMinimum" = 0))] f64),
}

impl From<ClockMode> for Mode {
    fn from(mode: ClockMode) -> Self {
        match mode {
            ClockMode::Real => Self::Real,
            ClockMode::Frozen => Self::Frozen,
            ClockMode::Scaled(scale) => Self::Scaled(scale.factor()),
        }
    }
}

impl TryFrom<Mode> for ClockMode {
    type Error = Problem;

    fn try_from(mode: Mode) -> Result<Self, Problem> {
        match mode {
            Mode::Real => Ok(Self::Real),
            Mode::Frozen => Ok(Self::Frozen),
            Mode::Scaled(factor) => {
                TimeScale::new(factor).map(Self::Scaled).map_err(|error| Problem::invalid("invalid_scale", error.to_string()))
            }
        }
    }
}

/// A tenant's clock, as it stands.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(super) struct ClockView {
    /// How time goes by.
    pub(super) mode: Mode,
    /// The time of day, as its payloads show it.
    pub(super) now: Timestamp,
    /// Microseconds since its scenario began.
    pub(super) elapsed_micros: u64,
}

impl ClockView {
    pub(super) fn of(tenant: &TenantHandle) -> Self {
        let clock = tenant.clock();
        let now = clock.now();
        Self { mode: clock.mode().into(), now: clock.wall().at(now), elapsed_micros: now.as_micros() }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SetClock {
    /// How time goes by from now on. It never jumps.
    mode: Mode,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AdvanceClock {
    /// How far, such as `"24h"`; at most a hundred years.
    by: Period,
    /// How long that may take in real time, at most `"60s"`; 10 s when it is not said.
    #[serde(default)]
    within: Option<Period>,
}

pub(super) fn routes() -> ApiRouter<Office> {
    ApiRouter::new()
        .api_route(
            "/clock",
            get_with(show, about("showClock", "clock", "How the tenant's time goes by"))
                .put_with(set, about("setClock", "clock", "Freeze it, scale it, let it go")),
        )
        .api_route(
            "/clock/advance",
            post_with(
                advance,
                about("advanceClock", "clock", "Move a frozen clock on, and perform all that falls due on the way, deliveries included"),
            ),
        )
}

async fn show(Of(tenant): Of) -> Answer<ClockView> {
    Answer(ClockView::of(&tenant))
}

async fn set(Of(tenant): Of, Json(SetClock { mode }): Json<SetClock>) -> Result<Answer<ClockView>, Problem> {
    tenant.clock().set_mode(mode.try_into()?);
    Ok(Answer(ClockView::of(&tenant)))
}

async fn advance(Of(tenant): Of, Json(AdvanceClock { by, within }): Json<AdvanceClock>) -> Result<Answer<ClockView>, Problem> {
    let by = span::bounded("by", by.length(), ADVANCE_MAX)?;
    tenant.advance(by, span::wait(within)?).await?;
    Ok(Answer(ClockView::of(&tenant)))
}
