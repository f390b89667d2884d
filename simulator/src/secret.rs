//! The two secrets between a vendor and its customer, and that of whoever steers the vendor. None is ever shown.

use std::fmt;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::id::spell;

/// What a customer proves itself with.
#[derive(Clone)]
pub struct ApiKey(String);

/// Why an API key was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an API key is 1 to 256 visible ASCII characters")]
pub struct InvalidApiKey;

impl ApiKey {
    /// Longer than any key that a vendor gives out.
    pub(crate) const LENGTH_MAX: usize = 256;

    /// Returns the key with this text.
    ///
    /// # Errors
    /// [`InvalidApiKey`] when it could not stand in a header.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidApiKey> {
        let text = text.into();
        if (1..=Self::LENGTH_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text))
        } else {
            Err(InvalidApiKey)
        }
    }

    /// Returns a key that nobody can guess.
    pub(crate) fn generate() -> Result<Self, NoRandomness> {
        let mut bits = [0; 16];
        bits.copy_from_slice(&random()?[..16]);
        Ok(Self(spell("key_", u128::from_be_bytes(bits))))
    }

    /// The text itself: for whoever the key was made for. Never log it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether `offered` is this key, found out in a time that does not tell how much of it was right.
    pub(crate) fn is(&self, offered: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(offered).into()
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey([redacted])")
    }
}

/// What whoever steers a vendor from afar proves themselves with.
#[derive(Clone)]
pub struct AdminToken {
    /// Of the token, so that a comparison takes as long for every guess.
    digest: [u8; 32],
}

/// Why an admin token was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an admin token is 16 to 256 visible ASCII characters: it opens the vendor to the network")]
pub struct InvalidAdminToken;

impl AdminToken {
    /// Returns the token with this text.
    ///
    /// # Errors
    /// [`InvalidAdminToken`] when it could not stand in a header, or is easily guessed.
    pub fn new(text: &str) -> Result<Self, InvalidAdminToken> {
        let fits = (16..=256).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Self { digest: Sha256::digest(text).into() }) } else { Err(InvalidAdminToken) }
    }

    /// Whether `offered` is this token, found out in a time that does not tell how much of it was right.
    pub(crate) fn is(&self, offered: &[u8]) -> bool {
        self.digest.ct_eq(&Sha256::digest(offered)).into()
    }
}

impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminToken([redacted])")
    }
}

/// What callbacks are signed with, as the customer was given it: `whsec_` and base64 in the generic dialect.
///
/// Vendors spell their secrets differently, so it is the dialect that reads it, when the vendor starts.
#[derive(Clone)]
pub struct WebhookSecret(String);

/// Why a dialect cannot sign with a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the webhook secret cannot be used: {expected}")]
pub struct InvalidWebhookSecret {
    /// What would be right.
    pub(crate) expected: &'static str,
}

impl WebhookSecret {
    /// Returns the secret with this text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself: for signing, and for whoever the secret was made for. Never log it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret([redacted])")
    }
}

/// Why no secret could be made up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no random bytes")]
pub struct NoRandomness;

/// Returns bytes that nobody can guess.
pub(crate) fn random() -> Result<[u8; 32], NoRandomness> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_do_not_show_themselves() {
        let shown = format!("{:?} {:?}", ApiKey::new("hunter2").unwrap(), WebhookSecret::new("whsec_hunter2"));
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn only_the_very_token_is_the_token() {
        let token = AdminToken::new("0123456789abcdef").unwrap();
        assert!(token.is(b"0123456789abcdef"));
        for other in ["0123456789abcdeg", "0123456789abcde", "0123456789abcdef0", ""] {
            assert!(!token.is(other.as_bytes()), "{other}");
        }
        assert!(AdminToken::new("too-short").is_err() && AdminToken::new("sixteen or more, but with blanks").is_err());
        assert_eq!(format!("{token:?}"), "AdminToken([redacted])");
    }

    #[test]
    fn only_the_very_key_is_the_key() {
        let key = ApiKey::new("key_1").unwrap();
        assert!(key.is(b"key_1"));
        for other in ["key_2", "key_", "key_11", "KEY_1", ""] {
            assert!(!key.is(other.as_bytes()), "{other}");
        }
        assert!(ApiKey::new("").is_err() && ApiKey::new("a b").is_err());
    }
}
