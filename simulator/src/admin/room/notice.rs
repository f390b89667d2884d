//! What a button has done, said once on the page that comes back. A fixed word in the address, so that nobody can put words into our mouth with a link.

use serde::Deserialize;

/// Declares what can be said.
macro_rules! notices {
    ($($variant:ident = $word:literal, $tone:ident, $text:literal);+ $(;)?) => {
        /// What was done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
        pub(super) enum Done {
            $(#[serde(rename = $word)] $variant),+
        }

        impl Done {
            pub(super) const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            pub(super) const fn notice(self) -> Notice {
                match self { $(Self::$variant => Notice { tone: stringify!($tone), text: $text }),+ }
            }
        }
    };
}

notices! {
    Frozen = "frozen", good, "The clock is frozen.";
    Resumed = "resumed", good, "The clock goes on.";
    Advanced = "advanced", good, "The clock was moved on, and all that fell due was performed.";
    NotFrozen = "not_frozen", bad, "Only a frozen clock can be moved on. Freeze it first.";
    Overran = "overran", unsure, "Performing what fell due took too long: the clock stands where it had come to. Move it on again.";
    Started = "started", good, "The incident was started. It ends by itself.";
    Unknown = "unknown", bad, "There is no incident of this name.";
    Full = "full", bad, "As many incidents are going on as there may be. Stop one first.";
    Stopped = "stopped", good, "The incident was stopped.";
    OverAlready = "over", unsure, "That incident was over already.";
    Enabled = "enabled", good, "Callbacks go to this receiver again.";
    NotDisabled = "not_disabled", unsure, "That receiver was not disabled any more.";
}

/// A sentence for the top of the page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Notice {
    pub(super) tone: &'static str,
    pub(super) text: &'static str,
}
