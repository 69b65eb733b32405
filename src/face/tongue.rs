//! Whether a tongue is out: what is seen on the way from the upper lip down to the chin.
//!
//! The mesh knows no tongue. It takes one for the lower lip: open lips, and below them one stretch of flesh that is redder than
//! the person's skin and as bright, from near the upper lip to the tongue's tip. A tongue inside an open mouth makes such a
//! stretch too, together with the lower lip, but that one ends where lower lips do, well above the chin.

use super::mesh_input::{MeshInput, luma};
use super::topology::{CHIN, LEFT_EYE_OUTER, LEFT_MOUTH_CORNER, RIGHT_EYE_OUTER, RIGHT_MOUTH_CORNER};

/// Middle of the inner rim of the upper and of the lower lip, and its corners.
const UPPER: u16 = 13;
const LOWER: u16 = 14;
const CORNERS: [u16; 2] = [78, 308];
/// Where the person's skin is looked at: on the cheeks, and on both sides of the chin. The redder of the two counts, since
/// something may lie over either.
const CHEEKS: [u16; 6] = [50, 280, 101, 330, 205, 425];
const BESIDE_CHIN: [u16; 6] = [212, 432, 202, 422, 204, 424];

/// Rows of samples from the upper lip to beyond the chin, how far they reach in units of the way to the chin, and the samples of
/// a row, with half its length in widths of the mouth.
const ROWS: usize = 64;
const REACH: f32 = 1.3;
const COLUMNS: usize = 5;
const HALF: f32 = 0.12;

/// What is redder than the skin by so much may be a tongue, unless it is darker than so much of the skin's brightness.
const REDDER: f32 = 0.1;
const DARKEST: f32 = 0.3;
/// How much longer the stretch is than what is left from its end to the chin, in distances between the eyes' outer corners:
/// with the tongue in the mouth, and all the way out.
const LENGTH: [f32; 2] = [0.08, 0.3];
/// Height of the lips' opening over its width: of lips too close for a tongue, and of lips that are open.
const OPEN: [f32; 2] = [0.12, 0.2];
/// The share of the opening that the stretch covers where a tongue is out. It need not where the stretch begins as near to the
/// upper lip as this, in distances between the eyes: the mesh may have the lower lip too high.
const COVERED: [f32; 2] = [0.4, 0.55];
const NEAR: [f32; 2] = [0.17, 0.12];

/// How far the tongue is out, 0..=1.
pub(crate) fn of(crop: &MeshInput<'_>) -> f32 {
    let far = |a: u16, b: u16| distance(crop.point(a), crop.point(b));
    let open = far(UPPER, LOWER) / far(CORNERS[0], CORNERS[1]);
    let eyes = far(RIGHT_EYE_OUTER, LEFT_EYE_OUTER);
    let [top, chin, lower] = [UPPER, CHIN, LOWER].map(|index| crop.point(index));
    let opened = ramp(open, OPEN);
    let Some(stretch) = (opened > 0.0).then(|| stretch(crop)).flatten() else { return 0.0 };
    let way = distance(chin, top) / eyes;
    let down = [chin[0] - top[0], chin[1] - top[1]];
    let inner =
        ((lower[0] - top[0]) * down[0] + (lower[1] - top[1]) * down[1]) / (down[0] * down[0] + down[1] * down[1]);
    // An end beyond the chin leaves nothing.
    let longer = (stretch.end - stretch.start - (1.0 - stretch.end).max(0.0)) * way;
    let covered = (stretch.end.min(inner) - stretch.start) / inner.max(0.02);
    let begins = ramp(covered, COVERED).max(ramp(stretch.start * way, NEAR));
    opened * ramp(longer, LENGTH) * begins
}

/// Where flesh begins and ends, in units of the way from the upper lip to the chin.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    start: f32,
    end: f32,
}

/// The longest stretch of red flesh that begins in the mouth's opening.
fn stretch(crop: &MeshInput<'_>) -> Option<Stretch> {
    let at = |index: u16| {
        let [x, y, _] = crop.point(index);
        [x, y]
    };
    let (top, chin, lower) = (at(UPPER), at(CHIN), at(LOWER));
    let down = [chin[0] - top[0], chin[1] - top[1]];
    let (right, left) = (at(RIGHT_MOUTH_CORNER), at(LEFT_MOUTH_CORNER));
    let across = [(left[0] - right[0]) * HALF, (left[1] - right[1]) * HALF];
    let way = down[0] * down[0] + down[1] * down[1];
    let inner = ((lower[0] - top[0]) * down[0] + (lower[1] - top[1]) * down[1]) / way;
    let skin = [CHEEKS, BESIDE_CHIN].map(|places| places.map(|index| crop.colour(at(index))));
    let [skin_red, red_below] = skin.map(|colours| median(colours.map(redness)));
    let (skin_red, skin_luma) = (skin_red.max(red_below), median(skin[0].map(luma)));
    let is_flesh = |row: usize| {
        let along = REACH * row as f32 / (ROWS - 1) as f32;
        let mut sum = [0.0; 3];
        for column in 0..COLUMNS {
            let aside = 2.0 * column as f32 / (COLUMNS - 1) as f32 - 1.0;
            let place = std::array::from_fn(|axis| top[axis] + along * down[axis] + aside * across[axis]);
            let colour = crop.colour(place);
            sum = std::array::from_fn(|c| sum[c] + colour[c]);
        }
        let mean = sum.map(|value| value / COLUMNS as f32);
        redness(mean) - skin_red > REDDER && luma(mean) > DARKEST * skin_luma
    };
    let unit = |row: usize| REACH * row as f32 / (ROWS - 1) as f32;
    let (mut longest, mut current): (Option<Stretch>, Option<Stretch>) = (None, None);
    let mut missed = 0;
    for row in 0..ROWS {
        if is_flesh(row) {
            missed = 0;
            let start = current.map_or(unit(row), |stretch| stretch.start);
            let stretch = Stretch { start, end: unit(row) };
            current = Some(stretch);
            let begins_inside = start < inner.max(0.05);
            if begins_inside && longest.is_none_or(|longest| stretch.end - start > longest.end - longest.start) {
                longest = Some(stretch);
            }
        } else {
            // One row may be a shine.
            missed += 1;
            if missed > 1 {
                current = None;
            }
        }
    }
    longest
}

/// How red a colour is, whatever its brightness: more so where it tends to pink and not to brown.
fn redness(colour: [f32; 3]) -> f32 {
    let [red, green, blue] = colour.map(|value| value.max(0.02));
    (red / green).ln() + 0.25 * (blue / green).ln()
}

/// The mean of the middle two.
fn median(mut values: [f32; 6]) -> f32 {
    values.sort_unstable_by(f32::total_cmp);
    (values[2] + values[3]) / 2.0
}

fn distance(a: [f32; 3], b: [f32; 3]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f32>().sqrt()
}

/// 0 at the first value, 1 at the second, between them in proportion; 0 for what is no number.
pub(super) fn ramp(value: f32, [none, all]: [f32; 2]) -> f32 {
    let share = (value - none) / (all - none);
    if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) }
}
