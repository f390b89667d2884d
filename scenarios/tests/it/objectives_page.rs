//! The table of measures in `docs/objectives.md` is made from the code, and must not fall behind it.

use std::fmt::Write as _;

use kycsim_scenarios::language::{Measure, Unit};

const MARK: &str = "<!-- This table is made from the code: KYCSIM_UPDATE_DOCS=1 cargo test -p kycsim-scenarios -->\n";
const STATISTICS: [&str; 6] = ["mean", "p50", "p90", "p95", "p99", "max"];

#[test]
fn the_table_of_measures_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/objectives.md");
    let there = std::fs::read_to_string(path).unwrap();
    let (head, _) = there.split_once(MARK).unwrap();
    let written = format!("{head}{MARK}\n{}", table());
    if std::env::var_os("KYCSIM_UPDATE_DOCS").is_some() {
        std::fs::write(path, &written).unwrap();
    }
    let there = std::fs::read_to_string(path).unwrap();
    assert!(there == written, "docs/objectives.md is stale; run: KYCSIM_UPDATE_DOCS=1 cargo test -p kycsim-scenarios");
}

fn table() -> String {
    let mut text =
        "| measure | is | what it measures | falls into the window in which | by applicant |\n| --- | --- | --- | --- | --- |\n".to_owned();
    let mut last = String::new();
    for measure in Measure::all() {
        let name = match measure.as_str().rsplit_once('.') {
            Some((distribution, statistic)) if measure.unit() == Unit::Duration && STATISTICS.contains(&statistic) => {
                format!("`{distribution}.*`")
            }
            Some(_) | None => format!("`{measure}`"),
        };
        if name == last {
            continue;
        }
        let unit = match measure.unit() {
            Unit::Duration => "a duration",
            Unit::Share => "a share",
            Unit::Count => "a number",
        };
        let moment = measure.moment().map_or("–", |moment| moment.describe());
        let segments = if measure.has_segments() { "yes" } else { "–" };
        writeln!(text, "| {name} | {unit} | {} | {moment} | {segments} |", measure.describe()).unwrap();
        last = name;
    }
    let statistics = STATISTICS.map(|statistic| format!("`{statistic}`")).join(", ");
    write!(text, "\nFor `*` write one of {statistics}.\n").unwrap();
    text
}
