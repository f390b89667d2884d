use std::time::Duration;

use rand::RngExt;

use crate::fate::{Fate, Purpose};
use super::fault::{Befalling, Fault, ResetMoment};
use crate::language::{Incident, Vendor};
use crate::time::SimTime;
use crate::words::words;

words! {
    /// What a request wants, in neutral words; each dialect says which of its endpoints is which.
    Operation {
        /// Begin a session.
        CreateSession = "create_session",
        /// Read a session.
        GetSession = "get_session",
        /// Hand in a picture.
        Upload = "upload",
        /// Ask for a decision.
        Submit = "submit",
        /// Give a session up.
        Cancel = "cancel",
    }
}

/// What is known of a request before it is answered.
#[derive(Debug, Clone, Copy)]
pub struct RequestFacts<'a> {
    /// What it wants.
    pub operation: Operation,
    /// Whose fate decides about it.
    pub fate: &'a Fate,
    /// How many requests this applicant's sessions have had before: tells one draw from the next.
    pub occurrence: u32,
    /// When it came.
    pub now: SimTime,
}

/// How a request is to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// Wait this long first.
    pub delay: Duration,
    /// What befalls it then; none: it is answered truly.
    pub befalls: Option<Befalling>,
}

/// Works out how a request is to be answered, under the incidents that are active when it comes. Touches nothing.
///
/// Where several incidents are active, the first in the file that fails the request decides how; their delays add up.
#[must_use]
pub fn answer(vendor: &Vendor, incidents: &[Incident], request: RequestFacts<'_>) -> Answer {
    let mut delay = vendor.latency.sample(&mut request.fate.rng(Purpose::Latency, request.occurrence));
    let mut befalls = None;
    // One draw for each incident, in the order of the file, whether it is active or not: taking one away changes nothing for the others.
    let mut rng = request.fate.rng(Purpose::Fault, request.occurrence);
    for incident in incidents {
        let (fails, slowness) = (rng.random::<f64>(), rng.random::<f64>());
        if !incident.is_active(request.now) || !incident.touches(request.operation) {
            continue;
        }
        delay = delay.saturating_add(incident.slow().map_or(Duration::ZERO, |slow| slow.quantile(slowness)));
        befalls = befalls.or_else(|| {
            let http = incident.http()?;
            (fails < http.probability().value()).then(|| http.befalls().unwrap_or(REFUSED))
        });
    }
    Answer { delay, befalls }
}

/// Refusing connections is done by the accept loop; a request that came over a connection accepted before is reset.
const REFUSED: Befalling =
    Befalling { fault: Fault::ConnectionResetByPeer { moment: ResetMoment::BeforeHeaders }, performed: false };
