//! Verification sessions: what a customer does with them through the API.

use std::sync::Arc;

use kycsim_scenarios::SimTime;
use kycsim_scenarios::vendor::SessionState;

use super::desk::StripeDesk;
use super::errors::{invalid, no_such, own};
use super::expand::Expand;
use super::form::{Fields, TEXT_MAX};
use super::particulars::{Changes, ID_MAX, Particulars};
use super::reasons::Code;
use super::served::{Served, in_json, json, json_later};
use super::shelf::{Created, Paging};
use super::verification::{Redaction, Standing, Verification};
use super::wire::{self, List, Reported, SessionWire, Way};
use crate::call::NewSession;
use crate::id::SessionId;
use crate::pass::{PassPurpose, Passes};
use crate::refusal::Refusal;
use crate::session::Session;
use crate::world::Counter;

/// What a customer wants of sessions.
pub(super) enum Ask {
    Create { particulars: Arc<Particulars>, expand: Expand },
    Retrieve { id: SessionId, expand: Expand },
    List { paging: Paging, filter: Box<Filter>, expand: Expand },
    Update { id: SessionId, changes: Box<Changes>, expand: Expand },
    Cancel { id: SessionId, expand: Expand },
    Redact { id: SessionId, expand: Expand },
}

/// Which sessions are listed.
pub(super) struct Filter {
    status: Option<Standing>,
    reference: Option<String>,
    customer: Option<String>,
    account: Option<String>,
    created: Created,
}

impl Ask {
    pub(super) fn create(fields: &mut Fields) -> Result<Self, Refusal> {
        Ok(Self::Create { particulars: Arc::new(Particulars::read(fields)?), expand: Expand::read(fields, "", Expand::SESSION)? })
    }

    pub(super) fn list(fields: &mut Fields) -> Result<Self, Refusal> {
        let filter = Filter {
            status: fields.choice("status", Standing::WORDS)?,
            reference: fields.text("client_reference_id", TEXT_MAX)?.value(),
            customer: fields.text("related_customer", ID_MAX)?.value(),
            account: fields.text("related_customer_account", ID_MAX)?.value(),
            created: Created::read(fields)?,
        };
        Ok(Self::List { paging: Paging::read(fields)?, filter: Box::new(filter), expand: Expand::read(fields, "data.", Expand::SESSION)? })
    }

    pub(super) fn retrieve(id: &str, fields: &mut Fields) -> Result<Self, Refusal> {
        Ok(Self::Retrieve { id: SessionId::named(id), expand: Expand::read(fields, "", Expand::SESSION)? })
    }

    pub(super) fn update(id: &str, fields: &mut Fields) -> Result<Self, Refusal> {
        let changes = Box::new(Changes::read(fields)?);
        Ok(Self::Update { id: SessionId::named(id), changes, expand: Expand::read(fields, "", Expand::SESSION)? })
    }

    pub(super) fn cancel(id: &str, fields: &mut Fields) -> Result<Self, Refusal> {
        Ok(Self::Cancel { id: SessionId::named(id), expand: Expand::read(fields, "", Expand::SESSION)? })
    }

    pub(super) fn redact(id: &str, fields: &mut Fields) -> Result<Self, Refusal> {
        Ok(Self::Redact { id: SessionId::named(id), expand: Expand::read(fields, "", Expand::SESSION)? })
    }

    /// The session it is about, if there is one already.
    pub(super) const fn session(&self) -> Option<&SessionId> {
        match self {
            Self::Create { .. } | Self::List { .. } => None,
            Self::Retrieve { id, .. } | Self::Update { id, .. } | Self::Cancel { id, .. } | Self::Redact { id, .. } => Some(id),
        }
    }
}

impl Filter {
    fn picks(&self, verification: &Verification) -> bool {
        let same = |wanted: &Option<String>, is: &Option<String>| wanted.is_none() || wanted == is;
        let particulars = &verification.particulars;
        same(&self.reference, &particulars.client_reference_id)
            && same(&self.customer, &particulars.related_customer)
            && same(&self.account, &particulars.related_customer_account)
            && self.created.has(verification.created)
    }
}

impl StripeDesk {
    pub(super) fn serve_sessions(&mut self, ask: &Ask, base: &str, counter: &mut Counter<'_>) -> Result<Served, Refusal> {
        match ask {
            Ask::Create { particulars, expand } => self.create(particulars, expand, base, counter),
            Ask::Retrieve { id, expand } => {
                let session = counter.read(id)?;
                self.catch_up(counter.session(id)?);
                self.found_at(id, base);
                self.show(id, &session, expand, counter.now())
            }
            Ask::List { paging, filter, expand } => {
                let stands = |verification: &Verification, status| {
                    counter.session(&verification.id).is_ok_and(|session| Standing::of(&session.state) == status)
                };
                let picks = |verification: &Verification| {
                    filter.picks(verification) && filter.status.is_none_or(|status| stands(verification, status))
                };
                let page = self.known.sessions.page(paging, "verificationsession", picks)?;
                let shown = page.things.iter().map(|verification| {
                    let session = counter.session(&verification.id)?;
                    Ok(self.wire(verification, session, expand, counter.now()))
                });
                let data = shown.collect::<Result<Vec<_>, Refusal>>()?;
                Ok(json(&List::new("/v1/identity/verification_sessions", data, page.has_more)))
            }
            Ask::Update { id, changes, expand } => {
                let session = counter.session(id)?.clone();
                let status = Standing::of(&session.state);
                if changes.concern_the_verification() && status != Standing::RequiresInput {
                    let message = format!("Only the metadata of a session can be updated while it is `{}`.", status.as_str());
                    return Err(invalid(None, message));
                }
                changes.apply(Arc::make_mut(&mut self.verification_mut(id)?.particulars))?;
                self.show(id, &session, expand, counter.now())
            }
            Ask::Cancel { id, expand } => {
                let session = self.cancel(id, counter)?;
                self.show(id, &session, expand, counter.now())
            }
            Ask::Redact { id, expand } => self.redact(id, expand, counter),
        }
    }

    fn create(
        &mut self,
        particulars: &Arc<Particulars>,
        expand: &Expand,
        base: &str,
        counter: &mut Counter<'_>,
    ) -> Result<Served, Refusal> {
        let session = counter.create(NewSession {
            applicant: particulars.applicant(self.known.sessions.count()),
            country: particulars.country()?,
            document: particulars.document(),
            callback_url: None,
        })?;
        let id = session.about.id.clone();
        let created = self.second(session.about.created_at);
        self.known.sessions.put(Verification::new(id.clone(), created, Arc::clone(particulars), base.into()));
        let served = self.show(&id, &session, expand, counter.now())?;
        Ok(Served { begun: Some(id), ..served })
    }

    fn cancel(&mut self, id: &SessionId, counter: &mut Counter<'_>) -> Result<Session, Refusal> {
        match Standing::of(&counter.session(id)?.state) {
            Standing::RequiresInput => {
                self.come_back(id, counter)?;
                counter.cancel(id)
            }
            status @ (Standing::Processing | Standing::Verified | Standing::Canceled) => {
                Err(own(400, None, None, format!("You cannot cancel a verification session that is `{}`.", status.as_str())))
            }
        }
    }

    fn redact(&mut self, id: &SessionId, expand: &Expand, counter: &mut Counter<'_>) -> Result<Served, Refusal> {
        let refuse = |what: &str| Err(own(400, None, None, format!("You cannot redact a verification session that is `{what}`.")));
        if self.verification(id)?.redaction.is_some() {
            return refuse("redacted");
        }
        match Standing::of(&counter.session(id)?.state) {
            Standing::RequiresInput => {
                self.cancel(id, counter)?;
            }
            Standing::Verified => {}
            status @ (Standing::Processing | Standing::Canceled) => return refuse(status.as_str()),
        }
        self.verification_mut(id)?.redaction = Some(Redaction::Processing);
        let session = counter.redact(id)?;
        self.show(id, &session, expand, counter.now())
    }

    /// Lets an applicant try again whose attempt failed, or who had left. Whatever their session needs input for, it is the same to them.
    pub(super) fn come_back(&mut self, id: &SessionId, counter: &mut Counter<'_>) -> Result<(), Refusal> {
        let state = &counter.session(id)?.state;
        if matches!(state, SessionState::Expired { .. }) {
            self.verification_mut(id)?.left.get_or_insert(Code::Abandoned);
        }
        if matches!(state, SessionState::Expired { .. } | SessionState::Decided { .. }) {
            counter.reopen(id)?;
        }
        Ok(())
    }

    /// Returns the session with this id.
    pub(super) fn verification(&self, id: &SessionId) -> Result<&Verification, Refusal> {
        self.known.sessions.get(id.as_str()).ok_or_else(|| no_such("verificationsession", id.as_str(), "session"))
    }

    pub(super) fn verification_mut(&mut self, id: &SessionId) -> Result<&mut Verification, Refusal> {
        self.known.sessions.get_mut(id.as_str()).ok_or_else(|| no_such("verificationsession", id.as_str(), "session"))
    }

    /// Takes note of where its customer finds the vendor now.
    fn found_at(&mut self, id: &SessionId, base: &str) {
        if let Ok(verification) = self.verification_mut(id).map(|found| &mut found.base)
            && **verification != *base
        {
            *verification = base.into();
        }
    }

    fn show(&self, id: &SessionId, session: &Session, expand: &Expand, now: SimTime) -> Result<Served, Refusal> {
        let verification = self.verification(id)?;
        if !expand.is_empty() {
            return Ok(json(&self.wire(verification, session, expand, now)));
        }
        // As most are shown. A copy is quickly made, and the words are many.
        let open = Standing::of(&session.state) == Standing::RequiresInput;
        let (verification, session, passes) = (verification.clone(), session.clone(), self.passes.clone());
        Ok(json_later(move || {
            let way = open.then(|| way(&passes, &verification, now));
            let report = verification.report(&session).map(Reported::Id);
            in_json(&wire::session(&verification, &session, way, report, &Expand::default()))
        }))
    }

    /// Returns a session as it is shown at `now`: with a link of its own while it needs input.
    pub(super) fn wire<'d>(&'d self, verification: &'d Verification, session: &Session, expand: &Expand, now: SimTime) -> SessionWire<'d> {
        let open = Standing::of(&session.state) == Standing::RequiresInput;
        let way = open.then(|| way(&self.passes, verification, now));
        let report = verification.report(session).and_then(|id| self.known.reports.get(id)).map(Reported::Whole);
        wire::session(verification, session, way, report, expand)
    }
}

/// The way to a session's page, from `now` on.
fn way(passes: &Passes, verification: &Verification, now: SimTime) -> Way {
    let pass = passes.give(PassPurpose::Page, &verification.id, now);
    let client_secret = [verification.id.as_str(), "_secret_test_", &pass].concat();
    Way { url: [&verification.base, "/start/test_", &pass].concat(), client_secret }
}
