use anyhow::Context as _;
use kycsim_loadtest::{Records, assemble};

use super::result::conclude;
use crate::CommandResult;
use crate::args::ReportArgs;
use crate::exit::Failure;

pub(crate) fn run(args: &ReportArgs) -> CommandResult {
    let records = Records::read(&args.run).map_err(Failure::usage)?;
    let run = assemble(&records);
    Ok(conclude(&run, &args.run, args.json).context("the report could not be written")?)
}
