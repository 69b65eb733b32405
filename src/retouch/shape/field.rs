//! A face's field of displacements, as the passes read it.

use half::f16;
use half::slice::HalfFloatSliceExt;

pub(crate) use super::grid::SIDE;
use super::grid::Span;
use super::planes::Planes;
use crate::retouch::region::Rect;

/// Displacements of less, in pixels, are none: what nobody sees shall not cost a pass.
const LEAST: f32 = 1.0 / 256.0;

/// Nodes a side of a block, and blocks a side of the lattice.
const BLOCK: usize = 4;
const BLOCKS: usize = SIDE / BLOCK;

/// Backward displacements: the pixel at `p` shows what was at `p + field(p)`. Nodes lie evenly over a rectangle of the frame, the
/// first and last on its outermost pixel edges, and there they are 0; between them it is read bilinearly.
#[derive(Debug, Clone, Default)]
pub(crate) struct Field {
    nodes: Vec<[f16; 2]>,
    /// How far the nodes of a block move at most, in pixels, row by row of blocks.
    reaches: Vec<f32>,
    /// First and last column and row of nodes that move; `None` where none does.
    moving: Option<[[usize; 2]; 2]>,
}

impl Field {
    /// Displacements in pixels, `[x, y]` a node, row by row. Empty where nothing moves.
    pub(crate) fn nodes(&self) -> &[[f16; 2]] {
        if self.moving.is_none() { &[] } else { &self.nodes }
    }

    /// Whether nothing moves.
    pub(crate) fn is_empty(&self) -> bool {
        self.moving.is_none()
    }

    /// Lets nothing move.
    pub(super) fn clear(&mut self) {
        self.moving = None;
    }

    /// Takes over what was computed for the nodes of `span`; all others keep their place.
    pub(super) fn store(&mut self, planes: &Planes, span: &Span) {
        self.nodes.clear();
        self.nodes.resize(SIDE * SIDE, [f16::ZERO; 2]);
        self.reaches.clear();
        self.reaches.resize(BLOCKS * BLOCKS, 0.0);
        let width = span.x[1] - span.x[0];
        let mut pairs = [0.0_f32; 2 * SIDE];
        // Squares, the largest of some rows.
        let mut farthest = [0.0_f32; SIDE];
        let mut found: Option<[[usize; 2]; 2]> = None;
        for row in span.rows() {
            let start = row * SIDE + span.x[0];
            let (u, v) = (&planes.u[start..][..width], &planes.v[start..][..width]);
            let farthest = &mut farthest[..width];
            for k in 0..width {
                let square = u[k] * u[k] + v[k] * v[k];
                let moves = if square < LEAST * LEAST { 0.0 } else { 1.0 };
                (pairs[2 * k], pairs[2 * k + 1]) = (moves * u[k], moves * v[k]);
                let square = moves * square;
                farthest[k] = if square > farthest[k] { square } else { farthest[k] };
            }
            if row % BLOCK == BLOCK - 1 || row + 1 == span.y[1] {
                let reaches = &mut self.reaches[row / BLOCK * BLOCKS..][..BLOCKS];
                for (column, square) in span.columns().zip(farthest) {
                    let reach = &mut reaches[column / BLOCK];
                    *reach = reach.max(std::mem::take(square));
                }
            }
            let pairs = &pairs[..2 * width];
            let Some(first) = pairs.iter().position(|&value| value != 0.0) else { continue };
            let last = pairs.iter().rposition(|&value| value != 0.0).unwrap_or(first);
            let (first, last) = (span.x[0] + first / 2, span.x[0] + last / 2);
            let [low, high] = found.unwrap_or([[first, row], [last, row]]);
            found = Some([[low[0].min(first), low[1]], [high[0].max(last), row]]);
            if let Some(nodes) = self.nodes.get_mut(start..start + width) {
                nodes.as_flattened_mut().convert_from_f32_slice(pairs);
            }
        }
        self.reaches.iter_mut().for_each(|reach| *reach = reach.sqrt());
        self.moving = found;
    }

    /// The displacement at a place in the frame, as the last pass reads it.
    pub(crate) fn at(&self, place: [f32; 2], rect: Rect) -> [f32; 2] {
        self.read(place, rect).map_or([0.0; 2], |cell| cell.value)
    }

    /// Its derivatives there, by x and by y.
    pub(crate) fn slopes(&self, place: [f32; 2], rect: Rect) -> [[f32; 2]; 2] {
        self.read(place, rect).map_or([[0.0; 2]; 2], |cell| cell.slopes)
    }

    fn read(&self, place: [f32; 2], rect: Rect) -> Option<Reading> {
        let nodes = self.nodes();
        let last = (SIDE - 1) as f32;
        let paces = [rect.width, rect.height].map(|side| last / side.max(1) as f32);
        let (x, y) = ((place[0] - rect.x as f32) * paces[0], (place[1] - rect.y as f32) * paces[1]);
        if nodes.is_empty() || !((0.0..=last).contains(&x) && (0.0..=last).contains(&y)) {
            return None;
        }
        let (column, row) = ((x as usize).min(SIDE - 2), (y as usize).min(SIDE - 2));
        let (s, t) = (x - column as f32, y - row as f32);
        let node = |dx: usize, dy: usize| {
            nodes.get((row + dy) * SIDE + column + dx).copied().unwrap_or_default().map(f16::to_f32)
        };
        let [a, b, c, d] = [node(0, 0), node(1, 0), node(0, 1), node(1, 1)];
        let by = |axis: usize| {
            let (upper, lower) = (b[axis] - a[axis], d[axis] - c[axis]);
            let (left, right) = (c[axis] - a[axis], d[axis] - b[axis]);
            let value = a[axis] + s * upper + t * left + s * t * (lower - upper);
            (value, [paces[0] * (upper + t * (lower - upper)), paces[1] * (left + s * (right - left))])
        };
        let (u, v) = (by(0), by(1));
        Some(Reading { value: [u.0, v.0], slopes: [[u.1[0], v.1[0]], [u.1[1], v.1[1]]] })
    }

    /// The pixels of `rect` that move; `None` where none does.
    pub(crate) fn bounds(&self, rect: Rect) -> Option<Rect> {
        // Between a node that moves and one that does not, the picture moves too.
        self.moving.map(|[low, high]| {
            rect.part([low[0].saturating_sub(1), low[1].saturating_sub(1)], [high[0] + 1, high[1] + 1], SIDE - 1)
        })
    }

    /// The least area that a pixel comes from where the field moves it, over all corners of all cells; below 0 it is folded over.
    #[cfg(test)]
    pub(crate) fn least_area(&self, rect: Rect) -> f32 {
        let node = |x: usize, y: usize| {
            let [u, v] = self.nodes()[y * SIDE + x].map(f16::to_f32);
            assert!(u.is_finite() && v.is_finite());
            [u, v]
        };
        // Pixels from node to node.
        let step = [rect.width, rect.height].map(|side| side as f32 / (SIDE - 1) as f32);
        let mut least = f32::INFINITY;
        for (y, x) in (0..SIDE - 1).flat_map(|y| (0..SIDE - 1).map(move |x| (y, x))) {
            // Bilinear between four nodes: the extremes are at the corners.
            let [a, b, c, d] = [node(x, y), node(x + 1, y), node(x, y + 1), node(x + 1, y + 1)];
            for (right, down) in [([a, b], [a, c]), ([a, b], [b, d]), ([c, d], [a, c]), ([c, d], [b, d])] {
                let slope = |pair: [[f32; 2]; 2], axis: usize, step: f32| (pair[1][axis] - pair[0][axis]) / step;
                let (xx, yx) = (1.0 + slope(right, 0, step[0]), slope(right, 1, step[0]));
                let (xy, yy) = (slope(down, 0, step[1]), 1.0 + slope(down, 1, step[1]));
                least = least.min(xx * yy - xy * yx);
            }
        }
        least
    }

    /// How far the nodes from a first to a last column and row, or such beside them, move at most, in pixels.
    pub(crate) fn reach_within(&self, [[left, right], [top, bottom]]: [[usize; 2]; 2]) -> f32 {
        if self.is_empty() {
            return 0.0;
        }
        let rows = self.reaches.chunks_exact(BLOCKS).take(bottom / BLOCK + 1).skip(top / BLOCK);
        let reaches = rows.flat_map(|row| row.iter().take(right / BLOCK + 1).skip(left / BLOCK));
        reaches.fold(0.0, |most, reach| most.max(*reach))
    }
}

/// What a field says of a place.
struct Reading {
    value: [f32; 2],
    /// By x and by y.
    slopes: [[f32; 2]; 2],
}
