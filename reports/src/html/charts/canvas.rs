//! The drawing backend: SVG in layers, with class names for colours.

use std::convert::Infallible;
use std::fmt::Write as _;

use plotters::style::text_anchor::{HPos, VPos};
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind};

use super::ink::{Ink, Layer};

/// plotters counts in whole pixels, which would make a line of 600 points over 1,000 pixels a staircase. So it is given a canvas this many
/// times larger, and every coordinate is written divided by it.
pub(super) const SUBPIXELS: i32 = 10;

/// The width of a character, as a share of the font's size. Only for leaving out labels that would touch.
const CHARACTER_WIDTH: f64 = 0.56;

/// A line that is a dot, for the style sheet to make it visible.
const DOT: &str = "polyline data-alone";

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

/// The parts of one chart, as SVG.
#[derive(Debug, Default)]
pub(super) struct Layers {
    pub(super) grid: String,
    pub(super) data: String,
    pub(super) ticks_x: String,
    pub(super) ticks_y: String,
    pub(super) band_labels: String,
}

/// Where plotters draws.
#[derive(Debug)]
pub(super) struct Canvas<'a> {
    size: (u32, u32),
    layers: &'a mut Layers,
}

impl<'a> Canvas<'a> {
    /// Makes a canvas of `width` by `height` CSS pixels.
    pub(super) fn new(width: u32, height: u32, layers: &'a mut Layers) -> Self {
        let scale = SUBPIXELS.unsigned_abs();
        Self { size: (width * scale, height * scale), layers }
    }

    fn layer(&mut self, ink: Ink) -> &mut String {
        match ink.layer() {
            Layer::Grid => &mut self.layers.grid,
            Layer::Data => &mut self.layers.data,
            Layer::TicksX => &mut self.layers.ticks_x,
            Layer::TicksY => &mut self.layers.ticks_y,
            Layer::BandLabels => &mut self.layers.band_labels,
        }
    }

    /// Writes a shape; `element` is its name, and attributes without a value if it has any.
    fn shape(&mut self, element: &str, color: BackendColor, points: impl Iterator<Item = BackendCoord>) {
        // plotters draws some of what is switched off with full transparency.
        if color.alpha <= 0.0 {
            return;
        }
        let ink = Ink::of(color.rgb);
        let class = ink.class();
        let layer = self.layer(ink);
        // Writing to a string cannot fail.
        let _ = write!(layer, r#"<{element} class="{class}" points=""#);
        for (index, (x, y)) in points.enumerate() {
            let gap = if index > 0 { " " } else { "" };
            let _ = write!(layer, "{gap}{},{}", pixels(x), pixels(y));
        }
        layer.push_str(r#""/>"#);
    }
}

/// Returns a coordinate in CSS pixels, with no more digits than it needs: they are most of the page's size.
pub(super) fn pixels(subpixels: i32) -> String {
    let (whole, rest) = (subpixels / SUBPIXELS, (subpixels % SUBPIXELS).abs());
    match (rest, subpixels < 0 && whole == 0) {
        (0, _) => whole.to_string(),
        (_, false) => format!("{whole}.{rest}"),
        (_, true) => format!("-0.{rest}"),
    }
}

/// Appends `text` to an SVG document, as text and nothing else.
pub(super) fn push_escaped(svg: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '<' => svg.push_str("&lt;"),
            '>' => svg.push_str("&gt;"),
            '&' => svg.push_str("&amp;"),
            '"' => svg.push_str("&quot;"),
            '\'' => svg.push_str("&#39;"),
            _ => svg.push(c),
        }
    }
}

impl DrawingBackend for Canvas<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    /// Does nothing: we draw nothing that needs single pixels.
    fn draw_pixel(&mut self, _: BackendCoord, _: BackendColor) -> Drawn {
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.shape("polyline", style.color(), [from, to].into_iter());
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(&mut self, (left, top): BackendCoord, (right, bottom): BackendCoord, style: &S, fill: bool) -> Drawn {
        let corners = [(left, top), (right, top), (right, bottom), (left, bottom)];
        let element = if fill { "polygon" } else { "polyline" };
        self.shape(element, style.color(), corners.into_iter());
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        let mut points: Vec<_> = path.into_iter().collect();
        // A line from a point to itself, with round ends, is a dot: a second with decisions between two without any.
        if let [only] = points[..] {
            points.push(only);
            self.shape(DOT, style.color(), points.into_iter());
        } else {
            self.shape("polyline", style.color(), points.into_iter());
        }
        Ok(())
    }

    /// Does nothing: the script draws the only circles, where the pointer is.
    fn draw_circle<S: BackendStyle>(&mut self, _: BackendCoord, _: u32, _: &S, _: bool) -> Drawn {
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, vertices: I, style: &S) -> Drawn {
        self.shape("polygon", style.color(), vertices.into_iter());
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, (x, y): BackendCoord) -> Drawn {
        let ink = Ink::of(style.color().rgb);
        let class = ink.class();
        let anchor = match style.anchor().h_pos {
            HPos::Left => "start",
            HPos::Center => "middle",
            HPos::Right => "end",
        };
        // `dy` in em rather than `dominant-baseline`, which browsers and converters read differently.
        let dy = match style.anchor().v_pos {
            // Below the axis, with a gap.
            VPos::Top => "1.35em",
            VPos::Center => ".35em",
            VPos::Bottom => "-.2em",
        };
        let layer = self.layer(ink);
        let _ = write!(layer, r#"<text class="{class}" x="{}" y="{}" dy="{dy}" text-anchor="{anchor}">"#, pixels(x), pixels(y));
        push_escaped(layer, text);
        layer.push_str("</text>");
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(&self, text: &str, style: &S) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let characters = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        let width = f64::from(characters) * CHARACTER_WIDTH * style.size();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates, and no size is negative")]
        Ok((width as u32, style.size() as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_keep_one_digit_and_their_sign() {
        assert_eq!(pixels(120), "12");
        assert_eq!(pixels(123), "12.3");
        assert_eq!(pixels(-3), "-0.3");
        assert_eq!(pixels(-123), "-12.3");
    }
}
