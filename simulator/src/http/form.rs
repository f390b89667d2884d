//! Multipart forms: short texts are kept, files are only looked at while they stream by.

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use hyper::body::Body;
use multer::{Field, Multipart};

use super::body::{ReadBodyError, pieces};
use crate::picture::{Glimpse, Picture};
use crate::refusal::Refusal;

/// The longest picture.
const PICTURE_MAX: u64 = 10 * 1024 * 1024;
/// The longest text that a form may hold.
const TEXT_MAX: usize = 256;
/// No form has that many parts.
const PARTS_MAX: usize = 16;

/// A form as it was sent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Form {
    pub(crate) parts: Vec<Part>,
}

/// One part of a form. Whether it is a text or a file, its name decides, and so the dialect.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) name: String,
    /// What the file is called, if it is one: its sender says so.
    pub(crate) file_name: Option<String>,
    /// How long it is.
    pub(crate) bytes: u64,
    /// What it says, if it is short and a text.
    pub(crate) text: Option<String>,
    /// What it is as a file, or why it is no good as one.
    pub(crate) picture: Result<Picture, Refusal>,
}

/// Reads a form to its end, whatever is wrong with it.
pub(super) async fn read_form<B>(body: B, boundary: &str) -> Result<Result<Form, Refusal>, ReadBodyError>
where
    B: Body<Data = Bytes> + Unpin + Send,
{
    let mut failed = None;
    let mut pieces = pieces(body).inspect_err(|error| failed = Some(*error));
    let form = read_parts(Multipart::new(&mut pieces, boundary)).await;
    while pieces.next().await.is_some_and(|piece| piece.is_ok()) {} // what a malformed form has left
    match failed {
        Some(error) => Err(error),
        None => Ok(form.map_err(|_| Refusal::MalformedMultipart)),
    }
}

async fn read_parts(mut multipart: Multipart<'_>) -> multer::Result<Form> {
    let mut form = Form::default();
    while let Some(field) = multipart.next_field().await? {
        let part = read_part(field).await?;
        if form.parts.len() == PARTS_MAX {
            return Err(multer::Error::IncompleteStream); // as good as malformed
        }
        form.parts.push(part);
    }
    Ok(form)
}

async fn read_part(mut field: Field<'_>) -> multer::Result<Part> {
    let name = field.name().unwrap_or_default().to_owned();
    let file_name = field.file_name().map(|name| name.chars().take(TEXT_MAX).collect());
    let (mut glimpse, mut start) = (Glimpse::default(), Vec::new());
    while let Some(chunk) = field.chunk().await? {
        glimpse.see(&chunk);
        let room = (TEXT_MAX + 1).saturating_sub(start.len());
        start.extend_from_slice(&chunk[..room.min(chunk.len())]);
    }
    let text = if start.len() > TEXT_MAX { None } else { String::from_utf8(start).ok() };
    let picture = if glimpse.bytes() > PICTURE_MAX { Err(Refusal::BodyTooLarge { limit: PICTURE_MAX }) } else { glimpse.conclude() };
    Ok(Part { name, file_name, bytes: glimpse.bytes(), text, picture })
}

#[cfg(test)]
mod tests {
    use http_body_util::Full;

    use super::*;

    async fn read(body: &str) -> Result<Form, Refusal> {
        read_form(Full::new(Bytes::from(body.replace('\n', "\r\n"))), "b").await.unwrap()
    }

    #[tokio::test]
    async fn the_parts_of_a_form_are_texts_and_pictures() {
        let long = "x".repeat(TEXT_MAX + 1);
        let form = read(&format!(
            "--b\nContent-Disposition: form-data; name=\"side\"\n\nfront\n--b\nContent-Disposition: form-data; name=\"file\"\n\n{long}\n--b--\n"
        ))
        .await
        .unwrap();
        let [side, file] = &form.parts[..] else { panic!("{form:?}") };
        assert_eq!((side.name.as_str(), side.text.as_deref()), ("side", Some("front")));
        assert_eq!((file.name.as_str(), file.text.as_deref()), ("file", None));
        assert_eq!(file.picture, Err(Refusal::NotAnImage));
    }

    #[tokio::test]
    async fn what_is_no_form_is_malformed() {
        let many = "--b\nContent-Disposition: form-data; name=\"a\"\n\n1\n".repeat(PARTS_MAX + 1) + "--b--\n";
        for body in ["", "nothing of the kind", "--b\nContent-Disposition: form-data; name=\"a\"\n\nbreaks o", &many] {
            assert_eq!(read(body).await.map(|form| form.parts.len()), Err(Refusal::MalformedMultipart), "{body}");
        }
    }
}
