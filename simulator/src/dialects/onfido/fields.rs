//! Reading what customers send: JSON objects field by field, forms, queries. What is wrong is said with the field's name; unknown fields are let pass, as
//! the API does.

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::{Map, Value};

use super::errors::{BLANK, bad_request, invalid};
use crate::dialects::Payload;
use crate::refusal::Refusal;

/// The longest text that a field may hold, in bytes.
const TEXT_MAX: usize = 1024;
/// The most elements that a list may hold.
const LIST_MAX: usize = 100;

/// A JSON object that is being read.
pub(super) struct Fields {
    map: Map<String, Value>,
    /// What stands before its fields' names: `address.`, or nothing.
    prefix: String,
}

impl Fields {
    /// Returns the object that a body is.
    pub(super) fn of(payload: &Payload) -> Result<Self, Refusal> {
        let map = match payload {
            Payload::Json(bytes) => serde_json::from_slice(bytes).map_err(|_| bad_request("The body is not a JSON object"))?,
            Payload::Nothing => Map::new(),
            Payload::Form(_) | Payload::UrlEncoded(_) => return Err(bad_request("The body is not a JSON object")),
        };
        Ok(Self { map, prefix: String::new() })
    }

    /// Returns an object that was taken out of another.
    pub(super) const fn inside(map: Map<String, Value>) -> Self {
        Self { map, prefix: String::new() }
    }

    fn named(&self, field: &str) -> String {
        format!("{}{field}", self.prefix)
    }

    /// Takes a field as it is; a null is none.
    pub(super) fn value(&mut self, field: &str) -> Option<Value> {
        self.map.remove(field).filter(|value| !value.is_null())
    }

    pub(super) fn text(&mut self, field: &str) -> Result<Option<String>, Refusal> {
        match self.value(field) {
            None => Ok(None),
            Some(Value::String(text)) if text.len() <= TEXT_MAX => Ok(Some(text)),
            Some(Value::String(_)) => Err(invalid(self.named(field), format!("is too long (maximum is {TEXT_MAX} bytes)"))),
            Some(_) => Err(invalid(self.named(field), "must be a string")),
        }
    }

    pub(super) fn needed_text(&mut self, field: &str) -> Result<String, Refusal> {
        self.text(field)?.filter(|text| !text.is_empty()).ok_or_else(|| invalid(self.named(field), BLANK))
    }

    pub(super) fn flag(&mut self, field: &str) -> Result<Option<bool>, Refusal> {
        match self.value(field) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(_) => Err(invalid(self.named(field), "must be a boolean")),
        }
    }

    pub(super) fn number(&mut self, field: &str) -> Result<Option<i64>, Refusal> {
        match self.value(field) {
            None => Ok(None),
            Some(value) => value.as_i64().map(Some).ok_or_else(|| invalid(self.named(field), "must be an integer")),
        }
    }

    pub(super) fn object(&mut self, field: &str) -> Result<Option<Self>, Refusal> {
        match self.value(field) {
            None => Ok(None),
            Some(Value::Object(map)) => Ok(Some(Self { map, prefix: format!("{}.", self.named(field)) })),
            Some(_) => Err(invalid(self.named(field), "must be an object")),
        }
    }

    pub(super) fn objects(&mut self, field: &str) -> Result<Option<Vec<Self>>, Refusal> {
        let Some(list) = self.list(field)? else { return Ok(None) };
        let objects = list.into_iter().map(|element| match element {
            Value::Object(map) => Ok(Self { map, prefix: format!("{}.", self.named(field)) }),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                Err(invalid(self.named(field), "must be a list of objects"))
            }
        });
        objects.collect::<Result<_, _>>().map(Some)
    }

    pub(super) fn texts(&mut self, field: &str) -> Result<Option<Vec<String>>, Refusal> {
        let Some(list) = self.list(field)? else { return Ok(None) };
        let text = |element: Value| element.as_str().filter(|text| text.len() <= TEXT_MAX).map(str::to_owned);
        let texts = list.into_iter().map(|element| text(element).ok_or_else(|| invalid(self.named(field), "must be a list of strings")));
        texts.collect::<Result<_, _>>().map(Some)
    }

    fn list(&mut self, field: &str) -> Result<Option<Vec<Value>>, Refusal> {
        match self.value(field) {
            None => Ok(None),
            Some(Value::Array(list)) if list.len() <= LIST_MAX => Ok(Some(list)),
            Some(Value::Array(_)) => Err(invalid(self.named(field), format!("has too many elements (maximum is {LIST_MAX})"))),
            Some(_) => Err(invalid(self.named(field), "must be an array")),
        }
    }
}

/// The parameters of a query or of a form as HTML has it; the last of a name counts.
pub(super) struct Parameters<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Parameters<'a> {
    pub(super) fn of_query(query: Option<&'a str>) -> Self {
        Self(form_urlencoded::parse(query.unwrap_or_default().as_bytes()).collect())
    }

    pub(super) fn of_form(body: &'a Bytes) -> Self {
        Self(form_urlencoded::parse(body).collect())
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_ref()).filter(|value| !value.is_empty())
    }

    pub(super) fn needed(&self, name: &str) -> Result<String, Refusal> {
        self.text(name).map(str::to_owned).ok_or_else(|| invalid(name, BLANK))
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, Refusal> {
        self.text(name).map_or(Ok(false), |text| truth(text).ok_or_else(|| invalid(name, "must be a boolean")))
    }

    pub(super) fn number(&self, name: &str, default: usize, range: std::ops::RangeInclusive<usize>) -> Result<usize, Refusal> {
        let Some(text) = self.text(name) else { return Ok(default) };
        let number = text.parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| invalid(name, format!("must be from {} to {}", range.start(), range.end())))
    }

    /// Returns the elements of a list, which come joined by commas.
    pub(super) fn list(&self, name: &str) -> Option<Vec<String>> {
        self.text(name).map(|text| text.split(',').map(str::to_owned).collect())
    }
}

/// Returns what a text says is true or not, in whatever letters: the Python library writes `True`.
pub(super) fn truth(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(json: &str) -> Fields {
        Fields::of(&Payload::Json(Bytes::copy_from_slice(json.as_bytes()))).unwrap()
    }

    #[test]
    fn fields_are_read_by_their_names_and_blamed_by_them() {
        let mut read = fields(r#"{"a": "x", "b": true, "c": {"d": 7}, "e": ["x", 1], "f": null}"#);
        assert_eq!(read.text("a"), Ok(Some("x".to_owned())));
        assert_eq!((read.flag("b"), read.text("f")), (Ok(Some(true)), Ok(None)));
        let refused = read.object("c").unwrap().unwrap().needed_text("d").unwrap_err();
        assert_eq!(refused, invalid("c.d", "must be a string"));
        assert_eq!(read.texts("e").unwrap_err(), invalid("e", "must be a list of strings"));
        assert_eq!(read.needed_text("g").unwrap_err(), invalid("g", BLANK));
        assert!(Fields::of(&Payload::Json(Bytes::from_static(b"[]"))).is_err());
    }

    #[test]
    fn lists_in_a_query_are_joined_by_commas() {
        let query = Parameters::of_query(Some("tags=a%2Cb&page=2&include_deleted=True"));
        assert_eq!(query.list("tags"), Some(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!((query.number("page", 1, 1..=9), query.number("per_page", 20, 1..=500)), (Ok(2), Ok(20)));
        assert_eq!((query.flag("include_deleted"), query.flag("other")), (Ok(true), Ok(false)));
        assert!(query.number("page", 1, 3..=9).is_err());
    }
}
