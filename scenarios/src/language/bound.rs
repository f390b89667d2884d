use super::measure::{Measure, Unit};
use super::quantity::{Period, QuantityError};

/// What a measured value is compared with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// This value, in the measure's unit: seconds, a share of 1, or a number.
    Absolute(f64),
    /// `110% of baseline`: so many times what the baseline measured.
    TimesBaseline(f64),
    /// `baseline + 5s`: what the baseline measured, and so much more; less when it is below zero.
    BaselinePlus(f64),
}

/// How a measure is compared with its bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `=`
    Equal,
}

impl Comparison {
    /// The longer signs first, so that `<=` is not read as `<`.
    const SIGNS: [(&'static str, Self); 5] =
        [("<=", Self::AtMost), (">=", Self::AtLeast), ("<", Self::Less), (">", Self::Greater), ("=", Self::Equal)];

    /// Whether `measured` meets `bound`, both in the measure's unit.
    #[must_use]
    #[expect(clippy::float_cmp, reason = "`=` is for counts, which are whole")]
    pub fn holds(self, measured: f64, bound: f64) -> bool {
        match self {
            Self::Less => measured < bound,
            Self::AtMost => measured <= bound,
            Self::Greater => measured > bound,
            Self::AtLeast => measured >= bound,
            Self::Equal => measured == bound,
        }
    }
}

impl Bound {
    /// Whether it needs a baseline run.
    #[must_use]
    pub const fn is_relative(self) -> bool {
        match self {
            Self::Absolute(_) => false,
            Self::TimesBaseline(_) | Self::BaselinePlus(_) => true,
        }
    }

    /// Returns the bound as a value, given what the baseline measured; none when it needs a baseline and there is none.
    #[must_use]
    pub fn value(self, baseline: Option<f64>) -> Option<f64> {
        match self {
            Self::Absolute(value) => Some(value),
            Self::TimesBaseline(times) => baseline.map(|baseline| baseline * times),
            Self::BaselinePlus(more) => baseline.map(|baseline| baseline + more),
        }
    }

    /// Reads a comparison and a bound, and returns them with how they are written.
    pub(super) fn parse(measure: &Measure, text: &str) -> Result<(Comparison, Self, String), QuantityError> {
        let text = text.trim();
        let Some((sign, comparison)) = Comparison::SIGNS.into_iter().find(|(sign, _)| text.starts_with(sign)) else {
            return Err(QuantityError::new(format!(
                "`{text}` is not a bound; write a comparison and a value, such as `{}`",
                measure.unit().example()
            )));
        };
        let value = text[sign.len()..].trim();
        let (bound, value) = match relative(measure, value)? {
            Some(relative) => relative,
            None => (Self::Absolute(parse_value(measure, value)?), value.to_owned()),
        };
        Ok((comparison, bound, format!("{sign} {value}")))
    }
}

/// Reads `110% of baseline`, `baseline`, `baseline + 5s` and `baseline - 2%`; none when the text does not speak of a baseline.
fn relative(measure: &Measure, text: &str) -> Result<Option<(Bound, String)>, QuantityError> {
    let refuse = || {
        let more = match measure.unit() {
            Unit::Duration => "5s",
            Unit::Share => "2%",
            Unit::Count => "10",
        };
        QuantityError::new(format!("`{text}` is not a bound; write for example `110% of baseline`, or `baseline + {more}`"))
    };
    if let Some(share) = text.strip_suffix("baseline").map(str::trim_end).and_then(|text| text.strip_suffix("of")) {
        let percent = share.trim().strip_suffix('%').map(str::trim_end).ok_or_else(refuse)?;
        let number: f64 = percent.parse().map_err(|_| refuse())?;
        if !(number.is_finite() && number > 0.0) {
            return Err(refuse());
        }
        return Ok(Some((Bound::TimesBaseline(number / 100.0), format!("{percent}% of baseline"))));
    }
    let Some(rest) = text.strip_prefix("baseline").map(str::trim_start) else { return Ok(None) };
    if rest.is_empty() {
        return Ok(Some((Bound::BaselinePlus(0.0), text.to_owned())));
    }
    let (sign, direction) = match rest.chars().next() {
        Some('+') => ('+', 1.0),
        Some('-') => ('-', -1.0),
        Some(_) | None => return Err(refuse()),
    };
    let more = rest[1..].trim_start();
    Ok(Some((Bound::BaselinePlus(direction * parse_value(measure, more)?), format!("baseline {sign} {more}"))))
}

fn parse_value(measure: &Measure, value: &str) -> Result<f64, QuantityError> {
    let number = || value.parse::<f64>().ok().filter(|number| number.is_finite());
    let parsed = match measure.unit() {
        Unit::Duration => Period::try_from(value.to_owned()).ok().map(|period| period.length().as_secs_f64()),
        Unit::Share => match value.strip_suffix('%') {
            Some(percent) => percent.trim().parse::<f64>().ok().map(|percent| percent / 100.0),
            None => number(),
        }
        .filter(|share| (0.0..=1.0).contains(share)),
        Unit::Count => number(),
    };
    parsed.ok_or_else(|| {
        let unit = measure.unit();
        QuantityError::new(format!("`{measure}` is {}, and `{value}` is not; write for example `{}`", unit.describe(), unit.example()))
    })
}
