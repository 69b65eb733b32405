//! The built-in portrait, slowly moving, tilting and coming nearer, so that there is something to follow.

use std::time::Duration;

use super::{Picture, Source};
use crate::common::Failure;

/// The bundled portrait.
const PORTRAIT: &[u8] = include_bytes!("../../../../assets/astronaut.png");
const WIDTH: u32 = 640;
const HEIGHT: u32 = 480;
/// Between two frames.
const PACE: Duration = Duration::from_millis(33);

pub struct Demo {
    portrait: image::RgbaImage,
    shown: u32,
}

impl Demo {
    pub fn open() -> Result<Self, Failure> {
        let portrait = image::load_from_memory(PORTRAIT)?.into_rgba8();
        Ok(Self { portrait, shown: 0 })
    }
}

impl Source for Demo {
    fn next(&mut self, picture: &mut Picture) -> Result<Option<Duration>, Failure> {
        let due = PACE * self.shown;
        self.shown = self.shown.saturating_add(1);
        let t = due.as_secs_f32();
        // The face lies at about (225, 120) of the portrait.
        let centre = [228.0 + 22.0 * (0.7 * t).sin(), 150.0 + 10.0 * (0.9 * t).cos()];
        let scale = 1.0 / (2.0 + 0.35 * (0.5 * t).sin());
        let (sin, cos) = (0.16 * (0.6 * t).sin()).sin_cos();
        picture.pixels.resize((WIDTH * HEIGHT * 4) as usize, 0);
        (picture.width, picture.height) = (WIDTH, HEIGHT);
        for (y, row) in (0_u32..).zip(picture.pixels.chunks_exact_mut(WIDTH as usize * 4)) {
            for (x, pixel) in (0_u32..).zip(row.chunks_exact_mut(4)) {
                let (dx, dy) = ((x as f32 - WIDTH as f32 / 2.0) * scale, (y as f32 - HEIGHT as f32 / 2.0) * scale);
                let p = [centre[0] + dx * cos - dy * sin, centre[1] + dx * sin + dy * cos];
                pixel.copy_from_slice(&sample(&self.portrait, p));
            }
        }
        Ok(Some(due))
    }
}

/// Bilinear, mirrored beyond the borders. In 256ths of a pixel: this runs for every pixel of a live picture.
fn sample(portrait: &image::RgbaImage, p: [f32; 2]) -> [u8; 4] {
    let (width, height) = (portrait.width() as i32, portrait.height() as i32);
    let at = p.map(|x| (x * 256.0).floor() as i32);
    let ([x, y], [u, v]) = (at.map(|x| x >> 8), at.map(|x| (x & 255) as u32));
    let fold = |at: i32, length: i32| {
        if (0..length).contains(&at) {
            return at as usize;
        }
        let at = at.rem_euclid(2 * length);
        (if at < length { at } else { 2 * length - 1 - at }) as usize
    };
    let (left, right) = (fold(x, width), fold(x + 1, width));
    let (top, bottom) = (fold(y, height) * width as usize, fold(y + 1, height) * width as usize);
    let pixel = |index: usize| {
        let bytes = portrait.get(index * 4..index * 4 + 4).and_then(|bytes| bytes.try_into().ok());
        bytes.unwrap_or([0_u8; 4]).map(u32::from)
    };
    let corners = [pixel(top + left), pixel(top + right), pixel(bottom + left), pixel(bottom + right)];
    std::array::from_fn(|channel| {
        let [a, b, c, d] = corners.map(|corner| corner[channel]);
        let (above, below) = (a * (256 - u) + b * u, c * (256 - u) + d * u);
        ((above * (256 - v) + below * v + (1 << 15)) >> 16) as u8
    })
}
