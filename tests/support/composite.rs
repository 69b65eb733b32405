//! Synthetic clips: pictures laid over a plain ground at any place, size and turn, with a camera's noise.

// Each test uses its own part of this.
#![allow(dead_code)]

use std::path::Path;

use glowup::Frame;
use image::RgbaImage;

/// A picture of the project, by its path from the project's root.
pub fn picture(path: &str) -> RgbaImage {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    image::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).into_rgba8()
}

/// The portrait that the project bundles: a face about 62 pixels between the outer corners of its eyes.
pub fn portrait() -> RgbaImage {
    picture("assets/astronaut.png")
}

/// The picture as the tracker wants it.
pub fn frame(picture: &RgbaImage) -> Frame<'_> {
    Frame::rgba8(picture.as_raw(), picture.width(), picture.height()).unwrap()
}

/// A plain ground.
pub fn ground(width: u32, height: u32) -> RgbaImage {
    RgbaImage::from_pixel(width, height, image::Rgba([96, 104, 112, 255]))
}

/// How a picture is laid down.
#[derive(Clone, Copy)]
pub struct Place {
    /// Where its centre comes to lie.
    pub centre: [f32; 2],
    pub scale: f32,
    /// In degrees, clockwise.
    pub roll: f32,
}

impl Place {
    pub fn at(x: f32, y: f32) -> Self {
        Self { centre: [x, y], scale: 1.0, roll: 0.0 }
    }

    pub fn scaled(self, scale: f32) -> Self {
        Self { scale, ..self }
    }

    pub fn turned(self, roll: f32) -> Self {
        Self { roll, ..self }
    }

    /// Where a point of the picture comes to lie.
    pub fn map(&self, picture: &RgbaImage, [x, y]: [f32; 2]) -> [f32; 2] {
        let (sin, cos) = self.roll.to_radians().sin_cos();
        let x = (x - picture.width() as f32 / 2.0) * self.scale;
        let y = (y - picture.height() as f32 / 2.0) * self.scale;
        [self.centre[0] + x * cos - y * sin, self.centre[1] + x * sin + y * cos]
    }
}

/// Lays `picture` over `canvas`: means of 2 × 2 bilinear samples a pixel, which is enough down to a quarter of its size.
pub fn lay(canvas: &mut RgbaImage, picture: &RgbaImage, place: Place) {
    let (sin, cos) = place.roll.to_radians().sin_cos();
    let (width, height) = (picture.width() as f32, picture.height() as f32);
    let reach = (width.hypot(height) / 2.0 * place.scale).ceil();
    let span = |centre: f32, length: u32| {
        ((centre - reach).clamp(0.0, length as f32) as u32, (centre + reach).clamp(0.0, length as f32) as u32)
    };
    let (columns, rows) = (span(place.centre[0], canvas.width()), span(place.centre[1], canvas.height()));
    let taps: &[f32] = if place.scale < 0.75 { &[-0.25, 0.25] } else { &[0.0] };
    for y in rows.0..rows.1 {
        for x in columns.0..columns.1 {
            let mut sum = [0.0_f32; 3];
            let mut count = 0.0;
            for dy in taps {
                for dx in taps {
                    let (u, v) = (x as f32 + dx - place.centre[0], y as f32 + dy - place.centre[1]);
                    let px = (u * cos + v * sin) / place.scale + width / 2.0;
                    let py = (v * cos - u * sin) / place.scale + height / 2.0;
                    if px < 0.0 || py < 0.0 || px > width - 2.0 || py > height - 2.0 {
                        continue;
                    }
                    let (left, top) = (px as u32, py as u32);
                    let (fx, fy) = (px.fract(), py.fract());
                    count += 1.0;
                    for (c, sum) in sum.iter_mut().enumerate() {
                        let at = |dx, dy| f32::from(picture.get_pixel(left + dx, top + dy)[c]);
                        let upper = at(0, 0) + fx * (at(1, 0) - at(0, 0));
                        let lower = at(0, 1) + fx * (at(1, 1) - at(0, 1));
                        *sum += upper + fy * (lower - upper);
                    }
                }
            }
            if count > 0.0 {
                let [r, g, b] = sum.map(|sum| (sum / count).round() as u8);
                canvas.put_pixel(x, y, image::Rgba([r, g, b, 255]));
            }
        }
    }
}

/// Adds a camera's noise of standard deviation `sigma`, the same for the same seed.
pub fn add_noise(picture: &mut RgbaImage, sigma: f32, seed: u32) {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12345);
    for pixel in picture.pixels_mut() {
        for value in pixel.0.iter_mut().take(3) {
            // The sum of four uniform numbers, of variance 4/12.
            let mut sum = -2.0;
            for _ in 0..4 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                sum += (state >> 8) as f32 / 16_777_216.0;
            }
            *value = (f32::from(*value) + sum * 3.0_f32.sqrt() * sigma).round().clamp(0.0, 255.0) as u8;
        }
    }
}
