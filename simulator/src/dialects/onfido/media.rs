//! Documents, live photos, id photos, videos and motion captures. Their bytes are looked at while they stream by, and kept nowhere.

use hyper::StatusCode;
use kycsim_scenarios::SimTime;
use kycsim_scenarios::vendor::{Check as NeutralCheck, SessionState};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::countries::is_known;
use super::desk::{OnfidoDesk, Visit};
use super::errors::{BLANK, bad_request, gone, invalid, not_found};
use super::fields::truth;
use super::report_kinds::Need;
use super::shelf::Named;
use super::wire::{self, Time, href, uuid};
use crate::clock::WallEpoch;
use crate::dialects::{Payload, Reply};
use crate::http::{Form, Part};
use crate::picture::{Picture, PictureKind};
use crate::refusal::Refusal;
use crate::session::{ImageSlot, Side};

/// How many uploads an applicant may have: a further one is refused, 422.
const MEDIA_MAX: usize = 200;
/// What a live photo that breaks off is told.
const NO_FACE: &str =
    "Face not detected in image. Note this validation can be disabled by setting the advanced_validation parameter to false";
/// The longest file, as everywhere.
const FILE_MAX: u64 = 10 * 1024 * 1024;

/// What kind of thing was uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum MediumKind {
    Document,
    LivePhoto,
    IdPhoto,
    LiveVideo,
    MotionCapture,
}

impl MediumKind {
    /// Its name in addresses and lists.
    pub(super) const fn plural(self) -> &'static str {
        match self {
            Self::Document => "documents",
            Self::LivePhoto => "live_photos",
            Self::IdPhoto => "id_photos",
            Self::LiveVideo => "live_videos",
            Self::MotionCapture => "motion_captures",
        }
    }

    /// Its name in messages.
    const fn title(self) -> &'static str {
        match self {
            Self::Document => "Document",
            Self::LivePhoto => "LivePhoto",
            Self::IdPhoto => "IdPhoto",
            Self::LiveVideo => "LiveVideo",
            Self::MotionCapture => "MotionCapture",
        }
    }

    /// Which of the core's checks it serves; none: no check looks at it.
    pub(super) const fn check(self) -> Option<NeutralCheck> {
        match self {
            Self::Document => Some(NeutralCheck::Document),
            Self::LivePhoto | Self::LiveVideo | Self::MotionCapture => Some(NeutralCheck::Selfie),
            Self::IdPhoto => None,
        }
    }

    /// What it fulfils.
    const fn fulfils(self) -> Option<Need> {
        match self {
            Self::Document => Some(Need::Document),
            Self::LivePhoto => Some(Need::LivePhoto),
            Self::LiveVideo => Some(Need::LiveVideo),
            Self::MotionCapture => Some(Need::MotionCapture),
            Self::IdPhoto => None,
        }
    }
}

/// Something that was uploaded.
#[derive(Serialize, Deserialize)]
pub(super) struct Medium {
    id: String,
    pub(super) kind: MediumKind,
    pub(super) applicant: String,
    created_at: SimTime,
    file: File,
    about: About,
    /// What the core takes it for. A film, or a document in PDF, stands for a picture of its length.
    pub(super) picture: Picture,
}

impl Named for Medium {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Medium {
    /// Which of the core's pictures it is.
    pub(super) fn slot(&self) -> Option<ImageSlot> {
        match self.kind.check()? {
            NeutralCheck::Document if self.about.side.as_deref() == Some("back") => Some(ImageSlot::Document(Side::Back)),
            NeutralCheck::Document => Some(ImageSlot::Document(Side::Front)),
            NeutralCheck::Selfie | NeutralCheck::Screening => Some(ImageSlot::Selfie),
        }
    }

    /// Which need of a report it fulfils.
    pub(super) fn fulfils(&self) -> Option<Need> {
        self.kind.fulfils()
    }

    /// What kind of document it is, and from where.
    pub(super) fn document(&self) -> (Option<&str>, Option<&str>) {
        (self.about.r#type.as_deref(), self.about.issuing_country.as_deref())
    }

    /// Returns its addresses, as reports have them.
    pub(super) fn reference(&self) -> Value {
        let path = format!("{}/{}", self.kind.plural(), self.id);
        json!({"id": self.id, "href": href(&path), "download_href": href(&format!("{path}/download"))})
    }
}

/// What a file is.
#[derive(Clone, Serialize, Deserialize)]
struct File {
    name: String,
    bytes: u64,
    /// Its extension: `png`.
    r#type: String,
}

/// What is said of a document with it.
#[derive(Clone, Default, Serialize, Deserialize)]
struct About {
    r#type: Option<String>,
    side: Option<String>,
    issuing_country: Option<String>,
}

/// An upload.
pub(super) struct NewMedium {
    pub(super) kind: MediumKind,
    pub(super) applicant: String,
    file: File,
    about: About,
    picture: Picture,
}

/// The main types of documents. The API knows 76; others are refused.
const DOCUMENT_TYPES: [&str; 30] = [
    "passport",
    "driving_licence",
    "national_identity_card",
    "residence_permit",
    "passport_card",
    "tax_id",
    "visa",
    "voter_id",
    "work_permit",
    "asylum_registration_card",
    "social_security_card",
    "postal_identity_card",
    "national_health_insurance_card",
    "service_id_card",
    "immigration_status_document",
    "consular_id",
    "birth_certificate",
    "international_driving_licence",
    "bank_statement",
    "bank_building_society_statement",
    "utility_bill",
    "council_tax",
    "government_letter",
    "benefit_letters",
    "payslip",
    "mobile_phone_bill",
    "identity_document_with_address",
    "diplomatic_id",
    "travel_document",
    "unknown",
];

impl NewMedium {
    /// Reads an upload.
    pub(super) fn read(kind: MediumKind, payload: Payload) -> Result<Self, Refusal> {
        let Payload::Form(Form { parts }) = payload else { return Err(bad_request("The body is not a multipart form")) };
        let (mut applicant, mut file, mut about) = (None, None, About::default());
        for part in parts {
            match part.name.as_str() {
                "file" => file = Some(part),
                "applicant_id" => applicant = text(part),
                "type" => about.r#type = text(part),
                "side" => about.side = text(part),
                "issuing_country" => about.issuing_country = text(part),
                "advanced_validation" | "validate_image_quality" => {
                    let said = text(part);
                    said.map_or(Ok(true), |said| truth(&said).ok_or_else(|| invalid("advanced_validation", "must be a boolean")))?;
                }
                _ => {} // where the device is, challenges, and what else the SDKs send
            }
        }
        let applicant = applicant.ok_or_else(|| invalid("applicant_id", BLANK))?;
        if kind == MediumKind::Document {
            about.check()?;
        } else {
            about = About::default();
        }
        let (file, picture) = looked_at(kind, file.ok_or_else(|| invalid("file", BLANK))?)?;
        Ok(Self { kind, applicant, file, about, picture })
    }

    /// Returns a sample, as the hosted page takes one.
    pub(super) fn sample(kind: MediumKind, applicant: &str) -> Self {
        let picture = Picture { kind: PictureKind::Png, bytes: wire::PICTURE.len() as u64 };
        let document = kind == MediumKind::Document;
        Self {
            kind,
            applicant: applicant.to_owned(),
            file: File { name: "sample.png".to_owned(), bytes: picture.bytes, r#type: "png".to_owned() },
            about: About {
                r#type: document.then(|| "passport".to_owned()),
                side: document.then(|| "front".to_owned()),
                issuing_country: None,
            },
            picture,
        }
    }
}

impl About {
    fn check(&self) -> Result<(), Refusal> {
        match self.r#type.as_deref() {
            None => return Err(invalid("type", BLANK)),
            Some(kind) if !DOCUMENT_TYPES.contains(&kind) => return Err(invalid("type", "is not a document type")),
            Some(_) => {}
        }
        if !matches!(self.side.as_deref(), None | Some("front" | "back")) {
            return Err(invalid("side", "must be front or back"));
        }
        match self.issuing_country.as_deref() {
            Some(country) if !is_known(country) => Err(invalid("issuing_country", "is not a country: three capital letters of ISO 3166-1")),
            Some(_) | None => Ok(()),
        }
    }
}

fn text(part: Part) -> Option<String> {
    part.text.filter(|text| !text.is_empty())
}

/// Looks at a file: pictures by their first and last bytes, what is no picture by its name only.
fn looked_at(kind: MediumKind, part: Part) -> Result<(File, Picture), Refusal> {
    if part.bytes > FILE_MAX {
        return Err(Refusal::BodyTooLarge { limit: FILE_MAX });
    }
    let name = part.file_name.unwrap_or_else(|| "file".to_owned());
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default();
    let stands_for_a_picture = match kind {
        MediumKind::Document => extension == "pdf",
        MediumKind::LiveVideo | MediumKind::MotionCapture => true,
        MediumKind::LivePhoto | MediumKind::IdPhoto => false,
    };
    let file = |kind: &str| File { name: name.clone(), bytes: part.bytes, r#type: kind.to_owned() };
    match part.picture {
        Ok(picture) => {
            let known = match picture.kind {
                PictureKind::Jpeg => "jpg",
                PictureKind::Png => "png",
            };
            Ok((file(known), picture))
        }
        Err(_) if stands_for_a_picture && part.bytes > 0 => {
            let r#type = if extension.is_empty() { "mp4" } else { &extension };
            Ok((file(r#type), Picture { kind: PictureKind::Jpeg, bytes: part.bytes }))
        }
        Err(Refusal::ImageTruncated) if kind == MediumKind::LivePhoto => Err(invalid("face_detection", NO_FACE)),
        Err(refusal) => Err(refusal),
    }
}

#[derive(Serialize)]
struct MediumWire<'a> {
    id: &'a str,
    created_at: Time,
    file_name: &'a str,
    file_size: u64,
    file_type: String,
    #[serde(flatten)]
    document: Option<DocumentWire<'a>>,
    href: String,
    download_href: String,
}

#[derive(Serialize)]
struct DocumentWire<'a> {
    r#type: Option<&'a str>,
    side: Option<&'a str>,
    issuing_country: Option<&'a str>,
    applicant_id: &'a str,
}

fn wire(medium: &Medium, wall: WallEpoch) -> MediumWire<'_> {
    let File { name, bytes, r#type } = &medium.file;
    let path = format!("{}/{}", medium.kind.plural(), medium.id);
    let is_document = medium.kind == MediumKind::Document;
    MediumWire {
        id: &medium.id,
        created_at: Time::of(wall, medium.created_at),
        file_name: name,
        file_size: *bytes,
        // Documents say their extension, all else its MIME type.
        file_type: if is_document { r#type.clone() } else { content_type(r#type).to_owned() },
        document: is_document.then(|| DocumentWire {
            r#type: medium.about.r#type.as_deref(),
            side: medium.about.side.as_deref(),
            issuing_country: medium.about.issuing_country.as_deref(),
            applicant_id: &medium.applicant,
        }),
        href: href(&path),
        download_href: href(&format!("{path}/download")),
    }
}

fn content_type(extension: &str) -> &'static str {
    match extension {
        "png" => "image/png",
        "jpg" => "image/jpeg",
        "pdf" => "application/pdf",
        _ => "video/mp4",
    }
}

impl OnfidoDesk {
    pub(super) fn medium(&self, kind: MediumKind, id: &str) -> Result<&Medium, Refusal> {
        let medium = self.state.media.get(id).filter(|medium| medium.kind == kind).ok_or_else(|| not_found(kind.title(), id))?;
        if self.applicant(&medium.applicant)?.is_deleted() { Err(gone("applicant")) } else { Ok(medium) }
    }

    /// Takes an upload in, and returns its id.
    pub(super) fn take_in(&mut self, new: &NewMedium, visit: &mut Visit<'_, '_>) -> Result<String, Refusal> {
        let applicant = self.present_applicant(&new.applicant)?;
        if applicant.media.len() >= MEDIA_MAX {
            return Err(invalid("applicant_id", format!("has {MEDIA_MAX} uploads already")));
        }
        let ordinal = (applicant.media.len() as u64).to_le_bytes();
        let medium = Medium {
            id: uuid(visit.counter.name(new.kind.plural(), &[new.applicant.as_bytes(), &ordinal])),
            kind: new.kind,
            applicant: new.applicant.clone(),
            created_at: visit.counter.now(),
            file: new.file.clone(),
            about: new.about.clone(),
            picture: new.picture,
        };
        let (id, session) = (medium.id.clone(), applicant.session().cloned());
        // A session that takes no pictures any more is left alone: the next one gets them.
        if let (Some(slot), Some(session)) = (medium.slot(), session) {
            if matches!(visit.counter.session(&session)?.state, SessionState::Collecting { .. }) {
                visit.counter.take_in(&session, slot, medium.picture)?;
            } else {
                self.applicant_mut(&new.applicant)?.behind = true;
            }
        }
        self.state.media.put(medium);
        self.applicant_mut(&new.applicant)?.media.push(id.clone());
        Ok(id)
    }

    pub(super) fn upload(&mut self, new: &NewMedium, visit: &mut Visit<'_, '_>) -> Result<Reply, Refusal> {
        let id = self.take_in(new, visit)?;
        Ok(wire::json(StatusCode::CREATED, &wire(self.medium(new.kind, &id)?, self.wall)))
    }

    pub(super) fn show_medium(&self, kind: MediumKind, id: &str) -> Result<Reply, Refusal> {
        Ok(wire::json(StatusCode::OK, &wire(self.medium(kind, id)?, self.wall)))
    }

    pub(super) fn list_media(&self, kind: MediumKind, applicant: &str) -> Result<Reply, Refusal> {
        let all = self.present_applicant(applicant)?.media.iter().filter_map(|id| self.state.media.get(id));
        let shown: Vec<_> = all.filter(|medium| medium.kind == kind).map(|medium| wire(medium, self.wall)).collect();
        Ok(wire::json(StatusCode::OK, &json!({ kind.plural(): shown })))
    }

    /// Hands out a file of the same kind: never the one that was uploaded.
    pub(super) fn download_medium(&self, kind: MediumKind, id: &str) -> Result<Reply, Refusal> {
        let File { name, r#type, .. } = &self.medium(kind, id)?.file;
        Ok(match content_type(r#type) {
            "application/pdf" => wire::download("application/pdf", name, wire::PDF),
            _ => wire::download("image/png", name, wire::PICTURE),
        })
    }

    /// Returns what is read of a document.
    pub(super) fn extract(&self, document: &str) -> Result<Reply, Refusal> {
        let medium = self.medium(MediumKind::Document, document)?;
        let profile = &self.applicant(&medium.applicant)?.profile;
        let (kind, country) = medium.document();
        let country = country.unwrap_or(super::reports::SANDBOX_COUNTRY);
        Ok(wire::json(
            StatusCode::OK,
            &json!({
                "document_id": document,
                "document_classification": {"issuing_country": country, "document_type": kind},
                "extracted_data": {
                    "document_number": super::reports::SANDBOX_NUMBER,
                    "first_name": profile.first_name,
                    "last_name": profile.last_name,
                    "date_of_birth": profile.dob.as_deref().unwrap_or(super::reports::SANDBOX_BIRTH),
                    "date_of_expiry": super::reports::SANDBOX_EXPIRY,
                    "issuing_country": country,
                },
            }),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, text: &str) -> Part {
        Part {
            name: name.to_owned(),
            file_name: None,
            bytes: text.len() as u64,
            text: Some(text.to_owned()),
            picture: Err(Refusal::NotAnImage),
        }
    }

    fn file(name: &str, picture: Result<Picture, Refusal>) -> Part {
        Part { name: "file".to_owned(), file_name: Some(name.to_owned()), bytes: 500, text: None, picture }
    }

    const PNG: Picture = Picture { kind: PictureKind::Png, bytes: 500 };

    fn read(kind: MediumKind, parts: Vec<Part>) -> Result<NewMedium, Refusal> {
        NewMedium::read(kind, Payload::Form(Form { parts }))
    }

    #[track_caller]
    fn check_refused(kind: MediumKind, parts: Vec<Part>, expected: &Refusal) {
        assert_eq!(&read(kind, parts).err().unwrap(), expected);
    }

    #[test]
    fn an_upload_says_whose_it_is_and_what() {
        use MediumKind::{Document, LivePhoto, LiveVideo};
        let applicant = || part("applicant_id", "a");
        check_refused(Document, vec![part("type", "passport"), file("f.png", Ok(PNG))], &invalid("applicant_id", BLANK));
        check_refused(Document, vec![applicant(), file("f.png", Ok(PNG))], &invalid("type", BLANK));
        check_refused(LivePhoto, vec![applicant()], &invalid("file", BLANK));
        check_refused(LivePhoto, vec![applicant(), file("f.pdf", Err(Refusal::NotAnImage))], &Refusal::NotAnImage);
        let pdf = vec![applicant(), part("type", "passport"), file("f.PDF", Err(Refusal::NotAnImage))];
        assert_eq!(read(Document, pdf).ok().map(|new| new.file.r#type).as_deref(), Some("pdf"));
        check_refused(LivePhoto, vec![applicant(), file("f.png", Err(Refusal::ImageTruncated))], &invalid("face_detection", NO_FACE));
        assert!(read(LiveVideo, vec![applicant(), file("film", Err(Refusal::NotAnImage))]).is_ok());
        for said in ["True", "false", "TRUE"] {
            assert!(read(LivePhoto, vec![applicant(), part("advanced_validation", said), file("f.png", Ok(PNG))]).is_ok());
        }
        let back = vec![applicant(), part("type", "passport"), part("side", "middle"), file("f.png", Ok(PNG))];
        check_refused(Document, back, &invalid("side", "must be front or back"));
    }
}
