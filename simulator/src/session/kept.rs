use std::sync::Arc;

use kycsim_scenarios::Scenario;

use super::{About, Session};
use crate::callbacks::AllowedHosts;
use crate::snapshot::{KeptSession, KeptUrl, Unsound};

impl From<&Session> for KeptSession {
    fn from(session: &Session) -> Self {
        let about = &session.about;
        Self {
            id: about.id.clone(),
            applicant: about.fate.applicant().clone(),
            ordinal: about.ordinal,
            country: about.country,
            document: about.document,
            callback_url: about.callback_url.as_ref().map(KeptUrl::from),
            created_at: about.created_at,
            state: session.state.clone(),
            attempt: session.attempt,
            decided: session.decided.clone(),
            former: session.former.clone(),
            revisions: session.revisions,
            version: session.version,
            updated_at: session.updated_at,
            images: session.images,
        }
    }
}

impl Session {
    /// Returns the session that was kept.
    pub(crate) fn resumed(kept: KeptSession, scenario: &Scenario, hosts: &AllowedHosts) -> Result<Self, Unsound> {
        let about = About {
            id: kept.id,
            fate: scenario.fate(&kept.applicant),
            ordinal: kept.ordinal,
            country: kept.country,
            document: kept.document,
            callback_url: kept.callback_url.map(|url| url.admitted(hosts)).transpose()?,
            created_at: kept.created_at,
        };
        Ok(Self {
            about: Arc::new(about),
            state: kept.state,
            attempt: kept.attempt,
            decided: kept.decided,
            former: kept.former,
            revisions: kept.revisions,
            version: kept.version,
            updated_at: kept.updated_at,
            images: kept.images,
        })
    }
}
