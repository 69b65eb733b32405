//! Faces to judge by: the bundled ones, with their landmarks, their skin, and what is painted on them.

use std::path::Path;

use glowup::face::topology as mesh;
use glowup::{Face, FaceTracker, Frame};
use image::imageops::{FilterType, crop_imm, resize};
use image::{Rgba, RgbaImage};
use rayon::prelude::*;

use crate::common::Failure;
use crate::common::media::Picture;
use crate::figures::lab;

/// Random numbers, the same each time (Vigna's SplitMix64).
pub struct Rng(pub u64);

impl Rng {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * (self.next() >> 40) as f32 / (1 << 24) as f32
    }

    /// A normal deviate of spread 1 (Box and Muller 1958).
    pub fn normal(&mut self) -> f32 {
        let (a, b) = (self.between(1e-7, 1.0), self.between(0.0, std::f32::consts::TAU));
        (-2.0 * a.ln()).sqrt() * b.cos()
    }
}

/// A picture with one face.
#[derive(Clone)]
pub struct Sample {
    pub name: String,
    pub picture: RgbaImage,
    pub face: Face,
    /// From cheek to cheek in space, in pixels.
    pub width: f32,
}

/// A file, the part of it that is taken (x, y, width, height), and how much it is enlarged.
type Source = (&'static str, &'static str, Option<[u32; 4]>, f32);

const PORTRAIT: Source = ("portrait", "assets/astronaut.png", Some([100, 0, 256, 256]), 3.0);
const OTHERS: [Source; 5] = [
    ("desk, upright", "tests/data/webcam_000.png", None, 2.0),
    ("desk, mouth open", "tests/data/webcam_240.png", None, 2.0),
    ("desk, nearer", "tests/data/webcam_290.png", None, 2.0),
    ("desk, eyes shut", "tests/data/webcam_639.png", None, 2.0),
    ("car", "tests/data/carphone_059.png", None, 3.0),
];

fn load((name, file, part, factor): Source, tracker: &FaceTracker) -> Result<Sample, Failure> {
    let whole = Picture::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(file))?.pixels;
    let [x, y, w, h] = part.unwrap_or([0, 0, whole.width(), whole.height()]);
    let cut = crop_imm(&whole, x, y, w, h).to_image();
    let side = |length: u32| (length as f32 * factor).round() as u32;
    sample(name, resize(&cut, side(w), side(h), FilterType::CatmullRom), tracker)
}

/// A sample of a picture's one face.
pub fn sample(name: &str, picture: RgbaImage, tracker: &FaceTracker) -> Result<Sample, Failure> {
    let frame = Frame::rgba8(&picture, picture.width(), picture.height())?;
    let face = tracker.detect(&frame)?.into_iter().next().ok_or_else(|| format!("no face is found in {name}"))?;
    Ok(Sample { width: apart(&face, mesh::RIGHT_CHEEK, mesh::LEFT_CHEEK), name: name.to_owned(), picture, face })
}

/// The portrait, enlarged to `side` × `side` pixels.
pub fn portrait(side: u32, tracker: &FaceTracker) -> Result<Sample, Failure> {
    load((PORTRAIT.0, PORTRAIT.1, PORTRAIT.2, side as f32 / 256.0), tracker)
}

/// All bundled faces, the portrait first.
pub fn all(tracker: &FaceTracker) -> Result<Vec<Sample>, Failure> {
    [PORTRAIT].into_iter().chain(OTHERS).map(|source| load(source, tracker)).collect()
}

/// Distance of two landmarks in space.
pub fn apart(face: &Face, a: u16, b: u16) -> f32 {
    let (a, b) = (face.points[usize::from(a)], face.points[usize::from(b)]);
    (0..3).map(|axis| (a[axis] - b[axis]).powi(2)).sum::<f32>().sqrt()
}

/// Distance of a place to a contour, negative inside.
pub fn signed(contour: &[[f32; 2]], [x, y]: [f32; 2]) -> f32 {
    let (mut nearest, mut inside) = (f32::INFINITY, false);
    let mut a = contour[contour.len() - 1];
    for &b in contour {
        let along = [b[0] - a[0], b[1] - a[1]];
        let share = ((x - a[0]) * along[0] + (y - a[1]) * along[1]) / (along[0].powi(2) + along[1].powi(2)).max(1e-9);
        let share = share.clamp(0.0, 1.0);
        nearest = nearest.min((x - a[0] - share * along[0]).hypot(y - a[1] - share * along[1]));
        if (a[1] <= y) != (b[1] <= y) && a[0] + (y - a[1]) / along[1] * along[0] > x {
            inside = !inside;
        }
        a = b;
    }
    if inside { -nearest } else { nearest }
}

impl Sample {
    pub fn size(&self) -> (u32, u32) {
        self.picture.dimensions()
    }

    pub fn contour(&self, indices: &[u16]) -> Vec<[f32; 2]> {
        indices.iter().map(|&index| self.face.points[usize::from(index)]).map(|[x, y, _]| [x, y]).collect()
    }

    /// Where the signed distance to a contour, in face widths, is in a range.
    pub fn near(&self, indices: &[u16], from: f32, to: f32) -> Vec<bool> {
        let contour = self.contour(indices);
        let reach = to.max(0.0) * self.width + 1.0;
        let (low, high) = contour.iter().fold(([f32::INFINITY; 2], [0.0_f32; 2]), |(low, high), p| {
            ([low[0].min(p[0]), low[1].min(p[1])], [high[0].max(p[0]), high[1].max(p[1])])
        });
        self.each(|p| {
            if (0..2).any(|axis| p[axis] < low[axis] - reach || p[axis] > high[axis] + reach) {
                return false;
            }
            (from..=to).contains(&(signed(&contour, p) / self.width))
        })
    }

    /// Something of every pixel's middle.
    pub fn each<T: Send>(&self, what: impl Fn([f32; 2]) -> T + Sync) -> Vec<T> {
        let (w, h) = self.size();
        let place = |at: u32| [(at % w) as f32 + 0.5, (at / w) as f32 + 0.5];
        (0..w * h).into_par_iter().map(|at| what(place(at))).collect()
    }

    /// Plain skin: well inside the face, well beside its parts, and about as bright as most of it.
    pub fn skin(&self) -> Vec<bool> {
        let mut skin = self.near(&mesh::FACE_OVAL, f32::NEG_INFINITY, -0.10);
        for part in PARTS.iter().flat_map(|(_, contours)| *contours) {
            for (skin, part) in skin.iter_mut().zip(self.near(part, f32::NEG_INFINITY, 0.05)) {
                *skin &= !part;
            }
        }
        let brightness: Vec<f32> = self.picture.pixels().map(|p| lab(rgb(p))[0]).collect();
        let mut within: Vec<f32> =
            skin.iter().zip(&brightness).filter(|(skin, _)| **skin).map(|(_, &light)| light).collect();
        within.sort_unstable_by(f32::total_cmp);
        let median = within.get(within.len() / 2).copied().unwrap_or_default();
        skin.iter_mut().zip(brightness).for_each(|(skin, light)| *skin &= (light - median).abs() < 22.0);
        skin
    }

    /// The same picture with something else in it.
    pub fn with(&self, picture: RgbaImage) -> Self {
        Self { picture, ..self.clone() }
    }
}

/// What has edges that shall stay.
pub const PARTS: [(&str, &[&[u16]]); 4] = [
    ("eyes", &[&mesh::RIGHT_EYE, &mesh::LEFT_EYE]),
    ("brows", &[&mesh::RIGHT_EYEBROW, &mesh::LEFT_EYEBROW]),
    ("lips", &[&mesh::LIPS]),
    ("nostrils", &[&mesh::RIGHT_NOSTRIL, &mesh::LEFT_NOSTRIL]),
];

/// The colour of a pixel, 0..=1.
pub fn rgb(pixel: &Rgba<u8>) -> [f32; 3] {
    [0, 1, 2].map(|c| f32::from(pixel[c]) / 255.0)
}

/// A pixel of a colour, 0..=1.
pub fn pixel(colour: [f32; 3]) -> Rgba<u8> {
    let [r, g, b] = colour.map(|v| (v * 255.0).round().clamp(0.0, 255.0) as u8);
    Rgba([r, g, b, 255])
}

/// A round spot: its middle and its diameter, in pixels.
pub type Spot = ([f32; 2], f32);

/// Spots at random on the skin, apart from each other; diameters in face widths.
pub fn spots(sample: &Sample, skin: &[bool], count: usize, sizes: (f32, f32), seed: u64) -> Vec<Spot> {
    let mut rng = Rng(seed);
    let width = sample.size().0 as usize;
    let places: Vec<usize> = skin.iter().enumerate().filter(|(_, skin)| **skin).map(|(at, _)| at).collect();
    let mut spots: Vec<Spot> = Vec::new();
    for _ in 0..20_000 {
        if spots.len() == count || places.is_empty() {
            break;
        }
        let at = places[rng.next() as usize % places.len()];
        let middle = [(at % width) as f32 + rng.between(0.0, 1.0), (at / width) as f32 + rng.between(0.0, 1.0)];
        let size = rng.between(sizes.0, sizes.1) * sample.width;
        let free = |(other, across): &Spot| (middle[0] - other[0]).hypot(middle[1] - other[1]) > (size + across) * 1.2;
        if spots.iter().all(free) {
            spots.push((middle, size));
        }
    }
    spots
}

/// How much of a pixel is covered by spots with soft rims, 0..=1.
pub fn coverage(sample: &Sample, spots: &[Spot]) -> Vec<f32> {
    let (w, h) = sample.size();
    let mut cover = vec![0.0_f32; (w * h) as usize];
    for &([x, y], size) in spots {
        let reach = size + 2.0;
        let span = |at: f32, limit: u32| (at - reach).max(0.0) as u32..((at + reach).max(0.0) as u32 + 1).min(limit);
        for row in span(y, h) {
            for column in span(x, w) {
                let off = (column as f32 + 0.5 - x).hypot(row as f32 + 0.5 - y);
                let covered = ((size / 2.0 - off) / (0.15 * size).max(0.7) + 0.5).clamp(0.0, 1.0);
                let place = &mut cover[(row * w + column) as usize];
                *place = place.max(covered);
            }
        }
    }
    cover
}

/// Spots painted on: each channel darker by these shares of itself.
pub fn painted(sample: &Sample, cover: &[f32], darker: [f32; 3]) -> Sample {
    let mut picture = sample.picture.clone();
    for (place, &covered) in picture.pixels_mut().zip(cover) {
        if covered > 0.0 {
            let colour = rgb(place);
            *place = pixel(std::array::from_fn(|c| colour[c] * (1.0 - covered * darker[c])));
        }
    }
    sample.with(picture)
}

/// The face with skin of another colour (sRGB, 0..=1): all of it but the eyes and the open mouth, and what else the `field`
/// takes for skin, multiplied in linear light so that `plain` skin has this colour in the mean.
pub fn recoloured(sample: &Sample, plain: &[bool], field: &[u8], colour: [f32; 3]) -> Sample {
    let linear = |v: f32| if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) };
    let encoded = |v: f32| if v <= 0.003_130_8 { v * 12.92 } else { 1.055 * v.powf(1.0 / 2.4) - 0.055 };
    let (mut sum, mut count) = ([0.0; 3], 0.0_f32);
    for (place, _) in sample.picture.pixels().zip(plain).filter(|(_, plain)| **plain) {
        let colour = rgb(place).map(linear);
        sum.iter_mut().zip(colour).for_each(|(sum, v)| *sum += v);
        count += 1.0;
    }
    let gain: [f32; 3] = std::array::from_fn(|c| linear(colour[c]) / (sum[c] / count.max(1.0)).max(1e-4));
    let contours = [&mesh::FACE_OVAL[..], &mesh::RIGHT_EYE, &mesh::LEFT_EYE, &mesh::MOUTH].map(|c| sample.contour(c));
    let mut picture = sample.picture.clone();
    for ((x, y, place), skin) in picture.enumerate_pixels_mut().zip(field) {
        let p = [x as f32 + 0.5, y as f32 + 0.5];
        let off = |k: usize| signed(&contours[k], p) / sample.width;
        let within = (0.5 - off(0) / 0.03).clamp(f32::from(*skin) / 255.0, 1.0);
        if within == 0.0 {
            continue;
        }
        let share = (1..4).map(|k| (off(k) / 0.02 + 0.3).clamp(0.0, 1.0)).fold(within, f32::min);
        let before = rgb(place).map(linear);
        *place = pixel(std::array::from_fn(|c| encoded(before[c] * (1.0 + share * (gain[c] - 1.0)))));
    }
    sample.with(picture)
}
