//! Headers as they are kept: few, short, without secrets, in one piece of memory.

use std::borrow::Cow;
use std::fmt;

use hyper::HeaderMap;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::redact::{REDACTED, is_secret};

/// More than any honest client sends. Further names are counted and not kept.
const HEADERS_MAX: usize = 64;
/// Enough for every header a test asks about. A longer value is cut, and ends with an ellipsis.
const VALUE_BYTES_MAX: usize = 1024;

/// What a line has beside name and value: a colon, a space, and its end.
const LINE_BYTES: usize = 3;

/// The headers of a request or a delivery, with small letters in their names; secrets read `[redacted]`.
///
/// As JSON it is an object. A header that came several times is one, its values joined by a comma, which HTTP says is the same.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Headers {
    /// `name: value`, each ended by a line feed, which neither may contain. One allocation, whatever their number.
    lines: String,
    omitted: u32,
}

impl Headers {
    /// Takes note of `headers`, without their secrets: at most 64 names, at most 1,024 bytes of each value.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let mut lines = String::with_capacity(
            headers.iter().map(|(name, value)| name.as_str().len() + value.len().min(VALUE_BYTES_MAX) + LINE_BYTES).sum(),
        );
        let mut kept = 0;
        let mut before = None;
        let mut omitted = 0_u32;
        for (name, value) in headers {
            let again = before == Some(name);
            before = Some(name);
            if !again && kept == HEADERS_MAX {
                before = None;
                omitted = omitted.saturating_add(1);
                continue;
            }
            let value = String::from_utf8_lossy(value.as_bytes());
            if again {
                lines.pop(); // the line goes on
                lines.push_str(", ");
            } else {
                kept += 1;
                write_name(&mut lines, name.as_str());
            }
            lines.push_str(&shown(name.as_str(), &value));
            lines.push('\n');
        }
        Self { lines, omitted }
    }

    /// Returns name and value of each, in the order in which they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.lines.split_terminator('\n').filter_map(|line| line.split_once(": "))
    }

    /// Returns the value of the header called `name`, in any case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(kept, _)| kept.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// How many headers were not kept, because there were too many.
    #[must_use]
    pub const fn omitted(&self) -> u32 {
        self.omitted
    }

    pub(super) fn bytes(&self) -> usize {
        self.lines.len()
    }
}

fn write_name(lines: &mut String, name: &str) {
    lines.push_str(name);
    lines.push_str(": ");
}

/// Returns a value as it may be kept.
fn shown<'v>(name: &str, value: &'v str) -> Cow<'v, str> {
    if is_secret(name, value) {
        return Cow::Borrowed(REDACTED);
    }
    if value.len() <= VALUE_BYTES_MAX {
        return Cow::Borrowed(value);
    }
    Cow::Owned(format!("{}…", &value[..value.floor_char_boundary(VALUE_BYTES_MAX)]))
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish() // values may be about people
    }
}

impl Serialize for Headers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Lines)
    }
}

/// Reads an object of texts, in its order.
struct Lines;

impl<'de> Visitor<'de> for Lines {
    type Value = Headers;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of header names and their values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Headers, A::Error> {
        let mut lines = String::new();
        while let Some((name, value)) = map.next_entry::<Cow<'_, str>, Cow<'_, str>>()? {
            write_name(&mut lines, &name);
            lines.extend(value.chars().map(|letter| if letter == '\n' { ' ' } else { letter }));
            lines.push('\n');
        }
        Ok(Headers { lines, omitted: 0 })
    }
}

impl JsonSchema for Headers {
    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("Headers")
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "type": "object",
            "description": "Header names, in small letters, and their values; secrets read [redacted].",
            "additionalProperties": { "type": "string" },
        })
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> Headers {
        let mut map = HeaderMap::new();
        for (name, value) in pairs {
            map.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        Headers::of(&map)
    }

    #[test]
    fn values_are_kept_but_secrets_are_not() {
        let kept =
            headers(&[("host", "localhost"), ("authorization", "Bearer hunter2"), ("x-api-key", "hunter2"), ("cookie", "a=hunter2")]);
        assert_eq!(kept.get("Host"), Some("localhost"));
        for name in ["authorization", "x-api-key", "cookie"] {
            assert_eq!(kept.get(name), Some("[redacted]"));
        }
        assert!(!serde_json::to_string(&kept).unwrap().contains("hunter2"));
    }

    #[test]
    fn a_header_that_came_twice_is_one() {
        let kept = headers(&[("accept", "a"), ("accept", "b"), ("x-trace", "1"), ("set-cookie", "hunter2"), ("set-cookie", "hunter2")]);
        assert_eq!(kept.iter().collect::<Vec<_>>(), [("accept", "a, b"), ("x-trace", "1"), ("set-cookie", "[redacted], [redacted]")]);
    }

    #[test]
    fn there_is_a_bound_to_their_number_and_length() {
        let mut map = HeaderMap::new();
        for number in 0..HEADERS_MAX + 3 {
            map.insert(HeaderName::from_bytes(format!("x-{number}").as_bytes()).unwrap(), HeaderValue::from_static("1"));
        }
        let kept = Headers::of(&map);
        assert_eq!((kept.iter().count(), kept.omitted()), (HEADERS_MAX, 3));

        let long = headers(&[("x-long", &"é".repeat(VALUE_BYTES_MAX))]);
        assert_eq!(
            long.get("x-long").map(|value| (value.len(), value.ends_with('…'))),
            Some((VALUE_BYTES_MAX + '…'.len_utf8(), true)),
            "é has two bytes"
        );
    }

    #[test]
    fn what_is_written_is_read_again() {
        let kept = headers(&[("host", "localhost: 1"), ("x-empty", ""), ("accept", "*/*")]);
        let text = serde_json::to_string(&kept).unwrap();
        assert_eq!(text, r#"{"host":"localhost: 1","x-empty":"","accept":"*/*"}"#);
        assert_eq!(serde_json::from_str::<Headers>(&text).unwrap(), kept);
    }

    #[test]
    fn their_debug_print_shows_names_only() {
        assert_eq!(format!("{:?}", headers(&[("x-name", "Ada")])), r#"["x-name"]"#);
    }
}
