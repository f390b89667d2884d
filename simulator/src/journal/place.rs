//! Where in an entry a condition looks, and what its print says.

use std::borrow::Cow;

use super::entry::{Entry, Recorded};
use super::filter::ResultWord;
use super::matcher::Matcher;

/// Part of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    Method,
    Url,
    UrlPath,
    Query(String),
    Header(String),
    Body,
    Operation,
    Event,
    Session,
    Applicant,
    Defect,
    Status,
    Result,
}

/// One condition: what should be where.
#[derive(Debug, Clone)]
pub(super) struct Criterion {
    pub(super) place: Place,
    pub(super) wants: Matcher,
}

impl Criterion {
    pub(super) fn is_met_by(&self, entry: &Entry) -> bool {
        match (&self.place, &entry.what) {
            // A parameter may come several times: any of them will do.
            (Place::Query(name), Recorded::Request(request)) => {
                let mut values = parameters(request.query.as_deref(), name).peekable();
                if values.peek().is_none() { self.wants.matches(None) } else { values.any(|value| self.wants.matches(Some(&value))) }
            }
            (place, _) => self.wants.matches(place.of(entry).as_deref()),
        }
    }

    /// What was wanted, as a print shows it.
    pub(super) fn expected(&self) -> String {
        let operator = self.wants.operator();
        let shown = self.wants.shown();
        let text = match (&self.place, operator) {
            (Place::Url, Some("matches")) => format!("[regex] {shown}"),
            (Place::UrlPath, Some("matches")) => format!("[path regex] {shown}"),
            (Place::UrlPath, None) => format!("[path] {shown}"),
            (Place::Method, _) | (Place::Url, None) | (Place::Body, None) => shown,
            (Place::Body, Some(operator)) => format!("[{operator}]\n{shown}"),
            (place, None) => format!("{}{}", place.label(), shown),
            (place, Some(operator)) => match place.label().trim_end().trim_end_matches([':', '=']).trim_end() {
                "" => format!("[{operator}] {shown}"),
                name => format!("{name} [{operator}] {shown}"),
            },
        };
        text.trim_end().to_owned()
    }

    /// What was there, as a print shows it; nothing when nothing was.
    pub(super) fn actual(&self, entry: &Entry) -> String {
        let Some(value) = self.place.of(entry) else { return String::new() };
        match (&self.place, &self.wants) {
            // Laid out like what was expected, so that the two can be read side by side.
            (Place::Body, Matcher::EqualToJson { .. } | Matcher::JsonPath { .. }) => {
                let json =
                    serde_json::from_str::<serde_json::Value>(&value).map_or_else(|_| value.into_owned(), |json| format!("{json:#}"));
                format!("\n{json}")
            }
            (Place::Body, wants) if wants.operator().is_some() => format!("\n{value}"),
            (place, _) => format!("{}{value}", place.label()),
        }
    }

    /// What is wrong, after `<<<<<`.
    pub(super) fn remark(&self, entry: &Entry) -> String {
        let what = match self.place {
            Place::Method => "HTTP method",
            Place::Url | Place::UrlPath => "URL",
            Place::Query(_) => "Query",
            Place::Header(_) => "Header",
            Place::Body => "Body",
            Place::Operation => "Operation",
            Place::Event => "Event",
            Place::Session => "Session",
            Place::Applicant => "Applicant",
            Place::Defect => "Defect",
            Place::Status => "Status",
            Place::Result => "Result",
        };
        match (self.place.of(entry), &self.wants) {
            (None, _) => format!("{what} is not present"),
            (Some(_), Matcher::Absent) => format!("{what} is present"),
            (Some(_), _) => format!("{what} does not match"),
        }
    }
}

impl Place {
    /// Returns what an entry has in this place.
    fn of<'e>(&self, entry: &'e Entry) -> Option<Cow<'e, str>> {
        let what = &entry.what;
        match (self, what) {
            (Self::Session, _) => what.session().map(Cow::Borrowed),
            (Self::Applicant, _) => what.applicant().map(Cow::Borrowed),
            (Self::Status, _) => what.status().map(|status| Cow::Owned(status.to_string())),
            (Self::Header(name), Recorded::Request(request)) => request.headers.get(name).map(Cow::Borrowed),
            (Self::Header(name), Recorded::Delivery(delivery)) => delivery.headers.get(name).map(Cow::Borrowed),
            (Self::Body, Recorded::Request(request)) => present(request.body.text()),
            (Self::Body, Recorded::Delivery(delivery)) => present(delivery.body.text()),
            (Self::Method, Recorded::Request(request)) => Some(Cow::Borrowed(&request.method)),
            (Self::Url, Recorded::Request(request)) => Some(request.url()),
            (Self::UrlPath, Recorded::Request(request)) => Some(Cow::Borrowed(&request.path)),
            (Self::Query(name), Recorded::Request(request)) => parameters(request.query.as_deref(), name).next(),
            (Self::Operation, Recorded::Request(request)) => request.operation.as_deref().map(Cow::Borrowed),
            (Self::Event, Recorded::Delivery(delivery)) => Some(Cow::Borrowed(&delivery.event)),
            (Self::Defect, Recorded::Delivery(delivery)) => delivery.defect.as_deref().map(Cow::Borrowed),
            (Self::Result, Recorded::Delivery(delivery)) => Some(Cow::Borrowed(ResultWord::of(&delivery.result).as_str())),
            (Self::Method | Self::Url | Self::UrlPath | Self::Query(_) | Self::Operation, Recorded::Delivery(_))
            | (Self::Event | Self::Defect | Self::Result, Recorded::Request(_)) => None,
        }
    }

    fn label(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Method | Self::Url | Self::UrlPath | Self::Body => "",
            Self::Query(name) => return Cow::Owned(format!("Query: {name} = ")),
            Self::Header(name) => return Cow::Owned(format!("{name}: ")),
            Self::Operation => "Operation: ",
            Self::Event => "Event: ",
            Self::Session => "Session: ",
            Self::Applicant => "Applicant: ",
            Self::Defect => "Defect: ",
            Self::Status => "Status: ",
            Self::Result => "Result: ",
        })
    }
}

/// No body and an empty one look the same over HTTP.
fn present(text: Option<&str>) -> Option<Cow<'_, str>> {
    text.filter(|text| !text.is_empty()).map(Cow::Borrowed)
}

/// Returns the values of a parameter in a query, as a receiver reads them.
fn parameters<'q>(query: Option<&'q str>, name: &str) -> impl Iterator<Item = Cow<'q, str>> {
    form_urlencoded::parse(query.unwrap_or_default().as_bytes()).filter_map(move |(key, value)| (key == name).then_some(value))
}
