//! A clip in, a retouched clip out, in the clip's own format. All else that it holds is kept.

mod common;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Parser;
use common::media::{Clip, ClipInfo, ClipOptions, Recorder, RecorderOptions, is_picture, keep, writable};
use common::report::{Landmarks, Stats};
use common::{ClipArgs, FacesArgs, Failure, LookArgs, note, say};
use glowup::{Beautifier, BeautifierOptions, DropPolicy, Face, FrameBuf, FrameMut, FrameStats, Pipeline, Retouched};
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
    #[command(flatten)]
    faces: FacesArgs,
    /// Write the landmarks: JSON lines, one a frame
    #[arg(long, value_name = "OUT")]
    landmarks: Option<PathBuf>,
    /// Write what each stage cost: one JSON object
    #[arg(long, value_name = "OUT")]
    stats: Option<PathBuf>,
    #[command(flatten)]
    clip: ClipArgs,
    /// Work on neighbouring frames at once: the same clip, sooner
    #[arg(long)]
    pipelined: bool,
    /// Write every sample as it is, by FFV1; OUTPUT is .mkv
    #[arg(long)]
    lossless: bool,
    /// Make progressive frames of interlaced ones
    #[arg(long)]
    deinterlace: bool,
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

    let (height, deinterlace) = (arguments.clip.scale_height, arguments.deinterlace);
    let clip = Clip::open_with(&arguments.input, ClipOptions { height, own_samples: true, deinterlace })?;
    let info = clip.info.clone();
    if info.interlaced && !deinterlace {
        let path = arguments.input.display();
        return Err(format!("{path} is interlaced, and a face would show it: add --deinterlace").into());
    }
    let frames = info.times.len() as u64;
    let wanted = arguments.clip.max_frames.filter(|&most| most < frames);
    let length = wanted.map(|most| info.time(most as usize));

    let mut beautifier =
        Beautifier::new(BeautifierOptions { tracker: arguments.faces.options(), ..BeautifierOptions::default() })?;
    beautifier.set_look(look)?;
    let adapter = beautifier.gpu().adapter().to_owned();
    // Drawn on a terminal only.
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} frames, {per_sec}, {eta} left")?;
    let mut from = Frames { clip, left: wanted, stopped: Arc::clone(&stopped) };
    let options = RecorderOptions { source: &arguments.input, length, lossless: arguments.lossless };
    let mut to = Results {
        recorder: Recorder::create(&arguments.output, &info, options)?,
        info,
        landmarks: arguments.landmarks.as_deref().map(Landmarks::create).transpose()?,
        stats: Stats::default(),
        bar: ProgressBar::new(wanted.unwrap_or(frames)).with_style(style),
    };
    let work = if arguments.pipelined { overlapping } else { one_by_one };
    let outcome = work(beautifier, &mut from, &mut to);
    to.bar.finish_and_clear();
    if stopped.load(Ordering::Relaxed) {
        return Err("stopped before the end, nothing was written".into());
    }
    outcome?;
    let done = to.bar.position();
    let notes = to.recorder.notes().to_vec();
    let mut outputs = vec![to.recorder.finish()?];
    if let Some(landmarks) = to.landmarks {
        outputs.push(landmarks.finish()?);
    }
    if let Some(path) = &arguments.stats {
        outputs.push(to.stats.write(path, Some(&adapter))?);
    }
    keep(outputs)?;
    note(&notes);
    say(format_args!("{}: {done} frames retouched, on {adapter}", arguments.output.display()));
    Ok(())
}

/// What is to be retouched.
struct Frames {
    clip: Clip,
    /// How many are still wanted; all where it does not say.
    left: Option<u64>,
    stopped: Arc<AtomicBool>,
}

impl Frames {
    /// The next frame's pixels and time.
    fn next(&mut self) -> Result<Option<(&mut [u8], Duration)>, Failure> {
        if self.stopped.load(Ordering::Relaxed) || self.left == Some(0) {
            return Ok(None);
        }
        self.left = self.left.map(|left| left - 1);
        self.clip.next_frame()
    }
}

/// Where it goes.
struct Results {
    info: ClipInfo,
    recorder: Recorder,
    landmarks: Option<Landmarks>,
    stats: Stats,
    bar: ProgressBar,
}

impl Results {
    fn add(&mut self, pixels: &[u8], time: Duration, faces: &[Face], cost: &FrameStats) -> Result<(), Failure> {
        if let Some(landmarks) = &mut self.landmarks {
            landmarks.write(self.info.width, self.info.height, faces)?;
        }
        self.stats.add(cost);
        self.recorder.write(pixels, time)?;
        self.bar.inc(1);
        Ok(())
    }
}

fn one_by_one(mut beautifier: Beautifier, from: &mut Frames, to: &mut Results) -> Result<(), Failure> {
    while let Some((pixels, time)) = from.next()? {
        let ClipInfo { width, height, ref samples, .. } = to.info;
        let mut frame = FrameMut::new(samples.format, pixels, width, height)?.with_colours(samples.colours);
        beautifier.process(&mut frame, time)?;
        to.add(pixels, time, beautifier.faces(), beautifier.stats())?;
    }
    Ok(())
}

/// As [`one_by_one`], but neighbouring frames are on their way at once.
fn overlapping(beautifier: Beautifier, from: &mut Frames, to: &mut Results) -> Result<(), Failure> {
    let pipeline = Pipeline::new(beautifier, DropPolicy::Wait)?;
    let (width, height, format, colours) =
        (to.info.width, to.info.height, to.info.samples.format, to.info.samples.colours);
    // The memory of frames that are through serves the next ones.
    let mut spare: Vec<Vec<u8>> = Vec::new();
    let mut settle = |done: Retouched<FrameBuf>, spare: &mut Vec<Vec<u8>>| -> Result<(), Failure> {
        done.outcome?;
        to.add(done.picture.data(), done.time, &done.faces, &done.stats)?;
        spare.push(done.picture.into_data());
        Ok(())
    };
    while let Some((pixels, time)) = from.next()? {
        let mut own = spare.pop().unwrap_or_default();
        own.clear();
        own.extend_from_slice(pixels);
        pipeline.push(FrameBuf::new(format, own, width, height)?.with_colours(colours), time)?;
        while let Some(done) = pipeline.take() {
            settle(done, &mut spare)?;
        }
    }
    while let Some(done) = pipeline.wait() {
        settle(done, &mut spare)?;
    }
    Ok(())
}
