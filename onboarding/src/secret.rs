//! Values that must never be printed.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq as _;

/// A password-like string; its `Debug` says `[redacted]`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a string into keeping.
    #[must_use]
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// Returns the string. Only for sending it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Compares without telling, by the time it takes, how much was right.
    pub(crate) fn is(&self, claimed: &str) -> bool {
        self.0.as_bytes().ct_eq(claimed.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The key with which the vendor signs callbacks (Standard Webhooks: `whsec_` and base64).
#[derive(Clone, PartialEq, Eq)]
pub struct CallbackSecret(Vec<u8>);

impl CallbackSecret {
    /// Reads the written form.
    ///
    /// # Errors
    /// When the prefix is missing, or what follows is not base64 of at least one byte.
    pub fn parse(written: &str) -> Result<Self, ParseCallbackSecretError> {
        let encoded = written.strip_prefix("whsec_").ok_or(ParseCallbackSecretError::NoPrefix)?;
        match STANDARD.decode(encoded) {
            Ok(key) if !key.is_empty() => Ok(Self(key)),
            Ok(_) | Err(_) => Err(ParseCallbackSecretError::NotBase64),
        }
    }

    pub(crate) fn key(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for CallbackSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Why a callback secret was refused. Says nothing of the secret itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseCallbackSecretError {
    /// It does not begin with `whsec_`.
    #[error("a callback secret begins with `whsec_`")]
    NoPrefix,
    /// The rest is not base64.
    #[error("after `whsec_` a callback secret is base64 of the key")]
    NotBase64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_printed() {
        let shown = format!("{:?} {:?}", Secret::new("s3cr3t"), CallbackSecret::parse("whsec_c2VjcmV0").unwrap());
        assert_eq!(shown, "[redacted] [redacted]");
    }

    #[test]
    fn a_callback_secret_has_prefix_and_key() {
        assert_eq!(CallbackSecret::parse("c2VjcmV0"), Err(ParseCallbackSecretError::NoPrefix));
        assert_eq!(CallbackSecret::parse("whsec_"), Err(ParseCallbackSecretError::NotBase64));
        assert_eq!(CallbackSecret::parse("whsec_!"), Err(ParseCallbackSecretError::NotBase64));
    }
}
