//! The verbs of these tests: ask the admin API, and expect an answer.

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;

use crate::stage::{Stage, json};

impl Stage {
    /// Begins a request to the admin API.
    pub(super) fn admin(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, self.url(&format!("/__admin{path}")))
    }

    /// Asks for something, and expects to get it.
    pub(super) async fn ask(&self, path: &str) -> Value {
        expect(self.admin(Method::GET, path).send().await.unwrap(), StatusCode::OK).await
    }

    /// Sends JSON, and expects 200.
    pub(super) async fn tell(&self, method: Method, path: &str, body: &Value) -> Value {
        expect(self.admin(method, path).json(body).send().await.unwrap(), StatusCode::OK).await
    }

    /// Sends what has no body, and expects no answer but success.
    pub(super) async fn order_done(&self, method: Method, path: &str) {
        let answer = self.admin(method, path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NO_CONTENT, "{}", answer.text().await.unwrap());
    }

    /// Sends JSON, and expects to be refused; returns the message.
    pub(super) async fn refused(&self, method: Method, path: &str, body: &Value, status: u16, code: &str) -> String {
        refusal(self.admin(method, path).json(body).send().await.unwrap(), status, code).await
    }

    /// Freezes the default tenant's clock.
    pub(super) async fn freeze(&self) {
        self.tell(Method::PUT, "/clock", &serde_json::json!({"mode": "frozen"})).await;
    }
}

pub(super) async fn expect(answer: Response, status: StatusCode) -> Value {
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let found = answer.status();
    let body = json(answer).await;
    assert_eq!(found, status, "{body}");
    body
}

pub(super) async fn refusal(answer: Response, status: u16, code: &str) -> String {
    let found = answer.status();
    let body = json(answer).await;
    assert_eq!((found.as_u16(), body["error"]["code"].as_str()), (status, Some(code)), "{body}");
    body["error"]["message"].as_str().unwrap().to_owned()
}
