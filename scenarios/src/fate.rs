//! Chance: every draw about an applicant comes from a generator keyed by `(seed, applicant, purpose, occurrence)`.
//!
//! Nothing is drawn from a shared stream, so the same applicant meets the same fate whatever the interleaving, the thread count or the
//! machine, and "the same run with the outage removed" changes nothing else.

use std::fmt;
use std::sync::Arc;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The name by which an applicant is known to everybody: the load test, the backend (as its reference) and the vendor.
///
/// Shared, because it stands in every session, ledger entry, event and journal entry about them: a copy costs no memory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ApplicantKey(Arc<str>);

impl ApplicantKey {
    /// Returns the key of the `number`th applicant of a schedule: `a-000042`.
    #[must_use]
    pub fn numbered(number: u64) -> Self {
        Self(format!("a-{number:06}").into())
    }

    /// The place in a schedule of whoever has this key; none when no schedule makes it.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        let number = self.0.strip_prefix("a-")?.parse().ok()?;
        (Self::numbered(number) == *self).then_some(number)
    }

    /// Returns a key that came from elsewhere, such as the reference in a vendor's session.
    #[must_use]
    pub fn new(key: impl Into<Arc<str>>) -> Self {
        Self(key.into())
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ApplicantKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a draw is for. A new purpose never changes the draws of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Which group of the applicant mix.
    Profile,
    /// Name, birth, document: who the applicant is.
    Identity,
    /// The picture itself.
    Image,
    /// Whether a capture goes wrong, and how.
    CaptureDefect,
    /// What the vendor decides.
    Outcome,
    /// How long the vendor takes.
    DecisionDelay,
    /// How often, and with what delay, a callback is sent.
    Callback,
    /// Whether a callback has a defect, and which.
    CallbackDefect,
    /// Whether a callback is told out of order, or before its time.
    CallbackOrder,
    /// How much later an incident lets a callback be told.
    CallbackTrouble,
    /// How much longer an incident lets a decision take.
    DecisionTrouble,
    /// Whether a decision is changed later, and how.
    Revision,
    /// How sure the vendor's checks say they are.
    Confidence,
    /// Whether an applicant is among the share that an incident touches.
    Scope,
    /// How long the vendor takes to answer a request.
    Latency,
    /// Whether a request meets an incident's fault.
    Fault,
    /// Whether a request meets a fault that was ordered for it.
    OrderedFault,
    /// How long the applicant waits before giving up.
    Patience,
    /// How long the applicant takes for a step.
    StepTime,
    /// Whether the applicant leaves at a step of their own accord.
    Leave,
    /// Whether the applicant submits once more what has been submitted.
    DoubleSubmit,
    /// How long a reviewer takes for this applicant's case.
    Handling,
    /// What the reviewer decides.
    ReviewDecision,
    /// The moments at which applicants arrive.
    Arrivals,
    /// How long the applicant's user waits before the journey, in a closed model.
    ThinkTime,
    /// Which part of a run that is played in parts they belong to.
    Shard,
}

impl Purpose {
    const fn label(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Identity => "identity",
            Self::Image => "image",
            Self::CaptureDefect => "capture-defect",
            Self::Outcome => "outcome",
            Self::DecisionDelay => "decision-delay",
            Self::Callback => "callback",
            Self::CallbackDefect => "callback-defect",
            Self::CallbackOrder => "callback-order",
            Self::CallbackTrouble => "callback-trouble",
            Self::DecisionTrouble => "decision-trouble",
            Self::Revision => "revision",
            Self::Confidence => "confidence",
            Self::Scope => "scope",
            Self::Latency => "latency",
            Self::Fault => "fault",
            Self::OrderedFault => "ordered-fault",
            Self::Patience => "patience",
            Self::StepTime => "step-time",
            Self::Leave => "leave",
            Self::DoubleSubmit => "double-submit",
            Self::Handling => "handling",
            Self::ReviewDecision => "review-decision",
            Self::Arrivals => "arrivals",
            Self::ThinkTime => "think-time",
            Self::Shard => "shard",
        }
    }
}

/// All the chance in one applicant's life: the same on every machine, whatever runs beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fate {
    seed: u64,
    applicant: ApplicantKey,
}

impl Fate {
    /// Returns the fate of `applicant` in a run with this seed.
    #[must_use]
    pub const fn new(seed: u64, applicant: ApplicantKey) -> Self {
        Self { seed, applicant }
    }

    /// Whose fate it is.
    #[must_use]
    pub const fn applicant(&self) -> &ApplicantKey {
        &self.applicant
    }

    /// Returns the generator for the `occurrence`th draw for one purpose (the attempt, the step, the request), always from its beginning.
    #[must_use]
    pub fn rng(&self, purpose: Purpose, occurrence: u32) -> ChaCha8Rng {
        keyed(self.seed, purpose, occurrence, self.applicant.as_str())
    }
}

/// Returns the generator for something that belongs to no applicant, such as the arrivals.
#[must_use]
pub fn world_rng(seed: u64, purpose: Purpose) -> ChaCha8Rng {
    keyed(seed, purpose, 0, "")
}

fn keyed(seed: u64, purpose: Purpose, occurrence: u32, applicant: &str) -> ChaCha8Rng {
    let mut hash = Sha256::new();
    hash.update(seed.to_le_bytes());
    hash.update(occurrence.to_le_bytes());
    hash.update(purpose.label());
    hash.update([0]); // keeps ("a", "bc") and ("ab", "c") apart
    hash.update(applicant);
    ChaCha8Rng::from_seed(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;

    fn first(seed: u64, applicant: u64, purpose: Purpose, occurrence: u32) -> u64 {
        Fate::new(seed, ApplicantKey::numbered(applicant)).rng(purpose, occurrence).next_u64()
    }

    #[test]
    fn a_fate_is_the_same_on_every_machine() {
        // Stored figures: if they change, every recorded run changes its meaning.
        assert_eq!(first(7, 42, Purpose::Outcome, 1), FATE_7_42_OUTCOME_1);
        assert_eq!(first(7, 42, Purpose::Patience, 0), FATE_7_42_PATIENCE_0);
    }
    const FATE_7_42_OUTCOME_1: u64 = 849_589_872_242_866_510;
    const FATE_7_42_PATIENCE_0: u64 = 10_678_096_443_207_519_826;

    #[test]
    fn a_key_knows_its_number_if_it_has_one() {
        for number in [0, 42, 999_999, 1_000_000] {
            assert_eq!(ApplicantKey::numbered(number).number(), Some(number));
        }
        for key in ["a-42", "a-+00042", "b-000042", "a-", "", "a-0000042"] {
            assert_eq!(ApplicantKey::new(key).number(), None, "{key}");
        }
    }

    #[test]
    fn each_part_of_the_key_matters() {
        let base = first(7, 42, Purpose::Outcome, 1);
        assert_ne!(base, first(8, 42, Purpose::Outcome, 1));
        assert_ne!(base, first(7, 43, Purpose::Outcome, 1));
        assert_ne!(base, first(7, 42, Purpose::Callback, 1));
        assert_ne!(base, first(7, 42, Purpose::Outcome, 2));
    }
}
