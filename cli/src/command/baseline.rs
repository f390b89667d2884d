//! The run that relative objectives are held against.

use std::path::Path;

use anyhow::anyhow;
use kycsim_loadtest::Records;
use kycsim_scenarios::Scenario;

use crate::exit::Failure;

/// Reads the baseline, and refuses a scenario that needs one when none is given: a run of half an hour should not end with that.
pub(super) fn read(scenario: &Scenario, folder: Option<&Path>) -> Result<Option<Records>, Failure> {
    match (folder, scenario.expect.first_relative()) {
        (Some(folder), _) => match Records::read(folder) {
            Ok(records) => Ok(Some(records)),
            Err(error) => Err(Failure::usage(anyhow::Error::new(error).context("the baseline cannot be used"))),
        },
        (None, Some(objective)) => Err(Failure::usage(anyhow!(
            "the objective `{objective}` needs a baseline run; give the folder of one with --baseline, such as --baseline runs/<run>"
        ))),
        (None, None) => Ok(None),
    }
}
