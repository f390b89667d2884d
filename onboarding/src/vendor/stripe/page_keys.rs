use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::clock::between;
use crate::id::SessionId;
use crate::secret::Secret;

/// How long a key is used. The vendor's own hold for an hour.
const HOLDS: Duration = Duration::from_mins(10);
/// How many are kept: more than there are submissions under way. At the bound all are forgotten, which costs a call for each.
const KEEPS: usize = 10_000;

/// The ephemeral keys of sessions whose images are being handed over. A restart forgets them, and each is made again.
#[derive(Debug, Default)]
pub(super) struct PageKeys(Mutex<HashMap<SessionId, (Secret, Timestamp)>>);

impl PageKeys {
    /// Returns the key of a session, if there is one that holds at `now`.
    pub(super) fn of(&self, session: &SessionId, now: Timestamp) -> Option<Secret> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(session).filter(|(_, made)| between(*made, now) < HOLDS).map(|(key, _)| key.clone())
    }

    pub(super) fn keep(&self, session: &SessionId, key: Secret, now: Timestamp) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEEPS {
            kept.clear();
        }
        kept.insert(session.clone(), (key, now));
    }

    pub(super) fn forget(&self, session: &SessionId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(session);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_used_for_a_while_and_for_its_own_session() {
        let (keys, now) = (PageKeys::default(), Timestamp::UNIX_EPOCH);
        let [ours, other] = ["vs_1", "vs_2"].map(|id| SessionId::parse(id).unwrap());
        let kept = |session, now| keys.of(session, now).map(|key| key.expose().to_owned());
        keys.keep(&ours, Secret::new("ek_test_1"), now);
        assert_eq!((kept(&ours, now).as_deref(), kept(&other, now)), (Some("ek_test_1"), None));
        assert_eq!(kept(&ours, now + HOLDS), None);
        keys.forget(&ours);
        assert_eq!(kept(&ours, now), None);
    }
}
