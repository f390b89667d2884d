//! `kycsim ctl`: steers a running vendor through its admin API, and looks into it. `docs/admin-api.md` has the API.

mod args;
mod client;
mod entries;
mod files;
mod show;
mod steer;

use anyhow::Context as _;
use serde_json::Value;

pub(crate) use args::CtlArgs;

use crate::CommandResult;
use crate::exit::Exit;
use client::{Client, Said};

pub(crate) fn run(args: CtlArgs) -> CommandResult {
    let client = Client::new(&args.target)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("the runtime could not be started")?;
    runtime.block_on(steer::steer(&client, args.target.json, args.command))
}

/// Prints what was said: as JSON, or as `human` writes it.
fn print(json: bool, said: Said, human: impl FnOnce(&Value) -> String) -> CommandResult {
    match said {
        Said::Done(Value::Null) => Ok(Exit::Success),
        Said::Done(value) => {
            super::result::print(&if json { format!("{value}\n") } else { human(&value) })?;
            Ok(Exit::Success)
        }
        Said::NotSo(message) => {
            complain(&message);
            Ok(Exit::Failed)
        }
    }
}

#[expect(clippy::print_stderr, reason = "messages belong on standard error")]
fn complain(message: &str) {
    eprintln!("kycsim: {message}");
}
