//! Answers kept for requests that may come again.

use std::collections::VecDeque;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use foldhash::{HashMap, HashSet};
use kycsim_scenarios::Scenario;
use sha2::{Digest as _, Sha256};

use crate::call::Granted;
use crate::callbacks::AllowedHosts;
use crate::refusal::Refusal;
use crate::session::Session;
use crate::snapshot::{KeptAnswer, KeptRefusal, KeptReply, Unsound};

/// A customer's name for one request: the same key is the same request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Returns the key written in a header; none when it is not 1 to 255 visible ASCII characters.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let fits = (1..=255).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic);
        fits.then(|| String::from_utf8(bytes.to_vec()).ok()).flatten().map(Self)
    }
}

/// What a request asked for, as a digest: tells the same request from another one under the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fingerprint([u8; 32]);

impl Fingerprint {
    pub(crate) fn of(path: &str, body: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update((path.len() as u64).to_le_bytes()); // keeps path and body apart
        hash.update(path);
        hash.update(body);
        Self(hash.finalize().into())
    }
}

/// A request that its sender may repeat.
#[derive(Debug, Clone)]
pub(crate) struct Repeatable {
    pub(crate) key: IdempotencyKey,
    pub(crate) fingerprint: Fingerprint,
}

/// What became of a request.
type Answer = Result<Granted, Refusal>;

/// The latest answers, by key. The oldest are forgotten: a repetition that comes after so many others is taken for a new request.
#[derive(Debug)]
pub(crate) struct Answered {
    keeps: usize,
    answers: HashMap<IdempotencyKey, (Fingerprint, Answer)>,
    in_order: VecDeque<IdempotencyKey>,
    /// The keys of requests that have come and are not answered yet, where a vendor refuses repetitions of those. As many as there are connections, at most.
    in_flight: HashSet<IdempotencyKey>,
}

impl Answered {
    pub(crate) fn new(keeps: usize) -> Self {
        Self { keeps, answers: HashMap::default(), in_order: VecDeque::new(), in_flight: HashSet::default() }
    }

    /// Takes note that a request is under way. Returns false when one with the same key is already.
    pub(crate) fn depart(&mut self, key: &IdempotencyKey) -> bool {
        self.in_flight.insert(key.clone())
    }

    /// Takes note that it is no more.
    pub(crate) fn arrive(&mut self, key: &IdempotencyKey) {
        self.in_flight.remove(key);
    }

    /// Returns the answer that this request got before; none when it is new.
    pub(crate) fn recall(&self, request: &Repeatable) -> Option<Answer> {
        let (fingerprint, answer) = self.answers.get(&request.key)?;
        Some(if *fingerprint == request.fingerprint { answer.clone() } else { Err(Refusal::IdempotencyKeyReused) })
    }

    /// Keeps the answer to a new request.
    pub(crate) fn keep(&mut self, request: Repeatable, answer: &Answer) {
        if self.answers.len() >= self.keeps {
            let Some(oldest) = self.in_order.pop_front() else { return };
            self.answers.remove(&oldest);
        }
        self.in_order.push_back(request.key.clone());
        self.answers.insert(request.key, (request.fingerprint, answer.clone()));
    }

    /// Returns what is kept of them, the oldest first.
    pub(crate) fn kept(&self) -> Vec<KeptAnswer> {
        let kept = self.in_order.iter().filter_map(|key| {
            let (fingerprint, answer) = self.answers.get(key)?;
            let reply = reply_kept(answer)?;
            Some(KeptAnswer { key: key.0.clone(), fingerprint: BASE64_STANDARD.encode(fingerprint.0), reply })
        });
        kept.collect()
    }

    /// Returns the answers that were kept, the latest of them if there may be fewer now.
    pub(crate) fn resumed(keeps: usize, kept: Vec<KeptAnswer>, scenario: &Scenario, hosts: &AllowedHosts) -> Result<Self, Unsound> {
        let mut answered = Self::new(keeps);
        for KeptAnswer { key, fingerprint, reply } in kept {
            let key = IdempotencyKey::parse(key.as_bytes()).ok_or(Unsound::Unreadable("an idempotency key"))?;
            let digest = BASE64_STANDARD.decode(fingerprint).ok().and_then(|digest| digest.try_into().ok());
            let fingerprint = Fingerprint(digest.ok_or(Unsound::Unreadable("a digest"))?);
            let answer = match reply {
                KeptReply::Created(session) => Ok(Granted::Created(Session::resumed(session, scenario, hosts)?)),
                KeptReply::Submitted(session) => {
                    Ok(Granted::Submitted { session: Session::resumed(session, scenario, hosts)?, told: None })
                }
                KeptReply::Refused(KeptRefusal::NoSuchSession) => Err(Refusal::NoSuchSession),
                KeptReply::Refused(KeptRefusal::ImagesMissing) => Err(Refusal::ImagesMissing),
                KeptReply::Refused(KeptRefusal::WrongStatus { status }) => Err(Refusal::WrongStatus { status }),
                KeptReply::Refused(KeptRefusal::FailedBefore { status }) => Err(Refusal::FailedBefore { status }),
                KeptReply::Said(said) => Ok(Granted::Said(said.try_into()?)),
            };
            answered.keep(Repeatable { key, fingerprint }, &answer);
        }
        Ok(answered)
    }
}

/// Returns what is kept of an answer; none of one that no repeatable request ever gets.
fn reply_kept(answer: &Answer) -> Option<KeptReply> {
    match answer {
        Ok(Granted::Created(session)) => Some(KeptReply::Created(session.into())),
        Ok(Granted::Submitted { session, .. }) => Some(KeptReply::Submitted(session.into())),
        Ok(Granted::Said(said)) => Some(KeptReply::Said(said.into())),
        Ok(Granted::Read(_) | Granted::Uploaded(_) | Granted::Cancelled(_)) => None,
        Err(Refusal::NoSuchSession) => Some(KeptReply::Refused(KeptRefusal::NoSuchSession)),
        Err(Refusal::ImagesMissing) => Some(KeptReply::Refused(KeptRefusal::ImagesMissing)),
        Err(Refusal::WrongStatus { status }) => Some(KeptReply::Refused(KeptRefusal::WrongStatus { status: *status })),
        Err(Refusal::FailedBefore { status }) => Some(KeptReply::Refused(KeptRefusal::FailedBefore { status: *status })),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(key: &str, body: &str) -> Repeatable {
        let key = IdempotencyKey::parse(key.as_bytes()).unwrap();
        Repeatable { key, fingerprint: Fingerprint::of("/path", body.as_bytes()) }
    }

    #[track_caller]
    fn check(answered: &Answered, key: &str, body: &str, expected: Option<Refusal>) {
        assert_eq!(answered.recall(&request(key, body)).map(Result::unwrap_err), expected);
    }

    #[test]
    fn the_same_request_gets_the_same_answer_until_it_is_forgotten() {
        let mut answered = Answered::new(2);
        check(&answered, "one", "a", None);
        answered.keep(request("one", "a"), &Err(Refusal::ImagesMissing));
        check(&answered, "one", "a", Some(Refusal::ImagesMissing));
        check(&answered, "one", "b", Some(Refusal::IdempotencyKeyReused));
        answered.keep(request("two", "a"), &Err(Refusal::NoSuchSession));
        answered.keep(request("three", "a"), &Err(Refusal::NoSuchSession));
        check(&answered, "one", "a", None);
        check(&answered, "two", "a", Some(Refusal::NoSuchSession));
    }

    #[test]
    fn a_store_that_keeps_nothing_keeps_nothing() {
        let mut answered = Answered::new(0);
        answered.keep(request("one", "a"), &Err(Refusal::ImagesMissing));
        check(&answered, "one", "a", None);
    }

    #[test]
    fn a_key_is_visible_ascii_of_bounded_length() {
        assert!(IdempotencyKey::parse(b"a-1_:~").is_some());
        assert!(IdempotencyKey::parse(&[b'a'; 255]).is_some());
        for bad in [&b""[..], b"a b", b"\xC3\xA4", &[b'a'; 256]] {
            assert_eq!(IdempotencyKey::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn path_and_body_are_kept_apart() {
        assert_ne!(Fingerprint::of("/a", b"b"), Fingerprint::of("/ab", b""));
    }
}
