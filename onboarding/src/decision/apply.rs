//! Writes down what a decision comes to: one row, one move, one audit event, one notice, all in the caller's change.

use serde_json::json;
use sqlx::{Row as _, SqliteConnection};

use super::policy::Ruling;
use super::weigh::{Finding, Recorded, Standing, Why, weigh};
use super::{Outcome, Reason, Report, VendorDecision};
use crate::audit::{Entry, Kind, append};
use crate::config::OnboardingConfig;
use crate::id::Cause;
use crate::store::{Reading as _, StoreError, micros};
use crate::verification::{Move, Status, Verification};
use crate::word::{Word as _, words};
use crate::{clock, notice, review};

words! {
    /// How a decision became known.
    "source"
    pub(crate) enum Source {
        /// The vendor called.
        Callback = "callback",
        /// We asked.
        Reconciliation = "reconciliation",
        /// Nobody decided, so our own rules had to.
        Policy = "policy",
    }
}

/// How a report reached us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// The vendor called and said so.
    Called,
    /// The vendor called, and we asked what it had to say.
    CalledAndAsked,
    /// We asked of our own accord.
    Asked,
}

impl Heard {
    /// Only what we asked for may change what was decided: a callback is signed, but it may be late, and one that contradicts what we know is reason to ask
    /// and not to believe.
    const fn is_answer(self) -> bool {
        match self {
            Self::Called => false,
            Self::CalledAndAsked | Self::Asked => true,
        }
    }

    const fn source(self) -> Source {
        match self {
            Self::Called | Self::CalledAndAsked => Source::Callback,
            Self::Asked => Source::Reconciliation,
        }
    }
}

/// What came of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Applied {
    Decided(Status),
    /// The vendor changed its decision, whatever it made of the status.
    Changed,
    Ended,
    Repeated,
    Pending,
    Refused(Why),
}

/// Applies a report, as far as it is news.
pub(crate) async fn apply(
    conn: &mut SqliteConnection,
    cause: &Cause,
    config: &OnboardingConfig,
    verification: &mut Verification,
    report: &Report,
    heard: Heard,
) -> Result<Applied, StoreError> {
    let source = heard.source();
    if let Some(examination) = report.examination.as_ref().filter(|_| report.attempt == verification.attempt) {
        verification.examined(conn, examination).await?;
    }
    let standing = Standing {
        status: verification.status,
        attempt: verification.attempt,
        max_attempts: config.max_attempts.get(),
        version: verification.session_version,
        recorded: match &report.decision {
            Some(decision) => recorded(conn, verification, decision.attempt).await?,
            None => None,
        },
        asked: heard.is_answer(),
        by_people: review::decided_by_people(conn, verification).await?,
    };
    let applied = match weigh(&standing, report) {
        Finding::Decides { ruling, decision, ended } => {
            if heard == Heard::Asked {
                append(conn, cause, Entry::of(verification, Kind::Reconciled)).await?;
            }
            let outcome = Some(decision.outcome);
            decide(conn, cause, config, verification, source, outcome, &decision.reasons, ruling).await?;
            if ended && verification.status == Status::NeedsResubmission {
                expire(conn, cause, verification).await?;
            }
            Applied::Decided(verification.status)
        }
        Finding::Changes { ruling, decision } => {
            change(conn, cause, verification, source, &decision, ruling).await?;
            Applied::Changed
        }
        Finding::Ends => {
            expire(conn, cause, verification).await?;
            Applied::Ended
        }
        Finding::Pending => Applied::Pending,
        Finding::Repeats => Applied::Repeated,
        Finding::Refused(why) => return Ok(Applied::Refused(why)),
    };
    verification.saw_version(conn, report.version).await?;
    Ok(applied)
}

/// Hands a submitted verification to people for a reason of our own.
pub(crate) async fn refer(
    conn: &mut SqliteConnection,
    cause: &Cause,
    config: &OnboardingConfig,
    verification: &mut Verification,
    reason: Reason,
) -> Result<(), StoreError> {
    let ruling = Ruling { taken: Move::Refer, reason: Some(reason) };
    decide(conn, cause, config, verification, Source::Policy, None, &[reason], ruling).await
}

/// Ends a verification that ran out, here or at the vendor.
pub(crate) async fn expire(conn: &mut SqliteConnection, cause: &Cause, verification: &mut Verification) -> Result<(), StoreError> {
    verification.take(conn, cause, Move::Expire, None).await?;
    append(conn, cause, Entry::of(verification, Kind::Expired)).await?;
    notice::send(conn, cause, verification).await
}

async fn recorded(conn: &mut SqliteConnection, verification: &Verification, attempt: u32) -> Result<Option<Recorded>, StoreError> {
    let row = sqlx::query("SELECT outcome, reasons FROM decisions WHERE verification = ? AND attempt = ? ORDER BY revision DESC LIMIT 1")
        .bind(verification.id.as_str())
        .bind(attempt)
        .fetch_optional(conn)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let words: &str = row.try_get("reasons")?;
    let reasons = words.split_whitespace().map(|word| Reason::parse(word).unwrap_or(Reason::Unrecognised)).collect();
    Ok(Some(Recorded { outcome: row.optional_word::<Outcome>("outcome")?, reasons }))
}

#[expect(clippy::too_many_arguments, reason = "private, and each is a different type; a struct would be used once")]
async fn decide(
    conn: &mut SqliteConnection,
    cause: &Cause,
    config: &OnboardingConfig,
    verification: &mut Verification,
    source: Source,
    outcome: Option<Outcome>,
    reasons: &[Reason],
    ruling: Ruling,
) -> Result<(), StoreError> {
    verification.take(conn, cause, ruling.taken, ruling.reason).await?;
    if outcome.is_some() {
        verification.forget_evidence(conn).await?; // whoever could decide has the images
    }
    write_down(conn, cause, verification, source, outcome, reasons).await?;

    let details = json!({ "source": source, "outcome": outcome, "reason": ruling.reason });
    let entry = Entry::of(verification, Kind::DecisionApplied).status(verification.status).details(details);
    append(conn, cause, entry).await?;

    match ruling.taken {
        Move::Refer => {
            let reason = ruling.reason.unwrap_or(Reason::Unspecified);
            review::open(conn, cause, verification, reason).await?;
        }
        Move::AskAgain => {
            let expires_at = clock::later(cause.at, config.verification_lifetime);
            verification.expires(conn, expires_at).await?;
        }
        Move::Approve | Move::Reject | Move::Capture | Move::Submit | Move::Expire | Move::Clear | Move::Revoke | Move::Suspend => {}
    }
    notice::send(conn, cause, verification).await
}

/// Writes down that the vendor has changed its decision, and does what follows from it.
async fn change(
    conn: &mut SqliteConnection,
    cause: &Cause,
    verification: &mut Verification,
    source: Source,
    decision: &VendorDecision,
    ruling: Option<Ruling>,
) -> Result<(), StoreError> {
    let reviewed = verification.status == Status::PendingReview;
    match ruling {
        Some(ruling) => verification.take(conn, cause, ruling.taken, ruling.reason).await?,
        None => verification.note_change(conn).await?,
    }
    write_down(conn, cause, verification, source, Some(decision.outcome), &decision.reasons).await?;
    let reason = ruling.and_then(|ruling| ruling.reason);
    let details = json!({ "source": source, "outcome": decision.outcome, "reason": reason });
    let entry = Entry::of(verification, Kind::DecisionRevised).status(verification.status).details(details);
    append(conn, cause, entry).await?;
    if ruling.is_none() {
        return Ok(()); // no news for the applicant
    }
    if reviewed {
        review::withdraw(conn, cause, verification).await?;
    }
    if verification.status == Status::PendingReview {
        review::open(conn, cause, verification, reason.unwrap_or(Reason::Unspecified)).await?;
    }
    notice::send(conn, cause, verification).await
}

async fn write_down(
    conn: &mut SqliteConnection,
    cause: &Cause,
    verification: &Verification,
    source: Source,
    outcome: Option<Outcome>,
    reasons: &[Reason],
) -> Result<(), StoreError> {
    let words: Vec<_> = reasons.iter().map(|reason| reason.as_str()).collect();
    sqlx::query(
        "INSERT INTO decisions (verification, attempt, revision, source, outcome, reasons, status, applied_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(verification.id.as_str())
    .bind(verification.attempt)
    .bind(verification.revision)
    .bind(source.as_str())
    .bind(outcome.map(Outcome::as_str))
    .bind(words.join(" "))
    .bind(verification.status.as_str())
    .bind(micros(cause.at))
    .execute(conn)
    .await?;
    Ok(())
}
