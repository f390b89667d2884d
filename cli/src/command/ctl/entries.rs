//! The journal, as it stands and as it grows.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, anyhow};
use reqwest::{Method, Response};
use serde_json::Value;

use super::args::Tail;
use super::client::{Client, Said};
use super::{complain, show};
use crate::CommandResult;
use crate::command::result;
use crate::exit::{Exit, Failure};

/// Longer than any entry: one that has no end is not ours.
const EVENT_BYTES_MAX: usize = 1024 * 1024;

/// Prints the latest entries of a kind, and follows on from them if that is wanted.
pub(super) async fn tail(client: &Client, json: bool, kind: &'static str, tail: &Tail, unmatched: bool) -> CommandResult {
    let path = if kind == "request" { "requests" } else { "deliveries" };
    let mut request = client.tenant(Method::GET, &[path]).query(&[("limit", tail.limit)]);
    if unmatched {
        request = request.query(&[("unmatched", true)]);
    }
    let Said::Done(page) = client.ask(request).await? else { return Err(strange()) };
    for entry in page["entries"].as_array().into_iter().flatten() {
        if !print(json, entry)? {
            return Ok(Exit::Success);
        }
    }
    if !tail.follow {
        return Ok(Exit::Success);
    }
    let since = page["next"].as_u64().ok_or_else(strange)?;
    let request = client.tenant(Method::GET, &["events"]).query(&[("kind", kind)]).query(&[("since", since)]);
    let stream = client.open(request).await?.map_err(|_| strange())?;
    follow(stream, json, unmatched).await
}

fn strange() -> Failure {
    Failure::Broken(anyhow!("the vendor's answer makes no sense; is it of this version?"))
}

/// Prints an entry. Returns false when nobody reads any more: `| head` has what it wanted.
fn print(json: bool, entry: &Value) -> Result<bool, Failure> {
    let line = if json { format!("{entry}\n") } else { show::entry(entry) };
    let mut out = std::io::stdout().lock();
    match out.write_all(line.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::Broken(anyhow::Error::new(error).context("standard output cannot be written"))),
    }
}

/// Prints events as they come, until the vendor stops.
async fn follow(mut stream: Response, json: bool, unmatched: bool) -> CommandResult {
    let mut text = Vec::new();
    while let Some(piece) = stream.chunk().await.context("the vendor is gone")? {
        text.extend_from_slice(&piece);
        while let Some(end) = text.windows(2).position(|pair| pair == b"\n\n") {
            let event: Vec<u8> = text.drain(..end + 2).collect();
            let event = String::from_utf8_lossy(&event);
            let Some(data) = event.lines().find_map(|line| line.strip_prefix("data:")) else { continue };
            let data: Value = serde_json::from_str(data).map_err(|_| strange())?;
            if let Some(missed) = data["missed"].as_u64() {
                complain(&format!("{missed} entries were dropped before they could be read"));
            } else if (!unmatched || data["matched"] == false) && !print(json, &data)? {
                return Ok(Exit::Success);
            }
        }
        if text.len() > EVENT_BYTES_MAX {
            return Err(strange());
        }
    }
    Err(Failure::Broken(anyhow!("the vendor has stopped")))
}

/// Writes journal or ledger into a file, as it comes.
pub(super) async fn export(client: &Client, file: &Path, ledger: bool) -> CommandResult {
    let path = if ledger { "ledger.ndjson" } else { "requests.ndjson" };
    let mut stream = client.open(client.tenant(Method::GET, &[path])).await?.map_err(|_| strange())?;
    if file == Path::new("-") {
        while let Some(piece) = stream.chunk().await.context("the vendor's answer broke off")? {
            result::print(&String::from_utf8_lossy(&piece))?; // pieces end with lines
        }
        return Ok(Exit::Success);
    }
    let unwritable = || format!("could not write `{}`", file.display());
    let mut out = std::io::BufWriter::new(std::fs::File::create(file).with_context(unwritable)?);
    while let Some(piece) = stream.chunk().await.context("the vendor's answer broke off")? {
        out.write_all(&piece).with_context(unwritable)?;
    }
    out.flush().with_context(unwritable)?;
    Ok(Exit::Success)
}
