//! Bars inside tables: parts of a whole, and values on a common scale. They are HTML rather than SVG, so that they grow with their column
//! and the table stays the table for who cannot see them.

use crate::figures;
use crate::model::{Breakdown, FunnelStep, Latency, Run, Slice, Totals};

/// How many values of one attribute are shown; a table of every country would bury the rest. `report.json` has them all.
const SLICES_MAX: usize = 30;

/// One part of a stacked bar.
#[derive(Debug)]
pub(super) struct Part {
    /// Its class in the style sheet.
    pub(super) class: String,
    pub(super) label: String,
    pub(super) number: u64,
    /// Of the whole, 0..=1.
    pub(super) share: f64,
    /// Width in percent, ready for CSS.
    pub(super) width: String,
}

/// Returns what became of the applicants, without the outcomes that no one had.
pub(super) fn outcomes(totals: &Totals) -> Vec<Part> {
    parts(&[
        ("approved", totals.approved),
        ("rejected", totals.rejected),
        ("abandoned", totals.abandoned),
        ("expired", totals.expired),
        ("in review", totals.in_review),
        ("under way", totals.in_flight),
    ])
}

fn parts(numbers: &[(&str, u64)]) -> Vec<Part> {
    let whole = numbers.iter().map(|(_, number)| number).sum();
    numbers
        .iter()
        .filter(|(_, number)| *number > 0)
        .map(|(label, number)| {
            let share = figures::ratio(*number, whole).unwrap_or(0.0);
            Part { class: label.replace(' ', "-"), label: (*label).to_owned(), number: *number, share, width: percent(share) }
        })
        .collect()
}

/// Returns a share as a CSS percentage.
fn percent(share: f64) -> String {
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    format!("{:.2}%", share * 100.0)
}

/// A step of the funnel and its bar, on the scale of the first step.
#[derive(Debug)]
pub(super) struct FunnelRow<'a> {
    pub(super) step: &'a FunnelStep,
    pub(super) passed: String,
    pub(super) open: String,
    pub(super) abandoned: String,
    /// Of those who came to this step, how many left at it.
    pub(super) abandonment: Option<f64>,
}

pub(super) fn funnel(run: &Run) -> Vec<FunnelRow<'_>> {
    let widest = run.funnel.iter().map(|step| step.entered).max().unwrap_or(0);
    let width = |number| percent(figures::ratio(number, widest).unwrap_or(0.0));
    run.funnel
        .iter()
        .map(|step| FunnelRow {
            step,
            passed: width(step.passed),
            open: width(step.open),
            abandoned: width(step.abandoned),
            abandonment: figures::ratio(step.abandoned, step.entered),
        })
        .collect()
}

/// A segment of decision latency and its bars, on the scale of the slowest.
#[derive(Debug)]
pub(super) struct SegmentRow<'a> {
    pub(super) latency: &'a Latency,
    /// Which colour of the palette; the stacked bar above the table uses the same.
    pub(super) ink: usize,
    pub(super) p50: String,
    pub(super) p95: String,
    /// Of all the waiting of all applicants, how much was here.
    pub(super) share: f64,
    pub(super) share_width: String,
}

pub(super) fn segments(run: &Run) -> Vec<SegmentRow<'_>> {
    let slowest = run.segments.iter().map(|segment| segment.p95).fold(0.0, f64::max);
    let scale = |seconds: f64| percent(if slowest > 0.0 { seconds / slowest } else { 0.0 });
    let total: f64 = run.segments.iter().map(waited).sum();
    (0..)
        .zip(&run.segments)
        .map(|(ink, latency)| {
            let share = if total > 0.0 { waited(latency) / total } else { 0.0 };
            SegmentRow { latency, ink: ink % 6, p50: scale(latency.p50), p95: scale(latency.p95), share, share_width: percent(share) }
        })
        .collect()
}

/// Returns the seconds that all applicants together waited in this segment. Percentiles of segments do not add up; means do.
fn waited(segment: &Latency) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    let waited = segment.mean * segment.count as f64;
    if waited.is_finite() { waited.max(0.0) } else { 0.0 }
}

/// Outcomes by one attribute, the most frequent values first.
#[derive(Debug)]
pub(super) struct BreakdownTable<'a> {
    pub(super) by: &'a str,
    pub(super) rows: Vec<SliceRow<'a>>,
    /// Values that are not shown.
    pub(super) left_out: usize,
}

#[derive(Debug)]
pub(super) struct SliceRow<'a> {
    pub(super) slice: &'a Slice,
    pub(super) parts: Vec<Part>,
    /// The length of the whole bar: this value's applicants against the most frequent value's.
    pub(super) width: String,
}

pub(super) fn breakdowns(run: &Run) -> Vec<BreakdownTable<'_>> {
    run.breakdowns.iter().map(breakdown).collect()
}

fn breakdown(breakdown: &Breakdown) -> BreakdownTable<'_> {
    let most = breakdown.slices.iter().map(|slice| slice.applicants).max().unwrap_or(0);
    let mut slices: Vec<_> = breakdown.slices.iter().collect();
    // Stable: values with the same number of applicants stay in the order of the run.
    slices.sort_by_key(|slice| std::cmp::Reverse(slice.applicants));
    BreakdownTable {
        by: &breakdown.by,
        left_out: slices.len().saturating_sub(SLICES_MAX),
        rows: slices
            .into_iter()
            .take(SLICES_MAX)
            .map(|slice| SliceRow {
                slice,
                parts: parts(&[
                    ("approved", slice.approved),
                    ("rejected", slice.rejected),
                    ("abandoned", slice.abandoned),
                    ("open", slice.open),
                ]),
                width: percent(figures::ratio(slice.applicants, most).unwrap_or(0.0)),
            })
            .collect(),
    }
}
