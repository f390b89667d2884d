//! Passes: what lets somebody who is not the customer do something with one session. A link to its capture page; a key for an applicant's phone.
//!
//! A pass carries all that it says, and a proof that this vendor wrote it: nothing is kept of it here, and it outlives a restart. Whether it has run out or
//! was used before is for the dialect to say that gave it.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use kycsim_scenarios::SimTime;
use sha2::{Digest as _, Sha256};

use crate::id::SessionId;
use crate::secret::ApiKey;

/// Longer than any pass that is given out.
const TEXT_MAX: usize = 512;
/// How much of the proof is written: nobody guesses 128 bits.
const PROOF_BYTES: usize = 16;

/// Somebody's leave to do something with one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pass {
    tenant: String,
    pub(crate) purpose: PassPurpose,
    pub(crate) session: SessionId,
    /// When it was given, by the tenant's clock.
    pub(crate) issued: SimTime,
}

/// What a pass is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PassPurpose {
    /// Opening the session's capture page.
    Page,
    /// Handing in pictures from an applicant's device.
    Device,
}

impl PassPurpose {
    const fn letter(self) -> u8 {
        match self {
            Self::Page => b'p',
            Self::Device => b'd',
        }
    }

    fn of(letter: u8) -> Option<Self> {
        [Self::Page, Self::Device].into_iter().find(|purpose| purpose.letter() == letter)
    }
}

/// Gives and checks the passes of one tenant.
#[derive(Clone)]
pub(crate) struct Passes {
    tenant: String,
    keyed: Hmac<Sha256>,
}

impl Passes {
    /// Returns the passes of a tenant. What proves them is drawn from its API key: whoever knows that needs none.
    pub(crate) fn of(tenant: &str, api_key: &ApiKey) -> Self {
        let key = Sha256::new().chain_update("passes").chain_update(api_key.reveal()).finalize();
        let mut keyed = [0; 64];
        keyed[..32].copy_from_slice(&key);
        Self { tenant: tenant.to_owned(), keyed: Hmac::new(&keyed.into()) }
    }

    /// Gives a pass, as text for a header or an address.
    pub(crate) fn give(&self, purpose: PassPurpose, session: &SessionId, now: SimTime) -> String {
        let length = u8::try_from(self.tenant.len()).unwrap_or(u8::MAX); // names are shorter by far
        let issued = now.as_micros().to_be_bytes();
        let said = [&[purpose.letter(), length], &issued[..], self.tenant.as_bytes(), session.as_str().as_bytes()].concat();
        let proof = self.proof(&said).finalize().into_bytes();
        BASE64_URL_SAFE_NO_PAD.encode([&proof[..PROOF_BYTES], &said].concat())
    }

    /// Returns the pass that this is, if this tenant gave it.
    pub(crate) fn check(&self, text: &str) -> Option<Pass> {
        let (proof, said) = parts(text)?;
        self.proof(&said).verify_truncated_left(&proof).ok()?; // in constant time
        read(&said)
    }

    fn proof(&self, said: &[u8]) -> Hmac<Sha256> {
        self.keyed.clone().chain_update(said)
    }
}

impl std::fmt::Debug for Passes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Passes").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}

/// Returns the tenant that a pass says it is of. That has to be asked whether it is true.
pub(crate) fn claimed_tenant(text: &str) -> Option<String> {
    let (_, said) = parts(text)?;
    read(&said).map(|pass| pass.tenant)
}

/// Reads what a pass says: a letter for its purpose, the length of the tenant's name, eight bytes of time, the tenant, the session.
fn read(said: &[u8]) -> Option<Pass> {
    let ([purpose, length], rest) = said.split_first_chunk()?;
    let (issued, rest) = rest.split_first_chunk()?;
    let (tenant, session) = rest.split_at_checked(usize::from(*length))?;
    Some(Pass {
        tenant: str::from_utf8(tenant).ok()?.to_owned(),
        purpose: PassPurpose::of(*purpose)?,
        session: SessionId::named(str::from_utf8(session).ok()?),
        issued: SimTime::from_micros(u64::from_be_bytes(*issued)),
    })
}

fn parts(text: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    if text.len() > TEXT_MAX {
        return None;
    }
    let mut proof = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    if proof.len() < PROOF_BYTES {
        return None;
    }
    let said = proof.split_off(PROOF_BYTES);
    Some((proof, said))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(tenant: &str, key: &str) -> Passes {
        Passes::of(tenant, &ApiKey::new(key).unwrap())
    }

    #[test]
    fn a_pass_says_what_it_was_given_for() {
        let (ours, session) = (passes("default", "key_1"), SessionId::named("vs_1"));
        let text = ours.give(PassPurpose::Device, &session, SimTime::from_micros(7));
        let pass = ours.check(&text).unwrap();
        assert_eq!((pass.purpose, pass.session.as_str(), pass.issued), (PassPurpose::Device, "vs_1", SimTime::from_micros(7)));
        assert_eq!(claimed_tenant(&text).as_deref(), Some("default"));
    }

    #[test]
    fn nobody_makes_a_pass_of_their_own() {
        let ours = passes("default", "key_1");
        let text = ours.give(PassPurpose::Page, &SessionId::named("vs_1"), SimTime::ZERO);
        assert_eq!(passes("default", "key_2").check(&text), None);
        let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(&text).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        assert_eq!(ours.check(&BASE64_URL_SAFE_NO_PAD.encode(&bytes)), None);
        for text in ["", "x", "é", &text[..text.len() - 4], &"A".repeat(TEXT_MAX + 1)] {
            assert_eq!((ours.check(text), claimed_tenant(text)), (None, None), "{text}");
        }
    }
}
