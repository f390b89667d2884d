//! Verification reports: one for each attempt that came to the checks, and never changed.

use kycsim_scenarios::vendor::{Outcome, Reason};
use serde::{Deserialize, Serialize};

use super::desk::StripeDesk;
use super::errors::no_such;
use super::expand::Expand;
use super::form::Fields;
use super::names::spell;
use super::options::{DocumentType, Kind, Options};
use super::particulars::ID_MAX;
use super::reasons::{Code, Section};
use super::served::{Served, json};
use super::shelf::{Created, Named, Paging};
use super::verification::Verification;
use super::wire::{self, List};
use crate::clock::WallEpoch;
use crate::id::{SessionId, digest};
use crate::refusal::Refusal;
use crate::session::Session;

/// What a customer wants of reports.
pub(super) enum Ask {
    Retrieve { id: String, expand: Expand },
    List { paging: Paging, filter: Filter, expand: Expand },
}

/// Which reports are listed.
pub(super) struct Filter {
    kind: Option<Kind>,
    session: Option<String>,
    reference: Option<String>,
    created: Created,
}

/// One report.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Report {
    pub(super) id: String,
    pub(super) session: SessionId,
    pub(super) client_reference_id: Option<String>,
    pub(super) created: i64,
    pub(super) kind: Kind,
    pub(super) verification_flow: Option<String>,
    pub(super) options: Options,
    /// Who the person on the document is said to be.
    pub(super) applicant: String,
    pub(super) country: String,
    pub(super) document: Option<Finding>,
    pub(super) selfie: Option<Finding>,
    pub(super) id_number: Option<Finding>,
    pub(super) document_type: DocumentType,
    /// Of the document, by id.
    pub(super) files: Vec<String>,
    pub(super) selfie_file: Option<String>,
    pub(super) redacted: bool,
}

/// What one check found; no error: nothing wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Finding {
    pub(super) error: Option<Code>,
}

impl Named for Report {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Report {
    /// Writes the report about a session's latest decision; none when that did not come of checks, or there is none.
    pub(super) fn of(verification: &Verification, session: &Session, wall: WallEpoch) -> Option<Self> {
        let decided = session.decided.as_ref()?;
        let (decision, asks) = (&decided.decision, verification.particulars.asks());
        let failed = decision.outcome != Outcome::Approved;
        if failed && verification.code(decision).section() == Section::Visit {
            return None;
        }
        let codes: Vec<Code> = match (failed, &decision.reasons[..]) {
            (false, _) => Vec::new(),
            (true, []) => vec![verification.code(decision)],
            (true, reasons) => reasons.iter().map(|reason: &Reason| Code::of(*reason, asks)).collect(),
        };
        let finding =
            |asked: bool, section: Section| asked.then(|| Finding { error: codes.iter().copied().find(|code| code.section() == section) });
        let (particulars, captured) = (&verification.particulars, &verification.captured);
        let shown = DocumentType::of(session.about.document);
        Some(Self {
            id: Self::name(session)?,
            session: session.about.id.clone(),
            client_reference_id: particulars.client_reference_id.clone(),
            created: wall.at(decided.at).as_second(),
            kind: particulars.kind,
            verification_flow: particulars.verification_flow.clone(),
            options: particulars.options.clone(),
            applicant: session.about.fate.applicant().as_str().to_owned(),
            country: session.about.country.as_str().to_owned(),
            document: finding(asks.document, Section::Document),
            selfie: finding(asks.selfie, Section::Selfie),
            id_number: finding(asks.id_number, Section::IdNumber),
            document_type: captured.document.unwrap_or(shown),
            files: captured.front.iter().chain(&captured.back).cloned().collect(),
            selfie_file: captured.selfie.clone(),
            redacted: false,
        })
    }

    /// Returns the id of the report about a session's latest decision: the same however often it is asked for.
    pub(super) fn name(session: &Session) -> Option<String> {
        let attempt = session.decided.as_ref()?.decision.attempt;
        let parts = [session.about.id.as_str().as_bytes(), &attempt.to_le_bytes(), &session.revisions().to_le_bytes()];
        Some(spell("vr_1K", digest("a verification report", &parts)))
    }
}

impl Ask {
    pub(super) fn retrieve(id: &str, fields: &mut Fields) -> Result<Self, Refusal> {
        Ok(Self::Retrieve { id: id.to_owned(), expand: Expand::read(fields, "", Expand::REPORT)? })
    }

    pub(super) fn list(fields: &mut Fields) -> Result<Self, Refusal> {
        let filter = Filter {
            kind: fields.choice("type", Kind::WORDS)?,
            session: fields.text("verification_session", ID_MAX)?.value(),
            reference: fields.text("client_reference_id", ID_MAX)?.value(),
            created: Created::read(fields)?,
        };
        Ok(Self::List { paging: Paging::read(fields)?, filter, expand: Expand::read(fields, "data.", Expand::REPORT)? })
    }
}

impl Filter {
    fn picks(&self, report: &Report) -> bool {
        self.kind.is_none_or(|kind| report.kind == kind)
            && self.session.as_deref().is_none_or(|session| report.session.as_str() == session)
            && self.reference.as_ref().is_none_or(|reference| report.client_reference_id.as_ref() == Some(reference))
            && self.created.has(report.created)
    }
}

impl StripeDesk {
    pub(super) fn serve_reports(&self, ask: &Ask) -> Result<Served, Refusal> {
        match ask {
            Ask::Retrieve { id, expand } => {
                let report = self.known.reports.get(id).ok_or_else(|| no_such("verificationreport", id, "report"))?;
                Ok(json(&wire::report(report, expand, "")))
            }
            Ask::List { paging, filter, expand } => {
                let page = self.known.reports.page(paging, "verificationreport", |report| filter.picks(report))?;
                let data = page.things.into_iter().map(|report| wire::report(report, expand, "")).collect();
                Ok(json(&List::new("/v1/identity/verification_reports", data, page.has_more)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use kycsim_scenarios::language::{Confidence, DocumentKind};
    use kycsim_scenarios::vendor::Decision;
    use kycsim_scenarios::{ApplicantKey, Fate, SimTime};

    use std::sync::Arc;

    use super::super::particulars::Particulars;
    use super::*;
    use crate::call::Pictures;
    use crate::clock::{Clock, ClockMode};
    use crate::session::{About, CountryCode};

    fn report(options: &str, outcome: Outcome, reasons: &[Reason]) -> Option<Report> {
        let mut session = Session::new(About {
            id: SessionId::named("vs_1"),
            fate: Fate::new(7, ApplicantKey::new("a-1")),
            ordinal: 0,
            country: CountryCode::parse("DE").unwrap(),
            document: DocumentKind::ResidencePermit,
            callback_url: None,
            created_at: SimTime::ZERO,
        });
        session.submit(Pictures::None, SimTime::ZERO).unwrap();
        session.decide(&Decision { attempt: 1, outcome, reasons: reasons.to_vec() }, &Confidence::default(), SimTime::ZERO).unwrap();
        let particulars =
            Particulars::read(&mut Fields::parse(format!("type=document&{options}").as_bytes()).unwrap()).unwrap_or_else(|_| panic!());
        let verification = Verification::new(session.about.id.clone(), 0, Arc::new(particulars), "".into());
        Report::of(&verification, &session, Clock::new(ClockMode::Frozen).wall())
    }

    const SELFIE: &str = "options[document][require_matching_selfie]=true&options[document][require_id_number]=true";

    #[test]
    fn the_sections_are_what_was_asked_for() {
        let plain = report("", Outcome::Approved, &[]).unwrap();
        assert_eq!((plain.document, plain.selfie, plain.id_number), (Some(Finding { error: None }), None, None));
        let all = report(SELFIE, Outcome::Declined, &[Reason::SelfieMismatch]).unwrap();
        assert_eq!(all.document, Some(Finding { error: None }));
        assert_eq!(all.selfie, Some(Finding { error: Some(Code::SelfieFaceMismatch) }));
        assert_eq!((all.id_number, all.document_type), (Some(Finding { error: None }), DocumentType::IdCard));
    }

    #[test]
    fn what_ends_the_visit_has_no_report() {
        assert!(report(SELFIE, Outcome::Declined, &[Reason::Underage]).is_none());
        assert!(report(SELFIE, Outcome::Review, &[Reason::SanctionsHit]).is_some());
    }
}
