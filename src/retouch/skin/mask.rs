//! The parts of a face that the skin's passes have to know: a small picture over its rectangle, drawn from the mesh.

use crate::face::topology::{LEFT_EYE, LEFT_EYEBROW, LEFT_NOSTRIL, LIPS, RIGHT_EYE, RIGHT_EYEBROW, RIGHT_NOSTRIL};
use crate::retouch::region::{Axes, Rect, at, cross, dot, minus};

/// Texels a side.
pub(crate) const SIDE: usize = 160;
/// Scan lines per row of texels, for smooth edges.
const LINES: usize = 4;
/// Most corners of a contour.
const CORNERS: usize = 40;

/// Four values a texel, 0..=255: how much of it is an eye, the lips or a nostril; a brow; the shade below an eye; the fold
/// beside the mouth.
#[derive(Default)]
pub(crate) struct Mask {
    texels: Vec<[u8; 4]>,
    planes: [Vec<f32>; 4],
    scratch: Vec<f32>,
}

/// What is no skin, and by how much its contour is widened before it is left out, in units of the face's width.
const HOLES: [(&[u16], f32); 5] =
    [(&RIGHT_EYE, 0.035), (&LEFT_EYE, 0.035), (&LIPS, 0.022), (&RIGHT_NOSTRIL, 0.022), (&LEFT_NOSTRIL, 0.022)];
/// Nor are brows; they are told apart, since what their colours are is known to be no skin.
const BROWS: [(&[u16], f32); 2] = [(&RIGHT_EYEBROW, 0.012), (&LEFT_EYEBROW, 0.012)];
/// From the lower lid down to where shade under an eye ends.
const CIRCLES: [&[u16]; 2] = [
    &[33, 7, 163, 144, 145, 153, 154, 155, 133, 244, 233, 232, 231, 230, 229, 228, 31, 226],
    &[263, 249, 390, 373, 374, 380, 381, 382, 362, 464, 453, 452, 451, 450, 449, 448, 261, 446],
];
/// The folds between nose and cheeks, past the corners of the mouth.
const FOLDS: [&[u16]; 2] = [&[129, 203, 206, 216], &[358, 423, 426, 436]];
/// Half of the breadth of a fold's ribbon, in units of the face's width.
const RIBBON: f32 = 0.0425;

impl Mask {
    /// The texels, row by row, [`SIDE`] × [`SIDE`]. Empty before the first face was drawn.
    pub(crate) fn texels(&self) -> &[[u8; 4]] {
        &self.texels
    }

    /// Draws the parts of a face over a rectangle; the last two only where they are `wanted`.
    pub(crate) fn draw(&mut self, points: &[[f32; 3]], axes: &Axes, rect: Rect, wanted: bool) {
        let contour = Contour { points, axes, rect };
        let mut corners = [[0.0; 2]; CORNERS];
        for plane in &mut self.planes {
            plane.clear();
            plane.resize(SIDE * SIDE, 0.0);
        }
        self.scratch.resize(SIDE * SIDE, 0.0);
        let [holes, brows, circles, folds] = &mut self.planes;
        for (plane, parts) in [(holes, &HOLES[..]), (brows, &BROWS)] {
            for &(indices, border) in parts {
                fill(plane, contour.widened(indices, &mut corners, border));
            }
        }
        if wanted {
            for indices in CIRCLES {
                fill(circles, contour.widened(indices, &mut corners, 0.0));
            }
            for indices in FOLDS {
                fill(folds, contour.ribbon(indices, &mut corners));
            }
            for plane in [circles, folds] {
                (0..3).for_each(|_| blur(plane, &mut self.scratch));
            }
        }
        self.texels.clear();
        let [holes, brows, circles, folds] = &self.planes;
        let byte = |value: f32| (value.min(1.0) * 255.0 + 0.5) as u8;
        self.texels.extend(
            holes
                .iter()
                .zip(brows)
                .zip(circles.iter().zip(folds))
                .map(|((&hole, &brow), (&circle, &fold))| [hole, brow, circle, fold].map(byte)),
        );
    }
}

/// What turns indices of the mesh into corners of a polygon, in texels.
struct Contour<'a> {
    points: &'a [[f32; 3]],
    axes: &'a Axes,
    rect: Rect,
}

impl Contour<'_> {
    fn texel(&self, p: [f32; 2]) -> [f32; 2] {
        [
            (p[0] - self.rect.x as f32) * SIDE as f32 / self.rect.width as f32,
            (p[1] - self.rect.y as f32) * SIDE as f32 / self.rect.height as f32,
        ]
    }

    /// A part's contour, moved outward by a border in face widths.
    fn widened<'c>(&self, indices: &[u16], corners: &'c mut [[f32; 2]; CORNERS], border: f32) -> &'c [[f32; 2]] {
        let count = indices.len();
        let corner = |k: usize| indices.get(k % count.max(1)).map_or([0.0; 2], |&index| at(self.points, index));
        let turn: f32 = (0..count).map(|k| cross(corner(k), corner(k + 1))).sum();
        let border = border * self.axes.width * turn.signum();
        for (k, place) in corners.iter_mut().enumerate().take(count) {
            let (here, along) = (corner(k), minus(corner(k + 1), corner(k + count - 1)));
            let length = dot(along, along).sqrt().max(1e-6);
            *place = self.texel([here[0] + border * along[1] / length, here[1] - border * along[0] / length]);
        }
        corners.get(..count).unwrap_or_default()
    }

    /// A strip along a line of points.
    fn ribbon<'c>(&self, indices: &[u16], corners: &'c mut [[f32; 2]; CORNERS]) -> &'c [[f32; 2]] {
        let last = indices.len().saturating_sub(1);
        let point = |k: usize| indices.get(k.min(last)).map_or([0.0; 2], |&index| at(self.points, index));
        let half = RIBBON * self.axes.width;
        for (k, place) in corners.iter_mut().enumerate().take(2 * indices.len()) {
            let (k, side) = if k <= last { (k, half) } else { (2 * last + 1 - k, -half) };
            let (here, along) = (point(k), minus(point(k + 1), point(k.saturating_sub(1))));
            let length = dot(along, along).sqrt().max(1e-6);
            *place = self.texel([here[0] + side * along[1] / length, here[1] - side * along[0] / length]);
        }
        corners.get(..2 * indices.len()).unwrap_or_default()
    }
}

/// Adds a polygon's coverage, 0..=1, to a plane of [`SIDE`] × [`SIDE`] texels: even-odd, exact along rows, [`LINES`]
/// scan lines a row.
fn fill(plane: &mut [f32], corners: &[[f32; 2]]) {
    let mut crossings = [0.0_f32; CORNERS];
    let heights = corners.iter().map(|corner| corner[1].clamp(0.0, SIDE as f32));
    let (low, high) = heights.fold((SIDE as f32, 0.0_f32), |(low, high), y| (low.min(y), high.max(y)));
    let rows = (low as usize).min(high.ceil() as usize)..high.ceil() as usize;
    for (y, row) in plane.chunks_exact_mut(SIDE).enumerate().take(rows.end).skip(rows.start) {
        for line in 0..LINES {
            let at = y as f32 + (line as f32 + 0.5) / LINES as f32;
            let mut count = 0;
            let mut previous = corners.last().copied().unwrap_or_default();
            for &corner in corners {
                if (previous[1] <= at) != (corner[1] <= at) {
                    let share = (at - previous[1]) / (corner[1] - previous[1]);
                    if let Some(slot) = crossings.get_mut(count) {
                        *slot = previous[0] + share * (corner[0] - previous[0]);
                        count += 1;
                    }
                }
                previous = corner;
            }
            let Some(found) = crossings.get_mut(..count) else { continue };
            found.sort_unstable_by(f32::total_cmp);
            for span in found.chunks_exact(2) {
                add_span(row, span[0], span[1]);
            }
        }
    }
}

/// Adds a stretch of a scan line to a row of texels.
fn add_span(row: &mut [f32], from: f32, to: f32) {
    let (from, to) = (from.clamp(0.0, SIDE as f32), to.clamp(0.0, SIDE as f32));
    let (first, last) = (from as usize, (to.ceil() as usize).min(SIDE));
    for (x, texel) in row.iter_mut().enumerate().take(last).skip(first) {
        let covered = (to.min(x as f32 + 1.0) - from.max(x as f32)).max(0.0);
        *texel += covered / LINES as f32;
    }
}

/// One pass of a 3 × 3 box over a plane of [`SIDE`] × [`SIDE`] texels. Beyond the border is nothing, save where the frame
/// itself ends there: the border's own texels are repeated.
fn blur(plane: &mut [f32], scratch: &mut [f32]) {
    for (from, to) in plane.chunks_exact(SIDE).zip(scratch.chunks_exact_mut(SIDE)) {
        for (x, out) in to.iter_mut().enumerate() {
            let (before, after) = (x.saturating_sub(1), (x + 1).min(SIDE - 1));
            *out = (from[before] + from[x] + from[after]) / 3.0;
        }
    }
    for (y, to) in plane.chunks_exact_mut(SIDE).enumerate() {
        let row = |y: usize| scratch.get(y * SIDE..(y + 1) * SIDE).unwrap_or_default();
        let (above, here, below) = (row(y.saturating_sub(1)), row(y), row((y + 1).min(SIDE - 1)));
        for (((out, a), b), c) in to.iter_mut().zip(above).zip(here).zip(below) {
            *out = (a + b + c) / 3.0;
        }
    }
}
