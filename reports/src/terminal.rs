//! What stands on the screen when a run has ended.

use std::fmt::Write as _;
use std::io;

use crate::headline::Headline;
use crate::model::{Held, Run, Verdict};
use crate::{figures, wording};

/// A screen has some forty lines; `report.html` has all findings.
const FINDINGS_SHOWN: usize = 5;

/// Whether to use the terminal's colours. The caller knows whether it writes to a terminal; this face does not ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Colour {
    /// ANSI escape codes.
    Ansi,
    /// Text only: every meaning also has a mark or a word.
    #[default]
    None,
}

#[derive(Clone, Copy)]
enum Shade {
    Good,
    Bad,
    Unsure,
    Faint,
    Strong,
}

impl Colour {
    fn paint(self, shade: Shade, text: &str) -> String {
        let code = match shade {
            Shade::Good => "32",
            Shade::Bad => "31",
            Shade::Unsure => "33",
            Shade::Faint => "2",
            Shade::Strong => "1",
        };
        match self {
            Self::Ansi => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            Self::None => text.to_owned(),
        }
    }
}

/// Writes a short summary of the run as text.
///
/// # Errors
/// Whatever the writer refuses.
pub fn terminal(run: &Run, colour: Colour, out: &mut impl io::Write) -> io::Result<()> {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = summary(run, colour, &mut text);
    out.write_all(text.as_bytes())
}

fn summary(run: &Run, colour: Colour, text: &mut String) -> std::fmt::Result {
    let headline = Headline::of(run);
    let manifest = &run.manifest;
    let shade = match headline.verdict {
        Verdict::Passed => Shade::Good,
        Verdict::Failed => Shade::Bad,
        Verdict::Inconclusive => Shade::Unsure,
    };
    let verdict = format!("{} {}", wording::verdict_mark(headline.verdict), wording::verdict(headline.verdict).to_uppercase());
    writeln!(
        text,
        "{}  {}  {}",
        colour.paint(shade, &verdict),
        colour.paint(Shade::Strong, &wording::plain(&manifest.scenario.name)),
        colour.paint(Shade::Faint, &format!("seed {}, {}", manifest.seed, figures::duration(headline.lasted))),
    )?;
    writeln!(text, "  {}", headline.reasons.join(", "))?;
    if let Some(warning) = wording::ended(manifest.ended) {
        writeln!(text, "  {}", colour.paint(Shade::Unsure, warning))?;
    }
    for observation in &run.observations {
        writeln!(text, "  • {}", wording::plain(observation))?;
    }
    applicants(run, colour, text)?;
    latencies(run, colour, text)?;
    objectives(run, colour, text)?;
    integrity(run, colour, text)
}

fn title(colour: Colour, title: &str, text: &mut String) -> std::fmt::Result {
    writeln!(text, "\n{}", colour.paint(Shade::Strong, title))
}

fn applicants(run: &Run, colour: Colour, text: &mut String) -> std::fmt::Result {
    let totals = &run.totals;
    title(colour, "Applicants", text)?;
    let rows = [
        ("arrived", totals.arrived),
        ("approved", totals.approved),
        ("rejected", totals.rejected),
        ("abandoned", totals.abandoned),
        ("expired", totals.expired),
        ("in review", totals.in_review),
        ("under way", totals.in_flight),
    ];
    for (name, number) in rows {
        let share = figures::share_of(number, totals.arrived);
        writeln!(text, "  {name:<22}{:>9}{share:>9}", figures::count(number))?;
    }
    let review = &run.review;
    writeln!(
        text,
        "  {:<22}{:>9}  deepest; {} at the end, {}",
        "review queue",
        figures::count(review.depth_max),
        figures::count(review.depth_end),
        figures::counted(review.reviewers.into(), "reviewer", "reviewers"),
    )
}

fn latencies(run: &Run, colour: Colour, text: &mut String) -> std::fmt::Result {
    if run.latencies.iter().all(|latency| latency.count == 0) {
        return Ok(());
    }
    title(colour, "Latency", text)?;
    let head = format!("  {:<28}{:>9}{:>12}{:>12}{:>12}{:>12}", "", "count", "p50", "p95", "p99", "max");
    writeln!(text, "{}", colour.paint(Shade::Faint, &head))?;
    for latency in run.latencies.iter().filter(|latency| latency.count > 0) {
        writeln!(
            text,
            "  {:<28}{:>9}{:>12}{:>12}{:>12}{:>12}",
            wording::name(&latency.name),
            figures::count(latency.count),
            figures::duration(latency.p50),
            figures::duration(latency.p95),
            figures::duration(latency.p99),
            figures::duration(latency.max),
        )?;
    }
    Ok(())
}

fn objectives(run: &Run, colour: Colour, text: &mut String) -> std::fmt::Result {
    if run.objectives.is_empty() {
        return Ok(());
    }
    title(colour, "Objectives", text)?;
    if let Some(baseline) = &run.baseline {
        writeln!(text, "  {}", wording::baseline(baseline))?;
    }
    let width = |of: &dyn Fn(usize) -> usize| (0..run.objectives.len()).map(of).max().unwrap_or(0);
    let subject_width = width(&|i| wording::plain(&run.objectives[i].subject()).chars().count());
    let bound_width = width(&|i| run.objectives[i].bound.chars().count());
    for objective in &run.objectives {
        let (shade, word) = match objective.held {
            Held::Yes => (Shade::Good, wording::held(objective.held)),
            Held::No => (Shade::Bad, wording::held(objective.held)),
            Held::Inconclusive => (Shade::Unsure, wording::held(objective.held)),
        };
        let judged = format!("{} {word:<12}", wording::held_mark(objective.held));
        write!(
            text,
            "  {} {:<subject_width$}  {:<bound_width$}  {:>9}",
            colour.paint(shade, &judged),
            wording::plain(&objective.subject()),
            wording::plain(&objective.bound),
            objective.measured.as_deref().map_or(figures::NONE.to_owned(), wording::plain),
        )?;
        let beside: Vec<String> = [wording::measured_in(objective), objective.note.as_deref().map(wording::plain).unwrap_or_default()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        if !beside.is_empty() {
            write!(text, "  {}", colour.paint(Shade::Faint, &beside.join("; ")))?;
        }
        text.push('\n');
    }
    Ok(())
}

fn integrity(run: &Run, colour: Colour, text: &mut String) -> std::fmt::Result {
    let integrity = &run.integrity;
    title(colour, "Integrity", text)?;
    let shade = match (integrity.checked, integrity.findings.is_empty()) {
        (_, false) => Shade::Bad,
        (true, true) => Shade::Good,
        (false, true) => Shade::Unsure,
    };
    writeln!(text, "  {}", colour.paint(shade, &wording::integrity(integrity)))?;
    for finding in integrity.findings.iter().take(FINDINGS_SHOWN) {
        writeln!(
            text,
            "  {} {}: {}",
            wording::finding(finding.kind),
            wording::plain(&finding.applicant),
            wording::plain(&finding.summary)
        )?;
        if !finding.replay.is_empty() {
            writeln!(text, "    {}", colour.paint(Shade::Faint, &wording::plain(&finding.replay)))?;
        }
    }
    if integrity.findings.len() > FINDINGS_SHOWN {
        writeln!(text, "  and {} more in the report", integrity.findings.len() - FINDINGS_SHOWN)?;
    }
    Ok(())
}
