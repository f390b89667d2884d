//! What callbacks are signed with, and how truly. What a signature looks like is the dialect's business.

use std::fmt;
use std::sync::Arc;

/// How true the signature of a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Seal {
    /// With every secret that holds.
    #[default]
    Proper,
    /// Not at all; its other headers stay.
    Unsigned,
    /// Right in form, and made with a secret that nobody was given.
    WrongSignature,
}

/// Signs with one secret, in a dialect's scheme.
pub(crate) trait Signer: fmt::Debug + Send + Sync {
    /// Returns the signature of a delivery of `event`.
    fn signature(&self, event: &str, unix_seconds: i64, body: &[u8]) -> String;
}

/// The secrets that hold at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    pub(crate) current: Arc<dyn Signer>,
    /// The one before, as long as both hold.
    pub(crate) previous: Option<Arc<dyn Signer>>,
    /// One that nobody was given.
    pub(crate) foreign: Arc<dyn Signer>,
}

impl Keys {
    /// Returns who signs, the current secret first.
    pub(crate) fn sealing(&self, seal: Seal) -> impl Iterator<Item = &dyn Signer> {
        let signers = match seal {
            Seal::Proper => [Some(&self.current), self.previous.as_ref()],
            Seal::Unsigned => [None, None],
            Seal::WrongSignature => [Some(&self.foreign), None],
        };
        signers.into_iter().flatten().map(Arc::as_ref)
    }
}
