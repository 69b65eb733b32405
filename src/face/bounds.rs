//! What a face's points say about where it is: its box, and the region to look for it in next.

use super::crop::Region;
use super::topology::{FACE_OVAL, LEFT_EYE_OUTER, RIGHT_EYE_OUTER};

/// How much larger than the points' box the next region is.
pub(crate) const MARGIN: f32 = 1.5;

/// Two faces that share more than this of their boxes are one; so are two of which one shares more than the second of its own.
const SAME: f32 = 0.4;
const INSIDE: f32 = 0.7;

/// One of a mesh's points; the origin where the mesh lacks it.
pub(crate) fn point(points: &[[f32; 3]], index: u16) -> [f32; 3] {
    points.get(usize::from(index)).copied().unwrap_or_default()
}

/// An upright box, in pixels of the frame.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Bounds {
    pub(crate) centre: [f32; 2],
    pub(crate) size: [f32; 2],
}

impl Bounds {
    /// The box around all points.
    pub(crate) fn of(points: &[[f32; 3]]) -> Self {
        Self::around(points.iter().map(|&[x, y, _]| [x, y]))
    }

    fn around(points: impl Iterator<Item = [f32; 2]>) -> Self {
        let (mut low, mut high) = ([f32::INFINITY; 2], [f32::NEG_INFINITY; 2]);
        for point in points {
            for axis in 0..2 {
                low[axis] = low[axis].min(point[axis]);
                high[axis] = high[axis].max(point[axis]);
            }
        }
        Self {
            centre: std::array::from_fn(|axis| (low[axis] + high[axis]) / 2.0),
            size: std::array::from_fn(|axis| high[axis] - low[axis]),
        }
    }

    /// The area that both share.
    fn shared(&self, other: &Self) -> f32 {
        let end = |bounds: &Self, axis: usize, sign: f32| bounds.centre[axis] + sign * bounds.size[axis] / 2.0;
        let side = |axis| {
            let last = end(self, axis, 1.0).min(end(other, axis, 1.0));
            (last - end(self, axis, -1.0).max(end(other, axis, -1.0))).max(0.0)
        };
        side(0) * side(1)
    }

    fn area(&self) -> f32 {
        self.size[0] * self.size[1]
    }

    /// Intersection over union.
    pub(crate) fn overlap(&self, other: &Self) -> f32 {
        let shared = self.shared(other);
        let all = self.area() + other.area() - shared;
        if all > 0.0 { shared / all } else { 0.0 }
    }

    /// Whether these are one face's: they overlap well, or one lies in the other.
    pub(crate) fn is_same_face(&self, other: &Self) -> bool {
        self.overlap(other) > SAME || self.shared(other) > INSIDE * self.area().min(other.area())
    }

    /// Distance between the centres.
    pub(crate) fn distance(&self, other: &Self) -> f32 {
        (self.centre[0] - other.centre[0]).hypot(self.centre[1] - other.centre[1])
    }

    /// The larger of width and height.
    pub(crate) fn longer_side(&self) -> f32 {
        self.size[0].max(self.size[1])
    }

    /// Mean of width and height.
    pub(crate) fn mean_size(&self) -> f32 {
        (self.size[0] + self.size[1]) / 2.0
    }
}

/// The region to look for a face in next: around the upright box of its points, turned by the line of its eyes' outer
/// corners. `mirrored` as of the region that the points were found in.
pub(crate) fn region(points: &[[f32; 3]], mirrored: bool) -> Region {
    let (right, left) = (point(points, RIGHT_EYE_OUTER), point(points, LEFT_EYE_OUTER));
    let bounds = Bounds::of(points);
    let roll = (left[1] - right[1]).atan2(left[0] - right[0]);
    Region { centre: bounds.centre, side: MARGIN * bounds.longer_side(), roll, mirrored }
}

/// The share of a face's outline that lies in the frame, 0..=1.
pub(crate) fn share_inside(points: &[[f32; 3]], [width, height]: [u32; 2]) -> f32 {
    let inside = FACE_OVAL
        .iter()
        .filter_map(|&index| points.get(usize::from(index)))
        .filter(|p| p[0] >= 0.0 && p[1] >= 0.0 && p[0] <= width as f32 && p[1] <= height as f32)
        .count();
    inside as f32 / FACE_OVAL.len() as f32
}
