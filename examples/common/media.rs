//! Pictures by the image crate, clips by ffmpeg's command line, and files that appear once they are complete.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use image::codecs::{jpeg::JpegEncoder, png::PngEncoder, webp::WebPEncoder};
use image::{DynamicImage, ImageDecoder, ImageEncoder, ImageFormat, ImageReader, RgbaImage};

use super::Failure;
pub use super::clip::Clip;
pub use super::recorder::Recorder;

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
        let reader =
            ImageReader::open(path).and_then(ImageReader::with_guessed_format).map_err(|error| fail(&error))?;
        if !reader.format().is_some_and(|format| format.reading_enabled()) {
            return Err(fail(&"it is no PNG, JPEG or WebP").into());
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

    /// Writes the picture as PNG, JPEG or WebP, by the path's extension.
    pub fn write(&self, path: &Path) -> Result<(), Failure> {
        let format = picture_format(path)?;
        let mut output = Output::new(path)?;
        let write = || -> Result<(), image::ImageError> {
            let mut file = BufWriter::new(File::create(output.partial())?);
            match format {
                ImageFormat::Jpeg => self.encode(JpegEncoder::new_with_quality(&mut file, 95), false)?,
                ImageFormat::WebP => self.encode(WebPEncoder::new_lossless(&mut file), self.alpha)?,
                _ => self.encode(PngEncoder::new(&mut file), self.alpha)?,
            }
            Ok(file.flush()?)
        };
        write().map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        output.keep()
    }

    fn encode(&self, mut encoder: impl ImageEncoder, alpha: bool) -> Result<(), image::ImageError> {
        if let Some(profile) = &self.profile {
            // All three formats take a profile.
            let _ = encoder.set_icc_profile(profile.clone());
        }
        let picture = DynamicImage::from(self.pixels.clone());
        let picture = if alpha { picture } else { picture.into_rgb8().into() };
        picture.write_with_encoder(encoder)
    }
}

/// The format that a path's extension asks for.
pub fn picture_format(path: &Path) -> Result<ImageFormat, Failure> {
    let format = ImageFormat::from_path(path).ok().filter(ImageFormat::writing_enabled);
    format.ok_or_else(|| format!("cannot write {}: name it .png, .jpg or .webp", path.display()).into())
}

/// Reads a picture's pixels, turned as its camera says.
pub fn read_picture(path: &Path) -> Result<RgbaImage, Failure> {
    Ok(Picture::read(path)?.pixels)
}

/// Writes a picture as PNG, JPEG or WebP, by the path's extension.
pub fn write_picture(path: &Path, pixels: &RgbaImage) -> Result<(), Failure> {
    Picture::new(pixels.clone()).write(path)
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

/// A file that is being written: under another name beside its place until it is complete, and removed if it never is.
/// What is no plain file, such as a terminal, is written to as it is.
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
    pub fn keep(&mut self) -> Result<(), Failure> {
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
