//! What `smooth` does at every size of face: how much of painted spots and of real texture stays.

use glowup::Face;
use image::RgbaImage;

use crate::common::Failure;
use crate::figures::kept;
use crate::planes::{Plane, blurred, luma};
use crate::portraits::Portrait;
use crate::sample::{Sample, pixel, rgb};
use crate::sheet::{grid, save};
use crate::table::Series;
use crate::{Bench, Table, skin_look};

/// How much darker the middle of a blemish is, by channel: it is red.
pub const BLEMISH: [f32; 3] = [0.11, 0.18, 0.18];
/// Full width at half maximum of a painted spot, in face widths.
const SPOT: f32 = 0.02;
/// The landmarks that spots lie on: on cheeks, forehead and chin, apart from each other, whatever a mask says.
const SPOTS: [usize; 29] = [
    50, 280, 101, 330, 36, 266, 205, 425, 187, 411, 123, 352, 207, 427, 216, 436, 192, 416, 108, 337, 69, 299, 104,
    333, 151, 199, 200, 32, 262,
];
/// The widths at which the largest face is looked at, in pixels.
const WIDTHS: [f32; 5] = [60.0, 120.0, 240.0, 480.0, 960.0];
/// Where one band of texture ends and the next begins, in face widths.
const BANDS: [f32; 7] = [0.0, 0.0015, 0.003, 0.006, 0.012, 0.025, 0.05];
/// The two bands whose ratio tells a peeled skin: what is kept of the finer by what is kept of the coarser.
const PEEL: [f32; 3] = [0.0015, 0.006, 0.025];
/// A band is held by a picture whose pixels are no larger than this share of the band's upper end.
const HELD: f32 = 0.9;
/// Where texture is measured.
const PLAIN: [&str; 2] = ["cheek", "forehead"];

/// The sample with soft red spots at fixed places of the face.
pub fn spotted(sample: &Sample) -> Sample {
    let sigma = SPOT * sample.width / 2.355;
    let (width, height) = sample.size();
    let mut cover = vec![0.0_f32; (width * height) as usize];
    for [x, y, _] in SPOTS.map(|index| point(&sample.face, index)) {
        let span = |at: f32, limit: u32| {
            let reach = 4.0 * sigma + 1.0;
            (at - reach).max(0.0) as u32..((at + reach).max(0.0) as u32 + 1).min(limit)
        };
        for row in span(y, height) {
            for column in span(x, width) {
                let off = (column as f32 + 0.5 - x).hypot(row as f32 + 0.5 - y);
                let place = &mut cover[(row * width + column) as usize];
                *place = place.max((-(off / sigma).powi(2) / 2.0).exp());
            }
        }
    }
    let mut picture = sample.picture.clone();
    for (place, cover) in picture.pixels_mut().zip(cover) {
        let colour = rgb(place);
        *place = pixel(std::array::from_fn(|c| colour[c] * (1.0 - cover * BLEMISH[c])));
    }
    sample.with(picture)
}

fn point(face: &Face, index: usize) -> [f32; 3] {
    face.points[index]
}

/// How much of the texture between two sizes, in face widths, is kept at these places; `None` where the pixels are too
/// large for it.
fn band_kept(pair: &[Plane; 2], skin: &Plane, places: &[usize], face: f32, from: f32, to: f32) -> Option<f32> {
    if to * face < HELD || places.is_empty() {
        return None;
    }
    let strength = |plane: &Plane| {
        let [coarse] = blurred([plane], skin, to * face);
        let fine = if from > 0.0 { blurred([plane], skin, from * face)[0].clone() } else { plane.clone() };
        fine.minus(&coarse).rms(places)
    };
    Some(strength(&pair[1]) / strength(&pair[0]).max(1e-6))
}

/// What is kept of a portrait's texture.
struct Texture {
    bands: Vec<Option<f32>>,
    peel: Option<f32>,
}

impl Texture {
    fn of(portrait: &Portrait, after: &RgbaImage, field: &[u8]) -> Self {
        let (sample, skin) = (&portrait.sample, portrait.skin(field));
        let places = portrait.places(&PLAIN);
        let pair = [luma(&sample.picture), luma(after)];
        let kept = |from, to| band_kept(&pair, &skin, &places, sample.width, from, to);
        let bands = BANDS.windows(2).map(|band| kept(band[0], band[1])).collect();
        // Of the finer band more than half has to be there.
        let peel = match (kept(PEEL[0], PEEL[0] * 2.0), kept(PEEL[0], PEEL[1]), kept(PEEL[1], PEEL[2])) {
            (Some(_), Some(fine), Some(coarse)) => Some(fine / coarse.max(1e-6)),
            _ => None,
        };
        Self { bands, peel }
    }

    /// Each band, `-` for what the pixels do not hold.
    fn text(&self) -> String {
        let bands = self.bands.iter().map(|kept| kept.map_or("-".to_owned(), |kept| format!("{kept:.2}")));
        bands.collect::<Vec<_>>().join(" ")
    }

    /// Whether what is finer than 0.003 widths keeps what it shall.
    fn holds(&self) -> bool {
        self.bands[..2].iter().flatten().all(|kept| (0.7..=0.9).contains(kept))
            && self.peel.is_none_or(|peel| peel <= 1.0)
    }
}

fn peel_text(peel: Option<f32>) -> String {
    peel.map_or(String::new(), |peel| format!("; peel {peel:.2}"))
}

/// One portrait with spots at every size.
pub fn sizes(bench: &mut Bench, table: &mut Table) -> Result<(), Failure> {
    let portraits = bench.portraits()?;
    let largest = portraits.iter().max_by(|a, b| a.sample.width.total_cmp(&b.sample.width));
    let Some(whole) = largest else { return Ok(()) };
    let name = &whole.sample.name;
    table.title(&format!("Smoothing at 1, one face at every size ({name}, {:.0} px)", whole.sample.width));
    let painted = Portrait { sample: spotted(&whole.sample), ..whole.clone() };
    let mut spots = Series::new();
    let mut rows = Vec::new();
    for width in WIDTHS.into_iter().filter(|width| *width <= whole.sample.width) {
        let [plain, painted] = [whole, &painted].map(|portrait| portrait.scaled(width));
        let field = bench.skin(&plain.sample)?;
        let [after, painted_after] = [
            bench.retouched(&plain.sample, &skin_look(1.0, 0.0))?,
            bench.retouched(&painted.sample, &skin_look(1.0, 0.0))?,
        ];
        let left = kept([&plain.sample.picture, &painted.sample.picture], [&after, &painted_after]);
        spots.push(format!("{width} px"), left);
        table.judged(
            &format!("{width} px: spots of 0.02 widths kept"),
            &format!("{left:.3}"),
            "0.35 … 0.5",
            (0.35..=0.5).contains(&left),
        );
        let texture = Texture::of(&plain, &after, &field);
        table.judged(
            &format!("{width} px: texture kept in bands 0 .0015 .003 .006 .012 .025 .05 widths"),
            &format!("{}{}", texture.text(), peel_text(texture.peel)),
            "below .003: 0.7 … 0.9; peel ≤ 1",
            texture.holds(),
        );
        rows.push([painted.sample.picture, painted_after]);
    }
    let far = spots.values().map(|v| (v - spots.mean()).abs()).fold(0.0, f32::max);
    table.judged(
        "spots kept, farthest from their mean",
        &format!("{far:.3} of {:.3}", spots.mean()),
        "± 0.06",
        far <= 0.06,
    );
    save(&grid(&rows, 900), &bench.out.join("sizes.png"))
}

/// Spots and texture of all portraits.
pub fn texture(bench: &mut Bench, table: &mut Table) -> Result<(), Failure> {
    table.title("Smoothing at 1, on portraits");
    let (mut spots, mut peel) = (Series::new(), Series::new());
    let mut bands = vec![Series::new(); BANDS.len() - 1];
    for portrait in bench.portraits()?.iter() {
        let (sample, name) = (&portrait.sample, &portrait.sample.name);
        let field = bench.skin(sample)?;
        let after = bench.retouched(sample, &skin_look(1.0, 0.0))?;
        let painted = spotted(sample);
        let painted_after = bench.retouched(&painted, &skin_look(1.0, 0.0))?;
        spots.push(name, kept([&sample.picture, &painted.picture], [&after, &painted_after]));
        let texture = Texture::of(portrait, &after, &field);
        let kept = bands.iter_mut().zip(&texture.bands);
        kept.for_each(|(series, kept)| kept.iter().for_each(|kept| series.push(name, *kept)));
        texture.peel.iter().for_each(|kept| peel.push(name, *kept));
    }
    table.judged("spots of 0.02 widths kept", &spots.up_to(3), "mean 0.35 … 0.5", (0.35..=0.5).contains(&spots.mean()));
    table.keep("spots kept", &spots);
    for (band, series) in BANDS.windows(2).zip(&bands).filter(|(_, series)| !series.is_empty()) {
        let what =
            format!("texture of {} to {} widths kept (of {} portraits)", band[0], band[1], series.values().count());
        table.keep(&format!("texture {} to {}", band[0], band[1]), series);
        let text = format!("mean {:.2}, {:.2} … {:.2}", series.mean(), series.least(), series.most());
        if band[1] <= 0.003 {
            table.judged(&what, &text, "mean 0.7 … 0.9", (0.7..=0.9).contains(&series.mean()));
        } else {
            table.noted(&what, &text);
        }
    }
    table.keep("peel", &peel);
    if !peel.is_empty() {
        let what =
            format!("peel: kept of .0015 to .006 by kept of .006 to .025 (of {} portraits)", peel.values().count());
        table.judged(&what, &peel.up_to(2), "mean ≤ 1", peel.mean() <= 1.0);
    }
    Ok(())
}
