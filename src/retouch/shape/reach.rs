//! How far from the face's seen surface the picture may move: what is farther away, on the lattice's edge or in another face
//! keeps its place.

use super::grid::{Grid, SIDE, Span};
use super::planes::Planes;
use super::raster::smaller;
use super::wanted::Wanted;
use crate::face::topology::FACE_OVAL;
use crate::retouch::outline::{Oval, crossings, distance_outside, smoothstep};

/// Displacements end this far from the face, in units of its width ...
const REACH: f32 = 0.235;
/// ... or here where hair has to move along ...
const REACH_OF_HAIR: f32 = 0.40;
/// ... and never farther than this from the face's outline, which the nose of a turned head reaches beyond.
const FARTHEST: f32 = 0.40;
/// They always reach so far.
const LEAST: f32 = 0.03;
/// Between these lengths of a nose beyond the outline, at about 58 and 66 degrees of yaw, movements fade away.
const PROFILE: [f32; 2] = [0.28, 0.38];
/// Rounding may carry them so much farther.
const BEYOND: f32 = 0.02;

/// What of a turned face is seen beyond its outline first.
const FOREMOST: [u16; 18] = [1, 4, 5, 195, 197, 6, 168, 9, 2, 0, 17, 61, 291, 50, 280, 105, 334, 199];

/// Distances are measured on a lattice of half as many cells a side.
const HALF: usize = SIDE / 2;

/// Room to measure distances in.
pub(super) struct Reach {
    distances: Vec<f32>,
}

impl Reach {
    pub(super) fn new() -> Self {
        Self { distances: vec![0.0; HALF * HALF] }
    }

    /// How far the face is seen beyond its outline, in units of its width: the nose of a turned head, a wider jaw.
    pub(super) fn beyond(wanted: &Wanted, own: &Oval, unit: f32) -> f32 {
        let off = FACE_OVAL.iter().chain(&FOREMOST).map(|&index| {
            let (place, by) = (wanted.places[usize::from(index)], wanted.by[usize::from(index)]);
            distance_outside(own, [place[0] + by[0], place[1] + by[1]])
        });
        off.fold(0.0, f32::max) / unit
    }

    /// The share of all movements that is left of a face that is seen so far beyond its outline.
    pub(super) fn share(beyond: f32) -> f32 {
        1.0 - smoothstep(PROFILE[0], PROFILE[1], beyond)
    }

    /// How far displacements may reach beyond the covered nodes, in pixels. `hair`: how much hair moves along, 0..=1.
    pub(super) fn length(beyond: f32, unit: f32, hair: f32) -> f32 {
        unit * (REACH + (REACH_OF_HAIR - REACH) * hair).min(FARTHEST - beyond).max(LEAST)
    }

    /// The nodes around the covered ones that may move.
    pub(super) fn span(covered: &Span, grid: &Grid, unit: f32, length: f32) -> Span {
        covered.grown(grid.step.map(|step| ((length + BEYOND * unit) / step).ceil() as usize + 2))
    }

    /// Holds all nodes of `span` that lie farther than `length` from the covered ones.
    pub(super) fn limit(&mut self, planes: &mut Planes, span: &Span, grid: &Grid, unit: f32, length: f32) {
        let part = [span.x, span.y].map(|[from, to]| [from / 2, to.div_ceil(2)]);
        self.measure(planes, part, grid);
        let [[left, right], _] = part;
        for row in span.rows() {
            let distances = &self.distances[row / 2 * HALF..][..HALF][left..right];
            let nodes = row * SIDE + 2 * left..row * SIDE + 2 * right;
            // What is covered has the distance 0; what is not has no displacement yet.
            keep_near(&mut planes.free[nodes.clone()], distances, length);
            keep_near(&mut planes.rounding[nodes], distances, length + BEYOND * unit);
        }
    }

    /// Distances to the nearest cell that holds a covered node, in pixels.
    fn measure(&mut self, planes: &Planes, part: [[usize; 2]; 2], grid: &Grid) {
        let [_, [top, bottom]] = part;
        for row in top..bottom {
            let rows = &planes.free[2 * row * SIDE..][..2 * SIDE];
            far_where_free(rows, &mut self.distances[row * HALF..][..HALF]);
        }
        chamfer(&mut self.distances, part, grid.step.map(|step| 2.0 * step));
    }
}

/// A cell is far unless one of its nodes, in two rows, is given.
fn far_where_free(rows: &[f32], distances: &mut [f32]) {
    let (upper, lower) = rows.split_at(SIDE);
    for ((distance, upper), lower) in distances.iter_mut().zip(upper.chunks_exact(2)).zip(lower.chunks_exact(2)) {
        *distance = FAR * (upper[0] * upper[1] * lower[0] * lower[1]);
    }
}

/// Nodes keep what they hold where their cell is not farther away than `most`, and hold 0 elsewhere.
fn keep_near(nodes: &mut [f32], distances: &[f32], most: f32) {
    for (pair, distance) in nodes.chunks_exact_mut(2).zip(distances) {
        let near = if *distance <= most { 1.0 } else { 0.0 };
        pair[0] *= near;
        pair[1] *= near;
    }
}

/// Farther than anything.
const FAR: f32 = 1e9;
/// Cells that a row has room for on both sides of it: what lies there is far.
const ROOM: usize = 8;
type Row = [f32; HALF + 2 * ROOM];

/// From cells that are 0 or far to distances, in two passes (Borgefors 1986). `steps`: from cell to cell, across and down.
fn chamfer(distances: &mut [f32], part: [[usize; 2]; 2], steps: [f32; 2]) {
    let ([[left, right], [top, bottom]], [across, down]) = (part, steps);
    let aslant = (across * across + down * down).sqrt();
    for downward in [true, false] {
        let mut previous: Row = [FAR; HALF + 2 * ROOM];
        for count in 0..bottom - top {
            let row = if downward { top + count } else { bottom - 1 - count };
            let distances = &mut distances[row * HALF..][left..right];
            let mut this: Row = [FAR; HALF + 2 * ROOM];
            this[ROOM + left..ROOM + right].copy_from_slice(distances);
            for k in 0..HALF {
                let (before, over, after) = (previous[ROOM + k - 1], previous[ROOM + k], previous[ROOM + k + 1]);
                let beside = smaller(before, after) + aslant;
                this[ROOM + k] = smaller(this[ROOM + k], smaller(over + down, beside));
            }
            // Along the row in steps of 1, 2, 4 and 8 cells: farther than 15 in all nothing reaches.
            for step in [1, 2, 4, ROOM] {
                let before = this;
                let length = step as f32 * across;
                let from = if downward { ROOM - step } else { ROOM + step };
                let nearer = &before[from..][..HALF];
                for k in 0..HALF {
                    this[ROOM + k] = smaller(this[ROOM + k], nearer[k] + length);
                }
            }
            distances.copy_from_slice(&this[ROOM + left..ROOM + right]);
            previous = this;
        }
    }
}

/// Holds the nodes that lie in another face's outline, or at most one beside it.
pub(super) fn hold_inside(planes: &mut Planes, other: &Oval, grid: &Grid) {
    for row in 1..SIDE - 1 {
        for beside in [-1.0, 0.0, 1.0] {
            let y = grid.place(0, 1) + (row as f32 + beside) * grid.step[1];
            let (mut crossed, count) = crossings(other, y);
            let crossed = crossed.get_mut(..count).unwrap_or_default();
            crossed.sort_unstable_by(f32::total_cmp);
            for pair in crossed.chunks_exact(2) {
                let [from, to] = [pair[0], pair[1]].map(|x| grid.nodes([x, y])[0]);
                let last = (SIDE - 1) as f32;
                let (from, to) = ((from - 1.0).clamp(0.0, last).ceil(), (to + 1.0).clamp(0.0, last));
                for column in from as usize..=to as usize {
                    planes.hold(row * SIDE + column);
                }
            }
        }
    }
}
