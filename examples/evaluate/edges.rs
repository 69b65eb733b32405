//! The edges that shall stay: eyes, brows, lips, nostrils, hair, the face's outline.

use glowup::face::topology as mesh;
use image::RgbaImage;

use crate::common::Failure;
use crate::figures::{edges, gradient, lab, mean_lab};
use crate::sample::{PARTS, Sample, rgb};
use crate::table::Series;
use crate::{Bench, Table, skin_look};

/// From which gradient on a place of the outline is an edge that is seen: 20 steps of 255 over two pixels, by Sobel.
const EDGE: f32 = 4.0 * 20.0 / 255.0;

/// The parts whose edges shall stay, and where they are.
pub fn edged(sample: &Sample) -> Vec<(&'static str, Vec<bool>)> {
    let mut parts: Vec<_> = PARTS
        .iter()
        .map(|(name, contours)| {
            let mut within = vec![false; sample.picture.pixels().len()];
            for contour in *contours {
                let near = sample.near(contour, f32::NEG_INFINITY, 0.015);
                within.iter_mut().zip(near).for_each(|(within, near)| *within |= near);
            }
            (*name, within)
        })
        .collect();
    // Along the outline there is skin on both sides, forehead and neck, whose surface shall be evened: only edges count.
    let mut outline = sample.near(&mesh::FACE_OVAL, -0.03, 0.03);
    outline.iter_mut().zip(gradient(&sample.picture)).for_each(|(within, edge)| *within &= edge >= EDGE);
    parts.push(("outline", outline));
    // Hair: what is much darker than the skin, above the eyes and away from them and the brows.
    let light: Vec<f32> = sample.picture.pixels().map(|p| lab(rgb(p))[0]).collect();
    let skin = mean_lab(&sample.picture, &sample.skin())[0];
    let mut hair = sample.near(&mesh::FACE_OVAL, f32::NEG_INFINITY, 0.1);
    let brow = sample.face.points[usize::from(mesh::NOSE_ROOT)][1];
    let above = sample.each(|[_, y]| y < brow);
    for k in 0..hair.len() {
        hair[k] &= light[k] < skin - 22.0 && above[k];
    }
    for (contour, border) in [
        (&mesh::RIGHT_EYE[..], 0.08),
        (&mesh::LEFT_EYE, 0.08),
        (&mesh::RIGHT_EYEBROW, 0.05),
        (&mesh::LEFT_EYEBROW, 0.05),
    ] {
        let part = sample.near(contour, f32::NEG_INFINITY, border);
        hair.iter_mut().zip(part).for_each(|(hair, part)| *hair &= !part);
    }
    if hair.iter().filter(|hair| **hair).count() > 200 {
        parts.push(("hair", hair));
    }
    parts
}

/// How much of each part's edges is left.
fn shares<'a>(sample: &Sample, after: &RgbaImage, parts: &[(&'a str, Vec<bool>)]) -> Vec<(&'a str, f32)> {
    let (before, after) = (gradient(&sample.picture), gradient(after));
    parts.iter().map(|(name, within)| (*name, edges(&after, &before, within))).collect()
}

/// How much of each part's edges is left, as text.
pub fn edges_left(sample: &Sample, after: &RgbaImage, parts: &[(&str, Vec<bool>)]) -> String {
    let shares = shares(sample, after, parts);
    shares.iter().map(|(name, share)| format!("{name} {share:.3}")).collect::<Vec<_>>().join(", ")
}

/// The edges on the portraits at `smooth` 1.
pub fn portraits(bench: &mut Bench, table: &mut Table) -> Result<(), Failure> {
    table.title("Edges kept at smooth 1, on portraits");
    let mut all: Vec<(&str, Series)> = Vec::new();
    for portrait in bench.portraits()?.iter() {
        let sample = &portrait.sample;
        let after = bench.retouched(sample, &skin_look(1.0, 0.0))?;
        for (part, share) in shares(sample, &after, &edged(sample)) {
            if !all.iter().any(|(name, _)| *name == part) {
                all.push((part, Series::new()));
            }
            let series = all.iter_mut().filter(|(name, _)| *name == part);
            series.for_each(|(_, series)| series.push(&sample.name, share));
        }
    }
    for (part, series) in &all {
        table.keep(part, series);
        table.judged(part, &series.down_to(3), "worst ≥ 0.97", series.least() >= 0.97);
    }
    Ok(())
}
