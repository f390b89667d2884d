use anyhow::{Context as _, anyhow};
use kycsim_scenarios::{catalogue, schema};
use kycsim_simulator::Dialect;

use super::load_scenario;
use crate::CommandResult;
use crate::args::{ScenarioArgs, ScenarioCommand};
use crate::exit::{Exit, Failure};

pub(crate) fn run(args: &ScenarioArgs) -> CommandResult {
    let text = match &args.command {
        ScenarioCommand::List { names, dialect } => list(*names, *dialect)?,
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

fn list(names: bool, dialect: Option<Dialect>) -> Result<String, Failure> {
    let mut text = String::new();
    for scenario in catalogue::names().filter_map(catalogue::load) {
        let scenario = scenario.map_err(Failure::usage)?;
        let name = scenario.name.as_str();
        if let Some(dialect) = dialect
            && let [first, ..] = dialect.cannot_play(&scenario)[..]
        {
            skip(name, dialect, first);
        } else if names {
            text.push_str(&format!("{name}\n"));
        } else {
            text.push_str(&format!("{name}\n    {}\n    Teaches: {}\n", scenario.summary, scenario.teaches));
        }
    }
    Ok(text)
}

#[expect(clippy::print_stderr, reason = "standard output is for those that can be played")]
fn skip(name: &str, dialect: Dialect, reason: &str) {
    eprintln!("skipped: {name} cannot be played in the dialect {}: {reason}", dialect.as_str());
}
