//! An axis with marks of our choosing.
//!
//! plotters' own choose marks by themselves, at steps that no one counts time in.

use std::fmt;
use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

/// A linear axis.
#[derive(Clone)]
pub(super) struct Axis {
    pub(super) from: f64,
    pub(super) until: f64,
    pub(super) marks: Vec<f64>,
    pub(super) format: fn(f64) -> String,
}

impl fmt::Debug for Axis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Axis").field("from", &self.from).field("until", &self.until).field("marks", &self.marks).finish_non_exhaustive()
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (start, end): (i32, i32)) -> i32 {
        let width = self.until - self.from;
        let share = if width > 0.0 { (value - self.from) / width } else { 0.0 };
        #[expect(clippy::cast_possible_truncation, reason = "the cast saturates, far outside of any canvas")]
        let place = (f64::from(start) + share * f64::from(end - start)).round() as i32;
        place
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        // Light points would be lines between the marks; we want none.
        if hint.weight().allow_light_points() { Vec::new() } else { self.marks.clone() }
    }

    fn range(&self) -> Range<f64> {
        self.from..self.until
    }
}

impl ValueFormatter<f64> for Axis {
    fn format(value: &f64) -> String {
        value.to_string()
    }

    fn format_ext(&self, value: &f64) -> String {
        (self.format)(*value)
    }
}
