//! Comparing JSON with JSON.

use serde_json::Value;

/// What may be in the actual value beside what is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extras {
    /// Nothing.
    Refused,
    /// Further fields in objects, and further elements at the end of arrays.
    Ignored,
}

/// Returns whether `actual` is `expected`. The order of fields does not matter, that of elements does; `1` and `1.0` are one number.
pub(super) fn equal(expected: &Value, actual: &Value, extras: Extras) -> bool {
    let sizes_fit = |expected: usize, actual: usize| match extras {
        Extras::Refused => expected == actual,
        Extras::Ignored => expected <= actual,
    };
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            sizes_fit(expected.len(), actual.len())
                && expected.iter().all(|(name, value)| actual.get(name).is_some_and(|actual| equal(value, actual, extras)))
        }
        (Value::Array(expected), Value::Array(actual)) => {
            sizes_fit(expected.len(), actual.len()) && expected.iter().zip(actual).all(|(expected, actual)| equal(expected, actual, extras))
        }
        // Whole numbers by themselves: as floats, large ones would be the same.
        (Value::Number(expected), Value::Number(actual)) => {
            expected == actual || ((expected.is_f64() || actual.is_f64()) && expected.as_f64() == actual.as_f64())
        }
        (
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_),
        ) => expected == actual,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(expected: &str, actual: &str, strictly: bool, with_extras: bool) {
        let read = |text| serde_json::from_str::<Value>(text).unwrap();
        let equal = |extras| equal(&read(expected), &read(actual), extras);
        assert_eq!((equal(Extras::Refused), equal(Extras::Ignored)), (strictly, with_extras), "{expected} {actual}");
    }

    #[test]
    fn it_is_compared_by_meaning() {
        check(r#"{"a":1,"b":[true,null]}"#, r#"{"b":[true,null],"a":1.0}"#, true, true);
        check(r#"{"a":{"b":1}}"#, r#"{"a":{"b":1,"c":2},"d":3}"#, false, true);
        check("[1]", "[1,2]", false, true);
        check("[2]", "[1,2]", false, false);
        check("[1,2]", "[1]", false, false);
        check(r#"{"a":null}"#, "{}", false, false);
        check("1", r#""1""#, false, false);
        check("18446744073709551615", "18446744073709551614", false, false);
    }
}
