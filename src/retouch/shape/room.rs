//! How much room a face's points have to move: less toward the frame's border, and toward other faces.

use super::canonical::{CANONICAL, VERTICES};
use crate::face::topology::FACE_OVAL;
use crate::retouch::FaceGeometry;
use crate::retouch::outline::{Others, Oval, box_of, distance_outside, smoothstep};
use crate::retouch::region::at;

/// Over this distance from the frame's border movements set in, in units of the face's width ...
const BORDER: f32 = 0.18;
/// ... and over this distance from another face.
const NEIGHBOUR: f32 = 0.30;
/// Between these shares of the outline with room within the frame, movements of the outline set in: half a face is left alone.
const SEEN: [f32; 2] = [0.45, 0.85];

/// The share of a movement that there is room for, 0..=1, point by point.
pub(super) struct Room {
    share: [f32; VERTICES],
    /// The share of the outline that has room within the frame.
    pub(super) seen: f32,
}

impl Room {
    pub(super) fn of(face: &FaceGeometry<'_>, own: &Oval, others: Others<'_>) -> Self {
        let (width, height) = (face.frame.0 as f32, face.frame.1 as f32);
        let unit = face.axes.width;
        let mut border = [1.0; VERTICES];
        for (share, p) in border.iter_mut().zip(face.points) {
            let inside = p[0].min(p[1]).min(width - p[0]).min(height - p[1]);
            *share = smoothstep(0.0, BORDER, inside / unit);
        }
        let sum: f32 = FACE_OVAL.iter().filter_map(|&index| border.get(usize::from(index))).sum();
        let seen = smoothstep(SEEN[0], SEEN[1], sum / FACE_OVAL.len() as f32);
        // What one half of the face has no room for the other does not do either.
        let mut share: [f32; VERTICES] = std::array::from_fn(|index| {
            let mirror = CANONICAL.mirror.get(index).copied().unwrap_or_default();
            border[index].min(border.get(usize::from(mirror)).copied().unwrap_or_default())
        });
        let reach = NEIGHBOUR * unit;
        for (other, outline) in others.near(own, reach) {
            let there = other.visibility.clamp(0.0, 1.0);
            let [low, high] = box_of(&outline);
            for (share, p) in share.iter_mut().zip(face.points) {
                // Most points of a face are far from its neighbours.
                if (0..2).any(|axis| p[axis] < low[axis] - reach || p[axis] > high[axis] + reach) {
                    continue;
                }
                let apart = smoothstep(0.0, NEIGHBOUR, distance_outside(&outline, [p[0], p[1]]) / unit);
                *share = share.min(1.0 - there * (1.0 - apart));
            }
        }
        Self { share, seen }
    }

    pub(super) fn at(&self, vertex: usize) -> f32 {
        self.share.get(vertex).copied().unwrap_or_default()
    }

    /// For what moves as a whole: the least of some points.
    pub(super) fn least(&self, points: &[u16]) -> f32 {
        points.iter().map(|&index| self.at(usize::from(index))).fold(1.0, f32::min)
    }
}

/// The weight of every column or row of a lattice: 0 at the frame's border, 1 from a little inside it on.
pub(super) fn fade(place: f32, limit: f32, unit: f32) -> f32 {
    const WITHIN: f32 = 0.10;
    smoothstep(0.0, WITHIN, place.min(limit - place) / unit)
}

/// How sure it is that a part is seen, made a share of its movements.
pub(super) fn shown(confidence: f32) -> f32 {
    smoothstep(0.2, 0.7, confidence)
}

/// The places of a face's points in the picture.
pub(super) fn places(points: &[[f32; 3]]) -> [[f32; 2]; VERTICES] {
    std::array::from_fn(|index| at(points, index as u16))
}
