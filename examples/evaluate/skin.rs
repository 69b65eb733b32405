//! What happens to the skin: blemishes, pores, edges, colour.

use std::path::Path;

use glowup::face::topology as mesh;
use glowup::{Look, Shape, Skin};
use image::RgbaImage;

use crate::common::Failure;
use crate::figures::{blurred, contrast, delta_e, edges, gradient, kept, lab, mean_lab};
use crate::filters::FILTERS;
use crate::sample::{PARTS, Sample, Spot, coverage, painted, recoloured, rgb, spots};
use crate::{Bench, Table, sheet};

const SMOOTH: Look = Look { skin: Skin { smooth: 1.0, ..Skin::NONE }, ..Look::NONE };
/// How much darker blemishes and pores are painted, by channel: blemishes are red.
const BLEMISH: [f32; 3] = [0.11, 0.18, 0.18];
const PORE: [f32; 3] = [0.10; 3];

/// A face plain, with blemishes, and with pores.
struct Painted {
    plain: Sample,
    blemishes: (Sample, Vec<Spot>),
    pores: (Sample, Vec<Spot>),
}

impl Painted {
    /// Spots lie on `skin`.
    fn new(sample: &Sample, skin: &[bool]) -> Self {
        let paint = |count, sizes, seed, darker| {
            let spots = spots(sample, skin, count, sizes, seed);
            (painted(sample, &coverage(sample, &spots), darker), spots)
        };
        Self {
            plain: sample.clone(),
            blemishes: paint(40, (0.01, 0.03), 1, BLEMISH),
            pores: paint(250, (0.004, 0.006), 2, PORE),
        }
    }

    /// What a filter leaves of it.
    fn left(&self, mut filter: impl FnMut(&Sample) -> Result<RgbaImage, Failure>) -> Result<Left, Failure> {
        let plain = filter(&self.plain)?;
        let mut of = |(sample, spots): &(Sample, Vec<Spot>)| -> Result<Kept, Failure> {
            let after = filter(sample)?;
            Ok(Kept {
                contrast: contrast(sample, &after, spots) / contrast(sample, &sample.picture, spots),
                slope: kept([&self.plain.picture, &sample.picture], [&plain, &after]),
            })
        };
        Ok(Left { blemishes: of(&self.blemishes)?, pores: of(&self.pores)?, plain })
    }
}

/// How much of painted spots is left: of their contrast to the skin around, and by regression, which is what is judged.
struct Kept {
    contrast: f32,
    slope: f32,
}

impl std::fmt::Display for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.3} (by regression {:.3})", self.contrast, self.slope)
    }
}

/// A face after a filter.
struct Left {
    plain: RgbaImage,
    blemishes: Kept,
    pores: Kept,
}

/// The parts whose edges shall stay, and where they are.
fn edged(sample: &Sample) -> Vec<(&'static str, Vec<bool>)> {
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
    parts.push(("outline", sample.near(&mesh::FACE_OVAL, -0.03, 0.03)));
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

/// The weakest edge that is left, and all of them as text.
fn edges_left(sample: &Sample, after: &RgbaImage, parts: &[(&str, Vec<bool>)]) -> (f32, String) {
    let (before, after) = (gradient(&sample.picture), gradient(after));
    let all: Vec<_> = parts.iter().map(|(name, within)| (name, edges(&after, &before, within))).collect();
    let least = all.iter().map(|(_, share)| *share).fold(f32::INFINITY, f32::min);
    (least, all.iter().map(|(name, share)| format!("{name} {share:.3}")).collect::<Vec<_>>().join(", "))
}

/// Blemishes, pores and edges at `smooth` 1.
pub fn smoothing(bench: &mut Bench, table: &mut Table) -> Result<(), Failure> {
    table.title("Smoothing at 1");
    let mut means = [0.0; 2];
    for sample in bench.samples.clone() {
        let faces = Painted::new(&sample, &sample.skin());
        let left = faces.left(|sample| bench.retouched(sample, &SMOOTH))?;
        let (blemishes, pores) = (left.blemishes.slope, left.pores.slope);
        let name = format!("{} ({:.0} px)", sample.name, sample.width);
        table.judged(&format!("{name}: blemishes kept"), &left.blemishes.to_string(), "≤ 0.45", blemishes <= 0.45);
        table.judged(&format!("{name}: pores kept"), &left.pores.to_string(), "≥ 0.85", pores >= 0.85);
        let (least, all) = edges_left(&sample, &left.plain, &edged(&sample));
        table.judged(&format!("{name}: edges kept"), &all, "≥ 0.97", least >= 0.97);
        means[0] += blemishes / bench.samples.len() as f32;
        means[1] += pores / bench.samples.len() as f32;
    }
    table.noted("mean of all: blemishes, pores", &format!("{:.3}, {:.3}", means[0], means[1]));
    Ok(())
}

/// The same with what others use, each so strong that it leaves as much of the blemishes.
pub fn beside_others(bench: &mut Bench, table: &mut Table) -> Result<(), Failure> {
    table.title("Beside other filters, on the portrait, at equal removal of blemishes");
    let sample = bench.samples[0].clone();
    let (faces, parts) = (Painted::new(&sample, &sample.skin()), edged(&sample));
    let ours = faces.left(|sample| bench.retouched(sample, &SMOOTH))?;
    let (blemishes, pores) = (ours.blemishes.slope, ours.pores.slope);
    let (_, all) = edges_left(&sample, &ours.plain, &parts);
    table.noted("glowup", &format!("blemishes {blemishes:.3}, pores {pores:.3}; {all}"));
    for (index, filter) in FILTERS.iter().enumerate() {
        let left = |strength| faces.left(|sample| Ok(filter.apply(&sample.picture, sample.width, strength)));
        let (mut low, mut high) = filter.range;
        for _ in 0..7 {
            let middle = (low * high).sqrt();
            if left(middle)?.blemishes.slope > blemishes { low = middle } else { high = middle }
        }
        let theirs = left(high)?;
        let (spots, fine) = (theirs.blemishes.slope, theirs.pores.slope);
        let (_, all) = edges_left(&sample, &theirs.plain, &parts);
        let reached = if spots > blemishes + 0.05 { " (it removes no more)" } else { "" };
        let figure = format!("blemishes {spots:.3}{reached}, pores {fine:.3}; {all}");
        let ratio = pores / fine.max(1e-3);
        if index == 0 {
            table.judged(&format!("{}: pores, ours to its {ratio:.2}", filter.name), &figure, "≥ 1.1", ratio >= 1.1);
        } else {
            table.noted(&format!("{}: pores, ours to its {ratio:.2}", filter.name), &figure);
        }
    }
    Ok(())
}

/// The ten tones of the Monk Skin Tone scale, as sRGB.
const MONK: [u32; 10] = [
    0xf6_ed_e4, 0xf3_e7_db, 0xf7_ea_d0, 0xea_da_ba, 0xd7_bd_96, 0xa0_7e_56, 0x82_5c_43, 0x60_41_34, 0x3a_31_2a,
    0x29_24_20,
];
/// How bright the tones are rendered: above, the portrait's lightest skin would be white.
const EXPOSURE: f32 = 0.8;

/// Ten skin tones.
pub fn tones(bench: &mut Bench, table: &mut Table, out: &Path) -> Result<(), Failure> {
    table.title("Ten skin tones (Monk's scale, painted on the portrait)");
    let sample = bench.samples[0].clone();
    let plain = sample.skin();
    let natural = Look { shape: Shape { slim: 0.0, ..Shape::NONE }, ..Look::NATURAL };
    let (mut removed, mut shifts, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    for tone in MONK {
        let colour = [16, 8, 0].map(|shift| f32::from((tone >> shift) as u8) / 255.0 * EXPOSURE);
        let face = recoloured(&sample, &plain, colour);
        let faces = Painted::new(&face, &plain);
        removed.push(1.0 - faces.left(|sample| bench.retouched(sample, &SMOOTH))?.blemishes.slope);
        let after = bench.retouched(&face, &natural)?;
        shifts.push(delta_e(mean_lab(&face.picture, &plain), mean_lab(&after, &plain)));
        let spotted = &faces.blemishes.0;
        rows.push([spotted.picture.clone(), bench.retouched(spotted, &Look::GLAM)?]);
    }
    sheet::save(&sheet::grid(&rows, 320), &out.join("tones.png"))?;
    let list = |values: &[f32]| values.iter().map(|v| format!("{v:.2}")).collect::<Vec<_>>().join(" ");
    let mean = removed.iter().sum::<f32>() / removed.len() as f32;
    let worst = removed.iter().map(|v| (v / mean - 1.0).abs()).fold(0.0, f32::max);
    table.judged(
        &format!("blemishes removed, light to dark: farthest from the mean {:.0} %", worst * 100.0),
        &list(&removed),
        "± 10 %",
        worst <= 0.1,
    );
    let most = shifts.iter().copied().fold(0.0, f32::max);
    table.judged("`natural`: ΔE00 of the skin's mean, light to dark", &list(&shifts), "≤ 1", most <= 1.0);
    Ok(())
}

/// Evening the colour, and the tints.
pub fn colour(bench: &mut Bench, table: &mut Table) -> Result<(), Failure> {
    table.title("Colour");
    for sample in bench.samples.clone() {
        let skin = sample.skin();
        let after = bench.retouched(&sample, &Look { skin: Skin { tone: 1.0, ..Skin::NONE }, ..Look::NONE })?;
        let low = |picture: &RgbaImage| {
            let labs: Vec<_> = picture.pixels().map(|p| lab(rgb(p))).collect();
            [1, 2].map(|c| {
                let plane: Vec<f32> = labs.iter().map(|lab| lab[c]).collect();
                let smooth = blurred(&plane, &skin, sample.size().0 as usize, 0.03 * sample.width);
                let within: Vec<f32> = smooth.iter().zip(&skin).filter(|(_, s)| **s).map(|(v, _)| *v).collect();
                let mean = within.iter().sum::<f32>() / within.len().max(1) as f32;
                within.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / within.len().max(1) as f32
            })
        };
        let spread = |[a, b]: [f32; 2]| (a + b).sqrt();
        let fall = 1.0 - spread(low(&after)) / spread(low(&sample.picture));
        let (from, to) = (mean_lab(&sample.picture, &skin), mean_lab(&after, &skin));
        let (light, hue) = (to[0] - from[0], turn(from, to));
        table.judged(
            &format!("{}: `tone` 1: fall of blotches, rise of L*, turn of hue", sample.name),
            &format!("{:.0} %, {light:+.2}, {hue:+.1}°", fall * 100.0),
            "≥ 40 %, ≤ 3, ≤ 2°",
            fall >= 0.4 && light <= 3.0 && hue.abs() <= 2.0,
        );
    }
    let sample = bench.samples[0].clone();
    let skin = sample.skin();
    for (name, make) in [
        ("brighten", (|brighten| Look { skin: Skin { brighten, ..Skin::NONE }, ..Look::NONE }) as fn(f32) -> Look),
        ("warmth", |warmth| Look { skin: Skin { warmth, ..Skin::NONE }, ..Look::NONE }),
        ("ruddy", |ruddy| Look { skin: Skin { ruddy, ..Skin::NONE }, ..Look::NONE }),
    ] {
        for amount in [-1.0, 1.0] {
            let (from, to) =
                (mean_lab(&sample.picture, &skin), mean_lab(&bench.retouched(&sample, &make(amount))?, &skin));
            let chroma = to[1].hypot(to[2]) - from[1].hypot(from[2]);
            table.noted(
                &format!("portrait: `{name}` {amount:+}: change of L*, chroma, hue"),
                &format!("{:+.1}, {chroma:+.1}, {:+.1}°", to[0] - from[0], turn(from, to)),
            );
        }
    }
    Ok(())
}

/// By how many degrees hue turns from one colour to another.
fn turn(from: [f32; 3], to: [f32; 3]) -> f32 {
    (to[2].atan2(to[1]) - from[2].atan2(from[1])).to_degrees()
}
