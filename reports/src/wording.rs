//! The model's enums and names in words for a reader, the same in every face.

use crate::figures;
use crate::model::{Baseline, Ended, FindingKind, Held, Integrity, Objective, Verdict};

/// Returns the verdict in one word.
#[must_use]
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "Passed",
        Verdict::Failed => "Failed",
        Verdict::Inconclusive => "Inconclusive",
    }
}

/// Returns whether an objective held, in words for a table.
#[must_use]
pub fn held(held: Held) -> &'static str {
    match held {
        Held::Yes => "held",
        Held::No => "missed",
        Held::Inconclusive => "inconclusive",
    }
}

/// Returns in how many an objective was measured, and what the baseline measured, to stand beside what was measured: `in 132; baseline 3.9 s`.
#[must_use]
pub fn measured_in(objective: &Objective) -> String {
    let count = objective.count.map(|count| format!("in {}", figures::count(count)));
    let baseline = objective.baseline.as_ref().map(|baseline| format!("baseline {}", plain(baseline)));
    count.into_iter().chain(baseline).collect::<Vec<_>>().join("; ")
}

/// Returns what was compared with, in one sentence.
#[must_use]
pub fn baseline(baseline: &Baseline) -> String {
    let Baseline { id, scenario, seed, differs } = baseline;
    let run = format!("Compared with the baseline run {} (scenario {}, seed {seed})", plain(id), plain(scenario));
    if differs.is_empty() { format!("{run}.") } else { format!("{run}, which differs: {}.", plain(&differs.join(", "))) }
}

/// Returns a mark that tells the three apart without colour.
#[must_use]
pub fn held_mark(held: Held) -> &'static str {
    match held {
        Held::Yes => "✓",
        Held::No => "✗",
        Held::Inconclusive => "?",
    }
}

/// Returns the same three marks for a verdict.
#[must_use]
pub fn verdict_mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "✓",
        Verdict::Failed => "✗",
        Verdict::Inconclusive => "?",
    }
}

/// Returns a finding's kind in a word or a few.
#[must_use]
pub fn finding(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::Lost => "lost",
        FindingKind::Contradicted => "contradicted",
        FindingKind::NeverDecided => "never decided",
        FindingKind::ApprovedAfterRejection => "approved after rejection",
        FindingKind::Regressed => "regressed",
        FindingKind::Doubled => "doubled",
        FindingKind::DuplicateAttempt => "duplicate attempt",
        FindingKind::Forged => "forged",
        FindingKind::ConsentMissing => "consent missing",
        FindingKind::Stuck => "stuck",
        FindingKind::ResubmissionIgnored => "resubmission ignored",
        FindingKind::ReviewOrphaned => "review orphaned",
    }
}

/// Returns what holds when there is no finding of this kind.
#[must_use]
pub fn finding_absent(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::Lost => "nothing lost",
        FindingKind::Contradicted => "nothing contradicted",
        FindingKind::NeverDecided => "nothing shown that was never decided",
        FindingKind::ApprovedAfterRejection => "nobody approved after a rejection",
        FindingKind::Regressed => "nothing regressed",
        FindingKind::Doubled => "nothing doubled",
        FindingKind::DuplicateAttempt => "no duplicate attempt",
        FindingKind::Forged => "nothing forged",
        FindingKind::ConsentMissing => "no consent missing",
        FindingKind::Stuck => "nothing stuck",
        FindingKind::ResubmissionIgnored => "no resubmission ignored",
        FindingKind::ReviewOrphaned => "no review case orphaned",
    }
}

/// Returns what a finding of this kind means for the applicant.
#[must_use]
pub fn finding_meaning(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::Lost => "the vendor decided, and the backend never took notice",
        FindingKind::Contradicted => "the backend holds another decision than the one that was made",
        FindingKind::NeverDecided => "an outcome was shown that nobody had decided",
        FindingKind::ApprovedAfterRejection => "a no was final, and became a yes that nobody had decided",
        FindingKind::Regressed => "what was over was taken back to an earlier state",
        FindingKind::Doubled => "one decision had its effect more than once",
        FindingKind::DuplicateAttempt => "the vendor was asked more often than the applicant had submitted",
        FindingKind::Forged => "a callback that nobody signed, or not now, was taken for the vendor's",
        FindingKind::ConsentMissing => "data went to the vendor that nobody had consented to",
        FindingKind::Stuck => "nobody holds the next move, and nothing more will happen",
        FindingKind::ResubmissionIgnored => "another attempt was asked for or handed in, and led to nothing",
        FindingKind::ReviewOrphaned => "a case and its applicant have lost each other",
    }
}

/// Returns how the run ended; none when there is nothing to warn of.
#[must_use]
pub fn ended(ended: Ended) -> Option<&'static str> {
    match ended {
        Ended::Unfinished => Some("This run did not finish: what is here is what was on disk when it was killed."),
        Ended::CutShort => Some("This run was asked to stop before its schedule was over."),
        Ended::Complete => None,
    }
}

/// Returns the integrity check's result in one sentence.
#[must_use]
pub fn integrity(integrity: &Integrity) -> String {
    if !integrity.checked {
        return "Not checked: the backend gave no final answers to compare with.".to_owned();
    }
    let compared = figures::counted(integrity.applicants, "applicant", "applicants");
    if integrity.findings.is_empty() {
        return format!("Clean: {compared} compared, no finding of any of {} kinds.", FindingKind::ALL.len());
    }
    let kinds: Vec<_> = FindingKind::ALL
        .into_iter()
        .map(|kind| (kind, found(integrity, kind)))
        .filter(|(_, number)| *number > 0)
        .map(|(kind, number)| format!("{} {}", figures::count(number), finding(kind)))
        .collect();
    format!("{} among {compared}.", kinds.join(", "))
}

/// Returns how many findings are of this kind.
#[must_use]
pub fn found(integrity: &Integrity, kind: FindingKind) -> u64 {
    integrity.findings.iter().map(|finding| u64::from(finding.kind == kind)).sum()
}

/// Returns a name of the model as words, [plain]: `segment.vendor` is `vendor`, `capture_document` is `capture document`.
#[must_use]
pub fn name(name: &str) -> String {
    let last = name.strip_prefix("segment.").or_else(|| name.strip_prefix("step.")).unwrap_or(name);
    plain(&last.replace('_', " "))
}

/// Returns `text` on one line and without control characters: names come from scenario files, and must not steer a terminal.
#[must_use]
pub fn plain(text: &str) -> String {
    let words: Vec<_> = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_their_prefix_and_underscores() {
        assert_eq!(name("segment.vendor"), "vendor");
        assert_eq!(name("step.capture_document"), "capture document");
        assert_eq!(name("decision_latency"), "decision latency");
    }

    #[test]
    fn plain_text_cannot_steer_a_terminal() {
        assert_eq!(plain("a\u{1b}[31m\n b"), "a [31m b");
    }
}
