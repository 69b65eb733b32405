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

/// Bilinear, mirrored beyond the borders.
fn sample(portrait: &image::RgbaImage, p: [f32; 2]) -> [u8; 4] {
    let fold = |at: i32, length: u32| {
        let length = length as i32;
        let at = at.rem_euclid(2 * length);
        (if at < length { at } else { 2 * length - 1 - at }) as u32
    };
    let base = p.map(f32::floor);
    let share = [p[0] - base[0], p[1] - base[1]];
    let pixel = |dx: i32, dy: i32| {
        let (x, y) = (fold(base[0] as i32 + dx, portrait.width()), fold(base[1] as i32 + dy, portrait.height()));
        portrait.get_pixel(x, y).0
    };
    let corners = [pixel(0, 0), pixel(1, 0), pixel(0, 1), pixel(1, 1)];
    std::array::from_fn(|channel| {
        let [a, b, c, d] = corners.map(|corner| f32::from(corner[channel]));
        let (top, bottom) = (a + share[0] * (b - a), c + share[0] * (d - c));
        (top + share[1] * (bottom - top)).round() as u8
    })
}
