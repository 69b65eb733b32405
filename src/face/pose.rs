//! Where the head points.

use super::topology::{CHIN, FOREHEAD, LEFT_CHEEK, RIGHT_CHEEK};

/// How a head is turned, in degrees. All 0 for a face that looks straight into the camera.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Pose {
    /// Turned toward the person's own left (positive) or right, −180..=180.
    pub yaw: f32,
    /// Raised (positive) or lowered, −90..=90.
    pub pitch: f32,
    /// Tilted clockwise in the picture (positive) or counter-clockwise, −180..=180.
    pub roll: f32,
}

impl Pose {
    /// The pose of a mesh: the axes from cheek to cheek and from the forehead to the chin, made perpendicular, and the
    /// angles of the rotation that they are (first yaw, then pitch, then roll).
    #[must_use]
    pub(crate) fn of(points: &[[f32; 3]]) -> Self {
        let at = |index: u16| points.get(usize::from(index)).copied().unwrap_or_default();
        let between = |from: u16, to: u16| {
            let (a, b) = (at(from), at(to));
            [b[0] - a[0], b[1] - a[1], b[2] - a[2]]
        };
        let dot = |a: [f32; 3], b: [f32; 3]| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
        let unit = |v: [f32; 3]| {
            let length = dot(v, v).sqrt().max(1e-6);
            v.map(|x| x / length)
        };
        let x = unit(between(RIGHT_CHEEK, LEFT_CHEEK));
        let down = between(FOREHEAD, CHIN);
        let along = dot(down, x);
        let y = unit(std::array::from_fn(|axis| down[axis] - along * x[axis]));
        // The third axis points out of the back of the head.
        let z = [x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]];
        let pitch = z[1].clamp(-1.0, 1.0).asin();
        Self { yaw: (-z[0]).atan2(z[2]).to_degrees(), pitch: pitch.to_degrees(), roll: x[1].atan2(y[1]).to_degrees() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A head of which only the four points that matter are there, turned by yaw, pitch and roll.
    fn head(yaw: f32, pitch: f32, roll: f32) -> Vec<[f32; 3]> {
        let mut points = vec![[0.0; 3]; 468];
        let corners = [
            (RIGHT_CHEEK, [-1.0, 0.0, 0.0]),
            (LEFT_CHEEK, [1.0, 0.0, 0.0]),
            (FOREHEAD, [0.0, -1.2, 0.0]),
            (CHIN, [0.0, 1.2, 0.0]),
        ];
        for (index, [x, y, z]) in corners {
            let (s, c) = yaw.to_radians().sin_cos();
            // About the vertical axis: the left cheek goes away from the camera.
            let [x, y, z] = [x * c - z * s, y, x * s + z * c];
            let (s, c) = pitch.to_radians().sin_cos();
            // About the horizontal axis: the chin comes toward the camera.
            let [x, y, z] = [x, y * c + z * s, -y * s + z * c];
            let (s, c) = roll.to_radians().sin_cos();
            points[usize::from(index)] = [x * c - y * s, x * s + y * c, z];
        }
        points
    }

    #[test]
    fn known_turns_are_read_back() {
        for angle in [-45.0, -20.0, 0.0, 10.0, 45.0] {
            for (yaw, pitch, roll) in [(angle, 0.0, 0.0), (0.0, angle, 0.0), (0.0, 0.0, angle)] {
                let pose = Pose::of(&head(yaw, pitch, roll));
                assert!((pose.yaw - yaw).abs() < 0.1, "yaw {yaw}: {pose:?}");
                assert!((pose.pitch - pitch).abs() < 0.1, "pitch {pitch}: {pose:?}");
                assert!((pose.roll - roll).abs() < 0.1, "roll {roll}: {pose:?}");
            }
        }
    }
}
