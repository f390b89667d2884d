//! What the vendor said, as lines for people.

use serde_json::Value;

/// Returns rows in columns as wide as they need to be. Control characters could move the cursor of whoever reads: they are shown, not obeyed.
pub(super) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{:<width$}", tame(cell))).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn tame(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { '·' } else { letter }).collect()
}

/// Returns a text, a number or a word of the answer; nothing when it has none.
pub(super) fn word(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

fn list<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value[key].as_array().into_iter().flatten()
}

fn rows(headings: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let headings = headings.iter().map(|&heading| heading.to_owned()).collect();
    table(&std::iter::once(headings).chain(rows).collect::<Vec<_>>())
}

pub(super) fn clock(view: &Value) -> String {
    let mode = match view["mode"].as_object() {
        Some(scaled) => format!("{} times as fast", word(&scaled["scaled"])),
        None => word(&view["mode"]),
    };
    format!("{mode}, {}\n", moment(&view["now"]))
}

/// Returns a time of day to the second.
fn moment(value: &Value) -> String {
    let text = word(value);
    let (date, time) = text.split_once('T').unwrap_or((&text, ""));
    format!("{date} {} UTC", time.get(..8).unwrap_or(time))
}

pub(super) fn status(health: &Value, tenant: &Value, incidents: &Value) -> String {
    let quiet = if tenant["quiet"] == true { "quiet" } else { "at work" };
    let mut text = format!(
        "vendor {}, {} tenants\n{} plays {} ({}), {quiet}\nclock {}",
        word(&health["version"]),
        word(&health["tenants"]),
        word(&tenant["name"]),
        word(&tenant["scenario"]),
        word(&tenant["dialect"]),
        clock(&tenant["clock"]),
    );
    let counts = tenant["counts"].as_object().into_iter().flatten();
    let counted = counts.filter(|(_, value)| **value != 0).map(|(name, value)| vec![name.replace('_', " "), word(value)]);
    text.push_str(&table(&counted.collect::<Vec<_>>()));
    for incident in list(incidents, "incidents").filter(|incident| incident["active"] == true) {
        text.push_str(&format!("incident {}: {}\n", tame(&word(&incident["name"])), tame(&word(&incident["describes"]))));
    }
    text
}

pub(super) fn made_tenant(made: &Value) -> String {
    let line = |key: &str| vec![key.replace('_', "-"), word(&made[key])];
    table(&["name", "scenario", "api_key", "webhook_secret"].map(line))
}

pub(super) fn tenants(answer: &Value) -> String {
    let quiet = |tenant: &Value| if tenant["quiet"] == true { "quiet" } else { "at work" }.to_owned();
    rows(
        &["name", "scenario", "dialect", ""],
        list(answer, "tenants").map(|each| vec![word(&each["name"]), word(&each["scenario"]), word(&each["dialect"]), quiet(each)]),
    )
}

pub(super) fn orders(answer: &Value) -> String {
    let whom = |placed: &Value| match placed["applicant"].as_str() {
        None => format!("session {}", word(&placed["session"])),
        Some(applicant) => format!("applicant {applicant}"),
    };
    table(&list(answer, "orders").map(|placed| vec![whom(placed), placed["order"].to_string()]).collect::<Vec<_>>())
}

pub(super) fn order(placed: &Value) -> String {
    format!("{}\n", placed["order"])
}

pub(super) fn sessions(answer: &Value) -> String {
    rows(&["session", "applicant", "status", "decision", "begun"], list(answer, "sessions").map(session_row))
}

fn session_row(session: &Value) -> Vec<String> {
    let reasons: Vec<String> = list(&session["decision"], "reasons").map(word).collect();
    let decision = [word(&session["decision"]["outcome"]), reasons.join(",")].join(" ");
    vec![word(&session["id"]), word(&session["applicant"]), word(&session["status"]), decision, moment(&session["created_at"])]
}

pub(super) fn session(view: &Value) -> String {
    let mut lines = vec![];
    for (key, value) in view.as_object().into_iter().flatten().filter(|(key, _)| *key != "decision") {
        lines.push(vec![key.replace('_', " "), word(value)]);
    }
    if let Some(outcome) = view["decision"]["outcome"].as_str() {
        let reasons: Vec<String> = list(&view["decision"], "reasons").map(word).collect();
        lines.push(vec!["decision".to_owned(), format!("{outcome} {}", reasons.join(","))]);
        for check in list(&view["decision"], "checks") {
            lines.push(vec!["check".to_owned(), check.to_string()]);
        }
    }
    table(&lines)
}

pub(super) fn incidents(answer: &Value) -> String {
    rows(&["id", "name", "", "by", "does"], list(answer, "incidents").map(incident_row))
}

fn incident_row(incident: &Value) -> Vec<String> {
    let by = if incident["by_hand"] == true { "hand" } else { "scenario" };
    let state = if incident["active"] == true { "going on" } else { "" };
    vec![word(&incident["id"]), word(&incident["name"]), state.to_owned(), by.to_owned(), word(&incident["describes"])]
}

pub(super) fn incident(started: &Value) -> String {
    format!("{}\n", word(&started["id"]))
}

/// Returns one entry of the journal as a line.
pub(super) fn entry(entry: &Value) -> String {
    let took = entry["took_micros"].as_f64().map_or_else(String::new, |micros| format!("{:.1} ms", micros / 1000.0));
    let time = word(&entry["wall"]).split_once('T').map_or_else(String::new, |(_, time)| time.get(..12).unwrap_or(time).to_owned());
    let note = |key: &str, name: &str| {
        let value = &entry[key];
        if value.is_null() { String::new() } else { format!("  {name} {}", word(value)) }
    };
    let line = if entry["kind"] == "delivery" {
        let result = &entry["result"];
        let result = format!("{} {}{}", word(&result["kind"]), word(&result["status"]), word(&result["reason"]));
        let again = if entry["try"] == 1 { String::new() } else { note("try", "try") };
        let copy = if entry["copy"] == 0 { String::new() } else { note("copy", "copy") };
        let (event, receiver) = (word(&entry["event"]), word(&entry["receiver"]));
        format!(
            "{event} -> {receiver}  {}  {took}{}{copy}{again}{}",
            result.trim_end(),
            note("session", "session"),
            note("defect", "defect")
        )
    } else {
        let status = entry["status"].as_u64().map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        let lost = if entry["matched"] == false { "  unmatched" } else { "" };
        let (method, path) = (word(&entry["method"]), word(&entry["path"]));
        format!("{method} {path}  {status}  {took}{}{}{lost}", note("session", "session"), note("fault", "fault"))
    };
    format!("{:>6}  {time}  {}\n", word(&entry["sequence"]), tame(&line))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_need_to_be_and_nothing_moves_the_cursor() {
        let row = |cells: &[&str]| cells.iter().map(|&cell| cell.to_owned()).collect::<Vec<_>>();
        assert_eq!(table(&[row(&["a", "b"]), row(&["long", "\u{1b}[2J"]), row(&["é", ""])]), "a     b\nlong  ·[2J\né\n");
    }

    #[test]
    fn an_entry_is_one_line() {
        let request = json!({"sequence": 7, "wall": "2026-03-01T12:00:00.123456Z", "kind": "request", "method": "GET", "path": "/v1/x\n",
            "status": 404, "took_micros": 250, "matched": false});
        assert_eq!(entry(&request), "     7  12:00:00.123  GET /v1/x·  404  0.2 ms  unmatched\n");
        let delivery = json!({"sequence": 8, "wall": "2026-03-01T12:00:01Z", "kind": "delivery", "event": "decided", "receiver": "h:1/c", "try": 2,
            "copy": 0, "session": "ses_1", "took_micros": 1000, "defect": "unsigned", "result": {"kind": "refused", "status": 503}});
        assert_eq!(entry(&delivery), "     8  12:00:01Z  decided -> h:1/c  refused 503  1.0 ms  session ses_1  try 2  defect unsigned\n");
    }
}
