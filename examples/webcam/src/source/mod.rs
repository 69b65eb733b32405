//! Where pictures come from: one small trait, a file a kind, and the thread that each of them is read on.

pub mod camera;
mod clip;
mod demo;
mod faulty;
mod feed;
mod still;

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::common::Failure;
use crate::common::media::is_picture;
pub use faulty::Fault;
pub use feed::{Feed, Got, Stamped};

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
}

/// What a user asked for. Saved as what one would write on the command line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Wanted {
    /// The camera of that number, at about that size.
    Camera(u32, Option<[u32; 2]>),
    File(PathBuf),
    Demo,
    Faulty(Fault),
}

impl FromStr for Wanted {
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

impl TryFrom<String> for Wanted {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Wanted> for String {
    fn from(wanted: Wanted) -> Self {
        match wanted {
            Wanted::Camera(number, None) => format!("camera:{number}"),
            Wanted::Camera(number, Some([width, height])) => format!("camera:{number}@{width}x{height}"),
            Wanted::File(path) => path.to_string_lossy().into_owned(),
            Wanted::Demo => "demo".to_owned(),
            Wanted::Faulty(fault) => format!("faulty:{fault}"),
        }
    }
}

impl std::fmt::Display for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Camera(number, _) => write!(f, "camera {number}"),
            Self::File(path) => f.write_str(&path.file_name().unwrap_or(path.as_os_str()).to_string_lossy()),
            Self::Demo => f.write_str("moving portrait"),
            Self::Faulty(fault) => write!(f, "faulty source ({fault})"),
        }
    }
}

impl Wanted {
    /// Whether it may come back by itself after it has failed.
    pub fn may_return(&self) -> bool {
        matches!(self, Self::Camera(..) | Self::Faulty(_))
    }
}

/// Opens a source.
pub fn open(wanted: &Wanted) -> Result<Box<dyn Source>, Failure> {
    Ok(match wanted {
        Wanted::Camera(number, size) => Box::new(camera::Camera::open(*number, *size)?),
        Wanted::File(path) => open_file(path)?,
        Wanted::Demo => Box::new(demo::Demo::open()?),
        Wanted::Faulty(fault) => Box::new(faulty::Faulty::open(*fault)?),
    })
}

fn open_file(path: &Path) -> Result<Box<dyn Source>, Failure> {
    Ok(if is_picture(path) { Box::new(still::Still::open(path)?) } else { Box::new(clip::Looped::open(path)?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_written_as_they_are_read() {
        let names =
            ["demo", "camera:0", "camera:3@1280x720", "/a/clip.mp4", "faulty:end", "faulty:error", "faulty:format"];
        for text in names {
            let wanted: Wanted = text.parse().unwrap();
            assert_eq!(String::from(wanted), text);
        }
        for text in ["camera:", "camera:x", "camera:1@", "camera:1@640", "camera:1@640x", "camera:-1", "faulty:mood"] {
            assert!(text.parse::<Wanted>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_feed_says_how_its_source_ended() {
        let patience = Duration::from_secs(20);
        let feed = Feed::start(Wanted::Faulty(Fault::End)).unwrap();
        let mut stamped = Stamped::default();
        let mut last = 0;
        loop {
            match feed.take(&mut stamped, patience) {
                Got::Picture => {
                    assert!(stamped.number > last);
                    last = stamped.number;
                }
                Got::Ended(why) => break assert_eq!(why, "it has ended"),
                Got::Nothing => panic!("nothing came for {patience:?}"),
            }
        }
        assert!(last > 0);
    }
}
