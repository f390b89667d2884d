//! The quality gate: what is not worth the vendor's fee is sent back at once, while the applicant still holds the camera.

use std::io::Cursor;

use image::imageops::thumbnail;
use image::{GrayImage, ImageDecoder as _, ImageFormat, ImageReader};

/// An image whose longer side is shorter cannot show a document legibly.
const LONG_SIDE_MIN: u32 = 600;
/// An image with more pixels is an attack or a mistake; decoded it would take a tenth of a gigabyte.
const PIXELS_MAX: u64 = 40_000_000;
/// The end marker must be this near to the end: some cameras add a little after it.
const TRAILER_MAX: usize = 1024;
/// Blur is judged at this length of the longer side: noise has gone, and every camera is treated alike.
const JUDGED_LONG_SIDE: u32 = 512;
/// Below this variance of the Laplacian there are no edges left that a reader could hold on to.
const SHARPNESS_MIN: f64 = 40.0;

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
    let picture = image::DynamicImage::from_decoder(decoder).map_err(|_| ImageRefusal::NotAnImage)?.into_luma8();
    let scale = f64::from(JUDGED_LONG_SIDE) / f64::from(width.max(height));
    let small = thumbnail(&picture, scaled(width, scale), scaled(height, scale));
    if sharpness(&small) < SHARPNESS_MIN {
        return Err(ImageRefusal::Blurred);
    }
    Ok(())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a scale below 1 keeps a length within u32")]
fn scaled(length: u32, scale: f64) -> u32 {
    ((f64::from(length) * scale).round() as u32).max(1)
}

/// Returns the variance of the Laplacian: how much brightness changes beside how it changes around.
fn sharpness(picture: &GrayImage) -> f64 {
    let (width, height) = picture.dimensions();
    let stride = width as usize;
    let pixels = picture.as_raw();
    if width < 3 || height < 3 {
        return 0.0;
    }
    let (mut sum, mut squares, mut count) = (0_i64, 0_i64, 0_i64);
    for y in 1..height as usize - 1 {
        for x in 1..stride - 1 {
            let at = y * stride + x;
            let around = [at - 1, at + 1, at - stride, at + stride].map(|i| i64::from(pixels[i])).iter().sum::<i64>();
            let edge = around - 4 * i64::from(pixels[at]);
            sum += edge;
            squares += edge * edge;
            count += 1;
        }
    }
    // At most 512 * 512 values of at most 1020² each: far within what an f64 holds exactly.
    #[expect(clippy::cast_precision_loss, reason = "see above")]
    let (sum, squares, count) = (sum as f64, squares as f64, count as f64);
    squares / count - (sum / count).powi(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::codecs::jpeg::JpegEncoder;
    use image::imageops::fast_blur;
    use image::{Luma, Rgb, RgbImage};

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
    fn a_flat_picture_has_no_sharpness() {
        assert!(sharpness(&GrayImage::from_pixel(64, 64, Luma([128]))) < f64::EPSILON);
    }
}
