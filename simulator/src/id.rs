//! The vendor's ids: digests, so that they look like chance and are the same in every run.
//!
//! An id is drawn from the seed and from what it names (a session: the applicant and how many they have had before), never from a shared generator. Two
//! runs of one scenario thus give the same ids, whatever the interleaving, and their ledgers can be laid side by side. Whoever knows the seed can
//! guess an id: the API key is what protects a session, as it is with real vendors.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use kycsim_scenarios::ApplicantKey;
use kycsim_scenarios::language::EventKind;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Names one session: `ses_` and 26 letters and digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct SessionId(Arc<str>);

impl SessionId {
    /// Returns the id of the applicant's `ordinal`th session, from 0, as its vendor spells it.
    pub(crate) fn of(seed: u64, applicant: &ApplicantKey, ordinal: u32, spell: impl FnOnce(u128) -> String) -> Self {
        let bits = digest("ses_", &[&seed.to_le_bytes(), &ordinal.to_le_bytes(), applicant.as_str().as_bytes()]);
        Self(spell(bits).into())
    }

    /// Returns the id a customer wrote; it may name nothing.
    pub(crate) fn named(text: &str) -> Self {
        Self(text.into())
    }

    /// The id, shared.
    pub(crate) fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the id of the event of this kind that says what this session became at `version`; `number` tells further ids for the same from it.
    pub(crate) fn event(&self, version: u64, kind: EventKind, number: u32) -> String {
        digest_id("evt_", &[self.0.as_bytes(), &version.to_le_bytes(), kind.as_str().as_bytes(), &number.to_le_bytes()])
    }

    /// Returns the id of this session's `ordinal`th upload, from 0.
    pub(crate) fn upload(&self, ordinal: u32) -> String {
        digest_id("upl_", &[self.0.as_bytes(), &ordinal.to_le_bytes()])
    }
}

impl Borrow<str> for SessionId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Returns `prefix` and 128 bits of the digest of `parts`, in Crockford's base 32, small letters.
fn digest_id(prefix: &'static str, parts: &[&[u8]]) -> String {
    spell(prefix, digest(prefix, parts))
}

/// Returns 128 bits of the digest of what is named, which is of the kind `kind`, by `parts`.
pub(crate) fn digest(kind: &str, parts: &[&[u8]]) -> u128 {
    let mut hash = Sha256::new();
    hash.update(kind);
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes()); // keeps ("a", "bc") and ("ab", "c") apart
        hash.update(part);
    }
    let mut bits = [0; 16];
    bits.copy_from_slice(&hash.finalize()[..16]);
    u128::from_be_bytes(bits)
}

/// Returns `prefix` and `bits` as 26 letters and digits.
pub(crate) fn spell(prefix: &str, bits: u128) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut text = [0_u8; 26];
    // In three parts that fit into a machine word each: 2, 12 and 12 letters of five bits.
    for (part, from, to) in [(bits >> 120, 0, 2), (bits >> 60, 2, 14), (bits, 14, 26)] {
        #[expect(clippy::cast_possible_truncation, reason = "the low bits are what is wanted")]
        let mut part = part as u64;
        for letter in text[from..to].iter_mut().rev() {
            *letter = ALPHABET[(part & 31) as usize];
            part >>= 5;
        }
    }
    let mut id = String::with_capacity(prefix.len() + text.len());
    id.push_str(prefix);
    id.push_str(str::from_utf8(&text).unwrap_or_default()); // the alphabet is ASCII
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(seed: u64, applicant: &str, ordinal: u32) -> String {
        SessionId::of(seed, &ApplicantKey::new(applicant), ordinal, |bits| spell("ses_", bits)).to_string()
    }

    #[test]
    fn the_same_session_has_the_same_id_in_every_run() {
        assert_eq!(of(7, "a-000042", 0), of(7, "a-000042", 0));
        // A stored figure: if it changes, recorded runs can no longer be laid beside new ones.
        assert_eq!(of(7, "a-000042", 0), "ses_562rqrb7rk1d58d7y1s5zfwbtw");
    }

    #[test]
    fn each_part_of_the_key_matters() {
        let base = of(7, "a-000042", 0);
        for other in [of(8, "a-000042", 0), of(7, "a-000043", 0), of(7, "a-000042", 1)] {
            assert_ne!(base, other);
        }
    }

    #[test]
    fn an_id_is_spelled_in_full() {
        assert_eq!(spell("x_", 0), format!("x_{}", "0".repeat(26)));
        assert_eq!(spell("x_", 33), format!("x_{}11", "0".repeat(24)));
        assert_eq!(spell("x_", u128::MAX), format!("x_7{}", "z".repeat(25)));
    }
}
