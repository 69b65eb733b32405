//! A clip in, a retouched clip out. Sound is kept.

mod common;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Parser;
use common::media::{Clip, Recorder, is_picture, keep, writable};
use common::report::{Landmarks, Stats};
use common::{ClipArgs, Failure, LookArgs, say};
use glowup::{Beautifier, BeautifierOptions, FrameMut};
use indicatif::{ProgressBar, ProgressStyle};

/// Retouches the faces of a clip, frame by frame.
#[derive(Parser)]
struct Arguments {
    /// Any clip that ffmpeg reads
    input: PathBuf,
    /// Where to write the result; .mp4, .mov, .mkv or .webm
    output: PathBuf,
    #[command(flatten)]
    look: LookArgs,
    /// Write the landmarks: JSON lines, one a frame
    #[arg(long, value_name = "OUT")]
    landmarks: Option<PathBuf>,
    /// Write what each stage cost: one JSON object
    #[arg(long, value_name = "OUT")]
    stats: Option<PathBuf>,
    #[command(flatten)]
    clip: ClipArgs,
}

fn main() -> ExitCode {
    common::main(run)
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    let look = arguments.look.look()?;
    if is_picture(&arguments.input) {
        return Err(format!("{} is a picture: use the example photo", arguments.input.display()).into());
    }
    writable([Some(&*arguments.output), arguments.landmarks.as_deref(), arguments.stats.as_deref()])?;

    // Told to stop, it ends like any failure: without leaving half a clip.
    let stopped = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stopped);
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed))?;

    let mut clip = Clip::open(&arguments.input, arguments.clip.scale_height)?;
    let info = clip.info.clone();
    let frames = info.times.len() as u64;
    let wanted = arguments.clip.max_frames.filter(|&most| most < frames);
    let length = wanted.map(|most| info.time(most as usize));

    let mut beautifier = Beautifier::new(BeautifierOptions::default())?;
    beautifier.set_look(look)?;
    let mut recorder = Recorder::create(&arguments.output, &info, &arguments.input, length)?;
    let mut landmarks = arguments.landmarks.as_deref().map(Landmarks::create).transpose()?;
    let mut stats = Stats::default();

    // Drawn on a terminal only.
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} frames, {per_sec}, {eta} left")?;
    let bar = ProgressBar::new(wanted.unwrap_or(frames)).with_style(style);
    let mut retouch = || -> Result<u64, Failure> {
        let mut done = 0;
        while wanted.is_none_or(|most| done < most)
            && let Some((pixels, time)) = clip.next_frame()?
        {
            let mut frame = FrameMut::rgba8(pixels, info.width, info.height)?;
            let faces = beautifier.process(&mut frame, time)?;
            if let Some(landmarks) = &mut landmarks {
                landmarks.write(info.width, info.height, faces)?;
            }
            stats.add(beautifier.stats());
            recorder.write(pixels, time)?;
            bar.inc(1);
            done += 1;
            if stopped.load(Ordering::Relaxed) {
                break;
            }
        }
        Ok(done)
    };
    let outcome = retouch();
    bar.finish_and_clear();
    if stopped.load(Ordering::Relaxed) {
        return Err("stopped before the end, nothing was written".into());
    }
    let done = outcome?;
    let mut outputs = vec![recorder.finish()?];
    if let Some(landmarks) = landmarks {
        outputs.push(landmarks.finish()?);
    }
    if let Some(path) = &arguments.stats {
        outputs.push(stats.write(path, Some(beautifier.gpu().adapter()))?);
    }
    keep(outputs)?;
    let adapter = beautifier.gpu().adapter();
    say(format_args!("{}: {done} frames retouched, on {adapter}", arguments.output.display()));
    Ok(())
}
