use anyhow::{Context as _, anyhow};
use kycsim_scenarios::{Scenario, catalogue, schema};
use kycsim_simulator::Dialect;

use super::load_scenario;
use crate::CommandResult;
use crate::args::{ListArgs, ScenarioArgs, ScenarioCommand};
use crate::exit::{Exit, Failure};

pub(crate) fn run(args: &ScenarioArgs) -> CommandResult {
    let text = match &args.command {
        ScenarioCommand::List(args) => list(args)?,
        ScenarioCommand::Show { name } => catalogue::text(name)
            .ok_or_else(|| Failure::usage(anyhow!("there is no shipped scenario `{name}`; {}", load_scenario::remedy(name))))?
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

/// One theme after the other: what vendors do, then incidents that happened.
fn list(args: &ListArgs) -> Result<String, Failure> {
    let mut text = String::new();
    for theme in catalogue::themes() {
        let mut listed = String::new();
        for scenario in theme.names().filter_map(catalogue::load) {
            let scenario = scenario.map_err(Failure::usage)?;
            if args.happened && scenario.happened.is_none() {
                continue;
            }
            let name = scenario.name.as_str();
            if let Some(dialect) = args.dialect
                && let [first, ..] = dialect.cannot_play(&scenario)[..]
            {
                skip(name, dialect, first);
            } else if args.names {
                listed.push_str(&format!("{name}\n"));
            } else {
                listed.push_str(&describe(&scenario));
            }
        }
        if !args.names && !listed.is_empty() {
            let blank = if text.is_empty() { "" } else { "\n" };
            text.push_str(&format!("{blank}{}\n\n", theme.title));
        }
        text.push_str(&listed);
    }
    Ok(text)
}

fn describe(scenario: &Scenario) -> String {
    let mut text = format!("{}\n    {}\n    Teaches: {}\n", scenario.name.as_str(), scenario.summary, scenario.teaches);
    if let Some(happened) = &scenario.happened {
        text.push_str(&format!("    Happened: {}; here {} times as fast\n", happened.when, happened.compression.value()));
        text.push_str(&format!("    Source: {}\n", happened.source));
    }
    text
}

#[expect(clippy::print_stderr, reason = "standard output is for those that can be played")]
fn skip(name: &str, dialect: Dialect, reason: &str) {
    eprintln!("skipped: {name} cannot be played in the dialect {}: {reason}", dialect.as_str());
}
