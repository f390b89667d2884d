//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use kycsim_onboarding::VendorApi;
use kycsim_scenarios::language::{Objective, Period, Probability, QuantityError, Rate};
use kycsim_scenarios::{ApplicantKey, Shard};
use kycsim_simulator::{AdminToken, ClockMode, Dialect, TimeScale};
use serde_json::{Value, json};

use crate::command::ctl::CtlArgs;

/// Rehearse a KYC vendor's good and bad days against a real onboarding backend.
#[derive(Debug, Parser)]
#[command(name = "kycsim", version, after_help = EXIT_CODES, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What an Indexed Job of Kubernetes tells each of its pods.
const COMPLETION_INDEX: &str = "JOB_COMPLETION_INDEX";

const EXIT_CODES: &str = "Exit codes: 0 all objectives held; 1 an objective or the integrity verdict failed; 2 bad usage or scenario; \
3 the run itself could not be done; 4 inconclusive (the generator was saturated, or the sample is too small to say).";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Play a scenario: vendor, reference backend and load in one process, and a report at the end
    Run(RunArgs),
    /// Build the report of a run again from its folder, even of one that was killed
    Report(ReportArgs),
    /// Search for the arrival rate at which a scenario's objectives break
    Capacity(CapacityArgs),
    /// Join the parts of a run that were played with --shard, and report on the whole
    Merge(MergeArgs),
    /// List, show and check scenarios
    Scenario(ScenarioArgs),
    /// Start the fake vendor alone
    Vendor(VendorArgs),
    /// Steer a running vendor, and look into it
    Ctl(CtlArgs),
    /// Start the reference backend alone
    Backend(BackendArgs),
}

#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct RunArgs {
    /// A shipped scenario's name (see `kycsim scenario list`), or a scenario file
    #[arg(default_value = "baseline")]
    pub(crate) scenario: String,
    /// Draw every fate from this seed instead of the scenario's
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Let the vendor speak this dialect, and the backend its language, instead of the scenario's: generic, stripe-identity or onfido
    #[arg(long, value_parser = dialect)]
    pub(crate) dialect: Option<Dialect>,
    /// Let this many applicants a second arrive, instead of the scenario's rates
    #[arg(long, value_parser = rate)]
    pub(crate) rate: Option<Rate>,
    /// Let applicants arrive for so long, such as 90s or 5m
    #[arg(long, value_parser = period)]
    pub(crate) duration: Option<Period>,
    /// Let nobody come but this applicant, such as a-000042, at the same moment and with the same fate; may be given several times. Of the scenario's objectives
    /// those on integrity are judged: all others are about everybody
    #[arg(long, value_name = "APPLICANT", value_parser = applicant)]
    pub(crate) only: Vec<ApplicantKey>,
    /// Leave the run in this folder, which must not hold one already [default: runs/<start>-<scenario>-<seed>]
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
    /// One more objective, such as 'decision_latency.p95<30s', 'decision_latency.p95 during outage < 60s',
    /// 'abandonment.capture where device = "mobile_poor" <= 8%' or 'decision_latency.p50 <= 110% of baseline'; may be given several times
    #[arg(long, value_name = "OBJECTIVE")]
    pub(crate) expect: Vec<Objective>,
    /// Play one part of the run, such as 3/16; auto/16 takes the part that Kubernetes says (JOB_COMPLETION_INDEX). `kycsim merge` joins the parts
    #[arg(long, value_name = "PART/PARTS", value_parser = shard)]
    pub(crate) shard: Option<Shard>,
    /// The folder of an earlier run, for objectives that are relative to a baseline
    #[arg(long, value_name = "RUN_FOLDER")]
    pub(crate) baseline: Option<PathBuf>,
    /// How many requests may be under way at once
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) workers: u32,
    /// Say nothing but the result: no progress
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// Print report.json instead of the summary
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ReportArgs {
    /// The run's folder
    pub(crate) run: PathBuf,
    /// The folder of another run, for objectives that are relative to a baseline
    #[arg(long, value_name = "RUN_FOLDER")]
    pub(crate) baseline: Option<PathBuf>,
    /// Print report.json instead of the summary
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 the limit lies between the two rates that are printed; 2 bad usage or scenario; 3 a run could not be done; \
4 inconclusive (the generator was the limit, or nothing broke)."
)]
pub(crate) struct CapacityArgs {
    /// The applicants a second to begin with
    #[arg(long, default_value = "10", value_parser = rate)]
    pub(crate) from: Rate,
    /// How close the two rates must come to each other, as a share of the lower
    #[arg(long, default_value = "0.1", value_parser = share)]
    pub(crate) within: Probability,
    /// How often each rate is played, each time with the next seed; it holds when all of them hold
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) repeats: u32,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub(crate) struct MergeArgs {
    /// The folders of all parts, in any order
    #[arg(required = true)]
    pub(crate) parts: Vec<PathBuf>,
    /// The folder of the joined run [default: runs/ and its name]
    #[arg(long)]
    pub(crate) out: Option<PathBuf>,
    /// The folder of an earlier run, for objectives that are relative to a baseline
    #[arg(long, value_name = "RUN_FOLDER")]
    pub(crate) baseline: Option<PathBuf>,
    /// Print report.json instead of the summary
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ScenarioArgs {
    #[command(subcommand)]
    pub(crate) command: ScenarioCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ScenarioCommand {
    /// List the shipped scenarios and what each teaches: what vendors do, then incidents that happened
    List(ListArgs),
    /// Print a shipped scenario, to read or to start one's own from
    Show {
        /// Its name
        name: String,
    },
    /// Check a scenario file; says nothing more than its name when it is valid
    Check {
        /// The file
        file: PathBuf,
    },
    /// Print the JSON Schema of scenario files, for editors
    Schema,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    /// Names alone, one a line, for scripts
    #[arg(long)]
    pub(crate) names: bool,
    /// Only those that follow incidents that happened
    #[arg(long)]
    pub(crate) happened: bool,
    /// Those that this dialect's vendor can play; the others are named on standard error, with the reason
    #[arg(long, value_parser = dialect)]
    pub(crate) dialect: Option<Dialect>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct VendorArgs {
    /// A shipped scenario's name, or a scenario file: what the vendor does
    #[arg(default_value = "baseline")]
    pub(crate) scenario: String,
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8460")]
    pub(crate) listen: SocketAddr,
    /// Draw every fate from this seed instead of the scenario's
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Whose API to speak, instead of the scenario's: generic, stripe-identity or onfido; says how to point an SDK at it
    #[arg(long, value_parser = dialect)]
    pub(crate) dialect: Option<Dialect>,
    /// What callers must prove themselves with [default: the dialect's sample key]
    #[arg(long, env = "KYCSIM_API_KEY", hide_env_values = true)]
    pub(crate) api_key: Option<String>,
    /// What callbacks are signed with, as the dialect's vendor writes it [default: the dialect's sample secret]
    #[arg(long, env = "KYCSIM_WEBHOOK_SECRET", hide_env_values = true)]
    pub(crate) webhook_secret: Option<String>,
    /// Where callbacks go when a session names no address of its own: on this machine, or on a host that was allowed
    #[arg(long)]
    pub(crate) callback_url: Option<String>,
    /// Let callbacks go to this host too, such as host.docker.internal; may be given several times
    #[arg(long, value_name = "HOST")]
    pub(crate) allow_callback_host: Vec<String>,
    /// How time goes by: real, frozen (until `kycsim ctl clock advance`), or 60x for a minute a second
    #[arg(long, default_value = "real")]
    pub(crate) clock: ClockArg,
    /// Let whoever shows this token steer the vendor, from anywhere; without it, whoever is on this machine may
    #[arg(long, env = "KYCSIM_ADMIN_TOKEN", hide_env_values = true, value_parser = admin_token)]
    pub(crate) admin_token: Option<AdminToken>,
    /// Leave the admin API and the control room out, whatever the token
    #[arg(long)]
    pub(crate) no_admin: bool,
    /// Go on from this file if it is there, and leave everything in it at the end: sessions, what is still to come, and secrets
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
}

/// Reads a part of a run; `auto` stands for the part that an Indexed Job of Kubernetes says, counted from 0.
fn shard(text: &str) -> Result<Shard, String> {
    let Some(parts) = text.strip_prefix("auto/") else { return text.parse().map_err(|error: QuantityError| error.to_string()) };
    let index = std::env::var(COMPLETION_INDEX)
        .map_err(|_| format!("`auto` needs {COMPLETION_INDEX}, which is not set; write for example 3/16"))?;
    let number = index.parse::<u32>().ok().and_then(|index| index.checked_add(1));
    let number = number.ok_or_else(|| format!("{COMPLETION_INDEX} is `{index}`, which is no index"))?;
    format!("{number}/{parts}").parse().map_err(|error: QuantityError| error.to_string())
}

/// How time goes by, as it is written on a command line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ClockArg(pub(crate) ClockMode);

impl std::str::FromStr for ClockArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mode = match text {
            "real" => ClockMode::Real,
            "frozen" => ClockMode::Frozen,
            _ => {
                let factor = text.strip_suffix('x').and_then(|factor| factor.parse().ok());
                let factor =
                    factor.ok_or_else(|| format!("`{text}` is no clock; write real, frozen, or how many times as fast, such as 60x"))?;
                ClockMode::Scaled(TimeScale::new(factor).map_err(|error| error.to_string())?)
            }
        };
        Ok(Self(mode))
    }
}

impl ClockArg {
    /// As the admin API has it.
    pub(crate) fn to_json(self) -> Value {
        match self.0 {
            ClockMode::Real => "real".into(),
            ClockMode::Frozen => "frozen".into(),
            ClockMode::Scaled(scale) => json!({ "scaled": scale.factor() }),
        }
    }
}

fn admin_token(text: &str) -> Result<AdminToken, String> {
    AdminToken::new(text).map_err(|error| error.to_string())
}

#[derive(Debug, clap::Args)]
pub(crate) struct BackendArgs {
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8470")]
    pub(crate) listen: SocketAddr,
    /// The SQLite database; made when it is missing
    #[arg(long, default_value = "kycsim-backend.sqlite")]
    pub(crate) database: PathBuf,
    /// Whose API the vendor speaks: generic, stripe-identity or onfido
    #[arg(long, default_value = "generic", value_parser = vendor_api)]
    pub(crate) vendor_api: VendorApi,
    /// The vendor's base address
    #[arg(long, default_value = "http://127.0.0.1:8460")]
    pub(crate) vendor_url: String,
    /// What to show the vendor as the key or token
    #[arg(long, env = "KYCSIM_API_KEY", default_value = "kycsim-test-key", hide_env_values = true)]
    pub(crate) vendor_api_key: String,
    /// What the vendor signs callbacks with, as the vendor writes it
    #[arg(long, env = "KYCSIM_WEBHOOK_SECRET", default_value = DEFAULT_WEBHOOK_SECRET, hide_env_values = true)]
    pub(crate) webhook_secret: String,
    /// Where the vendor reaches this backend [default: the address it listens on]
    #[arg(long)]
    pub(crate) public_url: Option<String>,
    /// What reviewers must show as their bearer token
    #[arg(long, env = "KYCSIM_REVIEWER_TOKEN", default_value = "kycsim-reviewer", hide_env_values = true)]
    pub(crate) reviewer_token: String,
}

pub(crate) fn dialect(word: &str) -> Result<Dialect, String> {
    let words = || Dialect::ALL.iter().map(|dialect| dialect.as_str()).collect::<Vec<_>>().join(", ");
    Dialect::from_word(word).ok_or_else(|| format!("there is no such dialect; there are {}", words()))
}

/// A secret for rehearsals, the same on both sides; base64 of "kycsim rehearsal secret, public!".
const DEFAULT_WEBHOOK_SECRET: &str = "whsec_a3ljc2ltIHJlaGVhcnNhbCBzZWNyZXQsIHB1YmxpYyE=";

fn rate(text: &str) -> Result<Rate, String> {
    let number: f64 = text.parse().map_err(|_| format!("`{text}` is not a number; write how many a second, such as 20"))?;
    Rate::new(number).map_err(|error| error.to_string())
}

fn share(text: &str) -> Result<Probability, String> {
    let number: f64 = text.parse().map_err(|_| format!("`{text}` is not a share; write for example 0.1"))?;
    Probability::new(number).map_err(|error| error.to_string())
}

fn applicant(text: &str) -> Result<ApplicantKey, String> {
    let key = ApplicantKey::new(text);
    match key.number() {
        Some(_) => Ok(key),
        None => Err(format!(
            "`{text}` is no applicant of a schedule; they are called a-000000, a-000001 and so on, as a run's findings name them"
        )),
    }
}

fn vendor_api(text: &str) -> Result<VendorApi, String> {
    let known = || VendorApi::ALL.map(VendorApi::as_str).join(", ");
    VendorApi::from_word(text).ok_or_else(|| format!("`{text}` is no vendor's API; there are {}", known()))
}

pub(crate) fn period(text: &str) -> Result<Period, String> {
    Period::try_from(text.to_owned()).map_err(|error| error.to_string())
}
