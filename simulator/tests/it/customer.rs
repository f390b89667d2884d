//! A customer with a key of their own.

use std::net::SocketAddr;

use reqwest::multipart::{Form, Part};
use reqwest::{Client, Response, StatusCode};

use crate::stage::{jpeg, json, new_session, text, url};

#[derive(Clone, Copy)]
pub(crate) struct Customer<'a> {
    pub(crate) client: &'a Client,
    pub(crate) address: SocketAddr,
    pub(crate) key: &'a str,
}

impl Customer<'_> {
    pub(crate) async fn create(&self, reference: &str) -> String {
        let post = self.client.post(url(self.address, "/v1/sessions")).bearer_auth(self.key);
        let answer = post.json(&new_session(reference)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::CREATED);
        text(&json(answer).await, "id")
    }

    /// Walks an applicant up to and with the submission, in four requests, and returns the session's id.
    pub(crate) async fn walk(&self, reference: &str) -> String {
        let session = self.create(reference).await;
        for kind in ["documents", "selfies"] {
            self.upload(&session, kind).await;
        }
        let post = self.client.post(url(self.address, &format!("/v1/sessions/{session}/submit"))).bearer_auth(self.key);
        assert_eq!(post.send().await.unwrap().status(), StatusCode::ACCEPTED);
        session
    }

    pub(crate) async fn upload(&self, session: &str, kind: &str) {
        let form = Form::new().part("file", Part::bytes(jpeg()).file_name("picture.jpg"));
        let post = self.client.post(url(self.address, &format!("/v1/sessions/{session}/{kind}"))).bearer_auth(self.key);
        assert_eq!(post.multipart(form).send().await.unwrap().status(), StatusCode::CREATED);
    }

    pub(crate) async fn get(&self, session: &str) -> Response {
        self.client.get(url(self.address, &format!("/v1/sessions/{session}"))).bearer_auth(self.key).send().await.unwrap()
    }
}
