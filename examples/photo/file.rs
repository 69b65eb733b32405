//! A photo with all that its file holds: depth, grey or colour, transparency, profile, EXIF, XMP, and how a JPEG was coded.

use std::fs::File;
use std::io::{BufWriter, Cursor, Write};
use std::path::Path;

use glowup::{Frame, FrameMut, PixelFormat};
use image::codecs::{bmp::BmpEncoder, png::PngDecoder, png::PngEncoder, webp::WebPDecoder};
use image::metadata::Orientation;
use image::{DynamicImage, ExtendedColorType, ImageDecoder, ImageEncoder, ImageFormat, ImageReader, Limits};
use img_parts::png::{Png, PngChunk};
use tiff::encoder::{TiffEncoder, colortype};
use tiff::tags::Tag;

use crate::common::Failure;
use crate::common::media::{Output, ends, picture_format};
use crate::{exif, jpeg};

/// Most memory that a decoder may take, in bytes: room for a picture of 400 megapixels with sixteen bits.
const MEMORY: u64 = 4 << 30;
/// What a TIFF says of itself in plain words.
const WORDS: [Tag; 7] =
    [Tag::ImageDescription, Tag::Make, Tag::Model, Tag::Software, Tag::DateTime, Tag::Artist, Tag::Copyright];
/// Words by which XMP says that the file holds a second picture that makes it HDR.
const GAIN_MAP: [&str; 3] = ["hdrgm:", "HDRGainMap", "GContainer"];

/// A picture and what its file said of it.
pub struct Photo {
    /// Grey, colour, or colour with transparency, of eight or sixteen bits.
    pub image: DynamicImage,
    file: Vec<u8>,
    format: ImageFormat,
    grey_alpha: bool,
    profile: Option<Vec<u8>>,
    exif: Option<Vec<u8>>,
    xmp: Option<Vec<u8>>,
    words: Vec<(Tag, String)>,
    coding: Option<jpeg::Coding>,
    /// What is lost by anything but a copy.
    lost: Vec<String>,
}

impl Photo {
    /// Reads a picture, turned as its camera says.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let fail = |error: &dyn std::fmt::Display| format!("cannot read the picture {}: {error}", path.display());
        let file = std::fs::read(path).map_err(|error| fail(&error))?;
        let reader = ImageReader::new(Cursor::new(&file)).with_guessed_format().map_err(|error| fail(&error))?;
        let format = reader.format().filter(ImageFormat::reading_enabled);
        let format = format.ok_or_else(|| fail(&"it is no PNG, JPEG, WebP, TIFF or BMP"))?;
        // The decoder would paint what is missing grey.
        if format == ImageFormat::Jpeg && !ends(&file) {
            return Err(fail(&"it ends in the middle").into());
        }
        let mut photo = Self::decode(reader, format).map_err(|error| fail(&error))?;
        photo.coding = (format == ImageFormat::Jpeg).then(|| jpeg::Coding::of(&file)).flatten();
        let is_animated = match format {
            ImageFormat::Png => PngDecoder::new(Cursor::new(&file)).and_then(|png| png.is_apng()).unwrap_or(false),
            ImageFormat::WebP => WebPDecoder::new(Cursor::new(&file)).is_ok_and(|webp| webp.has_animation()),
            _ => false,
        };
        if is_animated {
            photo.lost.push("it is animated, and its first picture is kept".to_owned());
        }
        let says_so = |xmp: &Vec<u8>| {
            let text = String::from_utf8_lossy(xmp);
            GAIN_MAP.iter().any(|word| text.contains(word))
        };
        if photo.coding.as_ref().is_some_and(|coding| coding.gain_map) || photo.xmp.as_ref().is_some_and(says_so) {
            photo.lost.push("its gain map is left out, and the picture for SDR is kept".to_owned());
            photo.xmp = photo.xmp.filter(|xmp| !says_so(xmp));
        }
        if format == ImageFormat::Tiff {
            photo.words = words(&file);
        }
        photo.file = file;
        Ok(photo)
    }

    fn decode(mut reader: ImageReader<Cursor<&Vec<u8>>>, format: ImageFormat) -> Result<Self, image::ImageError> {
        let mut limits = Limits::default();
        limits.max_alloc = Some(MEMORY);
        reader.limits(limits);
        let mut decoder = reader.into_decoder()?;
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let own = decoder.original_color_type();
        let (profile, exif, xmp) = (decoder.icc_profile()?, decoder.exif_metadata()?, decoder.xmp_metadata()?);
        let mut image = DynamicImage::from_decoder(decoder)?;
        image.apply_orientation(orientation);
        let grey_alpha = matches!(image, DynamicImage::ImageLumaA8(_) | DynamicImage::ImageLumaA16(_));
        let mut lost = Vec::new();
        let image = match image {
            DynamicImage::ImageLumaA8(_) => image.into_rgba8().into(),
            DynamicImage::ImageLumaA16(_) => image.into_rgba16().into(),
            DynamicImage::ImageRgb32F(_) | DynamicImage::ImageRgba32F(_) => {
                lost.push("its floats become 16 bits a value".to_owned());
                if image.color().has_alpha() { image.into_rgba16().into() } else { image.into_rgb16().into() }
            }
            other => other,
        };
        if own == ExtendedColorType::Cmyk8 || own == ExtendedColorType::Cmyk16 {
            lost.push("its inks (CMYK) become red, green and blue".to_owned());
        }
        let exif = exif.map(exif::kept);
        Ok(Self {
            image,
            file: Vec::new(),
            format,
            grey_alpha,
            profile,
            exif,
            xmp,
            words: Vec::new(),
            coding: None,
            lost,
        })
    }

    /// How its pixels lie in memory.
    fn pixel_format(&self) -> PixelFormat {
        match self.image {
            DynamicImage::ImageLuma8(_) => PixelFormat::Gray8,
            DynamicImage::ImageRgb8(_) => PixelFormat::Rgb8,
            DynamicImage::ImageLuma16(_) => PixelFormat::Gray16,
            DynamicImage::ImageRgb16(_) => PixelFormat::Rgb16,
            DynamicImage::ImageRgba16(_) => PixelFormat::Rgba16,
            _ => PixelFormat::Rgba8,
        }
    }

    /// Its pixels, to read.
    pub fn frame(&self) -> glowup::Result<Frame<'_>> {
        Frame::new(self.pixel_format(), self.image.as_bytes(), self.image.width(), self.image.height())
    }

    /// Its pixels, to read and change.
    pub fn frame_mut(&mut self) -> glowup::Result<FrameMut<'_>> {
        let (format, width, height) = (self.pixel_format(), self.image.width(), self.image.height());
        let bytes: &mut [u8] = match &mut self.image {
            DynamicImage::ImageLuma8(image) => image,
            DynamicImage::ImageRgb8(image) => image,
            DynamicImage::ImageRgba8(image) => image,
            DynamicImage::ImageLuma16(image) => bytemuck::cast_slice_mut(image),
            DynamicImage::ImageRgb16(image) => bytemuck::cast_slice_mut(image),
            DynamicImage::ImageRgba16(image) => bytemuck::cast_slice_mut(image),
            _ => &mut [],
        };
        FrameMut::new(format, bytes, width, height)
    }

    /// Writes the file that was read, bit by bit, where `path` asks for its format; `None` where it asks for another.
    pub fn copy(&self, path: &Path) -> Result<Option<Output>, Failure> {
        if picture_format(path)? != self.format {
            return Ok(None);
        }
        let output = Output::new(path)?;
        std::fs::write(output.partial(), &self.file)
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        Ok(Some(output))
    }

    /// Writes the picture in the format of the path's extension; a JPEG with this quality, or that of the JPEG that was read. Returns
    /// what the file does not hold, too. It is in its place once it is kept.
    pub fn write(&self, path: &Path, quality: Option<u8>) -> Result<(Output, Vec<String>), Failure> {
        let format = picture_format(path)?;
        let output = Output::new(path)?;
        let fail = |error: &dyn std::fmt::Display| format!("cannot write {}: {error}", path.display());
        let mut lost = self.lost.clone();
        let converted = self.fitting(format, &mut lost);
        let image = converted.as_ref().unwrap_or(&self.image);
        let profile = self.profile.as_deref().filter(|profile| {
            let fits = suits(profile, image.color().has_color());
            if !fits {
                lost.push("its profile is left out: it is for pixels of another kind".to_owned());
            }
            fits
        });
        let extras = jpeg::Extras { profile, exif: self.exif.as_deref(), xmp: self.xmp.as_deref() };
        let mut file = BufWriter::new(File::create(output.partial()).map_err(|error| fail(&error))?);
        match format {
            ImageFormat::Jpeg => {
                lost.extend(
                    jpeg::write(&mut file, image, self.coding.as_ref(), quality, &extras)
                        .map_err(|error| fail(&error))?,
                );
            }
            ImageFormat::WebP => write_webp(&mut file, image, &extras).map_err(|error| fail(&error))?,
            ImageFormat::Tiff => {
                write_tiff(&mut file, image, &extras, &self.words).map_err(|error| fail(&error))?;
                if self.exif.is_some() {
                    lost.push("its EXIF is left out: name the result .png, .jpg or .webp to keep it".to_owned());
                }
            }
            ImageFormat::Bmp => {
                image.write_with_encoder(BmpEncoder::new(&mut file)).map_err(|error| fail(&error))?;
                if extras.profile.is_some() || extras.exif.is_some() || extras.xmp.is_some() {
                    lost.push("BMP holds no profile, EXIF or XMP".to_owned());
                }
            }
            _ => write_png(&mut file, image, &extras).map_err(|error| fail(&error))?,
        }
        file.flush().map_err(|error| fail(&error))?;
        drop(file);
        if let (ImageFormat::Png, Some(xmp)) = (format, extras.xmp) {
            add_xmp(output.partial(), xmp).map_err(|error| fail(&error))?;
        }
        Ok((output, lost))
    }

    /// The picture as a format takes it, where it does not take it as it is.
    fn fitting(&self, format: ImageFormat, lost: &mut Vec<String>) -> Option<DynamicImage> {
        let colour = self.image.color();
        let is_deep = colour.bytes_per_pixel() / colour.channel_count() > 1;
        let shallow = is_deep && !matches!(format, ImageFormat::Png | ImageFormat::Tiff);
        let opaque = colour.has_alpha() && format == ImageFormat::Jpeg;
        if shallow {
            lost.push("its 16 bits a value become 8: name the result .png or .tif to keep them".to_owned());
        }
        if opaque {
            lost.push("its transparency is left out: JPEG has none".to_owned());
        }
        // TIFF's encoder knows no grey with transparency.
        let grey = self.grey_alpha && format == ImageFormat::Png;
        let image = &self.image;
        Some(match (is_deep && !shallow, colour.has_color(), colour.has_alpha() && !opaque) {
            _ if self.grey_alpha && opaque => image.to_luma8().into(),
            (true, _, true) if grey => image.to_luma_alpha16().into(),
            (false, _, true) if grey => image.to_luma_alpha8().into(),
            _ if !shallow && !opaque => return None,
            (_, false, _) => image.to_luma8().into(),
            (_, true, true) => image.to_rgba8().into(),
            (_, true, false) => image.to_rgb8().into(),
        })
    }
}

/// Whether a profile (ICC.1, 7.2.6) is for colours of red, green and blue, or for grey.
fn suits(profile: &[u8], colour: bool) -> bool {
    profile.get(16..20) == Some(if colour { b"RGB " } else { b"GRAY" })
}

fn words(file: &[u8]) -> Vec<(Tag, String)> {
    let Ok(mut decoder) = tiff::decoder::Decoder::new(Cursor::new(file)) else { return Vec::new() };
    WORDS.into_iter().filter_map(|tag| Some((tag, decoder.get_tag_ascii_string(tag).ok()?))).collect()
}

fn write_png(to: impl Write, image: &DynamicImage, extras: &jpeg::Extras<'_>) -> Result<(), image::ImageError> {
    let mut encoder = PngEncoder::new(to);
    if let Some(profile) = extras.profile {
        encoder.set_icc_profile(profile.to_vec()).map_err(image::ImageError::Unsupported)?;
    }
    if let Some(exif) = extras.exif {
        encoder.set_exif_metadata(exif.to_vec()).map_err(image::ImageError::Unsupported)?;
    }
    image.write_with_encoder(encoder)
}

/// Puts XMP into a finished PNG, behind its header: an uncompressed text of this name (XMP specification, part 3).
fn add_xmp(path: &Path, xmp: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
    let mut png = Png::from_bytes(std::fs::read(path)?.into())?;
    let text = [b"XML:com.adobe.xmp\0\0\0\0\0", xmp].concat();
    png.chunks_mut().insert(1, PngChunk::new(*b"iTXt", text.into()));
    png.encoder().write_to(BufWriter::new(File::create(path)?))?;
    Ok(())
}

fn write_webp(
    to: impl Write,
    image: &DynamicImage,
    extras: &jpeg::Extras<'_>,
) -> Result<(), image_webp::EncodingError> {
    let mut encoder = image_webp::WebPEncoder::new(to);
    if let Some(profile) = extras.profile {
        encoder.set_icc_profile(profile.to_vec());
    }
    if let Some(exif) = extras.exif {
        encoder.set_exif_metadata(exif.to_vec());
    }
    if let Some(xmp) = extras.xmp {
        encoder.set_xmp_metadata(xmp.to_vec());
    }
    let colour = match image.color() {
        image::ColorType::L8 => image_webp::ColorType::L8,
        image::ColorType::Rgb8 => image_webp::ColorType::Rgb8,
        _ => image_webp::ColorType::Rgba8,
    };
    encoder.encode(image.as_bytes(), image.width(), image.height(), colour)
}

fn write_tiff(
    to: impl Write + std::io::Seek,
    image: &DynamicImage,
    extras: &jpeg::Extras<'_>,
    words: &[(Tag, String)],
) -> Result<(), tiff::TiffError> {
    let mut file = TiffEncoder::new(to)?;
    let (width, height) = (image.width(), image.height());
    macro_rules! write {
        ($colour:ty, $pixels:expr) => {{
            let mut page = file.new_image::<$colour>(width, height)?;
            if let Some(profile) = extras.profile {
                page.encoder().write_tag(Tag::IccProfile, profile)?;
            }
            if let Some(xmp) = extras.xmp {
                page.encoder().write_tag(Tag::Unknown(700), xmp)?;
            }
            for (tag, word) in words {
                page.encoder().write_tag(*tag, word.as_str())?;
            }
            page.write_data($pixels)
        }};
    }
    match image {
        DynamicImage::ImageLuma8(image) => write!(colortype::Gray8, image),
        DynamicImage::ImageRgb8(image) => write!(colortype::RGB8, image),
        DynamicImage::ImageLuma16(image) => write!(colortype::Gray16, image),
        DynamicImage::ImageRgb16(image) => write!(colortype::RGB16, image),
        DynamicImage::ImageRgba16(image) => write!(colortype::RGBA16, image),
        other => write!(colortype::RGBA8, &other.to_rgba8()),
    }
}
