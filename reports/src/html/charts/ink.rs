//! What a stroke means, carried through plotters as a colour and told apart again on the other side.
//!
//! plotters hands a drawing backend colours and nothing else. We give it colours that are no colours but names: the red channel holds the
//! meaning, the green one which of several. The style sheet gives them their real colours, one set for light and one for dark.

use plotters::style::RGBColor;

/// What a stroke, an area or a text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Grid,
    Axis,
    TickX,
    TickY,
    /// An incident, behind everything else.
    Band,
    BandLabel,
    /// A line; the number is its place in the legend.
    Line(u8),
    /// The area below a line.
    Area(u8),
}

/// Which group of the SVG a stroke belongs to. The script redraws [`Layer::TicksX`] and [`Layer::BandLabels`], and stretches
/// [`Layer::Data`], when a reader zooms; it leaves the others alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layer {
    Grid,
    Data,
    TicksX,
    TicksY,
    BandLabels,
}

impl Ink {
    pub(super) fn colour(self) -> RGBColor {
        let (meaning, which) = match self {
            Self::Grid => (0, 0),
            Self::Axis => (1, 0),
            Self::TickX => (2, 0),
            Self::TickY => (3, 0),
            Self::Band => (4, 0),
            Self::BandLabel => (5, 0),
            Self::Line(which) => (6, which),
            Self::Area(which) => (7, which),
        };
        RGBColor(meaning, which, 0)
    }

    /// Returns the ink that a colour stands for. A colour of plotters' own (it has defaults for what we leave out) is read as grid.
    pub(super) fn of((meaning, which, _): (u8, u8, u8)) -> Self {
        match meaning {
            1 => Self::Axis,
            2 => Self::TickX,
            3 => Self::TickY,
            4 => Self::Band,
            5 => Self::BandLabel,
            6 => Self::Line(which),
            7 => Self::Area(which),
            _ => Self::Grid,
        }
    }

    pub(super) fn class(self) -> String {
        match self {
            Self::Grid => "grid".to_owned(),
            Self::Axis => "axis".to_owned(),
            Self::TickX | Self::TickY => "tick".to_owned(),
            Self::Band => "band".to_owned(),
            Self::BandLabel => "band-label".to_owned(),
            Self::Line(which) => format!("line s{which}"),
            Self::Area(which) => format!("area s{which}"),
        }
    }

    pub(super) fn layer(self) -> Layer {
        match self {
            Self::Grid | Self::Axis => Layer::Grid,
            Self::TickX => Layer::TicksX,
            Self::TickY => Layer::TicksY,
            Self::Band | Self::Line(_) | Self::Area(_) => Layer::Data,
            Self::BandLabel => Layer::BandLabels,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ink_survives_being_a_colour() {
        for ink in [Ink::Grid, Ink::Axis, Ink::TickX, Ink::TickY, Ink::Band, Ink::BandLabel, Ink::Line(3), Ink::Area(2)] {
            let RGBColor(r, g, b) = ink.colour();
            assert_eq!(Ink::of((r, g, b)), ink);
        }
    }
}
