//! `kycsim backend`: the reference backend alone.

use anyhow::Context as _;
use kycsim_onboarding::{Backend, Database, OnboardingConfig, Secret};
use tokio::net::TcpListener;

use crate::CommandResult;
use crate::args::BackendArgs;
use crate::exit::{Exit, Failure};
use crate::interrupt::on_interrupt;

pub(crate) fn run(args: BackendArgs) -> CommandResult {
    let callback_secret = args.vendor_api.callback_secret(&args.webhook_secret).map_err(Failure::usage)?;
    let stop = on_interrupt();
    let runtime = tokio::runtime::Runtime::new().context("the runtime could not be started")?;
    runtime.block_on(async {
        let listener = TcpListener::bind(args.listen).await.with_context(|| format!("cannot listen on {}", args.listen))?;
        let address = listener.local_addr().context("the listener has no address")?;
        let public_url = args.public_url.unwrap_or_else(|| format!("http://{address}"));
        let mut config = OnboardingConfig::new(
            args.vendor_url,
            Secret::new(args.vendor_api_key),
            callback_secret,
            format!("{public_url}/callbacks/kyc"),
            Secret::new(args.reviewer_token),
        );
        config.vendor_api = args.vendor_api;
        config.database = Database::File(args.database);
        let backend = Backend::open(config).await.context("the backend could not be opened")?;
        super::result::print(&format!("backend on http://{address}\n"))?;
        backend.serve(listener, stop).await;
        Ok(Exit::Success)
    })
}
