//! Every fault as it shows on the wire.
//!
//! | fault | HTTP/1 | HTTP/2 |
//! | --- | --- | --- |
//! | `error` | the dialect's own error | the same |
//! | `html` | a gateway's page | the same |
//! | `connection_reset_by_peer` | RST before the answer, in its head, or in its body | RST before the answer, always; other streams suffer with it |
//! | `hang` | nothing, then RST | nothing, then RST, for all streams |
//! | `empty_response` | FIN before the answer | FIN without GOAWAY; other streams suffer with it |
//! | `random_data_then_close` | 256 bytes that are no answer, FIN | the same bytes where a frame should be, FIN |
//! | `malformed_response_chunk` | the head, no chunk, FIN | the stream is reset (`INTERNAL_ERROR`): there are no chunks |
//! | `truncated_body` | half of the body, FIN | the stream ends after half of its announced length |
//! | `malformed_json`, `wrong_content_type`, `missing_fields` | a whole answer that is wrong | the same |
//! | `chunked_dribble_delay` | chunks | DATA frames |
//! | `lost_upload`, `stale_read` | a true answer, of a core that lies | the same |
//!
//! On HTTP/1 only the request that is befallen suffers, and those that came after it on the same connection: earlier answers are on their way before.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use kycsim_scenarios::vendor::{Fault, ResetMoment};

use super::answer::Answer;
use super::exchange::{Exchange, Unanswered};
use super::line::Version;
use super::spoil::{Keep, Spoil};
use crate::dialects::Reply;
use crate::tenant::Tenant;

impl Exchange {
    /// Lets a fault befall an answer. Where nothing of `said` is sent it may be any.
    pub(super) async fn befall(
        self: Arc<Self>,
        tenant: &Tenant,
        fault: Fault,
        said: Reply,
        version: Version,
        name: &str,
    ) -> Result<Response<Answer>, Unanswered> {
        let whole = |reply: Reply| Ok(reply.map(Answer::whole));
        let dialect = &tenant.dialect;
        match fault {
            Fault::Error { status } => whole(dialect.fail(status, name)),
            Fault::Html { status } => whole(gateway_page(status)),
            Fault::ConnectionResetByPeer { moment } => {
                let keep = match moment {
                    ResetMoment::BeforeHeaders => Keep::Nothing,
                    ResetMoment::InHeaders => Keep::HalfHead,
                    ResetMoment::InBody => Keep::HalfBody,
                };
                self.spoil(Spoil::reset_after(keep), said.map(Answer::whole), version).await
            }
            Fault::Hang => {
                self.hang(tenant).await;
                self.spoil(Spoil::reset_after(Keep::Nothing), said.map(Answer::whole), version).await
            }
            Fault::EmptyResponse => self.spoil(Spoil::close_after(Keep::Nothing), said.map(Answer::whole), version).await,
            Fault::RandomDataThenClose => self.spoil(Spoil::GARBAGE, said.map(Answer::whole), version).await,
            Fault::MalformedResponseChunk => match version {
                Version::Http1 => self.spoil(Spoil::BAD_CHUNK, said.map(Answer::of_unknown_length), version).await,
                Version::Http2 => Err(Unanswered),
            },
            Fault::TruncatedBody => match version {
                Version::Http1 => self.spoil(Spoil::close_after(Keep::HalfBody), said.map(Answer::whole), version).await,
                Version::Http2 => whole(short_of_its_length(said)),
            },
            Fault::MalformedJson => whole(said.map(|body| break_json(&body))),
            Fault::WrongContentType => {
                let mut said = said;
                said.headers_mut().insert(CONTENT_TYPE, HTML);
                whole(said)
            }
            Fault::ChunkedDribbleDelay { chunks, over } => {
                let (head, body) = said.into_parts();
                Ok(Response::from_parts(head, Answer::drip(self, body, chunks, over)))
            }
            // A refusal has nothing to miss: it stays as it is.
            Fault::MissingFields if said.status().is_success() => whole(said.map(|body| dialect.hollow(&body))),
            Fault::MissingFields | Fault::LostUpload | Fault::StaleRead { .. } => whole(said),
        }
    }

    /// Has `said` spoiled on its way out.
    async fn spoil(&self, spoil: Spoil, said: Response<Answer>, version: Version) -> Result<Response<Answer>, Unanswered> {
        match version {
            Version::Http1 => {
                // A client that does not read its earlier answers has no claim to see how this one fails.
                tokio::select! {
                    biased;
                    () = self.order.spoil_next(spoil) => Ok(said),
                    () = self.clock().wait_real_for(self.limits.head_within) => Err(Unanswered),
                }
            }
            Version::Http2 => {
                self.order.spoil_now(spoil);
                Err(Unanswered) // resets the stream, which makes the line write, and so carry out the order
            }
        }
    }
}

pub(crate) const HTML: HeaderValue = HeaderValue::from_static("text/html");

/// What a gateway says whose upstream fails. It knows no request ids.
pub(crate) fn gateway_page(status: u16) -> Reply {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let title = format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or("Error"));
    let page = format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n<hr><center>gateway</center>\r\n</body>\r\n</html>\r\n"
    );
    let mut reply = Response::new(Bytes::from(page));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HTML);
    reply
}

/// Announces the whole body, and has only half of it.
fn short_of_its_length(said: Reply) -> Reply {
    let length = said.body().len();
    let mut short = said.map(|body| body.slice(..length / 2));
    short.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    short
}

/// Returns as many bytes that are not JSON: the first half, then nothing that would end what it began.
pub(crate) fn break_json(body: &Bytes) -> Bytes {
    let mut broken = BytesMut::from(&body[..body.len() / 2]);
    if broken.len() < body.len() {
        broken.extend_from_slice(b"<"); // no JSON text goes on like this, but for a string, and that then has no end
    }
    broken.resize(body.len(), b' ');
    broken.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_json_is_as_long_and_no_json_wherever_it_breaks() {
        let body = br#"{"id": "ses_1", "attempt": 1, "decision": {"reasons": [], "at": null}}"#;
        for end in 1..=body.len() {
            let broken = break_json(&Bytes::copy_from_slice(&body[..end]));
            assert_eq!(broken.len(), end);
            assert!(serde_json::from_slice::<serde_json::Value>(&broken).is_err(), "{broken:?}");
        }
        for number in ["1", "12", "1234"] {
            assert!(serde_json::from_slice::<serde_json::Value>(&break_json(&Bytes::from_static(number.as_bytes()))).is_err());
        }
    }

    #[test]
    fn a_gateway_speaks_html() {
        let page = gateway_page(504);
        assert_eq!((page.status(), page.headers()["content-type"].to_str().unwrap()), (StatusCode::GATEWAY_TIMEOUT, "text/html"));
        assert!(str::from_utf8(page.body()).unwrap().contains("<h1>504 Gateway Timeout</h1>"));
    }
}
