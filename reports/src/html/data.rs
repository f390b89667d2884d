//! What the script needs to show values under the pointer, as JSON inside the page.

use serde::Serialize;

use super::charts::ticks::TIME_STEPS;
use super::percentiles::Percentiles;
use super::timeline::{Timeline, Unit};
use crate::model::Run;

#[derive(Serialize)]
struct Data<'a> {
    time_steps: &'a [f64],
    incidents: Vec<Incident<'a>>,
    time: Option<Time>,
    percentiles: Option<Curves<'a>>,
}

#[derive(Serialize)]
struct Incident<'a> {
    name: &'a str,
    from: f64,
    until: f64,
}

#[derive(Serialize)]
struct Time {
    from: f64,
    until: f64,
    at: Vec<f64>,
    panels: Vec<Panel>,
}

#[derive(Serialize)]
struct Panel {
    id: &'static str,
    unit: Unit,
    highest: f64,
    lines: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    label: &'static str,
    ink: u8,
    values: Vec<Option<f64>>,
}

#[derive(Serialize)]
struct Curves<'a> {
    until: f64,
    highest: f64,
    lines: Vec<Curve<'a>>,
}

#[derive(Serialize)]
struct Curve<'a> {
    label: &'a str,
    ink: u8,
    /// Place on the axis, percentile, seconds.
    points: Vec<(f64, f64, f64)>,
}

/// Returns the data as JSON that cannot end the element it stands in.
pub(super) fn embedded(run: &Run, timeline: Option<&Timeline>, percentiles: Option<&Percentiles>) -> Result<String, serde_json::Error> {
    let data = Data {
        time_steps: &TIME_STEPS,
        incidents: run
            .incidents
            .iter()
            .map(|incident| Incident { name: &incident.name, from: incident.from, until: incident.until })
            .collect(),
        time: timeline.map(time),
        percentiles: percentiles.map(curves),
    };
    // `<` occurs only inside strings, where JSON allows it to be written as its number; then no `</script>` or `<!--` can be read.
    Ok(serde_json::to_string(&data)?.replace('<', "\\u003c"))
}

fn time(timeline: &Timeline) -> Time {
    let samples = &timeline.samples;
    Time {
        from: timeline.from,
        until: timeline.until,
        at: samples.iter().map(|sample| rounded(sample.at)).collect(),
        panels: timeline
            .panels
            .iter()
            .map(|drawn| Panel {
                id: drawn.panel.id,
                unit: drawn.panel.unit,
                highest: drawn.highest,
                lines: drawn
                    .panel
                    .measures
                    .iter()
                    .map(|measure| Line {
                        label: measure.label,
                        ink: measure.ink,
                        values: samples.iter().map(|s| measure.at(s).map(rounded)).collect(),
                    })
                    .collect(),
            })
            .collect(),
    }
}

fn curves(percentiles: &Percentiles) -> Curves<'_> {
    let points =
        |curve: &super::percentiles::Curve| curve.points.iter().map(|p| (rounded(p.at), p.percentile, rounded(p.seconds))).collect();
    Curves {
        until: percentiles.until,
        highest: percentiles.highest,
        lines: percentiles.curves.iter().map(|curve| Curve { label: &curve.label, ink: curve.ink, points: points(curve) }).collect(),
    }
}

/// Returns a value with the digits that a chart can show; the rest is only size.
fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}
