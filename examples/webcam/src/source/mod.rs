//! Where pictures come from: one small trait, and a file a kind.

mod camera;
mod clip;
mod demo;
mod still;

use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::common::Failure;
use crate::common::media::is_picture;

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

/// Something that gives pictures at its own pace.
pub trait Source: Send {
    /// Waits for the next picture, at most about a second, and puts it into `picture`. An error ends the source.
    fn next(&mut self, picture: &mut Picture) -> Result<(), Failure>;
}

/// What a user asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    Camera(u32),
    File(PathBuf),
    Demo,
}

impl FromStr for Wanted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "demo" {
            return Ok(Self::Demo);
        }
        match text.strip_prefix("camera:") {
            Some(number) => number
                .parse()
                .map(Self::Camera)
                .map_err(|_| format!("{text:?} names no camera: say camera:0, camera:1 and so on")),
            None => Ok(Self::File(text.into())),
        }
    }
}

impl std::fmt::Display for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Camera(number) => write!(f, "camera {number}"),
            Self::File(path) => f.write_str(&path.file_name().unwrap_or(path.as_os_str()).to_string_lossy()),
            Self::Demo => f.write_str("moving portrait"),
        }
    }
}

/// Opens a source.
pub fn open(wanted: &Wanted) -> Result<Box<dyn Source>, Failure> {
    Ok(match wanted {
        Wanted::Camera(number) => Box::new(camera::Camera::open(*number)?),
        Wanted::File(path) => open_file(path)?,
        Wanted::Demo => Box::new(demo::Demo::open()?),
    })
}

fn open_file(path: &Path) -> Result<Box<dyn Source>, Failure> {
    Ok(if is_picture(path) { Box::new(still::Still::open(path)?) } else { Box::new(clip::Looped::open(path)?) })
}
