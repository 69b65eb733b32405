//! A picture from a file.

use std::path::Path;
use std::time::Duration;

use super::{Picture, Source};
use crate::common::Failure;
use crate::common::media::read_picture;

/// Between two of the same picture, for those who ask for more than one.
const PACE: Duration = Duration::from_millis(50);

pub struct Still {
    picture: image::RgbaImage,
    shown: u32,
}

impl Still {
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let mut picture = read_picture(path)?;
        flatten(&mut picture);
        Ok(Self { picture, shown: 0 })
    }
}

/// Puts a picture on black: the window's pictures have no transparent pixels, and the colour that a file has where it is
/// transparent was never meant to be seen.
fn flatten(picture: &mut image::RgbaImage) {
    for pixel in picture.pixels_mut() {
        let [r, g, b, alpha] = pixel.0;
        let share = |channel: u8| ((u16::from(channel) * u16::from(alpha) + 127) / 255) as u8;
        pixel.0 = [share(r), share(g), share(b), u8::MAX];
    }
}

impl Source for Still {
    fn next(&mut self, picture: &mut Picture) -> Result<Option<Duration>, Failure> {
        picture.set(self.picture.width(), self.picture.height(), &self.picture);
        let due = PACE * self.shown;
        self.shown = self.shown.saturating_add(1);
        Ok(Some(due))
    }

    fn is_still(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_pixel_stays_transparent() {
        let pixels = vec![200, 100, 50, 255, 200, 100, 50, 0, 200, 100, 50, 128];
        let mut picture = image::RgbaImage::from_raw(3, 1, pixels).unwrap();
        flatten(&mut picture);
        assert_eq!(picture.into_raw(), [200, 100, 50, 255, 0, 0, 0, 255, 100, 50, 25, 255]);
    }
}
