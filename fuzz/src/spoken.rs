//! Requests to a real vendor's dialect, as people write them: method and path, headers, an empty line, the body.

use std::sync::Arc;

use bytes::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::{Request, Response};
use kycsim_scenarios::Scenario;
use kycsim_simulator::fuzzing::{API_KEY, Unwired};
use serde_json::Value;

use crate::cut;

/// One dialect, and how a customer begins in it.
pub struct Spoken {
    pub dialect: &'static str,
    /// What stands before the key in `Authorization`.
    pub scheme: &'static str,
    /// The request that begins a session, in the form that is fuzzed.
    pub begins: &'static str,
}

struct Stage {
    vendor: Unwired,
    /// What the session is called that was begun.
    session: String,
}

impl Spoken {
    /// Asks what the input asks, whole and in pieces: it is answered in the vendor's form, and alike.
    pub fn check(&self, input: &[u8]) {
        let whole = self.set();
        let Some(request) = self.read(input, &whole.session, false) else { return };
        let said = self.asked(&whole.vendor, request);
        let pieces = self.set();
        let Some(request) = self.read(input, &pieces.session, true) else { return };
        let again = self.asked(&pieces.vendor, request);
        assert_eq!(said.0, again.0, "the same status, however the body is cut");
        assert_eq!(said.1["error"]["type"], again.1["error"]["type"]);
    }

    fn set(&self) -> Stage {
        let mut scenario: Scenario =
            Scenario::parse("all-pass", include_str!("../../scenarios/catalogue/all-pass.toml")).expect("the catalogue is sound");
        scenario.vendor.dialect = self.dialect.to_owned();
        let vendor = Unwired::start(Arc::new(scenario)).expect("there is memory");
        let begins = self.read(self.begins.as_bytes(), "", false).expect("it is sound");
        let (status, said) = self.asked(&vendor, begins);
        assert!((200..300).contains(&status), "{said}");
        Stage { vendor, session: said["id"].as_str().expect("it has an id").to_owned() }
    }

    fn read(&self, input: &[u8], session: &str, in_pieces: bool) -> Option<Request<Vec<Bytes>>> {
        let (head, body) = match input.windows(2).position(|pair| pair == b"\n\n") {
            Some(end) => (&input[..end], replaced(&input[end + 2..], session)),
            None => (input, Bytes::new()),
        };
        let mut lines = str::from_utf8(head).ok()?.lines();
        let (method, path) = lines.next()?.split_once(' ')?;
        let mut request = Request::builder().method(method).uri(path.replace("{id}", session));
        request = request.header("host", "127.0.0.1:1").header(AUTHORIZATION, format!("{}{API_KEY}", self.scheme));
        for line in lines {
            let (name, value) = line.split_once(':')?;
            request = request.header(name, value.trim());
        }
        let lengths = [u8::try_from(body.len() % 7).unwrap_or(0) + 1, 0, 3];
        request.body(if in_pieces { cut(&body, &lengths) } else { vec![body] }).ok()
    }

    fn asked(&self, vendor: &Unwired, request: Request<Vec<Bytes>>) -> (u16, Value) {
        let answer: Response<Bytes> = vendor.ask(request).expect("what comes whole is answered");
        let status = answer.status();
        assert!(!status.is_server_error() && !status.is_informational(), "no incident is going on: {status}");
        let content_type = answer.headers().get(CONTENT_TYPE).map(|value| value.to_str().expect("it is made here")).unwrap_or_default();
        if !content_type.starts_with("application/json") {
            assert!(!status.is_client_error() || content_type.starts_with("text/html"), "{status} as {content_type}");
            return (status.as_u16(), Value::Null);
        }
        let said: Value = serde_json::from_slice(answer.body()).expect("it says that it is JSON");
        assert_eq!(status.is_client_error(), said["error"]["type"].is_string(), "{status}: {said}");
        (status.as_u16(), said)
    }
}

/// The body with the session's name where `{id}` stands.
fn replaced(body: &[u8], session: &str) -> Bytes {
    match str::from_utf8(body) {
        Ok(text) => Bytes::from(text.replace("{id}", session)),
        Err(_) => Bytes::copy_from_slice(body),
    }
}
