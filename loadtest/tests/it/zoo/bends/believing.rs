//! Whom a backend believes, and what.

use futures_util::future::BoxFuture;

use super::super::database::Database;
use super::super::proxy::{Answer, Arrived, Bend, Beyond};
use super::super::signing::{is_genuine, sign_anew};

/// Whose signature is believed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Believes {
    /// Nobody's: whatever comes is the vendor's.
    Everything,
    /// The vendor's, of whatever time.
    WhateverItsAge,
}

/// Lets the backend believe callbacks that it would refuse: they are signed anew on their way.
pub(in super::super) struct BelievesAnybody(pub(in super::super) Believes);

impl Bend for BelievesAnybody {
    fn bend<'a>(&'a self, mut arrived: Arrived, beyond: &'a Beyond) -> BoxFuture<'a, Answer> {
        let believed = self.0 == Believes::Everything || is_genuine(&arrived.headers, &arrived.body);
        if arrived.is_callback() && believed {
            sign_anew(&mut arrived.headers, &arrived.body);
        }
        Box::pin(beyond.pass(arrived))
    }
}

/// After everything that a sound backend does about a callback, what the callback says is what counts.
pub(in super::super) struct LastCallbackWins(pub(in super::super) Database);

impl Bend for LastCallbackWins {
    fn bend<'a>(&'a self, arrived: Arrived, beyond: &'a Beyond) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            let said = arrived.is_callback().then(|| status_and_session(&arrived)).flatten();
            let answer = beyond.pass(arrived).await;
            if let Some((status, session)) = said.filter(|_| answer.status.is_success()) {
                self.0.overwrite(&session, status).await;
            }
            answer
        })
    }
}

/// What a callback makes of a verification; nothing where there is more to it than a status.
fn status_and_session(arrived: &Arrived) -> Option<(&'static str, String)> {
    let status = match arrived.json()?["data"]["status"].as_str()? {
        "approved" => "approved",
        "declined" => "rejected",
        "processing" => "submitted",
        _ => return None,
    };
    Some((status, arrived.session()?))
}
