//! The folder of a run that never took place: a minute in which everything is known, so that a verdict can be foretold to the digit.

use std::fmt::Write as _;
use std::path::Path;

use kycsim_scenarios::ApplicantKey;
use serde_json::{Value, json};

/// What happened in that minute. Every quarter of a second an applicant arrives, every fourth of them with an old phone, and every second one of those leaves at
/// the first picture. All others submit a second after they arrived and are approved, a second later. Between the twentieth second and the fortieth the vendor
/// has a bad time: it takes eight seconds then, tells everything twice, and six cases instead of one wait for a reviewer. Every tenth case is reviewed.
#[derive(Debug, Clone)]
pub(crate) struct Minute {
    pub(crate) name: &'static str,
    pub(crate) seed: u64,
    /// How long decisions take outside the bad time, in milliseconds.
    pub(crate) decided_after: u64,
    /// Whether there is a bad time at all.
    pub(crate) outage: bool,
    /// How many steps of the generator's own went wrong.
    pub(crate) panics: u32,
    /// What is expected, as the lines of a file.
    pub(crate) expect: &'static str,
}

pub(crate) const MINUTE: Minute = Minute { name: "minute", seed: 7, decided_after: 1000, outage: true, panics: 0, expect: "" };

const OUTAGE: &str = "[[incident]]\nname = \"hard outage\"\nat = \"20s\"\nlasts = \"20s\"\nhttp = { fault = \"error\" }\n";

impl Minute {
    fn scenario(&self) -> String {
        let Self { name, seed, outage, expect, .. } = self;
        let group = |share: u32, device: &str| {
            format!(
                "[[applicants]]\nshare = {share}\ncountry = \"DE\"\ndocument = \"passport\"\ndevice = \"{device}\"\npatience = {{ distribution = \"constant\", \
                 value = \"60s\" }}\n"
            )
        };
        format!(
            "name = \"{name}\"\nsummary = \"s\"\nteaches = \"t\"\nseed = {seed}\n[arrivals]\nprocess = \"constant\"\nrate = [{{ at = \"0s\", per_second = 4 }}]\n\
             duration = \"60s\"\n{}{}[vendor]\ndecision_delay = {{ distribution = \"constant\", value = \"{}ms\" }}\n[vendor.outcomes]\napproved = 1\n{}[expect]\n{expect}\n",
            group(3, "mobile_good"),
            group(1, "mobile_poor"),
            self.decided_after,
            if *outage { OUTAGE } else { "" },
        )
    }

    /// Leaves it in a folder.
    pub(crate) fn record(&self, folder: &Path) {
        std::fs::create_dir_all(folder).unwrap();
        let write = |name: &str, text: String| std::fs::write(folder.join(name), text).unwrap();
        write("scenario.toml", self.scenario());
        write("manifest.json", self.manifest().to_string());
        let (mut journeys, mut ledger, mut reviews, mut answers) = (Rows::default(), Rows::default(), Rows::default(), Rows::default());
        for number in 0..240_u64 {
            self.journey(number, &mut journeys, &mut ledger, &mut reviews, &mut answers);
        }
        write("journeys.ndjson", journeys.0);
        write("vendor-ledger.ndjson", ledger.0);
        write("reviews.ndjson", reviews.0);
        write("answers.ndjson", answers.0);
        let (mut series, mut depths) = (Rows::default(), Rows::default());
        for second in 0..75_u64 {
            let sample = json!({
                "at": second, "arrivals_per_second": 4.0, "decisions_per_second": 3.0, "abandonments_per_second": 0.5, "vendor_errors_per_second": 0.0,
                "callbacks_per_second": 3.0, "in_flight": 3, "awaiting_decision": 2, "review_queue_depth": 1, "callbacks_pending": 0,
                "decision_latency_p50": null, "decision_latency_p95": null, "lag_p99": 0.001
            });
            series.push(&sample);
            let waiting = if self.bad(second * 1000) { 6 } else { 1 };
            depths.push(&json!({ "at": second * 1_000_000, "waiting": waiting, "claimed": 0 }));
        }
        write("series.ndjson", series.0);
        write("review-queue.ndjson", depths.0);
        let generator = json!({
            "workers": 8, "reviewers": 3, "steps": 1000, "goose_requests": 1000, "panics": self.panics, "busy_max": 2, "observed_until": 75_000_000
        });
        write("generator.json", generator.to_string());
    }

    fn bad(&self, millis: u64) -> bool {
        self.outage && (20_000..40_000).contains(&millis)
    }

    fn journey(&self, number: u64, journeys: &mut Rows, ledger: &mut Rows, reviews: &mut Rows, answers: &mut Rows) {
        let (applicant, arrived) = (ApplicantKey::numbered(number), number * 250);
        let (poor, leaves) = (number.is_multiple_of(4), number.is_multiple_of(8));
        let due = arrived + 1000;
        let decided = due + if self.bad(due) { 8000 } else { self.decided_after };
        let told = decided + 10;
        let us = |millis: u64| millis * 1000;
        let attempt = json!({
            "attempt": 1, "due": us(due), "accepted": us(due + 1), "told": { "shown": "approved", "at": us(told) }, "review_seen": null
        });
        journeys.push(&json!({
            "applicant": applicant, "country": "DE", "document": "passport", "device": if poor { "mobile_poor" } else { "mobile_good" }, "risk": "low",
            "arrived": us(arrived), "step": if leaves { "capture_document" } else { "await_decision" },
            "end": if leaves { json!({ "ending": "abandoned", "at": us(due), "cause": "changed_mind" }) } else { json!({ "ending": "approved", "at": us(told) }) },
            "verification": if leaves { Value::Null } else { json!(format!("v{number}")) },
            "attempts": if leaves { json!([]) } else { json!([attempt]) }, "in_review": false, "polls": 1, "retries": {}
        }));
        if leaves {
            return;
        }
        let mut entry = |at: u64, event: Value| {
            let mut row = json!({ "at": us(at), "session": format!("s{number}"), "applicant": applicant });
            row.as_object_mut().unwrap().extend(event.as_object().unwrap().clone());
            ledger.push(&row);
        };
        entry(due + 2, json!({ "event": "submitted", "attempt": 1 }));
        let decision = json!({ "attempt": 1, "outcome": "approved", "reasons": [] });
        entry(decided, json!({ "event": "decided", "due": us(decided), "decision": decision }));
        for copy in 0..if self.bad(decided) { 2 } else { 1 } {
            entry(
                decided + 5,
                json!({
                    "event": "delivered", "callback": format!("c{number}"), "attempt": 1, "copy": copy, "attempt_number": 1, "due": us(decided),
                    "began": us(decided + 1), "result": { "kind": "accepted", "status": 204 }
                }),
            );
        }
        if number % 10 == 1 {
            reviews.push(&json!({
                "case": format!("r{number}"), "applicant": applicant, "reviewer": 1, "opened": us(decided + 5), "claimed": us(decided + 6),
                "decided": us(decided + 7), "decision": "approve"
            }));
        }
        answers.push(&json!({ "applicant": applicant, "verification": format!("v{number}"), "at": us(74_000), "status": "approved", "attempt": 1, "events": [] }));
    }

    fn manifest(&self) -> Value {
        let Self { name, seed, .. } = self;
        json!({
            "id": format!("{name}-{seed}"), "kycsim": "0.1.0", "started_at": "2026-11-22T19:35:07Z", "seed": seed,
            "scenario": { "name": name, "summary": "s", "teaches": "t", "arrivals_seconds": 60.0 }, "command": "none",
            "machine": { "os": "linux", "arch": "x86_64", "cores": 2, "build": "release" }, "ended": "complete"
        })
    }
}

#[derive(Debug, Default)]
struct Rows(String);

impl Rows {
    fn push(&mut self, row: &Value) {
        writeln!(self.0, "{row}").unwrap();
    }
}
