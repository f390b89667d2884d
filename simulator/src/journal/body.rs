//! Bodies as they are kept: text as it came, up to a bound; of anything else, how much it was.

use std::fmt;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How many bytes of a request's body are kept, at most: more than any JSON that a KYC vendor is sent.
pub const BODY_KEPT_MAX: usize = 16 * 1024;

/// A body: its text, byte for byte, or when it is none, its length and content type.
///
/// JSON is text here too, not a parsed value: signatures cover the bytes, and malformed JSON must be seen as it was sent.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Body {
    /// UTF-8, or empty.
    text: Bytes,
    length: u64,
    /// Of a body whose text is not kept.
    content_type: Option<Box<str>>,
}

impl Body {
    /// Takes note of a body: at most [`BODY_KEPT_MAX`] bytes of it, copied, so that no large buffer is kept for the sake of a small part.
    #[must_use]
    pub fn copied(body: &[u8], content_type: Option<&str>) -> Self {
        let head = &body[..body.len().min(BODY_KEPT_MAX)];
        let text = match std::str::from_utf8(head) {
            Ok(text) => text,
            // Cut within a letter: that is no reason to call it binary.
            Err(error) if error.error_len().is_none() && head.len() < body.len() => {
                std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
            }
            Err(_) => return Self::binary(body.len() as u64, content_type),
        };
        Self { text: Bytes::copy_from_slice(text.as_bytes()), length: body.len() as u64, content_type: None }
    }

    /// Takes note of a body that others keep as well, whole: nothing is copied.
    #[must_use]
    pub fn shared(body: &Bytes, content_type: Option<&str>) -> Self {
        match std::str::from_utf8(body) {
            Ok(_) => Self { text: body.clone(), length: body.len() as u64, content_type: None },
            Err(_) => Self::binary(body.len() as u64, content_type),
        }
    }

    /// Takes note of a body of which only length and content type are of interest, such as a picture.
    #[must_use]
    pub fn binary(length: u64, content_type: Option<&str>) -> Self {
        let content_type = content_type.unwrap_or("application/octet-stream");
        let kept = &content_type[..content_type.floor_char_boundary(CONTENT_TYPE_BYTES_MAX)];
        Self { text: Bytes::new(), length, content_type: (length > 0).then(|| kept.into()) }
    }

    /// Returns the text that was kept; none when it is not text.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        if self.content_type.is_some() { None } else { std::str::from_utf8(&self.text).ok() }
    }

    /// Returns the body as JSON; none when it is not JSON, or was cut.
    #[must_use]
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_str(self.text()?).ok()
    }

    /// The length of the whole body in bytes, kept or not.
    #[must_use]
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// Returns whether there was text beyond what is kept.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.content_type.is_none() && (self.text.len() as u64) < self.length
    }

    pub(super) fn bytes(&self) -> usize {
        self.text.len()
    }
}

/// A content type is short; what is longer is somebody's mischief.
const CONTENT_TYPE_BYTES_MAX: usize = 128;

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes, [redacted])", self.length) // it is about people
    }
}

/// A body as JSON.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Body")]
struct Shown<T> {
    /// The length of the whole body in bytes.
    length: u64,
    /// The body, or its beginning; absent when it is not text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<T>,
    /// What a body is that is not text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content_type: Option<T>,
}

impl Serialize for Body {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Shown { length: self.length, text: self.text(), content_type: self.content_type.as_deref() }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Shown { length, text, content_type } = Shown::<String>::deserialize(deserializer)?;
        Ok(Self { text: text.unwrap_or_default().into(), length, content_type: content_type.map(String::into_boxed_str) })
    }
}

impl JsonSchema for Body {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        Shown::<String>::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Shown::<String>::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &Body, expected: &str) {
        let text = serde_json::to_string(body).unwrap();
        assert_eq!(text, expected);
        assert_eq!(&serde_json::from_str::<Body>(&text).unwrap(), body, "what is written is read again");
    }

    #[test]
    fn text_is_kept_byte_for_byte() {
        check(&Body::copied(b"{ \"b\": 1.0,\n \"a\":", None), r#"{"length":17,"text":"{ \"b\": 1.0,\n \"a\":"}"#);
        check(&Body::default(), r#"{"length":0,"text":""}"#);
    }

    #[test]
    fn of_a_picture_length_and_type_are_kept() {
        check(&Body::copied(&[0xff, 0xd8, 0xff], Some("image/jpeg")), r#"{"length":3,"content_type":"image/jpeg"}"#);
        check(&Body::binary(48_211, None), r#"{"length":48211,"content_type":"application/octet-stream"}"#);
        check(&Body::shared(&Bytes::from_static(&[0xff]), None), r#"{"length":1,"content_type":"application/octet-stream"}"#);
    }

    #[test]
    fn json_is_read_from_what_is_whole() {
        assert_eq!(Body::copied(b"{\"a\": 1}", None).json(), Some(serde_json::json!({"a": 1})));
        assert_eq!(Body::copied(b"{\"a\": ", None).json(), None);
        assert_eq!(Body::copied(&[0xff], None).json(), None);
    }

    #[test]
    fn a_long_text_is_cut_between_letters() {
        let body = Body::copied(format!("x{}", "é".repeat(BODY_KEPT_MAX)).as_bytes(), None);
        assert_eq!(body.text().map(str::len), Some(BODY_KEPT_MAX - 1));
        assert_eq!(body.length(), 2 * BODY_KEPT_MAX as u64 + 1);
        assert!(body.is_cut());
        assert!(!Body::copied(b"whole", None).is_cut());
    }

    #[test]
    fn a_shared_body_is_not_copied() {
        let bytes = Bytes::from_static(b"{}");
        assert_eq!(Body::shared(&bytes, None).text().map(str::as_ptr), Some(bytes.as_ptr()));
    }

    #[test]
    fn its_debug_print_says_nothing_about_people() {
        assert_eq!(format!("{:?}", Body::copied(b"Ada", None)), "Body(3 bytes, [redacted])");
    }
}
