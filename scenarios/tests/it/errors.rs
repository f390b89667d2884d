//! Everything wrong with a scenario is said with file, line, key and remedy.

use kycsim_scenarios::Scenario;

const VALID: &str = r#"name = "mine"
summary = "s"
teaches = "t"
[arrivals]
process = "poisson"
rate = [{ at = "0s", per_second = 5 }]
duration = "10s"
[[applicants]]
share = 1
country = "DE"
document = "id_card"
patience = { distribution = "exponential", mean = "20s" }
[vendor]
decision_delay = { distribution = "constant", value = "1s" }
[vendor.outcomes]
approved = 1
[expect]
"decision_latency.p95" = "< 60s"
"#;

/// The message for `VALID` with one piece of text replaced.
#[track_caller]
fn message(piece: &str, replacement: &str) -> String {
    assert!(VALID.contains(piece));
    Scenario::parse("my.toml", &VALID.replace(piece, replacement)).unwrap_err().to_string()
}

#[test]
fn the_example_is_valid() {
    Scenario::parse("my.toml", VALID).unwrap();
}

#[test]
fn an_unknown_key_is_answered_with_the_nearest_valid_one() {
    insta::assert_snapshot!(message("duration", "durration"));
}

#[test]
fn a_negative_rate_is_refused() {
    insta::assert_snapshot!(message("per_second = 5", "per_second = -5"));
}

#[test]
fn weights_of_zero_are_refused() {
    insta::assert_snapshot!(message("approved = 1", "approved = 0"));
    insta::assert_snapshot!(message("share = 1", "share = 0"));
}

#[test]
fn an_objective_that_does_not_parse_is_refused() {
    insta::assert_snapshot!(message("\"< 60s\"", "\"60s\""));
    insta::assert_snapshot!(message("decision_latency.p95", "decision_latency.p96"));
}

#[test]
fn a_word_out_of_a_closed_set_is_answered_with_the_nearest() {
    insta::assert_snapshot!(message("\"id_card\"", "\"idcard\""));
    insta::assert_snapshot!(message("\"exponential\", mean", "\"exponentail\", mean"));
}

#[test]
fn a_missing_key_and_broken_toml_are_named() {
    insta::assert_snapshot!(message("duration = \"10s\"\n", ""));
    insta::assert_snapshot!(message("share = 1", "share = "));
    insta::assert_snapshot!(message("\"10s\"", "\"ten\""));
}

#[test]
fn an_outcome_that_needs_reasons_says_how_to_give_them() {
    insta::assert_snapshot!(message("approved = 1", "declined = 5"));
}

#[test]
fn an_incident_that_does_nothing_is_refused() {
    let incident = "[[incident]]\nname = \"idle\"\nat = \"1s\"\nlasts = \"2s\"\n[expect]";
    insta::assert_snapshot!(message("[expect]", incident));
}

#[test]
fn numbers_that_would_exhaust_the_machine_are_refused() {
    insta::assert_snapshot!(message("per_second = 5", "per_second = 1e300"));
    insta::assert_snapshot!(message(
        "[vendor.outcomes]",
        "[vendor.callbacks]\nduplicate = { probability = 1, copies = 4000000000, spacing = \"1s\" }\n[vendor.outcomes]"
    ));
    insta::assert_snapshot!(message("[vendor.outcomes]", "[review]\nreviewers = 4000000000\n[vendor.outcomes]"));
}
