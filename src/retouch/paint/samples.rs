//! Where a face's colours are looked at: skin, lips, whites of the eyes, teeth, brows, irises; and how sharp it is, at the lids.

use super::{Eye, length};
use crate::face::topology::{LEFT_IRIS, POINTS_WITH_IRISES, RIGHT_IRIS};
use crate::retouch::region::{at, minus};

/// How many places of each kind, in their order: skin; lips; whites of the eyes; the whole face; the mouth's opening; across the
/// line of the mouth; brows; skin above the brows; irises; across the upper lids. shaders/paint/statistics.wgsl has them, too.
#[cfg(test)]
pub(crate) const KINDS: [usize; 10] = [21, 42, 12, 156, 108, 63, 30, 10, 16, 54];
/// Room for them, in whole rows of a texture.
pub(crate) const ROW: usize = 512;

const SKIN: [u16; 21] =
    [50, 101, 118, 117, 205, 36, 187, 280, 330, 347, 346, 425, 266, 411, 151, 9, 108, 337, 69, 299, 199];
/// The middle seven pairs of each lip, outer and inner contour: upper, lower.
const OUTER: [[u16; 7]; 2] = [[40, 39, 37, 0, 267, 269, 270], [91, 181, 84, 17, 314, 405, 321]];
const INNER: [[u16; 7]; 2] = [[80, 81, 82, 13, 312, 311, 310], [88, 178, 87, 14, 317, 402, 318]];
/// The nine middle pairs of the inner contour.
const OPENING: [[u16; 9]; 2] = [[191, 80, 81, 82, 13, 312, 311, 310, 415], [95, 88, 178, 87, 14, 317, 402, 318, 324]];
/// Upper and lower edges of the brows.
const BROWS: [[[u16; 5]; 2]; 2] =
    [[[70, 63, 105, 66, 107], [46, 53, 52, 65, 55]], [[300, 293, 334, 296, 336], [276, 283, 282, 295, 285]]];
/// How far over a brow skin is looked at, in units of the face's size.
const ABOVE: f32 = 0.035;
/// Middle points of the upper lids, and how far from each other places across them lie, in units of the face's size.
const LIDS: [[u16; 3]; 2] = [[159, 158, 160], [386, 385, 387]];
const APART: f32 = 0.005;
const EYE_CORNERS: [[u16; 2]; 2] = [[33, 133], [263, 362]];

/// Places in pixels.
pub(crate) struct Samples([[f32; 2]; ROW]);

impl Default for Samples {
    fn default() -> Self {
        Self([[0.0; 2]; ROW])
    }
}

fn mix(a: [f32; 2], b: [f32; 2], t: f32) -> [f32; 2] {
    [a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])]
}

impl Samples {
    /// A row of places.
    pub(crate) fn row(&self) -> &[[f32; 2]; ROW] {
        &self.0
    }

    pub(super) fn update(&mut self, points: &[[f32; 3]], size: f32, eyes: &[Eye; 2]) {
        let point = |index: u16| at(points, index);
        let skin = SKIN.into_iter().map(point);
        let lips = (0..2).flat_map(|lip: usize| {
            (0..7)
                .flat_map(move |k: usize| [0.35, 0.5, 0.65].map(|t| mix(point(OUTER[lip][k]), point(INNER[lip][k]), t)))
        });
        let whites = (0..2).flat_map(|side: usize| white(points, side, &eyes[side]));
        let face = (0..156).map(|k: u16| point(3 * k));
        let opening = (0..9).flat_map(|k: usize| {
            (0..12).map(move |row| mix(point(OPENING[0][k]), point(OPENING[1][k]), (f32::from(row as u8) + 0.5) / 12.0))
        });
        let line = (0..7).flat_map(|k: usize| {
            let middle = mix(point(INNER[0][k]), point(INNER[1][k]), 0.5);
            let across = minus(point(OUTER[1][k]), point(OUTER[0][k]));
            let unit = length(across).max(1e-3);
            (0..9).map(move |row| {
                let by = (f32::from(row as u8) - 4.0) / 4.0 * 0.020 * size / unit;
                [middle[0] + by * across[0], middle[1] + by * across[1]]
            })
        });
        let brows = BROWS.into_iter().flat_map(|[upper, lower]| {
            (0..5).flat_map(move |k: usize| [0.3, 0.5, 0.7].map(|t| mix(point(upper[k]), point(lower[k]), t)))
        });
        let above = BROWS.into_iter().flat_map(|[upper, lower]| {
            (0..5).map(move |k: usize| {
                let up = minus(point(upper[k]), point(lower[k]));
                let by = ABOVE * size / length(up).max(1e-3);
                [point(upper[k])[0] + by * up[0], point(upper[k])[1] + by * up[1]]
            })
        });
        let irises = [RIGHT_IRIS, LEFT_IRIS].into_iter().flat_map(|[middle, rim @ ..]| {
            let corner = move |k: usize| point(rim[k % 4]);
            (0..8).map(move |k: usize| {
                // Between the rim's points the chord lies farther in.
                if k.is_multiple_of(2) {
                    mix(point(middle), corner(k / 2), 0.68)
                } else {
                    mix(point(middle), mix(corner(k / 2), corner(k / 2 + 1), 0.5), 0.96)
                }
            })
        });
        let lids = (0..2).flat_map(|side: usize| {
            let up = eyes[side].up;
            (0..3).flat_map(move |k: usize| {
                (0..9).map(move |row| {
                    let by = (f32::from(row as u8) - 4.0) * APART * size;
                    [point(LIDS[side][k])[0] + by * up[0], point(LIDS[side][k])[1] + by * up[1]]
                })
            })
        });
        let all = skin
            .chain(lips)
            .chain(whites)
            .chain(face)
            .chain(opening)
            .chain(line)
            .chain(brows)
            .chain(above)
            .chain(irises)
            .chain(lids);
        self.0.iter_mut().zip(all).for_each(|(slot, place)| *slot = place);
    }
}

/// The white of an eye on both sides of its iris.
fn white(points: &[[f32; 3]], side: usize, eye: &Eye) -> impl Iterator<Item = [f32; 2]> + use<> {
    let iris = if side == 0 { RIGHT_IRIS } else { LEFT_IRIS };
    let corners = EYE_CORNERS[side].map(|index| at(points, index));
    let has_irises = points.len() >= POINTS_WITH_IRISES;
    let middle = if has_irises { at(points, iris[0]) } else { mix(corners[0], corners[1], 0.5) };
    let width = length(minus(corners[0], corners[1]));
    let radius = if has_irises { eye.radius } else { 0.18 * width };
    corners.into_iter().flat_map(move |corner| {
        let along = length(minus(corner, middle)).max(1e-3);
        let from = mix(middle, corner, (1.1 * radius / along).min(1.0));
        [0.25, 0.4, 0.55].map(|t| mix(from, corner, t))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kinds_fill_their_row() {
        let count = KINDS.iter().sum::<usize>();
        assert_eq!(count, ROW);
        let points: Vec<[f32; 3]> = (0..478).map(|k| [1.0 + k as f32, 1.0, 1.0]).collect();
        let mut samples = Samples::default();
        samples.update(&points, 100.0, &[0, 1].map(|side| Eye::of(&points, side)));
        assert!(samples.row()[..count].iter().all(|place| *place != [0.0; 2]));
        assert!(samples.row()[count..].iter().all(|place| *place == [0.0; 2]));
    }
}
