//! What a text should be like, in WireMock's words.

use regex::{Regex, RegexBuilder};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use serde_json_path::JsonPath;

use super::json::{Extras, equal};

/// How much memory a compiled regular expression may take: hundreds of times what tests write, and a thousandth of what would hurt.
const REGEX_BYTES_MAX: usize = 256 * 1024;
/// How long a regular expression may be.
const REGEX_LENGTH_MAX: usize = 1024;
/// How long a JSONPath may be; its reader goes one call deeper with each bracket.
const PATH_LENGTH_MAX: usize = 256;
/// How many brackets a JSONPath may open: its reader takes several times longer with each level.
const PATH_BRACKETS_MAX: usize = 12;

/// A condition on a text that may be absent.
#[derive(Debug, Clone)]
pub(super) enum Matcher {
    EqualTo { text: String, ignore_case: bool },
    Contains(String),
    Matches(Whole),
    DoesNotMatch(Whole),
    Absent,
    EqualToJson { json: Value, extras: Extras },
    JsonPath { path: JsonPath, wants: Option<Box<Self>> },
}

/// A regular expression that must fit from beginning to end, as in Java.
#[derive(Debug, Clone)]
pub(super) struct Whole {
    written: String,
    regex: Regex,
}

impl Whole {
    pub(super) fn compile(written: &str) -> Result<Self, String> {
        if written.len() > REGEX_LENGTH_MAX {
            return Err(format!("is longer than {REGEX_LENGTH_MAX} bytes"));
        }
        let compile = |text: &str| {
            RegexBuilder::new(text)
                .size_limit(REGEX_BYTES_MAX)
                .dfa_size_limit(REGEX_BYTES_MAX)
                .build()
                .map_err(|error| format!("is not a regular expression that can be used: {error}"))
        };
        compile(written)?; // by itself, so that its error shows what was written, and a stray bracket cannot close ours
        Ok(Self { written: written.to_owned(), regex: compile(&format!(r"\A(?:{written})\z"))? })
    }
}

/// A condition as it is written: one operator and what belongs to it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(rename = "Matcher")]
pub(super) struct WrittenMatcher {
    /// Is this text.
    equal_to: Option<String>,
    /// With `equalTo`: in any case.
    case_insensitive: Option<bool>,
    /// Has this in it.
    contains: Option<String>,
    /// Fits this regular expression, from beginning to end.
    matches: Option<String>,
    /// Is there, and does not fit this regular expression.
    does_not_match: Option<String>,
    /// Is not there; the value must be true.
    absent: Option<bool>,
    /// Is this JSON, which may be written as JSON or as text.
    equal_to_json: Option<Value>,
    /// With `equalToJson`: whatever else there is in objects, and at the end of arrays.
    ignore_extra_elements: Option<bool>,
    /// Has something at this JSONPath (RFC 9535, without functions): a text, or an object with `expression` and one operator for what is found.
    matches_json_path: Option<Value>,
}

impl Matcher {
    pub(super) fn read(written: WrittenMatcher) -> Result<Self, String> {
        let WrittenMatcher {
            equal_to,
            case_insensitive,
            contains,
            matches,
            does_not_match,
            absent,
            equal_to_json,
            ignore_extra_elements,
            matches_json_path,
        } = written;
        if case_insensitive.is_some() && equal_to.is_none() {
            return Err("`caseInsensitive` goes with `equalTo`".to_owned());
        }
        if ignore_extra_elements.is_some() && equal_to_json.is_none() {
            return Err("`ignoreExtraElements` goes with `equalToJson`".to_owned());
        }
        let mut said = Vec::with_capacity(1);
        said.extend(equal_to.map(|text| Ok(Self::EqualTo { text, ignore_case: case_insensitive.unwrap_or(false) })));
        said.extend(contains.map(|text| Ok(Self::Contains(text))));
        said.extend(matches.map(|text| Whole::compile(&text).map(Self::Matches).map_err(|error| format!("`matches` {error}"))));
        said.extend(
            does_not_match.map(|text| Whole::compile(&text).map(Self::DoesNotMatch).map_err(|error| format!("`doesNotMatch` {error}"))),
        );
        said.extend(absent.map(|absent| if absent { Ok(Self::Absent) } else { Err("`absent` can only be true".to_owned()) }));
        said.extend(equal_to_json.map(|json| read_json(json, ignore_extra_elements.unwrap_or(false))));
        said.extend(matches_json_path.map(read_path));
        match (said.pop(), said.is_empty()) {
            (Some(matcher), true) => matcher,
            (None | Some(_), _) => Err("say exactly one of `equalTo`, `contains`, `matches`, `doesNotMatch`, `absent`, `equalToJson` and \
                                        `matchesJsonPath`"
                .to_owned()),
        }
    }

    pub(super) fn equal_to(text: impl Into<String>) -> Self {
        Self::EqualTo { text: text.into(), ignore_case: false }
    }

    pub(super) fn matches(&self, text: Option<&str>) -> bool {
        let Some(text) = text else { return matches!(self, Self::Absent) };
        match self {
            Self::EqualTo { text: wanted, ignore_case: false } => text == wanted,
            Self::EqualTo { text: wanted, ignore_case: true } => text.to_lowercase() == wanted.to_lowercase(),
            Self::Contains(part) => text.contains(part),
            Self::Matches(whole) => whole.regex.is_match(text),
            Self::DoesNotMatch(whole) => !whole.regex.is_match(text),
            Self::Absent => false,
            Self::EqualToJson { json, extras } => serde_json::from_str(text).is_ok_and(|actual| equal(json, &actual, *extras)),
            Self::JsonPath { path, wants } => serde_json::from_str(text).is_ok_and(|body: Value| {
                let found = path.query(&body).all();
                match wants.as_deref() {
                    None => found.iter().any(|value| !value.is_null()),
                    Some(Self::Absent) => found.is_empty(),
                    Some(wants) => found.iter().any(|value| wants.matches(Some(&as_text(value)))),
                }
            }),
        }
    }

    /// The operator, as a print shows it; none for plain equality.
    pub(super) fn operator(&self) -> Option<&'static str> {
        match self {
            Self::EqualTo { ignore_case: false, .. } => None,
            Self::EqualTo { ignore_case: true, .. } => Some("equalTo, in any case"),
            Self::Contains(_) => Some("contains"),
            Self::Matches(_) => Some("matches"),
            Self::DoesNotMatch(_) => Some("doesNotMatch"),
            Self::Absent => Some("absent"),
            Self::EqualToJson { extras: Extras::Refused, .. } => Some("equalToJson"),
            Self::EqualToJson { extras: Extras::Ignored, .. } => Some("equalToJson, ignoreExtraElements"),
            Self::JsonPath { .. } => Some("matchesJsonPath"),
        }
    }

    /// What it wants, as a print shows it.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::EqualTo { text, .. } | Self::Contains(text) => text.clone(),
            Self::Matches(whole) | Self::DoesNotMatch(whole) => whole.written.clone(),
            Self::Absent => String::new(),
            Self::EqualToJson { json, .. } => format!("{json:#}"),
            Self::JsonPath { path, wants: None } => path.to_string(),
            Self::JsonPath { path, wants: Some(wants) } => {
                format!("{path} [{}] {}", wants.operator().unwrap_or("equalTo"), wants.shown()).trim_end().to_owned()
            }
        }
    }
}

fn as_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn read_json(written: Value, ignore_extras: bool) -> Result<Matcher, String> {
    let json = match &written {
        Value::String(text) => serde_json::from_str(text).map_err(|error| format!("`equalToJson` is not JSON: {error}"))?,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => written,
    };
    Ok(Matcher::EqualToJson { json, extras: if ignore_extras { Extras::Ignored } else { Extras::Refused } })
}

fn read_path(written: Value) -> Result<Matcher, String> {
    let wrong = || "`matchesJsonPath` is a text, or an object with `expression` and one operator".to_owned();
    let (expression, rest) = match written {
        Value::String(expression) => (expression, Map::new()),
        Value::Object(mut rest) => match rest.remove("expression") {
            Some(Value::String(expression)) => (expression, rest),
            Some(_) | None => return Err(wrong()),
        },
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => return Err(wrong()),
    };
    let brackets = expression.bytes().filter(|byte| matches!(byte, b'(' | b'[')).count();
    if expression.len() > PATH_LENGTH_MAX || brackets > PATH_BRACKETS_MAX {
        return Err(format!("`matchesJsonPath` has more than {PATH_LENGTH_MAX} bytes or {PATH_BRACKETS_MAX} brackets"));
    }
    let path = JsonPath::parse(&expression).map_err(|error| format!("`matchesJsonPath` is not a JSONPath: {error}"))?;
    let wants = match rest.is_empty() {
        true => None,
        false => {
            let written: WrittenMatcher = serde_json::from_value(rest.into()).map_err(|error| format!("`matchesJsonPath`: {error}"))?;
            if written.matches_json_path.is_some() {
                return Err("`matchesJsonPath` cannot have another within it".to_owned());
            }
            Some(Box::new(Matcher::read(written).map_err(|error| format!("`matchesJsonPath`: {error}"))?))
        }
    };
    Ok(Matcher::JsonPath { path, wants })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Matcher, String> {
        serde_json::from_str(json).map_err(|error| error.to_string()).and_then(Matcher::read)
    }

    #[track_caller]
    fn check(json: &str, fitting: &[Option<&str>], others: &[Option<&str>]) {
        let matcher = read(json).unwrap();
        for text in fitting {
            assert!(matcher.matches(*text), "{json} should fit {text:?}");
        }
        for text in others {
            assert!(!matcher.matches(*text), "{json} should not fit {text:?}");
        }
    }

    #[test]
    fn texts() {
        check(r#"{"equalTo":"a"}"#, &[Some("a")], &[Some("A"), Some("ab"), None]);
        check(r#"{"equalTo":"É","caseInsensitive":true}"#, &[Some("é")], &[Some("e"), None]);
        check(r#"{"contains":"b"}"#, &[Some("abc")], &[Some("ac"), None]);
        check(r#"{"matches":"a|ab"}"#, &[Some("a"), Some("ab")], &[Some("abc"), Some("xa"), None]);
        check(r#"{"doesNotMatch":"a+"}"#, &[Some("b"), Some("ab")], &[Some("aa"), None]);
        check(r#"{"absent":true}"#, &[None], &[Some("")]);
    }

    #[test]
    fn json() {
        check(r#"{"equalToJson":{"a":1}}"#, &[Some(r#"{ "a": 1 }"#)], &[Some(r#"{"a":1,"b":2}"#), Some("{"), None]);
        check(r#"{"equalToJson":"{\"a\":1}","ignoreExtraElements":true}"#, &[Some(r#"{"a":1,"b":2}"#)], &[Some(r#"{"a":2}"#)]);
        check(r#"{"matchesJsonPath":"$.a.b"}"#, &[Some(r#"{"a":{"b":0}}"#)], &[Some(r#"{"a":{"b":null}}"#), Some(r#"{"a":1}"#), Some("x")]);
        check(r#"{"matchesJsonPath":"$[?@.a == 'x']"}"#, &[Some(r#"[{"a":"x"}]"#)], &[Some(r#"[{"a":"y"}]"#)]);
        check(r#"{"matchesJsonPath":{"expression":"$.a","equalTo":"x"}}"#, &[Some(r#"{"a":"x"}"#)], &[Some(r#"{"a":"y"}"#), Some("{}")]);
        check(r#"{"matchesJsonPath":{"expression":"$.a","matches":"\\d+"}}"#, &[Some(r#"{"a":17}"#)], &[Some(r#"{"a":"y"}"#)]);
        check(r#"{"matchesJsonPath":{"expression":"$.a","absent":true}}"#, &[Some("{}")], &[Some(r#"{"a":1}"#), Some("not JSON")]);
    }

    #[test]
    fn what_cannot_be_used_is_refused_in_words() {
        for (json, said) in [
            ("{}", "say exactly one of"),
            (r#"{"equalTo":"a","contains":"b"}"#, "say exactly one of"),
            (r#"{"equalsTo":"a"}"#, "unknown field `equalsTo`"),
            (r#"{"matches":"a("}"#, "unclosed group"),
            (r#"{"matches":"a)(b"}"#, "unopened group"),
            (r#"{"matches":"((a{100}){100}){100}"}"#, "size limit"),
            (r#"{"absent":false}"#, "`absent` can only be true"),
            (r#"{"caseInsensitive":true,"contains":"a"}"#, "`caseInsensitive` goes with `equalTo`"),
            (r#"{"equalToJson":"{"}"#, "`equalToJson` is not JSON"),
            (r#"{"matchesJsonPath":"a.b"}"#, "`matchesJsonPath` is not a JSONPath"),
            (r#"{"matchesJsonPath":"$[?match(@.a, 'x')]"}"#, "`matchesJsonPath` is not a JSONPath"),
            (r#"{"matchesJsonPath":7}"#, "`matchesJsonPath` is a text, or an object"),
            (r#"{"matchesJsonPath":{"expression":"$.a","equal":"x"}}"#, "unknown field `equal`"),
        ] {
            let error = read(json).unwrap_err();
            assert!(error.contains(said), "{json}: {error}");
        }
        assert!(read(&format!(r#"{{"matches":"{}"}}"#, "a".repeat(REGEX_LENGTH_MAX + 1))).is_err());
    }

    #[test]
    fn a_deep_path_is_refused_before_it_is_read() {
        let nested = |depth| format!(r#"{{"matchesJsonPath":"$[?{}@.a{}]"}}"#, "(".repeat(depth), ")".repeat(depth));
        assert!(read(&nested(PATH_BRACKETS_MAX - 1)).is_ok());
        assert!(read(&nested(PATH_BRACKETS_MAX)).unwrap_err().contains("brackets"));
    }
}
