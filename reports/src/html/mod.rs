//! `report.html`: the whole run on one page that opens offline.
//!
//! The page is an askama template (`templates/report.html`, one file a section beside it) over [`page::Page`], which holds the run and what
//! is drawn from it. Style and script are files of their own, put into the page whole. Nothing is loaded from anywhere: a content security
//! policy says so, and lets no script run but ours, whatever a scenario file calls its incidents.

mod bars;
mod charts;
mod data;
mod filters;
mod page;
mod percentiles;
mod thin;
mod timeline;

use std::io;

use askama::Template;

use crate::model::Run;

/// Writes the run as a page of HTML.
///
/// # Errors
/// Whatever the writer refuses.
pub fn html(run: &Run, out: &mut impl io::Write) -> io::Result<()> {
    let page = page::Page::of(run).map_err(io::Error::other)?;
    page.write_into(out)
}
