//! Where the renderer sees skin, against polygons drawn by hand, and what happens to what is none.

use std::collections::BTreeMap;

use image::{Rgba, RgbaImage};

use crate::common::Failure;
use crate::planes::{distances, lab_planes};
use crate::sheet::{grid, save};
use crate::table::Series;
use crate::{Bench, Table, skin_look};

/// What of the polygons the renderer takes for skin.
pub fn coverage(bench: &mut Bench, table: &mut Table) -> Result<(), Failure> {
    table.title("Where the skin is found: polygons on portraits");
    let (mut skin, mut others) = (Series::new(), Series::new());
    let mut groups: BTreeMap<(bool, &str), Series> = BTreeMap::new();
    let mut rows = Vec::new();
    for portrait in bench.portraits()?.iter() {
        let sample = &portrait.sample;
        let field = bench.skin(sample)?;
        let mut means = [Series::new(), Series::new()];
        for polygon in &portrait.polygons {
            let places = polygon.places(sample.size());
            if places.is_empty() {
                continue;
            }
            let sum: f32 = places.iter().map(|&at| f32::from(field[at]) / 255.0).sum();
            let share = sum / places.len() as f32;
            let name = format!("{}, {}", sample.name, polygon.label);
            means[usize::from(!polygon.is_skin())].push("", share);
            groups.entry((!polygon.is_skin(), polygon.group())).or_default().push(name, share);
        }
        skin.push(&sample.name, means[0].mean());
        others.push(&sample.name, means[1].mean());
        let (width, height) = sample.size();
        let shown = RgbaImage::from_fn(width, height, |x, y| {
            let v = field[(y * width + x) as usize];
            Rgba([v, v, v, 255])
        });
        rows.push([sample.picture.clone(), shown]);
    }
    save(&grid(&rows, 640), &bench.out.join("coverage.png"))?;
    table.judged("skin: mean of the portraits", &skin.down_to(3), "mean ≥ 0.92", skin.mean() >= 0.92);
    table.judged("skin: worst portrait", &format!("{:.3}", skin.least()), "≥ 0.80", skin.least() >= 0.8);
    table.judged("no skin: mean of the portraits", &others.up_to(3), "mean ≤ 0.06", others.mean() <= 0.06);
    table.keep("skin", &skin);
    table.keep("no skin", &others);
    for ((is_other, group), series) in &groups {
        let (what, text) = if *is_other { ("no skin", series.up_to(2)) } else { ("skin", series.down_to(2)) };
        table.keep(&format!("{what}: {group}"), series);
        table.noted(&format!("{what}: {group} ({})", series.values().count()), &text);
    }
    Ok(())
}

/// How hair, brows, beards and glasses change colour.
pub fn spared(bench: &mut Bench, table: &mut Table) -> Result<(), Failure> {
    table.title("What is no skin, at smooth 1 and tone 1: change of colour (ΔE of CIELAB, 1976)");
    let (mut means, mut worst, mut elsewhere) = (Series::new(), Series::new(), Series::new());
    for portrait in bench.portraits()?.iter() {
        let sample = &portrait.sample;
        let after = bench.retouched(sample, &skin_look(1.0, 1.0))?;
        let change = distances(&lab_planes(&sample.picture), &lab_planes(&after));
        let (mut strands, mut rest) = (Series::new(), Series::new());
        for polygon in portrait.polygons.iter().filter(|polygon| !polygon.is_skin()) {
            let places = polygon.places(sample.size());
            let is_strand = ["hair", "brow", "beard", "glasses"].contains(&polygon.group());
            let series = if is_strand { &mut strands } else { &mut rest };
            if !places.is_empty() {
                series.push(format!("{}, {}", sample.name, polygon.label), change.mean(&places));
            }
        }
        if let Some((name, value)) = strands.greatest() {
            worst.push(name, value);
            means.push(&sample.name, strands.mean());
        }
        if !rest.is_empty() {
            elsewhere.push(&sample.name, rest.mean());
        }
    }
    for (what, series) in [("mean", &means), ("worst region", &worst), ("elsewhere", &elsewhere)] {
        table.keep(what, series);
    }
    table.judged("hair, brows, beards, glasses", &means.up_to(2), "mean ≤ 0.3", means.mean() <= 0.3);
    table.noted("the same, each portrait's worst region", &worst.up_to(2));
    table.noted("lips, teeth, cloth, background", &elsewhere.up_to(2));
    Ok(())
}
