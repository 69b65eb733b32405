//! The skin beside what other filters do, in ten tones, and its tints.

use glowup::{Look, Shape, Skin};
use image::RgbaImage;

use crate::common::Failure;
use crate::edges::{edged, edges_left};
use crate::figures::{contrast, delta_e, kept, mean_lab};
use crate::filters::FILTERS;
use crate::planes::Plane;
use crate::sample::{Sample, Spot, coverage, painted, recoloured, spots};
use crate::smooth::BLEMISH;
use crate::table::list;
use crate::tone::blotches_kept;
use crate::{Bench, Table, sheet, skin_look};

/// How much darker pores are painted, by channel.
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

/// How much of painted spots is left: of their contrast to the skin around, and by regression.
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

/// Painted blemishes and pores, beside what others use, each so strong that it leaves as much of the blemishes.
pub fn beside_others(bench: &mut Bench, table: &mut Table) -> Result<(), Failure> {
    table.title("Beside other filters, on the portrait, at equal removal of blemishes");
    let sample = bench.samples()?[0].clone();
    let (faces, parts) = (Painted::new(&sample, &sample.skin()), edged(&sample));
    let ours = faces.left(|sample| bench.retouched(sample, &skin_look(1.0, 0.0)))?;
    let (blemishes, pores) = (ours.blemishes.slope, ours.pores.slope);
    let all = edges_left(&sample, &ours.plain, &parts);
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
        let all = edges_left(&sample, &theirs.plain, &parts);
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
pub const MONK: [u32; 10] = [
    0xf6_ed_e4, 0xf3_e7_db, 0xf7_ea_d0, 0xea_da_ba, 0xd7_bd_96, 0xa0_7e_56, 0x82_5c_43, 0x60_41_34, 0x3a_31_2a,
    0x29_24_20,
];
/// How bright the tones are rendered: above, the portrait's lightest skin would be white.
pub const EXPOSURE: f32 = 0.8;

/// Ten skin tones.
pub fn tones(bench: &mut Bench, table: &mut Table) -> Result<(), Failure> {
    table.title("Ten skin tones (Monk's scale, painted on the portrait)");
    let sample = bench.samples()?[0].clone();
    let (plain, field) = (sample.skin(), bench.skin(&sample)?);
    let within = plain.iter().map(|plain| f32::from(u8::from(*plain))).collect();
    let within = Plane::new(sample.size().0 as usize, within);
    let natural = Look { shape: Shape::NONE, ..Look::NATURAL };
    let (mut removed, mut evened, mut shifts, mut rows) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for tone in MONK {
        let colour = [16, 8, 0].map(|shift| f32::from((tone >> shift) as u8) / 255.0 * EXPOSURE);
        let face = recoloured(&sample, &plain, &field, colour);
        let faces = Painted::new(&face, &plain);
        removed.push(1.0 - faces.left(|sample| bench.retouched(sample, &skin_look(1.0, 0.0)))?.blemishes.slope);
        let toned = bench.retouched(&face, &skin_look(0.0, 1.0))?;
        evened.push(1.0 - blotches_kept(&face.picture, &toned, &within, face.width));
        let after = bench.retouched(&face, &natural)?;
        shifts.push(delta_e(mean_lab(&face.picture, &plain), mean_lab(&after, &plain)));
        let spotted = &faces.blemishes.0;
        rows.push([spotted.picture.clone(), bench.retouched(spotted, &Look::GLAM)?]);
    }
    sheet::save(&sheet::grid(&rows, 320), &bench.out.join("tones.png"))?;
    for (what, values) in [("blemishes removed by smooth 1", &removed), ("blotches removed by tone 1", &evened)] {
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        let worst = values.iter().map(|v| (v / mean - 1.0).abs()).fold(0.0, f32::max);
        table.judged(
            &format!("{what}, light to dark: farthest from the mean {:.0} %", worst * 100.0),
            &list(values.iter().copied()),
            "± 10 %",
            worst <= 0.1,
        );
    }
    let most = shifts.iter().copied().fold(0.0, f32::max);
    table.judged("`natural`: ΔE00 of the skin's mean, light to dark", &list(shifts), "≤ 1", most <= 1.0);
    Ok(())
}

/// The tints.
pub fn tints(bench: &mut Bench, table: &mut Table) -> Result<(), Failure> {
    table.title("Tints");
    let sample = bench.samples()?[0].clone();
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
