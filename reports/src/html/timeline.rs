//! The run over time: one panel for each kind of measure, all on the same axis, with the incidents behind them.

use super::charts::{Band, BandLabels, Chart, DrawError, Frame, Line, XAxis, ticks};
use super::thin::thin;
use crate::figures;
use crate::model::{IncidentBand, Run, Sample};

/// More points than this in a line nobody can tell apart, and they are most of the page's size.
pub(super) const POINTS_MAX: usize = 600;
/// Rows of the table beside the charts: enough to follow the run, few enough to scroll through.
const ROWS_MAX: usize = 60;

/// What a panel's values are, which decides their marks and how they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Unit {
    Rate,
    Count,
    Duration,
}

/// One line of a panel.
#[derive(Debug)]
pub(super) struct Measure {
    pub(super) label: &'static str,
    /// Which colour of the palette.
    pub(super) ink: u8,
    pub(super) read: fn(&Sample) -> Option<f64>,
}

/// One chart of the stack.
#[derive(Debug)]
pub(super) struct Panel {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) unit: Unit,
    pub(super) measures: &'static [Measure],
}

macro_rules! measure {
    ($label:literal, $ink:literal, $read:expr) => {
        Measure { label: $label, ink: $ink, read: $read }
    };
}

#[expect(clippy::cast_precision_loss, reason = "levels are far below 2^53")]
pub(super) const PANELS: [Panel; 7] = [
    Panel {
        id: "flow",
        title: "Applicants per second",
        unit: Unit::Rate,
        measures: &[
            measure!("arrivals", 0, |s| Some(s.arrivals_per_second)),
            measure!("decisions", 1, |s| Some(s.decisions_per_second)),
            measure!("abandonments", 2, |s| Some(s.abandonments_per_second)),
        ],
    },
    Panel {
        id: "decision-latency",
        title: "Decision latency at that moment",
        unit: Unit::Duration,
        measures: &[measure!("p50", 0, |s| s.decision_latency_p50), measure!("p95", 2, |s| s.decision_latency_p95)],
    },
    Panel {
        id: "under-way",
        title: "Applicants under way",
        unit: Unit::Count,
        measures: &[
            measure!("in flight", 0, |s| Some(s.in_flight as f64)),
            measure!("awaiting a decision", 2, |s| Some(s.awaiting_decision as f64)),
        ],
    },
    Panel {
        id: "review-queue",
        title: "Review queue depth",
        unit: Unit::Count,
        measures: &[measure!("waiting cases", 3, |s| s.review_queue_depth.map(|depth| depth as f64))],
    },
    Panel {
        id: "vendor",
        title: "Vendor, events per second",
        unit: Unit::Rate,
        measures: &[
            measure!("callbacks delivered", 1, |s| Some(s.callbacks_per_second)),
            measure!("errors", 2, |s| Some(s.vendor_errors_per_second)),
        ],
    },
    Panel {
        id: "callbacks-pending",
        title: "Callbacks held back or to be sent again",
        unit: Unit::Count,
        measures: &[measure!("pending", 3, |s| Some(s.callbacks_pending as f64))],
    },
    Panel { id: "lag", title: "Lateness of the load generator", unit: Unit::Duration, measures: &[measure!("lag p99", 0, |s| s.lag_p99)] },
];

impl Measure {
    /// Returns the value at a sample; none when there is none, or it cannot be drawn.
    pub(super) fn at(&self, sample: &Sample) -> Option<f64> {
        (self.read)(sample).filter(|value| value.is_finite() && *value >= 0.0)
    }
}

impl Panel {
    /// Returns a value of this panel as text.
    pub(super) fn written(&self, value: Option<&f64>) -> String {
        match (self.unit, value) {
            (_, None) => figures::NONE.to_owned(),
            (Unit::Rate | Unit::Count, Some(value)) => figures::decimal(*value),
            (Unit::Duration, Some(value)) => figures::duration(*value),
        }
    }
}

/// A panel, drawn.
#[derive(Debug)]
pub(super) struct Drawn {
    pub(super) panel: &'static Panel,
    pub(super) chart: Chart,
    /// The top of the vertical axis, for the script.
    pub(super) highest: f64,
}

/// All panels, and what they were drawn from.
#[derive(Debug)]
pub(super) struct Timeline {
    pub(super) from: f64,
    pub(super) until: f64,
    pub(super) samples: Vec<Sample>,
    pub(super) panels: Vec<Drawn>,
    pub(super) rows: Vec<Sample>,
    /// Seconds that one point stands for, when a long run was thinned out.
    pub(super) thinned_to: Option<f64>,
}

impl Timeline {
    /// Draws the run over time; none when there are no samples.
    pub(super) fn of(run: &Run) -> Result<Option<Self>, DrawError> {
        let (Some(first), Some(last)) = (run.series.first(), run.series.last()) else {
            return Ok(None);
        };
        let from = first.at.min(0.0);
        // A range of no width cannot be drawn; a run of a fraction of a second is drawn as one second.
        let until = last.at.max(from + 1.0);
        let samples = thin(&run.series, POINTS_MAX);
        let panels = PANELS.iter().enumerate().map(|(index, panel)| {
            let labels = if index == 0 { BandLabels::Shown } else { BandLabels::Hidden };
            draw(panel, (from, until), &samples, &run.incidents, labels)
        });
        let panels = panels.collect::<Result<_, _>>()?;
        #[expect(clippy::cast_precision_loss, reason = "a series has few samples")]
        let every = (until - from) / samples.len() as f64;
        Ok(Some(Self {
            from,
            until,
            panels,
            rows: thin(&run.series, ROWS_MAX),
            thinned_to: (samples.len() < run.series.len()).then_some(every),
            samples,
        }))
    }
}

fn draw(
    panel: &'static Panel,
    x: (f64, f64),
    samples: &[Sample],
    incidents: &[IncidentBand],
    band_labels: BandLabels,
) -> Result<Drawn, DrawError> {
    let highest = samples.iter().flat_map(|sample| panel.measures.iter().filter_map(|measure| measure.at(sample))).fold(0.0, f64::max);
    let (y_ticks, y_format): (Vec<f64>, fn(f64) -> String) = match panel.unit {
        Unit::Rate => (ticks::values(highest, 3), figures::decimal),
        Unit::Count => (ticks::counts(highest, 3), figures::decimal),
        Unit::Duration => (ticks::durations(highest, 3), duration_mark),
    };
    let frame = Frame {
        id: panel.id,
        label: label(panel, samples, incidents),
        height: if band_labels == BandLabels::Shown { 154 } else { 140 },
        x_axis: XAxis::Time,
        x,
        y_format,
        bands: bands(incidents),
        band_labels,
        lines: panel
            .measures
            .iter()
            .map(|measure| Line {
                points: samples.iter().map(|sample| (sample.at, measure.at(sample))).collect(),
                ink: measure.ink,
                area: panel.measures.len() == 1,
            })
            .collect(),
        y_ticks,
    };
    let highest = frame.y_ticks.last().copied().unwrap_or(1.0);
    Ok(Drawn { panel, chart: Chart::draw(&frame)?, highest })
}

/// Returns a duration for an axis, whose marks are round: `20 s`, not `20.0 s`.
pub(super) fn duration_mark(seconds: f64) -> String {
    figures::duration(seconds).replace(".0 ", " ")
}

fn bands(incidents: &[IncidentBand]) -> Vec<Band> {
    (1..)
        .zip(incidents)
        .map(|(number, incident)| Band { number, name: incident.name.clone(), from: incident.from, until: incident.until })
        .collect()
}

/// Returns what the picture shows in a sentence: each line's highest value, and when.
fn label(panel: &Panel, samples: &[Sample], incidents: &[IncidentBand]) -> String {
    let peaks = panel.measures.iter().map(|measure| {
        let peak =
            samples.iter().filter_map(|sample| Some((measure.at(sample)?, sample.at))).max_by(|(one, _), (other, _)| one.total_cmp(other));
        match peak {
            Some((value, at)) => {
                let value = panel.written(Some(&value));
                format!("{} at most {value}, at {}", measure.label, figures::clock(at))
            }
            None => format!("{}: no values", measure.label),
        }
    });
    let peaks: Vec<_> = peaks.collect();
    let behind = match u64::try_from(incidents.len()) {
        Ok(0) | Err(_) => String::new(),
        Ok(number) => {
            format!(" {} drawn behind.", figures::counted(number, "incident is", "incidents are"))
        }
    };
    format!("{} over time: {}.{behind}", panel.title, peaks.join("; "))
}
