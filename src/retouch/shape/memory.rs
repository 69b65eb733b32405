//! What is behind a face hangs on its outline, which the landmarks make tremble. So there, and only there, a field follows the last
//! frame's, in the face's own axes: a face that moves takes it along, and on the face itself nothing lags.

use half::f16;
use half::slice::HalfFloatSliceExt;

use super::grid::{Grid, SIDE, Span};
use super::planes::{NODES, Planes};
use crate::Shape;
use crate::retouch::region::{Rect, cross, dot, minus};

/// How much of the last frame's field stays.
const KEPT: f32 = 0.65;
/// A face that has moved farther, in units of its size, or grown more between two frames is not followed.
const FARTHEST: f32 = 0.5;
const GROWTH: f32 = 1.25;
/// Nor is one that has turned more than about eight degrees: the cosine.
const TURN: f32 = 0.99;

/// Where a face lies.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Anchor {
    /// The mean of its steady points, in pixels.
    pub(super) centre: [f32; 2],
    /// Along its width as it is rolled, as long as a centimetre of the canonical face, in pixels.
    pub(super) axis: [f32; 2],
    /// Where it looks, in space.
    pub(super) facing: [f32; 3],
}

/// What a face's plan remembers of the last frame, besides its field.
#[derive(Debug, Clone, Default)]
pub(super) struct Memory {
    anchor: Anchor,
    shape: Shape,
    rect: Rect,
    frame: u64,
}

/// Room for the last frame's field.
pub(super) struct Past {
    nodes: Vec<f32>,
}

/// The complex number `a / b`.
fn ratio(a: [f32; 2], b: [f32; 2]) -> [f32; 2] {
    let size = dot(b, b).max(1e-12);
    [dot(a, b) / size, cross(b, a) / size]
}

/// The complex number `a · b`.
fn product(a: [f32; 2], b: [f32; 2]) -> [f32; 2] {
    [a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]]
}

impl Memory {
    /// Remembers a frame, of that number, whose field lies over `rect`.
    pub(super) fn update(&mut self, anchor: Anchor, shape: &Shape, rect: Rect, frame: u64) {
        (self.anchor, self.shape, self.rect, self.frame) = (anchor, shape.clone(), rect, frame);
    }

    /// Whether a face, in the frame of that number, is the next step of this one.
    fn precedes(&self, anchor: &Anchor, shape: &Shape, unit: f32, frame: u64) -> bool {
        let away = minus(anchor.centre, self.anchor.centre);
        let growth = (dot(anchor.axis, anchor.axis) / dot(self.anchor.axis, self.anchor.axis).max(1e-12)).sqrt();
        self.frame + 1 == frame
            && self.shape == *shape
            && dot(away, away).sqrt() < FARTHEST * unit
            && (1.0 / GROWTH..GROWTH).contains(&growth)
            && (0..3).map(|axis| anchor.facing[axis] * self.anchor.facing[axis]).sum::<f32>() > TURN
    }
}

impl Past {
    pub(super) fn new() -> Self {
        Self { nodes: vec![0.0; 2 * NODES] }
    }

    /// Lets the free nodes of `span` follow those of the last frame's field, if this is its next step.
    pub(super) fn follow(
        &mut self,
        (memory, last): (&Memory, &[[f16; 2]]),
        (anchor, shape, unit, frame): (&Anchor, &Shape, f32, u64),
        planes: &mut Planes,
        span: &Span,
        grid: &Grid,
    ) {
        if last.len() != NODES || !memory.precedes(anchor, shape, unit, frame) {
            return;
        }
        last.as_flattened().convert_to_f32_slice(&mut self.nodes);
        let Rect { x, y, width, height } = memory.rect;
        let paces = [width, height].map(|side| (SIDE - 1) as f32 / side.max(1) as f32);
        // From this frame to the last one and back.
        let (back, forth) = (ratio(memory.anchor.axis, anchor.axis), ratio(anchor.axis, memory.anchor.axis));
        let along = [back[0] * grid.step[0] * paces[0], back[1] * grid.step[0] * paces[1]];
        for row in span.rows() {
            let off = minus([grid.place(0, 0), grid.place(row, 1)], anchor.centre);
            let [left, top] = product(back, off);
            let start = [
                (memory.anchor.centre[0] + left - x as f32) * paces[0],
                (memory.anchor.centre[1] + top - y as f32) * paces[1],
            ];
            for column in span.columns() {
                let node = row * SIDE + column;
                if planes.free[node] == 0.0 {
                    continue;
                }
                let place = [start[0] + along[0] * column as f32, start[1] + along[1] * column as f32];
                let [u, v] = product(forth, self.at(place));
                planes.u[node] += KEPT * (u - planes.u[node]);
                planes.v[node] += KEPT * (v - planes.v[node]);
            }
        }
    }

    /// The last frame's displacement at a place, in nodes.
    fn at(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        let last = (SIDE - 1) as f32;
        if !((0.0..last).contains(&x) && (0.0..last).contains(&y)) {
            return [0.0; 2];
        }
        let (column, row) = (x as usize, y as usize);
        let (s, t) = (x - column as f32, y - row as f32);
        let start = 2 * (row * SIDE + column);
        let (Some(upper), Some(lower)) =
            (self.nodes.get(start..start + 4), self.nodes.get(start + 2 * SIDE..start + 2 * SIDE + 4))
        else {
            return [0.0; 2];
        };
        [0, 1].map(|axis: usize| {
            let over = upper[axis] + s * (upper[axis + 2] - upper[axis]);
            let under = lower[axis] + s * (lower[axis + 2] - lower[axis]);
            over + t * (under - over)
        })
    }
}
