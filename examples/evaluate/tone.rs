//! What `tone` does: blotches fade, while light, blush and lightness stay.

use image::RgbaImage;

use crate::common::Failure;
use crate::planes::{Plane, blurred, lab_planes};
use crate::portraits::above_half;
use crate::table::{Series, percentile};
use crate::{Bench, Table, skin_look};

/// Spreads in face widths: what is larger than the first is light and blush, what lies between the others is blotches.
const LARGE: f32 = 0.12;
const BLOTCHES: [f32; 2] = [0.02, 0.08];

/// The strength of blotches in a* and b* at these places: of the band between two Gaussian means over the skin.
pub fn blotches(lab: &[Plane; 3], skin: &Plane, places: &[usize], face: f32) -> f32 {
    let [fine, coarse] = BLOTCHES.map(|sigma| blurred([&lab[1], &lab[2]], skin, sigma * face));
    let band = |c: usize| fine[c].minus(&coarse[c]).rms(places);
    band(0).hypot(band(1))
}

/// What is left of blotches.
pub fn blotches_kept(before: &RgbaImage, after: &RgbaImage, skin: &Plane, face: f32) -> f32 {
    let places = above_half(skin);
    let [before, after] = [before, after].map(|picture| blotches(&lab_planes(picture), skin, &places, face));
    after / before.max(1e-3)
}

/// `tone` 1 on the portraits.
pub fn tone(bench: &mut Bench, table: &mut Table) -> Result<(), Failure> {
    table.title("Tone at 1, on portraits (CIELAB)");
    let [mut large, mut high, mut kept] = [const { Series::new() }; 3];
    let [mut chroma, mut most, mut light, mut both] = [const { Series::new() }; 4];
    for portrait in bench.portraits()?.iter() {
        let (sample, name) = (&portrait.sample, &portrait.sample.name);
        let field = bench.skin(sample)?;
        let skin = portrait.skin(&field);
        let places = above_half(&skin);
        let before = lab_planes(&sample.picture);
        let toned = bench.retouched(sample, &skin_look(0.0, 1.0))?;
        let after = lab_planes(&toned);
        let [a, b] = [1, 2].map(|c| after[c].minus(&before[c]));
        let [a, b] = blurred([&a, &b], &skin, LARGE * sample.width);
        let shift = a.with(&b, f32::hypot);
        large.push(name, shift.mean(&places));
        high.push(name, percentile(places.iter().map(|&at| shift.values[at]).collect(), 0.95));
        kept.push(name, blotches_kept(&sample.picture, &toned, &skin, sample.width));
        let of = |lab: &[Plane; 3]| lab[1].with(&lab[2], f32::hypot);
        let rise = of(&after).minus(&of(&before));
        chroma.push(name, percentile(places.iter().map(|&at| rise.values[at]).collect(), 0.999));
        most.push(name, rise.values.iter().copied().fold(0.0, f32::max));
        light.push(name, after[0].minus(&before[0]).mean(&places));
        let evened = lab_planes(&bench.retouched(sample, &skin_look(1.0, 1.0))?);
        both.push(name, evened[0].minus(&before[0]).mean(&places));
    }
    for (what, series) in [
        ("large", &large),
        ("large, 95 %", &high),
        ("blotches kept", &kept),
        ("chroma, most", &most),
        ("chroma, 99.9 %", &chroma),
        ("L*, tone", &light),
        ("L*, tone and smooth", &both),
    ] {
        table.keep(what, series);
    }
    let mean = large.mean();
    table.judged("change of a*b* at 0.12 face widths", &large.up_to(2), "mean ≤ 0.8", mean <= 0.8);
    table.judged("the same, 95th percentile", &high.up_to(2), "mean ≤ 1.6", high.mean() <= 1.6);
    table.judged("blotches of 0.02 to 0.08 face widths kept", &kept.up_to(2), "mean ≤ 0.58", kept.mean() <= 0.58);
    table.judged("rise of chroma, largest anywhere", &most.up_to(1), "worst ≤ 5", most.most() <= 5.0);
    table.noted("rise of chroma, 99.9th percentile of the skin", &chroma.up_to(1));
    for (what, series) in [("tone", &light), ("tone and smooth", &both)] {
        let text = format!("mean {:+.2}, {:+.2} … {:+.2}", series.mean(), series.least(), series.most());
        let holds = series.values().all(|v| v.abs() <= 0.3);
        table.judged(&format!("mean change of L*, {what}"), &text, "each ± 0.3", holds);
    }
    Ok(())
}
