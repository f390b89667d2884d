//! Runs made up for looking at faces: a rich one, a killed one, a long one.

use std::collections::BTreeMap;

use kycsim_reports::model::*;

/// Returns a run of 45 seconds through an outage of ten, with something to show in every section.
pub(crate) fn outage() -> Run {
    let decision = latency("decision_latency", "From the submission to the moment the applicant was told", 4.1, 0.75, 199);
    Run {
        format: FORMAT,
        manifest: manifest(Ended::Complete),
        verdict: Verdict::Failed,
        observations: [
            "Between 0:12 and 0:22 the vendor answered 38 % of requests with 503; applicants who submitted then waited 4.1 times longer.",
            "After the outage 61 held callbacks arrived within 3 s; the backend took them in, and the queue drained 9 s later.",
            "27 of 250 applicants (10.8 %) gave up, 19 of them while waiting for a decision during or just after the outage.",
            "One applicant's decision was lost: its callback was refused with 500 and never delivered again.",
        ]
        .map(str::to_owned)
        .into(),
        totals: Totals { arrived: 250, approved: 171, rejected: 28, abandoned: 27, expired: 2, in_review: 14, in_flight: 8 },
        funnel: funnel(),
        latencies: vec![
            decision.clone(),
            latency("automatic_decision_latency", "The same, of those decided without a reviewer", 3.4, 0.6, 172),
            latency("review_wait", "From the opening of a case to a reviewer's claim", 6.2, 0.5, 27),
            latency("lag", "How late the generator started what was due", 0.002, 0.9, 2_914),
        ],
        segments: vec![
            latency("segment.vendor", "Submitted until the vendor decided", 2.2, 0.7, 208),
            latency("segment.callback", "Decided until the callback was first sent", 0.11, 1.6, 205),
            latency("segment.delivery", "First sent until the backend accepted it", 0.05, 1.5, 204),
            latency("segment.review", "Case opened until a reviewer decided", 7.9, 0.45, 27),
            latency("segment.telling", "Accepted until the applicant was told", 0.62, 0.5, 199),
        ],
        steps: ["register", "consent", "create_session", "upload_document", "upload_selfie", "submit", "poll_status", "claim_case"]
            .into_iter()
            .zip([0.004, 0.003, 0.021, 0.034, 0.028, 0.012, 0.002, 0.006])
            .map(|(step, median)| latency(&format!("step.{step}"), "", median, 0.55, 250))
            .collect(),
        series: (1..=45).map(sample).collect(),
        incidents: vec![IncidentBand {
            name: "hard outage".to_owned(),
            description: "create_session and upload answer 503; callbacks are held and released at 20 a second afterwards".to_owned(),
            from: 12.0,
            until: 22.0,
        }],
        breakdowns: breakdowns(),
        review: ReviewSummary {
            reviewers: 3,
            opened: 41,
            decided: 27,
            depth_max: 17,
            depth_end: 14,
            depth_mean: 7.8,
            little_lambda_w: 7.5,
            occupancy: 0.91,
            little_agrees: true,
        },
        vendor: VendorSummary {
            requests: 1_204,
            faults: 143,
            sessions: 229,
            decisions: 208,
            revisions: 3,
            rate_limited: 0,
            forged: 0,
            callbacks: 212,
            deliveries: 241,
            duplicates: 18,
            deliveries_failed: 11,
            held: 61,
        },
        objectives: objectives(),
        baseline: Some(Baseline {
            id: "2026-11-21T09-00-00Z-baseline-8".to_owned(),
            scenario: "baseline".to_owned(),
            seed: 8,
            differs: vec!["another scenario".to_owned(), "another seed".to_owned()],
        }),
        integrity: integrity(),
        generator: Generator {
            workers: 32,
            steps: 2_914,
            panics: 0,
            busy_max: 19,
            saturated_since: None,
            saturation_rule: "saturated when p99 lag exceeds 250 ms for 5 s while every worker is busy".to_owned(),
        },
        measures: BTreeMap::from([
            ("abandonment.rate".to_owned(), 0.108),
            ("decision_latency.p50".to_owned(), decision.p50),
            ("decision_latency.p95".to_owned(), decision.p95),
        ]),
    }
}

/// Returns what is left of a run that was killed before its first second was over.
pub(crate) fn killed() -> Run {
    Run {
        format: FORMAT,
        manifest: manifest(Ended::Unfinished),
        verdict: Verdict::Inconclusive,
        observations: Vec::new(),
        totals: Totals::default(),
        funnel: Vec::new(),
        latencies: Vec::new(),
        segments: Vec::new(),
        steps: Vec::new(),
        series: Vec::new(),
        incidents: Vec::new(),
        breakdowns: Vec::new(),
        review: ReviewSummary::default(),
        vendor: VendorSummary::default(),
        objectives: vec![Objective {
            measure: "decision_latency.p95".to_owned(),
            narrowed: None,
            bound: "< 60s".to_owned(),
            measured: None,
            count: None,
            baseline: None,
            held: Held::Inconclusive,
            note: Some("nothing was measured".to_owned()),
        }],
        baseline: None,
        integrity: Integrity { checked: false, applicants: 0, undecided: 0, unanswered: 0, findings: Vec::new() },
        generator: Generator { workers: 32, steps: 0, panics: 0, busy_max: 0, saturated_since: None, saturation_rule: String::new() },
        measures: BTreeMap::new(),
    }
}

/// Returns an hour with fifty incidents and two hundred findings: the largest page we promise to keep small.
pub(crate) fn long() -> Run {
    let mut run = outage();
    run.series = (1..=3_600).map(sample).collect();
    run.incidents = (0..50)
        .map(|number| IncidentBand {
            name: format!("incident {}", number + 1),
            description: "the vendor answers 503".to_owned(),
            from: f64::from(number) * 70.0 + 10.0,
            until: f64::from(number) * 70.0 + 40.0,
        })
        .collect();
    let finding = run.integrity.findings[0].clone();
    run.integrity.findings = vec![finding; 200];
    run
}

/// Returns the same run with text that would like to be markup, wherever a scenario file or a backend can put text.
pub(crate) fn hostile(text: &str) -> Run {
    let mut run = outage();
    let text = text.to_owned();
    run.manifest.id.clone_from(&text);
    run.manifest.command.clone_from(&text);
    run.manifest.started_at.clone_from(&text);
    run.manifest.scenario.name.clone_from(&text);
    run.manifest.scenario.summary.clone_from(&text);
    run.manifest.scenario.teaches.clone_from(&text);
    run.observations[0].clone_from(&text);
    run.incidents[0].name.clone_from(&text);
    run.incidents[0].description.clone_from(&text);
    run.funnel[0].step.clone_from(&text);
    run.latencies[0].name.clone_from(&text);
    run.latencies[0].description.clone_from(&text);
    run.segments[0].name.clone_from(&text);
    run.steps[0].name.clone_from(&text);
    run.breakdowns[0].by.clone_from(&text);
    run.breakdowns[0].slices[0].value.clone_from(&text);
    run.objectives[0].measure.clone_from(&text);
    run.objectives[0].narrowed = Some(text.clone());
    run.objectives[0].bound.clone_from(&text);
    run.objectives[0].baseline = Some(text.clone());
    if let Some(baseline) = &mut run.baseline {
        baseline.id.clone_from(&text);
        baseline.scenario.clone_from(&text);
        baseline.differs = vec![text.clone()];
    }
    run.objectives[0].measured = Some(text.clone());
    run.objectives[0].note = Some(text.clone());
    let finding = &mut run.integrity.findings[0];
    finding.applicant.clone_from(&text);
    finding.summary.clone_from(&text);
    finding.replay.clone_from(&text);
    finding.evidence[0].side.clone_from(&text);
    finding.evidence[0].event = text;
    run
}

fn manifest(ended: Ended) -> Manifest {
    Manifest {
        id: "2026-11-22T19-35-07Z-outage-at-peak-7".to_owned(),
        kycsim: "0.1.0".to_owned(),
        started_at: "2026-11-22T19:35:07Z".to_owned(),
        scenario: ScenarioSummary {
            name: "outage-at-peak".to_owned(),
            summary: "The vendor fails for ten seconds at the busiest time, then drains its callbacks in a burst.".to_owned(),
            teaches: "What an outage costs in abandonment, and how long the backlog takes to drain.".to_owned(),
            arrivals_seconds: 40.0,
        },
        seed: 7,
        command: "kycsim run outage-at-peak --seed 7 --expect 'abandonment.rate < 8%'".to_owned(),
        replay: "kycsim run outage-at-peak --seed 7 --only".to_owned(),
        machine: Machine { os: "linux".to_owned(), arch: "x86_64".to_owned(), cores: 8, build: "release".to_owned() },
        vendor: VendorPlayed::default(),
        shard: None,
        ended,
    }
}

/// Returns a lognormal distribution as its percentiles.
fn latency(name: &str, description: &str, median: f64, sigma: f64, count: u32) -> Latency {
    let at = |deviations: f64| rounded(median * (sigma * deviations).exp());
    let max = at(2.0 + f64::from(count).log10() / 2.5);
    let curve = (0..=90)
        .map(|place| {
            let nines = f64::from(place) / 30.0;
            let percentile = 100.0 * (1.0 - 10_f64.powf(-nines));
            // The normal quantile, near enough for a picture.
            let deviations = if nines < 0.301 { (nines / 0.301 - 1.0) * 2.2 } else { ((nines - 0.301) * 2.05).powf(0.72) * 1.28 };
            Percentile { percentile: rounded(percentile), seconds: at(deviations).min(max) }
        })
        .chain([Percentile { percentile: 100.0, seconds: max }])
        .collect();
    Latency {
        name: name.to_owned(),
        description: description.to_owned(),
        count: count.into(),
        mean: rounded(median * (sigma * sigma / 2.0).exp()),
        min: at(-2.6),
        p50: at(0.0),
        p75: at(0.674),
        p90: at(1.282),
        p95: at(1.645),
        p99: at(2.326).min(max),
        p999: max,
        max,
        curve,
    }
}

fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

/// Returns second `second` of a run whose vendor fails from 12 to 22 of every 45.
fn sample(second: u32) -> Sample {
    let phase = (second - 1) % 45 + 1;
    // Not chance, and it need not be: only something that looks like it, and is the same every time.
    let wobble = |salt: u32, most: u32| f64::from((second.wrapping_mul(2_654_435_761).rotate_left(salt * 5) >> 8) % 1_000 * most / 1_000);
    let down = (12..22).contains(&phase);
    let draining = (22..31).contains(&phase);
    let arriving = phase < 40;
    let backlog = match phase {
        0..12 => 6,
        12..22 => 6 + (phase - 12) * 6,
        22..31 => 66 - (phase - 22) * 6,
        31.. => 9,
    };
    let decisions = if down { wobble(2, 2) } else { 3.0 + wobble(2, 4) + if draining { 9.0 } else { 0.0 } };
    let latency = if down {
        5.0 + f64::from(phase - 12) * 0.9
    } else if draining {
        13.5 - f64::from(phase - 22)
    } else {
        3.6
    };
    Sample {
        at: f64::from(second),
        arrivals_per_second: if arriving { 4.0 + wobble(1, 5) } else { 0.0 },
        decisions_per_second: decisions,
        abandonments_per_second: if down || draining { wobble(3, 3) } else { wobble(3, 2) * 0.5 },
        vendor_errors_per_second: if down { 9.0 + wobble(4, 9) } else { 0.0 },
        callbacks_per_second: if draining { 20.0 + wobble(5, 4) } else { decisions },
        in_flight: u64::from(backlog + 14 + second % 3),
        awaiting_decision: u64::from(backlog),
        review_queue_depth: (phase != 17 && phase != 18).then(|| u64::from((phase / 3 + second % 2).min(17))),
        callbacks_pending: if down {
            u64::from((phase - 12) * 6)
        } else if draining {
            u64::from((31 - phase) * 6)
        } else {
            0
        },
        decision_latency_p50: (decisions > 0.0).then_some(latency),
        decision_latency_p95: (decisions > 0.0).then(|| rounded(latency * 1.7 + wobble(6, 3) * 0.4)),
        lag_p99: Some(0.002 + wobble(7, 9) / 1_000.0),
    }
}

fn funnel() -> Vec<FunnelStep> {
    [
        ("start", 250, 247, 3, 0, 0),
        ("consent", 247, 244, 3, 0, 0),
        ("capture_document", 244, 236, 6, 2, 31),
        ("capture_selfie", 236, 232, 3, 1, 12),
        ("submit", 232, 229, 1, 2, 44),
        ("await_decision", 229, 199, 11, 19, 0),
    ]
    .into_iter()
    .map(|(step, entered, passed, abandoned, open, retries)| FunnelStep {
        step: step.to_owned(),
        entered,
        passed,
        abandoned,
        open,
        retries,
    })
    .collect()
}

fn breakdowns() -> Vec<Breakdown> {
    let slice = |(value, approved, rejected, abandoned, open): (&str, u64, u64, u64, u64)| Slice {
        value: value.to_owned(),
        applicants: approved + rejected + abandoned + open,
        approved,
        rejected,
        abandoned,
        open,
        decision_latency_p50: (approved + rejected > 0).then_some(4.1),
        decision_latency_p95: (approved + rejected > 0).then_some(14.1),
    };
    let breakdown = |by: &str, slices: &[(&str, u64, u64, u64, u64)]| Breakdown {
        by: by.to_owned(),
        slices: slices.iter().copied().map(slice).collect(),
    };
    vec![
        breakdown(
            "reason",
            &[
                ("approved", 171, 0, 0, 0),
                ("image_blurred", 0, 11, 0, 0),
                ("document_expired", 0, 8, 0, 0),
                ("face_mismatch", 0, 6, 0, 0),
                ("suspected_fraud", 0, 3, 0, 0),
            ],
        ),
        breakdown("country", &[("DE", 62, 8, 9, 7), ("FR", 44, 7, 6, 6), ("PL", 35, 7, 6, 5), ("BR", 30, 6, 6, 6)]),
        breakdown("device", &[("mobile", 84, 12, 8, 10), ("mobile_poor", 39, 10, 14, 9), ("desktop", 48, 6, 5, 5)]),
        breakdown("document", &[("passport", 66, 7, 8, 8), ("identity_card", 81, 15, 13, 11), ("driving_licence", 24, 6, 6, 5)]),
    ]
}

fn objectives() -> Vec<Objective> {
    let objective = |measure: &str, bound: &str, measured: Option<&str>, held, note: Option<&str>| Objective {
        measure: measure.to_owned(),
        narrowed: None,
        bound: bound.to_owned(),
        measured: measured.map(str::to_owned),
        count: None,
        baseline: None,
        held,
        note: note.map(str::to_owned),
    };
    let mut narrowed = objective("decision_latency.p95", "<= 110% of baseline", Some("31.4 s"), Held::No, None);
    narrowed.narrowed = Some("during outage where device = \"mobile_poor\"".to_owned());
    narrowed.count = Some(1_132);
    narrowed.baseline = Some("3.9 s".to_owned());
    vec![
        objective("decision_latency.p95", "< 60s", Some("14.1s"), Held::Yes, None),
        objective("abandonment.rate", "< 8%", Some("10.8%"), Held::No, Some("missed by 2.8 percentage points")),
        objective("review_queue.depth.max", "< 150", Some("17"), Held::Yes, None),
        objective("decision_latency.p999", "< 5m", None, Held::Inconclusive, Some("199 decisions are too few for one in a thousand")),
        objective("integrity.lost", "= 0", Some("1"), Held::No, Some("missed by 1")),
        narrowed,
    ]
}

fn integrity() -> Integrity {
    let evidence = |at, side: &str, event: &str| Evidence { at, side: side.to_owned(), event: event.to_owned() };
    Integrity {
        checked: true,
        applicants: 250,
        undecided: 21,
        unanswered: 0,
        findings: vec![
            Finding {
                kind: FindingKind::Lost,
                applicant: "applicant-0132".to_owned(),
                summary: "The vendor approved at 0:19.4; the backend still says `pending`.".to_owned(),
                evidence: vec![
                    evidence(14.2, "applicant", "submitted"),
                    evidence(19.4, "vendor", "decided: approved"),
                    evidence(22.6, "vendor", "callback sent, answered with 500"),
                    evidence(45.0, "backend", "says `pending` when asked at the end"),
                ],
                replay: "kycsim run outage-at-peak --seed 7 --only applicant-0132".to_owned(),
            },
            Finding {
                kind: FindingKind::Doubled,
                applicant: "applicant-0077".to_owned(),
                summary: "One approval opened two accounts.".to_owned(),
                evidence: vec![
                    evidence(9.1, "vendor", "callback `evt_77` sent, accepted"),
                    evidence(9.3, "vendor", "callback `evt_77` sent again on purpose, accepted"),
                    evidence(45.0, "backend", "holds two accounts"),
                ],
                replay: "kycsim run outage-at-peak --seed 7 --only applicant-0077".to_owned(),
            },
        ],
    }
}
