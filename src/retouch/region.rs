//! Where a face lies in the frame: its axes, and the rectangle of pixels that retouching it can change.

use crate::face::topology::{
    CHIN, FOREHEAD, LEFT_CHEEK, LEFT_EYE, LEFT_EYE_OUTER, RIGHT_CHEEK, RIGHT_EYE, RIGHT_EYE_OUTER,
};

/// Pixels of a side of the tiles that passes over pixels visit.
pub(crate) const TILE: u32 = 16;

/// A rectangle of whole pixels inside the frame.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Rect {
    pub(crate) x: u32,
    pub(crate) y: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

impl Rect {
    /// The part from one node of a lattice to another, where the lattice has `side` steps over either side of this.
    pub(crate) fn part(&self, from: [usize; 2], to: [usize; 2], side: usize) -> Self {
        let at = |length: u32, step: usize| u64::from(length) * step.min(side) as u64;
        let begin = |length: u32, step: usize| (at(length, step) / side as u64) as u32;
        let end = |length: u32, step: usize| at(length, step).div_ceil(side as u64) as u32;
        let (x, y) = (begin(self.width, from[0]), begin(self.height, from[1]));
        Self {
            x: self.x + x,
            y: self.y + y,
            width: end(self.width, to[0]).saturating_sub(x),
            height: end(self.height, to[1]).saturating_sub(y),
        }
    }

    /// The smallest rectangle around both; an empty one counts for nothing.
    pub(crate) fn around(&self, other: &Self) -> Self {
        if self.width == 0 || other.width == 0 {
            return if self.width == 0 { *other } else { *self };
        }
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        Self {
            x,
            y,
            width: (self.x + self.width).max(other.x + other.width) - x,
            height: (self.y + self.height).max(other.y + other.height) - y,
        }
    }

    /// x, y, width, height: as shaders take a rectangle that pixels are placed in.
    pub(crate) fn origin_and_size(&self) -> [u32; 4] {
        [self.x, self.y, self.width, self.height]
    }

    /// Left, top, right, bottom: as shaders take a part that pixels are tested against.
    pub(crate) fn corners(&self) -> [u32; 4] {
        [self.x, self.y, self.x + self.width, self.y + self.height]
    }

    /// Whether the two share a pixel.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        self.x < other.x + other.width
            && other.x < self.x + self.width
            && self.y < other.y + other.height
            && other.y < self.y + self.height
    }
}

/// A face's own axes in the picture.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Axes {
    /// Middle between the eyes, in pixels.
    pub(crate) eyes: [f32; 2],
    /// Unit vector from the eyes toward the chin.
    pub(crate) down: [f32; 2],
    /// Unit vector toward the person's left, which is to the right in an unmirrored picture.
    pub(crate) left: [f32; 2],
    /// From the eyes to the chin, in pixels.
    pub(crate) length: f32,
    /// The head's width from cheek to cheek in space, in pixels: the same however the head turns.
    pub(crate) width: f32,
}

/// The point of that number, or the origin where a face has fewer.
pub(crate) fn at(points: &[[f32; 3]], index: u16) -> [f32; 2] {
    points.get(usize::from(index)).map_or([0.0; 2], |p| [p[0], p[1]])
}

fn mean(points: &[[f32; 3]], indices: &[u16]) -> [f32; 2] {
    let sum = indices.iter().map(|&i| at(points, i)).fold([0.0; 2], |s, p| [s[0] + p[0], s[1] + p[1]]);
    let n = indices.len().max(1) as f32;
    [sum[0] / n, sum[1] / n]
}

pub(crate) fn minus(a: [f32; 2], b: [f32; 2]) -> [f32; 2] {
    [a[0] - b[0], a[1] - b[1]]
}

pub(crate) fn dot(a: [f32; 2], b: [f32; 2]) -> f32 {
    a[0] * b[0] + a[1] * b[1]
}

pub(crate) fn cross(a: [f32; 2], b: [f32; 2]) -> f32 {
    a[0] * b[1] - a[1] * b[0]
}

impl Axes {
    /// The axes of a face, or `None` where its points have collapsed.
    pub(crate) fn of(points: &[[f32; 3]]) -> Option<Self> {
        let (right_eye, left_eye) = (mean(points, &RIGHT_EYE), mean(points, &LEFT_EYE));
        let eyes = [(right_eye[0] + left_eye[0]) / 2.0, (right_eye[1] + left_eye[1]) / 2.0];
        let toward_chin = minus(at(points, CHIN), eyes);
        let length = dot(toward_chin, toward_chin).sqrt();
        let (r, l) = (points.get(usize::from(RIGHT_CHEEK))?, points.get(usize::from(LEFT_CHEEK))?);
        let across = [l[0] - r[0], l[1] - r[1], l[2] - r[2]];
        let width = across.iter().map(|d| d * d).sum::<f32>().sqrt();
        let height = minus(at(points, CHIN), at(points, FOREHEAD));
        // A face seen from far above or below: its height says less than its width, and the other way round.
        let width = width.max(0.6 * dot(height, height).sqrt());
        if !(length > 0.1 * width && width > 0.0) {
            return None;
        }
        let down = [toward_chin[0] / length, toward_chin[1] / length];
        // Perpendicular to `down`, on the side of the person's left cheek.
        let mut left = [down[1], -down[0]];
        let side = minus(at(points, LEFT_EYE_OUTER), at(points, RIGHT_EYE_OUTER));
        if dot(left, side) < 0.0 {
            left = [-left[0], -left[1]];
        }
        Some(Self { eyes, down, left, length, width })
    }

    /// A place in the face's own axes, from between the eyes: along `left` and along `down`, in units of the head's width.
    pub(crate) fn in_widths(&self, p: [f32; 2]) -> [f32; 2] {
        let off = minus(p, self.eyes);
        [dot(off, self.left) / self.width, dot(off, self.down) / self.width]
    }

    /// The place in the picture of a place in the face's own axes.
    pub(crate) fn place(&self, [u, v]: [f32; 2]) -> [f32; 2] {
        std::array::from_fn(|axis| self.eyes[axis] + self.width * (u * self.left[axis] + v * self.down[axis]))
    }
}

/// The whole pixels between two corners that lie in the frame.
pub(crate) fn clipped(from: [f32; 2], to: [f32; 2], (width, height): (u32, u32)) -> Option<Rect> {
    let clip = |from: f32, to: f32, limit: u32| {
        let from = from.floor().clamp(0.0, limit as f32) as u32;
        let to = to.ceil().clamp(0.0, limit as f32) as u32;
        (to > from).then_some((from, to - from))
    };
    let (x, width) = clip(from[0], to[0], width)?;
    let (y, height) = clip(from[1], to[1], height)?;
    Some(Rect { x, y, width, height })
}
