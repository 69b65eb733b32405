//! Whether a mesh lies on a face: a second detector's look at it, in a crop of its own.
//!
//! No property of a mesh tells faces from pebbles, since the landmark network draws a plausible face on anything. YuNet
//! ([`YuNet`]) on a small crop around a candidate does, and its five points show whether the mesh lies on the face the right way.

use super::bounds::{Bounds, point};
use super::crop::Region;
use super::net::{YuNetFace, YuNetLevel};
use super::topology::{LEFT_EYE, LEFT_MOUTH_CORNER, NOSE_TIP, RIGHT_EYE, RIGHT_MOUTH_CORNER};

/// Side of the detector's input, in pixels.
pub(crate) const SIDE: usize = 160;
/// Side of the crop, in sizes of the face.
const MARGIN: f32 = 2.6;
/// Farthest that the middle of what is found may lie from where the face should be, in sizes of the face; least and most of its
/// size.
const FARTHEST: f32 = 0.45;
const SIZES: [f32; 2] = [0.45, 2.0];
/// Most that the mesh's eyes, nose and mouth may lie off the detector's in the mean, in sizes of the face.
const MOST_OFF: f32 = 0.12;
/// The detector at its second look is less sure than this of what is no face: of what was proposed on a few hundred pictures,
/// faces reached 0.89 and more, and anything else at most 0.45.
const CONFIRMED: f32 = 0.6;

/// Faces of less than so many pixels have to be surer: there, the detector sees faces in many things.
const SMALL: (f32, f32) = (32.0, 0.85);
/// So have those that lean farther than this from upright, in radians: they are rare, and hands lie at any angle.
const LYING: (f32, f32) = (0.9, 0.8);
/// Anything smaller than this, in pixels, is left alone.
const SMALLEST: f32 = 16.0;
/// Whether something of these bounds that leans so far from upright, in radians, is a face, where the detector is as sure of it as this
/// at its second look.
pub(crate) fn is_face(score: f32, bounds: &Bounds, lean: f32) -> bool {
    let size = bounds.longer_side();
    let small = if size < SMALL.0 { SMALL.1 } else { CONFIRMED };
    let lying = if lean > LYING.0 { LYING.1 } else { CONFIRMED };
    size >= SMALLEST && score >= small.max(lying)
}

/// What is less sure than this says nothing.
const LEAST: f32 = 0.1;

/// The crop around a face of that box, in which what is turned by `roll` is upright.
pub(crate) fn region(bounds: &Bounds, roll: f32, mirrored: bool) -> Region {
    Region { centre: bounds.centre, side: MARGIN * bounds.longer_side(), roll, mirrored }
}

/// What the detector has found in a crop, read from its outputs: the surest face that lies where one of `bounds` should be.
pub(crate) fn found_at(levels: [YuNetLevel<'_>; 3], region: &Region, bounds: &Bounds) -> Option<YuNetFace> {
    let size = bounds.longer_side().max(1e-3);
    let (turned, unit) = (region.turned(), region.side / SIDE as f32);
    let lies_there = |face: &YuNetFace| {
        let off = (face.centre[0] - bounds.centre[0]).hypot(face.centre[1] - bounds.centre[1]) / size;
        off < FARTHEST && (SIZES[0]..SIZES[1]).contains(&(face.size[0].max(face.size[1]) / size))
    };
    let found = levels.into_iter().flat_map(|level| level.faces(LEAST)).map(|face| {
        let place = |place: [f32; 2]| turned.place(place.map(|length| length / SIDE as f32));
        let size = face.size.map(|length| length * unit);
        YuNetFace { centre: place(face.centre), size, points: face.points.map(place), ..face }
    });
    found.filter(lies_there).max_by(|a, b| a.score.total_cmp(&b.score))
}

impl YuNetFace {
    /// Whether a mesh's eyes, nose and mouth are where the detector has seen them.
    pub(crate) fn agrees(&self, points: &[[f32; 3]]) -> bool {
        let bounds = Bounds::of(points);
        let mean = |indices: &[u16]| {
            let places = indices.iter().map(|&index| point(points, index));
            let sum = places.fold([0.0; 2], |sum: [f32; 2], p| [sum[0] + p[0], sum[1] + p[1]]);
            sum.map(|length| length / indices.len().max(1) as f32)
        };
        let eyes = [mean(&RIGHT_EYE), mean(&LEFT_EYE)];
        let rest = [NOSE_TIP, RIGHT_MOUTH_CORNER, LEFT_MOUTH_CORNER].map(|index| mean(&[index]));
        let off = eyes.iter().chain(&rest).zip(&self.points).map(|(a, b)| (a[0] - b[0]).hypot(a[1] - b[1]));
        let size = bounds.longer_side();
        off.sum::<f32>() / self.points.len() as f32 <= MOST_OFF * size
    }
}
