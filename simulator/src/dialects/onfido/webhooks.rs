//! Webhooks: where a customer has events sent, which of them, and what was sent once and is to be sent again.

use std::sync::Arc;

use hyper::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::desk::{OnfidoDesk, Visit};
use super::errors::{BLANK, invalid, not_found};
use super::events::{EVENTS, Item};
use super::fields::Fields;
use super::signature::{keys, token};
use super::wire::{self, href, uuid};
use super::works::Work;
use crate::callbacks::{AllowedHosts, CallbackUrl, Endpoint};
use crate::dialects::Reply;
use crate::refusal::Refusal;
use crate::secret::WebhookSecret;
use crate::snapshot::Unsound;

/// How many webhooks there may be: a further one is refused, 422.
const WEBHOOKS_MAX: usize = 50;
/// How many events one request may have sent again.
const RESENT_MAX: usize = 100;

const ENVIRONMENTS: [&str; 2] = ["sandbox", "live"];

/// What a customer says of a webhook; what is left out of an update stays.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct WebhookRequest {
    url: Option<String>,
    name: Option<String>,
    enabled: Option<bool>,
    events: Option<Vec<String>>,
    environments: Option<Vec<String>>,
    payload_version: Option<i64>,
    oauth_enabled: Option<bool>,
    oauth_server_url: Option<String>,
    oauth_server_client_id: Option<String>,
    oauth_server_client_secret: Option<String>,
    oauth_server_scope: Option<String>,
}

impl WebhookRequest {
    pub(super) fn read(mut fields: Fields, hosts: &AllowedHosts) -> Result<Self, Refusal> {
        let url = fields.text("url")?;
        if let Some(url) = &url {
            CallbackUrl::parse_allowing(url, hosts).map_err(|refused| invalid("url", refused.reason))?;
        }
        let events = fields.texts("events")?;
        if let Some(unknown) = events.iter().flatten().find(|event| !EVENTS.contains(&event.as_str())) {
            return Err(invalid("events", format!("`{}` is not an event", unknown.chars().take(64).collect::<String>())));
        }
        let environments = fields.texts("environments")?;
        if environments.iter().flatten().any(|environment| !ENVIRONMENTS.contains(&environment.as_str())) {
            return Err(invalid("environments", "must be sandbox or live"));
        }
        Ok(Self {
            url,
            name: fields.text("name")?,
            enabled: fields.flag("enabled")?,
            events,
            environments,
            payload_version: fields.number("payload_version")?,
            oauth_enabled: fields.flag("oauth_enabled")?,
            oauth_server_url: fields.text("oauth_server_url")?,
            oauth_server_client_id: fields.text("oauth_server_client_id")?,
            oauth_server_client_secret: fields.text("oauth_server_client_secret")?,
            oauth_server_scope: fields.text("oauth_server_scope")?,
        })
    }

    /// Refuses what says too little to begin with.
    pub(super) fn complete(self) -> Result<Self, Refusal> {
        if self.url.is_none() { Err(invalid("url", BLANK)) } else { Ok(self) }
    }

    fn over(self, before: Self) -> Self {
        Self {
            url: self.url.or(before.url),
            name: self.name.or(before.name),
            enabled: self.enabled.or(before.enabled),
            events: self.events.or(before.events),
            environments: self.environments.or(before.environments),
            payload_version: self.payload_version.or(before.payload_version),
            oauth_enabled: self.oauth_enabled.or(before.oauth_enabled),
            oauth_server_url: self.oauth_server_url.or(before.oauth_server_url),
            oauth_server_client_id: self.oauth_server_client_id.or(before.oauth_server_client_id),
            oauth_server_client_secret: self.oauth_server_client_secret.or(before.oauth_server_client_secret),
            oauth_server_scope: self.oauth_server_scope.or(before.oauth_server_scope),
        }
    }
}

/// A webhook, as it is kept.
#[derive(Serialize, Deserialize)]
pub(super) struct Webhook {
    id: String,
    said: WebhookRequest,
    token: String,
    /// Where its events go; none until it was made ready.
    #[serde(skip)]
    endpoint: Option<Arc<Endpoint>>,
}

impl Webhook {
    /// Makes it ready to be sent to.
    pub(super) fn ready(&mut self, hosts: &AllowedHosts) -> Result<(), Unsound> {
        let url = CallbackUrl::parse_allowing(self.said.url.as_deref().unwrap_or_default(), hosts)?;
        let keys = keys(&WebhookSecret::new(self.token.clone()))?;
        self.endpoint = Some(Arc::new(Endpoint { id: self.id.clone(), url, keys }));
        Ok(())
    }

    fn wants(&self, event: &str, environment: &str) -> bool {
        let named = |list: &Option<Vec<String>>, word: &str| match list.as_deref() {
            None | Some([]) => true, // all of them
            Some(list) => list.iter().any(|known| known == word),
        };
        self.said.enabled.unwrap_or(true) && named(&self.said.events, event) && named(&self.said.environments, environment)
    }
}

#[derive(Serialize)]
struct WebhookWire<'a> {
    id: &'a str,
    name: Option<&'a str>,
    url: Option<&'a str>,
    enabled: bool,
    events: &'a [String],
    environments: Vec<&'a str>,
    payload_version: i64,
    token: &'a str,
    href: String,
    oauth_enabled: bool,
    oauth_server_url: Option<&'a str>,
    oauth_server_client_id: Option<&'a str>,
    oauth_server_client_secret: Option<&'a str>,
    oauth_server_scope: Option<&'a str>,
}

fn wire(webhook: &Webhook) -> WebhookWire<'_> {
    let said = &webhook.said;
    WebhookWire {
        id: &webhook.id,
        name: said.name.as_deref(),
        url: said.url.as_deref(),
        enabled: said.enabled.unwrap_or(true),
        events: said.events.as_deref().unwrap_or_default(),
        environments: match said.environments.as_deref() {
            None | Some([]) => ENVIRONMENTS.to_vec(),
            Some(environments) => environments.iter().map(String::as_str).collect(),
        },
        payload_version: said.payload_version.unwrap_or(3),
        token: &webhook.token,
        href: href(&format!("webhooks/{}", webhook.id)),
        oauth_enabled: said.oauth_enabled.unwrap_or(false),
        oauth_server_url: said.oauth_server_url.as_deref(),
        oauth_server_client_id: said.oauth_server_client_id.as_deref(),
        oauth_server_client_secret: said.oauth_server_client_secret.as_deref(),
        oauth_server_scope: said.oauth_server_scope.as_deref(),
    }
}

/// Events that are to be sent again: what they are about, and which.
pub(super) fn read_resent(mut fields: Fields) -> Result<Vec<(String, String)>, Refusal> {
    let items = fields.objects("data")?.filter(|items| !items.is_empty()).ok_or_else(|| invalid("data", BLANK))?;
    if items.len() > RESENT_MAX {
        return Err(invalid("data", format!("has too many elements (maximum is {RESENT_MAX})")));
    }
    let item = |mut item: Fields| {
        let (resource, event) = (item.needed_text("resource_id")?, item.needed_text("event")?);
        if EVENTS.contains(&event.as_str()) { Ok((resource, event)) } else { Err(invalid("data.event", "is not an event")) }
    };
    items.into_iter().map(item).collect()
}

impl OnfidoDesk {
    fn place_of_webhook(&self, id: &str) -> Result<usize, Refusal> {
        self.state.webhooks.iter().position(|webhook| webhook.id == id).ok_or_else(|| not_found("Webhook", id))
    }

    pub(super) fn create_webhook(&mut self, said: &WebhookRequest, visit: &Visit<'_, '_>) -> Result<Reply, Refusal> {
        if self.state.webhooks.len() >= WEBHOOKS_MAX {
            return Err(invalid("url", format!("there are {WEBHOOKS_MAX} webhooks already")));
        }
        self.state.webhooks_made += 1;
        let id = uuid(visit.counter.name("webhook", &[&self.state.webhooks_made.to_le_bytes()]));
        let token = token(&self.webhook_secret, &id).reveal().to_owned();
        let mut webhook = Webhook { id, said: said.clone(), token, endpoint: None };
        webhook.ready(&self.hosts).map_err(|_| invalid("url", "is not an address for events"))?;
        let reply = wire::json(StatusCode::CREATED, &wire(&webhook));
        self.state.webhooks.push(webhook);
        Ok(reply)
    }

    pub(super) fn show_webhook(&self, id: &str) -> Result<Reply, Refusal> {
        let place = self.place_of_webhook(id)?;
        Ok(wire::json(StatusCode::OK, &wire(&self.state.webhooks[place])))
    }

    pub(super) fn list_webhooks(&self) -> Reply {
        wire::json(StatusCode::OK, &json!({"webhooks": self.state.webhooks.iter().map(wire).collect::<Vec<_>>()}))
    }

    pub(super) fn update_webhook(&mut self, id: &str, said: &WebhookRequest) -> Result<Reply, Refusal> {
        let place = self.place_of_webhook(id)?;
        let webhook = &mut self.state.webhooks[place];
        webhook.said = said.clone().over(webhook.said.clone());
        webhook.ready(&self.hosts).map_err(|_| invalid("url", "is not an address for events"))?;
        self.show_webhook(id)
    }

    pub(super) fn delete_webhook(&mut self, id: &str) -> Result<Reply, Refusal> {
        let place = self.place_of_webhook(id)?;
        self.state.webhooks.remove(place);
        Ok(wire::no_content())
    }

    /// Returns the webhooks that want an event of what is being told of.
    pub(super) fn webhooks_for(&self, event: &str) -> Vec<Arc<Endpoint>> {
        let environment = ENVIRONMENTS[usize::from(!self.sandbox)];
        let only = match self.telling.as_ref().map(|telling| &telling.work) {
            Some(Work::Check(check)) => self.state.checks.get(check).map(|check| check.request.webhook_ids.as_slice()).unwrap_or_default(),
            Some(Work::Run(_)) | None => &[],
        };
        let wanting = self.state.webhooks.iter().filter(|webhook| webhook.wants(event, environment));
        let told = wanting.filter(|webhook| only.is_empty() || only.contains(&webhook.id));
        told.filter_map(|webhook| webhook.endpoint.clone()).collect()
    }

    pub(super) fn endpoint_of(&self, id: &str) -> Option<Arc<Endpoint>> {
        self.state.webhooks.iter().find(|webhook| webhook.id == id).and_then(|webhook| webhook.endpoint.clone())
    }

    /// Has events sent again. What was not decided yet has none.
    pub(super) fn resend(&mut self, items: &[(String, String)], visit: &mut Visit<'_, '_>) -> Result<Reply, Refusal> {
        let mut found = Vec::new();
        for (resource, event) in items {
            let item = self.item(resource, event)?;
            if visit.counter.session(&item.session)?.decided.is_none() {
                return Err(invalid("data", format!("{resource} has no {event} yet")));
            }
            found.push(item);
        }
        for item in found {
            visit.counter.redeliver(&item.session).map_err(|_| invalid("data", "cannot be sent again"))?;
            self.resent.push_back(item); // which comes first to be told when this is done
        }
        Ok(wire::no_content())
    }

    /// Finds the event that is to be sent again.
    fn item(&self, resource: &str, event: &str) -> Result<Item, Refusal> {
        let event = EVENTS.iter().copied().find(|known| *known == event).ok_or_else(|| invalid("data.event", "is not an event"))?;
        let resource_type = event.split('.').next().unwrap_or_default();
        let check = match resource_type {
            "check" => self.check(resource)?,
            "report" => self.check(self.check_of_report(resource)?)?,
            "workflow_run" => {
                let run = self.run(resource)?;
                let work = Work::Run(resource.to_owned());
                return Ok(Item { event, resource: resource.to_owned(), session: run.session.clone(), work });
            }
            _ => return Err(invalid("data.event", "cannot be sent again")),
        };
        let work = Work::Check(super::shelf::Named::id(check).to_owned());
        Ok(Item { event, resource: resource.to_owned(), session: check.session.clone(), work })
    }
}
