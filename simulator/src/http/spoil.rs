//! How bytes are spoiled on their way out, as a function of the bytes.

use bytes::Bytes;

/// What becomes of an answer, and then of its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spoil {
    pub(super) keep: Keep,
    /// What follows instead of the rest.
    pub(super) then: &'static [u8],
    pub(super) ending: Ending,
}

/// How much of the true answer is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    Nothing,
    /// Half of the bytes up to the body.
    HalfHead,
    Head,
    /// The head, and half of the body.
    HalfBody,
}

/// How the connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// In good order.
    Close,
    Reset,
}

impl Spoil {
    /// Reset when so much was sent.
    pub(super) const fn reset_after(keep: Keep) -> Self {
        Self { keep, then: b"", ending: Ending::Reset }
    }

    /// Closed in good order when so much was sent.
    pub(super) const fn close_after(keep: Keep) -> Self {
        Self { keep, then: b"", ending: Ending::Close }
    }

    /// Bytes that are no HTTP of any version, then closed.
    pub(super) const GARBAGE: Self = Self { keep: Keep::Nothing, then: &GARBAGE, ending: Ending::Close };

    /// The head of an answer in chunks, then something that is no chunk, then closed.
    pub(super) const BAD_CHUNK: Self = Self { keep: Keep::Head, then: b"no chunk begins like this\r\n", ending: Ending::Close };

    /// Returns what is sent instead of `answer`, a whole answer of HTTP/1 from its status line to its last byte.
    pub(super) fn apply(&self, answer: &[u8]) -> Bytes {
        let head = answer.windows(4).position(|end| end == b"\r\n\r\n").map_or(answer.len(), |at| at + 4);
        let kept = match self.keep {
            Keep::Nothing => 0,
            Keep::HalfHead => head / 2,
            Keep::Head => head,
            Keep::HalfBody => head + (answer.len() - head) / 2,
        };
        [&answer[..kept], self.then].concat().into()
    }
}

/// The same in every run, so that a failure can be had again.
const GARBAGE: [u8; 256] = garbage();

const fn garbage() -> [u8; 256] {
    let (mut bytes, mut at, mut state) = ([0; 256], 0, 0x9E37_79B9_u32);
    while at < bytes.len() {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        bytes[at] = state.to_le_bytes()[1] | 0x80; // no ASCII, and so neither a status line nor the text of one
        at += 1;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n12345";

    #[track_caller]
    fn check(spoil: Spoil, expected: &str) {
        assert_eq!(spoil.apply(ANSWER), expected);
    }

    #[test]
    fn an_answer_is_cut_where_it_should_be() {
        check(Spoil::reset_after(Keep::Nothing), "");
        check(Spoil::reset_after(Keep::HalfHead), "HTTP/1.1 200 OK\r\nco");
        check(Spoil::close_after(Keep::HalfBody), "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n12");
        check(Spoil::BAD_CHUNK, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nno chunk begins like this\r\n");
    }

    #[test]
    fn garbage_is_nothing_that_a_client_could_take_for_an_answer() {
        let sent = Spoil::GARBAGE.apply(ANSWER);
        assert_eq!(sent.len(), 256);
        assert!(sent.iter().all(|byte| !byte.is_ascii()));
    }
}
