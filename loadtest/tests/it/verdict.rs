//! Broken backends are caught, and sound ones are not.

use kycsim_reports::model::{FindingKind, Held, Run, Verdict};
use kycsim_scenarios::language::Measure;

use crate::naive_backend::Bug;
use crate::world::{Backends, rehearse};

/// Fifty applicants in five seconds, decided after a fifth of a second.
fn scenario(outcomes: &str, callbacks: &str) -> String {
    format!(
        r#"name = "test"
        summary = "s"
        teaches = "t"
        [arrivals]
        process = "constant"
        rate = [{{ at = "0s", per_second = 10 }}]
        duration = "5s"
        [[applicants]]
        share = 1
        country = "DE"
        document = "passport"
        device = "mobile_poor"
        patience = {{ distribution = "constant", value = "6s" }}
        step_time = {{ distribution = "constant", value = "50ms" }}
        [run]
        poll_every = "200ms"
        settle = "60s"
        [vendor]
        decision_delay = {{ distribution = "constant", value = "200ms" }}
        [vendor.outcomes]
        {outcomes}
        [vendor.callbacks]
        {callbacks}
        [review]
        reviewers = 2
        handling_time = {{ distribution = "constant", value = "300ms" }}
        [expect]
        "integrity.findings" = "= 0""#
    )
}

const MIXED: &str = "approved = 6\ndeclined = { weight = 4, reasons = { document_forged = 1 } }";
const EVERYTHING: &str = "approved = 4\ndeclined = { weight = 2, reasons = { document_forged = 1, sanctions_hit = 1 } }
resubmission = { weight = 2, reasons = { image_blurred = 1 } }\nreview = { weight = 2, reasons = { low_confidence = 1 } }";
const DUPLICATED: &str = r#"duplicate = { probability = 0.5, copies = 2, spacing = "300ms" }"#;

fn found(run: &Run, kind: FindingKind) -> usize {
    run.integrity.findings.iter().filter(|finding| finding.kind == kind).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_that_drops_one_callback_in_ten_loses_decisions() {
    let played = rehearse(&scenario(MIXED, ""), Backends::Naive(Bug::DropsOneInTen)).await;
    assert_eq!(found(&played.run, FindingKind::Lost), 5, "fifty callbacks, one in ten: {:#?}", played.run.integrity);
    assert_eq!(played.run.integrity.findings.len(), 5);
    assert_eq!(played.run.verdict, Verdict::Failed);
    let evidence = &played.run.integrity.findings[0].evidence;
    assert!(evidence.iter().any(|line| line.side == "vendor" && line.event.contains("accepted with 204")), "{evidence:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_that_applies_duplicates_twice_is_caught() {
    let played = rehearse(&scenario(MIXED, DUPLICATED), Backends::Naive(Bug::AppliesDuplicates)).await;
    let duplicated = played.run.vendor.duplicates;
    assert!(duplicated > 10, "{duplicated}");
    assert_eq!(found(&played.run, FindingKind::Doubled) as u64, duplicated);
    assert_eq!(played.run.integrity.findings.len() as u64, duplicated);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_that_approves_everybody_contradicts_the_vendor() {
    let played = rehearse(&scenario(MIXED, ""), Backends::Naive(Bug::ApprovesEverybody)).await;
    assert!(found(&played.run, FindingKind::Contradicted) > 10, "{:#?}", played.run.totals);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_backend_is_not_accused() {
    let played = rehearse(&scenario(MIXED, DUPLICATED), Backends::Naive(Bug::None)).await;
    assert_eq!(played.run.integrity.findings, []);
    assert_eq!(played.run.totals.arrived, 50);
    assert_eq!(played.run.totals.approved + played.run.totals.rejected, 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reference_backend_survives_duplicates_and_losses() {
    let callbacks = format!("{DUPLICATED}\nlost = 0.2");
    let played = rehearse(&scenario(EVERYTHING, &callbacks), Backends::Reference).await;
    assert_eq!(played.run.integrity.findings, []);
    assert!(played.run.integrity.checked);
    assert!(played.run.vendor.duplicates > 5, "{:?}", played.run.vendor);
    assert!(played.run.review.decided > 0, "{:?}", played.run.review);
    // Not the verdict: it may be inconclusive on a machine that is busy with other tests.
    assert_eq!(played.run.objectives[0].held, Held::Yes);

    // The names that objectives may use, and the measures of a run in which everything happened but an incident.
    let named: Vec<String> = Measure::all().map(|measure| measure.to_string()).filter(|name| name != "drain.seconds").collect();
    let missing: Vec<&String> = named.iter().filter(|name| !played.run.measures.contains_key(*name)).collect();
    let unnamed: Vec<&String> = played.run.measures.keys().filter(|name| !named.contains(name)).collect();
    assert_eq!((missing, unnamed), (vec![], vec![]));
}
