//! Where displacements crowd the picture together too much, they are smoothed, there alone, until they do not.

use super::grid::{Grid, SIDE, Span};
use super::planes::Planes;
use super::raster::smaller;
use super::rounding::Rounding;

/// The area that a pixel comes from, in pixels, below which the displacements are smoothed ...
const LEAST: f32 = 0.45;
/// ... and below which, once that was in vain, all are made smaller.
const WORST: f32 = 0.35;
/// Most rounds of smoothing.
const ROUNDS: usize = 24;
/// Nodes beside a crowded place that are smoothed with it, and over how many more this ends.
const BESIDE: usize = 3;
const END: usize = 2;

/// Room to look for folds in.
pub(super) struct Folds {
    /// How much each node is smoothed.
    weights: Vec<f32>,
    other: Vec<f32>,
}

impl Folds {
    pub(super) fn new() -> Self {
        Self { weights: vec![0.0; SIDE * SIDE], other: vec![0.0; SIDE * SIDE] }
    }

    /// Smooths where that is needed. `span`: the nodes that may move.
    pub(super) fn repair(&mut self, planes: &mut Planes, span: &Span, grid: &Grid, rounding: &mut Rounding) {
        let mut bad = self.mark(planes, span, grid);
        for _ in 0..ROUNDS {
            if bad.is_empty() {
                return;
            }
            let near = bad.grown([BESIDE + END; 2]);
            let near = Span {
                x: [near.x[0].max(span.x[0]), near.x[1].min(span.x[1])],
                y: [near.y[0].max(span.y[0]), near.y[1].min(span.y[1])],
            };
            self.spread(&near);
            for row in near.rows() {
                let nodes = row * SIDE + near.x[0]..row * SIDE + near.x[1];
                for (weight, rounding) in self.weights[nodes.clone()].iter_mut().zip(&planes.rounding[nodes]) {
                    // What is held stays so.
                    *weight = if *rounding > 0.0 { *weight } else { 0.0 };
                }
            }
            for plane in [&mut planes.u, &mut planes.v] {
                for _ in 0..2 {
                    rounding.pass(plane, &self.weights, &near);
                }
            }
            bad = self.mark(planes, &near, grid);
        }
        let mut share = 1.0;
        while share > 0.05 && least(planes, span, grid, share) < WORST {
            share *= 0.97;
        }
        if share < 1.0 {
            planes.u.iter_mut().chain(&mut planes.v).for_each(|value| *value *= share);
        }
    }

    /// Marks the corners of all cells that are too small, and returns where they are.
    fn mark(&mut self, planes: &Planes, span: &Span, grid: &Grid) -> Span {
        let mut bad = Span { x: [SIDE, 0], y: [SIDE, 0] };
        let mut areas = [0.0; SIDE];
        for row in span.y[0] - 1..span.y[1] {
            if row_areas(&planes.u, &planes.v, row, span, grid.step.map(|step| 1.0 / step), &mut areas) >= LEAST {
                continue;
            }
            if bad.is_empty() {
                self.weights.fill(0.0);
            }
            for (column, area) in (span.x[0] - 1..span.x[1]).zip(&areas) {
                if *area < LEAST {
                    let node = row * SIDE + column;
                    for corner in [node, node + 1, node + SIDE, node + SIDE + 1] {
                        self.weights[corner] = 1.0;
                    }
                    bad = Span {
                        x: [bad.x[0].min(column), bad.x[1].max(column + 2)],
                        y: [bad.y[0].min(row), bad.y[1].max(row + 2)],
                    };
                }
            }
        }
        bad
    }

    /// Spreads the marks: the largest of 7×7, then the mean of 5×5.
    fn spread(&mut self, near: &Span) {
        let share = 1.0 / (2 * END + 1) as f32;
        let rows = |by: usize| Span { y: near.grown([0, by]).y, ..*near };
        combine(&self.weights, &mut self.other, &rows(BESIDE), BESIDE, 1, larger, 1.0);
        combine(&self.other, &mut self.weights, near, BESIDE, SIDE, larger, 1.0);
        combine(&self.weights, &mut self.other, &rows(END), END, 1, |a, b| a + b, share);
        combine(&self.other, &mut self.weights, near, END, SIDE, |a, b| a + b, share);
    }
}

fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// Joins each node of `near` with so many on both sides of it, `step` nodes apart; what would lie outside the lattice is left out.
#[inline(always)]
fn combine(
    from: &[f32],
    to: &mut [f32],
    near: &Span,
    radius: usize,
    step: usize,
    join: impl Fn(f32, f32) -> f32,
    share: f32,
) {
    let width = near.x[1] - near.x[0];
    for row in near.rows() {
        let start = row * SIDE + near.x[0];
        let mut joined = [0.0_f32; SIDE];
        let joined = &mut joined[..width];
        for offset in 0..=2 * radius {
            let Some(first) = (start + offset * step).checked_sub(radius * step) else { continue };
            let Some(other) = from.get(first..first + width) else { continue };
            for (joined, other) in joined.iter_mut().zip(other) {
                *joined = join(*joined, *other);
            }
        }
        for (to, joined) in to[start..][..width].iter_mut().zip(joined) {
            *to = share * *joined;
        }
    }
}

/// The least area of any cell of `span`, with the displacements made smaller to a share.
fn least(planes: &Planes, span: &Span, grid: &Grid, share: f32) -> f32 {
    let (paces, mut areas) = (grid.step.map(|step| share / step), [0.0; SIDE]);
    let rows = span.y[0] - 1..span.y[1];
    rows.map(|row| row_areas(&planes.u, &planes.v, row, span, paces, &mut areas)).fold(f32::INFINITY, f32::min)
}

/// The smallest area that a unit square comes from in each cell below a row of nodes, from the column before `span` on, and the
/// least of them: the determinant of the map's derivatives, with displacements taken times the paces. They are bilinear in a
/// cell, so it is least in a corner.
fn row_areas(u: &[f32], v: &[f32], row: usize, span: &Span, paces: [f32; 2], areas: &mut [f32; SIDE]) -> f32 {
    let [across, down] = paces;
    let width = span.x[1] + 1 - span.x[0];
    let start = row * SIDE + span.x[0] - 1;
    let (a_u, b_u) = (&u[start..][..width], &u[start + 1..][..width]);
    let (c_u, d_u) = (&u[start + SIDE..][..width], &u[start + SIDE + 1..][..width]);
    let (a_v, b_v) = (&v[start..][..width], &v[start + 1..][..width]);
    let (c_v, d_v) = (&v[start + SIDE..][..width], &v[start + SIDE + 1..][..width]);
    let areas = &mut areas[..width];
    for k in 0..width {
        let (upper_x, lower_x) = (1.0 + across * (b_u[k] - a_u[k]), 1.0 + across * (d_u[k] - c_u[k]));
        let (upper_y, lower_y) = (across * (b_v[k] - a_v[k]), across * (d_v[k] - c_v[k]));
        let (left_x, right_x) = (down * (c_u[k] - a_u[k]), down * (d_u[k] - b_u[k]));
        let (left_y, right_y) = (1.0 + down * (c_v[k] - a_v[k]), 1.0 + down * (d_v[k] - b_v[k]));
        let upper = smaller(upper_x * left_y - upper_y * left_x, upper_x * right_y - upper_y * right_x);
        let lower = smaller(lower_x * left_y - lower_y * left_x, lower_x * right_y - lower_y * right_x);
        areas[k] = smaller(upper, lower);
    }
    // Eight chains of comparisons, which vectors follow.
    let mut least = [f32::INFINITY; 8];
    let mut chunks = areas.chunks_exact(8);
    for chunk in &mut chunks {
        for k in 0..8 {
            least[k] = smaller(least[k], chunk[k]);
        }
    }
    let rest = chunks.remainder().iter().fold(f32::INFINITY, |least, area| smaller(least, *area));
    least.iter().fold(rest, |least, area| smaller(least, *area))
}
