//! What all answers and events share: ids, times, addresses, status codes. API v3.6, as of 2026-11-24.

use bytes::Bytes;
use hyper::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use jiff::Timestamp;
use kycsim_scenarios::SimTime;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::clock::WallEpoch;
use crate::dialects::Reply;

/// What every address begins with.
pub(super) const VERSION_PATH: &str = "/v3.6";

/// Returns 128 bits spelled as a UUID of version 4: the libraries accept nothing else.
pub(super) fn uuid(bits: u128) -> String {
    let bits = (bits & !(0xF << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    // By hand, because every answer has one: the formatter takes ten times as long.
    let mut uuid = String::with_capacity(36);
    for (place, byte) in bits.to_be_bytes().into_iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            uuid.push('-');
        }
        for digit in [byte >> 4, byte & 0xF] {
            uuid.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
        }
    }
    uuid
}

/// ISO 8601 in UTC, in whole seconds, with `Z`: any other form is refused by the libraries.
#[derive(Clone, Copy)]
pub(super) struct Time(Timestamp);

impl Time {
    pub(super) fn of(wall: WallEpoch, at: SimTime) -> Self {
        Self(wall.at(at))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.strftime("%Y-%m-%dT%H:%M:%SZ"))
    }
}

/// Returns an address as objects have it, relative to the host.
pub(super) fn href(path: &str) -> String {
    format!("{VERSION_PATH}/{path}")
}

/// Returns an answer in JSON.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Reply {
    let mut text = Vec::with_capacity(1024); // as long as most
    match serde_json::to_writer(&mut text, body) {
        Ok(()) => of_type(status, "application/json", text.into()),
        Err(_) => of_type(status, "application/json", Bytes::new()), // texts and numbers: this cannot happen
    }
}

/// Returns the answer to what was done and has nothing to say.
pub(super) fn no_content() -> Reply {
    let mut reply = Response::new(Bytes::new());
    *reply.status_mut() = StatusCode::NO_CONTENT;
    reply
}

/// Returns an answer of some content type.
pub(super) fn of_type(status: StatusCode, content_type: &'static str, body: Bytes) -> Reply {
    let mut reply = Response::new(body);
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}

/// Returns a file to be saved. The libraries want to know its name.
pub(super) fn download(content_type: &'static str, file_name: &str, body: &'static [u8]) -> Reply {
    let mut reply = of_type(StatusCode::OK, content_type, Bytes::from_static(body));
    let safe: String = file_name.chars().filter(|letter| letter.is_ascii_alphanumeric() || "._-".contains(*letter)).take(100).collect();
    if let Ok(disposition) = HeaderValue::try_from(format!("attachment; filename=\"{safe}\"")) {
        reply.headers_mut().insert(CONTENT_DISPOSITION, disposition);
    }
    reply
}

/// Returns the JSON object with its name only.
pub(super) fn hollow(body: &Bytes) -> Bytes {
    let mut fields: Map<String, Value> = serde_json::from_slice(body).unwrap_or_default(); // of a bare array nothing is left
    fields.retain(|name, _| name == "id");
    serde_json::to_vec(&fields).unwrap_or_default().into()
}

/// The picture that every download of one is. It is never what was uploaded: the bytes of uploads are not kept.
pub(super) const PICTURE: &[u8] = &[
    0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0x00, 0x00, 0x00, 0x0D, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00,
    0x00, 0x01, 0x08, 0x02, 0x00, 0x00, 0x00, 0x90, 0x77, 0x53, 0xDE, 0x00, 0x00, 0x00, 0x0C, 0x49, 0x44, 0x41, 0x54, 0x78, 0xDA, 0x63,
    0x68, 0x68, 0x68, 0x00, 0x00, 0x03, 0x04, 0x01, 0x81, 0x75, 0x2E, 0x01, 0xBC, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4E, 0x44, 0xAE,
    0x42, 0x60, 0x82,
];

/// The document that every download of one is.
pub(super) const PDF: &[u8] = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n\
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n";

/// An archive that holds nothing.
pub(super) const EMPTY_ZIP: &[u8] = &[b'P', b'K', 5, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_says_its_version_and_variant() {
        assert_eq!(uuid(0), "00000000-0000-4000-8000-000000000000");
        assert_eq!(uuid(u128::MAX), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }

    #[test]
    fn a_time_is_written_in_seconds_with_z() {
        let time = Time("2026-03-09T10:15:00.999Z".parse().unwrap());
        assert_eq!(serde_json::to_value(time).unwrap(), "2026-03-09T10:15:00Z");
    }

    #[test]
    fn a_hollow_answer_says_what_it_is_and_no_more() {
        assert_eq!(hollow(&Bytes::from_static(br#"{"id":"x","status":"complete"}"#)), r#"{"id":"x"}"#);
        assert_eq!(hollow(&Bytes::from_static(b"[1]")), "{}");
    }

    #[test]
    fn a_download_has_a_name_that_stands_in_a_header() {
        let reply = download("image/png", "a\"\r\nb é.png", PICTURE);
        assert_eq!(reply.headers()["content-disposition"], "attachment; filename=\"ab.png\"");
    }
}
