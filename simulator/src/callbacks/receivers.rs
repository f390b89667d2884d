//! Who has failed to take callbacks, how often in a row, and who is sent nothing more for it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How many receivers are watched; later ones are never disabled. A test has one or two.
const WATCHED_MAX: usize = 1024;

/// All receivers that have failed lately, by host and port.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Receivers(BTreeMap<String, Receiver>);

/// One receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Receiver {
    /// How many deliveries have failed since the last that did not.
    pub(crate) failed_in_a_row: u32,
    pub(crate) disabled: bool,
}

impl Receivers {
    /// Whether nothing is sent there.
    pub(crate) fn is_disabled(&self, receiver: &str) -> bool {
        !self.0.is_empty() && self.0.get(receiver).is_some_and(|receiver| receiver.disabled)
    }

    /// Takes note of a delivery, and returns whether the receiver has just been disabled.
    pub(crate) fn note(&mut self, receiver: &str, accepted: bool, disable_after: Option<u32>) -> bool {
        if accepted {
            if let Some(known) = self.0.get_mut(receiver) {
                known.failed_in_a_row = 0;
            }
            return false;
        }
        if !self.0.contains_key(receiver) && self.0.len() >= WATCHED_MAX {
            return false;
        }
        let known = self.0.entry(receiver.to_owned()).or_default();
        known.failed_in_a_row = known.failed_in_a_row.saturating_add(1);
        let disables = !known.disabled && disable_after.is_some_and(|after| known.failed_in_a_row >= after);
        known.disabled |= disables;
        disables
    }

    /// Sends there again. Returns whether it was disabled.
    pub(crate) fn enable(&mut self, receiver: &str) -> bool {
        self.0.remove(receiver).is_some_and(|receiver| receiver.disabled)
    }

    /// Those that have failed lately.
    pub(crate) fn failing(&self) -> impl Iterator<Item = (&str, Receiver)> {
        self.0.iter().map(|(name, receiver)| (name.as_str(), *receiver))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_failures_in_a_row_disable_a_receiver() {
        let mut receivers = Receivers::default();
        let mut note = |accepted| receivers.note("a:1", accepted, Some(3));
        assert_eq!([false, false, true, false, false, false, false].map(&mut note), [false, false, false, false, false, true, false]);
        assert!(receivers.is_disabled("a:1") && !receivers.is_disabled("b:1"));
        assert!(receivers.enable("a:1"));
        assert!(!receivers.enable("a:1"));
        assert!(!receivers.note("a:1", false, None), "without a bound nobody is disabled");
    }
}
