use std::time::Duration;

use kycsim_scenarios::vendor::{Operation, Outcome, Reason};
use kycsim_simulator::testing::{TestVendor, TestVendorBuilder, calls_to};
use kycsim_simulator::{Clarity, Dialect};
use reqwest::{Client, RequestBuilder};
use serde_json::Value;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::{Customer, Seen};
pub(super) use crate::stage::{IN_8_S, secs};
use crate::stage::{client, json, scenario, url};

/// A vendor whose time stands still, in one dialect, and a backend that it calls back.
pub(super) struct Play {
    pub(super) vendor: TestVendor,
    pub(super) backend: MockServer,
    pub(super) client: Client,
}

impl Play {
    /// Starts a vendor with these lines under `[vendor]`; none when its dialect says that this cannot be played.
    pub(super) async fn begin<C: Customer>(vendor: &str) -> Option<Self> {
        Self::answering::<C>(vendor, ResponseTemplate::new(204)).await
    }

    /// The same, with a backend that answers so.
    pub(super) async fn answering<C: Customer>(vendor: &str, response: impl Respond + 'static) -> Option<Self> {
        if !C::DIALECT.cannot_play(&scenario(vendor)).is_empty() {
            return None;
        }
        let backend = MockServer::builder().start().await;
        Mock::given(any()).respond_with(response).mount(&backend).await;
        let builder = builder::<C>(vendor).callback_url(backend.uri());
        Some(Self { vendor: builder.start().await.unwrap(), backend, client: client() })
    }

    /// Stops the vendor, and starts another that goes on where it stood.
    pub(super) async fn restarted<C: Customer>(self, vendor: &str) -> Self {
        let Self { vendor: running, backend, client } = self;
        let snapshot = running.snapshot();
        running.shutdown().await;
        Self { vendor: builder::<C>(vendor).start_from(snapshot).await.unwrap(), backend, client }
    }

    pub(super) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(url(self.vendor.address(), path))
    }

    pub(super) fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(url(self.vendor.address(), path))
    }

    /// Walks an applicant up to and with the submission, and returns the session's id.
    pub(super) async fn walk<C: Customer>(&self, reference: &str) -> String {
        let session = C::begin(self, reference).await;
        C::capture(self, &session).await;
        C::submit(self, &session).await;
        session
    }

    pub(super) async fn advance(&self, by: Duration) {
        self.vendor.advance(by).await.unwrap();
    }

    /// Returns the callbacks that told decisions, in the order in which they came.
    pub(super) async fn told<C: Customer>(&self) -> Vec<Request> {
        self.received().await.into_iter().filter(C::tells_a_decision).collect()
    }

    /// Returns all callbacks.
    pub(super) async fn received(&self) -> Vec<Request> {
        self.backend.received_requests().await.unwrap()
    }

    /// How many requests of this kind there were.
    pub(super) fn counted(&self, operation: Operation, times: u64) {
        self.vendor.verify(calls_to(operation), times);
    }
}

fn builder<C: Customer>(vendor: &str) -> TestVendorBuilder {
    TestVendor::builder().scenario(scenario(vendor)).dialect(C::DIALECT).frozen()
}

/// What a customer of this dialect can see of an outcome.
pub(super) fn seen(dialect: Dialect, outcome: Outcome) -> Seen {
    match (outcome, dialect.clarity()) {
        (Outcome::Approved, _) => Seen::Approved,
        (Outcome::Declined | Outcome::Review | Outcome::Resubmission, Clarity::Approval) => Seen::NotApproved,
        (Outcome::Declined, Clarity::Outcomes) => Seen::Declined,
        (Outcome::Review, Clarity::Outcomes) => Seen::Review,
        (Outcome::Resubmission, Clarity::Outcomes) => Seen::Resubmission,
    }
}

/// An outcome that this reason leads to.
pub(super) const fn natural(reason: Reason) -> Outcome {
    match reason {
        Reason::ImageBlurred | Reason::ImageGlare | Reason::DocumentUnreadable => Outcome::Resubmission,
        Reason::LowConfidence | Reason::AddressMismatch | Reason::PepMatch => Outcome::Review,
        Reason::DocumentExpired
        | Reason::DocumentForged
        | Reason::UnsupportedDocument
        | Reason::UnsupportedJurisdiction
        | Reason::SelfieMismatch
        | Reason::LivenessFailed
        | Reason::Underage
        | Reason::SanctionsHit
        | Reason::DuplicateIdentity => Outcome::Declined,
    }
}

pub(super) async fn read(request: RequestBuilder) -> Value {
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
    json(answer).await
}
