use std::path::Path;

use anyhow::anyhow;
use kycsim_scenarios::language::ReadScenarioError;
use kycsim_scenarios::{Scenario, catalogue};

use crate::exit::Failure;

/// Finds a scenario by the name of a shipped one, or as a file.
pub(super) fn load_scenario(name: &str) -> Result<Scenario, Failure> {
    if let Some(shipped) = catalogue::load(name) {
        return shipped.map_err(Failure::usage);
    }
    let path = Path::new(name);
    if !path.exists() {
        return Err(Failure::usage(anyhow!("there is no scenario or file `{name}`; {}", remedy(name))));
    }
    read(path)
}

/// What to do when nothing is called `name`.
pub(super) fn remedy(name: &str) -> String {
    match catalogue::nearest(name) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => "`kycsim scenario list` shows what is shipped".to_owned(),
    }
}

/// Reads a scenario file.
pub(super) fn read(path: &Path) -> Result<Scenario, Failure> {
    Scenario::read(path).map_err(|error| {
        if let ReadScenarioError::Invalid(invalid) = &error {
            return Failure::usage(anyhow!("the scenario is not valid\n{invalid}"));
        }
        Failure::usage(error)
    })
}
