use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use super::quantity::{Period, Probability, QuantityError};
use crate::vendor::{Befalling, Fault, FaultKind, ResetMoment};

/// How requests fail, how likely, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "RawResponseFault", into = "RawResponseFault")]
#[schemars(with = "RawResponseFault")]
pub struct ResponseFault {
    raw: RawResponseFault,
    kind: Kind,
}

/// What it comes to on a socket.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// Connections are refused.
    Refuse,
    /// This befalls requests.
    Befalls(Befalling),
}

/// The file's own form; [`ResponseFault`] is the checked one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawResponseFault {
    /// What happens; `WireMock`'s capital spelling is taken too.
    #[serde(deserialize_with = "in_any_case")]
    fault: FaultKind,
    /// With `error` (503 unless said) and `html` (502): 400 to 599.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 400, max = 599))]
    status: Option<u16>,
    /// With `connection_reset_by_peer`: when; before the headers unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    moment: Option<ResetMoment>,
    /// With `chunked_dribble_delay`: in how many pieces, 2 to 1000; 10 unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 1000))]
    chunks: Option<u32>,
    /// With `chunked_dribble_delay`: from the first piece to the last, at most 10 minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    duration: Option<Period>,
    /// With `stale_read`: how long reads lag behind decisions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lag: Option<Period>,
    /// Whether what was asked for is done all the same, and only the answer fails. Always so where a true answer is spoiled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    performed: Option<bool>,
    /// How likely each request fails.
    #[serde(default = "always")]
    probability: Probability,
    /// The first so many requests succeed all the same.
    #[serde(default, skip_serializing_if = "is_zero")]
    succeed_first: u32,
    /// At most so many requests fail; all when it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fail_next: Option<u32>,
}

const fn always() -> Probability {
    Probability::ALWAYS
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn in_any_case<'de, D: Deserializer<'de>>(deserializer: D) -> Result<FaultKind, D::Error> {
    use serde::de::{Error as _, IntoDeserializer as _};
    let word = String::deserialize(deserializer)?.to_ascii_lowercase();
    FaultKind::deserialize(word.as_str().into_deserializer()).map_err(|error: serde::de::value::Error| D::Error::custom(error))
}

impl ResponseFault {
    /// Returns the fault that befalls every request.
    ///
    /// # Errors
    /// When `fault` has a status that is no error, or a length that is too long.
    pub fn certain(fault: Fault) -> Result<Self, QuantityError> {
        let (mut status, mut moment, mut chunks, mut duration, mut lag) = (None, None, None, None, None);
        match fault {
            Fault::Error { status: code } | Fault::Html { status: code } => status = Some(code),
            Fault::ConnectionResetByPeer { moment: when } => moment = Some(when),
            Fault::ChunkedDribbleDelay { chunks: pieces, over } => (chunks, duration) = (Some(pieces), Some(Period::new(over))),
            Fault::StaleRead { lag: by } => lag = Some(Period::new(by)),
            Fault::Hang
            | Fault::EmptyResponse
            | Fault::RandomDataThenClose
            | Fault::MalformedResponseChunk
            | Fault::TruncatedBody
            | Fault::MalformedJson
            | Fault::WrongContentType
            | Fault::MissingFields
            | Fault::LostUpload => {}
        }
        Self::try_from(RawResponseFault {
            fault: fault.kind(),
            status,
            moment,
            chunks,
            duration,
            lag,
            performed: None,
            probability: Probability::ALWAYS,
            succeed_first: 0,
            fail_next: None,
        })
    }

    /// Returns the same fault, for at most so many requests.
    #[must_use]
    pub const fn at_most(mut self, requests: u32) -> Self {
        self.raw.fail_next = Some(requests);
        self
    }

    /// What befalls a request; none when connections are refused, which is done before there is a request.
    #[must_use]
    pub const fn befalls(&self) -> Option<Befalling> {
        match self.kind {
            Kind::Refuse => None,
            Kind::Befalls(befalling) => Some(befalling),
        }
    }

    /// Whether connections are refused.
    #[must_use]
    pub const fn refuses_connections(&self) -> bool {
        matches!(self.kind, Kind::Refuse)
    }

    /// The word for what happens.
    #[must_use]
    pub const fn word(&self) -> FaultKind {
        self.raw.fault
    }

    /// How likely each request fails.
    #[must_use]
    pub const fn probability(&self) -> Probability {
        self.raw.probability
    }

    /// Whether the `matched`th request that would fail (from 0) does: not the first few, and not after so many.
    #[must_use]
    pub fn counts(&self, matched: u32) -> bool {
        matched >= self.raw.succeed_first && self.raw.fail_next.is_none_or(|most| matched < self.raw.succeed_first.saturating_add(most))
    }

    /// What it does to a request, in words for a report.
    #[must_use]
    pub fn describe(&self) -> String {
        let what = match self.kind {
            Kind::Refuse => "connections refused".to_owned(),
            Kind::Befalls(Befalling { fault, .. }) => match fault {
                Fault::Error { status } => format!("answered {status}"),
                Fault::Html { status } => format!("answered {status} with a gateway's HTML page"),
                Fault::ConnectionResetByPeer { moment } => format!("reset ({})", moment.as_str().replace('_', " ")),
                Fault::Hang => "never answered".to_owned(),
                Fault::EmptyResponse => "closed without an answer".to_owned(),
                Fault::RandomDataThenClose => "answered with garbage".to_owned(),
                Fault::MalformedResponseChunk => "answered with a broken chunk".to_owned(),
                Fault::TruncatedBody => "cut short".to_owned(),
                Fault::MalformedJson => "answered with broken JSON".to_owned(),
                Fault::WrongContentType => "answered with the wrong content type".to_owned(),
                Fault::ChunkedDribbleDelay { over, .. } => format!("answered in drips over {}", humantime::format_duration(over)),
                Fault::MissingFields => "answered 200 with fields missing".to_owned(),
                Fault::LostUpload => "answered 201, the upload lost".to_owned(),
                Fault::StaleRead { lag } => format!("reads lag {} behind", humantime::format_duration(lag)),
            },
        };
        let share = match self.raw.probability {
            Probability::ALWAYS => String::new(),
            probability => format!(" {:.0} % of the time", probability.value() * 100.0),
        };
        let limits = match (self.raw.succeed_first, self.raw.fail_next) {
            (0, None) => String::new(),
            (0, Some(most)) => format!(", {most} times"),
            (first, None) => format!(", after the first {first}"),
            (first, Some(most)) => format!(", {most} times after the first {first}"),
        };
        format!("{what}{share}{limits}")
    }
}

impl TryFrom<RawResponseFault> for ResponseFault {
    type Error = QuantityError;

    fn try_from(raw: RawResponseFault) -> Result<Self, QuantityError> {
        let kind = raw.fault;
        let only_with = |given: bool, key: &str, kinds: &[FaultKind]| {
            if given && !kinds.contains(&kind) {
                let words: Vec<&str> = kinds.iter().map(|kind| kind.as_str()).collect();
                return Err(QuantityError::new(format!("`{key}` goes with `{}`, not with `{kind}`", words.join("` and `"))));
            }
            Ok(())
        };
        only_with(raw.status.is_some(), "status", &[FaultKind::Error, FaultKind::Html])?;
        only_with(raw.moment.is_some(), "moment", &[FaultKind::ConnectionResetByPeer])?;
        only_with(raw.chunks.is_some(), "chunks", &[FaultKind::ChunkedDribbleDelay])?;
        only_with(raw.duration.is_some(), "duration", &[FaultKind::ChunkedDribbleDelay])?;
        only_with(raw.lag.is_some(), "lag", &[FaultKind::StaleRead])?;

        let status = |default: u16| match raw.status.unwrap_or(default) {
            status if (400..=599).contains(&status) => Ok(status),
            status => Err(QuantityError::new(format!("{status} is not an error status; write one from 400 to 599"))),
        };
        let missing = |key: &str, example: &str| QuantityError::new(format!("`{kind}` needs `{key}`, for example {key} = \"{example}\""));
        let fault = match kind {
            FaultKind::Refuse => {
                if raw.performed.is_some() || raw.succeed_first > 0 || raw.fail_next.is_some() || raw.probability != Probability::ALWAYS {
                    return Err(QuantityError::new("`refuse` refuses every connection; it takes no `probability`, count or `performed`"));
                }
                return Ok(Self { raw, kind: Kind::Refuse });
            }
            FaultKind::Error => Fault::Error { status: status(503)? },
            FaultKind::Html => Fault::Html { status: status(502)? },
            FaultKind::ConnectionResetByPeer => Fault::ConnectionResetByPeer { moment: raw.moment.unwrap_or(ResetMoment::BeforeHeaders) },
            FaultKind::Hang => Fault::Hang,
            FaultKind::EmptyResponse => Fault::EmptyResponse,
            FaultKind::RandomDataThenClose => Fault::RandomDataThenClose,
            FaultKind::MalformedResponseChunk => Fault::MalformedResponseChunk,
            FaultKind::TruncatedBody => Fault::TruncatedBody,
            FaultKind::MalformedJson => Fault::MalformedJson,
            FaultKind::WrongContentType => Fault::WrongContentType,
            FaultKind::ChunkedDribbleDelay => {
                let (chunks, over) = (raw.chunks.unwrap_or(10), raw.duration.ok_or_else(|| missing("duration", "5s"))?.length());
                if !(2..=1000).contains(&chunks) {
                    return Err(QuantityError::new(format!("{chunks} is not a number of chunks; write one from 2 to 1000")));
                }
                if over.as_secs() > 600 {
                    return Err(QuantityError::new("`duration` is longer than the 10 minutes that an answer may drip"));
                }
                Fault::ChunkedDribbleDelay { chunks, over }
            }
            FaultKind::MissingFields => Fault::MissingFields,
            FaultKind::LostUpload => Fault::LostUpload,
            FaultKind::StaleRead => Fault::StaleRead { lag: raw.lag.ok_or_else(|| missing("lag", "5s"))?.length() },
        };
        let performed = match (fault.spoils_a_true_answer(), raw.performed) {
            (true, Some(false)) => {
                return Err(QuantityError::new(format!("`{kind}` spoils a true answer, so what was asked for is always performed")));
            }
            (spoils, given) => spoils || given.unwrap_or(false),
        };
        Ok(Self { raw, kind: Kind::Befalls(Befalling { fault, performed }) })
    }
}

impl From<ResponseFault> for RawResponseFault {
    fn from(fault: ResponseFault) -> Self {
        fault.raw
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ResponseFault, String> {
        toml::from_str::<ResponseFault>(text).map_err(|error| error.message().to_owned())
    }

    #[track_caller]
    fn check(text: &str, expected: Fault, performed: bool) {
        assert_eq!(read(text).unwrap().befalls(), Some(Befalling { fault: expected, performed }));
    }

    #[test]
    fn each_fault_is_read_with_what_belongs_to_it() {
        check("fault = \"error\"", Fault::Error { status: 503 }, false);
        check("fault = \"error\"\nstatus = 422\nperformed = true", Fault::Error { status: 422 }, true);
        check("fault = \"html\"", Fault::Html { status: 502 }, false);
        check("fault = \"CONNECTION_RESET_BY_PEER\"", Fault::ConnectionResetByPeer { moment: ResetMoment::BeforeHeaders }, false);
        check("fault = \"truncated_body\"", Fault::TruncatedBody, true);
        assert!(read("fault = \"refuse\"").unwrap().refuses_connections());
    }

    #[test]
    fn what_does_not_belong_is_refused_with_the_reason() {
        assert_eq!(read("fault = \"hang\"\nstatus = 500").unwrap_err(), "`status` goes with `error` and `html`, not with `hang`");
        assert_eq!(read("fault = \"error\"\nstatus = 200").unwrap_err(), "200 is not an error status; write one from 400 to 599");
        assert_eq!(read("fault = \"stale_read\"").unwrap_err(), "`stale_read` needs `lag`, for example lag = \"5s\"");
        assert!(read("fault = \"truncated_body\"\nperformed = false").unwrap_err().contains("always performed"));
        assert!(read("fault = \"refuse\"\nprobability = 0.5").unwrap_err().contains("every connection"));
    }

    #[test]
    fn faults_may_be_counted() {
        let fault = read("fault = \"hang\"\nsucceed_first = 2\nfail_next = 3").unwrap();
        let failing: Vec<u32> = (0..8).filter(|matched| fault.counts(*matched)).collect();
        assert_eq!(failing, [2, 3, 4]);
        let twice = ResponseFault::certain(Fault::Hang).unwrap().at_most(2);
        assert_eq!((0..8).filter(|matched| twice.counts(*matched)).collect::<Vec<_>>(), [0, 1]);
    }

    #[test]
    fn a_fault_is_written_as_it_was_read() {
        let text = "fault = \"error\"\nstatus = 422\nprobability = 0.5\nfail_next = 3\n";
        assert_eq!(toml::to_string(&read(text).unwrap()).unwrap(), text);
        let certain = ResponseFault::certain(Fault::Hang).unwrap();
        assert_eq!(certain.befalls().map(|befalling| befalling.fault), Some(Fault::Hang));
    }
}
