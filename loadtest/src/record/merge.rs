//! Joins the parts of a run that were played by processes of their own: rows come together, levels and rates add, histograms add.

use std::collections::BTreeSet;
use std::time::Duration;

use kycsim_reports::model::{Ended, Manifest, Sample, VendorSummary};
use kycsim_scenarios::journey::Shown;
use kycsim_scenarios::{Shard, SimTime};

use super::folder::Records;
use super::histogram_log::{Measured, new_histogram};
use super::rows::{DepthRow, GeneratorRow, JourneyRow};

/// Why runs could not be joined.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// There is nothing to join.
    #[error("there is no run to join")]
    Nothing,
    /// One of them is not a part of anything.
    #[error("the run `{id}` was not played with --shard; only parts of one run can be joined")]
    NoPart {
        /// Its name.
        id: String,
    },
    /// They are not parts of the same run.
    #[error("`{first}` and `{other}` are not parts of one run: they differ in their {what}")]
    Different {
        /// The first of all.
        first: String,
        /// The one that differs.
        other: String,
        /// In what.
        what: &'static str,
    },
    /// The same part is there twice.
    #[error("part {part} is there twice")]
    Twice {
        /// Which.
        part: String,
    },
    /// Some are not there.
    #[error("the parts {} of {of} are missing", .parts.join(", "))]
    Missing {
        /// Which.
        parts: Vec<String>,
        /// Of how many.
        of: u32,
    },
}

impl Records {
    /// Joins all parts of one run. The order in which they are given makes no difference.
    ///
    /// Each part had a vendor, a backend and a review queue of its own: their levels add.
    ///
    /// # Errors
    /// [`MergeError`] when they are not the parts of one run, or not all of them.
    pub fn merge(parts: Vec<Self>) -> Result<Self, MergeError> {
        let mut parts = in_order(parts)?;
        let series = series(&parts);
        let depths = depths(&parts);
        let manifest = manifest(&parts);
        let mut parts = parts.drain(..);
        let Some(mut merged) = parts.next() else { return Err(MergeError::Nothing) };
        let mut reviewers = merged.generator.unwrap_or_default().reviewers;
        for part in parts {
            merged.journeys.extend(part.journeys);
            // Each part numbers its reviewers from 0.
            merged.reviews.extend(part.reviews.into_iter().map(|mut row| {
                row.reviewer += reviewers;
                row
            }));
            merged.answers.extend(part.answers);
            merged.ledger.extend(part.ledger);
            merged.measured.add(&part.measured);
            merged.vendor = merged.vendor.zip(part.vendor).map(|(one, other)| sum_of_vendors(one, other));
            reviewers += part.generator.unwrap_or_default().reviewers;
            merged.generator = merged.generator.zip(part.generator).map(|(one, other)| sum_of_generators(one, other));
        }
        merged.journeys.sort_by(|a, b| (a.arrived, &a.applicant).cmp(&(b.arrived, &b.applicant)));
        merged.reviews.sort_by(|a, b| (a.claimed, &a.applicant).cmp(&(b.claimed, &b.applicant)));
        merged.ledger.sort_by_key(|entry| entry.at); // stable: what one vendor wrote at one moment stays in its order
        Ok(Self { manifest, series: told(series, &merged.journeys), depths, ..merged })
    }
}

/// Returns all parts, the first part first.
fn in_order(parts: Vec<Records>) -> Result<Vec<Records>, MergeError> {
    let mut numbered = Vec::new();
    for part in parts {
        let shard: Option<Shard> = part.manifest.shard.as_deref().and_then(|shard| shard.parse().ok());
        let shard = shard.ok_or_else(|| MergeError::NoPart { id: part.manifest.id.clone() })?;
        numbered.push((shard, part));
    }
    numbered.sort_by_key(|(shard, _)| shard.number());
    let Some((first_shard, first)) = numbered.first() else { return Err(MergeError::Nothing) };
    for (shard, part) in &numbered {
        let differs = |what| MergeError::Different { first: first.manifest.id.clone(), other: part.manifest.id.clone(), what };
        match () {
            () if shard.of() != first_shard.of() => return Err(differs("number of parts")),
            () if part.scenario != first.scenario => return Err(differs("scenario or seed")),
            () if part.manifest.vendor != first.manifest.vendor => return Err(differs("vendor")),
            () if part.manifest.kycsim != first.manifest.kycsim => return Err(differs("version of kycsim")),
            () => {}
        }
    }
    if let Some(pair) = numbered.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(MergeError::Twice { part: pair[0].0.to_string() });
    }
    let (of, there): (u32, BTreeSet<u32>) = (first_shard.of(), numbered.iter().map(|(shard, _)| shard.number()).collect());
    let missing: Vec<String> = (1..=of).filter(|number| !there.contains(number)).map(|number| number.to_string()).collect();
    if !missing.is_empty() {
        return Err(MergeError::Missing { parts: missing, of });
    }
    Ok(numbered.into_iter().map(|(_, part)| part).collect())
}

/// What the joined run is called: as its first part, of all. It ended as the part that ended worst.
fn manifest(parts: &[Records]) -> Manifest {
    let first = &parts[0].manifest;
    let part = first.shard.as_deref().unwrap_or_default();
    let of = |ended| parts.iter().any(|part| part.manifest.ended == ended);
    let ended = if of(Ended::Unfinished) {
        Ended::Unfinished
    } else if of(Ended::CutShort) {
        Ended::CutShort
    } else {
        Ended::Complete
    };
    let suffix = part.split_once('/').map(|(number, of)| format!("-{number}-of-{of}")).unwrap_or_default();
    Manifest {
        id: first.id.strip_suffix(&suffix).unwrap_or(&first.id).to_owned(),
        command: first.command.replace(&format!(" --shard {part}"), ""),
        shard: None,
        ended,
        ..first.clone()
    }
}

/// Adds the parts' seconds up. A part that ended earlier has its last levels from then on, and no rates.
fn series(parts: &[Records]) -> Vec<Sample> {
    let longest = parts.iter().map(|part| part.series.len()).max().unwrap_or_default();
    let second = |index: usize| {
        let mut sum = Sample::default();
        for part in parts {
            let Some((sample, over)) = part.series.get(index).map(|sample| (sample, false)).or(part.series.last().map(|last| (last, true)))
            else {
                continue;
            };
            sum.in_flight += sample.in_flight;
            sum.awaiting_decision += sample.awaiting_decision;
            sum.callbacks_pending += sample.callbacks_pending;
            sum.review_queue_depth = match (sum.review_queue_depth, sample.review_queue_depth) {
                (Some(sum), Some(depth)) => Some(sum + depth),
                (sum, depth) => sum.or(depth),
            };
            if over {
                continue;
            }
            sum.at = sum.at.max(sample.at);
            sum.arrivals_per_second += sample.arrivals_per_second;
            sum.decisions_per_second += sample.decisions_per_second;
            sum.abandonments_per_second += sample.abandonments_per_second;
            sum.vendor_errors_per_second += sample.vendor_errors_per_second;
            sum.callbacks_per_second += sample.callbacks_per_second;
            // The part that was latest says how fit the generator was.
            sum.lag_p99 = [sum.lag_p99, sample.lag_p99].into_iter().flatten().reduce(f64::max);
        }
        sum
    };
    (0..longest).map(second).collect()
}

/// Says of each second how long those had waited who were told a decision in it.
fn told(mut series: Vec<Sample>, journeys: &[JourneyRow]) -> Vec<Sample> {
    let mut latencies: Vec<(SimTime, Duration)> = Vec::new();
    for attempt in journeys.iter().flat_map(|journey| &journey.attempts) {
        if let Some(told) = attempt.told.filter(|told| told.shown != Shown::Expired) {
            latencies.push((told.at, told.at - attempt.due));
        }
    }
    latencies.sort_unstable();
    let mut latencies = latencies.into_iter().peekable();
    for sample in &mut series {
        let mut histogram = new_histogram();
        while let Some((_, latency)) = latencies.next_if(|(at, _)| at.as_secs_f64() <= sample.at) {
            histogram.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX).max(1));
        }
        let at = |quantile| (!histogram.is_empty()).then(|| Duration::from_micros(histogram.value_at_quantile(quantile)).as_secs_f64());
        (sample.decision_latency_p50, sample.decision_latency_p95) = (at(0.5), at(0.95));
    }
    series
}

/// Returns the depth of all queues together, at each moment at which one was asked for.
fn depths(parts: &[Records]) -> Vec<DepthRow> {
    let mut rows: Vec<(usize, &DepthRow)> =
        parts.iter().enumerate().flat_map(|(part, records)| records.depths.iter().map(move |row| (part, row))).collect();
    rows.sort_by_key(|(part, row)| (row.at, *part));
    let mut latest: Vec<(u64, u64)> = vec![(0, 0); parts.len()];
    let joined = rows.into_iter().map(|(part, row)| {
        latest[part] = (row.waiting, row.claimed);
        let (waiting, claimed) = latest.iter().fold((0, 0), |sum, queue| (sum.0 + queue.0, sum.1 + queue.1));
        DepthRow { at: row.at, waiting, claimed }
    });
    joined.collect()
}

fn sum_of_vendors(one: VendorSummary, other: VendorSummary) -> VendorSummary {
    VendorSummary {
        requests: one.requests + other.requests,
        faults: one.faults + other.faults,
        sessions: one.sessions + other.sessions,
        decisions: one.decisions + other.decisions,
        revisions: one.revisions + other.revisions,
        rate_limited: one.rate_limited + other.rate_limited,
        forged: one.forged + other.forged,
        callbacks: one.callbacks + other.callbacks,
        deliveries: one.deliveries + other.deliveries,
        duplicates: one.duplicates + other.duplicates,
        deliveries_failed: one.deliveries_failed + other.deliveries_failed,
        held: one.held + other.held,
    }
}

fn sum_of_generators(one: GeneratorRow, other: GeneratorRow) -> GeneratorRow {
    GeneratorRow {
        workers: one.workers + other.workers,
        reviewers: one.reviewers + other.reviewers,
        steps: one.steps + other.steps,
        goose_requests: one.goose_requests + other.goose_requests,
        panics: one.panics + other.panics,
        busy_max: one.busy_max + other.busy_max, // at most so many
        observed_until: one.observed_until.max(other.observed_until),
    }
}

impl Measured {
    fn add(&mut self, other: &Self) {
        for (name, histogram) in &other.0 {
            // All have the same bounds, so nothing can be out of range.
            let _ = self.0.entry(name.clone()).or_insert_with(new_histogram).add(histogram);
        }
    }
}
