//! Events: what has happened, for whoever listens and for whoever asks afterwards.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use hyper::StatusCode;
use kycsim_scenarios::SimTime;
use kycsim_scenarios::language::EventKind;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::desk::StripeDesk;
use super::errors::{invalid, no_such};
use super::expand::Expand;
use super::form::Fields;
use super::served::{Served, whole};
use super::shelf::{Created, Named, Paging};
use super::verification::{Standing, Verification};
use super::wire::{self, API_VERSION, EventData, EventRequest, EventWire, Reported, previous_attributes};
use crate::call::Cause;
use crate::dialects::{Happening, Telling};
use crate::refusal::Refusal;
use crate::session::Session;

/// How many events are kept, beside that they are for thirty days: the oldest go.
pub(super) const EVENTS_MAX: usize = 10_000;
const KEPT_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How many types one list may ask for.
const TYPES_MAX: usize = 20;

/// What a customer wants of events.
pub(super) enum Ask {
    Retrieve(String),
    List { paging: Paging, types: Vec<String>, created: Created, delivery_success: Option<bool> },
}

/// One event, as it was told.
#[derive(Clone, Serialize, Deserialize)]
#[serde(from = "KeptTold", into = "KeptTold")]
pub(super) struct Told {
    id: String,
    name: Cow<'static, str>,
    at: SimTime,
    created: i64,
    previous: Option<Map<String, Value>>,
    says: Says,
    /// Whether anybody has taken it in.
    accepted: bool,
    /// Who has refused it last.
    refused_by: BTreeSet<String>,
}

/// What an event says. It is put into words when somebody wants them: most are never read, and all are noted with the tenant's lock held.
#[derive(Clone)]
enum Says {
    Words(String),
    Facts(Box<Facts>),
}

/// All that an event is made of, as it was when it happened.
#[derive(Clone)]
struct Facts {
    verification: Verification,
    session: Session,
    /// How many are to be told.
    receivers: usize,
    cause: Option<Cause>,
}

/// An event as it is kept.
#[derive(Serialize, Deserialize)]
struct KeptTold {
    id: String,
    name: String,
    at: SimTime,
    created: i64,
    previous: Option<Map<String, Value>>,
    body: String,
    accepted: bool,
    refused_by: BTreeSet<String>,
}

impl From<Told> for KeptTold {
    fn from(told: Told) -> Self {
        let body = told.body().into_owned();
        let Told { id, name, at, created, previous, says: _, accepted, refused_by } = told;
        Self { id, name: name.into_owned(), at, created, previous, body, accepted, refused_by }
    }
}

impl From<KeptTold> for Told {
    fn from(kept: KeptTold) -> Self {
        let KeptTold { id, name, at, created, previous, body, accepted, refused_by } = kept;
        Self { id, name: name.into(), at, created, previous, says: Says::Words(body), accepted, refused_by }
    }
}

impl Told {
    /// Returns its body, the same each time.
    fn body(&self) -> Cow<'_, str> {
        match &self.says {
            Says::Words(body) => body.into(),
            Says::Facts(facts) => facts.words(&self.id, &self.name, self.created, self.previous.clone(), Telling::Plain).into(),
        }
    }
}

impl Facts {
    fn words(&self, id: &str, name: &str, created: i64, previous: Option<Map<String, Value>>, telling: Telling) -> String {
        let Self { verification, session, receivers, cause } = self;
        let report = verification.report(session);
        // Whoever needs the way to the session's page asks for the session: an event goes through many hands, and the way is a key.
        let mut object = wire::session(verification, session, None, report.map(Reported::Id), &Expand::default());
        let mut name = name;
        if telling == Telling::UnknownStatus {
            name = "identity.verification_session.reconsidered";
            object.status = "under_reconsideration";
        }
        let event = EventWire {
            id,
            object: "event",
            api_version: API_VERSION,
            created,
            data: EventData { object, previous_attributes: previous },
            livemode: false,
            pending_webhooks: *receivers,
            request: EventRequest {
                id: cause.as_ref().map(|cause| cause.request.as_str()),
                idempotency_key: cause.as_ref().and_then(|cause| cause.idempotency_key.as_deref()),
            },
            r#type: name,
            unannounced: (telling == Telling::UnknownFields).then_some("a field that nobody has announced"),
        };
        serde_json::to_string(&event).unwrap_or_default() // texts and numbers: this cannot fail
    }
}

impl Named for Told {
    fn id(&self) -> &str {
        &self.id
    }
}

/// What an event is called.
pub(super) fn name(happening: &Happening<'_>) -> &'static str {
    match (happening.kind, Standing::of(&happening.session.state)) {
        (EventKind::Created, _) => "identity.verification_session.created",
        (EventKind::Processing, _) => "identity.verification_session.processing",
        (EventKind::Cancelled, _) => "identity.verification_session.canceled",
        (EventKind::Redacted, _) => "identity.verification_session.redacted",
        (EventKind::Decided, Standing::Verified) => "identity.verification_session.verified",
        (EventKind::Decided | EventKind::Expired, _) => "identity.verification_session.requires_input",
    }
}

impl Ask {
    pub(super) fn retrieve(id: &str) -> Self {
        Self::Retrieve(id.to_owned())
    }

    pub(super) fn list(fields: &mut Fields) -> Result<Self, Refusal> {
        let one = fields.text("type", 255)?.value();
        let mut types: Vec<String> = fields.list("types", 255)?.into_iter().map(|(_, name)| name).collect();
        if one.is_some() && !types.is_empty() {
            return Err(invalid(Some("types"), "You may pass either type or types, but not both.".to_owned()));
        }
        if types.len() > TYPES_MAX {
            return Err(invalid(Some("types"), format!("You may pass at most {TYPES_MAX} types.")));
        }
        types.extend(one);
        let delivery_success = fields.boolean("delivery_success")?;
        Ok(Self::List { paging: Paging::read(fields)?, types, created: Created::read(fields)?, delivery_success })
    }
}

/// Whether a name is one of these, of which `*` stands for anything.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((before, after)) => name.strip_prefix(before).is_some_and(|rest| rest.ends_with(after)),
    }
}

impl StripeDesk {
    pub(super) fn serve_events(&self, ask: &Ask) -> Result<Served, Refusal> {
        match ask {
            Ask::Retrieve(id) => {
                let told = self.known.events.get(id).ok_or_else(|| no_such("event", id, "id"))?;
                Ok(whole(StatusCode::OK, "application/json", told.body().into_owned()))
            }
            Ask::List { paging, types, created, delivery_success } => {
                let picks = |told: &Told| {
                    (types.is_empty() || types.iter().any(|pattern| matches(pattern, &told.name)))
                        && created.has(told.created)
                        && delivery_success.is_none_or(|success| success == (told.accepted && told.refused_by.is_empty()))
                };
                let page = self.known.events.page(paging, "event", picks)?;
                // They are in JSON already, word for word as they were told.
                let data: Vec<_> = page.things.iter().map(|told| told.body()).collect();
                let has_more = page.has_more;
                let list = format!(r#"{{"object":"list","data":[{}],"has_more":{has_more},"url":"/v1/events"}}"#, data.join(","));
                Ok(whole(StatusCode::OK, "application/json", list))
            }
        }
    }

    /// Keeps an event, before it is told.
    pub(super) fn keep_event(&mut self, happening: &Happening<'_>) {
        let session = happening.session;
        let Some(verification) = self.known.sessions.get_mut(session.about.id.as_str()) else { return };
        let outline = verification.outline(session);
        let before = verification.told.replace(outline.clone());
        let previous = before.map(|before| previous_attributes(&before, &outline)).filter(|previous| !previous.is_empty());
        let id = session.about.id.event(session.version, happening.kind, 0);
        let (at, name) = (happening.at, name(happening));
        let Some(facts) = self.facts(happening, name) else { return };
        self.known.events.drop_while(|told| told.at.saturating_add(KEPT_FOR) <= at);
        self.known.events.put(Told {
            id,
            name: name.into(),
            at,
            created: self.second(at),
            previous,
            says: Says::Facts(Box::new(facts)),
            accepted: false,
            refused_by: BTreeSet::new(),
        });
    }

    /// Returns the body of an event, word for word as it is kept if it is.
    pub(super) fn told(&self, happening: &Happening<'_>, id: &str, telling: Telling) -> Bytes {
        let session = happening.session;
        match self.known.events.get(id) {
            Some(told) if telling == Telling::Plain => told.body().into_owned().into(),
            Some(_) | None => {
                let plain = session.about.id.event(session.version, happening.kind, 0);
                let previous = self.known.events.get(&plain).and_then(|told| told.previous.clone());
                let name = name(happening);
                let facts = self.facts(happening, name);
                facts.map(|facts| facts.words(id, name, self.second(happening.at), previous, telling)).unwrap_or_default().into()
            }
        }
    }

    /// Returns what an event of this name is made of. Every session of this vendor's has a verification.
    fn facts(&self, happening: &Happening<'_>, name: &str) -> Option<Facts> {
        let session = happening.session;
        let address = usize::from(session.about.callback_url.is_some());
        Some(Facts {
            verification: self.verification(&session.about.id).ok()?.clone(),
            session: session.clone(),
            receivers: address + self.listening(name).count(),
            cause: happening.cause.cloned(),
        })
    }

    /// Takes note of how one delivery of an event ended.
    pub(super) fn note_delivery(&mut self, event: &str, receiver: &str, accepted: bool) {
        let Some(told) = self.known.events.get_mut(event) else { return };
        if accepted {
            told.accepted = true;
            told.refused_by.remove(receiver);
        } else {
            told.refused_by.insert(receiver.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything() {
        let verified = "identity.verification_session.verified";
        for pattern in ["*", "identity.*", verified, "identity.*.verified"] {
            assert!(matches(pattern, verified), "{pattern}");
        }
        for pattern in ["", "identity", "charge.*", "identity.verification_session.created", "*.created"] {
            assert!(!matches(pattern, verified), "{pattern}");
        }
    }

    #[test]
    fn a_list_asks_for_few_types() {
        let read = |query: &str| Ask::list(&mut Fields::parse(query.as_bytes()).unwrap());
        assert!(read("types[]=a&types[]=b&delivery_success=false&created[gte]=1").is_ok());
        assert!(read("type=a&types[]=b").is_err());
        assert!(read(&"types[]=a&".repeat(21)).is_err());
    }
}
