use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use kycsim_scenarios::SimTime;
use kycsim_scenarios::language::EventKind;
use kycsim_scenarios::vendor::{Defect, PlannedCopy, plan_callbacks};
use tokio_util::sync::DropGuard;

use super::{Task, World};
use crate::callbacks::{CallbackUrl, Event, Sending, Terms};
use crate::dialects::Telling;
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

impl World {
    /// Enters all that is to be sent about what has just happened to a session; nothing when nobody wants to know.
    pub(super) fn tell(&mut self, kind: EventKind, session: &Session, manner: Manner, now: SimTime) {
        let Some(to) = session.about.callback_url.clone() else { return };
        let about = &session.about;
        let order = self.orders.about(&about.id, about.fate.applicant());
        let ordered = order.as_deref().and_then(|order| order.callbacks.as_ref());
        let ordinary = ordered.unwrap_or(&self.scenario.vendor.callbacks);
        if !ordinary.events.contains(&kind) {
            return;
        }
        let callbacks = self.board.callbacks(ordinary, about.whom(), now);
        let later = manner.later.saturating_add(self.board.callback_delay(about.whom(), session.attempt, now));
        // A session's version tells its events from each other, and its ordinal from those of the applicant's other sessions.
        let occurrence = session.attempt.wrapping_add(about.ordinal << 8).wrapping_add(session.revisions() << 16);
        let planned = plan_callbacks(&callbacks, &about.fate, kind, occurrence, later, now);
        if planned.is_empty() {
            return;
        }
        let terms = match (ordered, &callbacks) {
            (None, Cow::Borrowed(_)) => Arc::clone(&self.terms),
            _ => Arc::new(Terms::of(&callbacks, || self.dialect.retry_schedule())),
        };
        self.counters.callbacks.add(1);
        let plain = self.dialect.event(kind, session, Telling::Plain);
        let copies = || planned.iter().filter_map(|each| each.copy);
        let draft = Draft { kind, session, to, terms, replayed: copies().any(|copy| copy.defect == Some(Defect::Replayed)) };
        let defective = copies().find_map(|copy| self.defective_body(copy, kind, session, &plain));
        let event = Arc::new(draft.event(0, plain.clone(), defective));
        for each in planned {
            let Some(copy) = each.copy else {
                self.enter_callback(each.due, Task::Lose(Arc::clone(&event)));
                continue;
            };
            let told = manner.told.clone().filter(|_| copy.number == 0);
            let event = match copy.defect {
                Some(Defect::NewId) => Arc::new(draft.event(copy.number, plain.clone(), None)),
                Some(Defect::UnknownStatus) => {
                    Arc::new(draft.event(u32::MAX, self.dialect.event(kind, session, Telling::UnknownStatus), None))
                }
                Some(Defect::Contradicting) => {
                    let lie = session.contradicted(&self.scenario.vendor.confidence);
                    Arc::new(draft.event(copy.number, self.dialect.event(kind, &lie, Telling::Plain), None))
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
            self.enter_callback(each.due, Task::Send(Sending { event, copy, failed: 0, let_go: None, told }));
        }
    }

    /// Returns what a copy says instead of the truth, if that is its defect.
    fn defective_body(&self, copy: PlannedCopy, kind: EventKind, session: &Session, plain: &Bytes) -> Option<Bytes> {
        match copy.defect? {
            Defect::Malformed => Some(plain.slice(..plain.len() / 2)),
            Defect::UnknownFields => Some(self.dialect.event(kind, session, Telling::UnknownFields)),
            Defect::Unsigned
            | Defect::WrongSignature
            | Defect::Stale
            | Defect::UnknownStatus
            | Defect::NewId
            | Defect::Replayed
            | Defect::Contradicting => None,
        }
    }

    fn enter_callback(&mut self, due: SimTime, task: Task) {
        self.counters.callbacks_pending.add(1);
        self.agenda.enter(due, task);
    }
}

/// What all copies of an event share.
struct Draft<'a> {
    kind: EventKind,
    session: &'a Session,
    to: CallbackUrl,
    terms: Arc<Terms>,
    /// Whether a copy repeats what was sent.
    replayed: bool,
}

impl Draft<'_> {
    /// Returns an event; `number` is 0 for the event itself, and tells further ids from it.
    fn event(&self, number: u32, body: Bytes, defective_body: Option<Bytes>) -> Event {
        let replayed = number == 0 && self.replayed;
        let about = &self.session.about;
        Event {
            id: about.id.event(self.session.version, self.kind, number),
            kind: self.kind,
            session: about.id.clone(),
            applicant: about.fate.applicant().clone(),
            attempt: self
                .session
                .decided
                .as_ref()
                .filter(|_| self.kind == EventKind::Decided)
                .map_or(self.session.attempt, |decided| decided.decision.attempt),
            to: self.to.clone(),
            body,
            defective_body,
            terms: Arc::clone(&self.terms),
            replayed: replayed.then(Box::default),
        }
    }
}
