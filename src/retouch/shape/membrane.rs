//! Displacements where none is given: those of a membrane that hangs between the given ones (Laplace's equation). Coarse
//! lattices are solved first, each the start of the next finer one, by damped Jacobi sweeps.

use super::grid::{Grid, SIDE, Span};
use super::planes::Planes;

/// Lattices below the finest one, each of half as many nodes a side: 64, 32, 16.
const COARSER: usize = 3;
/// Pairs of sweeps, on the finest lattice first.
const PAIRS: [usize; COARSER + 1] = [2, 4, 6, 16];
/// How much of the way to its neighbours' mean a node goes in a sweep: two sweeps in turn go about as far as one in place
/// would, and are loops over vectors.
const STEPS: [f32; 2] = [1.43, 0.62];

/// Room to solve the membrane in.
pub(super) struct Membrane {
    /// The coarser lattices, finest first.
    values: [Vec<f32>; COARSER],
    free: [Vec<f32>; COARSER],
    /// What every other sweep writes.
    other: Vec<f32>,
}

impl Membrane {
    pub(super) fn new() -> Self {
        let plane = |level: usize| vec![0.0; (SIDE >> level) * (SIDE >> level)];
        let planes = || [plane(1), plane(2), plane(3)];
        Self { values: planes(), free: planes(), other: plane(0) }
    }

    /// Finds the displacements of all free nodes of `span`, which are 0 so far.
    pub(super) fn solve(&mut self, planes: &mut Planes, span: &Span, grid: &Grid) {
        let couplings = grid.couplings();
        let mut finer: &[f32] = &planes.free;
        for (free, level) in self.free.iter_mut().zip(1..) {
            coarsen_free(finer, free, SIDE >> level);
            finer = free;
        }
        let spans: [Span; COARSER + 1] = std::array::from_fn(|level| part(span, level));
        for finest in [&mut planes.u, &mut planes.v] {
            let (mut finer, mut finer_free): (&[f32], &[f32]) = (finest, &planes.free);
            for ((values, free), level) in self.values.iter_mut().zip(&self.free).zip(1..) {
                coarsen(finer, finer_free, values, SIDE >> level);
                (finer, finer_free) = (values, free);
            }
            let [first, second, third] = &mut self.values;
            let mut levels: [(&mut [f32], &[f32]); COARSER + 1] =
                [(finest, &planes.free), (first, &self.free[0]), (second, &self.free[1]), (third, &self.free[2])];
            for level in (0..=COARSER).rev() {
                let side = SIDE >> level;
                if let [(values, free), (coarse, _), ..] = &mut levels[level..] {
                    refine(coarse, values, free, side, &spans[level]);
                }
                let (values, free) = &mut levels[level];
                for _ in 0..PAIRS[level] {
                    sweep_twice(values, &mut self.other, free, side, &spans[level], couplings);
                }
            }
        }
    }
}

/// The nodes of a coarser lattice that hold some of a part of the finest, but for the outermost.
fn part(span: &Span, level: usize) -> Span {
    let shrink = |[from, to]: [usize; 2]| [(from >> level).max(1), (((to - 1) >> level) + 1).min((SIDE >> level) - 1)];
    Span { x: shrink(span.x), y: shrink(span.y) }
}

/// A coarser node is free where all four of the finer ones are.
fn coarsen_free(finer: &[f32], coarser: &mut [f32], side: usize) {
    for (row, pair) in coarser.chunks_exact_mut(side).zip(finer.chunks_exact(4 * side)) {
        let (upper, lower) = pair.split_at(2 * side);
        for ((coarse, upper), lower) in row.iter_mut().zip(upper.chunks_exact(2)).zip(lower.chunks_exact(2)) {
            *coarse = upper[0] * upper[1] * lower[0] * lower[1];
        }
    }
}

/// A coarser node is given the mean of what the finer ones are given.
fn coarsen(finer: &[f32], free: &[f32], coarser: &mut [f32], side: usize) {
    let rows = finer.chunks_exact(4 * side).zip(free.chunks_exact(4 * side));
    for (row, (pair, free)) in coarser.chunks_exact_mut(side).zip(rows) {
        let ((upper, lower), (upper_free, lower_free)) = (pair.split_at(2 * side), free.split_at(2 * side));
        let values = upper.chunks_exact(2).zip(lower.chunks_exact(2));
        let free = upper_free.chunks_exact(2).zip(lower_free.chunks_exact(2));
        for ((coarse, (upper, lower)), (upper_free, lower_free)) in row.iter_mut().zip(values).zip(free) {
            // What is free is 0 so far.
            let sum = upper[0] + upper[1] + lower[0] + lower[1];
            let given = 4.0 - (upper_free[0] + upper_free[1] + lower_free[0] + lower_free[1]);
            *coarse = sum / given.max(1.0);
        }
    }
}

/// Free nodes begin with what the coarser lattice has between its nodes.
fn refine(coarser: &[f32], values: &mut [f32], free: &[f32], side: usize, span: &Span) {
    let half = side / 2;
    let mut between = [0.0_f32; SIDE / 2];
    for row in span.rows() {
        let near = &coarser[row / 2 * half..][..half];
        // Nodes lie a quarter of a coarse step off the coarse ones.
        let far = if row % 2 == 1 { row / 2 + 1 } else { (row / 2).saturating_sub(1) }.min(half - 1);
        let far = &coarser[far * half..][..half];
        for ((between, near), far) in between.iter_mut().zip(near).zip(far) {
            *between = 0.75 * near + 0.25 * far;
        }
        let this = row * side;
        let pairs = values[this..][..side].chunks_exact_mut(2).zip(free[this..][..side].chunks_exact(2));
        for ((values, free), near) in pairs.skip(1).zip(between[..half].windows(3)) {
            values[0] += free[0] * (0.75 * near[1] + 0.25 * near[0]);
            values[1] += free[1] * (0.75 * near[1] + 0.25 * near[2]);
        }
        // The first and the last pair have only one coarse neighbour, and one node on the lattice's edge, which keeps its place.
        let (first, last) = (this + 1, this + side - 2);
        values[first] += free[first] * (0.75 * between[0] + 0.25 * between[1]);
        values[last] += free[last] * (0.75 * between[half - 1] + 0.25 * between[half - 2]);
    }
}

/// Two sweeps over the nodes of `span`, through `other` and back.
fn sweep_twice(values: &mut [f32], other: &mut [f32], free: &[f32], side: usize, span: &Span, couplings: [f32; 2]) {
    if span.is_empty() {
        return;
    }
    // What is around them is read too.
    for row in [span.y[0] - 1, span.y[1]] {
        let nodes = row * side + span.x[0]..row * side + span.x[1];
        other[nodes.clone()].copy_from_slice(&values[nodes]);
    }
    for row in span.rows() {
        for node in [row * side + span.x[0] - 1, row * side + span.x[1]] {
            other[node] = values[node];
        }
    }
    sweep(values, other, free, side, span, couplings, STEPS[0]);
    sweep(other, values, free, side, span, couplings, STEPS[1]);
}

fn sweep(from: &[f32], to: &mut [f32], free: &[f32], side: usize, span: &Span, couplings: [f32; 2], step: f32) {
    let [across, down] = couplings;
    let width = span.x[1] - span.x[0];
    for row in span.rows() {
        let start = row * side + span.x[0];
        let part = |start: usize| &from[start..][..width];
        let (this, left, right) = (part(start), part(start - 1), part(start + 1));
        let (above, below) = (part(start - side), part(start + side));
        let (free, to) = (&free[start..][..width], &mut to[start..][..width]);
        for k in 0..width {
            let mean = across * (left[k] + right[k]) + down * (above[k] + below[k]);
            to[k] = this[k] + step * free[k] * (mean - this[k]);
        }
    }
}
