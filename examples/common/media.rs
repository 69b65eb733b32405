//! Pictures by the image crate, clips by ffmpeg's command line, and files that appear once they are complete.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufWriter, Cursor, Write};
use std::path::{Path, PathBuf};

use image::codecs::{bmp::BmpEncoder, jpeg::JpegEncoder, png::PngEncoder, tiff::TiffEncoder, webp::WebPEncoder};
use image::{DynamicImage, ImageDecoder, ImageEncoder, ImageFormat, ImageReader, RgbaImage};

use super::Failure;
pub use super::clip::{Clip, ClipInfo, ClipOptions};
pub use super::recorder::{Recorder, RecorderOptions};

/// A picture and what its file said about its colours.
pub struct Picture {
    pub pixels: RgbaImage,
    /// Whether its file holds transparency, and the result shall.
    alpha: bool,
    /// The colour profile (ICC), where there is one.
    profile: Option<Vec<u8>>,
}

impl Picture {
    /// Reads a picture, turned as its camera says.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let fail = |error: &dyn std::fmt::Display| format!("cannot read the picture {}: {error}", path.display());
        let bytes = std::fs::read(path).map_err(|error| fail(&error))?;
        let reader = ImageReader::new(Cursor::new(&bytes)).with_guessed_format().map_err(|error| fail(&error))?;
        match reader.format().filter(ImageFormat::reading_enabled) {
            None => return Err(fail(&"it is no PNG, JPEG, WebP, TIFF or BMP").into()),
            // The decoder would paint what is missing grey.
            Some(ImageFormat::Jpeg) if !ends(&bytes) => return Err(fail(&"it ends in the middle").into()),
            Some(_) => {}
        }
        let decode = || -> Result<Self, image::ImageError> {
            let mut decoder = reader.into_decoder()?;
            let orientation = decoder.orientation()?;
            let profile = decoder.icc_profile()?;
            let mut picture = DynamicImage::from_decoder(decoder)?;
            picture.apply_orientation(orientation);
            Ok(Self { alpha: picture.color().has_alpha(), profile, pixels: picture.into_rgba8() })
        };
        Ok(decode().map_err(|error| fail(&error))?)
    }

    /// A picture that came from no file.
    pub fn new(pixels: RgbaImage) -> Self {
        Self { pixels, alpha: true, profile: None }
    }

    /// Writes the picture in the format of the path's extension. It is in its place once it is kept.
    pub fn write(&self, path: &Path) -> Result<Output, Failure> {
        let format = picture_format(path)?;
        let output = Output::new(path)?;
        let write = || -> Result<(), image::ImageError> {
            let mut file = BufWriter::new(File::create(output.partial())?);
            match format {
                ImageFormat::Jpeg => self.encode(JpegEncoder::new_with_quality(&mut file, 95), false)?,
                ImageFormat::WebP => self.encode(WebPEncoder::new_lossless(&mut file), self.alpha)?,
                ImageFormat::Tiff => self.encode(TiffEncoder::new(&mut file), self.alpha)?,
                ImageFormat::Bmp => self.encode(BmpEncoder::new(&mut file), self.alpha)?,
                _ => self.encode(PngEncoder::new(&mut file), self.alpha)?,
            }
            Ok(file.flush()?)
        };
        write().map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        Ok(output)
    }

    fn encode(&self, mut encoder: impl ImageEncoder, alpha: bool) -> Result<(), image::ImageError> {
        if let Some(profile) = &self.profile {
            // Those that take none go without.
            let _ = encoder.set_icc_profile(profile.clone());
        }
        let picture = DynamicImage::from(self.pixels.clone());
        let picture = if alpha { picture } else { picture.into_rgb8().into() };
        picture.write_with_encoder(encoder)
    }
}

/// Whether a JPEG has its end: a marker that its compressed data cannot hold by chance (ITU-T T.81, B.1.1).
pub fn ends(jpeg: &[u8]) -> bool {
    const SCAN: [u8; 2] = [0xFF, 0xDA];
    const END: [u8; 2] = [0xFF, 0xD9];
    // Before the first scan are segments of a known length; a preview in one of them has an end of its own.
    let mut rest = jpeg.get(2..).unwrap_or_default();
    while let [0xFF, kind, high, low, ..] = *rest {
        if [0xFF, kind] == SCAN {
            return rest.windows(2).any(|marker| marker == END);
        }
        let length = if kind == 0xFF { 1 } else { 2 + usize::from(u16::from_be_bytes([high, low])) };
        rest = rest.get(length..).unwrap_or_default();
    }
    false
}

/// The format that a path's extension asks for.
pub fn picture_format(path: &Path) -> Result<ImageFormat, Failure> {
    let format = ImageFormat::from_path(path).ok().filter(ImageFormat::writing_enabled);
    format.ok_or_else(|| format!("cannot write {}: name it .png, .jpg, .webp, .tif or .bmp", path.display()).into())
}

/// Reads a picture's pixels, turned as its camera says.
pub fn read_picture(path: &Path) -> Result<RgbaImage, Failure> {
    Ok(Picture::read(path)?.pixels)
}

/// Writes a picture in the format of the path's extension.
pub fn write_picture(path: &Path, pixels: &RgbaImage) -> Result<(), Failure> {
    Picture::new(pixels.clone()).write(path)?.keep()
}

/// Whether a file is a picture, by its first bytes.
pub fn is_picture(path: &Path) -> bool {
    ImageReader::open(path)
        .and_then(ImageReader::with_guessed_format)
        .is_ok_and(|reader| reader.format().is_some_and(|format| format.reading_enabled()))
}

/// Fails where one of these outputs cannot be, before any work is done for it.
pub fn writable<const N: usize>(outputs: [Option<&Path>; N]) -> Result<(), Failure> {
    outputs.into_iter().flatten().try_for_each(|path| Output::new(path).map(drop))
}

/// Puts files in their places, now that all of them are complete: a run that fails at its last file has replaced none.
pub fn keep(outputs: impl IntoIterator<Item = Output>) -> Result<(), Failure> {
    outputs.into_iter().try_for_each(Output::keep)
}

/// A file that is being written: under another name beside its place until it is complete, and removed if it never is.
/// What is no plain file, such as a terminal, is written to as it is.
#[must_use]
pub struct Output {
    path: PathBuf,
    partial: Option<PathBuf>,
}

impl Output {
    /// Fails where no file can be there.
    pub fn new(path: &Path) -> Result<Self, Failure> {
        let fail = |why: &str| Failure::from(format!("cannot write {}: {why}", path.display()));
        // A link stays, and what it leads to is replaced.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let name = path.file_name().ok_or_else(|| fail("it is no name of a file"))?;
        if path.is_dir() {
            return Err(fail("it is a folder"));
        }
        if path.exists() && !path.is_file() {
            return Ok(Self { path, partial: None });
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !folder.is_dir() {
            return Err(fail("there is no such folder"));
        }
        let mut hidden = OsStr::new(".partial-").to_owned();
        hidden.push(std::process::id().to_string());
        hidden.push("-");
        hidden.push(name);
        Ok(Self { partial: Some(path.with_file_name(hidden)), path })
    }

    /// Where to write.
    pub fn partial(&self) -> &Path {
        self.partial.as_ref().unwrap_or(&self.path)
    }

    /// Where it will be.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file is complete: puts it in its place.
    pub fn keep(mut self) -> Result<(), Failure> {
        let Some(partial) = self.partial.take() else { return Ok(()) };
        std::fs::rename(&partial, &self.path).map_err(|error| {
            let _ = std::fs::remove_file(&partial);
            format!("cannot write {}: {error}", self.path.display()).into()
        })
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Some(partial) = &self.partial {
            let _ = std::fs::remove_file(partial);
        }
    }
}
