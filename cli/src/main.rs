//! The `kycsim` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    kycsim::run(std::env::args_os()).into()
}
