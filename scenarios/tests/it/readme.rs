//! `scenarios/README.md` is made from what is shipped, and must not fall behind it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use kycsim_scenarios::language::Happened;
use kycsim_scenarios::{catalogue, incidents};
use toml::{Table, Value};

const HEAD: &str = "\
# The catalogue

The scenarios and incidents that come with kycsim. This file is generated from them: `KYCSIM_UPDATE_DOCS=1 cargo test -p kycsim-scenarios` writes it anew,
and a test fails when it is stale.

A scenario says who comes, what the vendor does, who reviews, and what must hold. `kycsim run NAME` plays it against the reference backend: vendor, backend
and applicants in one process, a report at the end, and an exit code for CI. Most take about twenty seconds, those to begin with and incidents that happened
up to a minute. Each is a file in [`catalogue/`](catalogue/): copy one, change it, and run it by its path. Times are compressed: a second stands for
minutes, or for days. The comments in a file say which published incident or figure it follows; vendors are named by nothing but the sources of
incidents that happened. What those are, and how to read them, is in [docs/incidents.md](../docs/incidents.md).

The column *uses* lists the words of the scenario language that a scenario shows: keys of `vendor`, of `vendor.callbacks`, of its incidents, the
faults that befall requests, and what applicants do of their own accord. Each word is described in the JSON Schema (`kycsim scenario schema`).
";

const INCIDENTS: &str = "\
## Incidents to start by hand

`kycsim ctl incident start NAME --for 5m` starts one at a vendor that is running, and it ends by itself. Each is a file in [`incidents/`](incidents/);
a file of your own does as well.

| name | what it does | from |
| --- | --- | --- |
";

#[test]
fn the_list_of_what_is_shipped_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let written = written();
    if std::env::var_os("KYCSIM_UPDATE_DOCS").is_some() {
        std::fs::write(path, &written).unwrap();
    }
    let there = std::fs::read_to_string(path).unwrap_or_default();
    assert!(there == written, "scenarios/README.md is stale; run: KYCSIM_UPDATE_DOCS=1 cargo test -p kycsim-scenarios");
}

/// Above the table of the page on incidents.
const MARK: &str = "<!-- table -->\n";

#[test]
fn the_page_on_incidents_has_all_that_happened() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/incidents.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (before, drawn) = page.split_once(MARK).unwrap();
    let table = happened();
    if std::env::var_os("KYCSIM_UPDATE_DOCS").is_some() {
        std::fs::write(path, format!("{before}{MARK}{table}")).unwrap();
    } else {
        assert!(drawn == table, "docs/incidents.md is stale; run: KYCSIM_UPDATE_DOCS=1 cargo test -p kycsim-scenarios");
    }
}

/// A table for each theme of incidents that happened.
fn happened() -> String {
    let mut text = String::new();
    for theme in catalogue::themes() {
        let scenarios = theme.names().map(|name| catalogue::load(name).unwrap().unwrap());
        let rows: Vec<String> =
            scenarios.filter_map(|scenario| Some(row(scenario.name.as_str(), theme.folder, &scenario.happened?))).collect();
        if !rows.is_empty() {
            let head = "| scenario | when | what happened | times as fast | source |\n| --- | --- | --- | --- | --- |";
            writeln!(text, "\n## {}\n\n{head}\n{}", theme.title, rows.join("\n")).unwrap();
        }
    }
    text
}

fn row(name: &str, folder: &str, happened: &Happened) -> String {
    let [when, what, source] = [&happened.when, &happened.what, &happened.source].map(|words| cell(words.as_str()));
    let source = match source.split_once("https://") {
        Some((before, address)) => format!("{before}[{address}](https://{address})"),
        None => source,
    };
    format!("| [`{name}`](../scenarios/{folder}{name}.toml) | {when} | {what} | {} | {source} |", happened.compression.value())
}

fn written() -> String {
    let mut text = HEAD.to_owned();
    for theme in catalogue::themes() {
        write!(text, "\n## {}\n\n| name | what happens | what it teaches | uses |\n| --- | --- | --- | --- |\n", theme.title).unwrap();
        for name in theme.names() {
            let scenario = catalogue::load(name).unwrap().unwrap();
            let uses: Vec<String> = uses(catalogue::text(name).unwrap()).into_iter().map(|word| format!("`{word}`")).collect();
            let uses = uses.join(", ");
            let (summary, teaches) = (cell(&scenario.summary), cell(&scenario.teaches));
            let folder = theme.folder;
            writeln!(text, "| [`{name}`]({folder}{name}.toml) | {summary} | {teaches} | {uses} |").unwrap();
        }
    }
    write!(text, "\n{INCIDENTS}").unwrap();
    for name in incidents::names() {
        let (incident, from) = (incidents::load(name).unwrap().unwrap(), comment(incidents::text(name).unwrap()));
        writeln!(text, "| [`{name}`](incidents/{name}.toml) | {} | {} |", cell(&incident.describe()), cell(&from)).unwrap();
    }
    text
}

/// The words of the language that a scenario uses beyond what every scenario has.
fn uses(text: &str) -> BTreeSet<String> {
    let file: Table = text.parse().unwrap();
    let mut words = BTreeSet::new();
    let vendor = file["vendor"].as_table().unwrap();
    for key in vendor.keys().filter(|key| !["outcomes", "decision_delay", "callbacks"].contains(&key.as_str())) {
        words.insert(key.clone());
    }
    for (key, value) in vendor.get("callbacks").and_then(Value::as_table).into_iter().flatten() {
        let new_id = value.get("id").and_then(Value::as_str) == Some("new");
        words.insert(format!("callbacks.{key}{}", if new_id { " (new ids)" } else { "" }));
    }
    for group in file["applicants"].as_array().unwrap() {
        words.extend(group.get("double_submit").map(|_| "applicants.double_submit".to_owned()));
    }
    for incident in file.get("incident").and_then(Value::as_array).into_iter().flatten() {
        misbehaviours(incident.as_table().unwrap(), &mut words);
    }
    words
}

/// The words that an incident, or a phase of one, uses.
fn misbehaviours(incident: &Table, words: &mut BTreeSet<String>) {
    for (key, value) in incident {
        match (key.as_str(), value) {
            ("name" | "at" | "lasts", _) => {}
            ("http", Value::Table(http)) => {
                words.insert(http["fault"].as_str().unwrap().to_owned());
                words.extend(
                    ["performed", "succeed_first", "fail_next"].into_iter().filter(|key| http.contains_key(*key)).map(str::to_owned),
                );
            }
            ("scope" | "callbacks", Value::Table(table)) => words.extend(table.keys().map(|inner| format!("incident.{key}.{inner}"))),
            ("phase", Value::Array(phases)) => {
                words.insert("incident.phase".to_owned());
                phases.iter().filter_map(Value::as_table).for_each(|phase| misbehaviours(phase, words));
            }
            _ => {
                words.insert(format!("incident.{key}"));
            }
        }
    }
}

/// The comment that a file begins with, on one line.
fn comment(text: &str) -> String {
    text.lines().map_while(|line| line.strip_prefix("# ")).collect::<Vec<_>>().join(" ")
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
