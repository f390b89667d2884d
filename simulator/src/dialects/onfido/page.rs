//! The hosted page of a workflow run's link, or of a check's form: where applicants hand in their pictures to the vendor itself. This one offers samples.

use askama::Template;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{CONTENT_SECURITY_POLICY, HeaderValue, LOCATION, REFERRER_POLICY};
use kycsim_scenarios::vendor::{Outcome, Reason};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::desk::{OnfidoDesk, Visit};
use super::errors::not_found;
use super::media::{MediumKind, NewMedium};
use super::tasks::What;
use super::wire;
use super::works::Work;
use crate::dialects::Reply;
use crate::pass::Pass;
use crate::refusal::Refusal;

/// What an applicant hands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    Good,
    Blurred,
    Expired,
    Another,
    Underage,
    Leave,
}

impl Choice {
    const ALL: [Self; 6] = [Self::Good, Self::Blurred, Self::Expired, Self::Another, Self::Underage, Self::Leave];

    const fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Blurred => "blurred",
            Self::Expired => "expired",
            Self::Another => "another",
            Self::Underage => "underage",
            Self::Leave => "leave",
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.word() == word)
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Good => "Good pictures of my own document and face",
            Self::Blurred => "A blurred picture of my document",
            Self::Expired => "A document that has expired",
            Self::Another => "Another person's face",
            Self::Underage => "A document that says I am under age",
            Self::Leave => "Leave without handing anything in",
        }
    }

    /// What the sandbox makes of it; none: what is fated.
    fn suggests(self) -> Option<(Outcome, Vec<Reason>)> {
        match self {
            Self::Good | Self::Leave => None,
            Self::Blurred => Some((Outcome::Resubmission, vec![Reason::ImageBlurred])),
            Self::Expired => Some((Outcome::Declined, vec![Reason::DocumentExpired])),
            Self::Another => Some((Outcome::Declined, vec![Reason::SelfieMismatch])),
            Self::Underage => Some((Outcome::Declined, vec![Reason::Underage])),
        }
    }
}

const STYLE: &str = include_str!("../../../templates/onfido_page.css");

#[derive(Template)]
#[template(path = "onfido_page.html")]
struct Page {
    style: &'static str,
    /// What has happened, above all else.
    notice: Option<&'static str>,
    /// None: there is nothing to choose any more.
    choices: Option<Vec<(&'static str, &'static str)>>,
    /// Where it goes on from here.
    onward: Option<String>,
}

/// What the page is for, and where it stands.
struct Place {
    work: Work,
    is_open: bool,
    /// Where it goes on from here.
    onward: Option<String>,
}

impl OnfidoDesk {
    fn place(&self, pass: &Pass, visit: &Visit<'_, '_>) -> Result<Place, Refusal> {
        let session = visit.counter.session(&pass.session)?;
        let work = self.state.works.reserved(&pass.session).or_else(|| self.state.works.of(&pass.session, session.attempt)).cloned();
        match work.ok_or_else(|| not_found("Link", "this"))? {
            Work::Run(id) => {
                let run = self.run(&id)?;
                let has_run_out = run.link_has_run_out(self.wall.at(visit.counter.now()));
                let is_open = run.awaits_input(session) && !has_run_out;
                let (completed, expired) = run.redirects();
                let onward = if run.is_abandoned() || (has_run_out && run.awaits_input(session)) { expired } else { completed };
                Ok(Place { is_open, onward: onward.map(str::to_owned), work: Work::Run(id) })
            }
            Work::Check(id) => {
                let check = self.check(&id)?;
                let onward = check.request.redirect_uri().map(str::to_owned);
                Ok(Place { is_open: check.attempt.is_none(), onward, work: Work::Check(id) })
            }
        }
    }

    pub(super) fn show_page(&self, pass: &Pass, visit: &Visit<'_, '_>) -> Result<Reply, Refusal> {
        let place = self.place(pass, visit)?;
        Ok(if place.is_open { page(None, &place) } else { page(Some("There is nothing to do here any more. Thank you."), &place) })
    }

    /// Hands in what an applicant chose, and sends them on.
    pub(super) fn choose(&mut self, pass: &Pass, choice: Option<Choice>, visit: &mut Visit<'_, '_>) -> Result<Reply, Refusal> {
        let place = self.place(pass, visit)?;
        if !place.is_open {
            return Ok(page(Some("There is nothing to do here any more. Thank you."), &place));
        }
        let choice = match choice {
            None => return Ok(page(Some("Please choose one of these."), &place)),
            Some(Choice::Leave) => {
                return Ok(page(Some("You have left, and nothing was handed in. As long as this page is open you can come back."), &place));
            }
            Some(choice) => choice,
        };
        match &place.work {
            Work::Run(id) => {
                let run = self.run(id)?;
                let (applicant, left) = (run.applicant.clone(), Self::tasks_left(run));
                let mut done = Vec::new();
                for what in left {
                    let output = match what {
                        What::DocumentPhoto => json!([{"id": self.take_in(&NewMedium::sample(MediumKind::Document, &applicant), visit)?}]),
                        What::FacePhoto => json!([{"id": self.take_in(&NewMedium::sample(MediumKind::LivePhoto, &applicant), visit)?}]),
                        What::Profile | What::DocumentCheck | What::FaceCheck => json!({}),
                    };
                    done.push((what, output));
                }
                self.finish_tasks(id, &done, choice.suggests(), visit)?;
            }
            Work::Check(id) => {
                let applicant = self.check(id)?.applicant.clone();
                for kind in [MediumKind::Document, MediumKind::LivePhoto] {
                    self.take_in(&NewMedium::sample(kind, &applicant), visit)?;
                }
                self.form_completed(id, choice.suggests(), visit)?;
            }
        }
        match place.onward.as_deref().map(HeaderValue::from_str) {
            Some(Ok(onward)) => {
                let mut reply = wire::of_type(StatusCode::SEE_OTHER, "text/html; charset=utf-8", Bytes::new());
                reply.headers_mut().insert(LOCATION, onward);
                Ok(reply)
            }
            _ => Ok(page(Some("Thank you. What you handed in is being examined."), &Place { is_open: false, onward: None, ..place })),
        }
    }
}

fn page(notice: Option<&'static str>, place: &Place) -> Reply {
    let choices = || Choice::ALL.iter().map(|choice| (choice.word(), choice.label())).collect();
    let onward = place.onward.clone().filter(|_| !place.is_open);
    let rendered = Page { style: STYLE, notice, choices: place.is_open.then(choices), onward }.render();
    let mut reply = wire::of_type(StatusCode::OK, "text/html; charset=utf-8", Bytes::from(rendered.unwrap_or_default()));
    // A browser checks where a form leads to in the end, too.
    let onward = place.onward.as_deref().and_then(origin).map(|origin| format!(" {origin}")).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; img-src data:; form-action 'self'{onward}; base-uri 'none'; frame-ancestors 'none'",
        BASE64_STANDARD.encode(Sha256::digest(STYLE))
    );
    let headers = reply.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'")));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer")); // the address is the key
    reply
}

/// Returns who answers at an address.
fn origin(url: &str) -> Option<String> {
    let url: hyper::Uri = url.parse().ok()?;
    let fits = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".:-[]".contains(&byte));
    let authority = url.authority()?.as_str();
    let scheme = url.scheme_str()?;
    fits(authority).then(|| format!("{scheme}://{authority}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(is_open: bool, onward: Option<&str>) -> Place {
        Place { work: Work::Run("r".to_owned()), is_open, onward: onward.map(str::to_owned) }
    }

    #[test]
    fn the_page_needs_no_script_and_every_choice_is_a_button() {
        let reply = page(None, &place(true, Some("https://shop.example/done?x=1")));
        let html = str::from_utf8(reply.body()).unwrap();
        assert!(!html.contains("<script") && html.contains("<html lang=\"en\">") && html.contains("name=\"viewport\""));
        for choice in Choice::ALL {
            assert!(html.contains(&format!("value=\"{}\"", choice.word())));
            assert_eq!(Choice::from_word(choice.word()), Some(choice));
        }
        let policy = reply.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("form-action 'self' https://shop.example;"), "{policy}");
    }

    #[test]
    fn a_page_with_nothing_to_do_says_so_and_leads_on() {
        let reply = page(Some("done"), &place(false, Some("https://shop.example/?a=<b>")));
        let html = str::from_utf8(reply.body()).unwrap();
        assert!(!html.contains("<form") && html.contains("done") && !html.contains("<b>"), "{html}");
    }

    #[test]
    fn an_origin_never_ends_the_policy() {
        assert_eq!(origin("http://127.0.0.1:9/x").as_deref(), Some("http://127.0.0.1:9"));
        for url in ["http://a;b/", "x", "/x", "http://a@b;c/"] {
            assert_eq!(origin(url), None, "{url}");
        }
    }
}
