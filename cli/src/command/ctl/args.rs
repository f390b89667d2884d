use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{ArgGroup, Subcommand};
use kycsim_scenarios::language::Period;
use kycsim_scenarios::vendor::{Outcome, Reason, Status};

use crate::args::period;

const EXIT_CODES: &str = "Exit codes: 0 done; 1 it is not as you claimed, or did not become so in time; 2 bad usage, or the vendor refused it; \
3 the vendor did not answer.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXIT_CODES, arg_required_else_help = true)]
pub(crate) struct CtlArgs {
    #[command(flatten)]
    pub(super) target: Target,
    #[command(subcommand)]
    pub(super) command: CtlCommand,
}

/// Which vendor, whose, and how to print.
#[derive(Debug, clap::Args)]
pub(super) struct Target {
    /// The vendor's base address
    #[arg(long, global = true, env = "KYCSIM_URL", default_value = "http://127.0.0.1:8460")]
    pub(super) url: String,
    /// The admin token, if the vendor was started with one
    #[arg(long, global = true, env = "KYCSIM_ADMIN_TOKEN", hide_env_values = true)]
    pub(super) token: Option<String>,
    /// Whose clock, sessions, orders, incidents and journal
    #[arg(long, global = true, default_value = "default", value_parser = tenant_name)]
    pub(super) tenant: String,
    /// Print the vendor's JSON; entries as one line each
    #[arg(long, global = true)]
    pub(super) json: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum CtlCommand {
    /// What the vendor is doing, in a few lines
    Status,
    /// Make, list and delete tenants
    Tenant {
        #[command(subcommand)]
        command: TenantCommand,
    },
    /// Freeze, scale and move the tenant's clock
    Clock {
        #[command(subcommand)]
        command: ClockCommand,
    },
    /// Order what happens to one applicant or session
    Order {
        #[command(subcommand)]
        command: OrderCommand,
    },
    /// Look at sessions, decide them, wait for them
    Session {
        #[command(subcommand)]
        command: SessionCommand,
    },
    /// Start and stop bad times
    Incident {
        #[command(subcommand)]
        command: IncidentCommand,
    },
    /// What the vendor was asked
    Requests {
        #[command(flatten)]
        tail: Tail,
        /// Those that found no endpoint, only
        #[arg(long)]
        unmatched: bool,
    },
    /// What the vendor tried to deliver
    Deliveries {
        #[command(flatten)]
        tail: Tail,
    },
    /// Check that requests or deliveries like a pattern were so many; shows what came nearest when they were not
    Verify {
        #[command(flatten)]
        claim: Claim,
    },
    /// Wait until requests or deliveries like a pattern are so many
    Wait {
        #[command(flatten)]
        claim: Claim,
        /// How long at most, such as 10s; at most 60s
        #[arg(long, default_value = "10s", value_parser = period)]
        within: Period,
    },
    /// Change what callbacks are signed with, and print the new secret
    RotateSecret {
        /// For how long both sign, by the tenant's clock
        #[arg(long, default_value = "0s", value_parser = period)]
        overlap: Period,
        /// The new one; made up when it is not given
        #[arg(long)]
        secret: Option<String>,
    },
    /// Take back all orders, end incidents that were started by hand, forget the journal
    Reset,
    /// Write the journal into a file, one line of JSON an entry
    Export {
        /// The file; `-` is standard output
        file: PathBuf,
        /// The ledger instead: the truth about sessions, decisions and callbacks
        #[arg(long)]
        ledger: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum TenantCommand {
    /// Make a tenant; prints its secrets, which are shown this once
    Create {
        /// Its name
        #[arg(value_parser = tenant_name)]
        name: String,
        /// A shipped scenario's name, or a scenario file [default: what the vendor was started with]
        #[arg(long)]
        scenario: Option<String>,
        /// Whose API it speaks, instead of the scenario's
        #[arg(long, value_parser = crate::args::dialect)]
        dialect: Option<kycsim_simulator::Dialect>,
        /// How its time goes by: real, frozen, or 60x
        #[arg(long)]
        clock: Option<crate::args::ClockArg>,
        /// Draw all chance from this seed
        #[arg(long)]
        seed: Option<u64>,
        /// Where callbacks go when a session does not say
        #[arg(long)]
        callback_url: Option<String>,
        /// What its customers show; made up when it is not given
        #[arg(long)]
        api_key: Option<String>,
        /// What its callbacks are signed with; made up when it is not given
        #[arg(long)]
        webhook_secret: Option<String>,
    },
    /// List all tenants
    List,
    /// Delete a tenant, with all that it knows
    Delete {
        /// Its name
        #[arg(value_parser = tenant_name)]
        name: String,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum ClockCommand {
    /// How time goes by, and what time it is
    Show,
    /// Let time stand still
    Freeze,
    /// Let time go by as the machine's
    Resume,
    /// Let time go by so many times as fast
    Scale {
        /// How many times
        factor: f64,
    },
    /// Move a frozen clock on; ends when all that fell due on the way was performed and delivered
    Advance {
        /// How far, such as 24h
        #[arg(value_parser = period)]
        by: Period,
        /// How long that may take, at most 60s
        #[arg(long, default_value = "30s", value_parser = period)]
        within: Period,
    },
}

/// Whom an order is about.
#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("whom").required(true))]
pub(super) struct Whom {
    /// The applicant with this reference, who need not have come yet
    #[arg(long, group = "whom")]
    pub(super) applicant: Option<String>,
    /// The session with this id
    #[arg(long, group = "whom")]
    pub(super) session: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(super) enum OrderCommand {
    /// Order what happens, in place of an earlier order
    Set {
        #[command(flatten)]
        whom: Whom,
        /// What is decided
        #[arg(long, value_parser = outcomes(), required_unless_present_any = ["file", "delay"])]
        outcome: Option<String>,
        /// Why; may be given several times
        #[arg(long, value_parser = reasons(), requires = "outcome")]
        reason: Vec<String>,
        /// From submission to decision, such as 0s
        #[arg(long, value_parser = period)]
        delay: Option<Period>,
        /// The whole order, as JSON; `kycsim ctl` has the format in its OpenAPI document
        #[arg(long, conflicts_with_all = ["outcome", "delay"])]
        file: Option<PathBuf>,
    },
    /// Show an order; all of them when nobody is named
    Show {
        /// The applicant with this reference
        #[arg(long, conflicts_with = "session")]
        applicant: Option<String>,
        /// The session with this id
        #[arg(long)]
        session: Option<String>,
    },
    /// Take an order back
    Drop {
        #[command(flatten)]
        whom: Whom,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum SessionCommand {
    /// The latest sessions
    List {
        /// Those that stand here
        #[arg(long, value_parser = statuses())]
        status: Option<String>,
        /// Those of this applicant
        #[arg(long)]
        applicant: Option<String>,
        /// How many, at most 1000
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
    },
    /// One session
    Show {
        /// Its id
        id: String,
    },
    /// End its examination now, or change its decision
    Decide {
        /// Its id
        id: String,
        /// The conclusion [default: as planned]
        #[arg(long, value_parser = outcomes())]
        outcome: Option<String>,
        /// Why; may be given several times
        #[arg(long, value_parser = reasons(), requires = "outcome")]
        reason: Vec<String>,
    },
    /// Tell its latest decision once more, with the same event id
    Redeliver {
        /// Its id
        id: String,
    },
    /// Wait until it stands somewhere
    Wait {
        /// Its id
        id: String,
        /// Where
        #[arg(long, value_parser = statuses())]
        status: String,
        /// How long at most, such as 10s; at most 60s
        #[arg(long, default_value = "10s", value_parser = period)]
        within: Period,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum IncidentCommand {
    /// Incidents of the scenario, and those that were started by hand
    List,
    /// Start an incident; it ends by itself
    #[command(group = ArgGroup::new("which").required(true))]
    Start {
        /// A shipped incident's name
        #[arg(group = "which")]
        name: Option<String>,
        /// A file with an incident, TOML or JSON, as an [[incident]] of a scenario is written
        #[arg(long, group = "which")]
        file: Option<PathBuf>,
        /// How long it lives at most, such as 5m; at most 24h
        #[arg(long = "for", default_value = "5m", value_parser = period)]
        lives: Period,
    },
    /// End an incident
    #[command(group = ArgGroup::new("which").required(true))]
    Stop {
        /// Its number, as the list has it
        #[arg(group = "which")]
        id: Option<u32>,
        /// All that were started by hand
        #[arg(long, group = "which")]
        all: bool,
    },
}

/// Which entries of the journal.
#[derive(Debug, clap::Args)]
pub(super) struct Tail {
    /// Go on with those that come, until Ctrl-C
    #[arg(long, short)]
    pub(super) follow: bool,
    /// How many of the latest to begin with, at most 1000
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) limit: u32,
}

/// Something that should have happened so often.
#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("times").required(true).multiple(true))]
pub(super) struct Claim {
    /// A file with a pattern: {"request": {…}} or {"delivery": {…}}, the first as in WireMock
    #[arg(long)]
    pub(super) file: PathBuf,
    /// So often, no more and no less
    #[arg(long, group = "times", conflicts_with_all = ["at_least", "at_most"])]
    pub(super) exactly: Option<u64>,
    /// So often or more
    #[arg(long, group = "times")]
    pub(super) at_least: Option<u64>,
    /// So often or less
    #[arg(long, group = "times")]
    pub(super) at_most: Option<u64>,
}

fn outcomes() -> PossibleValuesParser {
    PossibleValuesParser::new(Outcome::ALL.iter().map(|outcome| outcome.as_str()))
}

fn reasons() -> PossibleValuesParser {
    PossibleValuesParser::new(Reason::ALL.iter().map(|reason| reason.as_str()))
}

fn statuses() -> PossibleValuesParser {
    PossibleValuesParser::new(Status::ALL.iter().map(|status| status.as_str()))
}

/// It stands in an address, so it must be one that the vendor could have given out.
fn tenant_name(text: &str) -> Result<String, String> {
    let fits = !text.is_empty() && text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if fits { Ok(text.to_owned()) } else { Err("a tenant's name is 1 to 64 characters of A-Z a-z 0-9 . _ -".to_owned()) }
}
