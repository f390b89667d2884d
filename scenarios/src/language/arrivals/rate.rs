use std::f64::consts::TAU;
use std::num::NonZeroU32;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::language::quantity::{Period, Probability, QuantityError, Rate};

/// A rate that changes, in steps or along straight lines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Vec<RateStep>", into = "Vec<RateStep>")]
#[schemars(with = "Vec<RateStep>")]
pub struct RateProfile(Vec<RateStep>);

/// From `at` on, `per_second` applicants come.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RateStep {
    /// Since when.
    pub at: Period,
    /// How many a second.
    pub per_second: Rate,
    /// How long it takes to get there from the rate before, in a straight line; nothing: at once. The first rate has none before it, and comes from nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ramp: Option<Period>,
}

/// The swing of a day: at its peak more applicants come, half a period later fewer, and over a whole period as many as without it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Diurnal {
    /// How long a day is. A rehearsal that plays a day in ten minutes says `"10m"`.
    pub period: Period,
    /// The share by which the rate swings up and down: `0.6` goes from 40 % to 160 %.
    pub swing: Probability,
    /// When the first peak is.
    pub peak_at: Period,
}

/// So many applicants more than the rate says, in a short time: a campaign, a newsletter, a bus.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Spike {
    /// When it begins.
    pub at: Period,
    /// How many come.
    pub applicants: NonZeroU32,
    /// Over how long they are spread.
    pub over: Period,
}

impl RateProfile {
    /// Returns the profile of one unchanging rate.
    #[must_use]
    pub fn flat(per_second: Rate) -> Self {
        Self(vec![RateStep { at: Period::new(Duration::ZERO), per_second, ramp: None }])
    }

    /// The steps, in order of time.
    #[must_use]
    pub fn steps(&self) -> &[RateStep] {
        &self.0
    }

    /// Returns the straight lines that it is made of: where each begins, the rate there, and by how much a second it grows. The last has no end.
    fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut before = 0.0;
        for step in &self.0 {
            let (from, rate) = (step.at.length().as_secs_f64(), step.per_second.value());
            match step.ramp.map(|ramp| ramp.length().as_secs_f64()).filter(|ramp| *ramp > 0.0) {
                Some(ramp) => {
                    lines.push(Line { from, rate: before, slope: (rate - before) / ramp });
                    lines.push(Line { from: from + ramp, rate, slope: 0.0 });
                }
                None => lines.push(Line { from, rate, slope: 0.0 }),
            }
            before = rate;
        }
        lines
    }
}

impl TryFrom<Vec<RateStep>> for RateProfile {
    type Error = QuantityError;

    fn try_from(steps: Vec<RateStep>) -> Result<Self, QuantityError> {
        match steps.first() {
            None => return Err(QuantityError::new("the list of rates is empty; write [{ at = \"0s\", per_second = 5 }]")),
            Some(first) if !first.at.length().is_zero() => {
                return Err(QuantityError::new(format!("the first rate must begin at \"0s\", not at \"{}\"", first.at)));
            }
            Some(_) => {}
        }
        for pair in steps.windows(2) {
            let (before, after) = (pair[0], pair[1]);
            if before.at >= after.at {
                return Err(QuantityError::new(format!(
                    "rates must be in order of time, but \"{}\" comes before \"{}\"",
                    before.at, after.at
                )));
            }
            if let Some(ramp) = before.ramp
                && before.at.length().saturating_add(ramp.length()) > after.at.length()
            {
                return Err(QuantityError::new(format!(
                    "the rate that begins at \"{}\" takes \"{ramp}\" to be reached, and the next begins at \"{}\" already",
                    before.at, after.at
                )));
            }
        }
        Ok(Self(steps))
    }
}

impl From<RateProfile> for Vec<RateStep> {
    fn from(profile: RateProfile) -> Self {
        profile.0
    }
}

/// A straight piece of a rate. In seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Line {
    from: f64,
    rate: f64,
    slope: f64,
}

/// How many applicants are expected by when: the integral of all that a scenario says about its rate.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Intensity {
    pieces: Vec<Piece>,
    diurnal: Option<Diurnal>,
}

/// A stretch within which everything is straight but the day's swing, with what spikes add.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Piece {
    line: Line,
    spikes: f64,
}

impl Intensity {
    pub(super) fn new(profile: &RateProfile, diurnal: Option<Diurnal>, spikes: &[Spike]) -> Self {
        let lines = profile.lines();
        let bounds = |spike: &Spike| {
            let at = spike.at.length().as_secs_f64();
            (at, at + spike.over.length().as_secs_f64())
        };
        let mut breaks: Vec<f64> = lines.iter().map(|line| line.from).collect();
        breaks.extend(spikes.iter().map(bounds).flat_map(|(from, until)| [from, until]));
        breaks.sort_by(f64::total_cmp);
        breaks.dedup();
        let pieces = breaks.into_iter().map(|from| {
            // A profile begins at zero, so there is a line at or before each break.
            let line = lines.iter().rev().find(|line| line.from <= from).copied().unwrap_or(Line { from, rate: 0.0, slope: 0.0 });
            let line = Line { from, rate: line.rate + line.slope * (from - line.from), slope: line.slope };
            let active = spikes.iter().filter(|spike| {
                let (begins, ends) = bounds(spike);
                (begins..ends).contains(&from)
            });
            let spikes = active.map(|spike| f64::from(spike.applicants.get()) / spike.over.length().as_secs_f64()).sum();
            Piece { line, spikes }
        });
        Self { pieces: pieces.collect(), diurnal }
    }

    /// Returns the moment, in seconds, by which `expected` arrivals are expected since the beginning.
    pub(super) fn moment_of(&self, expected: f64) -> f64 {
        let mut left = expected;
        for (index, piece) in self.pieces.iter().enumerate() {
            let from = piece.line.from;
            let length = self.pieces.get(index + 1).map_or(f64::INFINITY, |next| next.line.from - from);
            let in_piece = self.expected_in(piece, length);
            if left <= in_piece {
                return from + self.moment_in(piece, length, left);
            }
            left -= in_piece;
        }
        f64::INFINITY // a profile is never empty, and its last line never ends
    }

    /// How many are expected within the first `length` seconds of a piece.
    fn expected_in(&self, piece: &Piece, length: f64) -> f64 {
        let Piece { line: Line { from, rate, slope }, spikes } = *piece;
        if length.is_infinite() {
            return f64::INFINITY; // rates are above zero
        }
        let straight = (rate + spikes) * length + slope * length * length / 2.0;
        let Some(Diurnal { period, swing, peak_at }) = self.diurnal else { return straight };
        // The integral of (rate + slope·x)·cos(w·(from + x − peak)) from 0 to `length`.
        let w = TAU / period.length().as_secs_f64();
        let (at_start, at_end) = (w * (from - peak_at.length().as_secs_f64()), w * (from + length - peak_at.length().as_secs_f64()));
        let waves =
            ((rate + slope * length) * at_end.sin() - rate * at_start.sin()) / w + slope * (at_end.cos() - at_start.cos()) / (w * w);
        straight + swing.value() * waves
    }

    /// Returns how far into a piece `expected` arrivals are expected.
    fn moment_in(&self, piece: &Piece, length: f64, expected: f64) -> f64 {
        let rate = piece.line.rate + piece.spikes;
        if piece.line.slope == 0.0 && self.diurnal.is_none() {
            return expected / rate;
        }
        // It grows from one end to the other, so halving finds it, to the last bit that a double has.
        let (mut low, mut high) = (0.0, if length.is_finite() { length } else { 1.0 });
        while length.is_infinite() && self.expected_in(piece, high) < expected {
            high *= 2.0;
        }
        for _ in 0..80 {
            let middle = f64::midpoint(low, high);
            if self.expected_in(piece, middle) < expected {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }
}
