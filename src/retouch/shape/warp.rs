//! Where a face's shape moves the picture, for hosts that draw over it.

use super::{ShapePlan, ShapeSolver};
use crate::retouch::outline::Others;
use crate::retouch::region::dot;
use crate::retouch::{self, FaceGeometry};
use crate::{Face, Look, Result};

/// Most steps of [`Warp::moved`].
const STEPS: usize = 40;

/// How a look moves the picture around a face: for hosts that draw over it (glasses, stickers, landmarks), and to look at.
///
/// ```
/// # fn show(face: &glowup::Face, width: u32, height: u32) -> glowup::Result<()> {
/// let warp = glowup::Warp::new(face, width, height, &glowup::Look::GLAM)?;
/// // The retouched picture shows at (120, 80) what was at (120, 80) + displacement.
/// let displacement = warp.displacement([120.0, 80.0]);
/// # Ok(())
/// # }
/// ```
///
/// It is that of one frame. On a face a video's session draws the same; beside it, where the last frames count too, within a few
/// tenths of a pixel.
#[derive(Debug, Clone)]
pub struct Warp {
    plan: ShapePlan,
}

impl Warp {
    /// The warp of `face` alone in a frame of `width` × `height` pixels: what [`Look::shape`] does to it, at the strength of its
    /// visibility.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) for a look that is not valid,
    /// [`Error::BadLandmarks`](crate::Error::BadLandmarks) for a face that is not.
    pub fn new(face: &Face, width: u32, height: u32, look: &Look) -> Result<Self> {
        look.check()?;
        retouch::check(0, face)?;
        Ok(Self::of(face, (width, height), look, Others::NONE, &mut ShapeSolver::default()))
    }

    /// The warps of all faces of a frame of `width` × `height` pixels, in their order: as [`Warp::new`], but that each keeps away from
    /// the others, as it does when they are retouched together.
    ///
    /// # Errors
    ///
    /// As [`Warp::new`].
    pub fn all(faces: &[Face], width: u32, height: u32, look: &Look) -> Result<Vec<Self>> {
        look.check()?;
        faces.iter().enumerate().try_for_each(|(index, face)| retouch::check(index, face))?;
        let mut solver = ShapeSolver::default();
        let warp = |(own, face)| Self::of(face, (width, height), look, Others { faces, own: Some(own) }, &mut solver);
        Ok(faces.iter().enumerate().map(warp).collect())
    }

    fn of(face: &Face, size: (u32, u32), look: &Look, others: Others<'_>, solver: &mut ShapeSolver) -> Self {
        let mut plan = ShapePlan::default();
        if let Some(geometry) = FaceGeometry::of(face, size) {
            plan.update(&geometry, &look.shape, others, solver, 0);
        }
        Self { plan }
    }

    /// The displacement at a place of the retouched picture, both in pixels, x and y: what is seen there was at the place
    /// plus this. Zero wherever nothing moves.
    #[must_use]
    pub fn displacement(&self, place: [f32; 2]) -> [f32; 2] {
        self.plan.field.at(place, self.plan.rect)
    }

    /// The derivatives of `p + displacement(p)` at a place of the retouched picture: row by row those of x and of y, by x and by y.
    /// Their determinant is the area that a pixel comes from, at least 0.35; where nothing moves they are 1, 0 and 0, 1.
    #[must_use]
    pub fn jacobian(&self, place: [f32; 2]) -> [[f32; 2]; 2] {
        let [by_x, by_y] = self.plan.field.slopes(place, self.plan.rect);
        [[1.0 + by_x[0], by_y[0]], [by_x[1], 1.0 + by_y[1]]]
    }

    /// Where the retouched picture shows what was at `place`: what a host draws over the face moves along. The inverse of
    /// `p + displacement(p)`, to a hundredth of a pixel.
    #[must_use]
    pub fn moved(&self, place: [f32; 2]) -> [f32; 2] {
        let off = |to: [f32; 2]| {
            let by = self.displacement(to);
            [to[0] + by[0] - place[0], to[1] + by[1] - place[1]]
        };
        let mut to = place;
        let mut error = off(to);
        for _ in 0..STEPS {
            if dot(error, error) < 1e-6 {
                break;
            }
            // Newton's step; half of it, and half of that, where it leads astray.
            let [[a, b], [c, d]] = self.jacobian(to);
            let area = (a * d - b * c).max(0.1);
            let step = [(d * error[0] - b * error[1]) / area, (a * error[1] - c * error[0]) / area];
            let mut share = 1.0;
            let closer = loop {
                let next = [to[0] - share * step[0], to[1] - share * step[1]];
                let left = off(next);
                if dot(left, left) < dot(error, error) {
                    break Some((next, left));
                }
                share /= 2.0;
                if share < 1e-3 {
                    break None;
                }
            };
            let Some(closer) = closer else { break };
            (to, error) = closer;
        }
        to
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FaceTracker, Frame, Shape, TrackerOptions};

    #[test]
    fn what_a_host_draws_moves_with_the_face() {
        let picture = image::open(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/astronaut.png")).unwrap().into_rgba8();
        let (width, height) = picture.dimensions();
        let frame = Frame::rgba8(&picture, width, height).unwrap();
        let faces = FaceTracker::new(TrackerOptions::default()).unwrap().detect(&frame).unwrap();
        let slim = |slim| Look { shape: Shape { slim, ..Shape::NONE }, ..Look::NONE };
        let warp = Warp::new(&faces[0], width, height, &slim(1.0)).unwrap();
        let mut farthest = 0.0_f32;
        for point in &faces[0].points {
            let to = warp.moved([point[0], point[1]]);
            let [x, y] = warp.displacement(to);
            assert!((to[0] + x - point[0]).hypot(to[1] + y - point[1]) < 0.01, "{point:?}");
            farthest = farthest.max((to[0] - point[0]).hypot(to[1] - point[1]));
        }
        assert!(farthest > 2.0, "the jaw moves");
        assert_eq!(warp.displacement([2.0, 2.0]), [0.0; 2]);
        assert_eq!(warp.displacement([f32::NAN, 1e30]), [0.0; 2]);
        assert_eq!(Warp::new(&faces[0], width, height, &slim(0.0)).unwrap().moved([5.0, 6.0]), [5.0, 6.0]);
        assert!(Warp::new(&faces[0], width, height, &slim(f32::NAN)).is_err());
        let mut largest = 0.0_f32;
        for point in &faces[0].points {
            const STEP: f32 = 0.02;
            let [x, y] = [point[0], point[1]];
            let jacobian = warp.jacobian([x, y]);
            let source = |x: f32, y: f32| {
                let by = warp.displacement([x, y]);
                [x + by[0], y + by[1]]
            };
            let by_x = [source(x - STEP, y), source(x + STEP, y)];
            let by_y = [source(x, y - STEP), source(x, y + STEP)];
            let off = (0..2).map(|row| {
                let slope = |pair: [[f32; 2]; 2]| (pair[1][row] - pair[0][row]) / (2.0 * STEP);
                (slope(by_x) - jacobian[row][0]).abs().max((slope(by_y) - jacobian[row][1]).abs())
            });
            // At a line between two cells it is that of one of them.
            largest = largest.max(off.fold(0.0, f32::max));
        }
        assert!(largest < 0.1, "{largest}");
        assert_eq!(warp.jacobian([2.0, 2.0]), [[1.0, 0.0], [0.0, 1.0]]);
    }
}
