//! What people and CI servers read, letter by letter. Review a change with `cargo insta review`, or by reading the difference and setting
//! `INSTA_UPDATE=always`.

use kycsim_reports::{Colour, Face, Run, terminal};

use crate::{face, sample};

#[track_caller]
fn on_screen(run: &Run, colour: Colour) -> String {
    let mut out = Vec::new();
    terminal(run, colour, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_terminal_shows_an_outage() {
    insta::assert_snapshot!(on_screen(&sample::outage(), Colour::None));
}

#[test]
fn the_terminal_shows_a_killed_run() {
    insta::assert_snapshot!(on_screen(&sample::killed(), Colour::None));
}

#[test]
fn colour_changes_nothing_but_colour() {
    let run = sample::outage();
    let mut plain = on_screen(&run, Colour::Ansi);
    for code in ["0", "1", "2", "31", "32", "33"] {
        plain = plain.replace(&format!("\u{1b}[{code}m"), "");
    }
    assert_eq!(plain, on_screen(&run, Colour::None));
}

#[test]
fn a_pull_request_shows_an_outage() {
    insta::assert_snapshot!(face(Face::Markdown, &sample::outage()));
}

#[test]
fn a_pull_request_shows_a_killed_run() {
    insta::assert_snapshot!(face(Face::Markdown, &sample::killed()));
}

#[test]
fn a_ci_server_reads_an_outage() {
    insta::assert_snapshot!(face(Face::Junit, &sample::outage()));
}

#[test]
fn a_ci_server_reads_a_killed_run() {
    insta::assert_snapshot!(face(Face::Junit, &sample::killed()));
}

#[test]
fn a_saturated_generator_is_an_error_to_a_ci_server() {
    let mut run = sample::killed();
    run.generator.saturated_since = Some(12.0);
    let junit = face(Face::Junit, &run);
    assert!(junit.contains("<error message=\"the generator was the bottleneck from 12.0 s"), "{junit}");
}

#[test]
fn names_cannot_steer_a_terminal_or_break_a_table() {
    let run = sample::hostile("a\u{1b}[31m|b\n# c @d");
    assert!(!on_screen(&run, Colour::None).contains('\u{1b}'));
    let markdown = face(Face::Markdown, &run);
    assert!(!markdown.contains("\n# c"), "{markdown}");
    assert!(!markdown.replace("&#64;", "").lines().any(|line| line.contains("@d") && !line.starts_with("a [31m")), "{markdown}");
}
