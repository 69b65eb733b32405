//! Pictures of one number a pixel, and Gaussian blurs of any size over them.

use image::RgbaImage;
use rayon::prelude::*;

use crate::figures::lab;
use crate::sample::rgb;

/// One number a pixel, row by row.
#[derive(Clone)]
pub struct Plane {
    pub width: usize,
    pub values: Vec<f32>,
}

/// Above this spread, in pixels, a plane is made smaller before it is blurred.
const DIRECT: f32 = 12.0;

impl Plane {
    pub fn new(width: usize, values: Vec<f32>) -> Self {
        Self { width, values }
    }

    pub fn height(&self) -> usize {
        self.values.len() / self.width.max(1)
    }

    /// The same plane with each value made of this one's and another's.
    pub fn with(&self, other: &Self, value: impl Fn(f32, f32) -> f32) -> Self {
        Self::new(self.width, self.values.iter().zip(&other.values).map(|(a, b)| value(*a, *b)).collect())
    }

    pub fn minus(&self, other: &Self) -> Self {
        self.with(other, |a, b| a - b)
    }

    /// Root of the mean square at these places.
    pub fn rms(&self, places: &[usize]) -> f32 {
        let sum: f64 = places.iter().map(|&at| f64::from(self.values[at]).powi(2)).sum();
        (sum / places.len().max(1) as f64).sqrt() as f32
    }

    /// Mean at these places.
    pub fn mean(&self, places: &[usize]) -> f32 {
        let sum: f64 = places.iter().map(|&at| f64::from(self.values[at])).sum();
        (sum / places.len().max(1) as f64) as f32
    }

    /// A Gaussian blur; outside the plane there is 0.
    fn blurred(&self, sigma: f32) -> Self {
        if sigma < 0.2 {
            return self.clone();
        }
        if sigma <= DIRECT {
            return self.convolved(sigma);
        }
        let factor = (sigma / (DIRECT / 2.0)) as usize;
        let f = factor as f32;
        // Means of squares and the way back, bilinear, blur too.
        let rest = sigma * sigma - (f * f - 1.0) / 12.0 - f * f / 6.0;
        self.reduced(factor).convolved(rest.sqrt() / f).enlarged(factor, self.width, self.height())
    }

    fn convolved(&self, sigma: f32) -> Self {
        let reach = (3.5 * sigma).ceil() as usize;
        let mut taps: Vec<f32> = (0..=2 * reach).map(|k| k as f32 - reach as f32).collect();
        taps.iter_mut().for_each(|k| *k = (-(*k / sigma).powi(2) / 2.0).exp());
        let total: f32 = taps.iter().sum();
        taps.iter_mut().for_each(|tap| *tap /= total);
        let (width, height) = (self.width, self.height());
        let mut rows = vec![0.0; self.values.len()];
        rows.par_chunks_mut(width).zip(self.values.par_chunks(width)).for_each(|(to, from)| {
            for (k, tap) in taps.iter().enumerate() {
                // to[x] += tap × from[x + k − reach], where that is inside.
                let (skip, take) = (reach.saturating_sub(k), k.saturating_sub(reach));
                let to = to.get_mut(skip..).unwrap_or_default();
                let from = from.get(take..).unwrap_or_default();
                to.iter_mut().zip(from).for_each(|(to, from)| *to += tap * from);
            }
        });
        let mut values = vec![0.0; rows.len()];
        values.par_chunks_mut(width).enumerate().for_each(|(y, to)| {
            for (k, tap) in taps.iter().enumerate() {
                let Some(row) = (y + k).checked_sub(reach).filter(|row| *row < height) else { continue };
                let from = &rows[row * width..(row + 1) * width];
                to.iter_mut().zip(from).for_each(|(to, from)| *to += tap * from);
            }
        });
        Self::new(width, values)
    }

    /// Means of squares of `factor` × `factor` pixels.
    fn reduced(&self, factor: usize) -> Self {
        let width = self.width.div_ceil(factor);
        let mut values = vec![0.0; width * self.height().div_ceil(factor)];
        for (y, row) in self.values.chunks_exact(self.width).enumerate() {
            let to = &mut values[y / factor * width..][..width];
            row.chunks(factor).zip(to).for_each(|(from, to)| *to += from.iter().sum::<f32>());
        }
        let area = (factor * factor) as f32;
        values.iter_mut().for_each(|v| *v /= area);
        Self::new(width, values)
    }

    /// The way back: bilinear between the squares' middles.
    fn enlarged(&self, factor: usize, width: usize, height: usize) -> Self {
        let between = |at: usize, limit: usize| {
            let place = ((at as f32 + 0.5) / factor as f32 - 0.5).clamp(0.0, (limit - 1) as f32);
            let low = place as usize;
            (low, (low + 1).min(limit - 1), place - low as f32)
        };
        let mut values = vec![0.0; width * height];
        values.par_chunks_mut(width).enumerate().for_each(|(y, to)| {
            let (above, below, down) = between(y, self.height());
            for (x, to) in to.iter_mut().enumerate() {
                let (left, right, across) = between(x, self.width);
                let row = |y: usize| {
                    let row = &self.values[y * self.width..][..self.width];
                    row[left] + across * (row[right] - row[left])
                };
                *to = row(above) + down * (row(below) - row(above));
            }
        });
        Self::new(width, values)
    }
}

/// Gaussian means of planes: where the weight is 0, nothing enters.
pub fn blurred<const N: usize>(planes: [&Plane; N], weight: &Plane, sigma: f32) -> [Plane; N] {
    let total = weight.blurred(sigma);
    planes.map(|plane| plane.with(weight, |v, w| v * w).blurred(sigma).with(&total, |v, w| v / w.max(1e-4)))
}

/// Lightness, a* and b* of CIELAB, pixel by pixel.
pub fn lab_planes(picture: &RgbaImage) -> [Plane; 3] {
    let places: Vec<_> = picture.pixels().collect();
    let labs: Vec<[f32; 3]> = places.par_iter().map(|place| lab(rgb(place))).collect();
    [0, 1, 2].map(|c| Plane::new(picture.width() as usize, labs.iter().map(|lab| lab[c]).collect()))
}

/// Luma of the picture as it is coded, 0..=1 (Rec. 709).
pub fn luma(picture: &RgbaImage) -> Plane {
    let of = |[r, g, b]: [f32; 3]| 0.2126 * r + 0.7152 * g + 0.0722 * b;
    Plane::new(picture.width() as usize, picture.pixels().map(|place| of(rgb(place))).collect())
}

/// Distances of two pictures' colours in CIELAB (CIE 1976), pixel by pixel.
pub fn distances(a: &[Plane; 3], b: &[Plane; 3]) -> Plane {
    let square = |c: usize| a[c].with(&b[c], |a, b| (a - b).powi(2));
    let sum = square(0).with(&square(1), |a, b| a + b).with(&square(2), |a, b| a + b);
    Plane::new(sum.width, sum.values.iter().map(|v| v.sqrt()).collect())
}
