use rand::RngExt;

use crate::fate::{Fate, Purpose};
use crate::language::CaptureDefects;
use crate::words::words;

words! {
    /// How a picture turned out.
    Capture {
        /// Fit to be read.
        Good = "good",
        /// Out of focus.
        Blurred = "blurred",
        /// Too few pixels to read.
        TooSmall = "too_small",
        /// The upload broke off.
        Truncated = "truncated",
    }
}

impl Capture {
    /// Draws how the `occurrence`th picture of an applicant turns out.
    #[must_use]
    pub fn draw(defects: &CaptureDefects, fate: &Fate, occurrence: u32) -> Self {
        let mut u = fate.rng(Purpose::CaptureDefect, occurrence).random::<f64>();
        for (capture, probability) in
            [(Self::Blurred, defects.blurred), (Self::TooSmall, defects.too_small), (Self::Truncated, defects.truncated)]
        {
            if u < probability.value() {
                return capture;
            }
            u -= probability.value();
        }
        Self::Good
    }
}
