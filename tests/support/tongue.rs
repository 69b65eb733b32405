//! Tongues painted onto real faces: no picture of a person with the tongue out is at hand whose licence lets it into the project.
//!
//! The jaw is lowered by stretching the picture, and what comes out between the lips is a rounded, shaded, grained shape over the
//! lower lip.

// Each test uses its own part of this.
#![allow(dead_code)]

use glowup::Face;
use image::{Rgba, RgbaImage};

/// How a mouth is painted. Lengths are in widths of the mouth.
#[derive(Debug, Clone, Copy)]
pub struct Tongue {
    /// How far the jaw is lowered beyond where it is in the picture.
    pub open: f32,
    /// How far the tongue reaches below the line of the lower lip; 0 paints none.
    pub length: f32,
    /// How wide it is.
    pub width: f32,
    /// Its colour in the light that the person's lips are in: a share of the lips' own, the rest of [`PINK`].
    pub lips: f32,
    /// How bright it is, as a share of that.
    pub light: f32,
    /// To which side it points: 0 straight, 1 to the person's left by as much as it is long.
    pub aside: f32,
}

/// A tongue in white light, beside skin of the brightness 200.
const PINK: [f32; 3] = [212.0, 118.0, 120.0];

impl Tongue {
    pub const OUT: Self = Self { open: 0.28, length: 0.4, width: 0.62, lips: 0.5, light: 1.0, aside: 0.0 };

    pub fn long(self, length: f32) -> Self {
        Self { length, ..self }
    }

    pub fn opened(self, open: f32) -> Self {
        Self { open, ..self }
    }
}

/// A mouth's own axes.
struct Mouth {
    /// Middle between the corners, the ways from the right corner to the left one and down, both one unit long, and the width.
    middle: [f32; 2],
    across: [f32; 2],
    down: [f32; 2],
    width: f32,
}

impl Mouth {
    fn of(face: &Face) -> Self {
        let at = |index: usize| [face.points[index][0], face.points[index][1]];
        let (right, left) = (at(61), at(291));
        let way = [left[0] - right[0], left[1] - right[1]];
        let width = way[0].hypot(way[1]);
        let across = way.map(|x| x / width);
        let mut down = [-across[1], across[0]];
        let chin = at(152);
        if (chin[0] - right[0]) * down[0] + (chin[1] - right[1]) * down[1] < 0.0 {
            down = down.map(|x| -x);
        }
        Self { middle: std::array::from_fn(|axis| (right[axis] + left[axis]) / 2.0), across, down, width }
    }

    /// Across and down from the middle, in widths of the mouth.
    fn place(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        let way = [x - self.middle[0], y - self.middle[1]];
        [self.across, self.down].map(|axis| (way[0] * axis[0] + way[1] * axis[1]) / self.width)
    }

    fn back(&self, [s, t]: [f32; 2]) -> [f32; 2] {
        std::array::from_fn(|axis| self.middle[axis] + (s * self.across[axis] + t * self.down[axis]) * self.width)
    }

    /// How far down the inner rim of the upper (0) or the lower (1) lip lies at `s`.
    fn rim(&self, face: &Face, lip: usize, s: f32) -> f32 {
        const RIMS: [[usize; 11]; 2] =
            [[78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308], [78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308]];
        let places = RIMS[lip].map(|index| self.place([face.points[index][0], face.points[index][1]]));
        let pair = places.windows(2).find(|pair| s <= pair[1][0]).unwrap_or(&places[9..]);
        let share = ((s - pair[0][0]) / (pair[1][0] - pair[0][0]).max(1e-3)).clamp(0.0, 1.0);
        pair[0][1] + share * (pair[1][1] - pair[0][1])
    }
}

fn smooth(low: f32, high: f32, x: f32) -> f32 {
    let x = ((x - low) / (high - low)).clamp(0.0, 1.0);
    x * x * (3.0 - 2.0 * x)
}

/// Bilinear.
fn sample(picture: &RgbaImage, [x, y]: [f32; 2]) -> [f32; 3] {
    let (x, y) = (x.clamp(0.0, picture.width() as f32 - 1.001), y.clamp(0.0, picture.height() as f32 - 1.001));
    let (left, top, u, v) = (x as u32, y as u32, x.fract(), y.fract());
    std::array::from_fn(|c| {
        let at = |dx, dy| f32::from(picture.get_pixel(left + dx, top + dy)[c]);
        let (above, below) = (at(0, 0) + u * (at(1, 0) - at(0, 0)), at(0, 1) + u * (at(1, 1) - at(0, 1)));
        above + v * (below - above)
    })
}

/// The mean colour around some of a face's points.
fn colour(picture: &RgbaImage, face: &Face, points: &[usize]) -> [f32; 3] {
    let mut sum = [0.0; 3];
    for &index in points {
        let sampled = sample(picture, [face.points[index][0], face.points[index][1]]);
        sum = std::array::from_fn(|c| sum[c] + sampled[c] / points.len() as f32);
    }
    sum
}

/// A grain of −1..=1 that is the same at the same place.
fn grain(s: f32, t: f32) -> f32 {
    let cell = |x: f32, y: f32| {
        let hash = (x as i32).wrapping_mul(73_856_093) ^ (y as i32).wrapping_mul(19_349_663);
        let hash = (hash as u32).wrapping_mul(2_654_435_761) >> 16;
        hash as f32 / 32_768.0 - 1.0
    };
    let (x, y) = (s * 45.0 + 500.0, t * 45.0 + 500.0);
    let (u, v) = (x.fract(), y.fract());
    let (above, below) = (
        cell(x, y) + u * (cell(x + 1.0, y) - cell(x, y)),
        cell(x, y + 1.0) + u * (cell(x + 1.0, y + 1.0) - cell(x, y + 1.0)),
    );
    above + v * (below - above)
}

/// The picture with the face's jaw lowered and its tongue out.
pub fn with_tongue(picture: &RgbaImage, face: &Face, tongue: Tongue) -> RgbaImage {
    let mouth = Mouth::of(face);
    let skin = colour(picture, face, &[50, 280, 101, 330, 205, 425]);
    let lips = colour(picture, face, &[84, 17, 314, 85, 16, 315, 37, 267]);
    let light = skin.iter().sum::<f32>() / 3.0 / 180.0;
    // Dark skin takes the light that a tongue does not.
    let light = light.powf(0.6) * tongue.light;
    let flesh: [f32; 3] = std::array::from_fn(|c| {
        let white = skin[c] / skin.iter().sum::<f32>() * 3.0 / [1.2, 0.96, 0.84][c];
        tongue.lips * lips[c].max(lips[0] * [1.0, 0.45, 0.45][c]) * 1.08 * tongue.light
            + (1.0 - tongue.lips) * PINK[c] * light * white
    });
    let mut out = picture.clone();
    let reach = 2.2 * mouth.width;
    let span = |middle: f32, length: u32| {
        ((middle - reach).clamp(0.0, length as f32) as u32, (middle + reach).clamp(0.0, length as f32) as u32)
    };
    let (columns, rows) = (span(mouth.middle[0], picture.width()), span(mouth.middle[1], picture.height()));
    for y in rows.0..rows.1 {
        for x in columns.0..columns.1 {
            let [s, t] = mouth.place([x as f32, y as f32]);
            let pixel = painted(picture, face, &mouth, tongue, flesh, [s, t]);
            if let Some(pixel) = pixel {
                let [r, g, b] = pixel.map(|value| value.round().clamp(0.0, 255.0) as u8);
                out.put_pixel(x, y, Rgba([r, g, b, 255]));
            }
        }
    }
    out
}

fn painted(
    picture: &RgbaImage,
    face: &Face,
    mouth: &Mouth,
    tongue: Tongue,
    flesh: [f32; 3],
    [s, t]: [f32; 2],
) -> Option<[f32; 3]> {
    let (upper, lower) = (mouth.rim(face, 0, s), mouth.rim(face, 1, s));
    // Between the corners the lip goes down by an ellipse; farther down the whole chin does.
    let between = (1.0 - (s / 0.44).powi(2)).max(0.0).sqrt();
    let chin = smooth(0.0, 0.6, t) * (-(s / 1.1).powi(2)).exp();
    let lowered = tongue.open * (between + (chin - between) * smooth(0.05, 0.6, t)) * (1.0 - smooth(1.0, 1.7, t));
    let from_t = t - lowered;
    let split = lower.max(upper);
    let mut pixel = if t < upper {
        None
    } else if from_t >= split || tongue.open == 0.0 {
        Some(sample(picture, mouth.back([s, from_t])))
    } else if t < split {
        None
    } else {
        let depth = smooth(0.0, 0.5, between);
        Some(flesh.map(|c| c * 0.16).map(|c| c * (1.0 - 0.3 * depth)))
    };
    if tongue.length <= 0.0 {
        return pixel;
    }
    let middle_lower = mouth.rim(face, 1, 0.0).max(mouth.rim(face, 0, 0.0)) + tongue.open;
    let root = mouth.rim(face, 0, 0.0) + 0.06 + 0.25 * tongue.open;
    let tip = middle_lower + tongue.length;
    let way = (t - root) / (tip - root);
    let bend = tongue.aside * tongue.length * smooth(0.3, 1.0, way);
    let s = s - bend;
    let half = tongue.width / 2.0
        * (0.9 + 0.1 * (way * 3.0).sin())
        * (1.0 - ((way - 0.55).max(0.0) / 0.45).powi(2)).max(0.0).sqrt();
    let edge = 0.012;
    let cover = smooth(-edge, edge, half - s.abs()) * smooth(-0.02, 0.02, t - root) * smooth(0.0, 0.02, tip - t);
    // Its shadow on lip and chin.
    let shade = 0.22 * smooth(0.07, 0.0, (s.abs() - half).max(0.0)) * smooth(1.25, 1.0, way) * smooth(0.0, 0.3, way);
    if cover <= 0.0 && shade <= 0.0 {
        return pixel;
    }
    let under = pixel.unwrap_or_else(|| sample(picture, mouth.back([s + bend, t]))).map(|c| c * (1.0 - shade));
    let round = (s.abs() / half.max(1e-3)).min(1.0);
    let light = (0.5 + 0.5 * smooth(0.0, 0.45, way))
        * (1.0 - 0.3 * round.powi(4))
        * (1.0 - 0.18 * (-(s / 0.025).powi(2)).exp())
        * (1.0 - 0.25 * smooth(0.8, 1.0, way))
        * (1.0 + 0.05 * grain(s, t));
    let shine = 22.0 * (-((s.abs() - 0.35 * half) / 0.06).powi(2) - ((way - 0.6) / 0.15).powi(2)).exp();
    pixel = Some(std::array::from_fn(|c| {
        let flesh = flesh[c] * light + shine;
        under[c] + cover * (flesh - under[c])
    }));
    pixel
}
