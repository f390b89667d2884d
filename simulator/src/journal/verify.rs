//! Whether something happened as often as it should have, and when not, what came nearest.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::difference::{Row, two_columns};
use super::entry::{Entry, Recorded};
use super::pattern::Pattern;
use super::ring::{Chunk, Journal};
use super::times::Times;

/// What was found. Its `Display` is for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verification {
    /// How often it should have happened.
    pub times: Times,
    /// How often it happened.
    pub found: u64,
    /// Whether that is as it should be.
    pub satisfied: bool,
    /// How many entries had been dropped before they could be looked at. If there are any, `found` may be too small.
    pub dropped: u64,
    /// When it happened too seldom: the entry that differs in the fewest places, the latest of them, beside what was wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nearest: Option<String>,
}

/// Counts what fits, entry after entry, and remembers what nearly did.
#[derive(Debug)]
pub(super) struct Tally<'p> {
    pattern: &'p Pattern,
    times: Times,
    pub(super) cursor: u64,
    found: u64,
    dropped: u64,
    nearest: Option<(usize, Arc<Entry>)>,
}

impl Journal {
    /// Counts the entries that `pattern` means, and says whether that is as often as `times` wants.
    #[must_use]
    pub fn verify(&self, pattern: &Pattern, times: Times) -> Verification {
        let mut tally = Tally::new(pattern, times);
        tally.read(self);
        tally.finish()
    }
}

impl<'p> Tally<'p> {
    pub(super) const fn new(pattern: &'p Pattern, times: Times) -> Self {
        Self { pattern, times, cursor: 0, found: 0, dropped: 0, nearest: None }
    }

    /// Reads on, to the entry that was the last when it began: under load there is always another.
    pub(super) fn read(&mut self, journal: &Journal) {
        let last = journal.last();
        while self.cursor < last {
            let Chunk { entries, cursor, missed } = journal.chunk(self.cursor);
            self.dropped += missed;
            self.cursor = cursor;
            for entry in entries {
                self.cursor = entry.sequence;
                self.look_at(entry);
            }
        }
    }

    fn look_at(&mut self, entry: Arc<Entry>) {
        if !self.pattern.is_about(&entry) {
            return;
        }
        let differences = self.pattern.criteria().iter().filter(|criterion| !criterion.is_met_by(&entry)).count();
        if differences == 0 {
            self.found += 1;
        } else if self.nearest.as_ref().is_none_or(|(least, _)| differences <= *least) {
            self.nearest = Some((differences, entry));
        }
    }

    pub(super) fn is_satisfied(&self) -> bool {
        self.times.allow(self.found)
    }

    /// Whether nothing that is still to come can help.
    pub(super) fn is_hopeless(&self) -> bool {
        self.times.are_exceeded_by(self.found)
    }

    pub(super) fn finish(self) -> Verification {
        let satisfied = self.is_satisfied();
        let too_seldom = !satisfied && !self.is_hopeless();
        let nearest = self.nearest.filter(|_| too_seldom).map(|(_, entry)| difference(self.pattern, &entry));
        Verification { times: self.times, found: self.found, satisfied, dropped: self.dropped, nearest }
    }
}

fn difference(pattern: &Pattern, entry: &Entry) -> String {
    let row = |criterion: &super::place::Criterion| Row {
        expected: criterion.expected(),
        actual: criterion.actual(entry),
        remark: (!criterion.is_met_by(entry)).then(|| criterion.remark(entry)),
    };
    let rows: Vec<Row> = pattern.criteria().iter().map(row).collect();
    let (title, actual) = match &entry.what {
        Recorded::Request(_) => ("No request matched often enough: the nearest", "Request"),
        Recorded::Delivery(_) => ("No delivery matched often enough: the nearest", "Delivery"),
    };
    two_columns(title, ["Expected", &format!("{actual} {}", entry.sequence)], &rows)
}

impl fmt::Display for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, found {}", self.times, self.found)?;
        if self.dropped > 0 {
            write!(f, "; {} entries had been dropped before they could be looked at", self.dropped)?;
        }
        match &self.nearest {
            Some(nearest) => write!(f, "\n\n{nearest}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use kycsim_scenarios::ledger::DeliveryResult;

    use super::*;
    use crate::journal::entry::samples::{delivery, posted, request, write};
    use crate::journal::{JournalLimits, RecordedRequest, RequestPattern};

    fn pattern(json: &str) -> Pattern {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn what_happened_is_counted() {
        let journal = Journal::new(JournalLimits::default());
        for path in ["/v1/sessions/1", "/v1/sessions/2", "/v1/sessions/1"] {
            write(&journal, request("GET", path));
        }
        let firsts = RequestPattern::default().url_path("/v1/sessions/1").into();
        let verification = journal.verify(&firsts, Times::exactly(2));
        assert_eq!((verification.found, verification.satisfied, verification.nearest), (2, true, None));
        let too_often = journal.verify(&firsts, Times::at_most(1));
        assert_eq!((too_often.found, too_often.satisfied, too_often.nearest), (2, false, None));
        let too_seldom = journal.verify(&firsts, Times::at_least(3));
        assert!(!too_seldom.satisfied);
        assert!(too_seldom.nearest.is_some_and(|nearest| nearest.contains("Request 2") && nearest.contains("/v1/sessions/2")));
    }

    #[test]
    fn what_was_dropped_is_told() {
        let journal = Journal::new(JournalLimits { entries: 1, ..JournalLimits::default() });
        write(&journal, request("GET", "/"));
        write(&journal, request("GET", "/"));
        let verification = journal.verify(&pattern(r#"{"request":{}}"#), Times::exactly(2));
        assert_eq!((verification.found, verification.dropped), (1, 1));
        assert_eq!(verification.to_string(), "expected exactly 2, found 1; 1 entries had been dropped before they could be looked at");
    }

    #[test]
    fn the_nearest_request_is_shown_beside_what_was_wanted() {
        let journal = Journal::new(JournalLimits::default());
        write(&journal, request("GET", "/health"));
        write(
            &journal,
            RecordedRequest {
                operation: Some("create_session".into()),
                status: Some(422),
                ..posted(
                    "POST",
                    "/v1/sessions?expand=checks",
                    &[("content-type", "text/plain"), ("authorization", "Bearer hunter2")],
                    r#"{"applicant":"a-000001","country":"FR","note":"a long note that does not fit into one column of the print"}"#,
                )
            },
        );
        let wanted = pattern(
            r#"{"request":{"method":"POST","urlPath":"/v1/sessions","queryParameters":{"expand":{"matches":"[a-z]+"}},
                "headers":{"Content-Type":{"contains":"json"},"Authorization":{"equalTo":"[redacted]"},"X-Trace":{"equalTo":"1"}},
                "operation":"create_session","status":201,"session":"ses_1",
                "bodyPatterns":[{"equalToJson":{"applicant":"a-000001","country":"DE"},"ignoreExtraElements":true},
                    {"matchesJsonPath":{"expression":"$.country","equalTo":"DE"}},{"contains":"note"}]}}"#,
        );
        let verification = journal.verify(&wanted, Times::exactly(1));
        assert_eq!(format!("{verification}"), include_str!("../../tests/golden/nearest_request.txt"));
    }

    #[test]
    fn the_nearest_delivery_is_shown_beside_what_was_wanted() {
        let journal = Journal::new(JournalLimits::default());
        write(&journal, delivery(DeliveryResult::Failed { reason: "could not connect".to_owned() }));
        let wanted = pattern(
            r#"{"delivery":{"event":"decided","session":"ses_1","defect":"unsigned","status":200,"result":"accepted",
                "headers":{"Host":{"absent":true}},"bodyPatterns":[{"equalToJson":{"status":"approved"}}]}}"#,
        );
        assert_eq!(journal.verify(&wanted, Times::default()).to_string(), include_str!("../../tests/golden/nearest_delivery.txt"));
    }

    #[test]
    fn it_is_read_again_as_it_was_written() {
        let journal = Journal::new(JournalLimits::default());
        write(&journal, request("GET", "/"));
        let verification = journal.verify(&pattern(r#"{"request":{"method":"POST"}}"#), Times::exactly(1));
        let text = serde_json::to_string(&verification).unwrap();
        assert_eq!(serde_json::from_str::<Verification>(&text).unwrap(), verification);
    }
}
