//! The lattice that a face's displacements are computed on.

use crate::retouch::outline::{Oval, box_of};
use crate::retouch::region::{Axes, Rect, clipped};

/// Nodes a side.
pub(crate) const SIDE: usize = 128;

/// How far beyond the face's outline the lattice reaches, in units of its width: less than the half that is promised.
pub(super) const MARGIN: f32 = 0.45;

/// The lattice of a face: nodes lie evenly over a rectangle, the first and last on its outermost pixel edges.
#[derive(Debug, Clone, Copy)]
pub(in crate::retouch) struct Grid {
    pub(in crate::retouch) rect: Rect,
    /// Pixels from node to node, across and down.
    pub(in crate::retouch) step: [f32; 2],
}

impl Grid {
    /// Around a face's outline, cut to the frame; `None` where nothing of it lies in the frame.
    pub(super) fn around(oval: &Oval, axes: &Axes, frame: (u32, u32)) -> Option<Self> {
        let [low, high] = box_of(oval);
        let margin = MARGIN * axes.width;
        let rect = clipped(low.map(|edge| edge - margin), high.map(|edge| edge + margin), frame)?;
        let step = [rect.width, rect.height].map(|side| side as f32 / (SIDE - 1) as f32);
        Some(Self { rect, step })
    }

    /// A place of the frame, in nodes.
    pub(in crate::retouch) fn nodes(&self, [x, y]: [f32; 2]) -> [f32; 2] {
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
pub(in crate::retouch) struct Span {
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
