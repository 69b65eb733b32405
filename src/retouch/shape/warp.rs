//! Where a face's shape moves the picture, for hosts that draw over it.

use super::ShapePlan;
use crate::retouch::region::{Rect, dot, minus};
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
#[derive(Debug, Clone)]
pub struct Warp {
    rect: Rect,
    plan: ShapePlan,
}

impl Warp {
    /// The warp of `face` in a frame of `width` × `height` pixels: what [`Look::shape`] does to it, at the strength of its
    /// visibility.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`](crate::Error::OutOfRange) for a look that is not valid,
    /// [`Error::BadLandmarks`](crate::Error::BadLandmarks) for a face that is not.
    pub fn new(face: &Face, width: u32, height: u32, look: &Look) -> Result<Self> {
        look.check()?;
        retouch::check(0, face)?;
        let mut warp = Self { rect: Rect::default(), plan: ShapePlan::default() };
        if let Some(geometry) = FaceGeometry::of(face, (width, height)) {
            warp.rect = geometry.rect;
            warp.plan.update(&geometry, &look.shape);
        }
        Ok(warp)
    }

    /// The displacement at a place of the retouched picture, both in pixels, x and y: what is seen there was at the place
    /// plus this. Zero wherever nothing moves.
    #[must_use]
    pub fn displacement(&self, place: [f32; 2]) -> [f32; 2] {
        self.plan.field.at(place, self.rect)
    }

    /// Where the retouched picture shows what was at `place`: what a host draws over the face moves along. The inverse of
    /// `p + displacement(p)`, to a hundredth of a pixel.
    #[must_use]
    pub fn moved(&self, place: [f32; 2]) -> [f32; 2] {
        // Where the field is gentle (it falls by less than 1 a pixel) this comes closer with each step.
        let mut to = place;
        for _ in 0..STEPS {
            let [x, y] = self.displacement(to);
            let next = [place[0] - x, place[1] - y];
            let step = minus(next, to);
            to = next;
            if dot(step, step) < 1e-6 {
                break;
            }
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
        let slim = |slim| Look { shape: Shape { slim }, ..Look::NONE };
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
    }
}
