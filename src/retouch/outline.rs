//! Outlines of faces: where they run, how far a place lies from one, and which other faces are near.

use super::region::{at, dot, minus};
use crate::Face;
use crate::face::topology::FACE_OVAL;

/// The closed outline of a face.
pub(crate) type Oval = [[f32; 2]; FACE_OVAL.len()];

/// A face's outline.
pub(crate) fn oval(points: &[[f32; 3]]) -> Oval {
    FACE_OVAL.map(|index| at(points, index))
}

/// Smallest and largest x and y of a contour.
pub(crate) fn box_of(contour: &[[f32; 2]]) -> [[f32; 2]; 2] {
    contour.iter().fold([[f32::INFINITY; 2], [f32::NEG_INFINITY; 2]], |[low, high], p| {
        [[low[0].min(p[0]), low[1].min(p[1])], [high[0].max(p[0]), high[1].max(p[1])]]
    })
}

/// Where a row crosses a closed contour, and how often, in no order.
pub(crate) fn crossings(contour: &Oval, y: f32) -> ([f32; FACE_OVAL.len()], usize) {
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

/// Whether a place lies inside a closed contour (even-odd).
fn contains(contour: &Oval, p: [f32; 2]) -> bool {
    let (crossed, count) = crossings(contour, p[1]);
    crossed.iter().take(count).filter(|&&x| x > p[0]).count() % 2 == 1
}

/// How far a place lies from a closed contour.
fn nearest(contour: &Oval, p: [f32; 2]) -> f32 {
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

/// How far a place lies outside a closed contour; 0 inside it.
pub(crate) fn distance_outside(contour: &Oval, p: [f32; 2]) -> f32 {
    if contains(contour, p) { 0.0 } else { nearest(contour, p) }
}

/// How far a place lies inside a closed contour; below 0 outside it.
pub(crate) fn depth(contour: &Oval, p: [f32; 2]) -> f32 {
    let away = nearest(contour, p);
    if contains(contour, p) { away } else { -away }
}

/// The faces of a frame beside one of them.
#[derive(Clone, Copy)]
pub(crate) struct Others<'a> {
    pub(crate) faces: &'a [Face],
    /// The place in the list of the one that they are beside.
    pub(crate) own: Option<usize>,
}

impl<'a> Others<'a> {
    pub(crate) const NONE: Self = Self { faces: &[], own: None };

    /// Those that lie within reach of a face's outline, with their own.
    pub(crate) fn near(self, own: &Oval, reach: f32) -> impl Iterator<Item = (&'a Face, Oval)> + 'a {
        let [low, high] = box_of(own);
        let others = self.faces.iter().enumerate().filter(move |(index, _)| Some(*index) != self.own);
        others.filter_map(move |(_, face)| {
            let other = oval(&face.points);
            let [from, to] = box_of(&other);
            let apart = (0..2).any(|axis| from[axis] > high[axis] + reach || to[axis] < low[axis] - reach);
            (!apart).then_some((face, other))
        })
    }
}

/// The Hermite step between two edges.
pub(crate) fn smoothstep(from: f32, to: f32, x: f32) -> f32 {
    let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}
