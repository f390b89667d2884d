//! The language of objectives: what is written is read back, whatever it is; and what the scenario does not have is refused where it stands.

use kycsim_scenarios::Scenario;
use kycsim_scenarios::language::{Country, Device, Measure, Objective, Risk};
use proptest::prelude::*;
use regex::Regex;

const SCENARIO: &str = r#"name = "mine"
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
device = "mobile_poor"
patience = { distribution = "exponential", mean = "20s" }
[vendor]
decision_delay = { distribution = "constant", value = "1s" }
[vendor.outcomes]
approved = 1
[[incident]]
name = "hard outage"
at = "2s"
lasts = "3s"
http = { fault = "error" }
[expect]
"decision_latency.p95" = "< 60s"
"#;

fn read(more: &str) -> Result<Scenario, String> {
    Scenario::parse("my.toml", &format!("{SCENARIO}{more}\n")).map_err(|error| error.to_string())
}

#[test]
fn a_narrowed_objective_survives_being_written_as_a_file() {
    let scenario = read(
        "\"decision_latency.p95 during hard outage\" = \"< 3m\"\n'abandonment.capture where device = \"mobile_poor\"' = '<= baseline + 2%'\n\
         \"completion.rate after 'hard outage' where country = DE and risk = 'low'\" = \"> 10%\"",
    )
    .unwrap();
    let objectives: Vec<String> = scenario.expect.0.iter().map(ToString::to_string).collect();
    assert_eq!(
        objectives,
        [
            "decision_latency.p95 < 60s",
            "decision_latency.p95 during hard outage < 3m",
            "abandonment.capture where device = \"mobile_poor\" <= baseline + 2%",
            "completion.rate after hard outage where country = \"DE\" and risk = \"low\" > 10%"
        ]
    );
    assert_eq!(Scenario::parse("again", &scenario.to_toml().unwrap()).unwrap(), scenario);
}

#[test]
fn several_bounds_on_one_subject_are_a_list() {
    let scenario = read("\"decision_latency.p50\" = [\"> 1s\", \"< 3s\"]\n").unwrap();
    assert_eq!(scenario.expect.0.len(), 3);
    // What the command line adds may be about what is there already.
    let mut more = scenario.clone();
    more.expect.0.push("decision_latency.p50 <= 110% of baseline".parse().unwrap());
    let again = Scenario::parse("again", &more.to_toml().unwrap()).unwrap();
    assert_eq!(again, more);
    assert!(read("\"decision_latency.p50\" = [\"> 1s\", \"3s\"]\n").unwrap_err().contains("`3s` is not a bound"));
    assert!(read("\"decision_latency.p50\" = 3").unwrap_err().contains("expected a bound, such as \"< 60s\", or a list"));
}

#[test]
fn an_incident_that_is_not_there_is_refused_where_it_stands() {
    insta::assert_snapshot!(read("\"decision_latency.p95 during hard outge\" = \"< 3m\"").unwrap_err(), @r#"
    my.toml:25:1: in `expect.decision_latency.p95 during hard outge`: there is no incident `hard outge`; did you mean `hard outage`?
       |
    25 | "decision_latency.p95 during hard outge" = "< 3m"
       | ^
    "#);
    let calm = SCENARIO.split("[[incident]]").next().unwrap();
    let error =
        Scenario::parse("my.toml", &format!("{calm}[expect]\n\"abandonment.rate after outage\" = \"< 3%\"\n")).unwrap_err().to_string();
    assert!(error.contains("the scenario has none; write for example `from 1m to 3m`"), "{error}");
}

#[test]
fn a_segment_that_nobody_belongs_to_is_refused() {
    let error = read("'abandonment.rate where device = \"mobile_poor\" and country = \"FR\"' = '< 8%'").unwrap_err();
    assert!(error.contains("nobody comes `where device = \"mobile_poor\" and country = \"FR\"`"), "{error}");
}

#[test]
fn a_bad_key_is_refused_where_it_stands() {
    let error = read("'vendor.error_rate during hard outage' = '< 8%'").unwrap_err();
    assert!(error.starts_with("my.toml:25:") && error.contains("is of the whole run and has no windows; these have: "), "{error}");
}

/// A sentence of the language, and not always in the form in which it is written back.
fn sentences() -> impl Strategy<Value = String> {
    let measures: Vec<Measure> = Measure::all().filter(Measure::has_segments).collect();
    let name = prop_oneof!["[a-z]{1,8}( [a-z]{1,8})?", "\\PC{0,12}"].prop_map(|name: String| {
        let plain =
            name.chars().all(|c| c.is_ascii_lowercase()) && !["during", "before", "after", "from", "where"].contains(&name.as_str());
        if plain && !name.is_empty() { name } else { format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")) }
    });
    let window = prop_oneof![
        Just(String::new()),
        ("(during|before|after)", name).prop_map(|(when, name)| format!("{when}  {name}")),
        (0_u32..100, 1_u32..10_000).prop_map(|(from, length)| format!("from {from}s to '{}ms'", from * 1000 + length)),
    ];
    let country =
        proptest::option::of(proptest::sample::select(Country::ALL)).prop_map(|country| country.map(|it| format!("country={it}")));
    let device = proptest::option::of(proptest::sample::select(Device::ALL)).prop_map(|device| device.map(|it| format!("device = '{it}'")));
    let risk = proptest::option::of(proptest::sample::select(Risk::ALL)).prop_map(|risk| risk.map(|it| format!("risk = \"{it}\"")));
    let segment = (country, device, risk).prop_map(|(country, device, risk)| {
        let conditions: Vec<String> = [risk, device, country].into_iter().flatten().collect();
        if conditions.is_empty() { String::new() } else { format!("where {}", conditions.join(" and ")) }
    });
    let sign = proptest::sample::select(&["<", "<=", ">", ">=", "="][..]);
    (proptest::sample::select(measures), window, segment, any::<bool>(), sign, 1_u32..1000, 0_u8..4).prop_map(
        |(measure, window, segment, turned, sign, number, kind)| {
            let part = if turned { format!("{segment} {window}") } else { format!("{window} {segment}") };
            let amount = match measure.unit() {
                kycsim_scenarios::language::Unit::Duration => format!("{number}ms"),
                kycsim_scenarios::language::Unit::Share => format!("{}%", f64::from(number) / 10.0),
                kycsim_scenarios::language::Unit::Count => number.to_string(),
            };
            let bound = match kind {
                0 => amount,
                1 => format!("{number} % of baseline"),
                2 => format!("baseline+ {amount}"),
                _ => format!("baseline  -{amount}"),
            };
            format!(" {measure} {part} {sign}{bound} ")
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_reads_back_as_the_same(sentence in sentences()) {
        let objective: Objective = sentence.parse().map_err(|error| TestCaseError::fail(format!("{sentence}: {error}")))?;
        let written = objective.to_string();
        prop_assert_eq!(&written.parse::<Objective>().unwrap(), &objective);
        // In a file, too, where the two halves are key and value.
        prop_assert_eq!(Objective::parse(&objective.subject.to_string(), &objective.written).unwrap(), objective);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}", tail in "( during| where|<|=|'|\"|[a-z]{1,5}|%| of baseline){0,8}") {
        let _ = text.parse::<Objective>();
        let _ = format!("abandonment.rate{tail}").parse::<Objective>();
    }

    #[test]
    fn the_schema_knows_every_narrowed_key(sentence in sentences()) {
        let subject = sentence.parse::<Objective>().unwrap().subject;
        let narrowed = !subject.is_whole() && subject.window.as_ref().is_none_or(|window| window.incident().is_none_or(|name| !name.is_empty()));
        if narrowed {
            prop_assert!(schema_patterns().iter().any(|pattern| pattern.is_match(&subject.to_string())), "{subject}");
        }
    }
}

fn schema_patterns() -> Vec<Regex> {
    let schema = serde_json::to_value(kycsim_scenarios::schema::scenario()).unwrap();
    let patterns = schema["$defs"]["Objectives"]["patternProperties"].as_object().unwrap();
    patterns.keys().map(|pattern| Regex::new(pattern).unwrap()).collect()
}

#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    let accepts = |key: &str| schema_patterns().iter().any(|pattern| pattern.is_match(key));
    assert!(accepts("review_queue.depth.max during outage"));
    assert!(!accepts("review_queue.depth.max where device = \"desktop\""));
    assert!(!accepts("drain.seconds during outage"));
    assert!(!accepts("decision_latency.p95 whenever"));
    assert!(!accepts("decision_latency.p96 during outage"));
}
