use anyhow::{Context as _, anyhow};
use kycsim_scenarios::{catalogue, schema};

use super::load_scenario;
use crate::CommandResult;
use crate::args::{ScenarioArgs, ScenarioCommand};
use crate::exit::{Exit, Failure};

pub(crate) fn run(args: &ScenarioArgs) -> CommandResult {
    let text = match &args.command {
        ScenarioCommand::List { names: true } => catalogue::names().map(|name| format!("{name}\n")).collect(),
        ScenarioCommand::List { names: false } => list()?,
        ScenarioCommand::Show { name } => catalogue::text(name)
            .ok_or_else(|| Failure::usage(anyhow!("there is no shipped scenario `{name}`; `kycsim scenario list` shows them")))?
            .to_owned(),
        ScenarioCommand::Check { file } => {
            let scenario = load_scenario::read(file)?;
            format!("{} is valid: {}\n", file.display(), scenario.summary)
        }
        ScenarioCommand::Schema => serde_json::to_string_pretty(&schema::scenario()).context("the schema cannot be written")? + "\n",
    };
    super::result::print(&text)?;
    Ok(Exit::Success)
}

fn list() -> Result<String, Failure> {
    let mut text = String::new();
    for scenario in catalogue::names().filter_map(catalogue::load) {
        let scenario = scenario.map_err(Failure::usage)?;
        text.push_str(&format!("{}\n    {}\n    Teaches: {}\n", scenario.name.as_str(), scenario.summary, scenario.teaches));
    }
    Ok(text)
}
