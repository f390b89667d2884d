//! A measure of a part of a run: of what happened in a window, and to the applicants of a segment. It is counted from the rows that a run keeps of everybody.

use std::collections::BTreeSet;
use std::ops::Range;

use kycsim_reports::model::{Ended, Integrity};
use kycsim_reports::{figures, wording};
use kycsim_scenarios::language::{Measure, Moment, Segment};
use kycsim_scenarios::ledger::{LedgerEntry, LedgerEvent};
use kycsim_scenarios::vendor::Defect;
use kycsim_scenarios::{ApplicantKey, SimTime};

use super::funnel::{capture, funnel};
use super::latencies::{spans, statistics, summarise};
use super::review::time_average;
use super::truth::{Truth, is_duplicate};
use crate::record::{DepthRow, EndRow, JourneyRow, Records, new_histogram};

/// What was measured, and in how many.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Reading {
    /// In the measure's unit; none when nothing was measured.
    pub(super) value: Option<f64>,
    pub(super) count: Option<u64>,
    /// Why nothing was measured.
    pub(super) note: Option<String>,
}

impl Reading {
    fn nothing(note: &str) -> Self {
        Self { note: Some(note.to_owned()), ..Self::default() }
    }

    fn share(part: usize, whole: usize) -> Self {
        Self { value: figures::ratio(part as u64, whole as u64), count: Some(whole as u64), note: None }
    }

    /// So many among so many. Nothing among nothing is no measurement.
    #[expect(clippy::cast_precision_loss, reason = "counts of applicants and deliveries")]
    fn number(value: usize, among: usize) -> Self {
        Self { value: (value.max(among) > 0).then_some(value as f64), count: Some(among as u64), note: None }
    }
}

/// Part of a run.
#[derive(Debug)]
pub(super) struct Part<'a> {
    records: &'a Records,
    truth: &'a Truth<'a>,
    integrity: &'a Integrity,
    /// None for all the time.
    moments: Option<Range<SimTime>>,
    /// None for everybody.
    applicants: Option<BTreeSet<&'a ApplicantKey>>,
}

impl<'a> Part<'a> {
    pub(super) fn new(
        records: &'a Records,
        truth: &'a Truth<'a>,
        integrity: &'a Integrity,
        moments: Option<Range<SimTime>>,
        segment: &Segment,
    ) -> Self {
        let holds = |journey: &&JourneyRow| segment.holds(journey.country, journey.document, journey.device, journey.risk);
        let applicants =
            (!segment.is_everybody()).then(|| records.journeys.iter().filter(holds).map(|journey| &journey.applicant).collect());
        Self { records, truth, integrity, moments, applicants }
    }

    pub(super) fn measure(&self, measure: &Measure) -> Reading {
        let Some(moment) = measure.moment() else { return Reading::default() };
        if self.ended_before() {
            return Reading::nothing("the run ended before this window began");
        }
        if moment == Moment::Arrived && self.records.manifest.ended == Ended::Unfinished {
            return Reading::nothing("the run was killed, and who was under way then is unknown");
        }
        match measure.as_str().rsplit_once('.') {
            Some(("review_queue.depth", statistic)) => self.depth(statistic),
            Some(("integrity", kind)) => self.findings(kind),
            Some(("abandonment", step)) if step != "rate" => self.abandonment(step),
            Some(("approval" | "rejection" | "completion" | "abandonment" | "applicants", _)) => self.outcome(measure.as_str()),
            Some(("callbacks" | "decisions", _)) => self.ledger(measure.as_str()),
            Some((distribution, statistic)) => self.latency(distribution, statistic),
            None => Reading::default(),
        }
    }

    fn within(&self, at: SimTime) -> bool {
        self.moments.as_ref().is_none_or(|moments| moments.contains(&at))
    }

    fn concerns(&self, applicant: &ApplicantKey) -> bool {
        self.applicants.as_ref().is_none_or(|applicants| applicants.contains(applicant))
    }

    /// A window that nobody lived to see says nothing, not even of counts that are zero.
    fn ended_before(&self) -> bool {
        let seen = self.records.series.last().map_or(0.0, |sample| sample.at);
        self.moments.as_ref().is_some_and(|moments| moments.start > SimTime::ZERO && moments.start.as_secs_f64() >= seen)
    }

    fn arrived(&self) -> impl Iterator<Item = &'a JourneyRow> + Clone {
        self.records.journeys.iter().filter(|journey| self.within(journey.arrived) && self.concerns(&journey.applicant))
    }

    fn outcome(&self, name: &str) -> Reading {
        let ended = |holds: fn(&EndRow) -> bool| self.arrived().filter(|journey| journey.end.as_ref().is_some_and(holds)).count();
        let arrived = self.arrived().count();
        let approved = ended(|end| matches!(end, EndRow::Approved { .. }));
        let rejected = ended(|end| matches!(end, EndRow::Rejected { .. }));
        match name {
            "approval.rate" => Reading::share(approved, approved + rejected),
            "rejection.rate" => Reading::share(rejected, approved + rejected),
            "completion.rate" => Reading::share(approved + rejected, arrived),
            "abandonment.rate" => Reading::share(ended(|end| matches!(end, EndRow::Abandoned { .. })), arrived),
            "applicants.arrived" => Reading::number(arrived, arrived),
            "applicants.open" => Reading::number(self.arrived().filter(|journey| journey.end.is_none()).count(), arrived),
            _ => Reading::default(),
        }
    }

    fn abandonment(&self, step: &str) -> Reading {
        let funnel = funnel(self.arrived());
        let counted = match step {
            "capture" => Some(capture(&funnel)),
            _ => funnel.iter().find(|counted| counted.step == step).map(|counted| (counted.abandoned, counted.entered)),
        };
        counted.map_or_else(Reading::default, |(left, came)| Reading { value: figures::ratio(left, came), count: Some(came), note: None })
    }

    fn latency(&self, distribution: &str, statistic: &str) -> Reading {
        let mut histogram = new_histogram();
        spans(self.records, self.truth, &mut |span| {
            if span.name == distribution && self.within(span.from) && self.concerns(span.applicant) {
                histogram.saturating_record(u64::try_from((span.until - span.from).as_micros()).unwrap_or(u64::MAX).max(1));
            }
        });
        let latency = summarise(distribution, "", &histogram);
        let value = statistics(&latency).into_iter().find(|(name, _)| *name == statistic).map(|(_, value)| value);
        Reading { value: value.filter(|_| latency.count > 0), count: Some(latency.count), note: None }
    }

    fn depth(&self, statistic: &str) -> Reading {
        let depths: Vec<DepthRow> = self.records.depths.iter().filter(|row| self.within(row.at)).copied().collect();
        #[expect(clippy::cast_precision_loss, reason = "a queue's depth")]
        let value = match statistic {
            "max" => depths.iter().map(|row| row.waiting).max().map(|deepest| deepest as f64),
            "mean" => (depths.len() > 1).then(|| time_average(&depths)),
            "end" => depths.last().map(|row| row.waiting as f64),
            _ => None,
        };
        Reading { value, count: Some(depths.len() as u64), note: None }
    }

    fn ledger(&self, name: &str) -> Reading {
        let entries = || self.records.ledger.iter().filter(|entry| self.concerns(&entry.applicant));
        let deliveries = |wanted: fn(u32, u32, Option<Defect>) -> bool| {
            let of = |entry: &&LedgerEntry| match &entry.event {
                LedgerEvent::Delivered { began, copy, attempt_number, defect, .. } => {
                    self.within(*began) && wanted(*copy, *attempt_number, *defect)
                }
                LedgerEvent::SessionCreated
                | LedgerEvent::Submitted { .. }
                | LedgerEvent::Decided { .. }
                | LedgerEvent::Revised { .. }
                | LedgerEvent::Expired
                | LedgerEvent::Cancelled
                | LedgerEvent::Redacted
                | LedgerEvent::CallbackHeld { .. }
                | LedgerEvent::CallbackLost { .. }
                | LedgerEvent::CallbackGivenUp { .. }
                | LedgerEvent::ReceiverDisabled { .. } => false,
            };
            entries().filter(of).count()
        };
        let happened = |wanted: fn(&LedgerEvent) -> bool| entries().filter(|entry| self.within(entry.at) && wanted(&entry.event)).count();
        match name {
            "callbacks.deliveries" => Reading::number(deliveries(|_, _, _| true), deliveries(|_, _, _| true)),
            "callbacks.duplicates" => Reading::number(deliveries(is_duplicate), deliveries(|_, _, _| true)),
            "callbacks.forged" => {
                let forged = deliveries(|_, _, defect| defect.is_some_and(Defect::is_forged));
                Reading::number(forged, deliveries(|_, _, _| true))
            }
            "decisions.revised" => {
                let revised = happened(|event| matches!(event, LedgerEvent::Revised { .. }));
                Reading::number(revised, happened(|event| matches!(event, LedgerEvent::Decided { .. })))
            }
            _ => Reading::default(),
        }
    }

    fn findings(&self, kind: &str) -> Reading {
        if !self.integrity.checked {
            return Reading::nothing("the backend gave no final answers to compare with");
        }
        let applicants: BTreeSet<&str> = self.arrived().map(|journey| journey.applicant.as_str()).collect();
        let compared = self.records.answers.keys().filter(|applicant| applicants.contains(applicant.as_str())).count();
        // A kind's word in a measure's name is its word in the reports.
        let is_meant = |word: &str| kind == "findings" || word.replace([' ', '-'], "_") == kind;
        let found = self.integrity.findings.iter().filter(|finding| applicants.contains(finding.applicant.as_str()));
        Reading::number(found.filter(|finding| is_meant(wording::finding(finding.kind))).count(), compared)
    }
}
