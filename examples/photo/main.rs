//! One picture in, one retouched picture out; or a folder in, a folder out. With no argument at all: the bundled portrait, before
//! and after.

mod album;
#[path = "../common/mod.rs"]
mod common;
mod exif;
mod file;
mod jpeg;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use album::Album;
use clap::Parser;
use common::media::{Output, Picture, keep, picture_format, writable};
use common::report::{Landmarks, Stats};
use common::{FacesArgs, Failure, LookArgs, count, note, say};
use file::Photo;
use glowup::{Beautifier, BeautifierOptions, Face, Gpu, GpuOptions};
use image::RgbaImage;

/// The portrait that is shown where no other is named.
const PORTRAIT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/astronaut.png");
/// Where it is written.
const BEFORE_AFTER: &str = "before-after.png";

/// Retouches the faces of a picture, or of all pictures of a folder. Without INPUT: those of the bundled portrait, written side
/// by side with the original to before-after.png.
#[derive(Parser)]
struct Arguments {
    /// A picture (PNG, JPEG, WebP, TIFF, BMP), or a folder of them
    #[arg(requires = "output")]
    input: Option<PathBuf>,
    /// Where to write the result; .png, .jpg, .webp, .tif or .bmp, or a folder
    output: Option<PathBuf>,
    #[command(flatten)]
    look: LookArgs,
    #[command(flatten)]
    faces: FacesArgs,
    /// How well a JPEG is coded, 1 to 100 [default: as the one that was read, 95 otherwise]
    #[arg(long, value_name = "Q", allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u8).range(1..=100))]
    quality: Option<u8>,
    /// Of a folder: replace pictures that are there already
    #[arg(long)]
    force: bool,
    /// Write the landmarks: one JSON line
    #[arg(long, value_name = "OUT")]
    landmarks: Option<PathBuf>,
    /// Write where the skin is, white on black
    #[arg(long, value_name = "OUT.png")]
    mask: Option<PathBuf>,
    /// Write what each stage cost: one JSON object
    #[arg(long, value_name = "OUT")]
    stats: Option<PathBuf>,
    /// As for clips; a picture is one frame
    #[arg(long, value_name = "N", hide = true, allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..))]
    max_frames: Option<u64>,
}

fn main() -> ExitCode {
    common::main(run)
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    let look = arguments.look.look()?;
    let input = arguments.input.as_deref().unwrap_or(Path::new(PORTRAIT));
    let output = arguments.output.as_deref().unwrap_or(Path::new(BEFORE_AFTER));
    let [landmarks, mask, stats] = [&arguments.landmarks, &arguments.mask, &arguments.stats].map(Option::as_deref);
    let tracker = arguments.faces.options();
    // A folder goes into a folder, or into one that is to be made.
    if input.is_dir() && picture_format(output).is_err() && !output.is_file() {
        if landmarks.is_some() || mask.is_some() || stats.is_some() {
            return Err("landmarks, mask and stats are of one picture: leave them out for a folder".into());
        }
        let (quality, force) = (arguments.quality, arguments.force);
        let gpu = Gpu::new(GpuOptions::default())?;
        return Album { input, output, look: &look, tracker, quality, force }.run(&gpu);
    }
    picture_format(output)?;
    mask.map(picture_format).transpose()?;
    writable([Some(output), landmarks, mask, stats])?;

    let read = Photo::read(input)?;
    let mut beautifier = beautifier(tracker, &look)?;
    let skin = mask.map(|path| skin(&mut beautifier, &read, path)).transpose()?;
    let done = match arguments.output {
        Some(_) => retouch_read(&mut beautifier, read, output, arguments.quality)?,
        None => before_after(&mut beautifier, read, output)?,
    };
    let mut outputs = vec![done.output];
    outputs.extend(skin);
    if let Some(path) = landmarks {
        let mut landmarks = Landmarks::create(path)?;
        landmarks.write(done.size.0, done.size.1, &done.faces)?;
        outputs.push(landmarks.finish()?);
    }
    if let Some(path) = stats {
        let mut stats = Stats::default();
        stats.add(beautifier.stats());
        outputs.push(stats.write(path, Some(beautifier.gpu().adapter()))?);
    }
    keep(outputs)?;
    note(&done.notes);
    let outcome = match done.faces.len() {
        _ if look.is_none() => "every amount is 0: unchanged",
        0 => "unchanged",
        _ => "retouched",
    };
    let (faces, adapter) = (count(done.faces.len()), beautifier.gpu().adapter());
    say(format_args!("{}: {faces}, {outcome}, on {adapter}", output.display()));
    Ok(())
}

fn beautifier(tracker: glowup::TrackerOptions, look: &glowup::Look) -> Result<Beautifier, Failure> {
    let mut beautifier = Beautifier::new(BeautifierOptions { tracker, ..BeautifierOptions::default() })?;
    beautifier.set_look(look.clone())?;
    Ok(beautifier)
}

/// A picture that was retouched and written, but not put in its place.
struct Retouched {
    output: Output,
    faces: Vec<Face>,
    size: (u32, u32),
    /// What its file does not hold.
    notes: Vec<String>,
}

fn retouch(
    beautifier: &mut Beautifier,
    input: &Path,
    output: &Path,
    quality: Option<u8>,
) -> Result<Retouched, Failure> {
    picture_format(output)?;
    retouch_read(beautifier, Photo::read(input)?, output, quality)
}

fn retouch_read(
    beautifier: &mut Beautifier,
    mut photo: Photo,
    output: &Path,
    quality: Option<u8>,
) -> Result<Retouched, Failure> {
    let size = (photo.image.width(), photo.image.height());
    let faces = beautifier.process_still(&mut photo.frame_mut()?)?;
    let unchanged = faces.is_empty() || beautifier.look().is_none();
    if unchanged
        && quality.is_none()
        && let Some(output) = photo.copy(output)?
    {
        return Ok(Retouched { output, faces, size, notes: Vec::new() });
    }
    let (output, notes) = photo.write(output, quality)?;
    Ok(Retouched { output, faces, size, notes })
}

/// Writes where the skin is.
fn skin(beautifier: &mut Beautifier, photo: &Photo, path: &Path) -> Result<Output, Failure> {
    let skin = beautifier.skin(&photo.frame()?)?;
    let grey = skin.into_iter().flat_map(|value| [value, value, value, u8::MAX]).collect();
    let mask = RgbaImage::from_raw(photo.image.width(), photo.image.height(), grey);
    Picture::new(mask.ok_or("the mask has another size than the picture")?).write(path)
}

/// A picture before and after, side by side.
fn before_after(beautifier: &mut Beautifier, mut photo: Photo, output: &Path) -> Result<Retouched, Failure> {
    let before = photo.image.to_rgba8();
    let faces = beautifier.process_still(&mut photo.frame_mut()?)?;
    let (width, height) = before.dimensions();
    let mut sheet = RgbaImage::new(width * 2, height);
    image::imageops::replace(&mut sheet, &before, 0, 0);
    image::imageops::replace(&mut sheet, &photo.image.to_rgba8(), i64::from(width), 0);
    let output = Picture::new(sheet).write(output)?;
    Ok(Retouched { output, faces, size: (width, height), notes: Vec::new() })
}
