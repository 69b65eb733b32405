//! Clips, written frame by frame through ffmpeg's command line, with the sound of another clip.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use super::Failure;
use super::clip::{ClipInfo, Complaints, start};
use super::media::Output;

/// Codecs of sound that MP4 takes as they are.
const MP4_SOUND: [&str; 6] = ["aac", "mp3", "ac3", "eac3", "alac", "opus"];
/// Codecs of sound that WebM takes as they are.
const WEBM_SOUND: [&str; 2] = ["opus", "vorbis"];
/// Ways to code colours that ffmpeg can be asked for.
const MATRICES: [&str; 5] = ["bt709", "smpte170m", "bt470bg", "smpte240m", "bt2020nc"];

/// A clip that is being written.
pub struct Recorder {
    process: Child,
    frames: Option<ChildStdin>,
    complaints: Complaints,
    /// Taken out once it is complete.
    output: Option<Output>,
    path: PathBuf,
    /// The size of a frame, in pixels, where each frame's time goes along with it.
    timed: Option<(u32, u32)>,
    started: bool,
}

impl Recorder {
    /// Begins to write a clip of the size, times and colours of `info`, with the sound of `source` cut to `length`.
    pub fn create(path: &Path, info: &ClipInfo, source: &Path, length: Option<Duration>) -> Result<Self, Failure> {
        let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default().to_ascii_lowercase();
        if !["mp4", "m4v", "mov", "mkv", "webm"].contains(&extension.as_str()) {
            return Err(format!("cannot write {}: name it .mp4, .mov, .mkv or .webm", path.display()).into());
        }
        let output = Output::new(path)?;
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-y"]);
        if info.delay.abs() > 1e-3 {
            command.args(["-itsoffset", &format!("{:.6}", info.delay)]);
        }
        if info.even {
            command.args(["-f", "rawvideo", "-pix_fmt", "rgba"]);
            command.args(["-s", &format!("{}x{}", info.width, info.height), "-r", &info.rate]);
        } else {
            command.args(["-f", "matroska"]);
        }
        command.args(["-i", "pipe:0"]);
        sound(&mut command, info, source, &extension);
        if let Some(length) = length {
            command.args(["-t", &format!("{:.6}", length.as_secs_f64() + info.delay)]);
        }
        picture(&mut command, info, &extension);
        command.arg(output.partial()).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = start(&mut command)?;
        let complaints = Complaints::of(&mut process);
        let frames = process.stdin.take();
        let timed = (!info.even).then_some((info.width, info.height));
        let path = output.path().to_owned();
        Ok(Self { process, frames, complaints, output: Some(output), path, timed, started: false })
    }

    /// Writes one frame (RGBA, without padding) that is shown at `time`.
    pub fn write(&mut self, pixels: &[u8], time: Duration) -> Result<(), Failure> {
        let mut head = Vec::new();
        if let Some((width, height)) = self.timed {
            if !self.started {
                matroska::begin(&mut head, width, height);
            }
            matroska::frame(&mut head, time, pixels.len());
        }
        self.started = true;
        let Some(frames) = &mut self.frames else { return Err(self.fail()) };
        frames.write_all(&head).and_then(|()| frames.write_all(pixels)).map_err(|_| self.fail())
    }

    /// Completes the clip. It is in its place once it is kept.
    pub fn finish(mut self) -> Result<Output, Failure> {
        drop(self.frames.take());
        if !self.process.wait()?.success() {
            return Err(self.fail());
        }
        self.output.take().ok_or_else(|| "the clip was finished before".into())
    }

    fn fail(&mut self) -> Failure {
        drop(self.frames.take());
        let _ = self.process.wait();
        let complaint = self.complaints.first();
        let why = if complaint.is_empty() { "ffmpeg gave up" } else { &complaint };
        format!("cannot write {}: {why}", self.path.display()).into()
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn sound(command: &mut Command, info: &ClipInfo, source: &Path, extension: &str) {
    let Some(codec) = info.sound.as_deref() else { return };
    command.arg("-i").arg(source).args(["-map", "0:v:0", "-map", "1:a:0", "-c:a"]);
    command.arg(match extension {
        "mkv" => "copy",
        "webm" if WEBM_SOUND.contains(&codec) => "copy",
        "webm" => "libopus",
        _ if MP4_SOUND.contains(&codec) => "copy",
        _ => "aac",
    });
}

fn picture(command: &mut Command, info: &ClipInfo, extension: &str) {
    let mut filters = Vec::new();
    let [matrix, primaries, transfer] = &info.colours;
    if MATRICES.contains(&matrix.as_str()) {
        filters.push(format!("scale=out_color_matrix={matrix}"));
        command.args(["-colorspace", matrix]);
    }
    for (option, value) in [("-color_primaries", primaries), ("-color_trc", transfer)] {
        if !value.is_empty() && value != "unknown" && value != "reserved" {
            command.args([option, value]);
        }
    }
    if let Some(aspect) = &info.pixel_aspect {
        filters.push(format!("setsar={aspect}"));
    }
    if !filters.is_empty() {
        command.args(["-vf", &filters.join(",")]);
    }
    if !info.even {
        command.args(["-fps_mode", "passthrough", "-enc_time_base", "1:90000", "-video_track_timescale", "90000"]);
    }
    if extension == "webm" {
        command.args(["-c:v", "libvpx-vp9", "-crf", "18", "-b:v", "0", "-row-mt", "1"]);
    } else {
        command.args(["-c:v", "libx264", "-preset", "veryfast", "-crf", "14"]);
    }
    // In H.264 colour at half size needs even sides.
    let half = extension == "webm" || (info.width.is_multiple_of(2) && info.height.is_multiple_of(2));
    command.args(["-pix_fmt", if half { "yuv420p" } else { "yuv444p" }]);
    if ["mp4", "mov", "m4v"].contains(&extension) {
        command.args(["-movflags", "+faststart"]);
    }
}

/// As much of Matroska (RFC 9559) as it takes to hand over uncompressed frames with their times.
mod matroska {
    use std::time::Duration;

    /// Times are given in microseconds.
    const SCALE: u64 = 1000;
    /// Bytes of a number. Before it, as before a block, go a name of 1 byte and a length of 8.
    const NUMBER: usize = 8;
    /// Track 1, no time of its own beside the cluster's, a key frame.
    const BLOCK: [u8; 4] = [0x81, 0, 0, 0x80];

    fn element(to: &mut Vec<u8>, id: u32, content: &[u8]) {
        start(to, id, content.len());
        to.extend_from_slice(content);
    }

    /// An element's name and length.
    fn start(to: &mut Vec<u8>, id: u32, length: usize) {
        to.extend(id.to_be_bytes().into_iter().skip_while(|&byte| byte == 0));
        to.extend((length as u64 | 1 << 56).to_be_bytes());
    }

    fn number(to: &mut Vec<u8>, id: u32, value: u64) {
        element(to, id, &value.to_be_bytes());
    }

    pub(super) fn begin(to: &mut Vec<u8>, width: u32, height: u32) {
        let mut head = Vec::new();
        element(&mut head, 0x4282, b"matroska");
        element(to, 0x1A45_DFA3, &head);
        // The segment, of unknown length.
        to.extend([0x18, 0x53, 0x80, 0x67, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
        let (mut info, mut video, mut track, mut tracks) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        number(&mut info, 0x2A_D7B1, SCALE);
        element(to, 0x1549_A966, &info);
        number(&mut video, 0xB0, width.into());
        number(&mut video, 0xBA, height.into());
        element(&mut video, 0x2E_B524, b"RGBA");
        number(&mut track, 0xD7, 1);
        number(&mut track, 0x73C5, 1);
        number(&mut track, 0x83, 1);
        element(&mut track, 0x86, b"V_UNCOMPRESSED");
        element(&mut track, 0xE0, &video);
        element(&mut tracks, 0xAE, &track);
        element(to, 0x1654_AE6B, &tracks);
    }

    /// What goes before a frame's pixels: a cluster of its own.
    pub(super) fn frame(to: &mut Vec<u8>, time: Duration, bytes: usize) {
        start(to, 0x1F43_B675, 9 + NUMBER + 9 + BLOCK.len() + bytes);
        number(to, 0xE7, time.as_micros() as u64);
        start(to, 0xA3, BLOCK.len() + bytes);
        to.extend(BLOCK);
    }
}
