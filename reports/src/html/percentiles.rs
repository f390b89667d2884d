//! The percentile curve: how long the slowest tenth, hundredth, thousandth waited.

use super::charts::{BandLabels, Chart, DrawError, Frame, Line, XAxis, nines, ticks};
use super::timeline::duration_mark;
use crate::model::{Latency, Run};
use crate::{figures, wording};

/// Curves in one chart: as many as the palette has colours.
const CURVES_MAX: usize = 4;
/// How many points of a curve are drawn.
const POINTS_MAX: usize = 400;
/// The generator's own lateness is no one's waiting time.
const LAG: &str = "lag";

/// One point of a curve on the page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Point {
    /// On the axis of nines.
    pub(super) at: f64,
    pub(super) percentile: f64,
    pub(super) seconds: f64,
}

/// One curve.
#[derive(Debug)]
pub(super) struct Curve {
    pub(super) label: String,
    pub(super) ink: u8,
    pub(super) points: Vec<Point>,
}

/// The chart and what it was drawn from.
#[derive(Debug)]
pub(super) struct Percentiles {
    pub(super) curves: Vec<Curve>,
    pub(super) chart: Chart,
    /// The ends of the axes, for the script.
    pub(super) until: f64,
    pub(super) highest: f64,
}

impl Percentiles {
    /// Draws the headline distributions; none when nothing was measured.
    pub(super) fn of(run: &Run) -> Result<Option<Self>, DrawError> {
        let curves: Vec<_> = (0..)
            .zip(run.latencies.iter().filter(|latency| latency.name != LAG))
            .map(|(ink, latency)| curve(latency, ink))
            .filter(|curve| !curve.points.is_empty())
            .take(CURVES_MAX)
            .collect();
        if curves.is_empty() {
            return Ok(None);
        }
        let points = || curves.iter().flat_map(|curve| &curve.points);
        let highest = points().map(|point| point.seconds).fold(0.0, f64::max);
        let until = points().map(|point| point.at).fold(1.0, f64::max);
        let frame = Frame {
            id: "percentiles",
            label: label(run),
            height: 300,
            x_axis: XAxis::Nines,
            x: (0.0, until),
            y_ticks: ticks::durations(highest, 5),
            y_format: duration_mark,
            bands: Vec::new(),
            band_labels: BandLabels::Hidden,
            lines: curves
                .iter()
                .map(|curve| Line { points: curve.points.iter().map(|p| (p.at, Some(p.seconds))).collect(), ink: curve.ink, area: false })
                .collect(),
        };
        let chart = Chart::draw(&frame)?;
        let highest = frame.y_ticks.last().copied().unwrap_or(1.0);
        Ok(Some(Self { curves, chart, until, highest }))
    }
}

fn curve(latency: &Latency, ink: u8) -> Curve {
    let last = last_nines(latency.count);
    let points: Vec<_> = latency
        .curve
        .iter()
        .filter(|p| p.seconds.is_finite() && (0.0..=100.0).contains(&p.percentile))
        .map(|p| Point { at: nines(p.percentile / 100.0).min(last), percentile: p.percentile, seconds: p.seconds.max(0.0) })
        .collect();
    let every = points.len().div_ceil(POINTS_MAX).max(1);
    // The last point is the maximum, which must not be thinned away: count from the end.
    let skipped = points.len().saturating_sub(1) % every;
    Curve { label: wording::name(&latency.name), ink, points: points.into_iter().skip(skipped).step_by(every).collect() }
}

/// Returns where the maximum stands. The hundredth percentile has no place on an axis of nines; of `count` values the largest is at about
/// the last percentile that they can tell apart.
fn last_nines(count: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "only its order of magnitude matters")]
    let count = count.max(1) as f64;
    (2.0 * count).log10()
}

fn label(run: &Run) -> String {
    let curves: Vec<_> = run
        .latencies
        .iter()
        .filter(|latency| latency.name != LAG && latency.count > 0)
        .map(|latency| {
            format!(
                "{}: half within {}, 95 % within {}, 99 % within {}",
                wording::name(&latency.name),
                figures::duration(latency.p50),
                figures::duration(latency.p95),
                figures::duration(latency.p99)
            )
        })
        .collect();
    format!("Latency by percentile. {}.", curves.join(". "))
}
