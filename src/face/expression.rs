//! What a face does: eyes, mouth, gaze, read from its points.

use super::bounds::point;
use super::topology::{
    CHIN, FOREHEAD, LEFT_EYE_INNER, LEFT_EYE_OUTER, LEFT_IRIS, LEFT_MOUTH_CORNER, RIGHT_EYE_INNER, RIGHT_EYE_OUTER,
    RIGHT_IRIS, RIGHT_MOUTH_CORNER,
};

/// What a face does, each number in 0..=1. They are measured on the mesh in three dimensions, so that a turned head changes
/// them little; they are the same for everybody, so that narrow eyes are less open.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Expression {
    /// How far the person's own left eye is open.
    pub left_eye: f32,
    /// How far the person's own right eye is open.
    pub right_eye: f32,
    /// How far the mouth is open: 0 with the lips on each other.
    pub mouth: f32,
    /// How far the mouth's corners are apart and up.
    pub smile: f32,
    /// How far the tongue is out: 0 with the tongue in the mouth, even a wide open one; a half where it reaches about a third of
    /// the way from the lower lip to the chin, 1 from about half of the way on. One that only lies on the lower lip is not told.
    /// It is seen by its colour beside the person's own skin: not in grey pictures, and badly in red or coloured light. Open
    /// mouths that talk, sing and laugh stayed below 0.2 in all clips and pictures it was tried on; tongues it was tried on were
    /// painted onto real faces, since no pictures of real ones were at hand: what is below 0.5 may be one all the same. Steadied
    /// over time in video; 0 where the tracker has not looked, as for landmarks of a host's own.
    pub tongue: f32,
    /// Where the irises lie between the eyes' corners: x from 0, toward the person's own right, to 1, toward the left; y from
    /// 0, up, to 1, down; about a half each for a gaze straight out of the face. `None` where the mesh has no irises.
    pub gaze: Option<[f32; 2]>,
}

/// Height of the opening over width: of an eye that is shut, and of one that is open (after Soukupová and Čech, "Real-Time Eye
/// Blink Detection using Facial Landmarks", 2016).
const EYE: [f32; 2] = [0.08, 0.26];
/// The same of a mouth.
const MOUTH: [f32; 2] = [0.02, 0.6];
/// The mouth's width in distances between the eyes' outer corners, at rest and smiling.
const WIDTH: [f32; 2] = [0.55, 0.71];
/// How far its corners lie above its middle, in its widths.
const LIFT: [f32; 2] = [-0.05, 0.08];
/// How far an iris moves between looking straight and all the way aside, and up or down, in the eye's widths.
const GAZE: [f32; 2] = [0.25, 0.2];

/// Points of the upper and the lower lid, one above the other.
const RIGHT_LIDS: [(u16, u16); 3] = [(160, 144), (159, 145), (158, 153)];
const LEFT_LIDS: [(u16, u16); 3] = [(387, 373), (386, 374), (385, 380)];
/// Inner rims of the lips: the middle above and below, the corners.
const LIPS: [(u16, u16); 2] = [(13, 14), (78, 308)];

impl Expression {
    /// The expression of a mesh, which says nothing of the tongue.
    pub(crate) fn of(points: &[[f32; 3]]) -> Self {
        let way = |from: u16, to: u16| difference(point(points, to), point(points, from));
        let far = |from: u16, to: u16| length(way(from, to));
        let [right_eye, left_eye] = eyes(points).map(unit);
        let [(upper, lower), (right, left)] = LIPS;
        let width = far(RIGHT_MOUTH_CORNER, LEFT_MOUTH_CORNER);
        let down = way(FOREHEAD, CHIN);
        let above = [
            (RIGHT_MOUTH_CORNER, upper),
            (RIGHT_MOUTH_CORNER, lower),
            (LEFT_MOUTH_CORNER, upper),
            (LEFT_MOUTH_CORNER, lower),
        ];
        let lift = above.iter().map(|&(corner, middle)| dot(way(corner, middle), down)).sum::<f32>() / 4.0;
        let lift = lift / length(down) / width;
        let eye_distance = far(RIGHT_EYE_OUTER, LEFT_EYE_OUTER);
        Self {
            left_eye,
            right_eye,
            mouth: unit(share(far(upper, lower) / far(right, left), MOUTH)),
            smile: (unit(share(width / eye_distance, WIDTH)) + unit(share(lift, LIFT))) / 2.0,
            tongue: 0.0,
            gaze: gaze(points, down),
        }
    }
}

/// How far the right and the left eye are open: 0 shut, 1 open, and more or less where they are more or less so.
pub(super) fn eyes(points: &[[f32; 3]]) -> [f32; 2] {
    let far = |from: u16, to: u16| length(difference(point(points, to), point(points, from)));
    let eyes = [(RIGHT_LIDS, RIGHT_EYE_OUTER, RIGHT_EYE_INNER), (LEFT_LIDS, LEFT_EYE_OUTER, LEFT_EYE_INNER)];
    eyes.map(|(lids, outer, inner)| {
        let gap = lids.iter().map(|&(upper, lower)| far(upper, lower)).sum::<f32>() / lids.len() as f32;
        share(gap / far(outer, inner), EYE)
    })
}

/// The mean of both eyes' irises between their corners, and above or below the line of the corners.
fn gaze(points: &[[f32; 3]], down: [f32; 3]) -> Option<[f32; 2]> {
    let at = |index: u16| points.get(usize::from(index)).copied();
    // Each eye's corners from the person's right to the left.
    let eyes = [(RIGHT_EYE_OUTER, RIGHT_EYE_INNER, RIGHT_IRIS), (LEFT_EYE_INNER, LEFT_EYE_OUTER, LEFT_IRIS)];
    let mut sum = [0.0; 2];
    for (right, left, iris) in eyes {
        let (right, left, iris) = (at(right)?, at(left)?, at(*iris.first()?)?);
        let (across, place) = (difference(left, right), difference(iris, right));
        let width = length(across);
        let along = dot(place, across) / (width * width);
        let below: [f32; 3] = std::array::from_fn(|axis| place[axis] - along * across[axis]);
        sum[0] += (along - 0.5) / GAZE[0] / 4.0;
        sum[1] += dot(below, down) / length(down) / width / GAZE[1] / 4.0;
    }
    Some(sum.map(|value| if value.is_finite() { (0.5 + value).clamp(0.0, 1.0) } else { 0.5 }))
}

/// Where a value lies between two others: 0 at the first, 1 at the second.
fn share(value: f32, [from, to]: [f32; 2]) -> f32 {
    (value - from) / (to - from)
}

/// Between 0 and 1; 0 for what is no number, as of points that all lie in one place.
fn unit(value: f32) -> f32 {
    if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) }
}

fn difference(a: [f32; 3], b: [f32; 3]) -> [f32; 3] {
    std::array::from_fn(|axis| a[axis] - b[axis])
}

fn dot(a: [f32; 3], b: [f32; 3]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn length(a: [f32; 3]) -> f32 {
    dot(a, a).sqrt()
}
