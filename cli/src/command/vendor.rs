//! `kycsim vendor`: the fake vendor alone.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use kycsim_simulator::{Access, AllowedHosts, ApiKey, CallbackUrl, Clock, VendorConfig, WebhookSecret};
use tokio::net::TcpListener;

use super::dialect;
use super::load_scenario::load_scenario;
use super::vendor_state;
use crate::CommandResult;
use crate::args::VendorArgs;
use crate::exit::{Exit, Failure};
use crate::interrupt::on_interrupt;

/// How long requests and deliveries under way may take once the vendor is told to stop.
const SHUTDOWN: Duration = Duration::from_secs(10);

pub(crate) fn run(args: VendorArgs) -> CommandResult {
    let mut scenario = load_scenario(&args.scenario)?;
    scenario.seed = args.seed.unwrap_or(scenario.seed);
    let dialect = dialect::choose(&mut scenario, args.dialect)?;
    let name = scenario.name.clone();
    let api_key = args.api_key.unwrap_or_else(|| dialect.sample_api_key().to_owned());
    let webhook_secret = args.webhook_secret.unwrap_or_else(|| dialect.sample_webhook_secret().to_owned());
    let key = ApiKey::new(api_key.as_str()).map_err(Failure::usage)?;
    let clock = Clock::starting_at(now());
    clock.set_mode(args.clock.0);
    let mut config = VendorConfig::new(Arc::new(scenario), key, WebhookSecret::new(webhook_secret.as_str()), clock);
    let mut hosts = AllowedHosts::default();
    for host in &args.allow_callback_host {
        config = config.allow_callback_host(host);
        hosts = hosts.allow(host);
    }
    if let Some(url) = &args.callback_url {
        config = config.callback_url(CallbackUrl::parse_allowing(url, &hosts).map_err(Failure::usage)?);
    }
    if args.no_admin {
        config = config.without_admin();
    } else if let Some(token) = args.admin_token {
        config = config.admin_token(token);
    } else if !args.listen.ip().to_canonical().is_loopback() {
        let listen = args.listen;
        return Err(Failure::usage(anyhow!(
            "{listen} can be reached from other machines: give an admin token (--admin-token or KYCSIM_ADMIN_TOKEN), or leave the admin API out (--no-admin)"
        )));
    }
    let stop = on_interrupt();
    let runtime = tokio::runtime::Runtime::new().context("the runtime could not be started")?;
    runtime.block_on(async {
        let listener = TcpListener::bind(args.listen).await.with_context(|| format!("cannot listen on {}", args.listen))?;
        let vendor = vendor_state::start(config, args.state.as_deref(), listener, &stop)?;
        super::result::print(&format!("vendor ({}) on http://{}\n", name.as_str(), vendor.address()))?;
        if args.dialect.is_some() {
            let base = format!("http://{}", vendor.address());
            tell(&dialect.guide(Access { base: &base, api_key: &api_key, webhook_secret: &webhook_secret }));
        }
        if !args.no_admin {
            tell(&format!("control room: http://{}/__admin/", vendor.address()));
        }
        stop.cancelled().await;
        vendor_state::end(vendor, args.state.as_deref(), SHUTDOWN).await?;
        Ok(Exit::Success)
    })
}

#[expect(clippy::print_stderr, reason = "standard output is for the address that programs read")]
fn tell(message: &str) {
    eprintln!("{message}");
}

/// The vendor's schedule begins with the process.
#[expect(clippy::disallowed_methods, reason = "a vendor that runs alone owns its clock")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}
