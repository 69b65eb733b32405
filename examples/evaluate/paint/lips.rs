//! Lipstick: its colour in the room's light, the lip's texture below it, and where it ends.

use super::light::{mix, oklab, to_lab};
use super::mouth::{Parts, is_tooth};
use super::tones::group;
use super::{PRODUCT, SEEN, beyond, changes, detail_kept, lipstick, marked, mean_at, share_above};
use crate::common::Failure;
use crate::figures::delta_e;
use crate::sample::{Sample, rgb};
use crate::table::{Series, list};
use crate::{Bench, Table};

/// The finishes, how much of the lip each covers, and how much of its fine texture has to stay.
pub const FINISHES: [(&str, f32, f32); 4] =
    [("sheer", 0.50, 0.9), ("satin", 0.85, 0.9), ("matte", 0.95, 0.55), ("gloss", 0.80, 0.9)];
/// A lip's own lightness goes toward the product's by no more than this, down and up.
const REACH: [f32; 2] = [0.28, 0.12];
/// How far from its median a lip's lightness counts as its mid tone.
const MIDDLE: f32 = 0.12;
/// Fine texture is finer than this, in face widths.
const FINE: f32 = 0.012;
/// From this ΔE00 on, a lip does not have the wanted colour.
const CLOSE: f32 = 5.0;
/// A lip of fewer pixels says nothing of its texture.
const FEW: usize = 300;

/// The mid tone of lips: the pixels, and their mean in Oklab.
fn mid_tone(sample: &Sample, lips: &[usize]) -> (Vec<usize>, [f32; 3]) {
    let width = sample.size().0 as usize;
    let colour = |at: usize| oklab(rgb(sample.picture.get_pixel((at % width) as u32, (at / width) as u32)));
    let colours: Vec<_> = lips.iter().map(|&at| (at, colour(at))).collect();
    let mut light: Vec<f32> = colours.iter().map(|(_, colour)| colour[0]).collect();
    light.sort_unstable_by(f32::total_cmp);
    let median = light.get(light.len() / 2).copied().unwrap_or(0.5);
    let middle: Vec<_> = colours.into_iter().filter(|(_, c)| (c[0] / median - 1.0).abs() < MIDDLE).collect();
    let count = middle.len().max(1) as f32;
    let sum = middle.iter().fold([0.0; 3], |sum, (_, c)| std::array::from_fn(|k| sum[k] + c[k]));
    (middle.iter().map(|(at, _)| *at).collect(), sum.map(|v| v / count))
}

/// The product in the room's light, where a lip of this lightness carries it.
fn worn(product: [f32; 3], lip: [f32; 3]) -> [f32; 3] {
    let lightness = product[0].clamp(lip[0] - REACH[0], lip[0] + REACH[1]);
    product.map(|v| v * lightness / product[0].max(1e-3))
}

/// What one finish does to all faces.
#[derive(Default)]
struct Found {
    colour: Series,
    /// The same by how light the skin is: light, mid, dark.
    groups: [Series; 3],
    unbounded: Series,
    texture: Series,
    ring: Series,
    teeth: Series,
    drawn_teeth: Series,
    /// Whose mid tone is off, and what it is.
    off: Vec<String>,
}

/// A colour, rounded.
fn shown([l, a, b]: [f32; 3]) -> String {
    format!("{l:.0} {a:.0} {b:.0}")
}

/// Each finish on each face.
pub fn lips(bench: &mut Bench, table: &mut Table) -> Result<(), Failure> {
    let faces = bench.faces()?;
    table.title(&format!("Lipstick 1, #{PRODUCT:06x}, on {} faces (ΔE00)", faces.len()));
    let mut found = FINISHES.map(|_| Found::default());
    let mut hidden = Vec::new();
    for portrait in faces.iter() {
        let (sample, name) = (&portrait.sample, &portrait.sample.name);
        if sample.face.visibility < SEEN {
            hidden.push(name.as_str());
            continue;
        }
        let parts = Parts::of(sample);
        let (middle, lip) = mid_tone(sample, &parts.lips);
        let product = parts.light.on(PRODUCT);
        let tone = group(mean_at(&sample.picture, &marked(&sample.skin()))[0]);
        let drawn: Vec<usize> = portrait
            .polygons
            .iter()
            .filter(|polygon| polygon.label.starts_with("teeth"))
            .flat_map(|polygon| polygon.places(sample.size()))
            // The polygons say what is no skin: lips lie in some of them too.
            .filter(|&at| is_tooth(sample, &parts.light, at))
            .collect();
        for ((finish, covers, _), found) in FINISHES.iter().zip(&mut found) {
            let after = bench.retouched(sample, &lipstick(finish, PRODUCT))?;
            let painted = mean_at(&after, &middle);
            let wanted = to_lab(mix(lip, worn(product, lip), *covers));
            let off = delta_e(painted, wanted);
            found.colour.push(name, off);
            found.groups[tone].push(name, off);
            if off > CLOSE {
                let (lip, painted, wanted) = (shown(to_lab(lip)), shown(painted), shown(wanted));
                found.off.push(format!("{name}: {lip} became {painted}, wanted {wanted}"));
            }
            found.unbounded.push(name, delta_e(painted, to_lab(mix(lip, product, *covers))));
            if parts.lips.len() >= FEW {
                found.texture.push(name, detail_kept(sample, &after, &parts.lips, FINE * sample.width));
            }
            found.ring.push(name, share_above(&changes(&sample.picture, &after, &parts.ring), 2.0));
            if parts.shows_teeth() {
                found.teeth.push(name, share_above(&changes(&sample.picture, &after, &parts.teeth), 3.0));
            }
            if !drawn.is_empty() {
                found.drawn_teeth.push(name, share_above(&changes(&sample.picture, &after, &drawn), 3.0));
            }
        }
    }
    for ((finish, _, kept), found) in FINISHES.iter().zip(&found) {
        let mut row = |what: &str, series: &Series, digits: usize, limit: f32, unit: &str| {
            table.keep(&format!("{finish}: {what}"), series);
            let text = format!("{}; beyond: {}", series.up_to(digits), beyond(series, limit, digits));
            let limit_text = format!("each ≤ {limit}{unit}");
            table.judged(&format!("{finish}: {what}"), &text, &limit_text, series.most() <= limit);
        };
        row("mid tone to the wanted colour", &found.colour, 1, CLOSE, "");
        row("skin around the lips with ΔE > 2, %", &found.ring, 2, 1.0, " %");
        row("pixels of teeth with ΔE > 3, %", &found.teeth, 2, 1.0, " %");
        row("pixels of teeth in polygons with ΔE > 3, %", &found.drawn_teeth, 2, 1.0, " %");
        let means: Vec<f32> = found.groups.iter().filter(|group| !group.is_empty()).map(Series::mean).collect();
        let [least, most] = [f32::min, f32::max].map(|of| means.iter().copied().reduce(of).unwrap_or_default());
        let what = format!("{finish}: mid tone to the wanted colour, on light, mid and dark skin");
        table.judged(&what, &list(means), "apart by < 5", most - least < 5.0);
        table.keep(&format!("{finish}: fine texture kept"), &found.texture);
        let holds = found.texture.least() >= *kept;
        let (what, text) = (format!("{finish}: fine texture kept"), found.texture.down_to(2));
        let text = format!("{text}, most {:.2}", found.texture.most());
        table.judged(&what, &text, &format!("each ≥ {kept}"), holds);
        table.noted(
            &format!("{finish}: mid tone to the product without a bound on lightness"),
            &found.unbounded.up_to(1),
        );
        if !found.off.is_empty() {
            table.noted(&format!("{finish}: L* a* b* of lips that are off"), &found.off.join("; "));
        }
    }
    if !hidden.is_empty() {
        table.noted("left out, as effects fade on them", &hidden.join(", "));
    }
    Ok(())
}
