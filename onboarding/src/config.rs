//! What the operator decides. Everything that is not a required argument of [`OnboardingConfig::new`] has an honest default.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use crate::secret::{CallbackSecret, Secret};
use crate::vendor::VendorApi;

/// Where the backend keeps what it knows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Database {
    /// A file of this name; made when it is missing.
    File(PathBuf),
    /// A file in a private folder of its own, deleted together with the [`Backend`](crate::Backend).
    Temporary,
}

/// How long a refused call to the vendor waits for its next try.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Backoff {
    /// The wait after the first failure; doubles with every further one.
    pub base: Duration,
    /// The wait never grows beyond this.
    pub cap: Duration,
    /// The share of the wait (0 to 1) that is left to chance, so that failures of one moment do not come back as one flood.
    pub jitter: f64,
}

impl Backoff {
    /// Returns the wait after `tries` failures; `draw` is a number from 0 up to 1.
    #[must_use]
    pub fn delay(&self, tries: u32, draw: f64) -> Duration {
        let doublings = tries.saturating_sub(1).min(31);
        let full = self.base.saturating_mul(1 << doublings).min(self.cap);
        full.mul_f64(1.0 - self.jitter.clamp(0.0, 1.0) * draw.clamp(0.0, 1.0))
    }
}

/// Everything a [`Backend`](crate::Backend) needs to know before it opens.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OnboardingConfig {
    /// Which vendor's API is spoken. Default: [`VendorApi::Generic`].
    pub vendor_api: VendorApi,
    /// Where the vendor answers, without a path: `http://127.0.0.1:4010`. Plain HTTP; TLS ends at a proxy.
    pub vendor_url: String,
    /// What the vendor knows us by.
    pub vendor_api_key: Secret,
    /// What the vendor signs callbacks with; [`VendorApi::callback_secret`] reads it.
    pub callback_secret: CallbackSecret,
    /// The address the vendor is told to call: this backend's `/callbacks/kyc`, as seen from there. Of no use to a vendor that has it from its own settings.
    pub callback_url: String,
    /// What the reviewers' tool authenticates with.
    pub reviewer_token: Secret,

    /// Default: [`Database::Temporary`].
    pub database: Database,
    /// The text applicants agree to; its SHA-256 is the policy's version.
    pub consent_policy: String,
    /// How often an applicant may submit. Default: 3.
    pub max_attempts: NonZeroU32,
    /// How long an applicant may leave a verification lying before it expires. Default: 24 h.
    pub verification_lifetime: Duration,
    /// How long a capture token works. Default: 30 min.
    pub capture_token_lifetime: Duration,
    /// How long a reviewer may keep a claimed case before others may claim it. Default: 15 min.
    pub review_lease: Duration,

    /// How long after the vendor accepted a submission we stop waiting for a callback and ask. Default: 2 min. A callback that only says that there is
    /// something to ask about is followed at once.
    pub reconcile_after: Duration,
    /// How often it is looked up who must be asked about; also the base of the wait between two questions about the same
    /// verification. Default: 15 s.
    pub reconcile_every: Duration,
    /// How many sessions are asked about at the same time at most. What is over waits: a vendor that releases all its callbacks at once, or lost them all,
    /// needs no flood of questions. Default: 16.
    pub reconcile_workers: NonZeroUsize,
    /// How often what has run out is looked for. Default: 30 s.
    pub sweep_every: Duration,
    /// When the vendor has not answered for this long, people take over. Default: 24 h.
    pub give_up_after: Duration,

    /// How calls to the vendor are retried. Default: from 500 ms, doubling, up to 60 s, half of it left to chance.
    pub outbox_backoff: Backoff,
    /// How many calls to the vendor are under way at most. What is over waits in the outbox. Default: 16.
    pub outbox_workers: NonZeroUsize,
    /// How long one call to the vendor may take. Default: 10 s.
    pub vendor_timeout: Duration,

    /// How long one request to the backend may take, its body included. Default: 30 s.
    pub request_timeout: Duration,
    /// How long requests under way may take to finish once the backend is told to stop. Default: 10 s.
    pub drain_timeout: Duration,
    /// How many connections are served at most; more wait in the listener's backlog. Default: 1024.
    pub max_connections: NonZeroUsize,
    /// How many images are held in memory at most; more wait, within the request's time limit. Default: 64, so half a
    /// gigabyte at the very worst.
    pub max_images: NonZeroUsize,
}

/// The text that applicants agree to unless the operator has another.
const DEFAULT_CONSENT_POLICY: &str = "\
We check your identity before you can move money. For this we process: the image of your identity document; your selfie, \
compared with the document's picture; and your name and birth date, compared with sanctions lists and lists of politically \
exposed persons. A service provider does this on our behalf. We keep the result and delete the images as soon as the \
provider has them. You may withdraw your consent at any time; the check then ends.";

impl OnboardingConfig {
    /// Returns a configuration with defaults for everything that has one.
    ///
    /// `callback_url` is this backend's own address as the vendor sees it, path included.
    #[must_use]
    pub fn new(
        vendor_url: impl Into<String>,
        vendor_api_key: Secret,
        callback_secret: CallbackSecret,
        callback_url: impl Into<String>,
        reviewer_token: Secret,
    ) -> Self {
        Self {
            vendor_api: VendorApi::Generic,
            vendor_url: vendor_url.into(),
            vendor_api_key,
            callback_secret,
            callback_url: callback_url.into(),
            reviewer_token,
            database: Database::Temporary,
            consent_policy: DEFAULT_CONSENT_POLICY.to_owned(),
            max_attempts: NonZeroU32::new(3).unwrap_or(NonZeroU32::MIN),
            verification_lifetime: Duration::from_hours(24),
            capture_token_lifetime: Duration::from_mins(30),
            review_lease: Duration::from_mins(15),
            reconcile_after: Duration::from_mins(2),
            reconcile_every: Duration::from_secs(15),
            reconcile_workers: NonZeroUsize::new(16).unwrap_or(NonZeroUsize::MIN),
            sweep_every: Duration::from_secs(30),
            give_up_after: Duration::from_hours(24),
            outbox_backoff: Backoff { base: Duration::from_millis(500), cap: Duration::from_mins(1), jitter: 0.5 },
            outbox_workers: NonZeroUsize::new(16).unwrap_or(NonZeroUsize::MIN),
            vendor_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            drain_timeout: Duration::from_secs(10),
            max_connections: NonZeroUsize::new(1024).unwrap_or(NonZeroUsize::MIN),
            max_images: NonZeroUsize::new(64).unwrap_or(NonZeroUsize::MIN),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(tries: u32, draw: f64, millis: u64) {
        let backoff = Backoff { base: Duration::from_millis(100), cap: Duration::from_secs(1), jitter: 0.5 };
        assert_eq!(backoff.delay(tries, draw), Duration::from_millis(millis));
    }

    #[test]
    fn the_wait_doubles_up_to_the_cap() {
        check(1, 0.0, 100);
        check(2, 0.0, 200);
        check(4, 0.0, 800);
        check(5, 0.0, 1000);
        check(u32::MAX, 0.0, 1000);
    }

    #[test]
    fn chance_shortens_the_wait_by_no_more_than_its_share() {
        check(1, 1.0, 50);
        check(5, 0.5, 750);
    }
}
