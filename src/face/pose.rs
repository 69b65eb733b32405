//! Where the head points.

use super::bounds::point;

/// How a head is turned, in degrees. All 0 for a face that looks straight into the camera.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Pose {
    /// Turned toward the person's own left (positive) or right, −180..=180.
    pub yaw: f32,
    /// Raised (positive) or lowered, −90..=90.
    pub pitch: f32,
    /// Tilted clockwise in the picture as it lies (positive) or counter-clockwise, −180..=180.
    pub roll: f32,
}

/// The mean of faces that look straight into the camera, at points that stay in their places while one talks: a point of the
/// person's right half, its mirror image in the left half (the same point on the midline), and the latter's place. x to
/// the left half, y down, z away from the camera; the unit is the distance between the eyes' outer corners. Made by
/// `models/neutral.py`.
pub(crate) const NEUTRAL: [(u16, u16, [f32; 3]); 32] = [
    (10, 10, [0.0, -0.6505, -0.1159]),
    (151, 151, [0.0, -0.4749, -0.1708]),
    (9, 9, [0.0, -0.2826, -0.2165]),
    (8, 8, [0.0, -0.1884, -0.2116]),
    (168, 168, [0.0, -0.1071, -0.2139]),
    (6, 6, [0.0, -0.0253, -0.2696]),
    (197, 197, [0.0, 0.0500, -0.3300]),
    (195, 195, [0.0, 0.1193, -0.3949]),
    (5, 5, [0.0, 0.1932, -0.4624]),
    (4, 4, [0.0, 0.2849, -0.4984]),
    (1, 1, [0.0, 0.3588, -0.4820]),
    (33, 263, [0.5000, -0.0473, 0.0307]),
    (133, 362, [0.2033, -0.0360, -0.0326]),
    (127, 356, [0.7891, 0.0288, 0.5741]),
    (234, 454, [0.7843, 0.1966, 0.6094]),
    (93, 323, [0.7761, 0.3646, 0.5995]),
    (54, 284, [0.6621, -0.4296, 0.2282]),
    (103, 332, [0.5483, -0.5373, 0.0963]),
    (67, 297, [0.3831, -0.6096, -0.0232]),
    (21, 251, [0.7367, -0.2954, 0.3527]),
    (162, 389, [0.7756, -0.1501, 0.4785]),
    (116, 345, [0.7096, 0.1421, 0.1612]),
    (117, 346, [0.5853, 0.1247, 0.0244]),
    (118, 347, [0.4990, 0.1452, -0.0408]),
    (50, 280, [0.5514, 0.2959, -0.0569]),
    (101, 330, [0.3857, 0.2115, -0.1105]),
    (36, 266, [0.3447, 0.3034, -0.1481]),
    (129, 358, [0.2435, 0.3359, -0.1738]),
    (48, 278, [0.2188, 0.3368, -0.3019]),
    (193, 417, [0.0870, -0.0972, -0.1671]),
    (122, 351, [0.0636, -0.0071, -0.2440]),
    (114, 343, [0.1543, 0.0854, -0.1731]),
];

impl Pose {
    /// The pose of a mesh: the rotation that lays the neutral face onto it with the least squared error (Kabsch, "A solution
    /// for the best rotation to relate two sets of vectors", 1976), as angles: first yaw, then pitch, then roll.
    #[must_use]
    pub(crate) fn of(points: &[[f32; 3]]) -> Self {
        let at = |index: u16| point(points, index);
        let pairs =
            || NEUTRAL.iter().flat_map(|&(right, left, [x, y, z])| [(at(right), [-x, y, z]), (at(left), [x, y, z])]);
        let count = 2.0 * NEUTRAL.len() as f32;
        let mut centres = [[0.0_f32; 3]; 2];
        for (point, model) in pairs() {
            for axis in 0..3 {
                centres[0][axis] += point[axis] / count;
                centres[1][axis] += model[axis] / count;
            }
        }
        // Covariance of the mesh (rows) with the neutral face (columns).
        let mut covariance = [[0.0_f32; 3]; 3];
        for (point, model) in pairs() {
            for (row, values) in covariance.iter_mut().enumerate() {
                for (column, value) in values.iter_mut().enumerate() {
                    *value += (point[row] - centres[0][row]) * (model[column] - centres[1][column]);
                }
            }
        }
        // A mirrored face is turned as its mirror image is, save that it leans to the other side.
        let mirrored = determinant(covariance) < 0.0;
        if mirrored {
            covariance[0] = covariance[0].map(|value| -value);
        }
        let turn = rotation_near(covariance);
        let [x, y, z] = [0, 1, 2].map(|axis| turn.map(|row| row[axis]));
        let pitch = (-y[2]).clamp(-1.0, 1.0).asin();
        let (yaw, roll) = (x[2].atan2(z[2]), (-y[0]).atan2(y[1]));
        let roll = if mirrored { -roll } else { roll };
        Self { yaw: yaw.to_degrees(), pitch: pitch.to_degrees(), roll: roll.to_degrees() }
    }

    /// Degrees between where the face looks and the camera, 0..=180.
    #[must_use]
    pub fn away(&self) -> f32 {
        (self.yaw.to_radians().cos() * self.pitch.to_radians().cos()).clamp(-1.0, 1.0).acos().to_degrees()
    }
}

fn cross(a: [f32; 3], b: [f32; 3]) -> [f32; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

pub(crate) fn determinant([a, b, c]: [[f32; 3]; 3]) -> f32 {
    a.iter().zip(cross(b, c)).map(|(x, y)| x * y).sum()
}

/// The rotation that is nearest to a matrix: its orthogonal polar factor, by Newton's iteration (Higham, "Computing the polar
/// decomposition", 1986). No turn at all where the matrix is not near any, as that of points that all lie in one place.
pub(crate) fn rotation_near(matrix: [[f32; 3]; 3]) -> [[f32; 3]; 3] {
    const NONE: [[f32; 3]; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    let size = matrix.as_flattened().iter().map(|x| x * x).sum::<f32>().sqrt();
    let mut turn = matrix.map(|row| row.map(|x| x / size));
    for _ in 0..20 {
        let [a, b, c] = turn;
        let cofactors = [cross(b, c), cross(c, a), cross(a, b)];
        let determinant = determinant(turn);
        if determinant.is_nan() || determinant < 1e-9 {
            return NONE;
        }
        for (row, cofactors) in turn.iter_mut().zip(cofactors) {
            for (x, cofactor) in row.iter_mut().zip(cofactors) {
                *x = (*x + cofactor / determinant) / 2.0;
            }
        }
    }
    turn
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The neutral face turned by yaw, pitch and roll, seen from the front.
    fn head(yaw: f32, pitch: f32, roll: f32) -> Vec<[f32; 3]> {
        let mut points = vec![[0.0; 3]; 468];
        for (right, left, [x, y, z]) in NEUTRAL {
            points[usize::from(right)] = [-x, y, z];
            points[usize::from(left)] = [x, y, z];
        }
        for point in &mut points {
            let [x, y, z] = *point;
            let (s, c) = yaw.to_radians().sin_cos();
            // About the vertical axis: the left cheek goes away from the camera.
            let [x, y, z] = [x * c - z * s, y, x * s + z * c];
            let (s, c) = pitch.to_radians().sin_cos();
            // About the horizontal axis: the chin comes toward the camera.
            let [x, y, z] = [x, y * c + z * s, -y * s + z * c];
            let (s, c) = roll.to_radians().sin_cos();
            *point = [x * c - y * s, x * s + y * c, z].map(|x| 80.0 * x + 300.0);
        }
        points
    }

    #[test]
    fn known_turns_are_read_back() {
        for yaw in [-45.0_f32, -20.0, 0.0, 10.0, 45.0] {
            for pitch in [-45.0_f32, -15.0, 0.0, 30.0] {
                for roll in [-90.0_f32, -45.0, 0.0, 5.0, 45.0] {
                    let pose = Pose::of(&head(yaw, pitch, roll));
                    let off = [pose.yaw - yaw, pose.pitch - pitch, pose.roll - roll].map(f32::abs);
                    assert!(off.iter().all(|&off| off < 0.1), "{yaw} {pitch} {roll}: {pose:?}");
                }
            }
        }
        assert!((Pose::of(&head(30.0, 0.0, 70.0)).away() - 30.0).abs() < 0.1);
        // In a mirror it still is the person's own left, but the other side of the picture.
        let mut mirrored = head(30.0, 10.0, 20.0);
        mirrored.iter_mut().for_each(|point| point[0] = 600.0 - point[0]);
        let pose = Pose::of(&mirrored);
        let off = [pose.yaw - 30.0, pose.pitch - 10.0, pose.roll + 20.0].map(f32::abs);
        assert!(off.iter().all(|&off| off < 0.1), "{pose:?}");
    }

    /// Points that are off by up to a twentieth of the distance between the eyes, in the picture, cost less than
    /// three degrees.
    #[test]
    fn errors_of_the_mesh_cost_little() {
        for (yaw, pitch) in [(-45.0, 0.0), (0.0, -45.0), (30.0, 20.0), (45.0, 0.0)] {
            let mut points = head(yaw, pitch, 0.0);
            for (index, point) in points.iter_mut().enumerate() {
                let noise = [(index * 7919) % 17, (index * 104_729) % 13].map(|x| x as f32 / 8.0 - 1.0);
                *point = [point[0] + 4.0 * noise[0], point[1] + 4.0 * noise[1], point[2]];
            }
            let pose = Pose::of(&points);
            assert!((pose.yaw - yaw).abs() < 3.0 && (pose.pitch - pitch).abs() < 3.0, "{yaw} {pitch}: {pose:?}");
        }
    }

    #[test]
    fn points_that_are_no_face_have_no_turn() {
        for points in [vec![], vec![[5.0; 3]; 468], vec![[f32::NAN; 3]; 478]] {
            let pose = Pose::of(&points);
            assert_eq!([pose.yaw, pose.pitch, pose.roll].map(f32::abs), [0.0; 3], "{pose:?}");
        }
    }
}
