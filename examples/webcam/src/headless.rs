//! Without a window: every picture of a source, retouched, as fast as it goes. For servers and tests.

use std::path::Path;
use std::time::{Duration, Instant};

use glowup::{Beautifier, BeautifierOptions, FrameMut, Look};

use crate::common::media::write_picture;
use crate::common::report::Stats;
use crate::common::{Failure, say};
use crate::source::{Picture, SourceSpec, open};

pub fn run(spec: &SourceSpec, frames: u32, folder: &Path, look: Look, stats: Option<&Path>) -> Result<(), Failure> {
    let mut source = open(spec)?;
    std::fs::create_dir_all(folder).map_err(|error| format!("cannot write to {}: {error}", folder.display()))?;
    let mut beautifier = Beautifier::new(BeautifierOptions::default())?;
    beautifier.set_look(look)?;
    let (start, mut picture, mut size) = (Instant::now(), Picture::default(), None);
    let mut last = Duration::ZERO;
    let (mut report, mut seen) = (Stats::default(), 0);
    for index in 0..frames {
        let due = source.next(&mut picture)?;
        // A source of another size, or one that starts again, is another stream.
        let time = due.unwrap_or_else(|| start.elapsed());
        if size.replace((picture.width, picture.height)).is_some_and(|old| old != (picture.width, picture.height))
            || time < last
        {
            beautifier.reset();
        }
        last = time;
        let mut frame = FrameMut::rgba8(&mut picture.pixels, picture.width, picture.height)?;
        seen += usize::from(!beautifier.process(&mut frame, time)?.is_empty());
        report.add(beautifier.stats());
        let pixels = std::mem::take(&mut picture.pixels);
        let image = image::RgbaImage::from_raw(picture.width, picture.height, pixels);
        let image = image.ok_or("the picture is incomplete")?;
        write_picture(&folder.join(format!("frame-{index:05}.png")), &image)?;
        picture.pixels = image.into_raw();
    }
    if let Some(path) = stats {
        report.write(path, Some(beautifier.gpu().adapter()))?.keep()?;
    }
    say(format_args!("{frames} frames to {}, {seen} with a face, on {}", folder.display(), beautifier.gpu().adapter()));
    Ok(())
}
