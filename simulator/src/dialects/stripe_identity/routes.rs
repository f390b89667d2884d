use hyper::Method;

use super::particulars::ID_MAX;
use crate::dialects::{BodyForm, Door};
use crate::journal::{Endpoint, nearest_endpoint};
use crate::refusal::Refusal;

/// All there is, for whoever went astray.
const ENDPOINTS: &[Endpoint] = &[
    Endpoint { method: "POST", path: "/v1/identity/verification_sessions" },
    Endpoint { method: "GET", path: "/v1/identity/verification_sessions" },
    Endpoint { method: "GET", path: "/v1/identity/verification_sessions/{id}" },
    Endpoint { method: "POST", path: "/v1/identity/verification_sessions/{id}" },
    Endpoint { method: "POST", path: "/v1/identity/verification_sessions/{id}/cancel" },
    Endpoint { method: "POST", path: "/v1/identity/verification_sessions/{id}/redact" },
    Endpoint { method: "GET", path: "/v1/identity/verification_reports" },
    Endpoint { method: "GET", path: "/v1/identity/verification_reports/{id}" },
    Endpoint { method: "GET", path: "/v1/identity/verification_pages/{id}" },
    Endpoint { method: "POST", path: "/v1/identity/verification_pages/{id}/data" },
    Endpoint { method: "POST", path: "/v1/identity/verification_pages/{id}/submit" },
    Endpoint { method: "POST", path: "/v1/identity/verification_pages/{id}/testing/verify" },
    Endpoint { method: "POST", path: "/v1/identity/verification_pages/{id}/testing/unverify" },
    Endpoint { method: "POST", path: "/v1/identity/verification_pages/{id}/phone_otp/generate" },
    Endpoint { method: "POST", path: "/v1/identity/verification_pages/{id}/phone_otp/cannot_verify" },
    Endpoint { method: "POST", path: "/v1/ephemeral_keys" },
    Endpoint { method: "POST", path: "/v1/files" },
    Endpoint { method: "GET", path: "/v1/files" },
    Endpoint { method: "GET", path: "/v1/files/{id}" },
    Endpoint { method: "GET", path: "/v1/files/{id}/contents" },
    Endpoint { method: "POST", path: "/v1/file_links" },
    Endpoint { method: "GET", path: "/v1/file_links/{id}" },
    Endpoint { method: "GET", path: "/v1/events" },
    Endpoint { method: "GET", path: "/v1/events/{id}" },
    Endpoint { method: "POST", path: "/v1/webhook_endpoints" },
    Endpoint { method: "GET", path: "/v1/webhook_endpoints" },
    Endpoint { method: "GET", path: "/v1/webhook_endpoints/{id}" },
    Endpoint { method: "POST", path: "/v1/webhook_endpoints/{id}" },
    Endpoint { method: "DELETE", path: "/v1/webhook_endpoints/{id}" },
    Endpoint { method: "GET", path: "/start/{link}" },
    Endpoint { method: "POST", path: "/start/{link}" },
];

/// Where capture pages are, and how their links begin.
pub(super) const PAGES: &str = "/start/test_";

/// What is at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Route<'p> {
    pub(super) target: Target<'p>,
    pub(super) door: Door,
}

/// What a request is about; things by their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target<'p> {
    NewSession,
    Sessions,
    Session(&'p str),
    ChangedSession(&'p str),
    Cancellation(&'p str),
    Redaction(&'p str),
    Reports,
    Report(&'p str),
    Page(&'p str),
    PageData(&'p str),
    Submission(&'p str),
    Verify(&'p str),
    Unverify(&'p str),
    PhoneStep(&'p str),
    NewEphemeralKey,
    NewFile,
    Files,
    File(&'p str),
    FileContents(&'p str),
    NewFileLink,
    FileLink(&'p str),
    Events,
    Event(&'p str),
    NewEndpoint,
    Endpoints,
    Endpoint(&'p str),
    ChangedEndpoint(&'p str),
    DeletedEndpoint(&'p str),
    Capture,
    Captured,
}

/// Returns what is at this address. A method that it does not take is no address at all, as this vendor sees it.
pub(super) fn route<'p>(method: &Method, path: &'p str) -> Result<Route<'p>, Refusal> {
    use Target as T;
    let nowhere = || Refusal::NoSuchEndpoint { nearest: nearest_endpoint(method.as_str(), path, ENDPOINTS) };
    if path.starts_with(PAGES) {
        return match *method {
            Method::GET => Ok(door(T::Capture, BodyForm::Nothing, false)),
            Method::POST => Ok(door(T::Captured, BodyForm::UrlEncodedOrNothing, false)),
            _ => Err(nowhere()),
        };
    }
    let inside = path.strip_prefix("/v1/").ok_or_else(nowhere)?;
    let mut parts = [""; 5];
    let mut count = 0;
    for part in inside.split('/') {
        *parts.get_mut(count).ok_or_else(nowhere)? = part;
        count += 1;
    }
    let parts = &parts[..count];
    if parts.iter().any(|part| part.is_empty() || part.len() > ID_MAX) {
        return Err(nowhere());
    }
    let target = match (method.as_str(), parts) {
        ("POST", ["identity", "verification_sessions"]) => T::NewSession,
        ("GET", ["identity", "verification_sessions"]) => T::Sessions,
        ("GET", ["identity", "verification_sessions", id]) => T::Session(id),
        ("POST", ["identity", "verification_sessions", id]) => T::ChangedSession(id),
        ("POST", ["identity", "verification_sessions", id, "cancel"]) => T::Cancellation(id),
        ("POST", ["identity", "verification_sessions", id, "redact"]) => T::Redaction(id),
        ("GET", ["identity", "verification_reports"]) => T::Reports,
        ("GET", ["identity", "verification_reports", id]) => T::Report(id),
        ("GET", ["identity", "verification_pages", id]) => T::Page(id),
        ("POST", ["identity", "verification_pages", id, "data"]) => T::PageData(id),
        ("POST", ["identity", "verification_pages", id, "submit"]) => T::Submission(id),
        ("POST", ["identity", "verification_pages", id, "testing", "verify"]) => T::Verify(id),
        ("POST", ["identity", "verification_pages", id, "testing", "unverify"]) => T::Unverify(id),
        ("POST", ["identity", "verification_pages", id, "phone_otp", "generate" | "cannot_verify"]) => T::PhoneStep(id),
        ("POST", ["ephemeral_keys"]) => T::NewEphemeralKey,
        ("POST", ["files"]) => return Ok(door(T::NewFile, BodyForm::Form, false)),
        ("GET", ["files"]) => T::Files,
        ("GET", ["files", id]) => T::File(id),
        ("GET", ["files", id, "contents"]) => T::FileContents(id),
        ("POST", ["file_links"]) => T::NewFileLink,
        ("GET", ["file_links", id]) => T::FileLink(id),
        ("GET", ["events"]) => T::Events,
        ("GET", ["events", id]) => T::Event(id),
        ("POST", ["webhook_endpoints"]) => T::NewEndpoint,
        ("GET", ["webhook_endpoints"]) => T::Endpoints,
        ("GET", ["webhook_endpoints", id]) => T::Endpoint(id),
        ("POST", ["webhook_endpoints", id]) => T::ChangedEndpoint(id),
        ("DELETE", ["webhook_endpoints", id]) => T::DeletedEndpoint(id),
        _ => return Err(nowhere()),
    };
    Ok(match *method {
        Method::POST => door(target, BodyForm::UrlEncodedOrNothing, true),
        _ => door(target, BodyForm::Nothing, false),
    })
}

/// A door; `repeatable` are all that change something, but files: their bytes are gone, and with them what would tell one from another.
const fn door(target: Target<'_>, body: BodyForm, repeatable: bool) -> Route<'_> {
    let open = matches!(target, Target::Capture | Target::Captured); // whoever has no good link is told so by a page
    Route { target, door: Door { body, repeatable, open } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_leads_somewhere() {
        for Endpoint { method, path } in ENDPOINTS {
            let path = path.replace("{id}", "x_1").replace("{link}", "test_abc");
            let route = route(&method.parse().unwrap(), &path).unwrap();
            let bare = matches!(route.target, Target::NewFile | Target::Captured) || *method != "POST";
            assert_eq!(route.door.repeatable, !bare, "{method} {path}");
        }
    }

    #[test]
    fn what_leads_nowhere_says_so() {
        for (method, path) in [
            ("GET", "/"),
            ("GET", "/v1"),
            ("GET", "/v1/identity/verification_sessions/"),
            ("GET", "/v1/identity/verification_sessions//cancel"),
            ("PUT", "/v1/identity/verification_sessions/vs_1"),
            ("GET", "/v1/identity/verification_sessions/vs_1/cancel"),
            ("POST", "/v1/identity/verification_pages/vs_1/testing/verify/again"),
            ("POST", "/v1/identity/verification_pages/vs_1/testing/verify/again/and/again"),
            ("GET", "/start/abc"),
            ("PUT", "/start/test_abc"),
        ] {
            let nowhere = route(&method.parse().unwrap(), path);
            assert!(matches!(nowhere, Err(Refusal::NoSuchEndpoint { .. })), "{method} {path}: {nowhere:?}");
        }
    }
}
