//! Which vendor it is: a closed set, chosen by the operator.

use crate::secret::{CallbackSecret, ParseCallbackSecretError};

/// The vendor's HTTP API. Each has its adapter; the rest of the backend knows none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum VendorApi {
    /// The vendor of `docs/dialects/generic.md`, which is nobody in particular.
    #[default]
    Generic,
    /// Stripe Identity.
    StripeIdentity,
    /// Onfido, API v3.6, with checks and reports.
    Onfido,
}

impl VendorApi {
    /// Every one of them.
    pub const ALL: [Self; 3] = [Self::Generic, Self::StripeIdentity, Self::Onfido];

    /// Returns the word for it, as configurations have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::StripeIdentity => "stripe-identity",
            Self::Onfido => "onfido",
        }
    }

    /// Returns the one that `word` stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|api| api.as_str() == word)
    }

    /// Takes a callback secret as this vendor writes them.
    ///
    /// # Errors
    /// When it does not have the vendor's form, or is empty.
    pub fn callback_secret(self, written: &str) -> Result<CallbackSecret, ParseCallbackSecretError> {
        match self {
            Self::Generic => CallbackSecret::parse(written),
            Self::StripeIdentity | Self::Onfido => CallbackSecret::verbatim(written),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_a_word_of_its_own() {
        for api in VendorApi::ALL {
            assert_eq!(VendorApi::from_word(api.as_str()), Some(api));
        }
        assert_eq!(VendorApi::from_word("Generic"), None);
    }

    #[test]
    fn a_secret_has_the_vendors_form() {
        assert!(VendorApi::Generic.callback_secret("no prefix").is_err());
        for api in [VendorApi::StripeIdentity, VendorApi::Onfido] {
            assert!(api.callback_secret("no prefix").is_ok());
            assert_eq!(api.callback_secret(""), Err(ParseCallbackSecretError::Empty));
        }
    }
}
