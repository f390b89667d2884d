//! Webhook endpoints: where a customer has events sent, beside the address that the vendor was started with. Each has a secret of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::desk::StripeDesk;
use super::errors::{invalid, missing, no_such};
use super::events::matches;
use super::form::{Fields, Given, TEXT_MAX};
use super::names::spell;
use super::particulars::{ID_MAX, Metadata};
use super::served::{Served, json};
use super::shelf::{Named, Paging};
use super::signature::{self, StripeSigner};
use super::wire::{Deleted, List};
use crate::callbacks::{CallbackUrl, Endpoint};
use crate::dialects::Keys;
use crate::refusal::Refusal;
use crate::secret::WebhookSecret;
use crate::snapshot::Unsound;
use crate::world::Counter;

/// How many endpoints a customer may have.
pub(super) const ENDPOINTS_MAX: usize = 16;
const URL_MAX: usize = 2048;

/// What a customer wants of webhook endpoints.
pub(super) enum Ask {
    Create(Box<New>),
    Retrieve(String),
    List(Paging),
    Update { id: String, changes: Box<Changes> },
    Delete(String),
}

/// A new endpoint.
pub(super) struct New {
    url: String,
    enabled_events: Vec<String>,
    api_version: Option<String>,
    description: Option<String>,
    metadata: Metadata,
}

/// What is to be different about an endpoint.
pub(super) struct Changes {
    url: Option<String>,
    enabled_events: Vec<String>,
    description: Given<String>,
    disabled: Option<bool>,
    metadata: Metadata,
}

/// One endpoint.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Hook {
    id: String,
    created: i64,
    url: String,
    enabled_events: Vec<String>,
    api_version: Option<String>,
    description: Option<String>,
    metadata: BTreeMap<String, String>,
    disabled: bool,
    /// The text of its secret.
    secret: String,
    /// Where deliveries go; none until it is opened.
    #[serde(skip)]
    open: Option<Arc<Endpoint>>,
}

impl Named for Hook {
    fn id(&self) -> &str {
        &self.id
    }
}

#[derive(Serialize)]
struct HookWire<'a> {
    id: &'a str,
    object: &'static str,
    api_version: Option<&'a str>,
    application: Option<&'static str>,
    created: i64,
    description: Option<&'a str>,
    enabled_events: &'a [String],
    livemode: bool,
    metadata: &'a BTreeMap<String, String>,
    /// In the answer to its creation, and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
    status: &'static str,
    url: &'a str,
}

impl Ask {
    pub(super) fn create(fields: &mut Fields) -> Result<Self, Refusal> {
        fields.ignore("connect");
        let new = New {
            url: fields.required("url", URL_MAX)?,
            enabled_events: event_names(fields)?,
            api_version: fields.text("api_version", ID_MAX)?.value(),
            description: fields.text("description", TEXT_MAX)?.value(),
            metadata: Metadata::read(fields)?,
        };
        if new.enabled_events.is_empty() {
            return Err(missing("enabled_events"));
        }
        Ok(Self::Create(Box::new(new)))
    }

    pub(super) fn retrieve(id: &str) -> Self {
        Self::Retrieve(id.to_owned())
    }

    pub(super) fn list(fields: &mut Fields) -> Result<Self, Refusal> {
        Paging::read(fields).map(Self::List)
    }

    pub(super) fn update(id: &str, fields: &mut Fields) -> Result<Self, Refusal> {
        let changes = Changes {
            url: fields.text("url", URL_MAX)?.value(),
            enabled_events: event_names(fields)?,
            description: fields.text("description", TEXT_MAX)?,
            disabled: fields.boolean("disabled")?,
            metadata: Metadata::read(fields)?,
        };
        Ok(Self::Update { id: id.to_owned(), changes: Box::new(changes) })
    }

    pub(super) fn delete(id: &str) -> Self {
        Self::Delete(id.to_owned())
    }
}

/// Takes the names of events out of a form. This vendor has many more than are told here: any that looks like one will do.
fn event_names(fields: &mut Fields) -> Result<Vec<String>, Refusal> {
    let names = fields.list("enabled_events", ID_MAX)?;
    let looks_like_one = |name: &str| name == "*" || name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._".contains(&byte));
    let checked = names.into_iter().map(|(param, name)| match looks_like_one(&name) {
        true => Ok(name),
        false => Err(invalid(Some(&param), format!("Invalid {param}: it is no name of an event"))),
    });
    checked.collect()
}

impl Hook {
    fn wire<'a>(&'a self, secret: Option<&'a str>) -> HookWire<'a> {
        HookWire {
            id: &self.id,
            object: "webhook_endpoint",
            api_version: self.api_version.as_deref(),
            application: None,
            created: self.created,
            description: self.description.as_deref(),
            enabled_events: &self.enabled_events,
            livemode: false,
            metadata: &self.metadata,
            secret,
            status: if self.disabled { "disabled" } else { "enabled" },
            url: &self.url,
        }
    }

    /// Whether events of this name go there.
    fn hears(&self, event: &str) -> bool {
        !self.disabled && self.enabled_events.iter().any(|pattern| matches(pattern, event))
    }

    /// Where deliveries go, as long as it is enabled.
    pub(super) fn open(&self) -> Option<&Arc<Endpoint>> {
        self.open.as_ref().filter(|_| !self.disabled)
    }
}

impl StripeDesk {
    pub(super) fn serve_webhook_endpoints(&mut self, ask: &Ask, counter: &Counter<'_>) -> Result<Served, Refusal> {
        match ask {
            Ask::Create(new) => self.create_endpoint(new, counter),
            Ask::Retrieve(id) => Ok(json(&self.hook(id)?.wire(None))),
            Ask::List(paging) => {
                let page = self.known.endpoints.page(paging, "webhook endpoint", |_| true)?;
                let data = page.things.iter().map(|hook| hook.wire(None)).collect();
                Ok(json(&List::new("/v1/webhook_endpoints", data, page.has_more)))
            }
            Ask::Update { id, changes } => {
                let mut hook = self.hook(id)?.clone();
                changes.metadata.apply(&mut hook.metadata)?;
                hook.disabled = changes.disabled.unwrap_or(hook.disabled);
                if !changes.enabled_events.is_empty() {
                    hook.enabled_events.clone_from(&changes.enabled_events);
                }
                match &changes.description {
                    Given::Absent => {}
                    Given::Unset => hook.description = None,
                    Given::Value(description) => hook.description = Some(description.clone()),
                }
                if let Some(url) = &changes.url {
                    hook.url.clone_from(url);
                    hook.open = Some(self.opened(&hook).map_err(refused)?);
                }
                let served = json(&hook.wire(None));
                if let Some(place) = self.known.endpoints.get_mut(id) {
                    *place = hook;
                }
                Ok(served)
            }
            Ask::Delete(id) => match self.known.endpoints.remove(id) {
                Some(_) => Ok(json(&Deleted { id, object: "webhook_endpoint", deleted: true })),
                None => Err(no_such("webhook endpoint", id, "webhook_endpoint")),
            },
        }
    }

    fn create_endpoint(&mut self, new: &New, counter: &Counter<'_>) -> Result<Served, Refusal> {
        if self.known.endpoints.len() >= ENDPOINTS_MAX {
            return Err(invalid(None, format!("You have reached the maximum of {ENDPOINTS_MAX} test webhook endpoints.")));
        }
        let bits = counter.name("a webhook endpoint", &[&self.known.endpoints.count().to_le_bytes()]);
        let mut hook = Hook {
            id: spell("we_1K", bits),
            created: self.second(counter.now()),
            url: new.url.clone(),
            enabled_events: new.enabled_events.clone(),
            api_version: new.api_version.clone(),
            description: new.description.clone(),
            metadata: BTreeMap::new(),
            disabled: false,
            secret: self.derived_secret(bits).reveal().to_owned(),
            open: None,
        };
        new.metadata.apply(&mut hook.metadata)?;
        hook.open = Some(self.opened(&hook).map_err(refused)?);
        let served = json(&hook.wire(Some(&hook.secret)));
        self.known.endpoints.put(hook);
        Ok(served)
    }

    fn hook(&self, id: &str) -> Result<&Hook, Refusal> {
        self.known.endpoints.get(id).ok_or_else(|| no_such("webhook endpoint", id, "webhook_endpoint"))
    }

    /// A secret that is the same every time, and that nobody guesses who does not know the tenant's own.
    fn derived_secret(&self, bits: u128) -> WebhookSecret {
        let key = Hmac::<Sha256>::new_from_slice(self.secret.reveal().as_bytes());
        let bytes = key.map_or([0; 32], |keyed| keyed.chain_update(bits.to_le_bytes()).finalize().into_bytes().into()); // any key will do
        signature::secret(bytes)
    }

    /// Returns where the deliveries of an endpoint go, if callbacks may go there.
    fn opened(&self, hook: &Hook) -> Result<Arc<Endpoint>, Unsound> {
        let url = CallbackUrl::parse_allowing(&hook.url, &self.hosts)?;
        let current = StripeSigner::new(&WebhookSecret::new(hook.secret.as_str()))?;
        let foreign = StripeSigner::new(&WebhookSecret::new(format!("{}_of_nobody", hook.secret)))?;
        let keys = Keys { current: Arc::new(current), previous: None, foreign: Arc::new(foreign) };
        Ok(Arc::new(Endpoint { id: hook.id.clone(), url, keys }))
    }

    /// Opens the endpoints that were kept.
    pub(super) fn open_endpoints(&mut self) -> Result<(), Unsound> {
        let ids: Vec<String> = self.known.endpoints.all().map(|hook| hook.id.clone()).collect();
        for id in ids {
            let open = self.known.endpoints.get(&id).map(|hook| self.opened(hook)).transpose()?;
            if let Some(hook) = self.known.endpoints.get_mut(&id) {
                hook.open = open;
            }
        }
        Ok(())
    }

    /// The endpoints that events of this name go to.
    pub(super) fn listening<'d>(&'d self, event: &str) -> impl Iterator<Item = &'d Arc<Endpoint>> {
        let event = event.to_owned();
        self.known.endpoints.all().filter(move |hook| hook.hears(&event)).filter_map(Hook::open)
    }
}

fn refused(unsound: Unsound) -> Refusal {
    invalid(Some("url"), format!("Invalid URL: {unsound}"))
}
