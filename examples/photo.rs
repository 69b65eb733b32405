//! One picture in, one retouched picture out. With no argument at all: the bundled portrait, before and after.

mod common;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use common::media::{Picture, keep, picture_format, writable};
use common::report::{Landmarks, Stats};
use common::{FacesArgs, Failure, LookArgs, count, say};
use glowup::{Beautifier, BeautifierOptions, Frame, FrameMut};
use image::RgbaImage;

/// The portrait that is shown where no other is named.
const PORTRAIT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/astronaut.png");
/// Where it is written.
const BEFORE_AFTER: &str = "before-after.png";

/// Retouches the faces of a picture. Without INPUT: those of the bundled portrait, written side by side with the original
/// to before-after.png.
#[derive(Parser)]
struct Arguments {
    /// A picture: PNG, JPEG or WebP
    #[arg(requires = "output")]
    input: Option<PathBuf>,
    /// Where to write the result; .png, .jpg or .webp
    output: Option<PathBuf>,
    #[command(flatten)]
    look: LookArgs,
    #[command(flatten)]
    faces: FacesArgs,
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
    picture_format(output)?;
    arguments.mask.as_deref().map(picture_format).transpose()?;
    let [landmarks, mask, stats] = [&arguments.landmarks, &arguments.mask, &arguments.stats].map(Option::as_deref);
    writable([Some(output), landmarks, mask, stats])?;
    let mut picture = Picture::read(input)?;
    let before = arguments.output.is_none().then(|| picture.pixels.clone());
    let (width, height) = picture.pixels.dimensions();

    let mut beautifier =
        Beautifier::new(BeautifierOptions { tracker: arguments.faces.options(), ..BeautifierOptions::default() })?;
    let is_none = look.is_none();
    beautifier.set_look(look)?;
    let mask = match mask {
        None => None,
        Some(path) => {
            let skin = beautifier.skin(&Frame::rgba8(&picture.pixels, width, height)?)?;
            let grey = skin.into_iter().flat_map(|value| [value, value, value, u8::MAX]).collect();
            RgbaImage::from_raw(width, height, grey).map(|mask| Picture::new(mask).write(path)).transpose()?
        }
    };
    let faces = beautifier.process_still(&mut FrameMut::rgba8(&mut picture.pixels, width, height)?)?;

    if let Some(before) = before {
        picture.pixels = side_by_side(&before, &picture.pixels);
    }
    let mut outputs = vec![picture.write(output)?];
    outputs.extend(mask);
    if let Some(path) = landmarks {
        let mut landmarks = Landmarks::create(path)?;
        landmarks.write(width, height, &faces)?;
        outputs.push(landmarks.finish()?);
    }
    if let Some(path) = stats {
        let mut stats = Stats::default();
        stats.add(beautifier.stats());
        outputs.push(stats.write(path, Some(beautifier.gpu().adapter()))?);
    }
    keep(outputs)?;
    let outcome = match faces.len() {
        _ if is_none => "every amount is 0: unchanged",
        0 => "unchanged",
        _ => "retouched",
    };
    let (faces, adapter) = (count(faces.len()), beautifier.gpu().adapter());
    say(format_args!("{}: {faces}, {outcome}, on {adapter}", output.display()));
    Ok(())
}

fn side_by_side(left: &RgbaImage, right: &RgbaImage) -> RgbaImage {
    let mut sheet = RgbaImage::new(left.width() + right.width(), left.height().max(right.height()));
    image::imageops::replace(&mut sheet, left, 0, 0);
    image::imageops::replace(&mut sheet, right, i64::from(left.width()), 0);
    sheet
}
