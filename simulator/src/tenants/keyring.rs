//! The secrets that a tenant's callbacks are signed with: the current one, and during a rotation's overlap the one before.

use std::sync::Arc;

use kycsim_scenarios::SimTime;
use sha2::{Digest as _, Sha256};

use crate::dialects::{Dialect, Keys, Signer};
use crate::secret::{InvalidWebhookSecret, WebhookSecret};
use crate::snapshot::KeptKeyring;

/// The secrets of one tenant. There are never more than two: a rotation during an overlap ends the overlap before.
#[derive(Debug)]
pub(crate) struct Keyring {
    dialect: Dialect,
    secret: WebhookSecret,
    current: Arc<dyn Signer>,
    previous: Option<Outgoing>,
    foreign: Arc<dyn Signer>,
}

/// A secret that is on its way out.
#[derive(Debug)]
struct Outgoing {
    secret: WebhookSecret,
    signer: Arc<dyn Signer>,
    /// Up to here it holds, by the tenant's clock.
    until: SimTime,
}

impl Keyring {
    /// Returns a ring with one secret.
    pub(crate) fn new(dialect: Dialect, secret: WebhookSecret) -> Result<Self, InvalidWebhookSecret> {
        let current = dialect.signer(&secret)?;
        // Drawn from the secret itself, so that a wrong signature is the same in every run, and never right.
        let other = Sha256::new().chain_update("not the secret, but of it").chain_update(secret.reveal()).finalize();
        let foreign = dialect.signer(&dialect.secret(other.into()))?;
        Ok(Self { dialect, secret, current, previous: None, foreign })
    }

    /// Puts `secret` in the place of the current one, which goes on holding until `until`.
    pub(crate) fn rotate(&mut self, secret: WebhookSecret, until: SimTime) -> Result<(), InvalidWebhookSecret> {
        let before = std::mem::replace(self, Self::new(self.dialect, secret)?);
        self.previous = Some(Outgoing { secret: before.secret, signer: before.current, until });
        Ok(())
    }

    /// Returns what is kept of it.
    pub(crate) fn keep(&self) -> KeptKeyring {
        let previous = self.previous.as_ref().map(|Outgoing { secret, until, .. }| (secret.reveal().to_owned(), *until));
        KeptKeyring { current: self.secret.reveal().to_owned(), previous }
    }

    /// Returns the ring that was kept.
    pub(crate) fn resumed(dialect: Dialect, kept: KeptKeyring) -> Result<Self, InvalidWebhookSecret> {
        let current = WebhookSecret::new(kept.current);
        let Some((previous, until)) = kept.previous else { return Self::new(dialect, current) };
        let mut ring = Self::new(dialect, WebhookSecret::new(previous))?;
        ring.rotate(current, until)?;
        Ok(ring)
    }

    /// The current secret.
    pub(crate) const fn secret(&self) -> &WebhookSecret {
        &self.secret
    }

    /// Returns what holds at `now`.
    pub(crate) fn keys(&self, now: SimTime) -> Keys {
        let previous = self.previous.as_ref().filter(|previous| now < previous.until).map(|previous| Arc::clone(&previous.signer));
        Keys { current: Arc::clone(&self.current), previous, foreign: Arc::clone(&self.foreign) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialects::Seal;

    fn secret(byte: u8) -> WebhookSecret {
        Dialect::Generic.secret([byte; 32])
    }

    #[track_caller]
    fn check(ring: &Keyring, now: u64, seal: Seal, expected: &[u8]) {
        let sign = |signer: &dyn Signer| signer.signature("evt_1", 1, b"{}");
        let signed: Vec<_> = ring.keys(SimTime::from_micros(now)).sealing(seal).map(sign).collect();
        let expected: Vec<_> = expected.iter().map(|byte| sign(Dialect::Generic.signer(&secret(*byte)).unwrap().as_ref())).collect();
        assert_eq!(signed, expected);
    }

    #[test]
    fn both_secrets_hold_until_the_overlap_ends() {
        let mut ring = Keyring::new(Dialect::Generic, secret(1)).unwrap();
        check(&ring, 0, Seal::Proper, &[1]);
        ring.rotate(secret(2), SimTime::from_micros(10)).unwrap();
        check(&ring, 9, Seal::Proper, &[2, 1]);
        check(&ring, 9, Seal::Unsigned, &[]);
        check(&ring, 10, Seal::Proper, &[2]);
        ring.rotate(secret(3), SimTime::from_micros(20)).unwrap();
        check(&ring, 5, Seal::Proper, &[3, 2]);
        assert_eq!(ring.secret().reveal(), secret(3).reveal());
    }

    #[test]
    fn a_secret_that_cannot_be_used_changes_nothing() {
        let mut ring = Keyring::new(Dialect::Generic, secret(1)).unwrap();
        assert!(ring.rotate(WebhookSecret::new("hunter2"), SimTime::MAX).is_err());
        check(&ring, 0, Seal::Proper, &[1]);
    }

    #[test]
    fn the_wrong_signature_is_none_that_holds() {
        let ring = Keyring::new(Dialect::Generic, secret(1)).unwrap();
        let keys = ring.keys(SimTime::ZERO);
        let signed = |seal| keys.sealing(seal).map(|signer| signer.signature("evt_1", 1, b"{}")).collect::<Vec<_>>();
        let (proper, wrong) = (signed(Seal::Proper), signed(Seal::WrongSignature));
        assert_eq!((proper.len(), wrong.len(), proper[0].len()), (1, 1, wrong[0].len()));
        assert_ne!(proper, wrong);
    }
}
