use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use kycsim_scenarios::SimTime;
use kycsim_scenarios::language::{Confidence, EventKind, Tries};
use kycsim_scenarios::vendor::{Defect, PlannedCallback, PlannedCopy, plan_callbacks};
use tokio_util::sync::DropGuard;

use super::{Task, World};
use crate::call::Cause;
use crate::callbacks::{CallbackUrl, Endpoint, Event, Sending, Terms};
use crate::dialects::{Desk, Happening, Telling};
use crate::session::Session;

/// In which manner an event is told.
#[derive(Debug, Clone)]
pub(super) struct Manner {
    /// How much later than it should be.
    pub(super) later: Duration,
    /// Dropped when it has been told once.
    pub(super) told: Option<Arc<DropGuard>>,
}

impl Manner {
    pub(super) const ORDINARY: Self = Self { later: Duration::ZERO, told: None };
}

/// What has happened while the desk served somebody.
#[derive(Debug)]
pub(super) struct Untold {
    kind: EventKind,
    /// As it was then.
    session: Session,
    manner: Manner,
}

/// The numbers that tell the ids of events that go ahead of another from that other's: copies have smaller ones.
const HERALDS: u32 = 1 << 16;

/// How an event is told that goes ahead of another: once, and truly.
const PLAINLY: PlannedCopy = PlannedCopy { number: 0, defect: None, defective_tries: Tries::First, age: Duration::ZERO, retried: true };

impl World {
    /// Takes note of what has just happened to a session, and enters all that is to be sent about it: at once, or when the desk has served whom it serves.
    pub(super) fn happen(&mut self, kind: EventKind, session: &Session, manner: Manner, now: SimTime) {
        let happening = Happening { kind, session, at: now, cause: None };
        match &mut self.desk {
            None => self.untold.push(Untold { kind, session: session.clone(), manner }),
            Some(desk) => {
                desk.note(&happening);
                self.tell(&happening, manner);
            }
        }
    }

    /// Tells what has happened while the desk served somebody.
    pub(super) fn tell_what_happened(&mut self, cause: &Cause, now: SimTime) {
        for Untold { kind, session, manner } in std::mem::take(&mut self.untold) {
            let happening = Happening { kind, session: &session, at: now, cause: Some(cause) };
            if let Some(desk) = &mut self.desk {
                desk.note(&happening);
            }
            self.tell(&happening, manner);
        }
    }

    /// Enters all that is to be sent about something that has happened; nothing when nobody wants to know.
    pub(super) fn tell(&mut self, happening: &Happening<'_>, manner: Manner) {
        let Some(desk) = self.desk.as_deref() else { return };
        let Happening { kind, session, at: now, .. } = *happening;
        let about = &session.about;
        let Some(name) = desk.event_name(happening) else { return };
        let heralds = desk.heralds(happening);
        let receivers = Receiver::all(desk, about.callback_url.as_ref(), name, heralds.iter().map(|herald| herald.name));
        if receivers.is_empty() {
            return;
        }
        let order = self.orders.about(&about.id, about.fate.applicant());
        let ordered = order.as_deref().and_then(|order| order.callbacks.as_ref());
        let ordinary = ordered.unwrap_or(&self.scenario.vendor.callbacks);
        if !ordinary.tells(kind, desk.tells()) {
            return;
        }
        let callbacks = self.board.callbacks(ordinary, about.whom(), now);
        let later = manner.later.saturating_add(self.board.callback_delay(about.whom(), session.attempt, now));
        // A session's version tells its events from each other, and its ordinal from those of the applicant's other sessions.
        let occurrence = session.attempt.wrapping_add(about.ordinal << 8).wrapping_add(session.revisions() << 16);
        let planned = plan_callbacks(&callbacks, &about.fate, kind, occurrence, later, now);
        let Some(first) = planned.first().map(|planned| planned.due) else { return };
        let terms = match (ordered, &callbacks) {
            (None, Cow::Borrowed(_)) => Arc::clone(&self.terms),
            _ => Arc::new(Terms::of(&callbacks, self.dialect.terms())),
        };
        let mut tasks = Vec::with_capacity(planned.len());
        for Receiver { to, endpoint, wants } in receivers {
            let replayed = planned.iter().filter_map(|each| each.copy).any(|copy| copy.defect == Some(Defect::Replayed));
            let draft = Draft { desk, happening, to, endpoint, terms: Arc::clone(&terms), replayed };
            for (number, herald) in (HERALDS..).zip(&heralds).filter(|(_, herald)| wants.contains(&herald.name)) {
                let event = Arc::new(draft.event(number, herald.body.clone(), None));
                tasks.push((first, Task::Send(Sending { event, copy: PLAINLY, failed: 0, let_go: None, told: None })));
            }
            if wants.contains(&name) {
                self.counters.callbacks.add(1);
                draft.tasks(&planned, &manner, &self.scenario.vendor.confidence, &mut tasks);
            }
        }
        for (due, task) in tasks {
            self.counters.callbacks_pending.add(1);
            self.agenda.enter(due, task);
        }
    }
}

/// Somebody to be told, and of what.
struct Receiver {
    to: CallbackUrl,
    endpoint: Option<Arc<Endpoint>>,
    wants: Vec<&'static str>,
}

impl Receiver {
    /// Returns everybody who wants any of these events. Who is told at the address that the vendor was started with, or the session's own, wants no heralds.
    fn all(desk: &dyn Desk, address: Option<&CallbackUrl>, name: &'static str, heralds: impl Iterator<Item = &'static str>) -> Vec<Self> {
        let mut all: Vec<Self> = address.map(|to| Self { to: to.clone(), endpoint: None, wants: vec![name] }).into_iter().collect();
        for name in std::iter::once(name).chain(heralds) {
            for endpoint in desk.endpoints(name) {
                let known = all.iter_mut().find(|known| known.endpoint.as_ref().is_some_and(|known| known.id == endpoint.id));
                match known {
                    Some(known) => known.wants.push(name),
                    None => all.push(Self { to: endpoint.url.clone(), endpoint: Some(endpoint), wants: vec![name] }),
                }
            }
        }
        all
    }
}

/// What all copies of an event share, to one receiver.
struct Draft<'a> {
    desk: &'a dyn Desk,
    happening: &'a Happening<'a>,
    to: CallbackUrl,
    endpoint: Option<Arc<Endpoint>>,
    terms: Arc<Terms>,
    /// Whether a copy repeats what was sent.
    replayed: bool,
}

impl Draft<'_> {
    /// Enters everything that was planned.
    fn tasks(&self, planned: &[PlannedCallback], manner: &Manner, confidence: &Confidence, tasks: &mut Vec<(SimTime, Task)>) {
        let plain = self.body(0, Telling::Plain);
        let defective = planned.iter().filter_map(|each| each.copy).find_map(|copy| self.defective_body(copy, &plain));
        let event = Arc::new(self.event(0, plain, defective));
        for each in planned {
            let Some(copy) = each.copy else {
                tasks.push((each.due, Task::Lose(Arc::clone(&event))));
                continue;
            };
            let told = manner.told.clone().filter(|_| copy.number == 0);
            let event = match copy.defect {
                Some(Defect::NewId) => Arc::new(self.event(copy.number, self.body(copy.number, Telling::Plain), None)),
                Some(Defect::UnknownStatus) => Arc::new(self.event(u32::MAX, self.body(u32::MAX, Telling::UnknownStatus), None)),
                Some(Defect::Contradicting) => {
                    let lie = self.happening.session.contradicted(confidence);
                    let body = self.desk.event(&Happening { session: &lie, ..*self.happening }, &self.id(copy.number), Telling::Plain);
                    Arc::new(self.event(copy.number, body, None))
                }
                Some(
                    Defect::Unsigned
                    | Defect::WrongSignature
                    | Defect::Stale
                    | Defect::Replayed
                    | Defect::Malformed
                    | Defect::UnknownFields,
                )
                | None => Arc::clone(&event),
            };
            tasks.push((each.due, Task::Send(Sending { event, copy, failed: 0, let_go: None, told })));
        }
    }

    /// Returns what a copy says instead of the truth, if that is its defect.
    fn defective_body(&self, copy: PlannedCopy, plain: &Bytes) -> Option<Bytes> {
        match copy.defect? {
            Defect::Malformed => Some(plain.slice(..plain.len() / 2)),
            Defect::UnknownFields => Some(self.body(0, Telling::UnknownFields)),
            Defect::Unsigned
            | Defect::WrongSignature
            | Defect::Stale
            | Defect::UnknownStatus
            | Defect::NewId
            | Defect::Replayed
            | Defect::Contradicting => None,
        }
    }

    fn body(&self, number: u32, telling: Telling) -> Bytes {
        self.desk.event(self.happening, &self.id(number), telling)
    }

    /// Returns the id of the event itself (0), or of something else that is told of it.
    fn id(&self, number: u32) -> String {
        let session = self.happening.session;
        session.about.id.event(session.version, self.happening.kind, number)
    }

    /// Returns an event; `number` is 0 for the event itself, and tells further ids from it.
    fn event(&self, number: u32, body: Bytes, defective_body: Option<Bytes>) -> Event {
        let replayed = number == 0 && self.replayed;
        let Happening { kind, session, .. } = *self.happening;
        let decided = session.decided.as_ref().filter(|_| kind == EventKind::Decided);
        Event {
            id: self.id(number),
            kind,
            session: session.about.id.clone(),
            applicant: session.about.fate.applicant().clone(),
            attempt: decided.map_or(session.attempt, |decided| decided.decision.attempt),
            to: self.to.clone(),
            endpoint: self.endpoint.clone(),
            body,
            defective_body,
            terms: Arc::clone(&self.terms),
            replayed: replayed.then(Box::default),
        }
    }
}
