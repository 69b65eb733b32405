//! Clips in which hands pass before faces: what flashes that did not flash before.

use std::path::{Path, PathBuf};

use glowup::{Beautifier, FrameMut, Look, TrackerOptions};

use crate::common::Failure;
use crate::common::media::Clip;
use crate::{Bench, Table, everything};

/// By how much more, of 255, a pixel may change than the input does before it counts.
const STEP: i16 = 8;

/// What changes from frame to frame beyond the input's own change.
#[derive(Default)]
struct Flashes {
    frames: u32,
    pixels: u64,
    /// Of these, where the input itself changes by no more than that.
    still: u64,
    /// The frame with the most such pixels, and how many they are.
    worst: (u32, u64),
    largest: i16,
}

impl Flashes {
    fn of(bench: &Bench, path: &Path, look: &Look) -> Result<Self, Failure> {
        let mut session = Beautifier::with_gpu(&bench.gpu, TrackerOptions::default())?;
        session.set_look(look.clone())?;
        let mut clip = Clip::open(path, None)?;
        let (width, height) = (clip.info.width, clip.info.height);
        let mut found = Self::default();
        let mut last: Option<[Vec<u8>; 2]> = None;
        while let Some((pixels, time)) = clip.next_frame()? {
            let before = pixels.to_vec();
            session.process(&mut FrameMut::rgba8(pixels, width, height)?, time)?;
            let now = [before, pixels.to_vec()];
            if let Some(last) = &last {
                found.add(last, &now);
            }
            last = Some(now);
            found.frames += 1;
        }
        Ok(found)
    }

    fn add(&mut self, last: &[Vec<u8>; 2], now: &[Vec<u8>; 2]) {
        let mut count = 0;
        for at in (0..now[0].len()).step_by(4) {
            let step = |which: usize, c: usize| i16::from(now[which][at + c]) - i16::from(last[which][at + c]);
            let off = (0..3).map(|c| (step(1, c) - step(0, c)).abs()).max().unwrap_or_default();
            count += u64::from(off > STEP);
            self.largest = self.largest.max(off);
            let own = (0..3).map(|c| step(0, c).abs()).max().unwrap_or_default();
            self.still += u64::from(off > STEP && own <= STEP);
        }
        self.pixels += count;
        if count > self.worst.1 {
            self.worst = (self.frames, count);
        }
    }
}

/// The clips of a folder, by name.
pub fn clips(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = std::fs::read_dir(folder).map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
    let mut clips = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, std::io::Error>>()?;
    clips.retain(|path| path.extension().is_some_and(|ending| ending == "mkv" || ending == "mp4"));
    clips.sort();
    Ok(clips)
}

/// Each clip of the folder, with all that evens the skin at 1 and with everything at 1.
pub fn hands(bench: &mut Bench, table: &mut Table) -> Result<(), Failure> {
    let Some(folder) = bench.hands.clone() else {
        eprintln!("Hands before faces: left out without --hands ...");
        return Ok(());
    };
    table.title(&format!(
        "Hands before faces: pixels that change by more than {STEP} of 255 beyond the input's own change"
    ));
    for path in &clips(&folder)? {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        for (what, look) in [("skin", everything(|group| group == "skin")), ("everything", everything(|_| true))] {
            let found = Flashes::of(bench, path, &look)?;
            table.noted(
                &format!("{name}, {what} at 1: pixels a frame, of these where the input rests; most in one frame, largest step"),
                &format!(
                    "{:.0}, {:.1}; {} (frame {}), {}",
                    found.pixels as f64 / f64::from(found.frames.max(2) - 1),
                    found.still as f64 / f64::from(found.frames.max(2) - 1),
                    found.worst.1,
                    found.worst.0,
                    found.largest
                ),
            );
        }
    }
    Ok(())
}
