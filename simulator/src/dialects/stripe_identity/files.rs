//! Files and links to them. What a picture showed is never kept: every file has the same contents, one grey dot.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hyper::StatusCode;
use kycsim_scenarios::vendor::{Check, Operation};
use serde::{Deserialize, Serialize};

use super::desk::StripeDesk;
use super::errors::{invalid, missing, no_such, unknown};
use super::form::Fields;
use super::names::spell;
use super::particulars::{ID_MAX, Metadata};
use super::served::{Served, json, whole};
use super::shelf::{Created, Named, Paging};
use super::wire::List;
use crate::http::Form;
use crate::id::SessionId;
use crate::pass::Pass;
use crate::picture::{Picture, PictureKind};
use crate::refusal::Refusal;
use crate::world::Counter;

/// A PNG of one grey dot.
const DOT: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==";

/// What a customer wants of files and links.
pub(super) enum Ask {
    Create { purpose: Purpose, picture: Picture, by: Option<SessionId> },
    Retrieve(String),
    Contents(String),
    List { paging: Paging, purpose: Option<Purpose>, created: Created },
    Link { file: String, expires_at: Option<i64>, metadata: Metadata },
    RetrieveLink(String),
}

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Purpose {
    IdentityDocument,
    IdentityDocumentDownloadable,
    Selfie,
}

impl Purpose {
    const WORDS: &[(&str, Self)] = &[
        ("identity_document", Self::IdentityDocument),
        ("identity_document_downloadable", Self::IdentityDocumentDownloadable),
        ("selfie", Self::Selfie),
    ];

    const fn check(self) -> Check {
        match self {
            Self::IdentityDocument | Self::IdentityDocumentDownloadable => Check::Document,
            Self::Selfie => Check::Selfie,
        }
    }
}

/// One file, without its bytes.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct File {
    id: String,
    created: i64,
    pub(super) purpose: Purpose,
    pub(super) picture: Picture,
}

/// A link to a file.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Link {
    id: String,
    created: i64,
    expires_at: Option<i64>,
    file: String,
    metadata: BTreeMap<String, String>,
    url: String,
}

impl Named for File {
    fn id(&self) -> &str {
        &self.id
    }
}

impl Named for Link {
    fn id(&self) -> &str {
        &self.id
    }
}

#[derive(Serialize)]
struct FileWire<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    expires_at: Option<i64>,
    filename: Option<&'static str>,
    links: List<()>,
    purpose: Purpose,
    size: u64,
    title: Option<&'static str>,
    r#type: &'static str,
    url: String,
}

#[derive(Serialize)]
struct LinkWire<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    expired: bool,
    expires_at: Option<i64>,
    file: &'a str,
    livemode: bool,
    metadata: &'a BTreeMap<String, String>,
    url: Option<&'a str>,
}

impl Ask {
    /// Reads a form with a file in it, sent by the customer, or by the device that has this pass.
    pub(super) fn create(form: Form, pass: Option<&Pass>) -> Result<Self, Refusal> {
        let (mut purpose, mut file) = (None, None);
        for part in form.parts {
            match part.name.as_str() {
                "purpose" => purpose = part.text,
                "file" => file = Some(part.picture),
                _ => return Err(unknown(&part.name)),
            }
        }
        let purpose = purpose.filter(|text| !text.is_empty()).ok_or_else(|| missing("purpose"))?;
        let known = Purpose::WORDS.iter().find(|(word, _)| *word == purpose).map(|(_, purpose)| *purpose);
        let words: Vec<&str> = Purpose::WORDS.iter().map(|(word, _)| *word).collect();
        let purpose = known.ok_or_else(|| invalid(Some("purpose"), format!("Invalid purpose: must be one of {}", words.join(", "))))?;
        let picture = file.ok_or_else(|| missing("file"))??;
        Ok(Self::Create { purpose, picture, by: pass.map(|pass| pass.session.clone()) })
    }

    pub(super) fn retrieve(id: &str) -> Self {
        Self::Retrieve(id.to_owned())
    }

    pub(super) fn contents(id: &str) -> Self {
        Self::Contents(id.to_owned())
    }

    pub(super) fn list(fields: &mut Fields) -> Result<Self, Refusal> {
        let purpose = fields.choice("purpose", Purpose::WORDS)?;
        Ok(Self::List { paging: Paging::read(fields)?, purpose, created: Created::read(fields)? })
    }

    pub(super) fn link(fields: &mut Fields) -> Result<Self, Refusal> {
        let file = fields.required("file", ID_MAX)?;
        Ok(Self::Link { file, expires_at: fields.integer("expires_at")?, metadata: Metadata::read(fields)? })
    }

    pub(super) fn retrieve_link(id: &str) -> Self {
        Self::RetrieveLink(id.to_owned())
    }

    pub(super) const fn operation(&self) -> Operation {
        match self {
            Self::Create { .. } => Operation::Upload,
            Self::Retrieve(_) | Self::Contents(_) | Self::List { .. } | Self::Link { .. } | Self::RetrieveLink(_) => Operation::Manage,
        }
    }

    pub(super) const fn check(&self) -> Option<Check> {
        match self {
            Self::Create { purpose, .. } => Some(purpose.check()),
            Self::Retrieve(_) | Self::Contents(_) | Self::List { .. } | Self::Link { .. } | Self::RetrieveLink(_) => None,
        }
    }

    pub(super) const fn session(&self) -> Option<&SessionId> {
        match self {
            Self::Create { by, .. } => by.as_ref(),
            Self::Retrieve(_) | Self::Contents(_) | Self::List { .. } | Self::Link { .. } | Self::RetrieveLink(_) => None,
        }
    }
}

impl StripeDesk {
    pub(super) fn serve_files(&mut self, ask: &Ask, base: &str, counter: &Counter<'_>) -> Result<Served, Refusal> {
        let file = |desk: &Self, id: &str, param| -> Result<File, Refusal> {
            desk.known.files.get(id).cloned().ok_or_else(|| no_such("file upload", id, param))
        };
        match ask {
            Ask::Create { purpose, picture, .. } => {
                let id = self.take_file(*purpose, *picture, counter);
                Ok(json(&wire(&file(self, &id, "file")?, base)))
            }
            Ask::Retrieve(id) => Ok(json(&wire(&file(self, id, "file")?, base))),
            Ask::Contents(id) => {
                file(self, id, "file")?;
                Ok(whole(StatusCode::OK, "image/png", BASE64_STANDARD.decode(DOT).unwrap_or_default())) // written here, so it is base64
            }
            Ask::List { paging, purpose, created } => {
                let picks = |file: &File| purpose.is_none_or(|purpose| file.purpose == purpose) && created.has(file.created);
                let page = self.known.files.page(paging, "file upload", picks)?;
                let data = page.things.iter().map(|file| wire(file, base)).collect();
                Ok(json(&List::new("/v1/files", data, page.has_more)))
            }
            Ask::Link { file: id, expires_at, metadata } => {
                file(self, id, "file")?;
                let serial = self.known.links.count().to_le_bytes();
                let mut link = Link {
                    id: spell("link_1K", counter.name("a link to a file", &[&serial])),
                    created: self.second(counter.now()),
                    expires_at: *expires_at,
                    file: id.clone(),
                    metadata: BTreeMap::new(),
                    url: contents_url(base, id),
                };
                metadata.apply(&mut link.metadata)?;
                let served = self.show_link(&link, counter);
                self.known.links.put(link);
                Ok(served)
            }
            Ask::RetrieveLink(id) => {
                let link = self.known.links.get(id).ok_or_else(|| no_such("file link", id, "link"))?;
                Ok(self.show_link(link, counter))
            }
        }
    }

    /// Takes a file in, and returns its id.
    pub(super) fn take_file(&mut self, purpose: Purpose, picture: Picture, counter: &Counter<'_>) -> String {
        let serial = self.known.files.count().to_le_bytes();
        let id = spell("file_1K", counter.name("a file", &[&serial]));
        self.known.files.put(File { id: id.clone(), created: self.second(counter.now()), purpose, picture });
        id
    }

    /// Takes in a file as if somebody had photographed something.
    pub(super) fn take_sample(&mut self, purpose: Purpose, counter: &Counter<'_>) -> String {
        self.take_file(purpose, Picture { kind: PictureKind::Png, bytes: (DOT.len() / 4 * 3) as u64 }, counter)
    }

    fn show_link(&self, link: &Link, counter: &Counter<'_>) -> Served {
        let expired = link.expires_at.is_some_and(|expires| expires <= self.second(counter.now()));
        json(&LinkWire {
            id: &link.id,
            object: "file_link",
            created: link.created,
            expired,
            expires_at: link.expires_at,
            file: &link.file,
            livemode: false,
            metadata: &link.metadata,
            url: (!expired).then_some(&link.url),
        })
    }
}

fn wire<'a>(file: &'a File, base: &str) -> FileWire<'a> {
    FileWire {
        id: &file.id,
        object: "file",
        created: file.created,
        expires_at: None,
        filename: None, // it is not kept
        links: List::new("/v1/file_links", Vec::new(), false),
        purpose: file.purpose,
        size: file.picture.bytes,
        title: None,
        r#type: match file.picture.kind {
            PictureKind::Jpeg => "jpg",
            PictureKind::Png => "png",
        },
        url: contents_url(base, &file.id),
    }
}

fn contents_url(base: &str, id: &str) -> String {
    format!("{base}/v1/files/{id}/contents")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dot_is_a_whole_picture() {
        let mut glimpse = crate::picture::Glimpse::default();
        glimpse.see(&BASE64_STANDARD.decode(DOT).unwrap());
        assert_eq!(glimpse.conclude().unwrap().kind, PictureKind::Png);
    }
}
