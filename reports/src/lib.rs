//! The result model of a run, and its faces.
//!
//! [`model::Run`] is the contract between everything that measures and everything that shows. A face is a function of it and a writer; it
//! computes nothing that another face would have to compute again: what several faces need is in [`headline`], [`wording`] and [`figures`].
//!
//! Start with [`write_faces`], which leaves every face in a run's folder, or with one face: [`html`], [`json`], [`junit`], [`markdown`],
//! [`terminal`]. [`read`] brings a run back from its `report.json`, whose shape [`schema`] describes.
//!
//! Nothing here reads a clock, prints, or knows how a run was made.

pub mod figures;
pub mod headline;
pub mod model;
pub mod wording;

mod faces;
mod html;
mod json;
mod junit;
mod markdown;
mod terminal;

pub use faces::{Face, WriteFacesError, write_faces};
pub use html::html;
pub use json::{ReadReportError, json, read, schema};
pub use junit::junit;
pub use markdown::markdown;
pub use model::Run;
pub use terminal::{Colour, terminal};
