//! A line chart as data, and drawing it.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::ops::Range;

use plotters::chart::{ChartBuilder, ChartContext, LabelAreaPosition};
use plotters::drawing::{DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{PathElement, Polygon, Rectangle, Text};
use plotters::prelude::Cartesian2d;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, ShapeStyle, TextStyle};

use super::axis::Axis;
use super::canvas::{Canvas, Layers, SUBPIXELS, pixels, push_escaped};
use super::ink::Ink;
use super::ticks;
use crate::figures;

/// Room for the labels of the vertical axis, in CSS pixels: `3 min 20 s` at the size below.
const LEFT: i32 = 62;
/// Room for the half of the last label on the horizontal axis that is beyond it.
const RIGHT: i32 = 24;
const BOTTOM: i32 = 22;
const TOP: i32 = 8;
/// Room above the plot for the names of incidents, where a chart shows them.
const TOP_WITH_BANDS: i32 = 22;
const FONT_SIZE: i32 = 12;
/// How far lines may reach beyond the plot, in subpixels.
const BLEED: i32 = 2 * SUBPIXELS;
/// The width of one character of an incident's name, for deciding whether the name fits its band.
const BAND_CHARACTER: i32 = 7;

/// Why a chart could not be drawn: plotters found no room for it.
#[derive(Debug, thiserror::Error)]
#[error("could not draw the chart `{chart}`")]
pub(crate) struct DrawError {
    chart: String,
    source: DrawingAreaErrorKind<Infallible>,
}

/// What the horizontal axis means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum XAxis {
    /// Seconds since the schedule began.
    Time,
    /// Nines: percentile `p` is at `-log10(1 - p)`, so that 90, 99 and 99.9 are one apart.
    Nines,
}

impl XAxis {
    fn format(self) -> fn(f64) -> String {
        match self {
            Self::Time => figures::clock,
            Self::Nines => percentile_label,
        }
    }
}

/// One line, in the order of the legend.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// Points in order; a point without a value is a gap.
    pub(crate) points: Vec<(f64, Option<f64>)>,
    /// Which colour of the palette.
    pub(crate) ink: u8,
    /// Whether the area below is tinted.
    pub(crate) area: bool,
}

/// A stretch of the horizontal axis, drawn behind the lines.
#[derive(Debug, Clone)]
pub(crate) struct Band {
    /// What the reader finds in the table of incidents: its number there.
    pub(crate) number: usize,
    pub(crate) name: String,
    pub(crate) from: f64,
    pub(crate) until: f64,
}

/// Whether the names of the bands stand above the plot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BandLabels {
    Shown,
    Hidden,
}

/// A line chart.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) id: &'static str,
    /// What a screen reader says instead of the picture.
    pub(crate) label: String,
    pub(crate) height: u32,
    pub(crate) x_axis: XAxis,
    pub(crate) x: (f64, f64),
    /// Marks on the vertical axis, from zero; the last is the top of the chart.
    pub(crate) y_ticks: Vec<f64>,
    pub(crate) y_format: fn(f64) -> String,
    pub(crate) bands: Vec<Band>,
    pub(crate) band_labels: BandLabels,
    pub(crate) lines: Vec<Line>,
}

type Plot<'a, 'b> = ChartContext<'a, Canvas<'b>, Cartesian2d<Axis, Axis>>;
type Drawn = Result<(), DrawingAreaErrorKind<Infallible>>;

impl Frame {
    /// Draws the chart at one width.
    pub(super) fn draw(&self, width: u32) -> Result<String, DrawError> {
        let mut layers = Layers::default();
        let (x, y) = self.fill(width, &mut layers).map_err(|source| DrawError { chart: self.id.to_owned(), source })?;
        Ok(self.svg(width, &layers, x, y))
    }

    /// Draws into the layers and returns where the plot itself is, in subpixels.
    fn fill(&self, width: u32, layers: &mut Layers) -> Result<(Range<i32>, Range<i32>), DrawingAreaErrorKind<Infallible>> {
        let root = Canvas::new(width, self.height, layers).into_drawing_area();
        let top = match self.band_labels {
            BandLabels::Shown => TOP_WITH_BANDS,
            BandLabels::Hidden => TOP,
        };
        let highest = self.y_ticks.last().copied().unwrap_or(1.0);
        let mut plot = ChartBuilder::on(&root)
            .margin_top(top * SUBPIXELS)
            .margin_right(RIGHT * SUBPIXELS)
            .x_label_area_size(BOTTOM * SUBPIXELS)
            .y_label_area_size(LEFT * SUBPIXELS)
            .build_cartesian_2d(
                Axis { from: self.x.0, until: self.x.1, marks: self.x_ticks(width), format: self.x_axis.format() },
                Axis { from: 0.0, until: highest, marks: self.y_ticks.clone(), format: self.y_format },
            )?;
        axes(&mut plot)?;
        self.bands(&mut plot)?;
        for line in &self.lines {
            draw_line(&mut plot, line)?;
        }
        let range = plot.plotting_area().get_pixel_range();
        root.present()?;
        Ok(range)
    }

    fn x_ticks(&self, width: u32) -> Vec<f64> {
        match self.x_axis {
            // A mark for every 90 pixels: room for `12 min 30 s`.
            XAxis::Time => ticks::time(self.x.0, self.x.1, width / 90),
            XAxis::Nines => [0.0, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999, 0.99999]
                .into_iter()
                // Where room is short, only one mark for each nine.
                .filter(|share| width > 400 || ![0.5, 0.75, 0.95].contains(share))
                .map(nines)
                .filter(|at| *at <= self.x.1)
                .collect(),
        }
    }

    fn bands(&self, plot: &mut Plot<'_, '_>) -> Drawn {
        let highest = self.y_ticks.last().copied().unwrap_or(1.0);
        let mut free_from = i32::MIN;
        for band in &self.bands {
            let (from, until) = (band.from.max(self.x.0), band.until.min(self.x.1));
            if from > until {
                continue;
            }
            let fill: ShapeStyle = Ink::Band.colour().filled();
            plot.draw_series([Rectangle::new([(from, 0.0), (until, highest)], fill)])?;
            let (left, top) = plot.backend_coord(&(from, highest));
            let (right, _) = plot.backend_coord(&(until, highest));
            // A name that would cover the one before is left out; the table of incidents has it.
            if self.band_labels == BandLabels::Shown && left >= free_from {
                let label = band_label(band, (right - left) / SUBPIXELS);
                free_from = left + label_width(&label) * SUBPIXELS;
                let style = text(Ink::BandLabel).pos(Pos::new(HPos::Left, VPos::Bottom));
                let area = plot.plotting_area().strip_coord_spec();
                let (base_x, base_y) = area.get_base_pixel();
                area.draw(&Text::new(label, (left - base_x, top - base_y - 3 * SUBPIXELS), style))?;
            }
        }
        Ok(())
    }

    fn svg(&self, width: u32, layers: &Layers, x: Range<i32>, y: Range<i32>) -> String {
        let mut svg = String::with_capacity(layers.data.len() + 4_096);
        let height = self.height;
        // Writing to a string cannot fail.
        let _ = write!(svg, r#"<svg class="plot w{width}" viewBox="0 0 {width} {height}" role="img" aria-label=""#);
        push_escaped(&mut svg, &self.label);
        let (left, top) = (pixels(x.start), pixels(y.start));
        let (w, h) = (pixels(x.end - x.start), pixels(y.end - y.start));
        // The inner picture cuts off what zooming moves out of the plot; above and below it leaves room for half a line's thickness.
        let (bleed_top, bleed_h) = (pixels(y.start - BLEED), pixels(y.end - y.start + 2 * BLEED));
        let _ = write!(
            svg,
            r#"" data-plot="{left} {top} {w} {h}"><g class="frame">{grid}</g><svg class="data" x="{left}" y="{bleed_top}" width="{w}" height="{bleed_h}" viewBox="{left} {bleed_top} {w} {bleed_h}" preserveAspectRatio="none">{data}</svg><g class="ticks-x">{ticks_x}</g><g class="ticks-y">{ticks_y}</g><g class="band-labels">{band_labels}</g></svg>"#,
            grid = layers.grid,
            data = layers.data,
            ticks_x = layers.ticks_x,
            ticks_y = layers.ticks_y,
            band_labels = layers.band_labels,
        );
        svg
    }
}

fn axes(plot: &mut Plot<'_, '_>) -> Drawn {
    plot.configure_mesh()
        .disable_x_mesh()
        .bold_line_style(Ink::Grid.colour())
        .axis_style(Ink::Axis.colour())
        .set_all_tick_mark_size(5 * SUBPIXELS)
        // No marks on the axis of time, only labels: the script moves labels when a reader zooms, and marks would stay behind.
        .set_tick_mark_size(LabelAreaPosition::Bottom, 0)
        .x_label_style(text(Ink::TickX))
        .y_label_style(text(Ink::TickY))
        .draw()
}

/// Returns where a share of the population (0..1) stands on the axis of nines.
pub(crate) fn nines(share: f64) -> f64 {
    -(1.0 - share).log10()
}

fn percentile_label(at: f64) -> String {
    let percentile = 100.0 * (1.0 - 10_f64.powf(-at));
    let digits = format!("{percentile:.3}");
    format!("{} %", digits.trim_end_matches('0').trim_end_matches('.'))
}

/// Returns the band's name where it fits, otherwise its number in the table of incidents. The script does the same when a reader zooms.
fn band_label(band: &Band, width: i32) -> String {
    let full = format!("{} {}", band.number, band.name);
    if label_width(&full) <= width { full } else { band.number.to_string() }
}

fn label_width(label: &str) -> i32 {
    let characters = i32::try_from(label.chars().count()).unwrap_or(i32::MAX);
    characters.saturating_add(1).saturating_mul(BAND_CHARACTER)
}

fn text(ink: Ink) -> TextStyle<'static> {
    ("sans-serif", FONT_SIZE * SUBPIXELS).into_font().color(&ink.colour())
}

fn draw_line(plot: &mut Plot<'_, '_>, line: &Line) -> Drawn {
    let stretches = line.points.split(|(_, value)| value.is_none()).filter(|s| !s.is_empty());
    for stretch in stretches {
        let points: Vec<_> = stretch.iter().filter_map(|(x, y)| Some((*x, (*y)?))).collect();
        if let (true, Some(first), Some(last)) = (line.area, points.first(), points.last()) {
            let mut outline = points.clone();
            outline.extend([(last.0, 0.0), (first.0, 0.0)]);
            let fill: ShapeStyle = Ink::Area(line.ink).colour().filled();
            plot.draw_series([Polygon::new(outline, fill)])?;
        }
        plot.draw_series([PathElement::new(points, Ink::Line(line.ink).colour())])?;
    }
    Ok(())
}
