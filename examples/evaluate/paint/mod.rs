//! What make-up, lipstick, teeth and eyes do, judged on the pictures that come out.

mod eyes;
mod light;
mod lips;
mod mouth;
mod sheets;
mod steady;
mod teeth;
mod tones;

use glowup::{Color, Eyes, Look, Makeup, Mouth};
use image::RgbaImage;
use rayon::prelude::*;

pub use eyes::eyes;
pub use lips::lips;
pub use sheets::sheets;
pub use steady::{flicker, pumping};
pub use teeth::teeth;
pub use tones::{groups, spared, tones};

use crate::figures::{delta_e, lab};
use crate::planes::{Plane, blurred, lab_planes};
use crate::sample::{Sample, rgb};
use crate::table::Series;

/// Below this share of their full strength effects are fading: what they do to such a face says nothing of its make-up.
const SEEN: f32 = 0.9;

/// The lipstick that is measured.
const PRODUCT: u32 = 0xa8_20_3a;

/// Only a lipstick.
fn lipstick(finish: &'static str, color: u32) -> Look {
    let mouth = Mouth { lipstick: 1.0, lipstick_color: Color::new(color), lipstick_finish: finish, ..Mouth::NONE };
    Look { mouth, ..Look::NONE }
}

/// How much of the lightness's detail at some places, finer than so many pixels, is kept.
fn detail_kept(sample: &Sample, after: &RgbaImage, places: &[usize], sigma: f32) -> f32 {
    let mut weight = vec![0.0; sample.picture.pixels().len()];
    places.iter().for_each(|&at| weight[at] = 1.0);
    let weight = Plane::new(sample.size().0 as usize, weight);
    let strength = |picture: &RgbaImage| {
        let light = &lab_planes(picture)[0];
        let [coarse] = blurred([light], &weight, sigma);
        light.minus(&coarse).rms(places)
    };
    strength(after) / strength(&sample.picture).max(1e-6)
}

/// Only what is done to the eyes themselves.
fn eyes_look(eye_whites: f32, iris: f32) -> Look {
    Look { eyes: Eyes { eye_whites, iris, ..Eyes::NONE }, ..Look::NONE }
}

/// Only some make-up.
fn makeup(makeup: Makeup) -> Look {
    Look { makeup, ..Look::NONE }
}

/// CIELAB of a pixel.
fn lab_at(picture: &RgbaImage, at: usize) -> [f32; 3] {
    let width = picture.width() as usize;
    lab(rgb(picture.get_pixel((at % width) as u32, (at / width) as u32)))
}

/// Mean CIELAB of these pixels.
fn mean_at(picture: &RgbaImage, places: &[usize]) -> [f32; 3] {
    let mut sum = [0.0_f64; 3];
    for &at in places {
        sum.iter_mut().zip(lab_at(picture, at)).for_each(|(sum, v)| *sum += f64::from(v));
    }
    sum.map(|sum| (sum / places.len().max(1) as f64) as f32)
}

/// ΔE00 of these pixels between two pictures.
fn changes(before: &RgbaImage, after: &RgbaImage, places: &[usize]) -> Vec<f32> {
    let width = before.width() as usize;
    let of = |at: &usize| {
        let (x, y) = ((at % width) as u32, (at / width) as u32);
        let [a, b] = [before, after].map(|picture| picture.get_pixel(x, y));
        if a == b { 0.0 } else { delta_e(lab(rgb(a)), lab(rgb(b))) }
    };
    places.par_iter().map(of).collect()
}

/// How many pixels differ at all.
fn changed(before: &RgbaImage, after: &RgbaImage) -> usize {
    before.pixels().zip(after.pixels()).filter(|(a, b)| a != b).count()
}

/// Mean of values; 0 of none.
fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len().max(1) as f32
}

/// The share of values above a limit, in percent.
fn share_above(values: &[f32], limit: f32) -> f32 {
    values.iter().filter(|v| **v > limit).count() as f32 * 100.0 / values.len().max(1) as f32
}

/// The places that are marked.
fn marked(within: &[bool]) -> Vec<usize> {
    within.iter().enumerate().filter(|(_, within)| **within).map(|(at, _)| at).collect()
}

/// Who goes beyond a limit, the farthest first: for a table that shall say where to look.
fn beyond(series: &Series, limit: f32, digits: usize) -> String {
    let mut over: Vec<_> = series.each().filter(|(_, value)| *value > limit).collect();
    over.sort_by(|a, b| b.1.total_cmp(&a.1));
    let names: Vec<_> = over.iter().take(6).map(|(name, value)| format!("{name} {value:.digits$}")).collect();
    match over.len() {
        0 => format!("none of {}", series.each().count()),
        count => format!("{count} of {}: {}", series.each().count(), names.join(", ")),
    }
}
