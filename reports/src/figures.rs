//! Numbers for people. Every face writes its figures with these, so that the same value reads the same everywhere.
//!
//! A value that cannot be (not finite, or a negative duration) is written as a dash: a report of a broken run must still open.

/// What stands where there is no value.
pub const NONE: &str = "–";

/// Returns a duration given in seconds: `0.4 ms`, `840 ms`, `4.2 s`, `3 min 10 s`, `1 h 5 min`.
#[must_use]
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return NONE.to_owned();
    }
    // Each border is where rounding would carry into the next unit: 59.96 s is a minute, not `60.0 s`.
    match seconds {
        s if s <= 0.0 => "0 s".to_owned(),
        s if s < 0.000_05 => "<0.1 ms".to_owned(),
        s if s < 0.009_95 => format!("{:.1} ms", s * 1_000.0),
        s if s < 0.999_5 => format!("{:.0} ms", s * 1_000.0),
        s if s < 59.95 => format!("{s:.1} s"),
        s if s < 3_599.5 => {
            let whole = s.round();
            two_units((whole / 60.0).floor(), "min", whole % 60.0, "s")
        }
        s => {
            let minutes = (s / 60.0).round();
            two_units((minutes / 60.0).floor(), "h", minutes % 60.0, "min")
        }
    }
}

fn two_units(large: f64, large_unit: &str, small: f64, small_unit: &str) -> String {
    if small < 0.5 { format!("{large:.0} {large_unit}") } else { format!("{large:.0} {large_unit} {small:.0} {small_unit}") }
}

/// Returns a moment of the run, in seconds since the schedule began, as a clock shows it: `0:45`, `12:30`, `1:05:00`, and `0:04.5` where
/// tenths matter. For axes, where room is short and `12 min 30 s` is long.
#[must_use]
pub fn clock(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return NONE.to_owned();
    }
    let tenths = (seconds * 10.0).round();
    let whole = (tenths / 10.0).floor();
    let (hours, minutes, rest) = ((whole / 3_600.0).floor(), (whole % 3_600.0 / 60.0).floor(), whole % 60.0);
    let fraction = match tenths % 10.0 {
        tenth if tenth < 0.5 => String::new(),
        tenth => format!(".{tenth:.0}"),
    };
    if hours < 0.5 { format!("{minutes:.0}:{rest:02.0}{fraction}") } else { format!("{hours:.0}:{minutes:02.0}:{rest:02.0}{fraction}") }
}

/// Returns a share in 0..=1 as a percentage: `3.1 %`. A share that is small and not nothing is `<0.1 %`, one that is nearly all is
/// `>99.9 %`: neither may read as none or all.
#[must_use]
pub fn share(share: f64) -> String {
    if !share.is_finite() {
        return NONE.to_owned();
    }
    match share * 100.0 {
        p if p <= 0.0 => "0 %".to_owned(),
        p if p < 0.1 => "<0.1 %".to_owned(),
        p if (100.0..100.05).contains(&p) => "100 %".to_owned(),
        p if p > 99.9 && p < 100.0 => ">99.9 %".to_owned(),
        p => format!("{p:.1} %"),
    }
}

/// Returns the share that `part` is of `whole`, or a dash when there is no whole.
#[must_use]
pub fn share_of(part: u64, whole: u64) -> String {
    ratio(part, whole).map_or_else(|| NONE.to_owned(), share)
}

/// Returns `part / whole`; none when there is no whole.
#[must_use]
pub fn ratio(part: u64, whole: u64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a share of more than 2^53 applicants is still right to 15 digits")]
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Returns a count with its thousands set apart: `12,340`.
#[must_use]
pub fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Returns a count and its noun: `1 applicant`, `12,340 applicants`.
#[must_use]
pub fn counted(number: u64, singular: &str, plural: &str) -> String {
    format!("{} {}", count(number), if number == 1 { singular } else { plural })
}

/// Returns a rate or a mean, with as many digits as it deserves: `0.42`, `4.2`, `1,234`.
#[must_use]
pub fn decimal(value: f64) -> String {
    if !value.is_finite() {
        return NONE.to_owned();
    }
    let size = value.abs();
    if size < 0.000_5 {
        "0".to_owned()
    } else if size < 0.995 {
        trimmed(format!("{value:.2}"))
    } else if size < 99.95 {
        trimmed(format!("{value:.1}"))
    } else {
        let sign = if value < 0.0 { "-" } else { "" };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates, and `size` is not negative")]
        let whole = size.round() as u64;
        format!("{sign}{}", count(whole))
    }
}

fn trimmed(number: String) -> String {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.').to_owned() } else { number }
}

/// Returns an RFC 3339 moment as a person writes it: `22 November 2026, 19:35:07 UTC`. What cannot be read is returned as it is.
#[must_use]
pub fn moment(rfc3339: &str) -> String {
    rfc3339.parse::<jiff::Timestamp>().map_or_else(|_| rfc3339.to_owned(), |moment| moment.strftime("%-d %B %Y, %H:%M:%S UTC").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(seconds: f64, expected: &str) {
        assert_eq!(duration(seconds), expected);
    }

    #[test]
    fn a_duration_reads_in_the_unit_a_person_would_choose() {
        reads(0.0, "0 s");
        reads(0.000_01, "<0.1 ms");
        reads(0.000_4, "0.4 ms");
        reads(0.009_94, "9.9 ms");
        reads(0.84, "840 ms");
        reads(4.2, "4.2 s");
        reads(12.0, "12.0 s");
        reads(60.0, "1 min");
        reads(190.0, "3 min 10 s");
        reads(3_600.0, "1 h");
        reads(3_900.0, "1 h 5 min");
        reads(90_000.0, "25 h");
    }

    #[test]
    fn a_duration_never_reads_as_sixty_of_the_smaller_unit() {
        reads(0.999_7, "1.0 s");
        reads(59.97, "1 min");
        reads(119.7, "2 min");
        reads(3_599.8, "1 h");
    }

    #[test]
    fn a_duration_that_cannot_be_is_a_dash() {
        reads(f64::NAN, NONE);
        reads(f64::INFINITY, NONE);
        reads(-1.0, NONE);
    }

    #[test]
    fn a_moment_of_the_run_reads_like_a_clock() {
        assert_eq!(clock(0.0), "0:00");
        assert_eq!(clock(4.5), "0:04.5");
        assert_eq!(clock(59.96), "1:00");
        assert_eq!(clock(750.0), "12:30");
        assert_eq!(clock(3_900.0), "1:05:00");
        assert_eq!(clock(f64::NAN), NONE);
    }

    #[test]
    fn a_share_never_rounds_to_none_or_all() {
        assert_eq!(share(0.0), "0 %");
        assert_eq!(share(0.000_4), "<0.1 %");
        assert_eq!(share(0.031), "3.1 %");
        assert_eq!(share(0.999_6), ">99.9 %");
        assert_eq!(share(1.0), "100 %");
        assert_eq!(share(f64::NAN), NONE);
        assert_eq!(share_of(1, 0), NONE);
        assert_eq!(share_of(1, 8), "12.5 %");
    }

    #[test]
    fn counts_are_grouped_in_threes() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(12_340), "12,340");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(counted(1, "case", "cases"), "1 case");
        assert_eq!(counted(2, "case", "cases"), "2 cases");
    }

    #[test]
    fn decimals_keep_the_digits_that_matter() {
        assert_eq!(decimal(0.0), "0");
        assert_eq!(decimal(0.417), "0.42");
        assert_eq!(decimal(5.0), "5");
        assert_eq!(decimal(5.25), "5.2");
        assert_eq!(decimal(1_234.4), "1,234");
        assert_eq!(decimal(-1_234.4), "-1,234");
        assert_eq!(decimal(f64::NAN), NONE);
    }

    #[test]
    fn a_moment_reads_as_a_date() {
        assert_eq!(moment("2026-11-22T19:35:07Z"), "22 November 2026, 19:35:07 UTC");
        assert_eq!(moment("yesterday"), "yesterday");
    }
}
