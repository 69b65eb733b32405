//! A picture from a file, shown again and again.

use std::path::Path;
use std::time::Duration;

use super::{Picture, Source};
use crate::common::Failure;
use crate::common::media::read_picture;

/// How often it is shown.
const PACE: Duration = Duration::from_millis(50);

pub struct Still(image::RgbaImage);

impl Still {
    pub fn open(path: &Path) -> Result<Self, Failure> {
        read_picture(path).map(Self)
    }
}

impl Source for Still {
    fn next(&mut self, picture: &mut Picture) -> Result<(), Failure> {
        std::thread::sleep(PACE);
        picture.set(self.0.width(), self.0.height(), &self.0);
        Ok(())
    }
}
