//! The page: complete, self-contained, small, and deaf to markup in names.

use kycsim_reports::Face;

use crate::{face, sample};

/// The promise to whoever attaches a report to a message.
const BYTES_MAX: usize = 2_500_000;

const SECTIONS: [&str; 13] = [
    "observations",
    "objectives",
    "timeline",
    "latency",
    "segments-title",
    "funnel",
    "outcomes",
    "review",
    "vendor",
    "backend",
    "integrity",
    "generator",
    "repeat",
];

#[test]
fn every_section_is_there_even_of_a_killed_run() {
    for run in [sample::outage(), sample::killed(), sample::long()] {
        let html = face(Face::Html, &run);
        assert!(html.contains("<title>outage-at-peak: "));
        for section in SECTIONS {
            assert!(html.contains(&format!("id=\"{section}\"")), "no {section}");
        }
    }
}

#[test]
fn nothing_is_loaded_from_outside() {
    for run in [sample::outage(), sample::killed(), sample::long()] {
        let html = face(Face::Html, &run);
        for loading in ["src=", "<link", "@import", "url(", "<iframe", "<object", "<embed", "http://", "https://", "import("] {
            // The name of the SVG language is no address; nothing is asked for there.
            let found = html.replace("http://www.w3.org/2000/svg", "");
            assert!(!found.contains(loading), "found {loading}");
        }
        assert!(html.contains("Content-Security-Policy\" content=\"default-src 'none'; "));
    }
}

#[test]
fn an_hour_with_fifty_incidents_stays_small() {
    let html = face(Face::Html, &sample::long());
    assert!(html.len() < BYTES_MAX, "{} bytes", html.len());
    assert!(html.contains("Each point stands for 6.0 s"));
}

#[test]
fn names_are_text_wherever_they_stand() {
    let html = face(Face::Html, &sample::hostile("</script><script>alert(1)</script>\"'<b>"));
    assert!(!html.contains("<script>alert"));
    assert!(!html.contains("<b>\""));
    // Our script, and the data, which is no script; in both `</script>` occurs once, at the end.
    assert_eq!(html.matches("<script").count(), 2);
    assert_eq!(html.matches("</script").count(), 2);
}

#[test]
fn charts_can_be_told_without_being_seen() {
    let html = face(Face::Html, &sample::outage());
    let charts = html.matches("<svg class=\"plot").count();
    assert_eq!(charts, 8 * 3, "seven panels and the percentiles, each at three widths");
    assert_eq!(html.matches("role=\"img\" aria-label=\"").count(), charts);
    assert!(html.contains("aria-label=\"Review queue depth over time: waiting cases at most "));
    assert_eq!(html.matches("<table").count(), html.matches("<caption").count());
}

#[test]
fn values_that_cannot_be_do_not_stop_the_page() {
    let mut run = sample::outage();
    run.series[3].decision_latency_p95 = Some(f64::INFINITY);
    run.series[4].arrivals_per_second = f64::NAN;
    run.latencies[0].p95 = f64::NAN;
    run.latencies[1].curve[2].seconds = f64::NAN;
    run.segments[0].mean = f64::NAN;
    run.review.occupancy = f64::NAN;
    let html = face(Face::Html, &run);
    assert!(!html.contains("NaN") && !html.contains("inf,"));
}

#[test]
fn headings_descend_one_level_at_a_time() {
    let html = face(Face::Html, &sample::outage());
    let mut last = 0;
    for (at, _) in html.match_indices("<h") {
        let Some(level) = html[at + 2..].chars().next().and_then(|c| c.to_digit(10)) else { continue };
        assert!(level <= last + 1, "h{level} after h{last}");
        last = level;
    }
    assert_eq!(html.matches("<h1>").count(), 1);
}
