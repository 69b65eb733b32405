//! How far the places around mouth and eyes lie from their contours: what edges are cut from. Worked out here and not on the GPU: it is
//! little, and runs along rows, where every step is a straight loop.

use std::ops::Range;

use half::f16;
use half::slice::HalfFloatSliceExt;

use super::{Eye, PaintGrid, SIDE};
use crate::retouch::outline::smoothstep;
use crate::retouch::region::TILE;

/// Distances in a grid of one box.
#[derive(Default)]
pub(crate) struct Distances {
    /// Four values a texel, row by row: of the lips outer and inner contour; of an eye its lids, its brow, the line along its
    /// lashes, in pixels, inside and on one side of the line below 0; and how much of the lid's surface is there, 0..=1.
    texels: Vec<[f16; 4]>,
    values: Vec<f32>,
    /// The tiles in which anything may be painted.
    pub(crate) tiles: TileSet,
}

/// Tiles of a rectangle, of which some are told apart.
#[derive(Default)]
pub(crate) struct TileSet {
    columns: Range<u32>,
    rows: Range<u32>,
    are_in: Vec<bool>,
}

impl TileSet {
    fn clear(&mut self, columns: Range<u32>, rows: Range<u32>) {
        self.are_in.clear();
        self.are_in.resize(columns.len() * rows.len(), false);
        (self.columns, self.rows) = (columns, rows);
    }

    fn row(&mut self, row: u32) -> &mut [bool] {
        let across = self.columns.len();
        let first = row.saturating_sub(self.rows.start) as usize * across;
        self.are_in.get_mut(first..first + across).unwrap_or_default()
    }

    /// Whether any tile of some columns and rows is in it.
    pub(crate) fn holds_any(&self, columns: &Range<u32>, rows: &Range<u32>) -> bool {
        let overlap = |a: &Range<u32>, b: &Range<u32>| {
            let start = a.start.max(b.start);
            (start - b.start) as usize..a.end.min(b.end).max(start).saturating_sub(b.start) as usize
        };
        let columns = overlap(columns, &self.columns);
        self.are_in
            .chunks_exact(self.columns.len().max(1))
            .take(overlap(rows, &self.rows).end)
            .skip(overlap(rows, &self.rows).start)
            .any(|row| row.get(columns.clone()).unwrap_or_default().contains(&true))
    }
}

/// From which distances on nothing is painted, in pixels: to the first three contours of a box.
pub(super) type Reach = [f32; 3];

/// What a contour that is not needed is away from everything, in pixels.
const FAR: f32 = 1e4;
/// The line's place among an eye's contours.
const LINE: usize = 2;
type Row = [f32; SIDE as usize];

impl Distances {
    pub(crate) fn texels(&self) -> &[[f16; 4]] {
        &self.texels
    }

    /// Works out a grid's distances to four contours, of which those without corners are far away. Of an eye the third is the middle
    /// of a line, and the fourth the lid's surface.
    pub(super) fn update(
        &mut self,
        grid: &PaintGrid,
        contours: [&[[f32; 2]]; 4],
        size: f32,
        reach: Reach,
        eye: Option<&Eye>,
    ) {
        let [across, down] = grid.texels.map(|count| count as usize);
        self.values.clear();
        self.values.resize(4 * across * down, 0.0);
        self.texels.clear();
        self.texels.resize(across * down, [f16::ZERO; 4]);
        let tiles = |axis: usize| {
            let end = grid.origin[axis] + grid.texels[axis] as f32 * grid.texel;
            tile_of(grid.origin[axis])..tile_of(end) + 1
        };
        self.tiles.clear(tiles(0), tiles(1));
        let xs: Row = std::array::from_fn(|column| grid.origin[0] + (column as f32 + 0.5) * grid.texel);
        let Some(xs) = xs.get(..across) else { return };
        let mut away = [[FAR; SIDE as usize]; 4];
        for (row, values) in self.values.chunks_exact_mut(4 * across.max(1)).enumerate() {
            let y = grid.origin[1] + (row as f32 + 0.5) * grid.texel;
            for (k, (away, corners)) in away.iter_mut().zip(contours).enumerate().filter(|(_, (_, c))| !c.is_empty()) {
                match eye {
                    Some(_) if k == LINE => measure_line(&mut away[..across], xs, y, corners),
                    _ => measure(&mut away[..across], xs, y, corners),
                }
            }
            // What lies between texels is read from all four around it.
            let around = |at: f32| tile_of(at - grid.texel)..tile_of(at + grid.texel) + 1;
            let mut painted = [false; SIDE as usize];
            for (column, value) in values.chunks_exact_mut(4).enumerate() {
                let [lids, brow, line, border] = [0, 1, 2, 3].map(|contour: usize| away[contour][column]);
                let surface = match eye {
                    Some(eye) if border < 0.006 * size => surface([xs[column], y], [lids, brow, border], size, eye),
                    _ => 0.0,
                };
                value.copy_from_slice(&[lids, brow, line, surface]);
                painted[column] = lids < reach[0] || brow < reach[1] || line.abs() < reach[2] || surface > 0.0;
            }
            for row in around(y) {
                if row < self.tiles.rows.start || row >= self.tiles.rows.end {
                    continue;
                }
                let first = self.tiles.columns.start;
                let tiles = self.tiles.row(row);
                for (x, _) in xs.iter().zip(painted).filter(|(_, is_painted)| *is_painted) {
                    for column in around(*x) {
                        if let Some(slot) = column.checked_sub(first).and_then(|column| tiles.get_mut(column as usize))
                        {
                            *slot = true;
                        }
                    }
                }
            }
        }
        self.texels.as_flattened_mut().convert_from_f32_slice(&self.values);
    }
}

/// The distances of a row of places to a closed contour.
fn measure(away: &mut [f32], xs: &[f32], y: f32, corners: &[[f32; 2]]) {
    away.fill(FAR * FAR);
    let mut before = corners.last().copied().unwrap_or_default();
    let (mut crossed, mut count) = ([0.0_f32; 16], 0);
    for &corner in corners {
        let (u, v) = (before[0] - corner[0], before[1] - corner[1]);
        let share = 1.0 / (u * u + v * v).max(1e-9);
        let (top, off) = (y - corner[1], (y - corner[1]) * v);
        for (away, x) in away.iter_mut().zip(xs) {
            let left = x - corner[0];
            let t = (left * u + off) * share;
            let t = if t < 0.0 { 0.0 } else { t };
            let t = if t > 1.0 { 1.0 } else { t };
            let (a, b) = (left - t * u, top - t * v);
            let square = a * a + b * b;
            *away = if square < *away { square } else { *away };
        }
        if (corner[1] > y) != (before[1] > y)
            && let Some(slot) = crossed.get_mut(count)
        {
            *slot = corner[0] + top / v * u;
            count += 1;
        }
        before = corner;
    }
    away.iter_mut().for_each(|away| *away = away.sqrt());
    let Some(crossed) = crossed.get_mut(..count) else { return };
    crossed.sort_unstable_by(f32::total_cmp);
    for pair in crossed.chunks_exact(2) {
        // Inside between every other pair of crossings (even-odd).
        for (away, x) in away.iter_mut().zip(xs) {
            let sign = if *x > pair[0] && *x <= pair[1] { -1.0 } else { 1.0 };
            *away *= sign;
        }
    }
}

/// The distances of a row of places to the middle of a line, which goes on straight at its ends: on one side of it below 0, so
/// that what lies between two texels on both sides of it is told from them.
fn measure_line(away: &mut [f32], xs: &[f32], y: f32, corners: &[[f32; 2]]) {
    let mut squares = [FAR * FAR; SIDE as usize];
    let last = corners.len().saturating_sub(2);
    for (k, ends) in corners.windows(2).enumerate() {
        let [[ax, ay], [bx, by]] = [ends[0], ends[1]];
        let (u, v) = (bx - ax, by - ay);
        let share = 1.0 / (u * u + v * v).max(1e-9);
        let low = if k == 0 { -FAR } else { 0.0 };
        let high = if k == last { FAR } else { 1.0 };
        for ((away, least), x) in away.iter_mut().zip(&mut squares).zip(xs) {
            let (left, top) = (x - ax, y - ay);
            let t = ((left * u + top * v) * share).clamp(low, high);
            let (a, b) = (left - t * u, top - t * v);
            let square = a * a + b * b;
            let side = if left * v < top * u { 1.0 } else { -1.0 };
            let is_nearer = square < *least;
            *least = if is_nearer { square } else { *least };
            *away = if is_nearer { side } else { *away };
        }
    }
    away.iter_mut().zip(squares).for_each(|(away, square)| *away *= square.sqrt());
}

/// The tile that holds a place.
fn tile_of(at: f32) -> u32 {
    (at.max(0.0) / TILE as f32) as u32
}

/// How much of an eye's lid's surface is at a place, by its distances to the lids, the brow and the surface's own border.
fn surface(place: [f32; 2], [lids, brow, border]: [f32; 3], size: f32, eye: &Eye) -> f32 {
    let [outer, inner] = eye.corners;
    let off = [place[0] - inner[0], place[1] - inner[1]];
    let along = [(outer[0] - inner[0]) / eye.width, (outer[1] - inner[1]) / eye.width];
    let q = (off[0] * along[0] + off[1] * along[1]) / eye.width;
    let h = (off[0] * eye.up[0] + off[1] * eye.up[1]) / eye.width;
    let t = lids.max(0.0) / (lids.max(0.0) + brow.max(0.0)).max(1e-3);
    (1.0 - smoothstep(-0.012 * size, 0.006 * size, border))
        * (1.0 - smoothstep(0.30, 0.72, t))
        * smoothstep(-0.06, 0.12, q)
        * (1.0 - smoothstep(1.02, 1.30, q - 0.25 * h))
        * (0.65 + 0.35 * smoothstep(0.3, 1.0, q))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_to_a_square_are_what_they_are() {
        let grid = PaintGrid { origin: [0.0; 2], texel: 1.0, texels: [20, 20] };
        let square = [[4.5, 4.5], [14.5, 4.5], [14.5, 14.5], [4.5, 14.5]];
        let mut distances = Distances::default();
        distances.update(&grid, [&square, &[], &[], &[]], 100.0, [0.5, 0.0, 0.0], None);
        let at = |x: usize, y: usize| distances.texels()[y * 20 + x].map(f32::from);
        for (x, y, expected) in [(9, 9, -5.0), (5, 9, -1.0), (4, 9, 0.0), (0, 9, 4.0), (9, 18, 4.0), (1, 0, 5.0)] {
            assert!((at(x, y)[0] - expected).abs() < 0.01, "{x}, {y}: {:?}", at(x, y));
        }
        assert_eq!(at(3, 3)[1..], [10_000.0, 10_000.0, 0.0]);
    }
}
