//! The `kycsim` command.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// The vendor keeps a little of every request: with this one, a tenth less of its time goes into finding room for it.
#[global_allocator]
static MEMORY: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    kycsim::run(std::env::args_os()).into()
}
