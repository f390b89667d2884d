use super::CallbackUrl;
use crate::dialects::Keys;

/// Where a customer had events sent through the vendor's own API, signed with a secret of its own.
#[derive(Debug)]
pub(crate) struct Endpoint {
    pub(crate) id: String,
    pub(crate) url: CallbackUrl,
    pub(crate) keys: Keys,
}
