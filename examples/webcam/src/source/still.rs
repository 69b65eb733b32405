//! A picture from a file, shown again and again.

use std::path::Path;
use std::time::Duration;

use super::{Picture, Source};
use crate::common::Failure;
use crate::common::media::read_picture;

/// How often it is shown.
const PACE: Duration = Duration::from_millis(50);

pub struct Still {
    picture: image::RgbaImage,
    shown: u32,
}

impl Still {
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let mut picture = read_picture(path)?;
        // A camera has no transparent pixels.
        picture.pixels_mut().for_each(|pixel| pixel.0[3] = u8::MAX);
        Ok(Self { picture, shown: 0 })
    }
}

impl Source for Still {
    fn next(&mut self, picture: &mut Picture) -> Result<Option<Duration>, Failure> {
        picture.set(self.picture.width(), self.picture.height(), &self.picture);
        let due = PACE * self.shown;
        self.shown = self.shown.saturating_add(1);
        Ok(Some(due))
    }
}
