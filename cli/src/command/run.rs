//! `kycsim run`: vendor, reference backend and load in one process, and a report at the end.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use kycsim_loadtest::{Pictures, Pool, Progress, Records, Rehearsal, RunClock, RunFolder, assemble_against};
use kycsim_onboarding::{Backend, Backoff, OnboardingConfig, Secret, VendorApi};
use kycsim_reports::Run;
use kycsim_reports::model::{Ended, Machine, Manifest, ScenarioSummary};
use kycsim_scenarios::{ApplicantKey, Scenario, Shard};
use kycsim_simulator::{ApiKey, CallbackUrl, Clock, Dialect, Vendor, VendorConfig, WebhookSecret};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::baseline;
use super::dialect;
use super::load_scenario::load_scenario;
use super::result::conclude;
use super::run_folder::run_folder;
use crate::CommandResult;
use crate::args::RunArgs;
use crate::exit::Failure;
use crate::interrupt::on_interrupt;
use crate::progress;
use crate::vendor_watch::{Ledger, Watched};

/// A secret of a world that lives for one run on loopback.
const REVIEWER_TOKEN: &str = "kycsim-run-reviewer";

/// From the moment everything is up to the schedule's beginning: the warm-up fits in.
const LEAD: Duration = Duration::from_millis(500);
/// How long backend and vendor may take to finish what is under way.
const SHUTDOWN: Duration = Duration::from_secs(10);

pub(crate) fn run(args: &RunArgs) -> CommandResult {
    let (run, folder) = play(args, on_interrupt())?;
    Ok(conclude(&run, &folder, args.json)?)
}

/// Plays a scenario, until its end or until `stop` is cancelled, and returns the result and its folder.
pub(super) fn play(args: &RunArgs, stop: CancellationToken) -> Result<(Run, PathBuf), Failure> {
    let mut scenario = resolve(args)?;
    let dialect = dialect::choose(&mut scenario, args.dialect)?;
    let baseline = baseline::read(&scenario, args.baseline.as_deref())?;
    let runtime = tokio::runtime::Runtime::new().context("the runtime could not be started")?;
    let folder = runtime.block_on(rehearse(args, dialect, Arc::new(scenario), stop))?;
    let records = Records::read(&folder).context("the run's folder could not be read back")?;
    Ok((assemble_against(&records, baseline.as_ref()), folder))
}

/// The scenario as it will be played: the file's, with what the command line changes.
pub(super) fn resolve(args: &RunArgs) -> Result<Scenario, Failure> {
    let mut scenario = load_scenario(&args.scenario)?;
    if let Some(seed) = args.seed {
        scenario.seed = seed;
    }
    if i64::try_from(scenario.seed).is_err() {
        return Err(Failure::usage(anyhow!("the seed {} is too large; TOML holds numbers up to {}", scenario.seed, i64::MAX)));
    }
    if let Some(rate) = args.rate {
        scenario.arrivals.flatten(rate).map_err(|error| Failure::usage(anyhow!("--rate does not fit `{}`: {error}", args.scenario)))?;
    }
    if let Some(duration) = args.duration {
        scenario.arrivals.duration = duration;
    }
    if !args.only.is_empty() {
        pick_out(&mut scenario, &args.only)?;
    }
    for objective in &args.expect {
        objective.subject.check_in(&scenario).map_err(|error| Failure::usage(anyhow!("in --expect '{objective}': {error}")))?;
        scenario.expect.0.push(objective.clone());
    }
    Ok(scenario)
}

/// Makes a scenario one of a few applicants: they must stand in its schedule, and what is about everybody cannot be judged any more.
fn pick_out(scenario: &mut Scenario, only: &[ApplicantKey]) -> Result<(), Failure> {
    if scenario.arrivals.is_closed() {
        return Err(Failure::usage(anyhow!(
            "--only needs applicants who come by themselves; in a closed model each comes when another has ended"
        )));
    }
    let come = scenario.arrivals.schedule(scenario.seed).count() as u64;
    if let Some(stranger) = only.iter().find(|key| key.number().is_none_or(|number| number >= come)) {
        let all = match come.checked_sub(1) {
            Some(last) => format!("from {} to {}", ApplicantKey::numbered(0), ApplicantKey::numbered(last)),
            None => "and nobody does".to_owned(),
        };
        return Err(Failure::usage(anyhow!("`{stranger}` does not come in this scenario with seed {}; {come} do, {all}", scenario.seed)));
    }
    scenario.expect.0.retain(|objective| objective.subject.measure.as_str().starts_with("integrity."));
    Ok(())
}

/// Brings everything up, plays the scenario, takes everything down, and returns the run's folder.
async fn rehearse(args: &RunArgs, dialect: Dialect, scenario: Arc<Scenario>, stop: CancellationToken) -> anyhow::Result<PathBuf> {
    let vendor_listener = TcpListener::bind("127.0.0.1:0").await.context("no loopback port for the vendor")?;
    let backend_listener = TcpListener::bind("127.0.0.1:0").await.context("no loopback port for the backend")?;
    let vendor_url = format!("http://{}", vendor_listener.local_addr()?);
    let backend_url = format!("http://{}", backend_listener.local_addr()?);

    // Everything that takes time comes before the clock starts; its own start is the first thing on it.
    let drawing = {
        let (scenario, now) = (Arc::clone(&scenario), RunClock::starting_in(Duration::ZERO).began_wall());
        tokio::task::spawn_blocking(move || Pictures::draw(&scenario, now))
    };
    let backend = Backend::open(backend_config(dialect, &vendor_url, &backend_url, args.workers)?)
        .await
        .context("the backend could not be opened")?;
    let pool = Pool::launch(&backend_url, args.workers).await?;
    let pictures = drawing.await.context("drawing the applicants' pictures failed")?;

    let clock = RunClock::starting_in(LEAD);
    let manifest = manifest(args, dialect, &scenario, &clock);
    let path = run_folder(args.out.as_deref(), &manifest.id)?;
    let folder = RunFolder::create(&path, &scenario, &manifest, &clock)?;
    let ledger = Arc::new(Ledger::new(folder.ledger()?));
    let config = VendorConfig::new(
        Arc::clone(&scenario),
        ApiKey::new(dialect.sample_api_key())?,
        WebhookSecret::new(dialect.sample_webhook_secret()),
        Clock::starting_at(clock.began()),
    )
    .callback_url(CallbackUrl::parse(&callback_url(&backend_url))?)
    .ledger_sink(Arc::clone(&ledger) as _);
    let world = CancellationToken::new();
    let vendor = Arc::new(Vendor::start(config, vendor_listener, &world)?);
    let serving = tokio::spawn(backend.serve(backend_listener, world.clone()));

    let (progress, shown) = watch::channel(Progress::default());
    let showing = (!args.quiet).then(|| tokio::spawn(progress::show(shown)));
    let rehearsal = Rehearsal {
        scenario,
        shard: args.shard.unwrap_or(Shard::WHOLE),
        only: BTreeSet::from_iter(args.only.iter().cloned()),
        reviewer_token: REVIEWER_TOKEN.to_owned(),
        pictures,
        clock,
        folder,
        manifest,
        vendor: Arc::new(Watched(Arc::clone(&vendor))),
        progress,
        stop,
    };
    let played = kycsim_loadtest::play(pool, rehearsal).await;
    if let Some(showing) = showing {
        let _ = showing.await;
    }
    world.cancel();
    let _ = tokio::time::timeout(SHUTDOWN, serving).await;
    drop(vendor);
    played?;
    ledger.check()?;
    Ok(path)
}

/// The reference backend, with its waits compressed as the scenarios' are: a minute of a run stands for an hour or so.
fn backend_config(dialect: Dialect, vendor_url: &str, backend_url: &str, workers: u32) -> anyhow::Result<OnboardingConfig> {
    let word = dialect.as_str();
    let vendor_api = VendorApi::from_word(word).with_context(|| format!("the reference backend does not speak `{word}`"))?;
    let mut config = OnboardingConfig::new(
        vendor_url,
        Secret::new(dialect.sample_api_key()),
        vendor_api.callback_secret(dialect.sample_webhook_secret())?,
        callback_url(backend_url),
        Secret::new(REVIEWER_TOKEN),
    );
    config.vendor_api = vendor_api;
    // Some vendors take twice as many calls for an applicant as others.
    config.outbox_workers = NonZeroUsize::new(48).unwrap_or(config.outbox_workers);
    config.reconcile_after = Duration::from_secs(3);
    config.reconcile_every = Duration::from_millis(500);
    config.outbox_backoff = Backoff { base: Duration::from_millis(250), cap: Duration::from_secs(2), jitter: 0.5 };
    // Every worker holds a connection, the vendor's callbacks need some, and nobody should wait for a place.
    config.max_connections = NonZeroUsize::new(workers as usize + 256).unwrap_or(config.max_connections);
    Ok(config)
}

/// Where the backend wants to be called.
fn callback_url(backend_url: &str) -> String {
    format!("{backend_url}/callbacks/kyc")
}

fn manifest(args: &RunArgs, dialect: Dialect, scenario: &Scenario, clock: &RunClock) -> Manifest {
    let started = clock.began_wall();
    let name = scenario.name.as_str();
    let shard = args.shard.filter(|shard| !shard.is_whole());
    let part = shard.map(|shard| format!("-{}-of-{}", shard.number(), shard.of())).unwrap_or_default();
    Manifest {
        id: format!("{}-{name}-{}{part}", started.strftime("%Y%m%dT%H%M%SZ"), scenario.seed),
        kycsim: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: started.to_string(),
        scenario: ScenarioSummary {
            name: name.to_owned(),
            summary: scenario.summary.clone(),
            teaches: scenario.teaches.clone(),
            arrivals_seconds: scenario.arrivals.duration.length().as_secs_f64(),
        },
        seed: scenario.seed,
        command: command(args, scenario),
        replay: format!("{} --only", play_again(args, scenario)),
        machine: Machine {
            os: std::env::consts::OS.to_owned(),
            arch: std::env::consts::ARCH.to_owned(),
            cores: std::thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(u32::MAX)),
            build: if cfg!(debug_assertions) { "debug" } else { "release" }.to_owned(),
        },
        vendor: dialect::played(dialect),
        shard: shard.map(|shard| shard.to_string()),
        ended: Ended::Unfinished,
    }
}

/// The command that repeats this run, seed included.
fn command(args: &RunArgs, scenario: &Scenario) -> String {
    let mut command = play_again(args, scenario);
    for applicant in &args.only {
        command.push_str(&format!(" --only {applicant}"));
    }
    if let Some(shard) = args.shard {
        command.push_str(&format!(" --shard {shard}"));
    }
    for objective in &args.expect {
        command.push_str(&format!(" --expect {}", quoted(&objective.to_string())));
    }
    if let Some(baseline) = &args.baseline {
        command.push_str(&format!(" --baseline {}", quoted(&baseline.display().to_string())));
    }
    command
}

/// The command that plays this scenario once more as it was played: whoever comes, and whatever is expected.
fn play_again(args: &RunArgs, scenario: &Scenario) -> String {
    let mut command = format!("kycsim run {} --seed {}", quoted(&args.scenario), scenario.seed);
    if let Some(dialect) = args.dialect {
        command.push_str(&format!(" --dialect {}", dialect.as_str()));
    }
    if let Some(rate) = args.rate {
        command.push_str(&format!(" --rate {}", rate.value()));
    }
    if let Some(duration) = args.duration {
        command.push_str(&format!(" --duration '{duration}'"));
    }
    command
}

/// A word as a shell takes it for one word.
fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./".contains(c);
    if !path.is_empty() && path.chars().all(plain) { path.to_owned() } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_path_is_one_word_to_a_shell() {
        assert_eq!(quoted("my/outage-2.toml"), "my/outage-2.toml");
        assert_eq!(quoted("last night.toml"), "'last night.toml'");
        assert_eq!(quoted("it's.toml"), r"'it'\''s.toml'");
    }
}
