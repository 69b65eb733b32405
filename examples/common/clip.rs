//! Clips, read frame by frame through ffmpeg's command line.

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

use super::Failure;
use super::samples::Samples;

/// What a clip is.
#[derive(Debug, Clone)]
pub struct ClipInfo {
    /// Size of the frames as they are read, turned and scaled, in pixels.
    pub width: u32,
    pub height: u32,
    /// Frames a second on average, as ffmpeg writes it: "25/1".
    pub rate: String,
    /// When each frame is shown, from the first on, in order.
    pub times: Vec<Duration>,
    /// How much later than the clip its first frame is shown, in seconds.
    pub delay: f64,
    /// Whether frames follow each other at `rate`.
    pub even: bool,
    /// Where the picture lies among the clip's tracks.
    pub index: u64,
    /// All other tracks.
    pub tracks: Vec<Track>,
    /// The picture's codec.
    pub codec: String,
    /// How its samples are read.
    pub samples: Samples,
    /// Whether each frame holds two moments, in alternate rows.
    pub interlaced: bool,
    /// A pixel's width over its height where they differ, as ffmpeg writes it: "128/117".
    pub pixel_aspect: Option<String>,
    /// How its colours are coded: matrix, primaries, transfer, range, place of chroma, as ffmpeg names them; empty where the clip
    /// does not say.
    pub colours: [String; 5],
    /// What an HDR clip says of its brightness.
    pub light: Light,
}

/// What a clip of HDR says of the display that it was made on (SMPTE ST 2086) and of its light (CTA-861.3), as x265 takes it.
#[derive(Debug, Clone, Default)]
pub struct Light {
    pub display: Option<String>,
    pub levels: Option<String>,
}

impl Light {
    /// Of the side data of a frame, as ffprobe lists it.
    fn of(data: &[Value]) -> Self {
        let of_kind = |kind: &str| data.iter().find(|data| data["side_data_type"] == kind);
        // Numbers come as fractions: "34000/50000".
        let number = |of: &Value, name: &str, unit: f64| -> Option<u64> {
            let text = of[name].as_str()?;
            let (over, under) = text.split_once('/').unwrap_or((text, "1"));
            Some((over.parse::<f64>().ok()? / under.parse::<f64>().ok()? * unit).round() as u64)
        };
        let display = of_kind("Mastering display metadata").and_then(|of| {
            let point = |x: &str, y: &str| Some(format!("({},{})", number(of, x, 5e4)?, number(of, y, 5e4)?));
            let (green, blue) = (point("green_x", "green_y")?, point("blue_x", "blue_y")?);
            let (red, white) = (point("red_x", "red_y")?, point("white_point_x", "white_point_y")?);
            let (most, least) = (number(of, "max_luminance", 1e4)?, number(of, "min_luminance", 1e4)?);
            Some(format!("G{green}B{blue}R{red}WP{white}L({most},{least})"))
        });
        let levels = of_kind("Content light level metadata")
            .and_then(|of| Some(format!("{},{}", of["max_content"].as_u64()?, of["max_average"].as_u64()?)));
        Self { display, levels }
    }
}

/// A track beside the picture.
#[derive(Debug, Clone)]
pub struct Track {
    /// Its place among all tracks.
    pub index: u64,
    /// "audio", "subtitle", "video", "data" or "attachment".
    pub kind: String,
    pub codec: String,
    /// Whether it is the picture of a cover.
    pub cover: bool,
}

/// How a clip shall be read.
#[derive(Debug, Clone, Copy, Default)]
pub struct ClipOptions {
    /// Scale each frame to so many lines.
    pub height: Option<u32>,
    /// In its own samples; as RGBA otherwise.
    pub own_samples: bool,
    /// Make one moment of the two of an interlaced frame.
    pub deinterlace: bool,
}

/// Starts ffmpeg or ffprobe.
pub fn start(command: &mut Command) -> Result<Child, Failure> {
    command.spawn().map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            "clips need ffmpeg, which was not found: install it (Debian and Ubuntu: apt-get install ffmpeg)".into()
        }
        _ => format!("ffmpeg does not start: {error}").into(),
    })
}

/// What ffmpeg complained of first, without the part of it that says so.
fn first_line(complaint: &[u8]) -> String {
    let text = String::from_utf8_lossy(complaint);
    let line = text.trim().lines().next().unwrap_or_default();
    let line = line.strip_prefix('[').and_then(|rest| rest.split_once("] ")).map_or(line, |(_, rest)| rest);
    line.trim().to_owned()
}

/// Hears what a process complains of, on a thread, so that it never waits for us.
pub struct Complaints(Option<JoinHandle<String>>);

impl Complaints {
    pub fn of(process: &mut Child) -> Self {
        Self(process.stderr.take().map(|mut stderr| {
            std::thread::spawn(move || {
                let mut bytes = Vec::new();
                let _ = stderr.read_to_end(&mut bytes);
                first_line(&bytes)
            })
        }))
    }

    /// Its first complaint, once it has ended.
    pub fn first(&mut self) -> String {
        self.0.take().and_then(|thread| thread.join().ok()).unwrap_or_default()
    }
}

impl ClipInfo {
    /// Asks ffprobe about a clip that shall be read so.
    fn of(path: &Path, options: ClipOptions) -> Result<Self, Failure> {
        let fail = |why: &str| Failure::from(format!("cannot read the clip {}: {why}", path.display()));
        let mut command = Command::new("ffprobe");
        command.args(["-v", "error", "-of", "json", "-show_format", "-show_streams"]);
        command.args(["-show_entries", "packet=pts_time,stream_index,flags", "-i"]).arg(path);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = start(&mut command)?.wait_with_output()?;
        if !output.status.success() {
            return Err(fail(&first_line(&output.stderr)));
        }
        let answer: Value = serde_json::from_slice(&output.stdout).map_err(|error| fail(&error.to_string()))?;
        let list = |name: &str| answer[name].as_array().map(Vec::as_slice).unwrap_or_default();
        let is_cover = |stream: &Value| stream["disposition"]["attached_pic"] == 1;
        let is_video = |stream: &&Value| stream["codec_type"] == "video";
        let streams = || list("streams").iter();
        // A cover is no clip, unless there is nothing else.
        let video = streams().filter(is_video).find(|stream| !is_cover(stream)).or_else(|| streams().find(is_video));
        let video = video.ok_or_else(|| fail("there is no video in it"))?;
        let mut info = Self::new(video).ok_or_else(|| fail("its frames have no size"))?;
        let others = streams().filter(|stream| stream["index"] != video["index"]);
        info.tracks = others
            .map(|stream| Track {
                index: stream["index"].as_u64().unwrap_or_default(),
                kind: text(stream, "codec_type"),
                codec: text(stream, "codec_name"),
                cover: is_cover(stream),
            })
            .collect();
        if !options.own_samples {
            info.samples = Samples::rgba();
        }
        if let Some(height) = options.height {
            info.scale(height);
        }
        if info.samples.is_hdr() {
            info.light = Light::of(&first_side_data(path, info.index)?);
        }
        // Packets that only serve to decode others are never shown.
        let shown = list("packets")
            .iter()
            .filter(|packet| packet["stream_index"] == video["index"] && !text(packet, "flags").contains('D'));
        let times = shown.filter_map(|packet| seconds(packet, "pts_time")).collect();
        info.set_times(times, seconds(&answer["format"], "start_time").unwrap_or(0.0));
        Ok(info)
    }

    fn new(video: &Value) -> Option<Self> {
        let side = |name: &str| video[name].as_u64().and_then(|side| u32::try_from(side).ok()).filter(|&side| side > 0);
        let (mut width, mut height) = (side("width")?, side("height")?);
        let aspect = text(video, "sample_aspect_ratio");
        let mut aspect = aspect.split_once(':').filter(|(over, under)| over != under && *over != "0");
        let data = video["side_data_list"].as_array().map(Vec::as_slice).unwrap_or_default();
        let turned = data.iter().find_map(|data| data["rotation"].as_i64()).is_some_and(|degrees| degrees % 180 != 0);
        if turned {
            (width, height) = (height, width);
            aspect = aspect.map(|(over, under)| (under, over));
        }
        let rate = text(video, "avg_frame_rate");
        Some(Self {
            width,
            height,
            rate: if rate.is_empty() || rate.starts_with('0') { "25/1".to_owned() } else { rate },
            times: Vec::new(),
            delay: 0.0,
            even: true,
            index: video["index"].as_u64()?,
            tracks: Vec::new(),
            codec: text(video, "codec_name"),
            samples: Samples::of_clip(video, turned, height),
            interlaced: matches!(&*text(video, "field_order"), "tt" | "bb" | "tb" | "bt"),
            pixel_aspect: aspect.map(|(over, under)| format!("{over}/{under}")),
            colours: ["color_space", "color_primaries", "color_transfer", "color_range", "chroma_location"]
                .map(|name| text(video, name)),
            light: Light::default(),
        })
    }

    fn scale(&mut self, height: u32) {
        let half = f64::from(self.width) * f64::from(height) / f64::from(self.height) / 2.0;
        (self.width, self.height) = ((half.round() as u32 * 2).max(2), height);
    }

    fn set_times(&mut self, mut times: Vec<f64>, start: f64) {
        times.sort_by(f64::total_cmp);
        let first = times.first().copied().unwrap_or(start);
        let gap = self.frame_time().as_secs_f64();
        let off = |(index, time): (usize, &f64)| (time - first - index as f64 * gap).abs() > gap / 2.0;
        self.even = !times.iter().enumerate().any(off);
        self.delay = first - start;
        self.times = times.iter().map(|time| Duration::from_secs_f64((time - first).max(0.0))).collect();
    }

    /// The average time from frame to frame.
    fn frame_time(&self) -> Duration {
        let (over, under) = self.rate.split_once('/').unwrap_or((&self.rate, "1"));
        let rate = over.parse().unwrap_or(25.0) / under.parse::<f64>().unwrap_or(1.0);
        Duration::from_secs_f64(if rate.is_finite() && rate > 1e-3 { 1.0 / rate } else { 0.04 })
    }

    /// When a frame is shown, after the first. Never less than for the frame before.
    pub fn time(&self, frame: usize) -> Duration {
        match (self.times.get(frame), self.times.last()) {
            (Some(&time), _) => time,
            // The file says nothing of this one.
            (None, Some(&last)) => last + self.frame_time() * (frame + 1 - self.times.len()) as u32,
            (None, None) => self.frame_time() * frame as u32,
        }
    }
}

/// What goes along with a clip's first frame.
fn first_side_data(path: &Path, index: u64) -> Result<Vec<Value>, Failure> {
    let mut command = Command::new("ffprobe");
    command.args(["-v", "error", "-of", "json", "-show_frames", "-read_intervals", "%+#1"]);
    command.args(["-select_streams", &index.to_string(), "-i"]).arg(path);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let output = start(&mut command)?.wait_with_output()?;
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    Ok(answer["frames"][0]["side_data_list"].as_array().cloned().unwrap_or_default())
}

/// A field that ffprobe gives as text.
pub fn text(of: &Value, name: &str) -> String {
    of[name].as_str().unwrap_or_default().to_owned()
}

/// A field that ffprobe gives as a time.
fn seconds(of: &Value, name: &str) -> Option<f64> {
    of[name].as_str()?.parse().ok().filter(|time: &f64| time.is_finite())
}

/// What decodes the transparency of WebM's codecs.
fn webm_decoder(codec: &str) -> Option<&'static str> {
    match codec {
        "vp9" => Some("libvpx-vp9"),
        "vp8" => Some("libvpx"),
        _ => None,
    }
}

/// A clip that is being read.
pub struct Clip {
    pub info: ClipInfo,
    path: PathBuf,
    process: Child,
    frames: ChildStdout,
    complaints: Complaints,
    buffer: Vec<u8>,
    read: usize,
}

impl Clip {
    /// Begins to read a clip as RGBA, each frame scaled to `height` lines where that is given.
    pub fn open(path: &Path, height: Option<u32>) -> Result<Self, Failure> {
        Self::open_with(path, ClipOptions { height, ..ClipOptions::default() })
    }

    /// Begins to read a clip.
    pub fn open_with(path: &Path, options: ClipOptions) -> Result<Self, Failure> {
        std::fs::File::open(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        let info = ClipInfo::of(path, options)?;
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-nostdin", "-xerror"]);
        // ffmpeg's own decoders leave the transparency of WebM out.
        if let (true, Some(decoder)) = (info.samples.alpha, webm_decoder(&info.codec)) {
            command.args(["-c:v", decoder]);
        }
        command.arg("-i").arg(path).args(["-map", &format!("0:{}", info.index)]);
        let mut filters = Vec::new();
        if options.deinterlace {
            filters.push("bwdif=mode=send_frame".to_owned());
        }
        if options.height.is_some() {
            filters.push(format!("scale={}:{}:flags=bicubic", info.width, info.height));
        }
        if !filters.is_empty() {
            command.args(["-vf", &filters.join(",")]);
        }
        command.args(["-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", info.samples.asked(), "pipe:1"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = start(&mut command)?;
        let complaints = Complaints::of(&mut process);
        let frames = process.stdout.take().ok_or("ffmpeg gives no frames")?;
        let bytes = info.samples.bytes(info.width, info.height);
        Ok(Self { info, path: path.to_owned(), process, frames, complaints, buffer: vec![0; bytes], read: 0 })
    }

    /// The next frame's samples (without padding) and time, or `None` at the end.
    pub fn next_frame(&mut self) -> Result<Option<(&mut [u8], Duration)>, Failure> {
        let mut filled = 0;
        while filled < self.buffer.len() {
            match self.frames.read(&mut self.buffer[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(format!("cannot read {}: {error}", self.path.display()).into()),
            }
        }
        if filled < self.buffer.len() {
            let status = self.process.wait()?;
            let complaint = self.complaints.first();
            if !status.success() || filled > 0 || self.read == 0 {
                let why = if complaint.is_empty() { "it ends in the middle of a frame" } else { &complaint };
                return Err(format!("cannot read the clip {}: {why}", self.path.display()).into());
            }
            return Ok(None);
        }
        let time = self.info.time(self.read);
        self.read += 1;
        Ok(Some((&mut self.buffer, time)))
    }
}

impl Drop for Clip {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
