use hyper::Method;

use crate::dialects::{BodyForm, Door};
use crate::journal::{Endpoint, nearest_endpoint};
use crate::refusal::Refusal;

/// All there is, for whoever went astray.
const ENDPOINTS: &[Endpoint] = &[
    Endpoint { method: "POST", path: "/v1/sessions" },
    Endpoint { method: "GET", path: "/v1/sessions/{id}" },
    Endpoint { method: "POST", path: "/v1/sessions/{id}/documents" },
    Endpoint { method: "POST", path: "/v1/sessions/{id}/selfies" },
    Endpoint { method: "POST", path: "/v1/sessions/{id}/submit" },
    Endpoint { method: "POST", path: "/v1/sessions/{id}/cancel" },
];

/// What is at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Route<'p> {
    pub(super) target: Target<'p>,
    pub(super) door: Door,
}

/// What a request is about; sessions by their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target<'p> {
    NewSession,
    Session(&'p str),
    Document(&'p str),
    Selfie(&'p str),
    Submission(&'p str),
    Cancellation(&'p str),
}

/// Longer than any id that was given out.
const ID_MAX: usize = 64;

/// Returns what is at this address.
pub(super) fn route<'p>(method: &Method, path: &'p str) -> Result<Route<'p>, Refusal> {
    let nowhere = || Refusal::NoSuchEndpoint { nearest: nearest_endpoint(method.as_str(), path, ENDPOINTS) };
    let inside = path.strip_prefix("/v1/sessions").ok_or_else(nowhere)?;
    if inside.is_empty() {
        return only("POST", method, Target::NewSession, BodyForm::Json);
    }
    let inside = inside.strip_prefix('/').ok_or_else(nowhere)?;
    let (session, place) = inside.split_once('/').map_or((inside, None), |(id, place)| (id, Some(place)));
    if session.is_empty() || session.len() > ID_MAX {
        return Err(nowhere());
    }
    match place {
        None => only("GET", method, Target::Session(session), BodyForm::Nothing),
        Some("documents") => only("POST", method, Target::Document(session), BodyForm::Form),
        Some("selfies") => only("POST", method, Target::Selfie(session), BodyForm::Form),
        Some("submit") => only("POST", method, Target::Submission(session), BodyForm::JsonOrNothing),
        Some("cancel") => only("POST", method, Target::Cancellation(session), BodyForm::JsonOrNothing),
        Some(_) => Err(nowhere()),
    }
}

fn only<'p>(allowed: &'static str, method: &Method, target: Target<'p>, body: BodyForm) -> Result<Route<'p>, Refusal> {
    if method.as_str() != allowed {
        return Err(Refusal::MethodNotAllowed { allowed });
    }
    let repeatable = matches!(target, Target::NewSession | Target::Submission(_));
    Ok(Route { target, door: Door { body, repeatable, open: false } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(method: &Method, path: &str, expected: Result<Target<'_>, Refusal>) {
        assert_eq!(route(method, path).map(|route| route.target), expected, "{method} {path}");
    }

    #[test]
    fn every_address_leads_somewhere_or_says_that_it_does_not() {
        let session = || "ses_1";
        check(&Method::POST, "/v1/sessions", Ok(Target::NewSession));
        check(&Method::GET, "/v1/sessions/ses_1", Ok(Target::Session(session())));
        check(&Method::POST, "/v1/sessions/ses_1/documents", Ok(Target::Document(session())));
        check(&Method::POST, "/v1/sessions/ses_1/selfies", Ok(Target::Selfie(session())));
        check(&Method::POST, "/v1/sessions/ses_1/submit", Ok(Target::Submission(session())));
        check(&Method::POST, "/v1/sessions/ses_1/cancel", Ok(Target::Cancellation(session())));
        for path in
            ["/", "/v1", "/v1/sessionsx", "/v1/sessions/", "/v1/sessions//submit", "/v1/sessions/ses_1/", "/v1/sessions/ses_1/submit/"]
        {
            let nowhere = route(&Method::POST, path);
            assert!(matches!(nowhere, Err(Refusal::NoSuchEndpoint { .. })), "{path}: {nowhere:?}");
        }
        check(&Method::GET, "/v1/sessions", Err(Refusal::MethodNotAllowed { allowed: "POST" }));
        check(&Method::DELETE, "/v1/sessions/ses_1", Err(Refusal::MethodNotAllowed { allowed: "GET" }));
    }
}
