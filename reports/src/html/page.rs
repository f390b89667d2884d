//! Everything the template asks for.

use askama::Template;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};

use super::bars::{self, BreakdownTable, FunnelRow, Part, SegmentRow};
use super::charts::DrawError;
use super::data;
use super::filters;
use super::percentiles::Percentiles;
use super::timeline::Timeline;
use crate::headline::Headline;
use crate::model::{Baseline, Finding, FindingKind, Held, Latency, Objective, Run, Verdict};
use crate::{figures, wording};

const STYLE: &str = include_str!("../../templates/report.css");
const SCRIPT: &str = include_str!("../../templates/report.js");

/// Findings shown with their evidence. More would make the page heavy and say nothing new; `report.json` has them all.
const FINDINGS_MAX: usize = 50;
/// Events shown of one finding's evidence.
const EVIDENCE_MAX: usize = 60;

/// Why a page could not be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum MakePageError {
    #[error(transparent)]
    Draw(#[from] DrawError),
    #[error("could not write the charts' data into the page")]
    Data(#[from] serde_json::Error),
}

/// The page.
#[derive(Debug, Template)]
#[template(path = "report.html")]
pub(super) struct Page<'a> {
    run: &'a Run,
    headline: Headline,
    style: &'static str,
    script: &'static str,
    /// The script's digest, as a content security policy wants it: no other script on the page may run.
    script_digest: String,
    data: String,
    timeline: Option<Timeline>,
    percentiles: Option<Percentiles>,
    outcomes: Vec<Part>,
    funnel: Vec<FunnelRow<'a>>,
    segments: Vec<SegmentRow<'a>>,
    breakdowns: Vec<BreakdownTable<'a>>,
}

impl<'a> Page<'a> {
    pub(super) fn of(run: &'a Run) -> Result<Self, MakePageError> {
        let timeline = Timeline::of(run)?;
        let percentiles = Percentiles::of(run)?;
        Ok(Self {
            run,
            headline: Headline::of(run),
            style: STYLE,
            script: SCRIPT,
            script_digest: BASE64_STANDARD.encode(Sha256::digest(SCRIPT)),
            data: data::embedded(run, timeline.as_ref(), percentiles.as_ref())?,
            timeline,
            percentiles,
            outcomes: bars::outcomes(&run.totals),
            funnel: bars::funnel(run),
            segments: bars::segments(run),
            breakdowns: bars::breakdowns(run),
        })
    }

    fn verdict_class(&self) -> &'static str {
        match self.run.verdict {
            Verdict::Passed => "good",
            Verdict::Failed => "bad",
            Verdict::Inconclusive => "unsure",
        }
    }

    fn verdict_word(&self) -> &'static str {
        wording::verdict(self.run.verdict)
    }

    fn verdict_mark(&self) -> &'static str {
        wording::verdict_mark(self.run.verdict)
    }

    fn warning(&self) -> Option<&'static str> {
        wording::ended(self.run.manifest.ended)
    }

    fn reviewers(&self) -> String {
        figures::counted(self.run.review.reviewers.into(), "reviewer", "reviewers")
    }

    fn cores(&self) -> String {
        figures::counted(self.run.manifest.machine.cores.into(), "core", "cores")
    }

    fn held_class(&self, held: &Held) -> &'static str {
        match held {
            Held::Yes => "good",
            Held::No => "bad",
            Held::Inconclusive => "unsure",
        }
    }

    fn held_mark(&self, held: &Held) -> &'static str {
        wording::held_mark(*held)
    }

    fn held_word(&self, held: &Held) -> &'static str {
        wording::held(*held)
    }

    fn measured_in(&self, objective: &Objective) -> String {
        wording::measured_in(objective)
    }

    fn baseline(&self, baseline: &Baseline) -> String {
        wording::baseline(baseline)
    }

    fn integrity_class(&self) -> &'static str {
        match (self.run.integrity.checked, self.run.integrity.findings.is_empty()) {
            (_, false) => "bad",
            (true, true) => "good",
            (false, true) => "unsure",
        }
    }

    /// Returns each kind of finding with its meaning and how many there are.
    fn kinds(&self) -> Vec<(&'static str, &'static str, u64)> {
        FindingKind::ALL
            .into_iter()
            .map(|kind| {
                let found = wording::found(&self.run.integrity, kind);
                (wording::finding(kind), wording::finding_meaning(kind), found)
            })
            .collect()
    }

    fn findings(&self) -> &[Finding] {
        let findings = &self.run.integrity.findings;
        &findings[..findings.len().min(FINDINGS_MAX)]
    }

    fn evidence<'f>(&self, finding: &'f Finding) -> &'f [crate::model::Evidence] {
        &finding.evidence[..finding.evidence.len().min(EVIDENCE_MAX)]
    }

    fn finding_word(&self, kind: &FindingKind) -> &'static str {
        wording::finding(*kind)
    }

    fn lag(&self) -> Option<&Latency> {
        self.run.latencies.iter().find(|latency| latency.name == "lag" && latency.count > 0)
    }

    fn review_wait(&self) -> Option<&Latency> {
        self.run.latencies.iter().find(|latency| latency.name == "review_wait" && latency.count > 0)
    }
}
