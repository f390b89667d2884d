use std::time::Duration;

use crate::words::words;

/// How a request fails, as it shows on the wire. The words are WireMock's where it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// This status, with the dialect's own body.
    Error {
        /// 400 to 599.
        status: u16,
    },
    /// This status, with the HTML page of a gateway that is broken.
    Html {
        /// 400 to 599.
        status: u16,
    },
    /// The connection is reset.
    ConnectionResetByPeer {
        /// How much of the answer has been sent by then.
        moment: ResetMoment,
    },
    /// Never answered.
    Hang,
    /// Closed in good order without a byte of an answer.
    EmptyResponse,
    /// Bytes that are no HTTP, then closed.
    RandomDataThenClose,
    /// The status and headers of the true answer, then a chunk that is none, then closed.
    MalformedResponseChunk,
    /// The true answer, closed in good order before the body's announced end.
    TruncatedBody,
    /// The true answer with a body that is not JSON, its length and type as announced.
    MalformedJson,
    /// The true answer, announced as `text/html`.
    WrongContentType,
    /// The true answer in pieces, evenly over a time.
    ChunkedDribbleDelay {
        /// How many pieces.
        chunks: u32,
        /// From the first to the last.
        over: Duration,
    },
    /// Success, complete in form and incomplete in content: what the customer wants to know is missing from the body.
    MissingFields,
    /// An upload that is answered with success and lost.
    LostUpload,
    /// A read that shows the session as it was before a decision that is younger than this.
    StaleRead {
        /// How long the status lags.
        lag: Duration,
    },
}

words! {
    /// When a connection is reset.
    ResetMoment {
        /// Before the first byte of the answer.
        BeforeHeaders = "before_headers",
        /// When some of the headers have been sent.
        InHeaders = "in_headers",
        /// When the headers and half of the body have been sent.
        InBody = "in_body",
    }
}

words! {
    /// The word for each way to fail a request.
    FaultKind {
        /// [`Fault::Error`].
        Error = "error",
        /// [`Fault::Html`].
        Html = "html",
        /// [`Fault::ConnectionResetByPeer`].
        ConnectionResetByPeer = "connection_reset_by_peer",
        /// New connections are reset before a request can be made.
        Refuse = "refuse",
        /// [`Fault::Hang`].
        Hang = "hang",
        /// [`Fault::EmptyResponse`].
        EmptyResponse = "empty_response",
        /// [`Fault::RandomDataThenClose`].
        RandomDataThenClose = "random_data_then_close",
        /// [`Fault::MalformedResponseChunk`].
        MalformedResponseChunk = "malformed_response_chunk",
        /// [`Fault::TruncatedBody`].
        TruncatedBody = "truncated_body",
        /// [`Fault::MalformedJson`].
        MalformedJson = "malformed_json",
        /// [`Fault::WrongContentType`].
        WrongContentType = "wrong_content_type",
        /// [`Fault::ChunkedDribbleDelay`].
        ChunkedDribbleDelay = "chunked_dribble_delay",
        /// [`Fault::MissingFields`].
        MissingFields = "missing_fields",
        /// [`Fault::LostUpload`].
        LostUpload = "lost_upload",
        /// [`Fault::StaleRead`].
        StaleRead = "stale_read",
    }
}

impl Fault {
    /// The word for it.
    #[must_use]
    pub const fn kind(self) -> FaultKind {
        match self {
            Self::Error { .. } => FaultKind::Error,
            Self::Html { .. } => FaultKind::Html,
            Self::ConnectionResetByPeer { .. } => FaultKind::ConnectionResetByPeer,
            Self::Hang => FaultKind::Hang,
            Self::EmptyResponse => FaultKind::EmptyResponse,
            Self::RandomDataThenClose => FaultKind::RandomDataThenClose,
            Self::MalformedResponseChunk => FaultKind::MalformedResponseChunk,
            Self::TruncatedBody => FaultKind::TruncatedBody,
            Self::MalformedJson => FaultKind::MalformedJson,
            Self::WrongContentType => FaultKind::WrongContentType,
            Self::ChunkedDribbleDelay { .. } => FaultKind::ChunkedDribbleDelay,
            Self::MissingFields => FaultKind::MissingFields,
            Self::LostUpload => FaultKind::LostUpload,
            Self::StaleRead { .. } => FaultKind::StaleRead,
        }
    }

    /// Whether there is nothing to send without a true answer, so that the request is always performed.
    #[must_use]
    pub const fn spoils_a_true_answer(self) -> bool {
        match self {
            Self::MalformedResponseChunk
            | Self::TruncatedBody
            | Self::MalformedJson
            | Self::WrongContentType
            | Self::ChunkedDribbleDelay { .. }
            | Self::MissingFields
            | Self::LostUpload
            | Self::StaleRead { .. }
            | Self::ConnectionResetByPeer { moment: ResetMoment::InHeaders | ResetMoment::InBody } => true,
            Self::Error { .. }
            | Self::Html { .. }
            | Self::ConnectionResetByPeer { moment: ResetMoment::BeforeHeaders }
            | Self::Hang
            | Self::EmptyResponse
            | Self::RandomDataThenClose => false,
        }
    }
}

/// A fault that befalls one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Befalling {
    /// Which.
    pub fault: Fault,
    /// Whether what was asked for is done all the same, and only the answer fails.
    pub performed: bool,
}
