use std::collections::BTreeMap;
use std::ops::Range;

use kycsim_reports::model::{Ended, FunnelStep, Integrity, ReviewSummary, Totals, VendorSummary};
use kycsim_scenarios::SimTime;
use kycsim_scenarios::language::{Moment, Segment, Subject};

use super::latencies::Latencies;
use super::part::{Part, Reading};
use super::truth::Truth;
use super::{funnel, integrity, measures, review, totals};
use crate::record::Records;

/// Everything that was measured in a run, before anybody judges it.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    pub(super) records: &'a Records,
    pub(super) truth: &'a Truth<'a>,
    pub(super) latencies: Latencies,
    pub(super) totals: Totals,
    pub(super) review: ReviewSummary,
    pub(super) integrity: Integrity,
    pub(super) vendor: VendorSummary,
    pub(super) funnel: Vec<FunnelStep>,
    pub(super) measures: BTreeMap<String, f64>,
}

impl<'a> Facts<'a> {
    pub(super) fn of(records: &'a Records, truth: &'a Truth<'a>) -> Self {
        let latencies = Latencies::of(records, truth);
        let totals = totals(records);
        let review = review::summary(records, truth);
        let integrity = integrity::check(records, truth);
        let vendor = records.vendor.unwrap_or_else(|| truth.vendor_summary());
        let funnel = funnel::funnel(records.journeys.iter());
        let measures = measures::measures(
            records,
            &measures::Parts { latencies: &latencies, totals, funnel: &funnel, review, vendor, integrity: &integrity },
        );
        Self { records, truth, latencies, totals, review, integrity, vendor, funnel, measures }
    }

    /// What was measured of this subject. A window that hangs on an incident which this run did not have is `otherwise`.
    pub(super) fn reading(&self, subject: &Subject, otherwise: Option<Range<SimTime>>) -> Reading {
        if subject.is_whole() {
            return self.whole(subject);
        }
        let moments = match &subject.window {
            None => None,
            Some(window) => match window.moments(&self.records.scenario.incident).or(otherwise) {
                Some(moments) => Some(moments),
                None => return Reading { note: Some("there was no such incident".to_owned()), ..Reading::default() },
            },
        };
        self.part(moments, &subject.segment).measure(&subject.measure)
    }

    fn part(&'a self, moments: Option<Range<SimTime>>, segment: &Segment) -> Part<'a> {
        Part::new(self.records, self.truth, &self.integrity, moments, segment)
    }

    fn whole(&self, subject: &Subject) -> Reading {
        let measure = &subject.measure;
        let latency = measure.as_str().rsplit_once('.').and_then(|(distribution, _)| self.latencies.headline(distribution));
        let count = match latency {
            Some(latency) => Some(latency.count),
            // Who was under way when a run was killed is not in its rows.
            None if measure.moment() == Some(Moment::Arrived) && self.records.manifest.ended == Ended::Unfinished => None,
            None => Part::new(self.records, self.truth, &self.integrity, None, &subject.segment).measure(measure).count,
        };
        Reading { value: self.measures.get(measure.as_str()).copied(), count, note: None }
    }
}
