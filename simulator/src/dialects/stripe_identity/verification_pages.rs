//! Verification pages: what the libraries for mobile devices say, and the test mode that real test suites lack. They are no part of the public reference:
//! read in the source of this vendor's library for iOS, 2026-11-23; the shape of the answers is an inference.

use kycsim_scenarios::vendor::{Check, Operation, Outcome, Reason};

use super::desk::StripeDesk;
use super::errors::{invalid, no_such, own};
use super::files::Purpose;
use super::form::{Fields, Given};
use super::options::{Asks, DocumentType};
use super::particulars::ID_MAX;
use super::reasons::Code;
use super::served::{Served, json};
use super::verification::Standing;
use super::wire::{PageWire, Requirements};
use crate::call::{Pictures, Submission};
use crate::id::SessionId;
use crate::refusal::Refusal;
use crate::session::{ImageSlot, Session, Side};
use crate::world::Counter;

/// What a device wants of its session's page.
pub(super) struct Ask {
    session: SessionId,
    wish: Wish,
}

enum Wish {
    Look,
    Data(Box<Data>),
    Submit,
    /// End it, one way or the other, with the delay of an examination or without.
    Testing {
        verify: bool,
        delay: bool,
    },
    /// A step that is not played.
    Phone,
}

/// What a device has collected.
struct Data {
    consent: Option<bool>,
    document: Option<DocumentType>,
    pictures: Vec<Collected>,
}

/// A picture, uploaded before.
struct Collected {
    slot: ImageSlot,
    file: String,
    param: String,
}

/// What may be collected beside what is looked at. None of it decides anything here.
const OTHER_DATA: [&str; 8] = ["address", "dob", "email", "id_number", "name", "phone", "phone_otp", "training_consent"];

impl Ask {
    fn new(session: &str, wish: Wish) -> Self {
        Self { session: SessionId::named(session), wish }
    }

    pub(super) fn page(session: &str, fields: &mut Fields) -> Self {
        fields.ignore("app_identifier");
        Self::new(session, Wish::Look)
    }

    pub(super) fn data(session: &str, fields: &mut Fields) -> Result<Self, Refusal> {
        fields.ignore("clear_data");
        let mut data = Data { consent: None, document: None, pictures: Vec::new() };
        if let Given::Value(mut collected) = fields.fields("collected_data")? {
            data.consent = collected.boolean("biometric_consent")?;
            data.document = collected.choice("id_document_type", DocumentType::WORDS)?;
            for (name, image, slot) in [
                ("id_document_front", "high_res_image", ImageSlot::Document(Side::Front)),
                ("id_document_back", "high_res_image", ImageSlot::Document(Side::Back)),
                ("face", "best_high_res_image", ImageSlot::Selfie),
            ] {
                // Beside the picture there are cuttings and scores, of which nothing depends.
                let Given::Value(mut part) = collected.fields(name)? else { continue };
                if let Some(file) = part.text(image, ID_MAX)?.value() {
                    data.pictures.push(Collected { slot, file, param: part.name(image) });
                }
            }
            OTHER_DATA.iter().for_each(|name| collected.ignore(name));
            collected.nothing_else()?;
        }
        Ok(Self::new(session, Wish::Data(Box::new(data))))
    }

    pub(super) fn submit(session: &str) -> Self {
        Self::new(session, Wish::Submit)
    }

    pub(super) fn testing(session: &str, verify: bool, fields: &mut Fields) -> Result<Self, Refusal> {
        let delay = fields.boolean("simulate_delay")?.unwrap_or(false);
        Ok(Self::new(session, Wish::Testing { verify, delay }))
    }

    pub(super) fn phone_step(session: &str, fields: &mut Fields) -> Self {
        fields.ignore("phone");
        Self::new(session, Wish::Phone)
    }

    pub(super) const fn session(&self) -> &SessionId {
        &self.session
    }

    pub(super) const fn operation(&self) -> Operation {
        match &self.wish {
            Wish::Look | Wish::Phone => Operation::CapturePage,
            Wish::Data(_) => Operation::Upload,
            Wish::Submit | Wish::Testing { .. } => Operation::Submit,
        }
    }

    pub(super) fn check(&self) -> Option<Check> {
        let Wish::Data(data) = &self.wish else { return None };
        data.pictures.first().map(|picture| match picture.slot {
            ImageSlot::Document(_) => Check::Document,
            ImageSlot::Selfie => Check::Selfie,
        })
    }
}

impl StripeDesk {
    pub(super) fn serve_pages(&mut self, ask: &Ask, counter: &mut Counter<'_>) -> Result<Served, Refusal> {
        let id = &ask.session;
        match &ask.wish {
            Wish::Look => self.show_page(id, "identity.verification_page", counter),
            Wish::Phone => {
                self.open_for_input(id, counter)?;
                self.show_page(id, PAGE_DATA, counter)
            }
            Wish::Data(data) => {
                self.open_for_input(id, counter)?;
                self.collect(id, data, counter)?;
                self.show_page(id, PAGE_DATA, counter)
            }
            Wish::Submit => {
                self.open_for_input(id, counter)?;
                if self.missing(id, counter.session(id)?)?.is_empty() {
                    let suggested = self.unsuitable(id)?.then(|| (Outcome::Declined, vec![Reason::UnsupportedDocument]));
                    let pictures = pictures(self.verification(id)?.particulars.asks());
                    self.hand_in(id, Submission { pictures, suggested, at_once: false }, counter)?;
                }
                self.show_page(id, PAGE_DATA, counter)
            }
            Wish::Testing { verify, delay } => {
                self.open_for_input(id, counter)?;
                self.take_samples(id, counter)?;
                let suggested =
                    if *verify { (Outcome::Approved, Vec::new()) } else { (Outcome::Resubmission, vec![Reason::DocumentUnreadable]) };
                let submission = Submission { pictures: Pictures::None, suggested: Some(suggested), at_once: !delay };
                self.hand_in(id, submission, counter)?;
                if !delay {
                    // It is examined in any case by now: if it could not be ended it has ended.
                    let _ = counter.decide(id, None);
                }
                self.show_page(id, PAGE_DATA, counter)
            }
        }
    }

    /// Refuses a session that does not wait for anything from its applicant.
    fn open_for_input(&self, id: &SessionId, counter: &Counter<'_>) -> Result<(), Refusal> {
        match Standing::of(&counter.session(id)?.state) {
            Standing::RequiresInput => Ok(()),
            status @ (Standing::Processing | Standing::Verified | Standing::Canceled) => {
                Err(own(400, None, None, format!("This verification session is `{}` and takes no input.", status.as_str())))
            }
        }
    }

    fn collect(&mut self, id: &SessionId, data: &Data, counter: &mut Counter<'_>) -> Result<(), Refusal> {
        let mut taken = Vec::new();
        for Collected { slot, file, param } in &data.pictures {
            let known = self.known.files.get(file).ok_or_else(|| no_such("file upload", file, param))?;
            if (known.purpose == Purpose::Selfie) != (*slot == ImageSlot::Selfie) {
                return Err(invalid(Some(param), format!("The file {file} is for something else.")));
            }
            taken.push((*slot, file.clone(), known.picture));
        }
        if data.consent == Some(false) {
            return self.leave(id, Code::ConsentDeclined, counter);
        }
        if !taken.is_empty() {
            self.come_back(id, counter)?;
        }
        for (slot, file, picture) in taken {
            counter.take_in(id, slot, picture)?;
            let captured = &mut self.verification_mut(id)?.captured;
            match slot {
                ImageSlot::Document(Side::Front) => captured.front = Some(file),
                ImageSlot::Document(Side::Back) => captured.back = Some(file),
                ImageSlot::Selfie => captured.selfie = Some(file),
            }
        }
        let captured = &mut self.verification_mut(id)?.captured;
        captured.document = data.document.or(captured.document);
        Ok(())
    }

    /// Hands a session in. What was given for this attempt is spent.
    pub(super) fn hand_in(&mut self, id: &SessionId, submission: Submission, counter: &mut Counter<'_>) -> Result<(), Refusal> {
        self.come_back(id, counter)?;
        counter.submit(id, submission)?;
        self.verification_mut(id)?.submitted_at = Some(counter.now());
        Ok(())
    }

    /// Lets an applicant leave without handing anything in. They may come back.
    pub(super) fn leave(&mut self, id: &SessionId, why: Code, counter: &mut Counter<'_>) -> Result<(), Refusal> {
        self.come_back(id, counter)?;
        self.verification_mut(id)?.left = Some(why);
        counter.abandon(id)?;
        Ok(())
    }

    /// Takes in what a test applicant would have photographed.
    pub(super) fn take_samples(&mut self, id: &SessionId, counter: &Counter<'_>) -> Result<(), Refusal> {
        let asks = self.verification(id)?.particulars.asks();
        if asks.document {
            let front = self.take_sample(Purpose::IdentityDocument, counter);
            self.verification_mut(id)?.captured.front = Some(front);
        }
        if asks.selfie {
            let selfie = self.take_sample(Purpose::Selfie, counter);
            self.verification_mut(id)?.captured.selfie = Some(selfie);
        }
        Ok(())
    }

    /// Whether a document was shown that is not allowed.
    fn unsuitable(&self, id: &SessionId) -> Result<bool, Refusal> {
        let verification = self.verification(id)?;
        Ok(verification.captured.document.is_some_and(|shown| !verification.particulars.options.allow(shown)))
    }

    fn missing(&self, id: &SessionId, session: &Session) -> Result<Vec<&'static str>, Refusal> {
        let asks = self.verification(id)?.particulars.asks();
        let images = session.images();
        let mut missing = Vec::new();
        if asks.document && !images.has(ImageSlot::Document(Side::Front)) {
            missing.push("id_document_front");
        }
        if asks.selfie && !images.has(ImageSlot::Selfie) {
            missing.push("face");
        }
        Ok(missing)
    }

    fn show_page(&self, id: &SessionId, object: &'static str, counter: &Counter<'_>) -> Result<Served, Refusal> {
        let session = counter.session(id)?;
        let status = Standing::of(&session.state);
        let open = status == Standing::RequiresInput;
        let missing = if open { self.missing(id, session)? } else { Vec::new() };
        Ok(json(&PageWire {
            id: id.as_str(),
            object,
            closed: !open,
            livemode: false,
            requirements: Requirements { errors: [], missing },
            status: status.as_str(),
            submitted: matches!(status, Standing::Processing | Standing::Verified),
        }))
    }
}

const PAGE_DATA: &str = "identity.verification_page_data";

/// Which pictures an examination of these checks needs.
const fn pictures(asks: Asks) -> Pictures {
    match (asks.document, asks.selfie) {
        (true, true) => Pictures::DocumentAndSelfie,
        (true, false) => Pictures::Document,
        (false, _) => Pictures::None,
    }
}
