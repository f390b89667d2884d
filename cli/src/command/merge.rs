//! `kycsim merge`: the parts of a run become one.

use anyhow::Context as _;
use kycsim_loadtest::{Records, assemble_against};

use super::baseline;
use super::result::conclude;
use super::run_folder::run_folder;
use crate::CommandResult;
use crate::args::MergeArgs;
use crate::exit::Failure;

pub(crate) fn run(args: &MergeArgs) -> CommandResult {
    let parts = args.parts.iter().map(|part| Records::read(part)).collect::<Result<Vec<_>, _>>().map_err(Failure::usage)?;
    let merged = Records::merge(parts).map_err(Failure::usage)?;
    let baseline = baseline::read(merged.scenario(), args.baseline.as_deref())?;
    let folder = run_folder(args.out.as_deref(), merged.id()).map_err(Failure::usage)?;
    merged.write(&folder).context("the joined run could not be written")?;
    Ok(conclude(&assemble_against(&merged, baseline.as_ref()), &folder, args.json)?)
}
