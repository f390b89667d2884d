//! A world as it is kept, and as it comes back.

use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use foldhash::HashMap;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{HeaderMap, Response, StatusCode};
use kycsim_scenarios::SimTime;

use super::{Examined, Orders, Task, World};
use crate::call::{Answer, Said};
use crate::callbacks::{AllowedHosts, Event, Sealed, Sending, Terms};
use crate::config::VendorConfig;
use crate::counts::{Counters, Counts};
use crate::dialects::{Desk, Staff};
use crate::idempotency::Answered;
use crate::snapshot::{KeptEvent, KeptExamined, KeptSaid, KeptSealed, KeptSending, KeptTask, KeptUrl, KeptWorld, Unsound};
use crate::store::Store;

impl World {
    /// Returns all that is to outlive the process. What is on its way stands on the agenda again: it is sent once more, as real vendors do, rather than
    /// perhaps not at all.
    pub(crate) fn keep(&self) -> KeptWorld {
        let mut events = Events { terms: &self.terms, places: HashMap::default(), kept: Vec::new() };
        let carried = self.lanes.carried().map(|(due, sending)| (due, KeptTask::Send(events.sending(sending))));
        let mut agenda: Vec<(SimTime, KeptTask)> = carried.collect();
        for (due, task) in self.agenda.in_order() {
            agenda.push((due, events.task(task)));
        }
        agenda.sort_by_key(|(due, _)| *due); // stable: what is on its way comes first among equals
        let mut examined: Vec<KeptExamined> = self.examined.iter().map(|(session, examined)| examined.keep(session.clone())).collect();
        examined.sort_unstable_by(|a, b| a.session.cmp(&b.session));
        let (sessions, applicants) = self.store.keep();
        KeptWorld {
            callback_url: self.callback_url.as_ref().map(KeptUrl::from),
            sessions,
            applicants,
            answers: self.answered.kept(),
            orders: self.orders.keep(),
            limiter: self.limiter.clone(),
            examined,
            events: events.kept,
            agenda,
            board: self.board.clone(),
            receivers: self.receivers.clone(),
            ledger: self.ledger.entries(),
            desk: self.desk.as_ref().map_or(serde_json::Value::Null, |desk| desk.keep()),
            errands: self.errands,
        }
    }

    /// Returns the world that was kept, as one that `config` describes; `counts` is what it had done.
    pub(crate) fn resumed(
        config: &VendorConfig,
        staff: Staff,
        counters: Arc<Counters>,
        kept: KeptWorld,
        counts: Counts,
    ) -> Result<Self, Unsound> {
        let (scenario, hosts, limits) = (&config.scenario, &config.callback_hosts, config.limits);
        counters.resume(counts);
        let mut world = Self::new(config, staff, counters);
        if let Some(desk) = &mut world.desk {
            desk.resume(kept.desk)?;
        }
        world.errands = kept.errands;
        world.callback_url = kept.callback_url.map(|url| url.admitted(hosts)).transpose()?;
        world.store = Store::resumed(limits.sessions, (kept.sessions, kept.applicants), scenario, hosts)?;
        world.answered = Answered::resumed(limits.idempotency_keys, kept.answers, scenario, hosts)?;
        world.orders = Orders::resumed(limits.orders, kept.orders);
        (world.limiter, world.board, world.receivers) = (kept.limiter, kept.board, kept.receivers);
        world.ledger.resume(kept.ledger);
        for KeptExamined { session, decision, due, polls_left } in kept.examined {
            world.store.session(&session).map_err(|_| Unsound::Dangling("a session"))?;
            world.examined.insert(session, Examined { decision, due, polls_left, told: None });
        }
        let terms = Arc::clone(&world.terms);
        let desk = world.desk.as_deref();
        let events = kept.events.into_iter().map(|event| Event::resumed(event, &terms, hosts, desk).map(Arc::new));
        let events = events.collect::<Result<Vec<_>, _>>()?;
        world.agenda.clear(); // a rotation that is still to come was kept
        let mut callbacks = 0;
        for (due, task) in kept.agenda {
            let task = Task::resumed(task, &events)?;
            callbacks += u64::from(matches!(task, Task::Send(_) | Task::Lose(_)));
            world.agenda.enter(due, task);
        }
        // The levels are counted anew, so that they fall to zero whatever the file says.
        let decisions = world.examined.values().filter(|examined| examined.due.is_some()).count();
        world.counters.decisions_pending.set(decisions as u64);
        world.counters.callbacks_pending.set(callbacks);
        Ok(world)
    }
}

impl Examined {
    fn keep(&self, session: crate::id::SessionId) -> KeptExamined {
        KeptExamined { session, decision: self.decision.clone(), due: self.due, polls_left: self.polls_left }
    }
}

/// Events while they are kept: each once, however many copies there are to send.
struct Events<'a> {
    terms: &'a Arc<Terms>,
    places: HashMap<*const Event, usize>,
    kept: Vec<KeptEvent>,
}

impl Events<'_> {
    fn place(&mut self, event: &Arc<Event>) -> usize {
        let (terms, kept) = (self.terms, &mut self.kept);
        *self.places.entry(Arc::as_ptr(event)).or_insert_with(|| {
            kept.push(event.keep(terms));
            kept.len() - 1
        })
    }

    fn sending(&mut self, sending: &Sending) -> KeptSending {
        let Sending { event, copy, failed, let_go, told: _ } = sending;
        KeptSending { event: self.place(event), copy: *copy, failed: *failed, let_go: *let_go }
    }

    fn task(&mut self, task: &Task) -> KeptTask {
        match task {
            Task::Decide { session, attempt } => KeptTask::Decide { session: session.clone(), attempt: *attempt },
            Task::Revise { session, decision } => KeptTask::Revise { session: session.clone(), decision: decision.clone() },
            Task::Expire { session, attempt } => KeptTask::Expire { session: session.clone(), attempt: *attempt },
            Task::Send(sending) => KeptTask::Send(self.sending(sending)),
            Task::Lose(event) => KeptTask::Lose { event: self.place(event) },
            Task::RotateSecret { overlap } => KeptTask::RotateSecret { overlap: *overlap },
        }
    }
}

impl Task {
    fn resumed(kept: KeptTask, events: &[Arc<Event>]) -> Result<Self, Unsound> {
        let event = |place: usize| events.get(place).cloned().ok_or(Unsound::Dangling("an event"));
        Ok(match kept {
            KeptTask::Decide { session, attempt } => Self::Decide { session, attempt },
            KeptTask::Revise { session, decision } => Self::Revise { session, decision },
            KeptTask::Expire { session, attempt } => Self::Expire { session, attempt },
            KeptTask::Send(KeptSending { event: place, copy, failed, let_go }) => {
                Self::Send(Sending { event: event(place)?, copy, failed, let_go, told: None })
            }
            KeptTask::Lose { event: place } => Self::Lose(event(place)?),
            KeptTask::RotateSecret { overlap } => Self::RotateSecret { overlap },
        })
    }
}

impl Event {
    fn keep(&self, ordinary: &Arc<Terms>) -> KeptEvent {
        KeptEvent {
            id: self.id.clone(),
            kind: self.kind,
            session: self.session.clone(),
            applicant: self.applicant.clone(),
            attempt: self.attempt,
            to: KeptUrl::from(&self.to),
            endpoint: self.endpoint.as_ref().map(|endpoint| endpoint.id.clone()),
            body: BASE64_STANDARD.encode(&self.body),
            defective_body: self.defective_body.as_ref().map(|body| BASE64_STANDARD.encode(body)),
            terms: (!Arc::ptr_eq(&self.terms, ordinary)).then(|| Terms::clone(&self.terms)),
            repeated: self.replayed.is_some(),
            first_sent: self.replayed.as_ref().and_then(|first| first.get()).map(KeptSealed::from),
        }
    }

    fn resumed(kept: KeptEvent, ordinary: &Arc<Terms>, hosts: &AllowedHosts, desk: Option<&dyn Desk>) -> Result<Self, Unsound> {
        let first_sent = kept.first_sent.map(Sealed::try_from).transpose()?;
        let replayed = kept.repeated.then(|| Box::new(first_sent.map_or_else(OnceLock::new, OnceLock::from)));
        Ok(Self {
            id: kept.id,
            kind: kept.kind,
            session: kept.session,
            applicant: kept.applicant,
            attempt: kept.attempt,
            to: kept.to.admitted(hosts)?,
            endpoint: kept.endpoint.and_then(|id| desk?.endpoint(&id)), // gone since, or it is there
            body: bytes(&kept.body)?,
            defective_body: kept.defective_body.as_deref().map(bytes).transpose()?,
            terms: kept.terms.map_or_else(|| Arc::clone(ordinary), Arc::new),
            replayed,
        })
    }
}

impl From<&Sealed> for KeptSealed {
    fn from(sealed: &Sealed) -> Self {
        Self { headers: texts(&sealed.headers), body: BASE64_STANDARD.encode(&sealed.body) }
    }
}

impl TryFrom<KeptSealed> for Sealed {
    type Error = Unsound;

    fn try_from(kept: KeptSealed) -> Result<Self, Unsound> {
        Ok(Self { headers: headers(kept.headers)?, body: bytes(&kept.body)? })
    }
}

impl From<&Said> for KeptSaid {
    fn from(said: &Said) -> Self {
        let reply = said.answer.reply();
        Self {
            status: reply.status().as_u16(),
            headers: texts(reply.headers()),
            body: BASE64_STANDARD.encode(reply.body()),
            request: said.request.clone(),
            session: said.session.clone(),
        }
    }
}

impl TryFrom<KeptSaid> for Said {
    type Error = Unsound;

    fn try_from(kept: KeptSaid) -> Result<Self, Unsound> {
        let mut reply = Response::new(bytes(&kept.body)?);
        *reply.status_mut() = StatusCode::from_u16(kept.status).map_err(|_| Unsound::Unreadable("a status"))?;
        *reply.headers_mut() = headers(kept.headers)?;
        Ok(Self { answer: Answer::Whole(reply), request: kept.request, session: kept.session, told: None })
    }
}

fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |(name, value): (&HeaderName, &HeaderValue)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned());
    headers.iter().map(text).collect()
}

fn headers(kept: Vec<(String, String)>) -> Result<HeaderMap, Unsound> {
    let header = |(name, value): (String, String)| Some((name.parse::<HeaderName>().ok()?, value.parse::<HeaderValue>().ok()?));
    kept.into_iter().map(header).collect::<Option<_>>().ok_or(Unsound::Unreadable("a header"))
}

fn bytes(text: &str) -> Result<Bytes, Unsound> {
    BASE64_STANDARD.decode(text).map(Bytes::from).map_err(|_| Unsound::Unreadable("a body"))
}
