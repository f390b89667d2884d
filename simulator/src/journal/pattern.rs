//! Which requests and deliveries somebody means, in WireMock's JSON form.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::entry::{Entry, Recorded};
use super::filter::ResultWord;
use super::matcher::{Matcher, Whole, WrittenMatcher};
use super::place::{Criterion, Place};

/// More conditions than any test writes. Each is tried on each entry.
const CRITERIA_MAX: usize = 64;

/// Why a pattern is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("in `{place}`: {reason}")]
pub struct InvalidPattern {
    /// Where, such as `headers.Accept`.
    pub place: String,
    /// What is wrong there.
    pub reason: String,
}

/// Requests or deliveries: `{"request": {…}}` or `{"delivery": {…}}`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pattern {
    /// Requests like this.
    Request(RequestPattern),
    /// Tries of deliveries like this.
    Delivery(DeliveryPattern),
}

/// Requests that are as it says everywhere; the empty one fits all. From Rust, begin with the default and say more.
///
/// As JSON it is WireMock's `request`, for the operators of [`Pattern`]'s schema, and has `operation`, `session`, `applicant` and `status` beside.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(try_from = "WrittenRequest")]
#[schemars(with = "WrittenRequest")]
pub struct RequestPattern {
    criteria: Vec<Criterion>,
}

/// Tries of deliveries that are as it says everywhere; the empty one fits all. From Rust, begin with the default and say more.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(try_from = "WrittenDelivery")]
#[schemars(with = "WrittenDelivery")]
pub struct DeliveryPattern {
    criteria: Vec<Criterion>,
}

/// A request pattern as it is written.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(rename = "RequestPattern")]
struct WrittenRequest {
    /// The method; `ANY` for all.
    method: Option<String>,
    /// Path and query, exactly.
    url: Option<String>,
    /// A regular expression for path and query.
    url_pattern: Option<String>,
    /// The path, exactly.
    url_path: Option<String>,
    /// A regular expression for the path.
    url_path_pattern: Option<String>,
    /// By name.
    query_parameters: BTreeMap<String, WrittenMatcher>,
    /// By name, in any case. Secrets are not kept: they read `[redacted]`.
    headers: BTreeMap<String, WrittenMatcher>,
    /// All of them must fit.
    body_patterns: Vec<WrittenMatcher>,
    /// What was asked for, in the neutral word.
    operation: Option<String>,
    /// The session it was about.
    session: Option<String>,
    /// The applicant it was about.
    applicant: Option<String>,
    /// The status of the answer.
    status: Option<u16>,
}

/// A delivery pattern as it is written.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(rename = "DeliveryPattern")]
struct WrittenDelivery {
    /// What the event says has happened, in the neutral word.
    event: Option<String>,
    /// The session it is about.
    session: Option<String>,
    /// The applicant it is about.
    applicant: Option<String>,
    /// What was wrong with it on purpose.
    defect: Option<String>,
    /// The status of the receiver's answer.
    status: Option<u16>,
    /// How it ended.
    result: Option<ResultWord>,
    /// By name, in any case. Secrets are not kept: they read `[redacted]`.
    headers: BTreeMap<String, WrittenMatcher>,
    /// All of them must fit.
    body_patterns: Vec<WrittenMatcher>,
}

/// Declares verbs that ask for one exact text.
macro_rules! equalities {
    ($($(#[$doc:meta])* $name:ident: $place:ident),+ $(,)?) => {
        $($(#[$doc])*
        #[must_use]
        pub fn $name(mut self, text: impl Into<String>) -> Self {
            self.criteria.push(Criterion { place: Place::$place, wants: Matcher::equal_to(text) });
            self
        })+
    };
}

impl RequestPattern {
    equalities! {
        /// Wants this method, such as `POST`.
        method: Method,
        /// Wants this path.
        url_path: UrlPath,
        /// Wants this operation, such as `create_session`.
        operation: Operation,
        /// Wants it to be about this session.
        session: Session,
        /// Wants it to be about this applicant.
        applicant: Applicant,
    }

    /// Wants an answer with this status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.criteria.push(Criterion { place: Place::Status, wants: Matcher::equal_to(status.to_string()) });
        self
    }
}

impl DeliveryPattern {
    equalities! {
        /// Wants this event, such as `decided`.
        event: Event,
        /// Wants it to be about this session.
        session: Session,
        /// Wants it to be about this applicant.
        applicant: Applicant,
        /// Wants this defect, such as `unsigned`.
        defect: Defect,
    }

    /// Wants an answer with this status.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.criteria.push(Criterion { place: Place::Status, wants: Matcher::equal_to(status.to_string()) });
        self
    }

    /// Wants it to have ended so.
    #[must_use]
    pub fn result(mut self, result: ResultWord) -> Self {
        self.criteria.push(Criterion { place: Place::Result, wants: Matcher::equal_to(result.as_str()) });
        self
    }
}

impl Pattern {
    /// Returns whether `entry` is one of those that are meant.
    #[must_use]
    pub fn matches(&self, entry: &Entry) -> bool {
        self.is_about(entry) && self.criteria().iter().all(|criterion| criterion.is_met_by(entry))
    }

    /// Returns whether `entry` is of the right kind.
    pub(super) const fn is_about(&self, entry: &Entry) -> bool {
        matches!((self, &entry.what), (Self::Request(_), Recorded::Request(_)) | (Self::Delivery(_), Recorded::Delivery(_)))
    }

    pub(super) fn criteria(&self) -> &[Criterion] {
        match self {
            Self::Request(RequestPattern { criteria }) | Self::Delivery(DeliveryPattern { criteria }) => criteria,
        }
    }
}

impl From<RequestPattern> for Pattern {
    fn from(pattern: RequestPattern) -> Self {
        Self::Request(pattern)
    }
}

impl From<DeliveryPattern> for Pattern {
    fn from(pattern: DeliveryPattern) -> Self {
        Self::Delivery(pattern)
    }
}

/// Gathers conditions in the order in which a print shows them.
#[derive(Default)]
struct Reader(Vec<Criterion>);

impl Reader {
    fn exactly(&mut self, place: Place, text: Option<String>) {
        self.0.extend(text.map(|text| Criterion { place, wants: Matcher::equal_to(text) }));
    }

    fn regex(&mut self, name: &str, place: Place, text: Option<String>) -> Result<(), InvalidPattern> {
        let Some(text) = text else { return Ok(()) };
        let whole = Whole::compile(&text).map_err(|reason| InvalidPattern { place: name.to_owned(), reason: format!("it {reason}") })?;
        self.0.push(Criterion { place, wants: Matcher::Matches(whole) });
        Ok(())
    }

    fn matcher(&mut self, name: impl FnOnce() -> String, place: Place, written: WrittenMatcher) -> Result<(), InvalidPattern> {
        let wants = Matcher::read(written).map_err(|reason| InvalidPattern { place: name(), reason })?;
        self.0.push(Criterion { place, wants });
        Ok(())
    }

    fn headers(&mut self, headers: BTreeMap<String, WrittenMatcher>) -> Result<(), InvalidPattern> {
        headers.into_iter().try_for_each(|(name, written)| self.matcher(|| format!("headers.{name}"), Place::Header(name.clone()), written))
    }

    fn bodies(&mut self, bodies: Vec<WrittenMatcher>) -> Result<(), InvalidPattern> {
        let mut bodies = bodies.into_iter().enumerate();
        bodies.try_for_each(|(number, written)| self.matcher(|| format!("bodyPatterns[{number}]"), Place::Body, written))
    }

    fn finish(self) -> Result<Vec<Criterion>, InvalidPattern> {
        match self.0.len() > CRITERIA_MAX {
            true => Err(InvalidPattern { place: "pattern".to_owned(), reason: format!("it has more than {CRITERIA_MAX} conditions") }),
            false => Ok(self.0),
        }
    }
}

impl TryFrom<WrittenRequest> for RequestPattern {
    type Error = InvalidPattern;

    fn try_from(written: WrittenRequest) -> Result<Self, InvalidPattern> {
        let mut reader = Reader::default();
        let method = written.method.filter(|method| !method.eq_ignore_ascii_case("ANY"));
        reader.exactly(Place::Method, method.map(|method| method.to_ascii_uppercase()));
        reader.exactly(Place::Url, written.url);
        reader.regex("urlPattern", Place::Url, written.url_pattern)?;
        reader.exactly(Place::UrlPath, written.url_path);
        reader.regex("urlPathPattern", Place::UrlPath, written.url_path_pattern)?;
        for (name, matcher) in written.query_parameters {
            reader.matcher(|| format!("queryParameters.{name}"), Place::Query(name.clone()), matcher)?;
        }
        reader.headers(written.headers)?;
        reader.exactly(Place::Operation, written.operation);
        reader.exactly(Place::Session, written.session);
        reader.exactly(Place::Applicant, written.applicant);
        reader.exactly(Place::Status, written.status.map(|status| status.to_string()));
        reader.bodies(written.body_patterns)?;
        reader.finish().map(|criteria| Self { criteria })
    }
}

impl TryFrom<WrittenDelivery> for DeliveryPattern {
    type Error = InvalidPattern;

    fn try_from(written: WrittenDelivery) -> Result<Self, InvalidPattern> {
        let mut reader = Reader::default();
        reader.exactly(Place::Event, written.event);
        reader.exactly(Place::Session, written.session);
        reader.exactly(Place::Applicant, written.applicant);
        reader.exactly(Place::Defect, written.defect);
        reader.exactly(Place::Status, written.status.map(|status| status.to_string()));
        reader.exactly(Place::Result, written.result.map(|result| result.as_str().to_owned()));
        reader.headers(written.headers)?;
        reader.bodies(written.body_patterns)?;
        reader.finish().map(|criteria| Self { criteria })
    }
}

#[cfg(test)]
mod tests {
    use kycsim_scenarios::ledger::DeliveryResult;

    use super::*;
    use crate::journal::entry::samples::{delivery, entry, posted};
    use crate::journal::{RecordedDelivery, RecordedRequest};

    /// What every request here is held against.
    fn asked() -> Entry {
        entry(RecordedRequest {
            operation: Some("create_session".into()),
            session: Some("ses_1".into()),
            status: Some(201),
            ..posted(
                "POST",
                "/v1/sessions?expand=checks&expand=all%20of%20it&api_key=hunter2",
                &[("content-type", "application/json"), ("authorization", "Bearer hunter2")],
                r#"{"applicant":"a-000001","country":"DE"}"#,
            )
        })
    }

    fn sent() -> Entry {
        entry(RecordedDelivery { defect: Some("unsigned".into()), ..delivery(DeliveryResult::Refused { status: 503 }) })
    }

    fn read(json: &str) -> Result<Pattern, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[track_caller]
    fn check(json: &str, entry: &Entry, fits: bool) {
        assert_eq!(read(json).unwrap().matches(entry), fits, "{json}");
    }

    #[test]
    fn requests_are_matched_in_wiremocks_words() {
        for (json, fits) in [
            ("{}", true),
            (r#"{"method":"post"}"#, true),
            (r#"{"method":"ANY"}"#, true),
            (r#"{"method":"GET"}"#, false),
            (r#"{"url":"/v1/sessions"}"#, false),
            (r#"{"url":"/v1/sessions?expand=checks&expand=all%20of%20it&api_key=[redacted]"}"#, true),
            (r#"{"urlPattern":"/v1/sessions\\?.*"}"#, true),
            (r#"{"urlPath":"/v1/sessions"}"#, true),
            (r#"{"urlPathPattern":"/v\\d/sessions"}"#, true),
            (r#"{"urlPathPattern":"/v\\d"}"#, false),
            (r#"{"queryParameters":{"expand":{"equalTo":"all of it"}}}"#, true),
            (r#"{"queryParameters":{"expand":{"absent":true}}}"#, false),
            (r#"{"queryParameters":{"other":{"absent":true}}}"#, true),
            (r#"{"queryParameters":{"api_key":{"equalTo":"hunter2"}}}"#, false),
            (r#"{"headers":{"Content-Type":{"contains":"json"}}}"#, true),
            (r#"{"headers":{"Authorization":{"equalTo":"[redacted]"}}}"#, true),
            (r#"{"headers":{"X-Trace":{"matches":".*"}}}"#, false),
            (r#"{"bodyPatterns":[{"matchesJsonPath":"$.applicant"},{"contains":"DE"}]}"#, true),
            (r#"{"bodyPatterns":[{"matchesJsonPath":"$.applicant"},{"contains":"FR"}]}"#, false),
            (r#"{"bodyPatterns":[{"equalToJson":{"country":"DE"},"ignoreExtraElements":true}]}"#, true),
            (r#"{"operation":"create_session","session":"ses_1","status":201}"#, true),
            (r#"{"applicant":"a-000001"}"#, false),
            (r#"{"status":200}"#, false),
        ] {
            check(&format!(r#"{{"request":{json}}}"#), &asked(), fits);
        }
        check(r#"{"delivery":{}}"#, &asked(), false);
    }

    #[test]
    fn deliveries_are_matched_in_our_words() {
        for (json, fits) in [
            ("{}", true),
            (r#"{"event":"decided","session":"ses_1","applicant":"a-000001","defect":"unsigned","status":503,"result":"refused"}"#, true),
            (r#"{"event":"expired"}"#, false),
            (r#"{"result":"accepted"}"#, false),
            (r#"{"bodyPatterns":[{"matchesJsonPath":{"expression":"$.status","equalTo":"approved"}}]}"#, true),
            (r#"{"headers":{"webhook-signature":{"absent":true}}}"#, true),
        ] {
            check(&format!(r#"{{"delivery":{json}}}"#), &sent(), fits);
        }
        check(r#"{"request":{}}"#, &sent(), false);
    }

    #[test]
    fn patterns_made_in_rust_are_those_of_json() {
        let requests = RequestPattern::default().method("POST").url_path("/v1/sessions").operation("create_session").session("ses_1");
        assert!(Pattern::from(requests.clone().status(201)).matches(&asked()));
        assert!(!Pattern::from(requests.applicant("a-000001")).matches(&asked()));
        let deliveries = DeliveryPattern::default().event("decided").session("ses_1").applicant("a-000001").defect("unsigned").status(503);
        assert!(Pattern::from(deliveries.clone().result(ResultWord::Refused)).matches(&sent()));
        assert!(!Pattern::from(deliveries.result(ResultWord::Failed)).matches(&sent()));
    }

    #[test]
    fn what_cannot_be_used_is_refused_with_its_place() {
        for (json, said) in [
            (r#"{"request":{"urlPathPattern":"/v1/("}}"#, "in `urlPathPattern`: it is not a regular expression"),
            (r#"{"request":{"headers":{"Accept":{"matches":"["}}}}"#, "in `headers.Accept`: `matches` is not a regular expression"),
            (r#"{"request":{"queryParameters":{"q":{}}}}"#, "in `queryParameters.q`: say exactly one of"),
            (
                r#"{"request":{"bodyPatterns":[{"contains":"a"},{"matchesJsonPath":"$["}]}}"#,
                "in `bodyPatterns[1]`: `matchesJsonPath` is not",
            ),
            (r#"{"request":{"urlpath":"/"}}"#, "unknown field `urlpath`"),
            (r#"{"delivery":{"result":"eaten"}}"#, "unknown variant `eaten`"),
            (r#"{"requests":{}}"#, "unknown variant `requests`"),
        ] {
            let error = read(json).unwrap_err();
            assert!(error.contains(said), "{json}: {error}");
        }
        let many = vec![r#"{"contains":"a"}"#; CRITERIA_MAX + 1].join(",");
        assert!(read(&format!(r#"{{"request":{{"bodyPatterns":[{many}]}}}}"#)).unwrap_err().contains("more than 64 conditions"));
    }
}
