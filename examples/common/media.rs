//! Pictures by the image crate, clips by ffmpeg's command line.

use std::ffi::OsStr;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use image::{DynamicImage, ImageDecoder, ImageReader, RgbaImage};

use super::Failure;

/// Reads a picture, turned as its camera says.
pub fn read_picture(path: &Path) -> Result<RgbaImage, Failure> {
    let read = || -> Result<RgbaImage, image::ImageError> {
        let mut decoder = ImageReader::open(path)?.with_guessed_format()?.into_decoder()?;
        let orientation = decoder.orientation()?;
        let mut picture = DynamicImage::from_decoder(decoder)?;
        picture.apply_orientation(orientation);
        Ok(picture.into_rgba8())
    };
    read().map_err(|error| format!("cannot read the picture {}: {error}", path.display()).into())
}

/// Whether a file is a picture, by its first bytes.
pub fn is_picture(path: &Path) -> bool {
    ImageReader::open(path)
        .and_then(ImageReader::with_guessed_format)
        .is_ok_and(|reader| reader.format().is_some_and(|format| format.reading_enabled()))
}

/// Writes a picture as PNG, JPEG or WebP, by the path's extension. An existing file is only replaced once the new one is
/// complete.
pub fn write_picture(path: &Path, picture: &RgbaImage) -> Result<(), Failure> {
    let format = image::ImageFormat::from_path(path).ok().filter(image::ImageFormat::writing_enabled);
    let Some(format) = format else {
        return Err(format!("cannot write {}: name it .png, .jpg or .webp", path.display()).into());
    };
    let output = Output::new(path);
    let write = || -> Result<(), image::ImageError> {
        if format == image::ImageFormat::Jpeg {
            let mut file = std::io::BufWriter::new(std::fs::File::create(output.partial())?);
            let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut file, 95);
            DynamicImage::from(picture.clone()).into_rgb8().write_with_encoder(encoder)?;
            file.flush()?;
            Ok(())
        } else {
            picture.save_with_format(output.partial(), format)
        }
    };
    write().map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    output.keep()
}

/// A file that is being written: under another name beside its place until it is complete, and removed if it never is.
pub struct Output {
    path: PathBuf,
    partial: PathBuf,
}

impl Output {
    pub fn new(path: &Path) -> Self {
        let mut name = OsStr::new(".partial-").to_owned();
        name.push(std::process::id().to_string());
        name.push("-");
        name.push(path.file_name().unwrap_or_default());
        Self { path: path.to_owned(), partial: path.with_file_name(name) }
    }

    /// Where to write.
    pub fn partial(&self) -> &Path {
        &self.partial
    }

    /// The file is complete: puts it in its place.
    pub fn keep(self) -> Result<(), Failure> {
        std::fs::rename(&self.partial, &self.path)
            .map_err(|error| format!("cannot write {}: {error}", self.path.display()).into())
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.partial);
    }
}

/// What a clip is.
#[derive(Debug, Clone)]
pub struct ClipInfo {
    /// Size of the frames as they are read, in pixels.
    pub width: u32,
    pub height: u32,
    /// Frames a second, as ffmpeg writes it: "25/1".
    pub rate: String,
    /// When each frame is shown, in order.
    pub times: Vec<Duration>,
    /// The codec of the clip's sound, where it has some.
    pub sound: Option<String>,
    /// Whether its colours are coded as BT.709.
    pub bt709: bool,
    /// Whether frames do not follow each other evenly; they are then read at `rate`.
    uneven: bool,
}

/// A clip that is being read.
pub struct Clip {
    pub info: ClipInfo,
    path: PathBuf,
    process: Child,
    frames: ChildStdout,
    complaint: Option<JoinHandle<String>>,
    buffer: Vec<u8>,
    read: usize,
}

fn start(command: &mut Command) -> Result<Child, Failure> {
    command.spawn().map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            "clips need ffmpeg, which was not found: install it (Debian and Ubuntu: apt-get install ffmpeg)".into()
        }
        _ => format!("ffmpeg does not start: {error}").into(),
    })
}

/// Reads all that a process complains of, on a thread, so that it never waits for us.
fn listen(process: &mut Child) -> Option<JoinHandle<String>> {
    let mut stderr = process.stderr.take()?;
    Some(std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = stderr.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).trim().lines().next().unwrap_or_default().to_owned()
    }))
}

/// Asks ffprobe about a clip.
fn probe(path: &Path, scale_height: Option<u32>) -> Result<ClipInfo, Failure> {
    let mut command = Command::new("ffprobe");
    command
        .args(["-v", "error", "-of", "json", "-show_streams", "-show_entries", "packet=pts_time,stream_index", "-i"])
        .arg(path)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let output = start(&mut command)?.wait_with_output()?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    let fail = |why: &str| Failure::from(format!("cannot read the clip {}: {why}", path.display()));
    if !output.status.success() {
        return Err(fail(complaint.trim().lines().next().unwrap_or("ffprobe gave up")));
    }
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).map_err(|error| fail(&error.to_string()))?;
    let list = |name: &str| answer[name].as_array().cloned().unwrap_or_default();
    let streams = list("streams");
    let of_kind = |kind: &str| streams.iter().find(|stream| stream["codec_type"] == kind);
    let video = of_kind("video").ok_or_else(|| fail("it has no picture"))?;
    let side = |name: &str| video[name].as_u64().and_then(|side| u32::try_from(side).ok()).unwrap_or(0);
    let (mut width, mut height) = (side("width"), side("height"));
    let turned = video["side_data_list"]
        .as_array()
        .into_iter()
        .flatten()
        .find_map(|data| data["rotation"].as_i64())
        .is_some_and(|degrees| degrees % 180 != 0);
    if turned {
        std::mem::swap(&mut width, &mut height);
    }
    if width == 0 || height == 0 {
        return Err(fail("its pictures have no size"));
    }
    if let Some(scaled) = scale_height {
        let half = f64::from(width) * f64::from(scaled) / f64::from(height) / 2.0;
        (width, height) = ((half.round() as u32 * 2).max(2), scaled);
    }
    let text = |name: &str| video[name].as_str().unwrap_or_default().to_owned();
    let mut times: Vec<f64> = list("packets")
        .iter()
        .filter(|packet| packet["stream_index"] == video["index"])
        .filter_map(|packet| packet["pts_time"].as_str()?.parse().ok())
        .collect();
    times.sort_by(f64::total_cmp);
    let first = times.first().copied().unwrap_or(0.0);
    let mut gaps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    gaps.sort_by(f64::total_cmp);
    let usual = gaps.get(gaps.len() / 2).copied().unwrap_or(0.0);
    let uneven = gaps.last().is_some_and(|&longest| longest > 1.5 * usual);
    let average = text("avg_frame_rate");
    let rate = if average.is_empty() || average.starts_with('0') { "25/1".to_owned() } else { average };
    Ok(ClipInfo {
        width,
        height,
        rate,
        times: times.iter().map(|time| Duration::from_secs_f64((time - first).max(0.0))).collect(),
        sound: of_kind("audio").map(|stream| stream["codec_name"].as_str().unwrap_or_default().to_owned()),
        bt709: text("color_space") == "bt709",
        uneven,
    })
}

impl ClipInfo {
    fn frames_a_second(&self) -> f64 {
        let (over, under) = self.rate.split_once('/').unwrap_or((&self.rate, "1"));
        let rate = over.parse().unwrap_or(25.0) / under.parse::<f64>().unwrap_or(1.0);
        if rate.is_finite() && rate > 0.0 { rate } else { 25.0 }
    }

    /// When a frame is shown.
    pub fn time(&self, frame: usize) -> Duration {
        match self.times.get(frame) {
            Some(&time) if !self.uneven => time,
            _ => Duration::from_secs_f64(frame as f64 / self.frames_a_second()),
        }
    }
}

impl Clip {
    /// Begins to read a clip, each frame scaled to `scale_height` lines where that is given.
    pub fn open(path: &Path, scale_height: Option<u32>) -> Result<Self, Failure> {
        std::fs::File::open(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        let info = probe(path, scale_height)?;
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-nostdin", "-xerror", "-i"]).arg(path).args(["-map", "0:v:0"]);
        let scale = format!("scale={}:{}:flags=bicubic", info.width, info.height);
        if scale_height.is_some() {
            command.args(["-vf", &scale]);
        }
        if info.uneven {
            command.args(["-fps_mode", "cfr", "-r", &info.rate]);
        } else {
            command.args(["-fps_mode", "passthrough"]);
        }
        command.args(["-f", "rawvideo", "-pix_fmt", "rgba", "pipe:1"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = start(&mut command)?;
        let complaint = listen(&mut process);
        let frames = process.stdout.take().ok_or("ffmpeg gives no frames")?;
        let bytes = info.width as usize * info.height as usize * 4;
        Ok(Self { info, path: path.to_owned(), process, frames, complaint, buffer: vec![0; bytes], read: 0 })
    }

    /// The next frame's pixels (RGBA, without padding) and time, or `None` at the end.
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
            let complaint = self.complaint.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
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

/// A clip that is being written.
pub struct Recorder {
    process: Child,
    frames: Option<ChildStdin>,
    complaint: Option<JoinHandle<String>>,
    output: Output,
}

/// Codecs of sound that MP4 takes as they are.
const MP4_SOUND: [&str; 6] = ["aac", "mp3", "ac3", "eac3", "alac", "opus"];

impl Recorder {
    /// Begins to write a clip of the size, rate and colours of `info`, with the sound of `source` cut to `length`.
    pub fn create(path: &Path, info: &ClipInfo, source: &Path, length: Option<Duration>) -> Result<Self, Failure> {
        let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default().to_ascii_lowercase();
        if extension.is_empty() {
            return Err(format!("cannot write {}: name it .mp4, .mov, .mkv or .webm", path.display()).into());
        }
        let output = Output::new(path);
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgba", "-s"]);
        command.arg(format!("{}x{}", info.width, info.height)).args(["-r", &info.rate, "-i", "pipe:0"]);
        if let Some(sound) = &info.sound {
            command.arg("-i").arg(source).args(["-map", "0:v:0", "-map", "1:a:0"]);
            let copied = extension == "mkv" || (extension != "webm" && MP4_SOUND.contains(&sound.as_str()));
            let codec = if copied {
                "copy"
            } else if extension == "webm" {
                "libopus"
            } else {
                "aac"
            };
            command.args(["-c:a", codec]);
        }
        if let Some(length) = length {
            command.args(["-t", &format!("{:.6}", length.as_secs_f64())]);
        }
        // Chroma at half size needs even sides.
        let format = if info.width.is_multiple_of(2) && info.height.is_multiple_of(2) { "yuv420p" } else { "yuv444p" };
        if info.bt709 {
            command.args(["-vf", "scale=out_color_matrix=bt709", "-colorspace", "bt709"]);
            command.args(["-color_primaries", "bt709", "-color_trc", "bt709"]);
        }
        if extension == "webm" {
            command.args(["-c:v", "libvpx-vp9", "-crf", "18", "-b:v", "0", "-pix_fmt", format]);
        } else {
            command.args(["-c:v", "libx264", "-preset", "fast", "-crf", "14", "-pix_fmt", format]);
        }
        if ["mp4", "mov", "m4v"].contains(&extension.as_str()) {
            command.args(["-movflags", "+faststart"]);
        }
        command.arg(output.partial()).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = start(&mut command)?;
        let complaint = listen(&mut process);
        let frames = process.stdin.take();
        Ok(Self { process, frames, complaint, output })
    }

    /// Writes one frame (RGBA, without padding).
    pub fn write(&mut self, pixels: &[u8]) -> Result<(), Failure> {
        match self.frames.as_mut().map(|frames| frames.write_all(pixels)) {
            Some(Ok(())) => Ok(()),
            _ => Err(self.fail()),
        }
    }

    /// Completes the clip and puts it in its place.
    pub fn finish(mut self) -> Result<(), Failure> {
        drop(self.frames.take());
        if self.process.wait()?.success() { self.output.keep() } else { Err(self.fail()) }
    }

    fn fail(&mut self) -> Failure {
        drop(self.frames.take());
        let _ = self.process.wait();
        let complaint = self.complaint.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        format!("cannot write {}: {complaint}", self.output.path.display()).into()
    }
}
