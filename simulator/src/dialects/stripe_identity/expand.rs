//! `expand[]`: what an answer has in full that is otherwise an id, or not there at all.

use super::errors::invalid;
use super::form::Fields;
use crate::refusal::Refusal;

/// How many paths one request may expand.
const PATHS_MAX: usize = 20;

/// The paths that a request expands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Expand(Vec<String>);

impl Expand {
    /// What can be expanded of a session.
    pub(super) const SESSION: &[&str] = &[
        "verified_outputs",
        "verified_outputs.dob",
        "verified_outputs.id_number",
        "last_verification_report",
        "last_verification_report.document.dob",
        "last_verification_report.document.number",
        "last_verification_report.document.expiration_date",
        "last_verification_report.id_number.dob",
        "last_verification_report.id_number.id_number",
    ];
    /// What can be expanded of a report.
    pub(super) const REPORT: &[&str] =
        &["document.dob", "document.number", "document.expiration_date", "id_number.dob", "id_number.id_number"];

    /// Takes the paths out of a form; in a list they begin with `within`. What `known` does not name cannot be expanded.
    pub(super) fn read(fields: &mut Fields, within: &str, known: &[&str]) -> Result<Self, Refusal> {
        let paths = fields.list("expand", 255)?;
        if paths.len() > PATHS_MAX {
            return Err(invalid(Some("expand"), format!("You can expand at most {PATHS_MAX} properties.")));
        }
        let known = |path: &str| path.strip_prefix(within).filter(|path| known.contains(path)).map(str::to_owned);
        let read = paths
            .into_iter()
            .map(|(name, path)| known(&path).ok_or_else(|| invalid(Some(&name), format!("This property cannot be expanded ({path})."))));
        read.collect::<Result<_, _>>().map(Self)
    }

    /// Whether nothing is expanded.
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this is expanded, or something within it.
    pub(super) fn has(&self, path: &str) -> bool {
        self.0.iter().any(|expanded| expanded.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: &str, within: &str) -> Result<Expand, Refusal> {
        Expand::read(&mut Fields::parse(form.as_bytes()).unwrap(), within, Expand::SESSION)
    }

    #[test]
    fn what_is_within_is_expanded_with_it() {
        let expand = read("expand[]=verified_outputs.dob", "").unwrap();
        assert!(expand.has("verified_outputs") && expand.has("verified_outputs.dob"));
        assert!(!expand.has("verified_outputs.id_number") && !expand.has("verified") && !expand.has("last_verification_report"));
        assert!(read("expand[0]=data.verified_outputs", "data.").unwrap().has("verified_outputs"));
    }

    #[test]
    fn what_cannot_be_expanded_is_refused() {
        assert!(read("expand[]=status", "").is_err());
        assert!(read("expand[]=verified_outputs", "data.").is_err());
        assert!(read(&"expand[]=verified_outputs&".repeat(PATHS_MAX + 1), "").is_err());
    }
}
