//! Image files: which kinds a shop takes, how each begins, and an upload that is not yet an image.

use serde::{Deserialize, Serialize};

use crate::{ImageId, ProductId, Timestamp, Version};

/// How large an uploaded file may be, in bytes.
pub const MAX_BYTES: u64 = 5 * 1024 * 1024;
/// How many characters an alternative text may have.
pub const MAX_ALT_TEXT: usize = 255;
/// How many characters the address of an image may have.
pub const MAX_URL: usize = 500;
/// How many bytes of a file [`ImageKind::begins`] wants to see.
pub const HEAD_BYTES: usize = 512;
/// For how many seconds a form for an upload is good.
pub const FORM_SECS: i64 = 10 * 60;
/// After how many seconds an upload that nobody confirmed is forgotten; the bucket deletes its file
/// after the same time.
pub const UPLOAD_SECS: i64 = 24 * 60 * 60;

/// A kind of file. SVG is none of them: it is a document that may hold scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImageKind {
    /// Portable Network Graphics.
    Png,
    /// JPEG.
    Jpeg,
    /// `WebP`.
    Webp,
    /// AV1 still images.
    Avif,
}

impl ImageKind {
    /// All of them.
    pub const ALL: [ImageKind; 4] = [
        ImageKind::Png,
        ImageKind::Jpeg,
        ImageKind::Webp,
        ImageKind::Avif,
    ];

    /// The kind of a content type, written exactly so.
    pub fn of_content_type(content_type: &str) -> Option<ImageKind> {
        let mut all = ImageKind::ALL.into_iter();
        all.find(|kind| kind.content_type() == content_type)
    }

    /// What HTTP calls it.
    pub fn content_type(self) -> &'static str {
        match self {
            ImageKind::Png => "image/png",
            ImageKind::Jpeg => "image/jpeg",
            ImageKind::Webp => "image/webp",
            ImageKind::Avif => "image/avif",
        }
    }

    /// How the names of its files end, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            ImageKind::Png => "png",
            ImageKind::Jpeg => "jpg",
            ImageKind::Webp => "webp",
            ImageKind::Avif => "avif",
        }
    }

    /// Whether a file of `size` bytes that begins with `head` is of this kind. `head` is the file's
    /// first [`HEAD_BYTES`], or all of a shorter one. More than the magic number is looked at where
    /// the format says more at its beginning, so that no page passes that merely starts like an image.
    pub fn begins(self, head: &[u8], size: u64) -> bool {
        match self {
            ImageKind::Png => is_png(head),
            ImageKind::Jpeg => is_jpeg(head),
            ImageKind::Webp => is_webp(head, size),
            ImageKind::Avif => is_avif(head),
        }
    }
}

/// The signature, and the header chunk that has to be the first: 13 bytes long, of an image that is
/// not empty.
fn is_png(head: &[u8]) -> bool {
    head.starts_with(b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR")
        && number(head, 16).is_some_and(|width| width > 0)
        && number(head, 20).is_some_and(|height| height > 0)
}

/// The start of the image, and after it a segment as they follow there: application data, a comment,
/// tables or the frame itself, each with its length of at least the two bytes that tell it.
fn is_jpeg(head: &[u8]) -> bool {
    let Some([0xff, 0xd8, 0xff, marker, high, low]) = head.first_chunk() else {
        return false;
    };
    let is_segment = matches!(marker, 0xc0..=0xcf | 0xdb | 0xdd | 0xe0..=0xef | 0xfe);
    is_segment && u16::from_be_bytes([*high, *low]) >= 2
}

/// A RIFF of `WebP`, as long as it says, that begins with one of the three ways to hold an image.
fn is_webp(head: &[u8], size: u64) -> bool {
    let Some(length) = head.get(4..8).and_then(|bytes| bytes.first_chunk()) else {
        return false;
    };
    let told = u64::from(u32::from_le_bytes(*length)).saturating_add(8);
    let chunk = head.get(12..16).unwrap_or_default();
    head.starts_with(b"RIFF")
        && head.get(8..12) == Some(b"WEBP")
        && matches!(chunk, b"VP8 " | b"VP8L" | b"VP8X")
        && told == size
}

/// A file type box that is whole in the head and names AVIF among its brands.
fn is_avif(head: &[u8]) -> bool {
    let length = number(head, 0).and_then(|length| usize::try_from(length).ok());
    let Some(file_type) = length.and_then(|length| head.get(..length)) else {
        return false;
    };
    let is_avif = |brand: &[u8]| matches!(brand, b"avif" | b"avis");
    // Size and name, then the major brand with its version, then the others.
    file_type.len() >= 16
        && file_type.len() % 4 == 0
        && file_type.get(4..8) == Some(b"ftyp")
        && (file_type.get(8..12).is_some_and(is_avif) || file_type[16..].chunks(4).any(is_avif))
}

/// Four bytes as a number, the highest first.
fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..)?.first_chunk()?;
    Some(u32::from_be_bytes(*four))
}

/// A file that somebody was given a form for, and that may come. It becomes an image of its product
/// when it has come and is what was said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Upload {
    /// Which image it will be.
    pub image: ImageId,
    /// Of which product.
    pub product: ProductId,
    /// What it was said to be.
    pub kind: ImageKind,
    /// What it shows, for those who do not see it.
    pub alt_text: String,
    /// Where in the bucket it is to come.
    pub object: String,
    /// When the form was given.
    pub created_at: Timestamp,
    /// When it is forgotten.
    #[serde(rename = "ttl")]
    pub expires_at: Timestamp,
    /// Drawn once: an upload does not change.
    pub version: Version,
}

impl Upload {
    /// What the file is called in the bucket once it is an image.
    pub fn published_object(&self) -> String {
        let (product, image) = (self.product, self.image);
        format!("images/{product}/{image}.{}", self.kind.extension())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0";
    const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0";
    const WEBP: &[u8] =
        b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\0\0\0\x10\x07\x10\x11\x11\x88\x88\xfe\x07\0";
    const AVIF: &[u8] = b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf\0\0\0\x08meta";

    fn kinds_of(bytes: &[u8]) -> Vec<ImageKind> {
        let size = u64::try_from(bytes.len()).unwrap();
        let all = ImageKind::ALL.into_iter();
        all.filter(|kind| kind.begins(bytes, size)).collect()
    }

    #[test]
    fn each_kind_is_known_by_its_beginning_and_for_no_other() {
        assert_eq!(kinds_of(PNG), [ImageKind::Png]);
        assert_eq!(kinds_of(JPEG), [ImageKind::Jpeg]);
        assert_eq!(kinds_of(WEBP), [ImageKind::Webp]);
        assert_eq!(kinds_of(AVIF), [ImageKind::Avif]);
        let major = b"\0\0\0\x10ftypavif\0\0\0\0\0\0\0\x08meta";
        assert_eq!(kinds_of(major), [ImageKind::Avif]);
    }

    #[test]
    fn what_only_starts_like_an_image_is_none() {
        for bytes in [
            b"".as_slice(),
            b"<!doctype html><script>alert(1)</script>",
            b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>",
            b"<?xml version=\"1.0\"?><svg/>",
            b"GIF89a/*",
            b"\x89PNG\r\n\x1a\n<html><script>alert(1)</script></html>",
            b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\0\0\0\0\x01",
            b"\xff\xd8\xff<script>alert(1)</script>",
            b"\xff\xd8\xff\xe0\0\x01",
            b"\xff\xd8",
            b"RIFF<!--WEBPVP8 --><script>alert(1)</script>",
            b"RIFF\x1a\0\0\0WEBPVP8L--><script>alert(1)</script>",
            b"RIFF\x04\0\0\0WAVE",
            b"\0\0\0\x1cftypheic\0\0\0\0mif1heicmiaf",
            b"\0\0\0\x14ftypmp42\0\0\0\0isom",
            b"<htmftypavif><script>alert(1)</script>",
            b"\xff\xff\xff\xffftypavif\0\0\0\0",
        ] {
            assert_eq!(kinds_of(bytes), [], "{:?}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn types_are_taken_as_they_are_written() {
        for kind in ImageKind::ALL {
            assert_eq!(ImageKind::of_content_type(kind.content_type()), Some(kind));
        }
        for other in [
            "image/svg+xml",
            "image/gif",
            "text/html",
            "image/png; x",
            "",
        ] {
            assert_eq!(ImageKind::of_content_type(other), None, "{other}");
        }
    }
}
