//! Calls to Onfido, and its calls to us.

use axum::http::HeaderMap;
use data_encoding::HEXLOWER;
use reqwest::header::AUTHORIZATION;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder};
use serde::de::DeserializeOwned;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::country::alpha_3;
use super::errors::{may_want_media, understand};
use super::signature::verify;
use super::wire::{
    ApplicantWire, CheckWire, ChecksWire, DocumentsWire, LivePhotosWire, Progress, ReportsWire, UploadWire, attempt_tag, conclude,
    document_type, read_callback,
};
use crate::config::OnboardingConfig;
use crate::decision::{Report, SessionState};
use crate::id::{Correlation, ExaminationId, SessionId};
use crate::secret::{CallbackKey, Secret};
use crate::vendor::line::Line;
use crate::vendor::{CallError, Created, Delivery, HearError, Known, NewSession, Picture};
use crate::verification::ImageKind;

/// What is examined of each applicant: all that they have consented to.
const REPORTS: [&str; 3] = ["document", "facial_similarity_photo", "watchlist_standard"];
/// Onfido wants names, and we hold none: it is enough that it reads them from the document.
const PLACEHOLDER: (&str, &str) = ("Applicant", "Unnamed");

#[derive(Debug)]
pub(crate) struct Vendor {
    line: Line,
    key: Secret,
    callback_key: CallbackKey,
}

impl Vendor {
    pub(crate) fn new(config: &OnboardingConfig, line: Line) -> Self {
        Self { line, key: config.vendor_api_key.clone(), callback_key: config.callback_secret.whole() }
    }

    /// Makes an applicant; after a lost answer perhaps another one, which costs nothing as it is never checked.
    pub(crate) async fn create_session(&self, correlation: &Correlation, session: &NewSession<'_>) -> Result<Created, CallError> {
        let (first_name, last_name) = PLACEHOLDER;
        let mut body = json!({
            "first_name": first_name,
            "last_name": last_name,
            "id_numbers": [{ "type": "other", "value": session.reference }],
        });
        if let (Some(country), Some(members)) = (alpha_3(session.country), body.as_object_mut()) {
            members.insert("location".to_owned(), json!({ "country_of_residence": country }));
        }
        let request = self.request(Method::POST, "/applicants", correlation).json(&body);
        let answer = self.line.perform(request, understand).await?;
        let applicant: ApplicantWire = answer.json("not an applicant")?;
        let session = applicant.session().ok_or_else(|| answer.unreadable("not an applicant"))?;
        Ok(Created { session, version: 0 })
    }

    pub(crate) async fn upload(&self, correlation: &Correlation, known: &Known, picture: Picture) -> Result<(), CallError> {
        let (path, name) = match picture.kind {
            ImageKind::Document => ("/documents", "document.jpg"),
            ImageKind::Selfie => ("/live_photos", "selfie.jpg"),
        };
        let file = Part::bytes(picture.bytes).file_name(name).mime_str("image/jpeg").map_err(CallError::Unreachable)?;
        let mut form = Form::new().text("applicant_id", known.session.to_string()).part("file", file);
        if picture.kind == ImageKind::Document {
            form = form.text("type", document_type(known.document_type)).text("side", "front");
            if let Some(country) = alpha_3(&known.country) {
                form = form.text("issuing_country", country);
            }
        }
        let answer = self.line.perform(self.request(Method::POST, path, correlation).multipart(form), understand).await?;
        let upload: UploadWire = answer.json("not an upload")?;
        if upload.id.is_empty() { Err(answer.unreadable("not an upload")) } else { Ok(()) }
    }

    /// Makes a check, unless there is one. An earlier try may have made it without our hearing of it, and a second one would be a second examination.
    pub(crate) async fn submit(&self, correlation: &Correlation, known: &Known) -> Result<Report, CallError> {
        let check = match self.present_check(correlation, known).await? {
            Some(check) => check,
            None => match self.make_check(correlation, known).await {
                Err(error) if may_want_media(&error) && !self.has_media(correlation, &known.session).await? => {
                    return Err(CallError::ImagesMissing);
                }
                made => made?,
            },
        };
        Ok(known.confirmed(Some(check)))
    }

    pub(crate) async fn fetch(&self, correlation: &Correlation, known: &Known) -> Result<Report, CallError> {
        let (session, version, attempt) = (known.session.clone(), known.version_now(), known.attempt);
        let Some(examination) = known.examination() else {
            return Ok(Report { session, version, attempt, examination: None, state: SessionState::Collecting, decision: None });
        };
        let request = self.request(Method::GET, &format!("/checks/{examination}"), correlation);
        let answer = self.line.perform(request, understand).await?;
        let progress = answer.json::<CheckWire>("not a check")?.progress().ok_or_else(|| answer.unreadable("unknown words"))?;
        let reports = match progress {
            Progress::Consider => self.get::<ReportsWire>(&format!("/reports?check_id={examination}"), correlation).await?.reports,
            Progress::Working | Progress::Clear | Progress::Withdrawn => Vec::new(),
        };
        let (state, decision) = conclude(progress, &reports, attempt);
        Ok(Report { session, version, attempt, examination: Some(examination.clone()), state, decision })
    }

    pub(crate) fn hear(&self, headers: &HeaderMap, body: &[u8]) -> Result<Option<Delivery>, HearError> {
        verify(self.callback_key.as_bytes(), headers, body)?;
        let Some(callback) = read_callback(body)? else { return Ok(None) };
        // Repetitions are alike to the byte: what they say, and when it was, is all there is to know one by.
        let event = HEXLOWER.encode(&Sha256::digest(body));
        Ok(Some(Delivery { event, callback }))
    }

    /// Returns the check of the present attempt, if it has been made.
    async fn present_check(&self, correlation: &Correlation, known: &Known) -> Result<Option<ExaminationId>, CallError> {
        let checks: ChecksWire = self.get(&format!("/checks?applicant_id={}", known.session), correlation).await?;
        Ok(checks.present(known.attempt, &known.examinations))
    }

    async fn make_check(&self, correlation: &Correlation, known: &Known) -> Result<ExaminationId, CallError> {
        let body = json!({ "applicant_id": known.session.as_str(), "report_names": REPORTS, "tags": [attempt_tag(known.attempt)] });
        let answer = self.line.perform(self.request(Method::POST, "/checks", correlation).json(&body), understand).await?;
        answer.json::<CheckWire>("not a check")?.examination().ok_or_else(|| answer.unreadable("not a check"))
    }

    /// Asks whether there is something to examine. What a refusal for want of media looks like is not documented, so it is not guessed from that.
    async fn has_media(&self, correlation: &Correlation, applicant: &SessionId) -> Result<bool, CallError> {
        let documents: DocumentsWire = self.get(&format!("/documents?applicant_id={applicant}"), correlation).await?;
        let photos: LivePhotosWire = self.get(&format!("/live_photos?applicant_id={applicant}"), correlation).await?;
        let any = |uploads: &[UploadWire]| uploads.iter().any(|upload| !upload.id.is_empty());
        Ok(any(&documents.documents) && any(&photos.live_photos))
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, correlation: &Correlation) -> Result<T, CallError> {
        self.line.perform(self.request(Method::GET, path, correlation), understand).await?.json("not what was asked for")
    }

    fn request(&self, method: Method, path: &str, correlation: &Correlation) -> RequestBuilder {
        let token = format!("Token token={}", self.key.expose());
        self.line.request(method, &format!("/v3.6{path}"), correlation).header(AUTHORIZATION, token)
    }
}
