//! Where pictures come from: one small trait, a file a kind, and the thread that each of them is read on.

pub mod camera;
mod clip;
mod demo;
mod faulty;
mod still;
mod thread;

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::common::Failure;
use crate::common::media::is_picture;
pub use faulty::Fault;
pub use thread::{Received, SourceThread, TimedPicture};

/// A frame in memory: RGBA, without padding.
#[derive(Default, Clone)]
pub struct Picture {
    pub pixels: Vec<u8>,
    pub width: u32,
    pub height: u32,
}

impl Picture {
    /// Replaces what is in it, keeping its memory.
    pub fn set(&mut self, width: u32, height: u32, pixels: &[u8]) {
        (self.width, self.height) = (width, height);
        self.pixels.clear();
        self.pixels.extend_from_slice(pixels);
    }
}

/// Something that gives pictures.
pub trait Source {
    /// Puts the next picture into `picture`, and says how long after the first it is due; `None` where the source keeps
    /// its own pace. May block for as long as it likes. An error ends the source.
    fn next(&mut self, picture: &mut Picture) -> Result<Option<Duration>, Failure>;

    /// The sizes that it could give instead, in pixels.
    fn sizes(&self) -> Vec<[u32; 2]> {
        Vec::new()
    }

    /// Whether every picture is the same.
    fn is_still(&self) -> bool {
        false
    }
}

/// What a user asked for. Saved as what one would write on the command line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum SourceSpec {
    /// The camera of that number, at about that size.
    Camera(u32, Option<[u32; 2]>),
    File(PathBuf),
    Demo,
    Faulty(Fault),
}

impl FromStr for SourceSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let camera = |text: &str| -> Option<Self> {
            let (number, size) = match text.split_once('@') {
                None => (text, None),
                Some((number, size)) => {
                    let (width, height) = size.split_once('x')?;
                    (number, Some([width.parse().ok()?, height.parse().ok()?]))
                }
            };
            Some(Self::Camera(number.parse().ok()?, size))
        };
        if text == "demo" {
            return Ok(Self::Demo);
        }
        if let Some(fault) = text.strip_prefix("faulty:") {
            return fault.parse().map(Self::Faulty);
        }
        match text.strip_prefix("camera:") {
            Some(text) => camera(text)
                .ok_or_else(|| format!("\"camera:{text}\" names no camera: say camera:0, camera:1@1280x720 and so on")),
            None => Ok(Self::File(text.into())),
        }
    }
}

impl TryFrom<String> for SourceSpec {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<SourceSpec> for String {
    fn from(spec: SourceSpec) -> Self {
        match spec {
            SourceSpec::Camera(number, None) => format!("camera:{number}"),
            SourceSpec::Camera(number, Some([width, height])) => format!("camera:{number}@{width}x{height}"),
            SourceSpec::File(path) => path.to_string_lossy().into_owned(),
            SourceSpec::Demo => "demo".to_owned(),
            SourceSpec::Faulty(fault) => format!("faulty:{fault}"),
        }
    }
}

impl std::fmt::Display for SourceSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Camera(number, _) => write!(f, "camera {number}"),
            Self::File(path) => f.write_str(&path.file_name().unwrap_or(path.as_os_str()).to_string_lossy()),
            Self::Demo => f.write_str("moving portrait"),
            Self::Faulty(fault) => write!(f, "faulty source ({fault})"),
        }
    }
}

impl SourceSpec {
    /// Whether it may come back by itself after it has failed.
    pub fn may_return(&self) -> bool {
        matches!(self, Self::Camera(..) | Self::Faulty(_))
    }
}

/// Opens a source.
pub fn open(spec: &SourceSpec) -> Result<Box<dyn Source>, Failure> {
    Ok(match spec {
        SourceSpec::Camera(number, size) => Box::new(camera::Camera::open(*number, *size)?),
        SourceSpec::File(path) => open_file(path)?,
        SourceSpec::Demo => Box::new(demo::Demo::open()?),
        SourceSpec::Faulty(fault) => Box::new(faulty::Faulty::open(*fault)?),
    })
}

fn open_file(path: &Path) -> Result<Box<dyn Source>, Failure> {
    Ok(if is_picture(path) { Box::new(still::Still::open(path)?) } else { Box::new(clip::LoopedClip::open(path)?) })
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn sources_are_written_as_they_are_read() {
        let names =
            ["demo", "camera:0", "camera:3@1280x720", "/a/clip.mp4", "faulty:end", "faulty:error", "faulty:format"];
        for text in names {
            let spec: SourceSpec = text.parse().unwrap();
            assert_eq!(String::from(spec), text);
        }
        for text in ["camera:", "camera:x", "camera:1@", "camera:1@640", "camera:1@640x", "camera:-1", "faulty:mood"] {
            assert!(text.parse::<SourceSpec>().is_err(), "{text}");
        }
    }

    /// Waits for what a source gives next.
    fn receive(thread: &SourceThread, picture: &mut TimedPicture, timeout: Duration) -> Received {
        let start = Instant::now();
        while let Some(left) = timeout.checked_sub(start.elapsed()) {
            match thread.receive(picture, left) {
                Received::Nothing => {}
                received => return received,
            }
        }
        Received::Nothing
    }

    #[test]
    fn a_source_says_how_it_ended() {
        let timeout = Duration::from_secs(20);
        let thread = SourceThread::start(SourceSpec::Faulty(Fault::End)).unwrap();
        let mut picture = TimedPicture::default();
        let mut last = 0;
        loop {
            match receive(&thread, &mut picture, timeout) {
                Received::Picture => {
                    assert!(picture.number > last && !picture.still);
                    last = picture.number;
                }
                Received::Ended(why) => break assert_eq!(why, "it has ended"),
                Received::Nothing => panic!("nothing came for {timeout:?}"),
            }
        }
        assert!(last > 0);
    }

    #[test]
    fn a_still_is_given_once() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/astronaut.png");
        let thread = SourceThread::start(SourceSpec::File(path.into())).unwrap();
        let mut picture = TimedPicture::default();
        assert!(matches!(receive(&thread, &mut picture, Duration::from_secs(20)), Received::Picture));
        assert!(picture.still);
        assert!(matches!(receive(&thread, &mut picture, Duration::from_millis(300)), Received::Nothing));
    }
}
