//! A frozen vendor, a backend that it calls back, and the applicants' steps.

use std::time::Duration;

use kycsim_simulator::testing::TestVendor;
use reqwest::{Client, Response};
use serde_json::Value;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::customer::Customer;
pub(super) use crate::stage::{IN_8_S, secs};
use crate::stage::{client, json, scenario, url};

pub(super) const HOUR: Duration = Duration::from_secs(3600);

pub(super) struct Scene {
    pub(super) vendor: TestVendor,
    pub(super) backend: MockServer,
    pub(super) client: Client,
}

impl Scene {
    /// Sets a scene with these lines under `[vendor]`, and a backend that takes every callback.
    pub(super) async fn set(vendor: &str) -> Self {
        Self::answering(vendor, ResponseTemplate::new(204)).await
    }

    /// The same, with a backend that answers so.
    pub(super) async fn answering(vendor: &str, response: impl Respond + 'static) -> Self {
        let backend = MockServer::builder().start().await;
        Mock::given(any()).respond_with(response).mount(&backend).await;
        let vendor = TestVendor::builder().scenario(scenario(vendor)).frozen().callback_url(backend.uri()).start().await.unwrap();
        Self { vendor, backend, client: client() }
    }

    pub(super) fn customer(&self) -> Customer<'_> {
        Customer { client: &self.client, address: self.vendor.address(), key: self.vendor.api_key() }
    }

    pub(super) async fn create(&self, reference: &str) -> String {
        self.customer().create(reference).await
    }

    /// Walks an applicant up to and with the submission, and returns the session's id.
    pub(super) async fn walk(&self, reference: &str) -> String {
        self.customer().walk(reference).await
    }

    pub(super) async fn post(&self, path: &str) -> Response {
        self.client.post(url(self.vendor.address(), path)).bearer_auth(self.vendor.api_key()).send().await.unwrap()
    }

    pub(super) async fn submit(&self, session: &str) -> Response {
        self.post(&format!("/v1/sessions/{session}/submit")).await
    }

    pub(super) async fn session(&self, id: &str) -> Value {
        json(self.customer().get(id).await).await
    }

    pub(super) async fn advance(&self, by: Duration) {
        self.vendor.advance(by).await.unwrap();
    }

    /// Returns the callbacks that the backend has received.
    pub(super) async fn received(&self) -> Vec<Request> {
        self.backend.received_requests().await.unwrap()
    }

    /// Returns when each delivery began, in seconds of scenario time, in their order.
    pub(super) fn seconds(&self) -> Vec<f64> {
        self.vendor.deliveries().iter().map(|delivery| delivery.began.since_start().as_secs_f64()).collect()
    }
}

pub(super) fn body(request: &Request) -> Value {
    request.body_json().unwrap()
}
