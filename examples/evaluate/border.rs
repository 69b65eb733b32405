//! Whether the border of the skin shows: steps of the change where the picture itself has none.

use crate::common::Failure;
use crate::planes::{Plane, blurred, lab_planes};
use crate::table::{Series, percentile};
use crate::{Bench, Table, skin_look};

/// How far the two places are apart that a step is taken between, in face widths.
const APART: f32 = 0.02;
/// Up to which step, ΔE, the picture itself counts as even.
const EVEN: f32 = 3.0;
/// How far from the field's slope its border reaches, in face widths.
const REACH: f32 = 0.03;

/// Where a value between 0.02 and 0.98 of the field is near.
fn border(field: &[u8], width: usize, reach: usize) -> Vec<bool> {
    let mut near: Vec<bool> = field.iter().map(|v| (6..250).contains(v)).collect();
    let height = near.len() / width;
    // Along rows, then along columns: a square around each.
    for (step, length, lines) in [(1, width, height), (width, height, width)] {
        let line_step = if step == 1 { width } else { 1 };
        let from = near.clone();
        for line in 0..lines {
            let mut last: Option<usize> = None;
            let at = |k: usize| line * line_step + k * step;
            for k in 0..length {
                last = if from[at(k)] { Some(k) } else { last };
                near[at(k)] |= last.is_some_and(|last| k - last <= reach);
            }
            last = None;
            for k in (0..length).rev() {
                last = if from[at(k)] { Some(k) } else { last };
                near[at(k)] |= last.is_some_and(|last| last - k <= reach);
            }
        }
    }
    near
}

/// Colours as three planes.
type Planes = [Plane; 3];

/// How far apart two places are in a picture, in CIELAB.
fn step(planes: &Planes, a: usize, b: usize) -> f32 {
    planes.iter().map(|plane| (plane.values[a] - plane.values[b]).powi(2)).sum::<f32>().sqrt()
}

/// The change's steps from the places to those at their right and below, where the picture has none.
fn steps_from(places: impl Iterator<Item = usize>, picture: &Planes, change: &Planes, off: usize) -> Vec<f32> {
    let (width, height) = (picture[0].width, picture[0].height());
    let mut found = Vec::new();
    for at in places {
        let (x, y) = (at % width, at / width);
        let right = (x + off < width).then_some(at + off);
        let below = (y + off < height).then_some(at + off * width);
        let others = [right, below].into_iter().flatten();
        found.extend(others.filter(|&b| step(picture, at, b) < EVEN).map(|b| step(change, at, b)));
    }
    found
}

/// The change's step from the field's inner to its outer side, along the line where it is a half and the picture has no such
/// step: of means, in which details do not count.
fn across(field: &[u8], picture: &Planes, change: &Planes, sigma: f32) -> Vec<f32> {
    let width = picture[0].width;
    let side = |inner: bool| {
        let weight = field.iter().map(|v| f32::from(u8::from((*v > 127) == inner))).collect();
        let weight = Plane::new(width, weight);
        [picture, change].map(|planes| blurred([&planes[0], &planes[1], &planes[2]], &weight, sigma))
    };
    let (inner, outer) = (side(true), side(false));
    let apart = |which: usize, at: usize| {
        let off = |c: usize| inner[which][c].values[at] - outer[which][c].values[at];
        (0..3).map(|c| off(c).powi(2)).sum::<f32>().sqrt()
    };
    let is_line = |at: usize| {
        let mut others = [at + 1, at + width].into_iter().filter_map(|other| field.get(other));
        others.any(|other| (*other > 127) != (field[at] > 127))
    };
    (0..field.len()).filter(|&at| is_line(at) && apart(0, at) < EVEN).map(|at| apart(1, at)).collect()
}

/// Steps of the change over the border of the field.
pub fn steps(bench: &mut Bench, table: &mut Table) -> Result<(), Failure> {
    table.title("The border of the skin at smooth 1 and tone 1: steps of the change where the picture has none (ΔE)");
    let [mut high, mut over, mut inside, mut mean] = [const { Series::new() }; 4];
    for portrait in bench.portraits()?.iter() {
        let (sample, name) = (&portrait.sample, &portrait.sample.name);
        let field = bench.skin(sample)?;
        let (before, after) =
            (lab_planes(&sample.picture), lab_planes(&bench.retouched(sample, &skin_look(1.0, 1.0))?));
        let change = [0, 1, 2].map(|c| after[c].minus(&before[c]));
        let all = Plane::new(before[0].width, vec![1.0; field.len()]);
        let line = across(&field, &before, &change, APART * sample.width);
        mean.push(name, line.iter().sum::<f32>() / line.len().max(1) as f32);
        // So that a speck that was removed is no step.
        let soft = |planes: &Planes| blurred([&planes[0], &planes[1], &planes[2]], &all, 0.005 * sample.width);
        let (picture, change) = (soft(&before), soft(&change));
        let near = border(&field, before[0].width, (REACH * sample.width).round() as usize);
        let off = ((APART * sample.width).round() as usize).max(1);
        let found = steps_from((0..near.len()).filter(|&at| near[at]), &picture, &change, off);
        let within = (0..near.len()).filter(|&at| !near[at] && field[at] > 127);
        inside.push(name, percentile(steps_from(within, &picture, &change, off), 0.999));
        let count = found.iter().filter(|step| **step > 1.0).count();
        over.push(name, 100.0 * count as f32 / found.len().max(1) as f32);
        high.push(name, percentile(found, 0.999));
    }
    for (what, series) in [("99.9 %", &high), ("over 1, %", &over), ("inside, 99.9 %", &inside), ("two sides", &mean)] {
        table.keep(what, series);
    }
    let apart = format!("places {APART} widths apart");
    table.judged(&format!("{apart}: 99.9th percentile"), &high.up_to(2), "worst ≤ 1", high.most() <= 1.0);
    table.noted(&format!("{apart}: share with a step larger than 1, %"), &over.up_to(1));
    table.noted(&format!("{apart}: 99.9th percentile inside the skin, where there is no border"), &inside.up_to(2));
    table.noted("means of the two sides, along the border", &mean.up_to(2));
    Ok(())
}
