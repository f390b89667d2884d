//! Speaks the admin API, and says in words what went wrong.

use std::time::Duration;

use anyhow::{Context as _, anyhow};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use serde_json::Value;

use super::args::Target;
use crate::exit::Failure;

/// Longer than the vendor lets anybody wait.
const ANSWERS_WITHIN: Duration = Duration::from_secs(90);
const CONNECTS_WITHIN: Duration = Duration::from_secs(5);

/// A tenant of a running vendor.
pub(super) struct Client {
    http: reqwest::Client,
    base: Url,
    token: Option<String>,
    tenant: String,
}

/// What the vendor said.
pub(super) enum Said {
    /// What was asked for; null when there is nothing to say.
    Done(Value),
    /// It is not as it should be: what for a command is a result, not an error.
    NotSo(String),
}

/// Refusals that are answers to a question.
const NOT_SO: [&str; 2] = ["not_reached", "advance_overran"];

impl Client {
    pub(super) fn new(target: &Target) -> Result<Self, Failure> {
        let base: Url = target.url.parse().map_err(|error| Failure::usage(anyhow!("`{}` is not an address: {error}", target.url)))?;
        if base.scheme() != "http" || base.cannot_be_a_base() {
            return Err(Failure::usage(anyhow!("`{}` is not an address such as http://127.0.0.1:8460", target.url)));
        }
        let mut builder = reqwest::Client::builder().connect_timeout(CONNECTS_WITHIN);
        // A proxy could not reach this machine from where it stands.
        let is_here =
            matches!(base.host_str(), Some("localhost" | "[::1]")) || base.host_str().is_some_and(|host| host.starts_with("127."));
        if is_here {
            builder = builder.no_proxy();
        }
        let http = builder.build().context("the client could not be made")?;
        Ok(Self { http, base, token: target.token.clone(), tenant: target.tenant.clone() })
    }

    /// The vendor's own things.
    pub(super) fn vendor(&self, method: Method, path: &[&str]) -> RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.pop_if_empty().push("__admin").extend(path);
        }
        let request = self.http.request(method, url);
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// The tenant's things.
    pub(super) fn tenant(&self, method: Method, path: &[&str]) -> RequestBuilder {
        self.vendor(method, &[&["tenants", self.tenant.as_str()], path].concat())
    }

    pub(super) fn name(&self) -> &str {
        &self.tenant
    }

    /// Sends a request, and returns the answer when it is a success.
    pub(super) async fn open(&self, request: RequestBuilder) -> Result<Result<Response, String>, Failure> {
        let response = request.send().await.map_err(|error| self.unreachable(error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(Ok(response));
        }
        // The vendor itself, and what else may listen there, do not say this.
        let is_admin = response.headers().contains_key("cross-origin-resource-policy");
        let body: Value = response.json().await.unwrap_or_default();
        let (code, message) = (body["error"]["code"].as_str().unwrap_or_default(), body["error"]["message"].as_str());
        let Some(message) = message.filter(|_| is_admin) else {
            return Err(Failure::usage(anyhow!(
                "there is no admin API at {} (it answered {status}): is that a kycsim vendor, and was it started without --no-admin?",
                self.base
            )));
        };
        if NOT_SO.contains(&code) {
            return Ok(Err(message.to_owned()));
        }
        let hint = match code {
            "missing_token" | "wrong_token" => "; give it with --token or KYCSIM_ADMIN_TOKEN",
            "no_such_tenant" => "; `kycsim ctl tenant list` shows them",
            "no_such_incident" => "; `kycsim ctl incident list` shows them",
            "no_such_session" => "; `kycsim ctl session list` shows the latest",
            _ => "",
        };
        let error = anyhow!("{message}{hint}");
        Err(if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT { Failure::Broken(error) } else { Failure::usage(error) })
    }

    /// Sends a request, and returns what was said.
    pub(super) async fn ask(&self, request: RequestBuilder) -> Result<Said, Failure> {
        match self.open(request.timeout(ANSWERS_WITHIN)).await? {
            Ok(response) if response.status() == StatusCode::NO_CONTENT => Ok(Said::Done(Value::Null)),
            Ok(response) => Ok(Said::Done(response.json().await.context("the vendor's answer broke off")?)),
            Err(message) => Ok(Said::NotSo(message)),
        }
    }

    fn unreachable(&self, error: reqwest::Error) -> Failure {
        let base = &self.base;
        if error.is_connect() {
            return Failure::Broken(anyhow!(
                "there is nobody at {base}: is `kycsim vendor` running? Another address is given with --url or KYCSIM_URL"
            ));
        }
        Failure::Broken(anyhow::Error::new(error.without_url()).context(format!("the vendor at {base} did not answer")))
    }
}
