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

/// Steps of the change over the border of the field.
pub fn steps(bench: &mut Bench, table: &mut Table) -> Result<(), Failure> {
    table.title("The border of the skin at smooth 1 and tone 1: steps of the change where the picture has none (ΔE)");
    let (mut high, mut over) = (Series::new(), Series::new());
    for portrait in bench.portraits()?.iter() {
        let sample = &portrait.sample;
        let field = bench.skin(sample)?;
        let (before, after) =
            (lab_planes(&sample.picture), lab_planes(&bench.retouched(sample, &skin_look(1.0, 1.0))?));
        let change = [0, 1, 2].map(|c| after[c].minus(&before[c]));
        let (width, height) = (before[0].width, before[0].height());
        let all = Plane::new(width, vec![1.0; before[0].values.len()]);
        // So that a spot that was removed is no step.
        let soft = |planes: &[Plane; 3]| blurred([&planes[0], &planes[1], &planes[2]], &all, 0.005 * sample.width);
        let (picture, change) = (soft(&before), soft(&change));
        let near = border(&field, width, (REACH * sample.width).round() as usize);
        let off = ((APART * sample.width).round() as usize).max(1);
        let step = |planes: &[Plane; 3], a: usize, b: usize| {
            planes.iter().map(|plane| (plane.values[a] - plane.values[b]).powi(2)).sum::<f32>().sqrt()
        };
        let mut found = Vec::new();
        for at in (0..near.len()).filter(|&at| near[at]) {
            let (x, y) = (at % width, at / width);
            let right = (x + off < width).then_some(at + off);
            let below = (y + off < height).then_some(at + off * width);
            let others = [right, below].into_iter().flatten();
            found.extend(others.filter(|&b| step(&picture, at, b) < EVEN).map(|b| step(&change, at, b)));
        }
        let count = found.iter().filter(|step| **step > 1.0).count();
        over.push(&sample.name, 100.0 * count as f32 / found.len().max(1) as f32);
        high.push(&sample.name, percentile(found, 0.999));
    }
    table.judged("99.9th percentile", &high.up_to(2), "worst ≤ 1", high.most() <= 1.0);
    table.noted("share of places with a step larger than 1, %", &over.up_to(2));
    Ok(())
}
