//! Broken backends are caught, and sound ones are not.

use kycsim_reports::model::{FindingKind, Held, Run, Verdict};
use kycsim_scenarios::language::Measure;
use kycsim_scenarios::ledger::LedgerEvent;

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

/// Every second approval turns out to have been a mistake, every third decline as well.
const CHANGING: &str = r#"
    [[vendor.revision]]
    from = "approved"
    probability = 0.5
    after = { distribution = "constant", value = "400ms" }
    to = "declined"
    reasons = { document_forged = 1 }
    [[vendor.revision]]
    from = "declined"
    probability = 0.3
    after = { distribution = "constant", value = "400ms" }
    to = "approved""#;
const FORGED: &str = "unsigned = 0.3\nwrong_signature = 0.3\nstale = { probability = 0.3, age = \"10m\" }\nretry = [\"200ms\"]";

/// A change is judged only when it is some seconds old.
fn longer(scenario: &str) -> String {
    scenario.replace("duration = \"5s\"", "duration = \"9s\"")
}

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

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_whose_first_decision_wins_is_caught() {
    let played = rehearse(&longer(&scenario(MIXED, CHANGING)), Backends::Naive(Bug::FirstDecisionWins)).await;
    let findings = &played.run.integrity.findings;
    assert!(found(&played.run, FindingKind::Contradicted) > 2, "{:#?}", played.run.totals);
    assert_eq!(found(&played.run, FindingKind::Contradicted), findings.len());
    assert!(findings[0].evidence.iter().any(|line| line.event.starts_with("changed its decision")), "{:#?}", findings[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_that_follows_changes_is_not_accused() {
    let naive = rehearse(&longer(&scenario(MIXED, CHANGING)), Backends::Naive(Bug::None)).await;
    assert_eq!(naive.run.integrity.findings, []);
    let reference = rehearse(&longer(&scenario(EVERYTHING, CHANGING)), Backends::Reference).await;
    assert_eq!(reference.run.integrity.findings, []);
    let revised =
        |played: &crate::world::Played| played.ledger.iter().filter(|entry| matches!(entry.event, LedgerEvent::Revised { .. })).count();
    assert!(revised(&naive) > 10 && revised(&reference) > 5, "{} {}", revised(&naive), revised(&reference));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backend_that_verifies_nothing_is_caught() {
    let played = rehearse(&scenario(MIXED, FORGED), Backends::Naive(Bug::None)).await;
    let forged = found(&played.run, FindingKind::Forged);
    assert!(forged > 20, "{:#?}", played.run.integrity);
    assert_eq!(played.run.integrity.findings.len(), forged, "what they said was true");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reference_backend_survives_what_is_wrong_with_callbacks() {
    let callbacks = format!(
        "{FORGED}\nevents = [\"created\", \"processing\", \"decided\", \"expired\"]\nreordered = 0.5\nunknown_status = 0.3\n\
         duplicate = {{ probability = 0.5, copies = 2, spacing = \"300ms\", id = \"new\" }}\nreplayed = {{ probability = 0.3, after = \"500ms\" }}"
    );
    let played = rehearse(&scenario(EVERYTHING, &callbacks), Backends::Reference).await;
    assert_eq!(played.run.integrity.findings, []);
    assert!(played.run.integrity.checked);
}

/// The vendor takes five requests a second, and thirty applicants want four each: when the last of them has left, the backlog takes another twenty seconds.
#[tokio::test(flavor = "multi_thread")]
async fn a_backend_that_still_works_its_backlog_off_is_not_accused() {
    let scenario = scenario(MIXED, "")
        .replace("per_second = 10", "per_second = 8")
        .replace("duration = \"5s\"", "duration = \"4s\"")
        .replace("value = \"6s\"", "value = \"2s\"")
        .replace("[vendor.outcomes]", "rate_limit = [{ burst = 5, per_second = 5 }]\n        [vendor.outcomes]");
    let played = rehearse(&scenario, Backends::Reference).await;
    assert_eq!(played.run.integrity.findings, []);
    let last = played.ledger.iter().filter(|entry| matches!(entry.event, LedgerEvent::Submitted { .. })).map(|entry| entry.at).max();
    let (last, over) = (last.unwrap().as_secs_f64(), played.run.series.last().unwrap().at);
    assert!(last > over + 10.0, "the last submission reached the vendor at {last}, and the load was over at {over}");
    assert_eq!(played.run.integrity.undecided, 0, "and nobody was left out");
}
