//! HMAC-SHA256, which every vendor signs with, over other bytes and written otherwise.

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha2::Sha256;

use super::callback::SignatureError;

/// How far the sender's clock may be from ours, and how old a callback may be: what was recorded cannot be played again later. The vendors' own libraries
/// have the same five minutes.
const TOLERANCE_SECONDS: i64 = 300;

/// The authentication code of some bytes.
pub(super) struct Seal(Hmac<Sha256>);

impl Seal {
    pub(super) fn of(key: &[u8], parts: &[&[u8]]) -> Result<Self, SignatureError> {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| SignatureError::Signature)?; // takes a key of any length
        for part in parts {
            mac.update(part);
        }
        Ok(Self(mac))
    }

    /// Says whether it is this one. Compares in constant time.
    pub(super) fn is(&self, claimed: &[u8]) -> bool {
        self.0.clone().verify_slice(claimed).is_ok()
    }

    /// The same for one that is written in hexadecimal; lower case, as the vendors write it.
    pub(super) fn is_hex(&self, claimed: &str) -> bool {
        bytes(claimed).is_some_and(|claimed| self.is(&claimed))
    }
}

/// Says whether a callback that was sent at this second is of now.
pub(super) fn check_age(sent: i64, now: Timestamp) -> Result<(), SignatureError> {
    let fresh = now.as_second().saturating_sub(sent).saturating_abs() <= TOLERANCE_SECONDS;
    if fresh { Ok(()) } else { Err(SignatureError::Timestamp) }
}

fn bytes(hex: &str) -> Option<[u8; 32]> {
    let digits: [u8; 64] = hex.as_bytes().try_into().ok()?;
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(bytes)
}

const fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_is_read_as_it_is_written() {
        assert_eq!(bytes(&"0f".repeat(32)), Some([15; 32]));
        for wrong in ["", "0f", &"0F".repeat(32), &"0g".repeat(32), &"0f".repeat(33), &"é".repeat(32)] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
    }
}
