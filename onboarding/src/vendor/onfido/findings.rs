//! What the reports of a check that is `consider` come to.
//!
//! A report is a tree of breakdowns. What counts is its result, for a document its sub-result, and which leaves are not clear. Where the vendor does not say
//! plainly that something is wrong, or we have no word for what it says, people look.

use serde::Deserialize;
use serde_json::Value;

use crate::decision::{Outcome, Reason};

#[derive(Deserialize)]
pub(super) struct ReportWire {
    name: String,
    status: Option<String>,
    result: Option<String>,
    sub_result: Option<String>,
    #[serde(default)]
    breakdown: Value,
}

/// One place in the tree that is not clear: the branch, the leaf below it if it has any, and what was noted there.
struct Finding<'a> {
    branch: &'a str,
    leaf: &'a str,
    properties: &'a Value,
}

impl ReportWire {
    /// Says whether no more will come of it.
    pub(super) fn is_done(&self) -> bool {
        matches!(self.status.as_deref(), Some("complete" | "withdrawn" | "cancelled"))
    }

    fn findings(&self) -> Vec<Finding<'_>> {
        let mut findings = Vec::new();
        for (branch, value) in members(&self.breakdown) {
            let leaves = value.get("breakdown").map(members).into_iter().flatten();
            let before = findings.len();
            findings.extend(leaves.filter(|(_, leaf)| !is_clear(leaf)).map(|(leaf, value)| Finding {
                branch,
                leaf,
                properties: value.get("properties").unwrap_or(&Value::Null),
            }));
            if findings.len() == before && !is_clear(value) {
                findings.push(Finding { branch, leaf: "", properties: value.get("properties").unwrap_or(&Value::Null) });
            }
        }
        findings
    }

    fn reasons(&self, read: impl Fn(&Finding<'_>) -> Reason) -> Vec<Reason> {
        self.findings().iter().map(read).collect()
    }
}

/// Weighs all reports together. A doubt in one of them outweighs a no in another: people look at both.
pub(super) fn weigh(reports: &[ReportWire]) -> (Outcome, Vec<Reason>) {
    let mut outcome = None;
    let mut reasons = Vec::new();
    for report in reports {
        let Some((found, why)) = meaning(report) else { continue };
        outcome = outcome.max(Some(weight(found)));
        reasons.extend(why);
    }
    reasons.sort_unstable();
    reasons.dedup();
    // A check that is not clear and whose reports all are: nobody can say what that means.
    (outcome.map_or(Outcome::Review, |(_, outcome)| outcome), reasons)
}

const fn weight(outcome: Outcome) -> (u8, Outcome) {
    let weight = match outcome {
        Outcome::Approved => 0,
        Outcome::ResubmissionRequested => 1,
        Outcome::Declined => 2,
        Outcome::Review => 3,
    };
    (weight, outcome)
}

/// What one report comes to; nothing when it is clear, or was never made.
fn meaning(report: &ReportWire) -> Option<(Outcome, Vec<Reason>)> {
    match (report.result.as_deref(), report.status.as_deref()) {
        (Some("clear"), _) | (None, Some("withdrawn" | "cancelled")) => return None,
        _ => {}
    }
    Some(match report.name.as_str() {
        "document" => document(report),
        "facial_similarity_photo" => face(report),
        // A name on a list is a name: never a reason to turn somebody away unseen.
        "watchlist_standard" => (Outcome::Review, report.reasons(list)),
        _ => (Outcome::Review, vec![Reason::Unrecognised]),
    })
}

fn document(report: &ReportWire) -> (Outcome, Vec<Reason>) {
    let reasons = report.reasons(document_reason);
    let outcome = match (report.result.as_deref(), report.sub_result.as_deref()) {
        // Signs of fraud; without one that is named it is a suspicion, and people look.
        (Some("consider"), Some("suspected")) if !reasons.is_empty() => Outcome::Declined,
        (Some("consider"), Some("rejected")) => Outcome::ResubmissionRequested,
        _ => Outcome::Review, // `caution`, and all that is not said plainly
    };
    (outcome, reasons)
}

fn document_reason(finding: &Finding<'_>) -> Reason {
    match (finding.branch, finding.leaf) {
        ("image_integrity", "image_quality") => image_reason(finding.properties),
        ("image_integrity", "supported_document") => Reason::UnsupportedDocument,
        ("image_integrity", _) | ("visual_authenticity", "face_detection") => Reason::DocumentUnreadable,
        ("data_validation", "document_expiration" | "expiry_date") => Reason::DocumentExpired,
        ("visual_authenticity", "other" | "") | ("data_validation" | "data_consistency" | "data_comparison" | "police_record", _) => {
            Reason::LowConfidence
        }
        ("visual_authenticity" | "issuing_authority", _) | ("compromised_document", "document_database" | "") => Reason::DocumentForged,
        ("compromised_document", "repeat_attempts") => Reason::DuplicateIdentity,
        ("age_validation", _) => Reason::Underage,
        _ => Reason::Unrecognised,
    }
}

/// What is wrong with the picture of the document: the first note that an applicant can do something about.
fn image_reason(properties: &Value) -> Reason {
    // What stands behind a note is not documented: a yes in some form, or nothing.
    let noted = |note: &str| {
        properties.get(note).is_some_and(|value| {
            !matches!(value.as_str(), Some("" | "false" | "clear")) && *value != Value::Bool(false) && !value.is_null()
        })
    };
    if noted("blurred_photo") {
        Reason::ImageBlurred
    } else if noted("glare_on_photo") {
        Reason::ImageGlare
    } else {
        Reason::DocumentUnreadable
    }
}

fn face(report: &ReportWire) -> (Outcome, Vec<Reason>) {
    let bad_picture = report.findings().iter().any(|finding| finding.branch == "image_integrity");
    let reasons = report.reasons(face_reason);
    let outcome = match report.result.as_deref() {
        Some("consider") if !reasons.is_empty() => Outcome::Declined,
        // No face to be seen, or no camera behind the picture: that can be done again.
        Some("unidentified") if bad_picture => Outcome::ResubmissionRequested,
        _ => Outcome::Review,
    };
    (outcome, reasons)
}

fn face_reason(finding: &Finding<'_>) -> Reason {
    match finding.branch {
        "face_comparison" => Reason::SelfieMismatch,
        "visual_authenticity" | "image_integrity" => Reason::LivenessFailed,
        _ => Reason::Unrecognised,
    }
}

fn list(finding: &Finding<'_>) -> Reason {
    match finding.branch {
        "sanction" => Reason::SanctionsHit,
        "politically_exposed_person" => Reason::PepMatch,
        _ => Reason::Unrecognised,
    }
}

fn members(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value))
}

/// A place without a result was not looked at, so nothing was found there.
fn is_clear(place: &Value) -> bool {
    place.get("result").and_then(Value::as_str).is_none_or(|result| result == "clear")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report(name: &str, result: &str, sub_result: Option<&str>, breakdown: Value) -> ReportWire {
        let body = json!({ "name": name, "status": "complete", "result": result, "sub_result": sub_result, "breakdown": breakdown });
        serde_json::from_value(body).unwrap()
    }

    /// A branch with one leaf that is not clear, and one that is.
    fn tree(branch: &str, leaf: &str, result: &str, properties: &Value) -> Value {
        json!({ branch: { "result": "consider", "breakdown": {
            leaf: { "result": result, "properties": properties }, "another": { "result": "clear", "properties": {} },
        } }, "clear_branch": { "result": "clear", "breakdown": {} } })
    }

    #[track_caller]
    fn check(reports: &[ReportWire], outcome: Outcome, reasons: &[Reason]) {
        assert_eq!(weigh(reports), (outcome, reasons.to_vec()));
    }

    #[track_caller]
    fn document(sub_result: &str, branch: &str, leaf: &str, outcome: Outcome, reason: Reason) {
        let report = report("document", "consider", Some(sub_result), tree(branch, leaf, "consider", &json!({})));
        check(&[report], outcome, &[reason]);
    }

    #[test]
    fn a_suspected_document_is_a_no_with_its_reason() {
        for leaf in ["fonts", "template", "digital_tampering", "original_document_present"] {
            document("suspected", "visual_authenticity", leaf, Outcome::Declined, Reason::DocumentForged);
        }
        document("suspected", "data_validation", "document_expiration", Outcome::Declined, Reason::DocumentExpired);
        document("suspected", "age_validation", "minimum_accepted_age", Outcome::Declined, Reason::Underage);
        document("suspected", "compromised_document", "repeat_attempts", Outcome::Declined, Reason::DuplicateIdentity);
        // These the policy leaves to people.
        document("suspected", "visual_authenticity", "other", Outcome::Declined, Reason::LowConfidence);
        document("suspected", "palm_reading", "life_line", Outcome::Declined, Reason::Unrecognised);
    }

    #[test]
    fn a_suspicion_without_a_reason_is_a_doubt() {
        check(&[report("document", "consider", Some("suspected"), json!({}))], Outcome::Review, &[]);
    }

    #[test]
    fn a_rejected_document_is_asked_for_again() {
        document("rejected", "image_integrity", "supported_document", Outcome::ResubmissionRequested, Reason::UnsupportedDocument);
        document("rejected", "data_validation", "document_expiration", Outcome::ResubmissionRequested, Reason::DocumentExpired);
        for (properties, reason) in [
            (json!({ "blurred_photo": "true" }), Reason::ImageBlurred),
            (json!({ "glare_on_photo": true, "blurred_photo": "false" }), Reason::ImageGlare),
            (json!({ "glare_on_photo": "unidentified" }), Reason::ImageGlare),
            (json!({ "cut_off_document": "true" }), Reason::DocumentUnreadable),
            (json!({ "blurred_photo": null }), Reason::DocumentUnreadable),
            (json!(null), Reason::DocumentUnreadable),
        ] {
            let breakdown = tree("image_integrity", "image_quality", "unidentified", &properties);
            check(&[report("document", "consider", Some("rejected"), breakdown)], Outcome::ResubmissionRequested, &[reason]);
        }
    }

    #[test]
    fn a_document_of_which_nothing_is_said_plainly_goes_to_people() {
        document("caution", "data_comparison", "last_name", Outcome::Review, Reason::LowConfidence);
        document("levitating", "visual_authenticity", "fonts", Outcome::Review, Reason::DocumentForged);
        check(&[report("document", "unidentified", None, json!({}))], Outcome::Review, &[]);
        check(&[report("document", "consider", None, json!({}))], Outcome::Review, &[]);
    }

    #[test]
    fn a_branch_may_be_its_own_leaf() {
        let breakdown = json!({ "police_record": { "result": "consider" } });
        check(&[report("document", "consider", Some("suspected"), breakdown)], Outcome::Declined, &[Reason::LowConfidence]);
    }

    #[track_caller]
    fn face(result: &str, branch: &str, leaf: &str, outcome: Outcome, reason: Reason) {
        check(&[report("facial_similarity_photo", result, None, tree(branch, leaf, result, &json!({})))], outcome, &[reason]);
    }

    #[test]
    fn a_face_is_a_no_a_doubt_or_another_picture() {
        face("consider", "face_comparison", "face_match", Outcome::Declined, Reason::SelfieMismatch);
        face("consider", "visual_authenticity", "spoofing_detection", Outcome::Declined, Reason::LivenessFailed);
        face("unidentified", "face_comparison", "face_match", Outcome::Review, Reason::SelfieMismatch);
        face("unidentified", "image_integrity", "face_detected", Outcome::ResubmissionRequested, Reason::LivenessFailed);
        face("unidentified", "image_integrity", "source_integrity", Outcome::ResubmissionRequested, Reason::LivenessFailed);
        check(&[report("facial_similarity_photo", "consider", None, json!({}))], Outcome::Review, &[]);
    }

    #[test]
    fn a_name_on_a_list_goes_to_people() {
        for (branch, reason) in [
            ("sanction", Reason::SanctionsHit),
            ("politically_exposed_person", Reason::PepMatch),
            ("legal_and_regulatory_warnings", Reason::Unrecognised),
        ] {
            check(
                &[report("watchlist_standard", "consider", None, json!({ branch: { "result": "consider" } }))],
                Outcome::Review,
                &[reason],
            );
        }
    }

    #[test]
    fn a_doubt_in_one_report_outweighs_a_no_in_another() {
        let forged = || report("document", "consider", Some("suspected"), tree("visual_authenticity", "fonts", "consider", &json!({})));
        let hit = report("watchlist_standard", "consider", None, json!({ "sanction": { "result": "consider" } }));
        check(&[forged(), hit], Outcome::Review, &[Reason::DocumentForged, Reason::SanctionsHit]);
        let blurred = tree("image_integrity", "image_quality", "unidentified", &json!({ "blurred_photo": "true" }));
        let mismatch = report("facial_similarity_photo", "consider", None, tree("face_comparison", "face_match", "consider", &json!({})));
        let reasons = [Reason::ImageBlurred, Reason::SelfieMismatch];
        check(&[report("document", "consider", Some("rejected"), blurred), mismatch], Outcome::Declined, &reasons);
    }

    #[test]
    fn what_nobody_can_explain_goes_to_people() {
        check(&[], Outcome::Review, &[]);
        check(&[report("document", "clear", Some("clear"), json!({}))], Outcome::Review, &[]);
        check(&[report("palm_reading", "consider", None, json!({}))], Outcome::Review, &[Reason::Unrecognised]);
    }

    #[test]
    fn a_report_that_was_taken_back_says_nothing() {
        let withdrawn: ReportWire =
            serde_json::from_value(json!({ "name": "watchlist_standard", "status": "withdrawn", "result": null })).unwrap();
        assert!(withdrawn.is_done());
        let blurred = tree("image_integrity", "image_quality", "unidentified", &json!({ "blurred_photo": "true" }));
        let rejected = report("document", "consider", Some("rejected"), blurred);
        check(&[withdrawn, rejected], Outcome::ResubmissionRequested, &[Reason::ImageBlurred]);
    }
}
