//! Line charts as inline SVG.
//!
//! plotters lays them out; [`canvas`] writes what it draws as SVG whose colours are class names, for the style sheet to decide. See
//! `docs/decisions/0002-charts.md`. A chart is drawn once for each of [`WIDTHS`], and the style sheet shows the one that fits: text in an
//! SVG shrinks with it, so that one drawing cannot serve a phone and a desk.

mod axis;
mod canvas;
mod frame;
mod ink;
pub(super) mod ticks;

pub(super) use frame::{Band, BandLabels, DrawError, Frame, Line, XAxis, nines};

/// The widths a chart is drawn for, in CSS pixels. The style sheet and the script know them by the classes `w360`, `w720` and `w1080`.
const WIDTHS: [u32; 3] = [360, 720, 1080];

/// A chart, ready for the page.
#[derive(Debug)]
pub(super) struct Chart {
    /// One `<svg>` for each width.
    pub(super) svg: String,
}

impl Chart {
    /// Draws a frame at every width.
    pub(super) fn draw(frame: &Frame) -> Result<Self, DrawError> {
        let drawn: Result<Vec<_>, _> = WIDTHS.into_iter().map(|width| frame.draw(width)).collect();
        Ok(Self { svg: drawn?.concat() })
    }
}
