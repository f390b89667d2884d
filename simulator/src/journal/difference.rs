//! Two things side by side, as WireMock prints them: what people are used to reading, and paste into issues.

use std::fmt::Write as _;

/// How wide each column is, in letters.
const COLUMN: usize = 58;
/// How many lines one row may have: a long body is cut where nobody reads on.
const LINES_MAX: usize = 60;

/// One thing that was expected, and what was there.
#[derive(Debug, Default)]
pub(super) struct Row {
    pub(super) expected: String,
    pub(super) actual: String,
    /// What is wrong, if anything is.
    pub(super) remark: Option<String>,
}

/// Returns `title` and the rows under their two headings.
pub(super) fn two_columns(title: &str, headings: [&str; 2], rows: &[Row]) -> String {
    let rule = "-".repeat(2 * COLUMN + 3);
    let mut print = String::new();
    let indent = " ".repeat((rule.len().saturating_sub(title.chars().count())) / 2);
    push_line(&mut print, &format!("{indent}{title}"));
    push_line(&mut print, &format!("{indent}{}", "=".repeat(title.chars().count())));
    push_line(&mut print, "");
    push_line(&mut print, &rule);
    push_line(&mut print, &format!("| {:<width$}| {:<width$}|", headings[0], headings[1], width = COLUMN - 1));
    push_line(&mut print, &rule);
    push_cells(&mut print, "", "", None);
    for row in rows {
        let (expected, actual) = (lines(&row.expected), lines(&row.actual));
        for number in 0..expected.len().max(actual.len()).max(1) {
            let cell = |lines: &[String]| lines.get(number).cloned().unwrap_or_default();
            let remark = if number == 0 { row.remark.as_deref() } else { None };
            push_cells(&mut print, &cell(&expected), &cell(&actual), remark);
        }
    }
    push_cells(&mut print, "", "", None);
    push_line(&mut print, &rule);
    print
}

fn push_cells(print: &mut String, expected: &str, actual: &str, remark: Option<&str>) {
    let cells = format!("{expected:<COLUMN$} | {actual:<COLUMN$}");
    push_line(print, &remark.map_or(cells.clone(), |remark| format!("{cells} <<<<< {remark}")));
}

fn push_line(print: &mut String, line: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(print, "{}", line.trim_end());
}

/// Returns `text` in lines that fit into a column. Control characters could move the cursor of whoever reads: they are shown, not obeyed.
fn lines(text: &str) -> Vec<String> {
    let mut wrapped = Vec::new();
    for line in text.split('\n') {
        let letters: Vec<char> = line.chars().map(|letter| if letter.is_control() { '·' } else { letter }).collect();
        if letters.is_empty() {
            wrapped.push(String::new());
        }
        wrapped.extend(letters.chunks(COLUMN).map(|piece| piece.iter().collect::<String>()));
        if wrapped.len() > LINES_MAX {
            wrapped.truncate(LINES_MAX);
            wrapped.push("…".to_owned());
            break;
        }
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_wrapped_and_long_texts_cut() {
        assert_eq!(lines(&"é".repeat(COLUMN + 1)), ["é".repeat(COLUMN), "é".to_owned()]);
        assert_eq!(lines(&"x\n".repeat(1000)).len(), LINES_MAX + 1);
        assert_eq!(lines("a\u{1b}[2J\n\nb"), ["a·[2J", "", "b"]);
    }
}
