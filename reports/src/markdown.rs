//! `summary.md`: what a pull request shows of a run.

use std::fmt::Write as _;
use std::io;

use crate::headline::Headline;
use crate::model::{Run, Verdict};
use crate::{figures, wording};

/// A pull request is no place for all of them; `report.json` has them.
const FINDINGS_SHOWN: usize = 10;

/// Writes the run as a summary in Markdown.
///
/// # Errors
/// Whatever the writer refuses.
pub fn markdown(run: &Run, out: &mut impl io::Write) -> io::Result<()> {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = summary(run, &mut text);
    out.write_all(text.as_bytes())
}

fn summary(run: &Run, text: &mut String) -> std::fmt::Result {
    let headline = Headline::of(run);
    let manifest = &run.manifest;
    writeln!(
        text,
        "## {} {}: {}\n",
        sign(headline.verdict),
        escaped(&manifest.scenario.name),
        wording::verdict(headline.verdict).to_lowercase()
    )?;
    if !manifest.scenario.summary.is_empty() {
        writeln!(text, "{}\n", escaped(&manifest.scenario.summary))?;
    }
    if let Some(warning) = wording::ended(manifest.ended) {
        writeln!(text, "> {warning}\n")?;
    }
    for observation in &run.observations {
        writeln!(text, "- {}", escaped(observation))?;
    }
    if !run.observations.is_empty() {
        text.push('\n');
    }
    figures_table(run, &headline, text)?;
    objectives(run, text)?;
    integrity(run, text)?;
    repeat(run, text)
}

fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "✅",
        Verdict::Failed => "❌",
        Verdict::Inconclusive => "❔",
    }
}

fn figures_table(run: &Run, headline: &Headline, text: &mut String) -> std::fmt::Result {
    let duration = |seconds: Option<f64>| seconds.map_or(figures::NONE.to_owned(), figures::duration);
    let rate = headline.abandonment_rate.map_or(figures::NONE.to_owned(), figures::share);
    writeln!(text, "| applicants | decision latency p50 | p95 | abandonment | review queue, deepest |")?;
    writeln!(text, "| ---: | ---: | ---: | ---: | ---: |")?;
    writeln!(
        text,
        "| {} | {} | {} | {} | {} |\n",
        figures::count(headline.arrived),
        duration(headline.decision_latency_p50),
        duration(headline.decision_latency_p95),
        rate,
        figures::count(run.review.depth_max),
    )
}

fn objectives(run: &Run, text: &mut String) -> std::fmt::Result {
    if run.objectives.is_empty() {
        return writeln!(text, "The scenario has no objectives.\n");
    }
    if let Some(baseline) = &run.baseline {
        writeln!(text, "{}\n", escaped(&wording::baseline(baseline)))?;
    }
    writeln!(text, "| objective | bound | measured | in how many | verdict | note |")?;
    writeln!(text, "| --- | --- | ---: | --- | --- | --- |")?;
    for objective in &run.objectives {
        let note = objective.note.as_deref().map(escaped).unwrap_or_default();
        writeln!(
            text,
            "| {} | {} | {} | {} | {} {} | {note} |",
            escaped(&objective.subject()),
            escaped(&objective.bound),
            objective.measured.as_deref().map_or(figures::NONE.to_owned(), escaped),
            escaped(&wording::measured_in(objective)),
            wording::held_mark(objective.held),
            wording::held(objective.held),
        )?;
    }
    text.push('\n');
    Ok(())
}

fn integrity(run: &Run, text: &mut String) -> std::fmt::Result {
    writeln!(text, "**Integrity.** {}\n", wording::integrity(&run.integrity))?;
    let findings = &run.integrity.findings;
    if findings.is_empty() {
        return Ok(());
    }
    for finding in findings.iter().take(FINDINGS_SHOWN) {
        writeln!(text, "- *{}* {}: {}", wording::finding(finding.kind), escaped(&finding.applicant), escaped(&finding.summary))?;
    }
    if findings.len() > FINDINGS_SHOWN {
        writeln!(text, "- and {} more in `report.json`", findings.len() - FINDINGS_SHOWN)?;
    }
    if let Some(first) = findings.first().filter(|first| !first.replay.is_empty()) {
        writeln!(text, "\nThe first of them again, and nobody else:\n")?;
        command(&first.replay, text)?;
    }
    text.push('\n');
    Ok(())
}

fn repeat(run: &Run, text: &mut String) -> std::fmt::Result {
    let manifest = &run.manifest;
    writeln!(text, "<details><summary>Repeat this run</summary>\n")?;
    command(&manifest.command, text)?;
    text.push('\n');
    writeln!(
        text,
        "Seed {}, kycsim {}, {} {} with {}, {} build, started {}.\n",
        manifest.seed,
        escaped(&manifest.kycsim),
        escaped(&manifest.machine.os),
        escaped(&manifest.machine.arch),
        figures::counted(manifest.machine.cores.into(), "core", "cores"),
        escaped(&manifest.machine.build),
        escaped(&figures::moment(&manifest.started_at)),
    )?;
    writeln!(text, "</details>")
}

/// Writes a command as a block of its own.
fn command(command: &str, text: &mut String) -> std::fmt::Result {
    let command = wording::plain(command);
    // A fence must be longer than any run of backticks inside it.
    let longest = command.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    writeln!(text, "{fence}sh\n{command}\n{fence}")
}

/// Returns `text` on one line, with all that Markdown, a table cell, HTML or a mention (`@name` notifies people) would take for its own.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in wording::plain(text).chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '@' => escaped.push_str("&#64;"),
            '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '#' | '~' | '!' => {
                escaped.push('\\');
                escaped.push(c);
            }
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn a_name_stays_a_name() {
        assert_eq!(escaped("a|b_c\n@d <x>"), "a\\|b\\_c &#64;d &lt;x&gt;");
    }
}
