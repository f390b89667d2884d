use anyhow::Context as _;
use kycsim_loadtest::{Records, assemble_against};

use super::baseline;
use super::result::conclude;
use crate::CommandResult;
use crate::args::ReportArgs;
use crate::exit::Failure;

pub(crate) fn run(args: &ReportArgs) -> CommandResult {
    let records = Records::read(&args.run).map_err(Failure::usage)?;
    let baseline = baseline::read(records.scenario(), args.baseline.as_deref())?;
    let run = assemble_against(&records, baseline.as_ref());
    Ok(conclude(&run, &args.run, args.json).context("the report could not be written")?)
}
