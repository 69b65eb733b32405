//! The lattice that a face's displacements are computed on, and contours in a picture.

use crate::face::topology::FACE_OVAL;
use crate::retouch::region::{Axes, Rect, at, dot, minus};

/// Nodes a side.
pub(crate) const SIDE: usize = 128;

/// How far beyond the face's outline the lattice reaches, in units of its width: less than the half that is promised.
pub(super) const MARGIN: f32 = 0.45;

/// The closed outline of a face.
pub(super) type Oval = [[f32; 2]; FACE_OVAL.len()];

/// The lattice of a face: nodes lie evenly over a rectangle, the first and last on its outermost pixel edges.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid {
    pub(super) rect: Rect,
    /// Pixels from node to node, across and down.
    pub(super) step: [f32; 2],
}

impl Grid {
    /// Around a face's outline, cut to the frame; `None` where nothing of it lies in the frame.
    pub(super) fn around(oval: &Oval, axes: &Axes, frame: (u32, u32)) -> Option<Self> {
        let [low, high] = box_of(oval);
        let margin = MARGIN * axes.width;
        let clip = |from: f32, to: f32, limit: u32| {
            let from = (from - margin).floor().clamp(0.0, limit as f32) as u32;
            let to = (to + margin).ceil().clamp(0.0, limit as f32) as u32;
            (to > from).then_some((from, to - from))
        };
        let (x, width) = clip(low[0], high[0], frame.0)?;
        let (y, height) = clip(low[1], high[1], frame.1)?;
        let step = [width, height].map(|side| side as f32 / (SIDE - 1) as f32);
        Some(Self { rect: Rect { x, y, width, height }, step })
    }

    /// A place of the frame, in nodes.
    pub(super) fn nodes(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        [(x - self.rect.x as f32) / self.step[0], (y - self.rect.y as f32) / self.step[1]]
    }

    /// The place of a node, in pixels of the frame, along one of the axes.
    pub(super) fn place(&self, node: usize, axis: usize) -> f32 {
        let from = [self.rect.x, self.rect.y].get(axis).copied().unwrap_or_default();
        from as f32 + node as f32 * self.step[axis]
    }

    /// The weights of a node's neighbours beside it and above or below it in the discrete Laplace equation.
    pub(super) fn couplings(&self) -> [f32; 2] {
        let [x, y] = self.step.map(|step| 1.0 / (step * step));
        [x, y].map(|weight| weight / (2.0 * (x + y)))
    }
}

/// Columns and rows of nodes: from the first to one past the last. The lattice's outermost nodes are in none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) x: [usize; 2],
    pub(super) y: [usize; 2],
}

impl Span {
    /// So many nodes more on each side, as far as the lattice goes.
    pub(super) fn grown(&self, [x, y]: [usize; 2]) -> Self {
        let grow = |[from, to]: [usize; 2], by: usize| [from.saturating_sub(by).max(1), (to + by).min(SIDE - 1)];
        Self { x: grow(self.x, x), y: grow(self.y, y) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.x[0] >= self.x[1] || self.y[0] >= self.y[1]
    }

    pub(super) fn columns(&self) -> std::ops::Range<usize> {
        self.x[0]..self.x[1]
    }

    pub(super) fn rows(&self) -> std::ops::Range<usize> {
        self.y[0]..self.y[1]
    }
}

/// A face's outline.
pub(super) fn oval(points: &[[f32; 3]]) -> Oval {
    FACE_OVAL.map(|index| at(points, index))
}

/// Smallest and largest x and y of a contour.
pub(super) fn box_of(contour: &[[f32; 2]]) -> [[f32; 2]; 2] {
    contour.iter().fold([[f32::INFINITY; 2], [f32::NEG_INFINITY; 2]], |[low, high], p| {
        [[low[0].min(p[0]), low[1].min(p[1])], [high[0].max(p[0]), high[1].max(p[1])]]
    })
}

/// Where a row crosses a closed contour, and how often, in no order.
pub(super) fn crossings(contour: &Oval, y: f32) -> ([f32; FACE_OVAL.len()], usize) {
    let (mut found, mut count) = ([0.0; FACE_OVAL.len()], 0);
    let mut previous = contour.last().copied().unwrap_or_default();
    for &corner in contour {
        if (previous[1] <= y) != (corner[1] <= y)
            && let Some(slot) = found.get_mut(count)
        {
            *slot = previous[0] + (y - previous[1]) / (corner[1] - previous[1]) * (corner[0] - previous[0]);
            count += 1;
        }
        previous = corner;
    }
    (found, count)
}

/// How far a place lies outside a closed contour; 0 inside it (even-odd).
pub(super) fn distance_outside(contour: &Oval, p: [f32; 2]) -> f32 {
    let (crossed, count) = crossings(contour, p[1]);
    if crossed.iter().take(count).filter(|&&x| x > p[0]).count() % 2 == 1 {
        return 0.0;
    }
    let mut nearest = f32::INFINITY;
    let mut previous = contour.last().copied().unwrap_or_default();
    for &corner in contour {
        let (along, to) = (minus(corner, previous), minus(p, previous));
        let share = (dot(to, along) / dot(along, along).max(1e-9)).clamp(0.0, 1.0);
        let off = [to[0] - share * along[0], to[1] - share * along[1]];
        nearest = nearest.min(dot(off, off));
        previous = corner;
    }
    nearest.sqrt()
}

pub(super) fn smoothstep(from: f32, to: f32, x: f32) -> f32 {
    let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}
