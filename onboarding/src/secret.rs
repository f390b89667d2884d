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

/// What the vendor signs callbacks with, as it is written. Which bytes of it are the key differs from vendor to vendor.
#[derive(Clone, PartialEq, Eq)]
pub struct CallbackSecret(String);

impl CallbackSecret {
    /// Reads the form of Standard Webhooks, which is the generic vendor's: `whsec_` and base64.
    ///
    /// # Errors
    /// When the prefix is missing, or what follows is not base64 of at least one byte.
    pub fn parse(written: &str) -> Result<Self, ParseCallbackSecretError> {
        let secret = Self(written.to_owned());
        secret.decoded().map(|_| secret)
    }

    /// Takes a secret of a vendor whose key is the text itself.
    ///
    /// # Errors
    /// When it is empty: anybody could sign with that.
    pub fn verbatim(written: &str) -> Result<Self, ParseCallbackSecretError> {
        if written.is_empty() { Err(ParseCallbackSecretError::Empty) } else { Ok(Self(written.to_owned())) }
    }

    /// Returns the key that stands behind the prefix.
    pub(crate) fn decoded(&self) -> Result<CallbackKey, ParseCallbackSecretError> {
        let encoded = self.0.strip_prefix("whsec_").ok_or(ParseCallbackSecretError::NoPrefix)?;
        match STANDARD.decode(encoded) {
            Ok(key) if !key.is_empty() => Ok(CallbackKey(key)),
            Ok(_) | Err(_) => Err(ParseCallbackSecretError::NotBase64),
        }
    }

    /// Returns the whole text as a key.
    pub(crate) fn whole(&self) -> CallbackKey {
        CallbackKey(self.0.as_bytes().to_vec())
    }
}

impl fmt::Debug for CallbackSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The bytes of a callback secret that are the key.
#[derive(Clone)]
pub(crate) struct CallbackKey(Vec<u8>);

impl CallbackKey {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for CallbackKey {
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
    /// There is nothing.
    #[error("a callback secret must not be empty")]
    Empty,
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
