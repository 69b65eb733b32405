//! Pictures out: to a clip or a virtual camera through ffmpeg's command line, and snapshots.
//!
//! All of it runs on threads of its own. A writer that cannot keep up loses pictures; it never holds the others up.

use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use eframe::egui;

use crate::common::Failure;
use crate::common::media::{Output, write_picture};
use crate::source::Picture;

/// Pictures that may wait for a writer.
const WAITING: usize = 4;
/// How long a clip that was ended may take to be complete when the program quits.
const FINISH_TIMEOUT: Duration = Duration::from_secs(8);

/// What there is to tell the user, from any thread.
#[derive(Clone, Default)]
pub struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    pub fn add(&self, note: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(note);
    }

    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Where pictures go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A new clip in that file.
    Clip(PathBuf),
    /// A V4L2 loopback device.
    Device(PathBuf),
}

impl Target {
    fn name(&self) -> &'static str {
        match self {
            Self::Clip(_) => "Recording",
            Self::Device(_) => "The virtual camera",
        }
    }

    /// ffmpeg, told to read raw pictures of that size.
    fn command(&self, size: [u32; 2], first: [u32; 2], to: &Path) -> Command {
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-y", "-use_wallclock_as_timestamps", "1", "-f", "rawvideo", "-pix_fmt", "rgba"]);
        command.args(["-s", &format!("{}x{}", size[0], size[1]), "-i", "pipe:0"]);
        match self {
            Self::Clip(_) => {
                // Colour at half size needs even sides.
                command.args(["-vf", "crop=trunc(iw/2)*2:trunc(ih/2)*2", "-fps_mode", "cfr", "-r", "30"]);
                command.args(["-c:v", "libx264", "-preset", "veryfast", "-crf", "18", "-pix_fmt", "yuv420p"]);
                command.args(["-movflags", "+faststart"]);
            }
            Self::Device(_) => {
                // A program that watches the device keeps to the size that it first saw.
                let [width, height] = first.map(|side| side / 2 * 2);
                let fit = format!(
                    "scale={width}:{height}:force_original_aspect_ratio=decrease,pad={width}:{height}:-1:-1,setsar=1"
                );
                command.args(["-vf", &fit, "-fps_mode", "passthrough", "-pix_fmt", "yuv420p", "-f", "v4l2"]);
            }
        }
        command.arg(to).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }
}

/// A clip or device that is being written to.
pub struct Writer {
    frames: SyncSender<Picture>,
    spare: Receiver<Picture>,
    ended: Receiver<()>,
    pub since: Instant,
}

impl Writer {
    /// Begins to write pictures of the size of the first. What becomes of it is added to `notes`, and the window repainted.
    pub fn start(target: Target, notes: Notes, context: egui::Context) -> Result<Self, Failure> {
        if let Target::Device(path) = &target {
            check_device(path)?;
        }
        let (frames, incoming) = sync_channel::<Picture>(WAITING);
        let (back, spare) = channel();
        let (over, ended) = channel();
        std::thread::Builder::new().name("writer".to_owned()).spawn(move || {
            let outcome = match &target {
                Target::Clip(path) => write_clip(&target, path, &incoming, &back),
                Target::Device(path) => write_device(&target, path, &incoming, &back),
            };
            match (outcome, &target) {
                (Ok(()), Target::Clip(path)) => notes.add(format!("Recorded to {}", path.display())),
                (Ok(()), Target::Device(_)) => {}
                (Err(failure), _) => notes.add(format!("{} has failed: {failure}", target.name())),
            }
            context.request_repaint();
            drop(over);
        })?;
        Ok(Self { frames, spare, ended, since: Instant::now() })
    }

    /// Hands a picture over; it is lost where too many wait already. Returns whether the writer still goes on.
    pub fn write(&self, picture: &Picture) -> bool {
        let mut copy = self.spare.try_recv().unwrap_or_default();
        copy.set(picture.width, picture.height, &picture.pixels);
        !matches!(self.frames.try_send(copy), Err(TrySendError::Disconnected(_)))
    }

    /// Ends it. The clip is complete a moment later.
    pub fn end(self) -> Completion {
        Completion(self.ended)
    }
}

/// What has got its last picture.
pub struct Completion(Receiver<()>);

impl Completion {
    /// Whether it is complete.
    pub fn is_over(&self) -> bool {
        self.0.try_recv() == Err(std::sync::mpsc::TryRecvError::Disconnected)
    }

    /// Waits until it is complete, but not for ever.
    pub fn wait(self) {
        let _ = self.0.recv_timeout(FINISH_TIMEOUT);
    }
}

fn write_clip(
    target: &Target,
    path: &Path,
    incoming: &Receiver<Picture>,
    back: &std::sync::mpsc::Sender<Picture>,
) -> Result<(), Failure> {
    let output = Output::new(path)?;
    let Ok(mut picture) = incoming.recv() else { return Err("there was nothing to record".into()) };
    let size = [picture.width, picture.height];
    let mut ffmpeg = Ffmpeg::start(target.command(size, size, output.partial()))?;
    loop {
        ffmpeg.write(&picture)?;
        let _ = back.send(picture);
        match incoming.recv() {
            Ok(next) if [next.width, next.height] == size => picture = next,
            // A clip has one size: what is recorded so far is kept.
            Ok(_) | Err(_) => break,
        }
    }
    ffmpeg.finish()?;
    output.keep()
}

fn write_device(
    target: &Target,
    path: &Path,
    incoming: &Receiver<Picture>,
    back: &std::sync::mpsc::Sender<Picture>,
) -> Result<(), Failure> {
    let mut ffmpeg: Option<([u32; 2], Ffmpeg)> = None;
    let mut first = None;
    while let Ok(picture) = incoming.recv() {
        let size = [picture.width, picture.height];
        let first = *first.get_or_insert(size);
        if ffmpeg.as_ref().is_none_or(|(of, _)| *of != size) {
            if let Some((_, old)) = ffmpeg.take() {
                old.finish()?;
            }
            ffmpeg = Some((size, Ffmpeg::start(target.command(size, first, path))?));
        }
        if let Some((_, ffmpeg)) = &mut ffmpeg {
            ffmpeg.write(&picture)?;
        }
        let _ = back.send(picture);
    }
    ffmpeg.map_or(Ok(()), |(_, ffmpeg)| ffmpeg.finish())
}

fn check_device(path: &Path) -> Result<(), Failure> {
    if !cfg!(target_os = "linux") {
        return Err("--sink is for Linux; elsewhere OBS shows the window as a virtual camera (see the README)".into());
    }
    if !path.exists() {
        return Err(format!(
            "there is no {}: a virtual camera needs v4l2loopback (apt-get install v4l2loopback-dkms, modprobe v4l2loopback)",
            path.display()
        )
        .into());
    }
    Ok(())
}

/// ffmpeg while it reads our pictures. Ended where it is dropped.
struct Ffmpeg(Child);

impl Ffmpeg {
    fn start(mut command: Command) -> Result<Self, Failure> {
        command.spawn().map(Self).map_err(|error| match error.kind() {
            ErrorKind::NotFound => {
                "ffmpeg was not found; install it (Debian and Ubuntu: apt-get install ffmpeg)".into()
            }
            _ => format!("ffmpeg does not start: {error}").into(),
        })
    }

    fn write(&mut self, picture: &Picture) -> Result<(), Failure> {
        let Some(input) = &mut self.0.stdin else { return Err("ffmpeg reads nothing".into()) };
        if input.write_all(&picture.pixels).is_err() {
            return Err(self.first_error());
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(), Failure> {
        drop(self.0.stdin.take());
        if self.0.wait()?.success() { Ok(()) } else { Err(self.first_error()) }
    }

    /// Its first first_error. It says little with `-v error`, so that it never waits for us to listen.
    fn first_error(&mut self) -> Failure {
        drop(self.0.stdin.take());
        let mut text = String::new();
        if let Some(stderr) = self.0.stderr.take() {
            let _ = stderr.take(4096).read_to_string(&mut text);
        }
        let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("ffmpeg gave up");
        line.trim().to_owned().into()
    }
}

impl Drop for Ffmpeg {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Seconds since 1970, for names of files.
pub fn moment() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// A name in `folder` that no file has yet.
pub fn free_name(folder: &Path, endings: &[&str]) -> PathBuf {
    let moment = moment();
    (1..)
        .map(|count: u32| match count {
            1 => format!("glowup-{moment}"),
            _ => format!("glowup-{moment}-{count}"),
        })
        .map(|stem| folder.join(stem))
        .find(|stem| endings.iter().all(|ending| !with_ending(stem, ending).exists()))
        .unwrap_or_else(|| folder.join(format!("glowup-{moment}")))
}

pub fn with_ending(stem: &Path, ending: &str) -> PathBuf {
    let mut name = stem.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Writes the two pictures of a snapshot, on a thread of its own.
pub fn snapshot(folder: &Path, before: Picture, after: Picture, notes: Notes, context: egui::Context) -> Completion {
    let (over, ended) = channel::<()>();
    let stem = free_name(folder, &["-before.png", "-after.png"]);
    let theirs = notes.clone();
    let work = move || {
        let write = |picture: Picture, ending| -> Result<(), Failure> {
            let image = image::RgbaImage::from_raw(picture.width, picture.height, picture.pixels);
            write_picture(&with_ending(&stem, ending), &image.ok_or("the picture is incomplete")?)
        };
        match write(before, "-before.png").and_then(|()| write(after, "-after.png")) {
            Ok(()) => notes.add(format!("Snapshot saved to {}", with_ending(&stem, "-after.png").display())),
            Err(failure) => notes.add(format!("No snapshot was saved: {failure}")),
        }
        context.request_repaint();
        drop(over);
    };
    if let Err(error) = std::thread::Builder::new().name("snapshot".to_owned()).spawn(work) {
        theirs.add(format!("No snapshot was saved: {error}"));
    }
    Completion(ended)
}
