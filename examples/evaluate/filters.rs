//! What others smooth skin with, written from the papers and descriptions: to be looked at beside glowup.

use image::RgbaImage;
use rayon::prelude::*;

use crate::sample::{pixel, rgb};

type Plane = Vec<[f32; 3]>;

/// A filter of which one number says how strongly it smooths.
pub struct Filter {
    pub name: &'static str,
    /// The weakest and the strongest that is tried.
    pub range: (f32, f32),
    run: fn(&Plane, usize, f32, f32) -> Plane,
}

/// The filters; each is given the face's width in pixels and its strength.
pub const FILTERS: [Filter; 4] = [
    Filter { name: "bilateral filter (Tomasi and Manduchi 1998)", range: (0.005, 0.6), run: bilateral },
    Filter { name: "guided filter (He, Sun, Tang 2013)", range: (1e-5, 0.3), run: guided },
    Filter { name: "box high-pass, as open beauty filters have it", range: (1e-3, 1.0), run: high_pass },
    Filter { name: "Gaussian blur", range: (0.05, 12.0), run: gaussian },
];

impl Filter {
    /// Filters a whole picture with a face of that width.
    pub fn apply(&self, picture: &RgbaImage, face: f32, strength: f32) -> RgbaImage {
        let (width, height) = picture.dimensions();
        let plane: Plane = picture.pixels().map(rgb).collect();
        let filtered = (self.run)(&plane, width as usize, face, strength);
        RgbaImage::from_fn(width, height, |x, y| pixel(filtered[(y * width + x) as usize]))
    }
}

fn map(plane: &Plane, width: usize, value: impl Fn(usize, usize) -> [f32; 3] + Sync) -> Plane {
    (0..plane.len()).into_par_iter().map(|at| value(at % width, at / width)).collect()
}

fn zip(a: &Plane, b: &Plane, value: impl Fn(f32, f32) -> f32) -> Plane {
    a.iter().zip(b).map(|(a, b)| std::array::from_fn(|c| value(a[c], b[c]))).collect()
}

/// Weights fall with distance (over a fiftieth of the face's width) and with difference of colour (over `strength`).
fn bilateral(plane: &Plane, width: usize, face: f32, strength: f32) -> Plane {
    let height = plane.len() / width;
    let sigma = (0.02 * face).max(1.0);
    let reach = (1.5 * sigma).ceil() as usize;
    map(plane, width, |x, y| {
        let here = plane[y * width + x];
        let (mut sum, mut total) = ([0.0; 3], 0.0);
        for v in y.saturating_sub(reach)..(y + reach + 1).min(height) {
            for u in x.saturating_sub(reach)..(x + reach + 1).min(width) {
                let there = plane[v * width + u];
                let off = (u as f32 - x as f32).powi(2) + (v as f32 - y as f32).powi(2);
                let unlike: f32 = (0..3).map(|c| (there[c] - here[c]).abs()).sum();
                let weight = (-off / (2.0 * sigma * sigma) - unlike * unlike / (2.0 * strength * strength)).exp();
                (0..3).for_each(|c| sum[c] += weight * there[c]);
                total += weight;
            }
        }
        sum.map(|v| v / total)
    })
}

/// Mean over a square, each channel for itself.
fn boxed(plane: &Plane, width: usize, reach: usize) -> Plane {
    let height = plane.len() / width;
    let rows = map(plane, width, |x, y| {
        mean((x.saturating_sub(reach)..(x + reach + 1).min(width)).map(|u| plane[y * width + u]))
    });
    map(plane, width, |x, y| mean((y.saturating_sub(reach)..(y + reach + 1).min(height)).map(|v| rows[v * width + x])))
}

fn mean(values: impl Iterator<Item = [f32; 3]>) -> [f32; 3] {
    let (sum, count) =
        values.fold(([0.0; 3], 0.0_f32), |(sum, count), v| (std::array::from_fn(|c| sum[c] + v[c]), count + 1.0));
    sum.map(|v| v / count.max(1.0))
}

/// Each channel guided by itself; `strength` is the variance below which is smoothed.
fn guided(plane: &Plane, width: usize, face: f32, strength: f32) -> Plane {
    let reach = (0.03 * face).round().max(1.0) as usize;
    let m = boxed(plane, width, reach);
    let square = boxed(&zip(plane, plane, |a, b| a * b), width, reach);
    let a = zip(&square, &m, |square, m| {
        let v = (square - m * m).max(0.0);
        v / (v + strength)
    });
    let b = zip(&a, &m, |a, m| (1.0 - a) * m);
    let (a, b) = (boxed(&a, width, reach), boxed(&b, width, reach));
    zip(&zip(&a, plane, |a, i| a * i), &b, |ai, b| ai + b)
}

/// A box blur, mixed in where the difference to it, squared, amplified and blurred again, is small; `strength` is that
/// mixture's share.
fn high_pass(plane: &Plane, width: usize, face: f32, strength: f32) -> Plane {
    let reach = (0.03 * face).round().max(1.0) as usize;
    let m = boxed(plane, width, reach);
    let rough = boxed(&zip(plane, &m, |i, m| (7.07 * (i - m)).powi(2).min(1.0)), width, reach);
    plane
        .iter()
        .zip(&m)
        .zip(&rough)
        .map(|((i, m), rough)| {
            let rough = rough.iter().sum::<f32>() / 3.0;
            let light = ((i[0].min(m[0] - 0.1) - 0.2) * 4.0).clamp(0.0, 1.0);
            let share = (1.0 - rough / (rough + 0.1)) * light * strength;
            std::array::from_fn(|c| i[c] + share * (m[c] - i[c]))
        })
        .collect()
}

/// `strength` is the spread in pixels.
fn gaussian(plane: &Plane, width: usize, _: f32, strength: f32) -> Plane {
    let height = (plane.len() / width) as i64;
    let reach = (3.0 * strength).ceil() as i64;
    let taps: Vec<f32> = (-reach..=reach).map(|k| (-(k as f32 / strength).powi(2) / 2.0).exp()).collect();
    let total: f32 = taps.iter().sum();
    let pass = |plane: &Plane, across: bool| {
        map(plane, width, |x, y| {
            let mut sum = [0.0; 3];
            for (k, tap) in (-reach..=reach).zip(&taps) {
                let (dx, dy) = if across { (k, 0) } else { (0, k) };
                let u = (x as i64 + dx).clamp(0, width as i64 - 1) as usize;
                let v = (y as i64 + dy).clamp(0, height - 1) as usize;
                (0..3).for_each(|c| sum[c] += tap / total * plane[v * width + u][c]);
            }
            sum
        })
    };
    pass(&pass(plane, true), false)
}
