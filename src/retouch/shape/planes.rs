//! What is computed at a lattice's nodes, a plane a quantity, row by row.

use super::grid::SIDE;

pub(super) const NODES: usize = SIDE * SIDE;

pub(in crate::retouch) struct Planes {
    /// Displacements back, in pixels, across and down.
    pub(in crate::retouch) u: Vec<f32>,
    pub(in crate::retouch) v: Vec<f32>,
    /// 1 where the displacement is to be found, 0 where it is given.
    pub(super) free: Vec<f32>,
    /// How much the displacement is rounded, 0..=1; 0 where it has to stay 0.
    pub(in crate::retouch) rounding: Vec<f32>,
}

impl Planes {
    pub(in crate::retouch) fn new() -> Self {
        let plane = || vec![0.0; NODES];
        Self { u: plane(), v: plane(), free: plane(), rounding: plane() }
    }

    /// Nothing given, nothing moved.
    pub(in crate::retouch) fn clear(&mut self) {
        self.u.fill(0.0);
        self.v.fill(0.0);
        self.free.fill(1.0);
        self.rounding.fill(1.0);
    }

    /// Gives a node the displacement 0, for good.
    pub(super) fn hold(&mut self, node: usize) {
        self.u[node] = 0.0;
        self.v[node] = 0.0;
        self.free[node] = 0.0;
        self.rounding[node] = 0.0;
    }
}
