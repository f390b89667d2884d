//! Every face of three runs: a rich one, a killed one, a long one.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its world has failed")]

mod faces;
mod html;
mod json;
mod sample;
mod snapshots;

use kycsim_reports::{Face, Run};

/// Returns one face as text.
#[track_caller]
fn face(face: Face, run: &Run) -> String {
    let mut out = Vec::new();
    face.write(run, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}
