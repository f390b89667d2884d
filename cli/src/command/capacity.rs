//! `kycsim capacity`: how many applicants a second a backend bears before an objective breaks.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use kycsim_loadtest::capacity::{Capacity, Goal, Next, Search, Verdict, holds_at_least};
use kycsim_reports::figures;
use kycsim_reports::model::{Held, Latency, Run, Verdict as RunVerdict};
use kycsim_scenarios::language::Rate;

use tokio_util::sync::CancellationToken;

use super::result::print;
use super::run;
use crate::CommandResult;
use crate::args::{CapacityArgs, RunArgs};
use crate::exit::{Exit, Failure};
use crate::interrupt::on_interrupt;

/// A run of the search.
struct Trial {
    rate: f64,
    run: Run,
    folder: PathBuf,
}

pub(crate) fn run(args: &CapacityArgs) -> CommandResult {
    if args.run.rate.is_some() {
        return Err(Failure::usage(anyhow!("--rate is what is searched for; give the rate to begin with as --from")));
    }
    let folder = args.run.out.clone().unwrap_or_else(|| Path::new("runs").join("capacity"));
    if folder.exists() {
        return Err(Failure::usage(anyhow!("`{}` exists already; give another folder with --out", folder.display())));
    }
    let stop = on_interrupt();
    let first_seed = run::resolve(&args.run)?.seed;
    let mut search = Search::new(Goal { from: args.from.value(), within: args.within.value() });
    let mut trials: Vec<Trial> = Vec::new();
    let capacity = loop {
        match search.next() {
            Next::Found(capacity) => break capacity,
            Next::Try(rate) => {
                let mut verdict = Verdict::Held;
                for repeat in 0..args.repeats {
                    let trial = play(&args.run, &folder, rate, first_seed + u64::from(repeat), repeat + 1, stop.clone())?;
                    verdict = judged(&trial.run);
                    complain(&trial, verdict);
                    trials.push(trial);
                    if stop.is_cancelled() {
                        return Err(Failure::from(anyhow!("stopped; the runs so far are in `{}`", folder.display())));
                    }
                    if verdict != Verdict::Held {
                        break; // one that does not hold is enough
                    }
                }
                search.tell(rate, verdict);
            }
        }
    };
    print(&summary(capacity, args.repeats, &trials))?;
    Ok(if capacity.held.is_some() && capacity.broke.is_some() && !capacity.by_generator { Exit::Success } else { Exit::Inconclusive })
}

/// Plays the scenario once at a rate.
fn play(args: &RunArgs, folder: &Path, rate: f64, seed: u64, repeat: u32, stop: CancellationToken) -> Result<Trial, Failure> {
    let out = folder.join(format!("{rate:.4}-per-second-{repeat}"));
    let args = RunArgs {
        rate: Some(Rate::new(rate).map_err(Failure::usage)?),
        seed: Some(seed),
        out: Some(out.clone()),
        quiet: true,
        ..args.clone()
    };
    let (run, folder) = run::play(&args, stop)?;
    kycsim_reports::write_faces(&run, &folder).context("the report could not be written")?;
    Ok(Trial { rate, run, folder })
}

const fn judged(run: &Run) -> Verdict {
    match run.verdict {
        RunVerdict::Passed => Verdict::Held,
        RunVerdict::Failed => Verdict::Broke,
        RunVerdict::Inconclusive => Verdict::Unknown,
    }
}

#[expect(clippy::print_stderr, reason = "progress")]
fn complain(trial: &Trial, verdict: Verdict) {
    let word = match verdict {
        Verdict::Held => "held",
        Verdict::Broke => "broke",
        Verdict::Unknown => "nobody can say",
    };
    eprintln!("{:8.1} applicants a second, seed {}: {word}", trial.rate, trial.run.manifest.seed);
}

/// What the search has found, for people.
fn summary(capacity: Capacity, repeats: u32, trials: &[Trial]) -> String {
    let mut text = match (capacity.held, capacity.by_generator) {
        (None, true) => "Nobody can say where the objectives break.\n".to_owned(),
        (Some(_), _) | (None, false) => format!("The objectives break {capacity}.\n"),
    };
    if let Some(held) = capacity.held {
        let least = figures::share(holds_at_least(repeats));
        text.push_str(&format!(
            "At {held:.1} a second {repeats} of {repeats} runs held: with a confidence of 95 % a run there holds in at least {least} of cases.\n"
        ));
    }
    if capacity.by_generator {
        text.push_str(
            "There the generator was the bottleneck, or there was too little to judge: give it more workers, or let applicants come for longer.\n",
        );
    }
    let calm = trials.iter().filter(|trial| judged(&trial.run) == Verdict::Held).min_by(|a, b| a.rate.total_cmp(&b.rate));
    let broken = trials.iter().filter(|trial| judged(&trial.run) == Verdict::Broke).min_by(|a, b| a.rate.total_cmp(&b.rate));
    if let Some(broken) = broken {
        text.push_str(&format!("At {:.1} a second these broke:\n", broken.rate));
        for objective in broken.run.objectives.iter().filter(|objective| objective.held == Held::No) {
            let measured = objective.measured.as_deref().unwrap_or("nothing");
            text.push_str(&format!("  {} {}, measured {measured}\n", objective.measure, objective.bound));
        }
        if !broken.run.integrity.findings.is_empty() {
            text.push_str(&format!("  integrity: {} findings\n", broken.run.integrity.findings.len()));
        }
        if let Some((name, before, after)) = calm.and_then(|calm| grown(&calm.run, &broken.run)) {
            let (before, after) = (figures::duration(before), figures::duration(after));
            text.push_str(&format!("What grew most of the way to a decision: {name}, from {before} to {after} (mean).\n"));
        }
        text.push_str(&format!("Its report: {}\n", broken.folder.join("report.html").display()));
    }
    text
}

/// Returns the segment of the decision latency whose mean grew most, with both means.
fn grown<'r>(calm: &Run, broken: &'r Run) -> Option<(&'r str, f64, f64)> {
    let before = |name: &str| calm.segments.iter().find(|segment| segment.name == name).map_or(0.0, |segment: &Latency| segment.mean);
    let growth = broken.segments.iter().map(|segment| (segment.name.as_str(), before(&segment.name), segment.mean));
    growth.filter(|(_, before, after)| after > before).max_by(|a, b| (a.2 - a.1).total_cmp(&(b.2 - b.1)))
}
