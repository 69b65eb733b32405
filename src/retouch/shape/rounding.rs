//! Rounds the displacements off: where the face's outline ends them steeply, and where triangles cross.

use super::grid::{SIDE, Span};
use super::planes::Planes;

/// Times that the displacements are rounded; the table's numbers count on it.
const PASSES: usize = 2;

/// Room to round in.
pub(super) struct Rounding {
    /// Means of three nodes of a row.
    means: Vec<f32>,
}

impl Rounding {
    pub(super) fn new() -> Self {
        Self { means: vec![0.0; SIDE * SIDE] }
    }

    /// Rounds a whole field.
    pub(super) fn round(&mut self, planes: &mut Planes, span: &Span) {
        for _ in 0..PASSES {
            for plane in [&mut planes.u, &mut planes.v] {
                self.pass(plane, &planes.rounding, span);
            }
        }
    }

    /// Each node of `span` goes to the mean of its 3×3 neighbours, the nearer ones counting more, as far as `weights` says.
    pub(super) fn pass(&mut self, plane: &mut [f32], weights: &[f32], span: &Span) {
        if !span.is_empty() {
            average(plane, &mut self.means, weights, span);
        }
    }
}

fn average(plane: &mut [f32], means: &mut [f32], weights: &[f32], span: &Span) {
    let width = span.x[1] - span.x[0];
    for row in span.y[0] - 1..span.y[1] + 1 {
        let start = row * SIDE + span.x[0];
        let (left, this, right) =
            (&plane[start - 1..][..width], &plane[start..][..width], &plane[start + 1..][..width]);
        let means = &mut means[start..][..width];
        for k in 0..width {
            means[k] = 0.25 * (left[k] + right[k]) + 0.5 * this[k];
        }
    }
    for row in span.rows() {
        let start = row * SIDE + span.x[0];
        let (above, below) = (&means[start - SIDE..][..width], &means[start + SIDE..][..width]);
        let (this, weights) = (&means[start..][..width], &weights[start..][..width]);
        let values = &mut plane[start..][..width];
        for k in 0..width {
            let mean = 0.25 * (above[k] + below[k]) + 0.5 * this[k];
            values[k] += weights[k] * (mean - values[k]);
        }
    }
}
