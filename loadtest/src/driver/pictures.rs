//! The pictures that applicants upload, drawn before the schedule begins.

use bytes::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use kycsim_fixtures::{Album, Shot, Subject};
use kycsim_scenarios::journey::Capture;
use kycsim_scenarios::language::{ApplicantGroup, Device};
use kycsim_scenarios::{Fate, Scenario};

/// Every picture that a scenario's applicants can take.
#[derive(Debug)]
pub struct Pictures(Album);

impl Pictures {
    /// Draws every picture that can occur, on all cores; a second or two. `now` decides which documents are still valid.
    #[must_use]
    pub fn draw(scenario: &Scenario, now: Timestamp) -> Self {
        let album = Album::new(now.to_zoned(TimeZone::UTC).date());
        let mut shots: Vec<Shot> = scenario.applicants.groups().iter().flat_map(shots).collect();
        shots.sort_unstable();
        shots.dedup();
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        std::thread::scope(|scope| {
            for part in shots.chunks(shots.len().div_ceil(cores).max(1)) {
                scope.spawn(|| album.prepare(part.iter().copied()));
            }
        });
        Self(album)
    }

    /// Returns an applicant's `occurrence`th picture.
    pub(super) fn take(&self, subject: Subject, device: Device, capture: Capture, fate: &Fate, occurrence: u32) -> Bytes {
        self.0.picture(Shot { subject, device, capture }, fate, occurrence)
    }
}

fn shots(group: &ApplicantGroup) -> Vec<Shot> {
    let document = Subject::Document { kind: group.document, country: group.country };
    let defects = [
        (Capture::Blurred, group.capture.blurred),
        (Capture::TooSmall, group.capture.too_small),
        (Capture::Truncated, group.capture.truncated),
    ];
    let captures = defects.into_iter().filter(|(_, probability)| probability.value() > 0.0).map(|(capture, _)| capture);
    std::iter::once(Capture::Good)
        .chain(captures)
        .flat_map(|capture| [document, Subject::Selfie].map(|subject| Shot { subject, device: group.device, capture }))
        .collect()
}
