use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::distribution::Distribution;
use super::effects::{CallbackTrouble, Effects};
use super::quantity::{Period, QuantityError};
use super::response_fault::ResponseFault;
use super::scope::Scope;
use crate::time::SimTime;

/// A bad time: from `at`, for `lasts`, the vendor misbehaves in one way or several; in one piece or in phases, once or again and again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "RawIncident", into = "RawIncident")]
#[schemars(with = "RawIncident")]
pub struct Incident {
    raw: RawIncident,
    /// One after another, without gaps; at least one.
    phases: Vec<Phase>,
}

/// One stretch of an incident.
#[derive(Debug, Clone, PartialEq)]
pub struct Phase {
    /// When it begins, from the incident's beginning.
    begins: Duration,
    lasts: Duration,
    ramp: Ramp,
    /// Whom it touches.
    pub scope: Scope,
    /// What is wrong.
    pub effects: Effects,
}

/// A phase that is going on.
#[derive(Debug, Clone, Copy)]
pub struct Active<'a> {
    /// Which.
    pub phase: &'a Phase,
    /// How far it is ramped up, above 0 and at most 1: probabilities and added times are multiplied by it.
    pub strength: f64,
    /// When it ends.
    pub ends: SimTime,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawIncident {
    /// What people will call it.
    name: String,
    /// When it begins, from the start of the arrivals. An incident that is started by hand begins then instead.
    #[serde(default)]
    at: Period,
    /// How long it lasts; with phases, they say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lasts: Option<Period>,
    /// How it comes and goes.
    #[serde(default)]
    ramp: Ramp,
    /// How it comes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    repeat: Option<Repeat>,
    /// Whom it touches. Callbacks are touched whatever the endpoints.
    #[serde(default)]
    scope: Scope,
    /// How requests fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    http: Option<ResponseFault>,
    /// How much longer answers take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    slow: Option<Distribution>,
    /// How much longer decisions take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    decisions: Option<Distribution>,
    /// What becomes of callbacks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    callbacks: Option<CallbackTrouble>,
    /// Instead of all that: phases, one after another.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    phase: Vec<RawPhase>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawPhase {
    /// How long it lasts.
    lasts: Period,
    /// How it comes and goes.
    #[serde(default)]
    ramp: Ramp,
    /// Whom it touches; the incident's scope when it is not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<Scope>,
    /// How requests fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    http: Option<ResponseFault>,
    /// How much longer answers take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    slow: Option<Distribution>,
    /// How much longer decisions take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    decisions: Option<Distribution>,
    /// What becomes of callbacks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    callbacks: Option<CallbackTrouble>,
}

/// How an incident comes and goes: linearly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ramp {
    /// From nothing to full strength, counted from its beginning.
    pub up: Period,
    /// From full strength to nothing, at its end.
    pub down: Period,
}

/// How an incident comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// From one beginning to the next.
    pub every: Period,
    /// How often it comes in all, 2 to 1000.
    #[schemars(range(min = 2, max = 1000))]
    pub times: u32,
}

impl Incident {
    /// What people call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.raw.name
    }

    /// When it begins for the first time.
    #[must_use]
    pub fn begins(&self) -> SimTime {
        SimTime::from_start(self.raw.at.length())
    }

    /// When it ends for the last time.
    #[must_use]
    pub fn ends(&self) -> SimTime {
        self.begins().saturating_add(self.span())
    }

    /// From its first beginning to its last end.
    #[must_use]
    pub fn span(&self) -> Duration {
        let again = self.raw.repeat.map_or(Duration::ZERO, |repeat| repeat.every.length().saturating_mul(repeat.times - 1));
        again.saturating_add(self.length())
    }

    /// Whether it is going on at `now`.
    #[must_use]
    pub fn is_active(&self, now: SimTime) -> bool {
        self.active(self.begins(), now).is_some()
    }

    /// Returns the phase that is going on at `now` when the incident began at `origin`.
    #[must_use]
    pub fn active(&self, origin: SimTime, now: SimTime) -> Option<Active<'_>> {
        if now < origin {
            return None;
        }
        let mut since = now - origin;
        let mut began = origin;
        if let Some(repeat) = self.raw.repeat {
            let every = repeat.every.length();
            let round = u32::try_from(since.as_micros() / every.as_micros()).unwrap_or(u32::MAX);
            if round >= repeat.times {
                return None;
            }
            since -= every * round;
            began = began.saturating_add(every * round);
        }
        let phase = self.phases.iter().find(|phase| (phase.begins..phase.begins + phase.lasts).contains(&since))?;
        let strength = phase.strength(since - phase.begins);
        (strength > 0.0).then(|| Active { phase, strength, ends: began.saturating_add(phase.begins + phase.lasts) })
    }

    /// Returns the moments at which connections begin to be refused, in order, when the incident began at `origin`.
    pub fn refusals(&self, origin: SimTime) -> impl Iterator<Item = SimTime> + '_ {
        let every = self.raw.repeat.map_or(Duration::ZERO, |repeat| repeat.every.length());
        (0..self.raw.repeat.map_or(1, |repeat| repeat.times)).flat_map(move |round| {
            let refusing = self.phases.iter().filter(|phase| phase.effects.http.as_ref().is_some_and(ResponseFault::refuses_connections));
            refusing.map(move |phase| origin.saturating_add(every.saturating_mul(round)).saturating_add(phase.begins))
        })
    }

    /// What it does, in words for a report.
    #[must_use]
    pub fn describe(&self) -> String {
        let phases = self.phases.iter().map(|phase| match phase.effects.describe(&phase.scope.describe()).as_slice() {
            [] => "nothing".to_owned(),
            effects => effects.join("; "),
        });
        let mut text = phases.collect::<Vec<_>>().join(", then ");
        if let Some(Repeat { every, times }) = self.raw.repeat {
            text = format!("{text}; {times} times, every {every}");
        }
        text
    }

    fn length(&self) -> Duration {
        self.phases.last().map_or(Duration::ZERO, |last| last.begins + last.lasts)
    }
}

impl Phase {
    fn strength(&self, since: Duration) -> f64 {
        let share = |done: Duration, whole: Duration| if done < whole { done.as_secs_f64() / whole.as_secs_f64() } else { 1.0 };
        share(since, self.ramp.up.length()).min(share(self.lasts.saturating_sub(since), self.ramp.down.length()))
    }
}

impl TryFrom<RawIncident> for Incident {
    type Error = QuantityError;

    fn try_from(raw: RawIncident) -> Result<Self, QuantityError> {
        let name = &raw.name;
        let refuse = |why: String| Err(QuantityError::new(format!("the incident `{name}` {why}")));
        let whole = Effects { http: raw.http, slow: raw.slow.clone(), decisions: raw.decisions.clone(), callbacks: raw.callbacks.clone() };
        let mut phases = Vec::new();
        if raw.phase.is_empty() {
            let Some(lasts) = raw.lasts else { return refuse("has no end; give it `lasts`, such as \"5m\", or phases".to_owned()) };
            phases.push(Phase { begins: Duration::ZERO, lasts: lasts.length(), ramp: raw.ramp, scope: raw.scope.clone(), effects: whole });
        } else {
            if raw.lasts.is_some() || !whole.is_empty() || raw.ramp != Ramp::default() {
                return refuse("has phases; `lasts`, `ramp`, `http`, `slow`, `decisions` and `callbacks` belong into them".to_owned());
            }
            let mut begins = Duration::ZERO;
            for phase in &raw.phase {
                let RawPhase { lasts, ramp, scope, http, slow, decisions, callbacks } = phase.clone();
                let effects = Effects { http, slow, decisions, callbacks };
                let scope = scope.unwrap_or_else(|| raw.scope.clone());
                phases.push(Phase { begins, lasts: lasts.length(), ramp, scope, effects });
                begins = begins.saturating_add(lasts.length());
            }
        }
        if phases.iter().any(|phase| phase.lasts.is_zero()) {
            return refuse("lasts no time at all; give `lasts` a length".to_owned());
        }
        // A quiet phase between two bad ones is meant; an incident of nothing else is a mistake.
        if phases.iter().all(|phase| phase.effects.is_empty()) {
            return refuse(
                "does nothing; give it `http`, `slow`, `decisions` or `callbacks`, for example http = { fault = \"error\", status = 503 }"
                    .to_owned(),
            );
        }
        if let Some(phase) = phases.iter().find(|phase| phase.ramp.up.length() + phase.ramp.down.length() > phase.lasts) {
            return refuse(format!("ramps up and down for longer than the {} it lasts", humantime::format_duration(phase.lasts)));
        }
        let length = phases.last().map_or(Duration::ZERO, |last| last.begins + last.lasts);
        match raw.repeat {
            Some(Repeat { times, .. }) if !(2..=1000).contains(&times) => {
                return refuse(format!("is repeated {times} times; write a number from 2 to 1000"));
            }
            Some(Repeat { every, .. }) if every.length() < length => {
                return refuse(format!(
                    "is repeated every {every} and lasts {}: it would overlap itself",
                    humantime::format_duration(length)
                ));
            }
            Some(_) | None => {}
        }
        Ok(Self { raw, phases })
    }
}

impl From<Incident> for RawIncident {
    fn from(incident: Incident) -> Self {
        incident.raw
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Incident, String> {
        toml::from_str::<Incident>(&format!("name = \"x\"\n{text}")).map_err(|error| error.message().to_owned())
    }

    fn secs(seconds: u64) -> SimTime {
        SimTime::from_start(Duration::from_secs(seconds))
    }

    const HTTP: &str = "http = { fault = \"error\" }\n";

    fn strength(incident: &Incident, now: u64) -> Option<f64> {
        incident.active(incident.begins(), secs(now)).map(|active| active.strength)
    }

    #[test]
    fn a_ramp_goes_up_and_down() {
        let incident = read(&format!("at = \"10s\"\nlasts = \"20s\"\nramp = {{ up = \"4s\", down = \"10s\" }}\n{HTTP}")).unwrap();
        assert_eq!(strength(&incident, 9), None);
        assert_eq!(strength(&incident, 12), Some(0.5));
        assert_eq!(strength(&incident, 15), Some(1.0));
        assert_eq!(strength(&incident, 25), Some(0.5));
        assert_eq!(strength(&incident, 30), None);
    }

    #[test]
    fn an_incident_comes_back() {
        let incident = read(&format!("at = \"10s\"\nlasts = \"5s\"\nrepeat = {{ every = \"20s\", times = 3 }}\n{HTTP}")).unwrap();
        let active: Vec<u64> = (0..100).filter(|now| incident.is_active(secs(*now))).collect();
        assert_eq!(active, [10, 11, 12, 13, 14, 30, 31, 32, 33, 34, 50, 51, 52, 53, 54]);
        assert_eq!(incident.ends(), secs(55));
    }

    #[test]
    fn phases_follow_each_other() {
        let incident = read(
            "at = \"1s\"\n[[phase]]\nlasts = \"2s\"\nhttp = { fault = \"error\" }\n[[phase]]\nlasts = \"3s\"\n[[phase]]\nlasts = \"4s\"\nhttp = { fault = \"refuse\" }\n",
        )
        .unwrap();
        let wrong = |now| incident.active(incident.begins(), secs(now)).is_some_and(|active| active.phase.effects.http.is_some());
        assert_eq!((0..12).filter(|now| wrong(*now)).collect::<Vec<_>>(), [1, 2, 6, 7, 8, 9]);
        assert_eq!(incident.refusals(incident.begins()).collect::<Vec<_>>(), [secs(6)]);
        assert_eq!(incident.ends(), secs(10));
        assert_eq!(incident.describe(), "every request answered 503, then nothing, then connections refused");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        #[track_caller]
        fn check(text: &str, expected: &str) {
            let error = read(text).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
        check(HTTP, "has no end");
        check("lasts = \"1s\"", "does nothing");
        check(&format!("lasts = \"0s\"\n{HTTP}"), "lasts no time");
        check(&format!("lasts = \"5s\"\nramp = {{ up = \"6s\" }}\n{HTTP}"), "ramps up and down for longer than the 5s");
        check(&format!("lasts = \"5s\"\nrepeat = {{ every = \"4s\", times = 2 }}\n{HTTP}"), "overlap itself");
        check(&format!("lasts = \"5s\"\n{HTTP}[[phase]]\nlasts = \"1s\"\n{HTTP}"), "belong into them");
    }
}
