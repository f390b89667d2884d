//! Each subcommand: what it asks for, and how it shows the answer.

use kycsim_simulator::Verification;
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::args::{Claim, ClockCommand, CtlCommand, IncidentCommand, OrderCommand, SessionCommand, TenantCommand, Whom};
use super::client::{Client, Said};
use super::{complain, entries, files, print, show};
use crate::CommandResult;
use crate::command::result;
use crate::exit::{Exit, Failure};

pub(super) async fn steer(client: &Client, json: bool, command: CtlCommand) -> CommandResult {
    match command {
        CtlCommand::Status => status(client, json).await,
        CtlCommand::Tenant { command } => tenant(client, json, command).await,
        CtlCommand::Clock { command } => clock(client, json, command).await,
        CtlCommand::Order { command } => order(client, json, command).await,
        CtlCommand::Session { command } => session(client, json, command).await,
        CtlCommand::Incident { command } => incident(client, json, command).await,
        CtlCommand::Requests { tail, unmatched } => entries::tail(client, json, "request", &tail, unmatched).await,
        CtlCommand::Deliveries { tail } => entries::tail(client, json, "delivery", &tail, false).await,
        CtlCommand::Verify { claim } => verify(client, json, "verify", claimed(&claim)?).await,
        CtlCommand::Wait { claim, within } => {
            let mut hope = claimed(&claim)?;
            hope["within"] = within.to_string().into();
            verify(client, json, "wait", hope).await
        }
        CtlCommand::RotateSecret { overlap, secret } => {
            let rotation = given([("overlap", Some(overlap.to_string().into())), ("secret", secret.map(Value::from))]);
            let said = client.ask(client.tenant(Method::POST, &["webhook-secret", "rotate"]).json(&rotation)).await?;
            print(json, said, |rotated| format!("{}\n", show::word(&rotated["webhook_secret"])))
        }
        CtlCommand::Reset => print(json, client.ask(client.tenant(Method::POST, &["reset"])).await?, show::word),
        CtlCommand::Export { file, ledger } => entries::export(client, &file, ledger).await,
    }
}

/// Returns an object of what is there.
fn given<const N: usize>(keys: [(&str, Option<Value>); N]) -> Value {
    Value::Object(keys.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect::<Map<_, _>>())
}

async fn status(client: &Client, json: bool) -> CommandResult {
    let mut said = Vec::new();
    for request in [
        client.vendor(Method::GET, &["health"]),
        client.vendor(Method::GET, &["tenants", client.name()]),
        client.tenant(Method::GET, &["incidents"]),
    ] {
        match client.ask(request).await? {
            Said::Done(value) => said.push(value),
            Said::NotSo(message) => return Err(Failure::usage(anyhow::anyhow!(message))),
        }
    }
    let text = if json {
        format!("{}\n", json!({"health": said[0], "tenant": said[1], "incidents": said[2]["incidents"]}))
    } else {
        show::status(&said[0], &said[1], &said[2])
    };
    result::print(&text)?;
    Ok(Exit::Success)
}

async fn tenant(client: &Client, json: bool, command: TenantCommand) -> CommandResult {
    match command {
        TenantCommand::Create { name, scenario, dialect, clock, seed, callback_url, api_key, webhook_secret } => {
            let scenario = scenario.map(|name| files::scenario(&name)).transpose()?;
            let wanted = given([
                ("name", Some(name.into())),
                ("scenario", scenario.map(Value::from)),
                ("dialect", dialect.map(|dialect| dialect.as_str().into())),
                ("clock", clock.map(|clock| clock.to_json())),
                ("seed", seed.map(Value::from)),
                ("callback_url", callback_url.map(Value::from)),
                ("api_key", api_key.map(Value::from)),
                ("webhook_secret", webhook_secret.map(Value::from)),
            ]);
            print(json, client.ask(client.vendor(Method::POST, &["tenants"]).json(&wanted)).await?, show::made_tenant)
        }
        TenantCommand::List => print(json, client.ask(client.vendor(Method::GET, &["tenants"])).await?, show::tenants),
        TenantCommand::Delete { name } => print(json, client.ask(client.vendor(Method::DELETE, &["tenants", &name])).await?, show::word),
    }
}

async fn clock(client: &Client, json: bool, command: ClockCommand) -> CommandResult {
    let set = |mode: Value| client.tenant(Method::PUT, &["clock"]).json(&json!({ "mode": mode }));
    let request = match command {
        ClockCommand::Show => client.tenant(Method::GET, &["clock"]),
        ClockCommand::Freeze => set("frozen".into()),
        ClockCommand::Resume => set("real".into()),
        ClockCommand::Scale { factor } => set(json!({ "scaled": factor })),
        ClockCommand::Advance { by, within } => {
            client.tenant(Method::POST, &["clock", "advance"]).json(&json!({"by": by.to_string(), "within": within.to_string()}))
        }
    };
    print(json, client.ask(request).await?, show::clock)
}

/// Returns the path of an order.
fn about(whom: &Whom) -> [&str; 3] {
    match (&whom.applicant, &whom.session) {
        (Some(applicant), _) => ["orders", "applicants", applicant],
        (None, session) => ["orders", "sessions", session.as_deref().unwrap_or_default()], // clap wants one of the two
    }
}

async fn order(client: &Client, json: bool, command: OrderCommand) -> CommandResult {
    match command {
        OrderCommand::Set { whom, outcome, reason, delay, file } => {
            let order = match file {
                Some(file) => files::json(&file)?,
                None => given([
                    ("outcome", outcome.map(Value::from)),
                    ("reasons", (!reason.is_empty()).then(|| reason.into())),
                    ("decision_delay", delay.map(|delay| delay.to_string().into())),
                ]),
            };
            print(json, client.ask(client.tenant(Method::PUT, &about(&whom)).json(&order)).await?, show::order)
        }
        OrderCommand::Show { applicant: None, session: None } => {
            print(json, client.ask(client.tenant(Method::GET, &["orders"])).await?, show::orders)
        }
        OrderCommand::Show { applicant, session } => {
            let whom = Whom { applicant, session };
            print(json, client.ask(client.tenant(Method::GET, &about(&whom))).await?, show::order)
        }
        OrderCommand::Drop { whom } => print(json, client.ask(client.tenant(Method::DELETE, &about(&whom))).await?, show::word),
    }
}

async fn session(client: &Client, json: bool, command: SessionCommand) -> CommandResult {
    let post = |id: &str, verb: &str| client.tenant(Method::POST, &["sessions", id, verb]);
    match command {
        SessionCommand::List { status, applicant, limit } => {
            let request = client.tenant(Method::GET, &["sessions"]).query(&[("limit", limit)]);
            let request =
                request.query(&status.map(|status| [("status", status)])).query(&applicant.map(|applicant| [("applicant", applicant)]));
            print(json, client.ask(request).await?, show::sessions)
        }
        SessionCommand::Show { id } => print(json, client.ask(client.tenant(Method::GET, &["sessions", &id])).await?, show::session),
        SessionCommand::Decide { id, outcome, reason } => {
            let verdict = given([("outcome", outcome.map(Value::from)), ("reasons", (!reason.is_empty()).then(|| reason.into()))]);
            print(json, client.ask(post(&id, "decide").json(&verdict)).await?, show::session)
        }
        SessionCommand::Redeliver { id } => print(json, client.ask(post(&id, "redeliver")).await?, show::word),
        SessionCommand::Wait { id, status, within } => {
            let awaited = json!({"status": status, "within": within.to_string()});
            print(json, client.ask(post(&id, "wait").json(&awaited)).await?, show::session)
        }
    }
}

async fn incident(client: &Client, json: bool, command: IncidentCommand) -> CommandResult {
    match command {
        IncidentCommand::List => print(json, client.ask(client.tenant(Method::GET, &["incidents"])).await?, show::incidents),
        IncidentCommand::Start { name, file, lives } => {
            let incident = file.map(|file| files::toml_or_json(&file)).transpose()?;
            let wanted = given([("name", name.map(Value::from)), ("incident", incident), ("for", Some(lives.to_string().into()))]);
            print(json, client.ask(client.tenant(Method::POST, &["incidents"]).json(&wanted)).await?, show::incident)
        }
        IncidentCommand::Stop { id, .. } => {
            let id = id.map(|id| id.to_string());
            let path: Vec<&str> = std::iter::once("incidents").chain(id.as_deref()).collect();
            let said = client.ask(client.tenant(Method::DELETE, &path)).await?;
            print(json, said, |stopped| format!("{} stopped\n", show::word(&stopped["stopped"])))
        }
    }
}

/// Returns what is claimed, as the vendor reads it.
fn claimed(claim: &Claim) -> Result<Value, Failure> {
    let pattern = files::json(&claim.file)?;
    let times = given([
        ("exactly", claim.exactly.map(Value::from)),
        ("atLeast", claim.at_least.map(Value::from)),
        ("atMost", claim.at_most.map(Value::from)),
    ]);
    Ok(json!({"pattern": pattern, "times": times}))
}

async fn verify(client: &Client, json: bool, verb: &str, claim: Value) -> CommandResult {
    let answer = match client.ask(client.tenant(Method::POST, &[verb]).json(&claim)).await? {
        Said::Done(answer) => answer,
        Said::NotSo(message) => {
            complain(&message);
            return Ok(Exit::Failed);
        }
    };
    let verification: Verification = serde_json::from_value(answer.clone())
        .map_err(|_| Failure::Broken(anyhow::anyhow!("the vendor's answer makes no sense; is it of this version?")))?;
    result::print(&if json { format!("{answer}\n") } else { format!("{verification}\n") })?;
    Ok(if verification.satisfied { Exit::Success } else { Exit::Failed })
}
