//! One picture in, one retouched picture out. With no argument at all: the bundled portrait, before and after.

mod common;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use common::media::{read_picture, write_picture};
use common::report::{Landmarks, Stats};
use common::{Failure, LookArgs};
use glowup::{Beautifier, BeautifierOptions, FrameMut};
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
    /// Write the landmarks: one JSON line
    #[arg(long, value_name = "OUT")]
    landmarks: Option<PathBuf>,
    /// Write what each stage cost: one JSON object
    #[arg(long, value_name = "OUT")]
    stats: Option<PathBuf>,
}

fn main() -> ExitCode {
    common::main(run)
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    let look = arguments.look.look()?;
    let input = arguments.input.as_deref().unwrap_or(Path::new(PORTRAIT));
    let mut picture = read_picture(input)?;
    let before = arguments.output.is_none().then(|| picture.clone());
    let (width, height) = picture.dimensions();

    let mut beautifier = Beautifier::new(BeautifierOptions::default())?;
    beautifier.set_look(look)?;
    let faces = beautifier.process_still(&mut FrameMut::rgba8(&mut picture, width, height)?)?;

    if let Some(path) = &arguments.landmarks {
        let mut landmarks = Landmarks::create(path)?;
        landmarks.write(width, height, &faces)?;
        landmarks.finish()?;
    }
    if let Some(path) = &arguments.stats {
        let mut stats = Stats::default();
        stats.add(beautifier.stats());
        stats.write(path, Some(beautifier.gpu().adapter()))?;
    }
    let output = arguments.output.as_deref().unwrap_or(Path::new(BEFORE_AFTER));
    match before {
        Some(before) => write_picture(output, &side_by_side(&before, &picture))?,
        None => write_picture(output, &picture)?,
    }
    let count = match faces.len() {
        0 => "no face found, so nothing was changed".to_owned(),
        1 => "1 face retouched".to_owned(),
        many => format!("{many} faces retouched"),
    };
    println!("{}: {count} ({})", output.display(), beautifier.gpu().adapter());
    Ok(())
}

fn side_by_side(left: &RgbaImage, right: &RgbaImage) -> RgbaImage {
    let mut sheet = RgbaImage::new(left.width() + right.width(), left.height().max(right.height()));
    image::imageops::replace(&mut sheet, left, 0, 0);
    image::imageops::replace(&mut sheet, right, i64::from(left.width()), 0);
    sheet
}
