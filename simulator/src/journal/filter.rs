//! Which entries somebody wants to see. For questions about bodies and headers there are patterns.

use kycsim_scenarios::ledger::DeliveryResult;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::entry::{Entry, Recorded};

/// Lets entries through that are as it says in every field that is set; all of them, when none is.
///
/// Its form is that of a query string: `kind=delivery&session=ses_1&result=refused`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Filter {
    /// Requests or deliveries only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<EntryKind>,
    /// Requests for this operation, such as `create_session`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Requests with this method, in any case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Requests with exactly this path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What is about this session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// What is about this applicant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applicant: Option<String>,
    /// Requests answered, and deliveries accepted or refused, with this status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Requests that found no endpoint, only.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unmatched: bool,
    /// Deliveries with this defect, such as `unsigned`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub defect: Option<String>,
    /// Deliveries that ended so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<ResultWord>,
}

/// What an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A request.
    Request,
    /// A try of a delivery.
    Delivery,
}

/// How a delivery ended, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResultWord {
    /// Answered with success.
    Accepted,
    /// Answered with anything else.
    Refused,
    /// Not answered.
    Failed,
}

impl ResultWord {
    /// Returns the word for `result`.
    #[must_use]
    pub const fn of(result: &DeliveryResult) -> Self {
        match result {
            DeliveryResult::Accepted { .. } => Self::Accepted,
            DeliveryResult::Refused { .. } => Self::Refused,
            DeliveryResult::Failed { .. } => Self::Failed,
        }
    }

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

impl Recorded {
    /// What it is about.
    #[must_use]
    pub const fn kind(&self) -> EntryKind {
        match self {
            Self::Request(_) => EntryKind::Request,
            Self::Delivery(_) => EntryKind::Delivery,
        }
    }

    pub(super) fn session(&self) -> Option<&str> {
        match self {
            Self::Request(request) => request.session.as_deref(),
            Self::Delivery(delivery) => Some(&delivery.session),
        }
    }

    pub(super) fn applicant(&self) -> Option<&str> {
        match self {
            Self::Request(request) => request.applicant.as_ref().map(|applicant| applicant.as_str()),
            Self::Delivery(delivery) => Some(delivery.applicant.as_str()),
        }
    }

    /// The status of the vendor's answer, or of the receiver's.
    pub(super) const fn status(&self) -> Option<u16> {
        match self {
            Self::Request(request) => request.status,
            Self::Delivery(delivery) => match delivery.result {
                DeliveryResult::Accepted { status } | DeliveryResult::Refused { status } => Some(status),
                DeliveryResult::Failed { .. } => None,
            },
        }
    }
}

impl Filter {
    /// Returns whether `entry` is one of those that are wanted.
    #[must_use]
    pub fn lets_through(&self, entry: &Entry) -> bool {
        let what = &entry.what;
        let general = self.kind.is_none_or(|kind| kind == what.kind())
            && wants(self.session.as_ref(), what.session())
            && wants(self.applicant.as_ref(), what.applicant())
            && self.status.is_none_or(|status| what.status() == Some(status));
        general
            && match what {
                Recorded::Request(request) => {
                    self.defect.is_none()
                        && self.result.is_none()
                        && wants(self.operation.as_ref(), request.operation.as_deref())
                        && self.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(&request.method))
                        && wants(self.path.as_ref(), Some(&request.path))
                        && !(self.unmatched && request.matched)
                }
                Recorded::Delivery(delivery) => {
                    let about_requests = self.operation.is_some() || self.method.is_some() || self.path.is_some() || self.unmatched;
                    !about_requests
                        && wants(self.defect.as_ref(), delivery.defect.as_deref())
                        && self.result.is_none_or(|result| result == ResultWord::of(&delivery.result))
                }
            }
    }
}

fn wants(wanted: Option<&String>, is: Option<&str>) -> bool {
    wanted.is_none_or(|wanted| is == Some(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::entry::samples::{delivery, entry, request};
    use crate::journal::{RecordedDelivery, RecordedRequest};

    /// Three requests and two deliveries; `expected` are the places of those that are let through.
    #[track_caller]
    fn check(query: &str, expected: &[usize]) {
        let filter: Filter = serde_urlencoded::from_str(query).unwrap();
        let entries = [
            Recorded::Request(RecordedRequest {
                operation: Some("create_session".into()),
                status: Some(201),
                ..request("POST", "/v1/sessions")
            }),
            Recorded::Request(RecordedRequest { session: Some("ses_1".into()), ..request("GET", "/v1/sessions/ses_1") }),
            Recorded::Request(RecordedRequest { matched: false, status: Some(404), ..request("GET", "/v2/sessions") }),
            Recorded::Delivery(delivery(DeliveryResult::Accepted { status: 201 })),
            Recorded::Delivery(RecordedDelivery {
                defect: Some("unsigned".into()),
                ..delivery(DeliveryResult::Failed { reason: "could not connect".to_owned() })
            }),
        ];
        let through: Vec<_> = (0..entries.len()).filter(|place| filter.lets_through(&entry(entries[*place].clone()))).collect();
        assert_eq!(through, expected, "{query}");
        assert_eq!(serde_urlencoded::from_str::<Filter>(&serde_urlencoded::to_string(&filter).unwrap()).unwrap(), filter);
    }

    #[test]
    fn each_field_lets_through_what_it_says() {
        check("", &[0, 1, 2, 3, 4]);
        check("kind=request", &[0, 1, 2]);
        check("kind=delivery", &[3, 4]);
        check("operation=create_session", &[0]);
        check("method=get", &[1, 2]);
        check("path=/v1/sessions", &[0]);
        check("session=ses_1", &[1, 3, 4]);
        check("applicant=a-000001", &[3, 4]);
        check("status=201", &[0, 3]);
        check("unmatched=true", &[2]);
        check("defect=unsigned", &[4]);
        check("result=accepted", &[3]);
        check("result=failed", &[4]);
        check("session=ses_1&kind=delivery&status=201", &[3]);
        check("unmatched=true&result=accepted", &[]);
    }

    #[test]
    fn a_misspelt_field_is_refused() {
        let error = serde_urlencoded::from_str::<Filter>("sesion=ses_1").unwrap_err().to_string();
        assert!(error.contains("sesion"), "{error}");
        assert!(serde_urlencoded::from_str::<Filter>("result=eaten").is_err());
    }
}
