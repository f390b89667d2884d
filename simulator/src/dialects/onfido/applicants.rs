//! Applicants. Each is a session of the core, by the same id; what else it takes to go through several checks are further sessions of the same applicant.

use hyper::StatusCode;
use hyper::header::{HeaderName, HeaderValue, LINK};
use kycsim_scenarios::language::DocumentKind;
use kycsim_scenarios::vendor::SessionState;
use kycsim_scenarios::{ApplicantKey, SimTime};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::desk::{OnfidoDesk, Visit};
use super::errors::{deletion_incomplete_checks, gone, invalid, not_found};
use super::fields::Parameters;
use super::media::Medium;
use super::profile::{Address, IdNumber, Location, Profile};
use super::shelf::Named;
use super::wire::{self, Time, href};
use crate::call::NewSession;
use crate::clock::WallEpoch;
use crate::dialects::Reply;
use crate::id::SessionId;
use crate::refusal::Refusal;
use crate::session::{ImageSlot, Side};

/// How long after its deletion an applicant is to be erased, in seconds: 24 hours.
const DELETED_AFTER: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);

/// Somebody whom a customer told of.
#[derive(Serialize, Deserialize)]
pub(super) struct Applicant {
    id: String,
    /// Whose fate it is.
    pub(super) key: ApplicantKey,
    pub(super) created_at: SimTime,
    pub(super) profile: Profile,
    delete_at: Option<SimTime>,
    /// The core's sessions, the latest last. Never empty.
    pub(super) sessions: Vec<SessionId>,
    /// Whether the latest session has not all the pictures that are here.
    pub(super) behind: bool,
    pub(super) media: Vec<String>,
    pub(super) checks: Vec<String>,
    pub(super) runs: Vec<String>,
    pub(super) monitors: Vec<String>,
}

impl Named for Applicant {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Applicant {
    pub(super) const fn is_deleted(&self) -> bool {
        self.delete_at.is_some()
    }

    /// Its latest session.
    pub(super) fn session(&self) -> Option<&SessionId> {
        self.sessions.last()
    }
}

/// Which applicants are listed.
pub(super) struct Listing {
    page: usize,
    per_page: usize,
    include_deleted: bool,
}

impl Listing {
    pub(super) fn read(query: &Parameters<'_>) -> Result<Self, Refusal> {
        Ok(Self {
            page: query.number("page", 1, 1..=1_000_000)?,
            per_page: query.number("per_page", 20, 1..=500)?,
            include_deleted: query.flag("include_deleted")?,
        })
    }
}

#[derive(Serialize)]
struct ApplicantWire<'a> {
    id: &'a str,
    created_at: Time,
    sandbox: bool,
    first_name: Option<&'a str>,
    last_name: Option<&'a str>,
    email: Option<&'a str>,
    dob: Option<&'a str>,
    phone_number: Option<&'a str>,
    delete_at: Option<Time>,
    href: String,
    id_numbers: &'a [IdNumber],
    address: Option<Value>,
    location: Option<&'a Location>,
}

fn wire<'a>(applicant: &'a Applicant, sandbox: bool, wall: WallEpoch) -> ApplicantWire<'a> {
    let profile = &applicant.profile;
    let address = |address: &Address| {
        let mut all = address.rest.clone();
        all.insert("country".to_owned(), json!(address.country));
        Value::Object(all)
    };
    ApplicantWire {
        id: &applicant.id,
        created_at: Time::of(wall, applicant.created_at),
        sandbox,
        first_name: profile.first_name.as_deref(),
        last_name: profile.last_name.as_deref(),
        email: profile.email.as_deref(),
        dob: profile.dob.as_deref(),
        phone_number: profile.phone_number.as_deref(),
        delete_at: applicant.delete_at.map(|at| Time::of(wall, at)),
        href: href(&format!("applicants/{}", applicant.id)),
        id_numbers: profile.id_numbers.as_deref().unwrap_or_default(),
        address: profile.address.as_ref().map(address),
        location: profile.location.as_ref(),
    }
}

impl OnfidoDesk {
    /// Returns the name under which the core is to know an applicant who is still to be told of.
    pub(super) fn key_of(&self, profile: &Profile) -> ApplicantKey {
        // Without any name of the customer's: one that can be told before, for orders.
        profile.key().unwrap_or_else(|| ApplicantKey::new(format!("applicant-{}", self.state.applicants.len() + 1)))
    }

    pub(super) fn applicant(&self, id: &str) -> Result<&Applicant, Refusal> {
        self.state.applicants.get(id).ok_or_else(|| not_found("Applicant", id))
    }

    pub(super) fn applicant_mut(&mut self, id: &str) -> Result<&mut Applicant, Refusal> {
        self.state.applicants.get_mut(id).ok_or_else(|| not_found("Applicant", id))
    }

    /// Returns an applicant with whom something can be done.
    pub(super) fn present_applicant(&self, id: &str) -> Result<&Applicant, Refusal> {
        self.applicant(id).and_then(|applicant| if applicant.is_deleted() { Err(gone("applicant")) } else { Ok(applicant) })
    }

    pub(super) fn create_applicant(&mut self, profile: &Profile, visit: &mut Visit<'_, '_>) -> Result<Reply, Refusal> {
        let key = self.key_of(profile);
        let country = profile.country().ok_or_else(|| invalid("address.country", "is not a country"))?;
        // Which document they will hand in nobody knows yet.
        let new = NewSession { applicant: key.clone(), country, document: DocumentKind::Passport, callback_url: None };
        let session = visit.counter.create(new)?.about.id.clone();
        visit.begun = Some(session.clone());
        let applicant = Applicant {
            id: session.as_str().to_owned(),
            key,
            created_at: visit.counter.now(),
            profile: profile.clone(),
            delete_at: None,
            sessions: vec![session],
            behind: false,
            media: Vec::new(),
            checks: Vec::new(),
            runs: Vec::new(),
            monitors: Vec::new(),
        };
        let reply = wire::json(StatusCode::CREATED, &wire(&applicant, self.sandbox, self.wall));
        self.state.applicants.put(applicant);
        Ok(reply)
    }

    pub(super) fn show_applicant(&self, id: &str) -> Result<Reply, Refusal> {
        Ok(wire::json(StatusCode::OK, &wire(self.applicant(id)?, self.sandbox, self.wall)))
    }

    pub(super) fn update_applicant(&mut self, id: &str, news: &Profile) -> Result<Reply, Refusal> {
        self.present_applicant(id)?;
        self.applicant_mut(id)?.profile.update(news.clone());
        self.show_applicant(id)
    }

    pub(super) fn list_applicants(&self, listing: &Listing, visit: &Visit<'_, '_>) -> Reply {
        let Listing { page, per_page, include_deleted } = *listing;
        let all: Vec<&Applicant> = self.state.applicants.iter().rev().filter(|each| include_deleted || !each.is_deleted()).collect();
        let pages = all.len().div_ceil(per_page).max(1);
        let shown = all.iter().skip((page - 1).saturating_mul(per_page)).take(per_page);
        let shown: Vec<_> = shown.map(|applicant| wire(applicant, self.sandbox, self.wall)).collect();
        let mut reply = wire::json(StatusCode::OK, &json!({ "applicants": shown }));
        let address = |page: usize, rel: &str| format!("<{}/applicants?page={page}&per_page={per_page}>; rel=\"{rel}\"", visit.base);
        let mut links = vec![address(1, "first"), address(pages, "last")];
        links.extend((page > 1).then(|| address(page - 1, "prev")));
        links.extend((page < pages).then(|| address(page + 1, "next")));
        let headers = reply.headers_mut();
        headers.insert(HeaderName::from_static("x-total-count"), HeaderValue::from(all.len()));
        if let Ok(links) = HeaderValue::try_from(links.join(", ")) {
            headers.insert(LINK, links);
        }
        reply
    }

    /// Deletes an applicant, which can be taken back for a day. What the core knows of the pictures is erased at once.
    pub(super) fn delete_applicant(&mut self, id: &str, visit: &mut Visit<'_, '_>) -> Result<Reply, Refusal> {
        let applicant = self.applicant(id)?;
        if applicant.is_deleted() {
            return Ok(wire::no_content());
        }
        let sessions = applicant.sessions.clone();
        for session in &sessions {
            if matches!(visit.counter.session(session)?.state, SessionState::Processing { .. }) {
                return Err(deletion_incomplete_checks());
            }
        }
        for session in &sessions {
            visit.counter.redact(session)?;
        }
        let at = visit.counter.now().saturating_add(DELETED_AFTER);
        let applicant = self.applicant_mut(id)?;
        (applicant.delete_at, applicant.behind) = (Some(at), true);
        Ok(wire::no_content())
    }

    pub(super) fn restore_applicant(&mut self, id: &str) -> Result<Reply, Refusal> {
        self.applicant_mut(id)?.delete_at = None;
        Ok(wire::no_content())
    }

    pub(super) fn list_consents(&self, id: &str) -> Result<Reply, Refusal> {
        let consents = self.applicant(id)?.profile.consents.as_deref().unwrap_or_default();
        Ok(wire::json(StatusCode::OK, &consents))
    }

    /// Returns a session in which what this applicant uploaded can be handed in: the latest, or another one when that is not to be had any more.
    pub(super) fn free_session(&mut self, id: &str, visit: &mut Visit<'_, '_>) -> Result<SessionId, Refusal> {
        let applicant = self.present_applicant(id)?;
        let latest = applicant.session().cloned().ok_or(Refusal::NoSuchSession)?;
        let taken = self.state.works.is_reserved(&latest);
        let session = match &visit.counter.session(&latest)?.state {
            SessionState::Collecting { .. } if !taken => latest,
            SessionState::Expired { .. } if !taken => visit.counter.reopen(&latest)?.about.id.clone(),
            SessionState::Collecting { .. }
            | SessionState::Expired { .. }
            | SessionState::Processing { .. }
            | SessionState::Decided { .. }
            | SessionState::Cancelled { .. } => return self.another_session(id, visit),
        };
        self.bring_up_to_date(id, &session, visit)?;
        Ok(session)
    }

    /// Begins another session of an applicant, with all that is here of theirs.
    pub(super) fn another_session(&mut self, id: &str, visit: &mut Visit<'_, '_>) -> Result<SessionId, Refusal> {
        let latest = self.present_applicant(id)?.session().cloned().ok_or(Refusal::NoSuchSession)?;
        let another = visit.counter.create_again(&latest)?.about.id.clone();
        visit.begun = Some(another.clone());
        let applicant = self.applicant_mut(id)?;
        applicant.sessions.push(another.clone());
        applicant.behind = true;
        self.bring_up_to_date(id, &another, visit)?;
        Ok(another)
    }

    /// Takes into a session what was uploaded while no session took it, or another did.
    pub(super) fn bring_up_to_date(&mut self, id: &str, session: &SessionId, visit: &mut Visit<'_, '_>) -> Result<(), Refusal> {
        let applicant = self.applicant(id)?;
        if !applicant.behind && applicant.session() == Some(session) {
            return Ok(());
        }
        for slot in [ImageSlot::Document(Side::Front), ImageSlot::Document(Side::Back), ImageSlot::Selfie] {
            let latest = applicant.media.iter().rev().filter_map(|medium| self.state.media.get(medium));
            if let Some(Medium { picture, .. }) = latest.into_iter().find(|medium| medium.slot() == Some(slot)) {
                visit.counter.take_in(session, slot, *picture)?;
            }
        }
        let applicant = self.applicant_mut(id)?;
        applicant.behind &= applicant.session() != Some(session);
        Ok(())
    }
}
