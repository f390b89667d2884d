//! The `kycsim` command as a library: parses arguments, wires the crates, prints.
//!
//! The only crate that sees all the others, and the only one that prints. [`run`] is the whole command; each subcommand is a file under `command`.
//! Standard output carries the result alone; progress and messages go to standard error.

mod args;
mod command;
mod exit;
mod interrupt;
mod logging;
mod progress;
mod vendor_watch;

use std::ffi::OsString;

use clap::Parser;

pub use exit::Exit;

use args::{Args, Command};
use exit::Failure;

/// Runs the command and says how it ended.
pub fn run(args: impl IntoIterator<Item = OsString>) -> Exit {
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => {
            // Help and version are results, everything else is a complaint; clap knows which stream each belongs to.
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Success };
        }
    };
    logging::init();
    let ended = match args.command {
        Command::Run(args) => command::run::run(&args),
        Command::Report(args) => command::report::run(&args),
        Command::Capacity(args) => command::capacity::run(&args),
        Command::Merge(args) => command::merge::run(&args),
        Command::Scenario(args) => command::scenario::run(&args),
        Command::Vendor(args) => command::vendor::run(args),
        Command::Ctl(args) => command::ctl::run(args),
        Command::Backend(args) => command::backend::run(args),
    };
    ended.unwrap_or_else(|failure| {
        exit::complain(&failure);
        failure.exit()
    })
}

type CommandResult = Result<Exit, Failure>;
