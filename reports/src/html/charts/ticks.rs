//! Where an axis has its marks.

/// Steps of time that people count in, in seconds. The script uses the same ones when a reader zooms.
pub(crate) const TIME_STEPS: [f64; 24] = [
    0.1,
    0.2,
    0.5,
    1.0,
    2.0,
    5.0,
    10.0,
    15.0,
    30.0,
    60.0,
    120.0,
    300.0,
    600.0,
    900.0,
    1_800.0,
    3_600.0,
    7_200.0,
    10_800.0,
    21_600.0,
    43_200.0,
    86_400.0,
    172_800.0,
    604_800.0,
    2_592_000.0,
];

/// Bound on the marks of any axis, so that no strange range can fill the page with them.
const MARKS_MAX: usize = 40;

/// Returns moments between `from` and `until`, at most about `wanted` of them, at a step that people count in.
pub(crate) fn time(from: f64, until: f64, wanted: u32) -> Vec<f64> {
    let least = (until - from) / f64::from(wanted.max(1));
    let step = TIME_STEPS.into_iter().find(|step| *step >= least).unwrap_or(TIME_STEPS[TIME_STEPS.len() - 1]);
    every(step, from, until)
}

/// Returns values from zero to at least `highest`, about `wanted` of them, at a step of 1, 2 or 5 times a power of ten.
///
/// A measure that is always zero still gets an axis: from 0 to 1.
pub(crate) fn values(highest: f64, wanted: u32) -> Vec<f64> {
    let highest = if highest.is_finite() && highest > 0.0 { highest } else { 1.0 };
    let least = highest / f64::from(wanted.max(1));
    let magnitude = 10_f64.powf(least.log10().floor());
    let step =
        [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * magnitude).find(|step| *step >= least * 0.999).unwrap_or(10.0 * magnitude);
    every(step, 0.0, step * (highest / step - 1e-9).ceil())
}

/// Returns values from zero to at least `highest` for a measure in seconds, at a step that people count in.
pub(crate) fn durations(highest: f64, wanted: u32) -> Vec<f64> {
    let least = highest / f64::from(wanted.max(1));
    if !highest.is_finite() || least < TIME_STEPS[0] {
        return values(highest, wanted);
    }
    let step = TIME_STEPS.into_iter().find(|step| *step >= least).unwrap_or(least);
    every(step, 0.0, step * (highest / step - 1e-9).ceil())
}

/// Returns the same for a measure that only has whole values: no mark at half an applicant.
pub(crate) fn counts(highest: f64, wanted: u32) -> Vec<f64> {
    if highest.is_finite() && highest > f64::from(wanted) {
        return values(highest, wanted);
    }
    every(1.0, 0.0, highest.max(1.0).ceil())
}

fn every(step: f64, from: f64, until: f64) -> Vec<f64> {
    // Adding zero turns a negative zero, which would be written with its sign, into a plain one.
    let first = (from / step - 1e-9).ceil() + 0.0;
    (0..MARKS_MAX)
        .scan(first, |next, _| {
            let mark = *next * step;
            *next += 1.0;
            Some(mark)
        })
        .take_while(|mark| *mark <= until + step * 1e-6)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_marked_at_steps_that_people_count_in() {
        assert_eq!(time(0.0, 45.0, 8), [0.0, 10.0, 20.0, 30.0, 40.0]);
        assert_eq!(time(0.0, 3_600.0, 6), [0.0, 600.0, 1_200.0, 1_800.0, 2_400.0, 3_000.0, 3_600.0]);
        assert_eq!(time(0.0, 0.0, 6), [0.0]);
    }

    #[test]
    fn values_are_marked_from_zero_beyond_the_highest() {
        assert_eq!(values(7.3, 4), [0.0, 2.0, 4.0, 6.0, 8.0]);
        assert_eq!(values(10.0, 4), [0.0, 5.0, 10.0]);
        assert_eq!(values(0.0, 2), [0.0, 0.5, 1.0]);
        assert_eq!(values(f64::NAN, 2), [0.0, 0.5, 1.0]);
    }

    #[test]
    fn counts_have_no_fractions() {
        assert_eq!(counts(0.0, 4), [0.0, 1.0]);
        assert_eq!(counts(3.0, 4), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(counts(17.0, 4), [0.0, 5.0, 10.0, 15.0, 20.0]);
    }

    #[test]
    fn no_range_gives_marks_without_end() {
        assert!(time(0.0, 1e12, 6).len() <= MARKS_MAX);
        assert!(values(1e300, 4).len() <= MARKS_MAX);
    }
}
