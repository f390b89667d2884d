//! The quality gate: what is not worth the vendor's fee is sent back at once, while the applicant still holds the camera.

use std::io::Cursor;

use image::{ImageDecoder, ImageFormat, ImageReader};

/// An image whose longer side is shorter cannot show a document legibly.
const LONG_SIDE_MIN: u32 = 600;
/// An image with more pixels is an attack or a mistake; decoded it would take a tenth of a gigabyte.
const PIXELS_MAX: u64 = 40_000_000;
/// The end marker must be this near to the end: some cameras add a little after it.
const TRAILER_MAX: usize = 1024;
/// Blur is judged at about this length of the longer side: noise has gone, and every camera is treated alike.
const JUDGED_LONG_SIDE: usize = 512;
/// Below this variance of the Laplacian there are no edges left that a reader could hold on to. The synthetic pictures of this
/// project measure 250 and more when they are good (selfies; documents 2,000), and at most 16 when they are blurred: this is
/// the middle, in proportion.
const SHARPNESS_MIN: f64 = 60.0;

/// What is wrong with an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ImageRefusal {
    #[error("not a JPEG")]
    NotAnImage,
    #[error("the end is missing")]
    Truncated,
    #[error("too few pixels")]
    TooSmall,
    #[error("too many pixels")]
    TooLarge,
    #[error("no sharp edges")]
    Blurred,
}

impl ImageRefusal {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::NotAnImage => "not_an_image",
            Self::Truncated => "image_truncated",
            Self::TooSmall => "image_too_small",
            Self::TooLarge => "image_too_large",
            Self::Blurred => "image_blurred",
        }
    }

    pub(crate) const fn remedy(self) -> &'static str {
        match self {
            Self::NotAnImage => "Send a picture as JPEG.",
            Self::Truncated => "The picture arrived only in part. Send it again.",
            Self::TooSmall => "Go nearer, or use a better camera: the longer side needs at least 600 pixels.",
            Self::TooLarge => "Use a lower resolution: at most 40 megapixels.",
            Self::Blurred => "Hold the camera still, and take the picture again.",
        }
    }
}

/// Judges an image. Takes some ten milliseconds of a processor: not for an asynchronous task.
///
/// # Errors
/// The first thing that is wrong with it, cheapest check first.
pub(crate) fn inspect(bytes: &[u8]) -> Result<(), ImageRefusal> {
    if !bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
        return Err(ImageRefusal::NotAnImage);
    }
    let tail = &bytes[bytes.len().saturating_sub(TRAILER_MAX)..];
    // Within a picture's data these two bytes cannot follow each other: the format escapes them.
    if !tail.windows(2).any(|pair| pair == [0xFF, 0xD9]) {
        return Err(ImageRefusal::Truncated);
    }
    let decoder = ImageReader::with_format(Cursor::new(bytes), ImageFormat::Jpeg).into_decoder().map_err(|_| ImageRefusal::NotAnImage)?;
    let (width, height) = decoder.dimensions();
    if width.max(height) < LONG_SIDE_MIN {
        return Err(ImageRefusal::TooSmall);
    }
    if u64::from(width) * u64::from(height) > PIXELS_MAX {
        return Err(ImageRefusal::TooLarge);
    }
    let picture = Brightness::read(decoder).ok_or(ImageRefusal::NotAnImage)?;
    if picture.shrunk().sharpness() < SHARPNESS_MIN {
        return Err(ImageRefusal::Blurred);
    }
    Ok(())
}

/// The brightness of each pixel, row by row.
#[derive(Debug)]
struct Brightness {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Brightness {
    /// Decodes a picture. Of three colours the green one is taken: it makes up most of the brightness, and is there already.
    fn read(decoder: impl ImageDecoder) -> Option<Self> {
        let (width, height) = decoder.dimensions();
        let channels = usize::from(decoder.color_type().bytes_per_pixel());
        let mut pixels = vec![0; usize::try_from(decoder.total_bytes()).ok()?];
        decoder.read_image(&mut pixels).ok()?;
        if channels > 1 {
            pixels = pixels.iter().skip(1).step_by(channels).copied().collect();
        }
        Some(Self { width: usize::try_from(width).ok()?, height: usize::try_from(height).ok()?, pixels })
    }

    /// Averages whole boxes of pixels, as many as it takes for the longer side to come near to [`JUDGED_LONG_SIDE`].
    fn shrunk(self) -> Self {
        let side = self.width.max(self.height) / JUDGED_LONG_SIDE;
        if side < 2 {
            return self;
        }
        let (width, height) = (self.width / side, self.height / side);
        let area = side * side;
        let mut pixels = Vec::with_capacity(width * height);
        let mut sums = vec![0_usize; width];
        for rows in self.pixels.chunks_exact(self.width * side) {
            sums.fill(0);
            for row in rows.chunks_exact(self.width) {
                for (sum, boxed) in sums.iter_mut().zip(row.chunks_exact(side)) {
                    *sum += boxed.iter().map(|&pixel| usize::from(pixel)).sum::<usize>();
                }
            }
            pixels.extend(sums.iter().map(|sum| u8::try_from(sum / area).unwrap_or(u8::MAX)));
        }
        Self { width, height, pixels }
    }

    /// Returns the variance of the Laplacian: how much brightness changes beside how it changes around.
    fn sharpness(&self) -> f64 {
        if self.width < 3 || self.height < 3 {
            return 0.0;
        }
        let (mut sum, mut squares, mut count) = (0_i64, 0_i64, 0_i64);
        for y in 1..self.height - 1 {
            let row = |y: usize| &self.pixels[y * self.width..][..self.width];
            let (above, here, below) = (row(y - 1), row(y), row(y + 1));
            for x in 1..self.width - 1 {
                let around = i64::from(above[x]) + i64::from(below[x]) + i64::from(here[x - 1]) + i64::from(here[x + 1]);
                let edge = around - 4 * i64::from(here[x]);
                sum += edge;
                squares += edge * edge;
                count += 1;
            }
        }
        // Fewer than 1024 * 1024 values of at most 1020² each: within what an f64 holds exactly.
        #[expect(clippy::cast_precision_loss, reason = "see above")]
        let (sum, squares, count) = (sum as f64, squares as f64, count as f64);
        squares / count - (sum / count).powi(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::codecs::jpeg::JpegEncoder;
    use image::imageops::fast_blur;
    use image::{Rgb, RgbImage};

    /// A page of dark strokes on a light ground.
    fn page(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, y| {
            let stroke = y % 24 < 12 && (x / 5 + y / 24 * 3) % 3 == 0;
            if stroke { Rgb([30, 30, 40]) } else { Rgb([225, 220, 210]) }
        })
    }

    fn jpeg(picture: &RgbImage) -> Vec<u8> {
        let mut bytes = Vec::new();
        JpegEncoder::new_with_quality(&mut bytes, 80).encode_image(picture).unwrap();
        bytes
    }

    #[track_caller]
    fn check(bytes: &[u8], expected: Result<(), ImageRefusal>) {
        assert_eq!(inspect(bytes), expected);
    }

    #[test]
    fn a_sharp_page_passes() {
        check(&jpeg(&page(1200, 800)), Ok(()));
        check(&jpeg(&page(800, 1200)), Ok(()));
    }

    #[test]
    fn a_few_bytes_after_the_end_do_no_harm() {
        let mut bytes = jpeg(&page(1200, 800));
        bytes.extend([0; 100]);
        check(&bytes, Ok(()));
    }

    #[test]
    fn a_small_page_is_too_small() {
        check(&jpeg(&page(200, 140)), Err(ImageRefusal::TooSmall));
    }

    #[test]
    fn a_cut_page_is_truncated() {
        let bytes = jpeg(&page(1200, 800));
        check(&bytes[..bytes.len() * 7 / 10], Err(ImageRefusal::Truncated));
        check(&bytes[..bytes.len() - 2], Err(ImageRefusal::Truncated));
    }

    #[test]
    fn a_blurred_page_is_blurred() {
        check(&jpeg(&fast_blur(&page(1200, 800), 8.0)), Err(ImageRefusal::Blurred));
    }

    #[test]
    fn text_is_not_an_image() {
        check(b"", Err(ImageRefusal::NotAnImage));
        check(b"%PDF-1.7", Err(ImageRefusal::NotAnImage));
        check(&[0xFF, 0xD8, 0xFF, 0xE0, 1, 2, 3, 0xFF, 0xD9], Err(ImageRefusal::NotAnImage));
    }

    #[test]
    fn a_flat_picture_has_no_sharpness_and_a_chequered_one_nothing_else() {
        let flat = Brightness { width: 64, height: 64, pixels: vec![128; 64 * 64] };
        assert!(flat.sharpness() < f64::EPSILON);
        // Every pixel differs by 10 from its four neighbours: plus or minus 40, whose square is 1600.
        let pixels = (0..64 * 64).map(|i| if (i / 64 + i % 64) % 2 == 0 { 0 } else { 10 }).collect();
        let chequered = Brightness { width: 64, height: 64, pixels };
        assert!((chequered.sharpness() - 1600.0).abs() < 1e-6);
    }

    #[test]
    fn shrinking_averages() {
        let picture = Brightness { width: 1025, height: 3, pixels: (0..3 * 1025).map(|i| if i % 2 == 0 { 10 } else { 20 }).collect() };
        let shrunk = picture.shrunk();
        assert_eq!((shrunk.width, shrunk.height, shrunk.pixels.len()), (512, 1, 512));
        assert!(shrunk.pixels.iter().all(|pixel| *pixel == 15));
    }
}
