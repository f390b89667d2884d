//! What is looked at in a picture: its kind, its length, and whether it is whole. Its bytes are not kept, here or anywhere.

use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;

const JPEG_BEGINS: [u8; 3] = [0xFF, 0xD8, 0xFF];
const JPEG_ENDS: [u8; 2] = [0xFF, 0xD9];
const PNG_BEGINS: [u8; 8] = [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n'];
/// The last chunk of every PNG: no data, its name, its checksum.
const PNG_ENDS: [u8; 12] = [0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xAE, 0x42, 0x60, 0x82];

/// A picture that was received whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Picture {
    /// What kind of file.
    pub(crate) kind: PictureKind,
    /// Its length.
    pub(crate) bytes: u64,
}

/// Which kind of picture file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PictureKind {
    Jpeg,
    Png,
}

/// Looks at a picture's first and last bytes while it streams by.
#[derive(Debug, Default)]
pub(crate) struct Glimpse {
    head: [u8; PNG_BEGINS.len()],
    head_length: usize,
    tail: [u8; PNG_ENDS.len()],
    bytes: u64,
}

impl Glimpse {
    /// Looks at the next piece.
    pub(crate) fn see(&mut self, piece: &[u8]) {
        let wanted = (self.head.len() - self.head_length).min(piece.len());
        self.head[self.head_length..self.head_length + wanted].copy_from_slice(&piece[..wanted]);
        self.head_length += wanted;

        let fresh = &piece[piece.len().saturating_sub(self.tail.len())..];
        self.tail.rotate_left(fresh.len());
        let from = self.tail.len() - fresh.len();
        self.tail[from..].copy_from_slice(fresh);
        self.bytes += piece.len() as u64;
    }

    /// How much was seen so far.
    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns what was seen, now that there is no more.
    pub(crate) fn conclude(&self) -> Result<Picture, Refusal> {
        let head = &self.head[..self.head_length];
        let (kind, ending): (_, &[u8]) = if head.starts_with(&JPEG_BEGINS) {
            (PictureKind::Jpeg, &JPEG_ENDS)
        } else if head == PNG_BEGINS {
            (PictureKind::Png, &PNG_ENDS)
        } else {
            return Err(Refusal::NotAnImage);
        };
        if self.tail.ends_with(ending) { Ok(Picture { kind, bytes: self.bytes }) } else { Err(Refusal::ImageTruncated) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn jpeg(middle: &[u8]) -> Vec<u8> {
        [&JPEG_BEGINS, middle, &JPEG_ENDS].concat()
    }

    fn png(middle: &[u8]) -> Vec<u8> {
        [&PNG_BEGINS, middle, &PNG_ENDS].concat()
    }

    fn look(file: &[u8], piece: usize) -> Result<Picture, Refusal> {
        let mut glimpse = Glimpse::default();
        file.chunks(piece).for_each(|piece| glimpse.see(piece));
        glimpse.conclude()
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_a_picture_is_cut_into_pieces(middle in prop::collection::vec(any::<u8>(), 0..60), piece in 1_usize..70) {
            let (jpeg, png) = (jpeg(&middle), png(&middle));
            prop_assert_eq!(look(&jpeg, piece), Ok(Picture { kind: PictureKind::Jpeg, bytes: jpeg.len() as u64 }));
            prop_assert_eq!(look(&png, piece), Ok(Picture { kind: PictureKind::Png, bytes: png.len() as u64 }));
            prop_assert_eq!(look(&png[..png.len() - 1], piece), Err(Refusal::ImageTruncated));
        }
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        for file in [&b""[..], b"\xFF\xD8", b"GIF89a", b"%PDF-1.7", b"\x89PNG"] {
            assert_eq!(look(file, 3), Err(Refusal::NotAnImage), "{file:?}");
        }
        assert_eq!(look(&[0xFF, 0xD8, 0xFF, 0xE0, 0, 0], 3), Err(Refusal::ImageTruncated));
    }
}
