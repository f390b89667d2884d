//! One suite for every dialect: each thing that the neutral vendor does shows in it, in the vendor's own words, or the dialect says that it cannot be.
//!
//! `behaviours` says what must show; `Customer` is what a customer of one vendor does and understands, written from that vendor's documents.

mod behaviours;
mod generic;
mod onfido;
mod play;
mod stripe_identity;

use kycsim_simulator::Dialect;
use reqwest::Response;
use wiremock::Request;

use play::Play;

/// A customer of one vendor.
trait Customer {
    const DIALECT: Dialect;
    /// Whether deliveries carry a signature of each secret while two hold.
    const SIGNS_TWICE: bool = true;

    /// Begins with an applicant, and returns the session's id.
    async fn begin(play: &Play, reference: &str) -> String {
        let answer = Self::try_begin(play, reference).await;
        assert!(answer.status().is_success(), "{}", answer.status());
        Self::begun(answer).await
    }

    /// Asks for a session, whatever comes of it.
    async fn try_begin(play: &Play, reference: &str) -> Response;

    /// Returns the id of the session that was begun.
    async fn begun(answer: Response) -> String;

    /// Hands in all pictures.
    async fn capture(play: &Play, session: &str);

    /// Asks for the examination.
    async fn submit(play: &Play, session: &str);

    /// Reads where the session stands.
    async fn look(play: &Play, session: &str) -> Seen;

    /// Whether an answer is a refusal in this vendor's own form.
    fn is_refusal(status: u16, body: &[u8]) -> bool;

    /// What a receiver that verifies makes of a callback.
    fn verify(callback: &Request, secret: &str) -> Verified;

    /// Whether a callback tells a decision.
    fn tells_a_decision(callback: &Request) -> bool;
}

/// What a customer can tell of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Collecting,
    Processing,
    Approved,
    Declined,
    Review,
    Resubmission,
    /// Not approved, and it cannot be told why not.
    NotApproved,
}

/// What a receiver makes of a callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verified {
    Genuine,
    Unsigned,
    Forged,
    Stale,
}

/// Runs every behaviour for every dialect.
macro_rules! conform {
    ($($dialect:ident: $customer:ty),+ $(,)?) => {$(
        mod $dialect {
            use super::behaviours as all;

            conform!(@tests $customer;
                every_outcome_is_seen, every_reason_leads_to_its_outcome, a_resubmission_is_the_next_attempt, nothing_is_told_before_its_time,
                an_outage_is_told_in_the_vendors_words, a_rate_limit_is_told_in_the_vendors_words, a_gateways_page_is_no_refusal,
                a_duplicate_is_the_same_to_the_byte, what_is_forged_is_refused_and_sound_when_tried_again, a_failed_delivery_is_tried_again,
                an_old_signature_is_refused, a_malformed_callback_is_genuine_and_unreadable, an_order_comes_before_the_scenario,
                a_lost_callback_is_found_by_reading, a_reader_may_be_told_yesterdays_truth, held_callbacks_come_when_they_are_let_go,
                the_secret_changes_and_both_sign, a_changed_decision_is_told_again, a_vendor_that_restarts_goes_on,
            );
        }
    )+};
    (@tests $customer:ty; $($behaviour:ident),+ $(,)?) => {$(
        #[tokio::test]
        async fn $behaviour() {
            all::$behaviour::<$customer>().await;
        }
    )+};
}

conform! {
    in_generic: crate::conformance::generic::Generic,
    in_stripe_identity: crate::conformance::stripe_identity::StripeIdentity,
    in_onfido: crate::conformance::onfido::Onfido,
}

/// A dialect that is not here has no proof.
#[test]
fn every_dialect_is_held_to_the_suite() {
    assert_eq!(Dialect::ALL, [generic::Generic::DIALECT, stripe_identity::StripeIdentity::DIALECT, onfido::Onfido::DIALECT]);
}
