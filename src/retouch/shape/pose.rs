//! How a face's head stands: how canonical centimetres become pixels.

use super::canonical::CANONICAL;
use super::memory::Anchor;
use crate::face::pose::{NEUTRAL, determinant, rotation_near};
use crate::face::topology::{CHIN, FOREHEAD, LEFT_CHEEK, RIGHT_CHEEK};

/// Width from cheek to cheek and height from forehead to chin of the canonical face, in centimetres.
const WIDTH: f32 = 15.32;
const HEIGHT: f32 = 17.67;
/// How far a face may be wider or longer than the canonical one.
const PROPORTIONS: [f32; 2] = [0.85, 1.18];

/// The rotation and the scales that lay the canonical face onto one in a picture.
#[derive(Debug, Clone, Copy)]
pub(in crate::retouch) struct HeadPose {
    /// Rows: the picture's x, y and z of the canonical face's left, down and away from the camera. Its determinant is −1 for a
    /// face in a mirror.
    turn: [[f32; 3]; 3],
    /// Pixels a centimetre, along the face's width and its height.
    pub(super) scale: [f32; 2],
    /// Whether the face is seen in a mirror.
    pub(in crate::retouch) mirrored: bool,
    /// Where it lies, with its size and its roll.
    pub(super) anchor: Anchor,
    /// Root mean square of what the steady points are off, in centimetres.
    pub(super) off: f32,
}

/// The distance of two points in space, in pixels.
pub(super) fn distance(points: &[[f32; 3]], a: u16, b: u16) -> f32 {
    let at = |index: u16| points.get(usize::from(index)).copied().unwrap_or_default();
    let (a, b) = (at(a), at(b));
    (0..3).map(|axis| (a[axis] - b[axis]) * (a[axis] - b[axis])).sum::<f32>().sqrt()
}

impl HeadPose {
    /// Lays the canonical face onto the points that stay in their places while one talks, with the least squared error
    /// (Kabsch 1976; the scale as in Umeyama 1991). `None` where the points have collapsed.
    pub(in crate::retouch) fn of(points: &[[f32; 3]]) -> Option<Self> {
        let vertex = |index: u16| {
            let [x, y, z] = CANONICAL.vertices.get(usize::from(index)).copied().unwrap_or_default();
            [x, -y, -z]
        };
        let at = |index: u16| points.get(usize::from(index)).copied().unwrap_or_default();
        let pairs =
            || NEUTRAL.iter().flat_map(|&(right, left, _)| [right, left]).map(|index| (at(index), vertex(index)));
        let count = 2.0 * NEUTRAL.len() as f32;
        let mut centres = [[0.0_f32; 3]; 2];
        for (point, model) in pairs() {
            for axis in 0..3 {
                centres[0][axis] += point[axis] / count;
                centres[1][axis] += model[axis] / count;
            }
        }
        let (mut covariance, mut spread, mut size) = ([[0.0_f32; 3]; 3], [0.0_f32; 2], 0.0_f32);
        for (point, model) in pairs() {
            let point: [f32; 3] = std::array::from_fn(|axis| point[axis] - centres[0][axis]);
            let model: [f32; 3] = std::array::from_fn(|axis| model[axis] - centres[1][axis]);
            for axis in 0..3 {
                size = size.max(point[axis].abs());
                spread[0] += point[axis] * point[axis];
                spread[1] += model[axis] * model[axis];
                for column in 0..3 {
                    covariance[axis][column] += point[axis] * model[column];
                }
            }
        }
        // A mirrored face is a face once its x is turned round.
        let mirrored = determinant(covariance) < 0.0;
        if mirrored {
            covariance[0] = covariance[0].map(|value| -value);
        }
        let mut turn = rotation_near(covariance);
        let along: f32 = turn.as_flattened().iter().zip(covariance.as_flattened()).map(|(a, b)| a * b).sum();
        let scale = along / spread[1];
        if !(scale > 0.0 && scale.is_finite() && size > 0.0) {
            return None;
        }
        if mirrored {
            turn[0] = turn[0].map(|value| -value);
        }
        let [least, most] = PROPORTIONS.map(|share| share * scale);
        let across = (distance(points, RIGHT_CHEEK, LEFT_CHEEK) / WIDTH).clamp(least, most);
        let down = (distance(points, FOREHEAD, CHIN) / HEIGHT).clamp(least, most);
        let off = (spread[0] - scale * along).max(0.0) / (count * scale * scale);
        // As the face's left is seen, however far it is turned.
        let left = [turn[0][0], turn[1][0]];
        let length = scale / left[0].hypot(left[1]).max(1e-6);
        let anchor = Anchor {
            centre: [centres[0][0], centres[0][1]],
            axis: left.map(|value| value * length),
            facing: turn.map(|row| row[2]),
        };
        Some(Self { turn, scale: [across, down], mirrored, anchor, off: off.sqrt() })
    }

    /// A displacement in canonical centimetres (to the left, up), as it is seen in the picture, in pixels.
    pub(super) fn seen(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        let (x, y) = (x * self.scale[0], -y * self.scale[1]);
        [self.turn[0][0] * x + self.turn[0][1] * y, self.turn[1][0] * x + self.turn[1][1] * y]
    }

    /// How far a canonical direction points to the camera: 1 straight at it, −1 away from it.
    pub(in crate::retouch) fn facing(&self, [x, y, z]: [f32; 3]) -> f32 {
        -(self.turn[2][0] * x - self.turn[2][1] * y - self.turn[2][2] * z)
    }
}
