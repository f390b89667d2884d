//! The hosted page: what stands at a session's `url`. In place of a camera it has sample choices.
//!
//! It is rendered here and runs no script. Whoever has the link may open it: for 48 hours, and until something was handed in.

use std::time::Duration;

use askama::Template;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hyper::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, LOCATION, REFERRER_POLICY};
use hyper::{Response, StatusCode};
use kycsim_scenarios::SimTime;
use kycsim_scenarios::vendor::{Outcome, Reason};
use sha2::{Digest as _, Sha256};

use super::desk::StripeDesk;
use super::form::Fields;
use super::reasons::Code;
use super::served::Served;
use super::verification::Standing;
use crate::call::{Answer, Pictures, Submission};
use crate::dialects::Reply;
use crate::id::SessionId;
use crate::pass::{Pass, PassPurpose};
use crate::refusal::{Rebuff, Refusal};
use crate::world::Counter;

/// The kind of a refusal that is said to a person, as a page.
pub(super) const PAGE: &str = "page";

/// How long a link holds, by the tenant's clock.
const HOLDS: Duration = Duration::from_secs(48 * 60 * 60);

const STYLE: &str = include_str!("../../../templates/capture_page.css");

/// Somebody comes to the page, or sends its form.
pub(super) struct Ask {
    session: SessionId,
    /// When the link was given.
    issued: SimTime,
    form: Option<Fields>,
}

/// What an applicant may show in place of themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sample {
    Good,
    Blurred,
    Expired,
    AnotherFace,
    Underage,
    NoConsent,
    Leave,
}

impl Sample {
    const WORDS: [(&'static str, Self); 7] = [
        ("good", Self::Good),
        ("blurred", Self::Blurred),
        ("expired", Self::Expired),
        ("another_face", Self::AnotherFace),
        ("underage", Self::Underage),
        ("no_consent", Self::NoConsent),
        ("leave", Self::Leave),
    ];

    const fn label(self) -> &'static str {
        match self {
            Self::Good => "A good document",
            Self::Blurred => "A blurred picture of a document",
            Self::Expired => "An expired document",
            Self::AnotherFace => "Another person's face",
            Self::Underage => "A document of somebody under age",
            Self::NoConsent => "I do not consent",
            Self::Leave => "Leave without finishing",
        }
    }

    const fn hint(self) -> &'static str {
        match self {
            Self::Good => "Everything is in order: the session is verified.",
            Self::Blurred => "It cannot be read: try again.",
            Self::Expired => "Its last day has passed.",
            Self::AnotherFace => "The selfie does not match the document.",
            Self::Underage => "Too young for the terms.",
            Self::NoConsent => "Nothing is handed in.",
            Self::Leave => "Nothing is handed in; the session is abandoned.",
        }
    }

    /// What comes of it, unless something else was ordered.
    fn comes_to(self) -> Result<(Outcome, Vec<Reason>), Code> {
        match self {
            Self::Good => Ok((Outcome::Approved, Vec::new())),
            Self::Blurred => Ok((Outcome::Resubmission, vec![Reason::ImageBlurred])),
            Self::Expired => Ok((Outcome::Declined, vec![Reason::DocumentExpired])),
            Self::AnotherFace => Ok((Outcome::Declined, vec![Reason::SelfieMismatch])),
            Self::Underage => Ok((Outcome::Declined, vec![Reason::Underage])),
            Self::NoConsent => Err(Code::ConsentDeclined),
            Self::Leave => Err(Code::Abandoned),
        }
    }
}

/// What is on the page.
#[derive(Template)]
#[template(path = "capture_page.html")]
struct Page<'a> {
    style: &'static str,
    title: &'a str,
    says: &'a str,
    /// Why the applicant is here again.
    problem: Option<&'a str>,
    /// Why the form came back.
    wrong: Option<&'a str>,
    /// The choices; none: there is nothing to choose.
    samples: &'a [(&'static str, Sample)],
}

impl Ask {
    /// Reads what somebody with this pass wants; `sent` says that they send the form.
    pub(super) fn read(sent: bool, pass: Option<&Pass>, fields: Fields) -> Result<Self, Refusal> {
        let Some(pass) = pass.filter(|pass| pass.purpose == PassPurpose::Page) else {
            return Err(refusal(404, "This link is not valid."));
        };
        Ok(Self { session: pass.session.clone(), issued: pass.issued, form: sent.then_some(fields) })
    }

    pub(super) const fn session(&self) -> &SessionId {
        &self.session
    }
}

impl StripeDesk {
    pub(super) fn serve_capture(&mut self, ask: &Ask, counter: &mut Counter<'_>) -> Result<Served, Refusal> {
        let id = &ask.session;
        let verification = self.verification(id)?;
        let session = counter.session(id)?;
        let problem = verification.last_error(session).map(Code::sentence);
        let spent = verification.submitted_at.is_some_and(|submitted| ask.issued < submitted);
        match Standing::of(&session.state) {
            Standing::Canceled => return Err(refusal(410, "This verification was canceled.")),
            Standing::Processing | Standing::Verified => return Err(refusal(410, SPENT)),
            Standing::RequiresInput if spent => return Err(refusal(410, SPENT)),
            Standing::RequiresInput if ask.issued.saturating_add(HOLDS) <= counter.now() => {
                return Err(refusal(410, "This link has expired. Ask for a new one where you came from."));
            }
            Standing::RequiresInput => {}
        }
        let Some(form) = &ask.form else { return Ok(page(StatusCode::OK, &to_choose(problem, None))) };
        let Some(sample) = chosen(form) else {
            return Ok(page(StatusCode::BAD_REQUEST, &to_choose(problem, Some("Choose one of these first."))));
        };
        match sample.comes_to() {
            Ok(suggested) => {
                self.take_samples(id, counter)?;
                let submission = Submission { pictures: Pictures::None, suggested: Some(suggested), at_once: false };
                self.hand_in(id, submission, counter)?;
            }
            Err(why) => self.leave(id, why, counter)?,
        }
        Ok(match &self.verification(id)?.particulars.return_url {
            Some(url) => sent_back(url),
            None => page(StatusCode::OK, &Page { title: "Done", says: "Thank you. You can close this page.", ..NOTHING }),
        })
    }
}

const SPENT: &str = "This link was used already. You can close this page.";

const NOTHING: Page<'static> = Page { style: STYLE, title: "", says: "", problem: None, wrong: None, samples: &[] };

fn to_choose(problem: Option<&'static str>, wrong: Option<&'static str>) -> Page<'static> {
    let says = "This is a test. There is no camera: choose what you want to show.";
    Page { title: "Verify your identity", says, problem, wrong, samples: &Sample::WORDS, ..NOTHING }
}

fn chosen(form: &Fields) -> Option<Sample> {
    let word = form.peek("sample")?;
    Sample::WORDS.iter().find(|(known, _)| *known == word).map(|(_, sample)| *sample)
}

fn refusal(status: u16, message: &str) -> Refusal {
    Refusal::Own(Box::new(Rebuff { status, kind: PAGE, code: None, param: None, message: message.to_owned() }))
}

/// Says to a person why there is nothing to choose.
pub(super) fn refused(status: u16, message: &str) -> Reply {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::NOT_FOUND);
    page(status, &Page { title: "This page cannot be used", says: message, ..NOTHING }).answer.reply()
}

fn page(status: StatusCode, page: &Page<'_>) -> Served {
    let mut reply = Response::new(page.render().unwrap_or_default().into()); // into memory: this cannot fail
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer")); // its address is all it takes to use it
    // Browsers hold the redirect that follows a form to the policy too, and where it leads is the customer's choice.
    let style = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; img-src data:; form-action 'self' http: https:; base-uri 'none'; frame-ancestors 'none'"
    );
    headers
        .insert(CONTENT_SECURITY_POLICY, HeaderValue::try_from(policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'")));
    Served { answer: Answer::Whole(reply), begun: None }
}

/// Sends a browser to where its customer wants it. Nobody else goes there.
fn sent_back(url: &str) -> Served {
    let mut reply = Response::new(bytes::Bytes::new());
    *reply.status_mut() = StatusCode::SEE_OTHER;
    let headers = reply.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(LOCATION, HeaderValue::try_from(url).unwrap_or_else(|_| HeaderValue::from_static("/"))); // it was read as an address
    Served { answer: Answer::Whole(reply), begun: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_can_be_chosen() {
        for (word, sample) in Sample::WORDS {
            let form = Fields::parse(format!("sample={word}").as_bytes()).unwrap();
            assert_eq!(chosen(&form), Some(sample));
            assert!(to_choose(None, None).render().unwrap().contains(&format!("value=\"{word}\"")), "{sample:?}");
        }
        assert_eq!(chosen(&Fields::parse(b"sample=forged").unwrap()), None);
    }

    #[test]
    fn what_is_written_on_the_page_is_no_markup() {
        let shown = Page { says: "<script>alert(1)</script>", ..NOTHING }.render().unwrap();
        assert!(!shown.contains("<script") && shown.contains("&#60;script"), "{shown}");
        assert!(!STYLE.contains("</"), "it stands within the page");
    }
}
