//! Clips, written frame by frame through ffmpeg's command line, with all else that the clip that they were made of holds.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use super::Failure;
use super::clip::{ClipInfo, Complaints, start};
use super::media::Output;
use super::tracks::{self, Fate};

/// Containers.
const CONTAINERS: [&str; 5] = ["mp4", "m4v", "mov", "mkv", "webm"];

/// How a clip shall be written.
#[derive(Debug, Clone, Copy)]
pub struct RecorderOptions<'a> {
    /// Where its other tracks, its chapters and its title come from.
    pub source: &'a Path,
    /// Where it ends; all of it where it does not say.
    pub length: Option<Duration>,
    /// Whether every sample shall be as it was given.
    pub lossless: bool,
}

/// A clip that is being written.
pub struct Recorder {
    process: Child,
    frames: Option<ChildStdin>,
    complaints: Complaints,
    /// Taken out once it is complete.
    output: Option<Output>,
    path: PathBuf,
    /// The size of a frame, in pixels, and the name of its samples, where each frame's time goes along with it.
    timed: Option<(u32, u32, [u8; 4])>,
    started: bool,
    notes: Vec<String>,
}

impl Recorder {
    /// Begins to write a clip of the size, samples, times and colours of `info`.
    pub fn create(path: &Path, info: &ClipInfo, options: RecorderOptions<'_>) -> Result<Self, Failure> {
        let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default().to_ascii_lowercase();
        if !CONTAINERS.contains(&extension.as_str()) {
            return Err(format!("cannot write {}: name it .mp4, .mov, .mkv or .webm", path.display()).into());
        }
        if options.lossless && extension != "mkv" {
            return Err(format!("cannot write {} without loss: name it .mkv", path.display()).into());
        }
        let output = Output::new(path)?;
        let mut notes: Vec<String> = info.samples.loss.clone().into_iter().collect();
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-y"]);
        if info.delay.abs() > 1e-3 {
            command.args(["-itsoffset", &format!("{:.6}", info.delay)]);
        }
        if info.even {
            command.args(["-f", "rawvideo", "-pix_fmt", info.samples.pipe]);
            command.args(["-s", &format!("{}x{}", info.width, info.height), "-r", &info.rate]);
        } else {
            command.args(["-f", "matroska"]);
        }
        command.args(["-i", "pipe:0"]);
        other_tracks(&mut command, info, options.source, &extension, &mut notes);
        if let Some(length) = options.length {
            command.args(["-t", &format!("{:.6}", length.as_secs_f64() + info.delay)]);
        }
        let encoder = encoder(info, &extension, options.lossless);
        notes.extend(encoder.loss.clone());
        picture(&mut command, info, &encoder);
        if ["mp4", "mov", "m4v"].contains(&&*extension) {
            command.args(["-movflags", "+faststart"]);
            if encoder.arguments == H265 {
                // The name by which players know it.
                command.args(["-tag:v:0", "hvc1"]);
            }
        }
        if encoder.arguments != H265 && (info.light.display.is_some() || info.light.levels.is_some()) {
            notes.push("what it says of its display and its brightest light is left out".to_owned());
        }
        command.arg(output.partial()).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = start(&mut command)?;
        let complaints = Complaints::of(&mut process);
        let frames = process.stdin.take();
        let timed = (!info.even).then_some((info.width, info.height, info.samples.code));
        let path = output.path().to_owned();
        Ok(Self { process, frames, complaints, output: Some(output), path, timed, started: false, notes })
    }

    /// What the file cannot hold of the clip.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Writes one frame (samples without padding) that is shown at `time`.
    pub fn write(&mut self, samples: &[u8], time: Duration) -> Result<(), Failure> {
        let mut head = Vec::new();
        if let Some((width, height, code)) = self.timed {
            if !self.started {
                matroska::begin(&mut head, width, height, code);
            }
            matroska::frame(&mut head, time, samples.len());
        }
        self.started = true;
        let Some(frames) = &mut self.frames else { return Err(self.fail()) };
        frames.write_all(&head).and_then(|()| frames.write_all(samples)).map_err(|_| self.fail())
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

/// Maps the picture, and of the source all other tracks, its chapters and what it says of them.
fn other_tracks(command: &mut Command, info: &ClipInfo, source: &Path, extension: &str, notes: &mut Vec<String>) {
    command.arg("-i").arg(source).args(["-map", "0:v:0", "-map_metadata", "1", "-map_chapters", "1"]);
    command.args(["-map_metadata:s:0", &format!("1:s:{}", info.index)]);
    let mut place = 1;
    for track in &info.tracks {
        let fate = tracks::fate(track, extension);
        notes.extend(tracks::said(track, &fate));
        let encoder = match fate {
            Fate::Copied => "copy",
            Fate::Coded(encoder) => encoder,
            Fate::LeftOut => continue,
        };
        command.args(["-map", &format!("1:{}", track.index), &format!("-c:{place}"), encoder]);
        command.args([&format!("-map_metadata:s:{place}"), &format!("1:s:{}", track.index)]);
        place += 1;
    }
}

/// How the picture is coded.
struct Encoder {
    arguments: &'static [&'static str],
    /// ffmpeg's name for the samples.
    samples: String,
    /// What is lost.
    loss: Option<String>,
}

const H264: &[&str] = &["-c:v:0", "libx264", "-preset", "veryfast", "-crf", "14"];
const H264_RGB: &[&str] = &["-c:v:0", "libx264rgb", "-preset", "veryfast", "-crf", "14"];
/// What players and phones take of more than eight bits.
const H265: &[&str] = &["-c:v:0", "libx265", "-preset", "veryfast", "-crf", "14"];
const VP9: &[&str] = &["-c:v:0", "libvpx-vp9", "-crf", "18", "-b:v:0", "0", "-row-mt", "1"];
/// Each frame on its own, with sums that tell a damaged one.
const FFV1: &[&str] = &["-c:v:0", "ffv1", "-level", "3", "-g:v:0", "1", "-slices", "4", "-slicecrc", "1"];
const PRORES: &[&str] = &["-c:v:0", "prores_ks", "-profile:v:0", "4444", "-qscale:v:0", "2"];
const PNG: &[&str] = &["-c:v:0", "png"];

/// The encoder that keeps most of a clip in a file of this extension.
fn encoder(info: &ClipInfo, extension: &str, lossless: bool) -> Encoder {
    let (own, alpha, is_rgb) = (info.samples.pipe, info.samples.alpha, info.samples.is_rgb());
    let with = |arguments, samples: &str| Encoder { arguments, samples: samples.to_owned(), loss: None };
    let losing =
        |arguments, samples: &str, what: &str| Encoder { loss: Some(what.to_owned()), ..with(arguments, samples) };
    let whole = match (is_rgb, alpha) {
        (true, true) if own == "rgba" => "bgra",
        (true, false) if own == "rgba" => "bgr0",
        (true, false) => "rgb48le",
        _ => own,
    };
    let opaque = own.replacen("yuva", "yuv", 1);
    let even = info.width.is_multiple_of(2) && info.height.is_multiple_of(2);
    match extension {
        _ if lossless => with(FFV1, whole),
        "webm" | "mkv" if own == "yuva420p" => with(VP9, own),
        "mkv" if alpha => with(FFV1, whole),
        "webm" if alpha => losing(VP9, "yuva420p", "its chroma is halved: WebM has transparency with no other"),
        "webm" if own == "gray" => with(VP9, "yuv420p"),
        "webm" if own == "gray16le" => losing(VP9, "yuv420p10le", "its 16 bits a value become 10"),
        "webm" if is_rgb && info.samples.is_deep() => losing(VP9, "gbrp10le", "its 16 bits a value become 10"),
        "webm" => with(VP9, if is_rgb { "gbrp" } else { own }),
        "mov" if alpha && is_rgb => with(PNG, if info.samples.is_deep() { "rgba64be" } else { "rgba" }),
        "mov" if alpha => with(PRORES, "yuva444p10le"),
        _ if is_rgb && alpha => {
            losing(H264_RGB, "rgb24", "its transparency is left out: name the result .mov, .mkv or .webm to keep it")
        }
        _ if alpha => {
            losing(H264, &opaque, "its transparency is left out: name the result .mov, .mkv or .webm to keep it")
        }
        _ if own == "gray16le" => losing(H265, "gray10le", "its 16 bits a value become 10"),
        _ if is_rgb && info.samples.is_deep() => losing(H265, "gbrp10le", "its 16 bits a value become 10"),
        _ if is_rgb => with(H264_RGB, "rgb24"),
        _ if !even && info.samples.is_deep() => with(H265, "yuv444p10le"),
        _ if info.samples.is_deep() => with(H265, own),
        // In H.264 chroma at half size needs even sides.
        _ if !even && ["yuv420p", "yuv422p"].contains(&own) => with(H264, "yuv444p"),
        _ => with(H264, own),
    }
}

fn picture(command: &mut Command, info: &ClipInfo, encoder: &Encoder) {
    // What the samples mean is told to the frames, so that nothing converts them on the way, and to the encoder.
    let mut meaning = Vec::new();
    let [matrix, primaries, transfer, range, place] = &info.colours;
    let range = if info.samples.own.starts_with("yuvj") { "pc" } else { range };
    let known = |value: &str| !["", "unknown", "unspecified", "reserved"].contains(&value);
    if !info.samples.is_rgb() {
        for (filter, option, value) in [("range", "-color_range", range), ("colorspace", "-colorspace", matrix)] {
            if known(value) {
                meaning.push(format!("{filter}={value}"));
                command.args([option, value]);
            }
        }
        if known(place) {
            command.args(["-chroma_sample_location", place]);
        }
    }
    for (filter, option, value) in
        [("color_primaries", "-color_primaries", primaries), ("color_trc", "-color_trc", transfer)]
    {
        if known(value) {
            meaning.push(format!("{filter}={value}"));
            command.args([option, value]);
        }
    }
    let mut filters = Vec::new();
    if !meaning.is_empty() {
        filters.push(format!("setparams={}", meaning.join(":")));
    }
    if let Some(aspect) = &info.pixel_aspect {
        filters.push(format!("setsar={aspect}"));
    }
    if !filters.is_empty() {
        command.args(["-filter:0", &filters.join(",")]);
    }
    if !info.even {
        command.args(["-fps_mode", "passthrough", "-enc_time_base", "1:90000", "-video_track_timescale", "90000"]);
    }
    if encoder.arguments == H265 {
        let mut parameters = vec!["log-level=error".to_owned()];
        parameters.extend(info.light.display.as_ref().map(|display| format!("master-display={display}")));
        parameters.extend(info.light.levels.as_ref().map(|levels| format!("max-cll={levels}")));
        command.args(["-x265-params", &parameters.join(":")]);
    }
    command.args(encoder.arguments).args(["-pix_fmt:0", &encoder.samples]);
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

    pub(super) fn begin(to: &mut Vec<u8>, width: u32, height: u32, samples: [u8; 4]) {
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
        element(&mut video, 0x2E_B524, &samples);
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
