//! The parts of the face that the refined network looks at again: their points, and where their regions of interest lie.

use super::shapes::BranchShape;
use crate::face::net::sequence::BlockShape;
use crate::face::topology::{LEFT_IRIS, RIGHT_IRIS};

/// Side of a resampled region of interest, in pixels.
pub(crate) const ROI_SIDE: usize = 16;
/// Channels of a region, those of the map that it is cut from.
pub(crate) const CHANNELS: usize = 32;
/// How much larger than the box of its points a region is.
const MARGIN: f32 = 1.5;
/// Pixels of the network's input for each pixel of the map that regions are cut from.
const MAP_STRIDE: f32 = 4.0;
/// Points of one iris: its middle, then its right, upper, left and lower edge as the picture shows them.
const IRIS: usize = RIGHT_IRIS.len();

/// The blocks that see a whole region.
pub(crate) const ROI_BLOCKS: [BlockShape; 6] =
    [(32, 32, 1), (32, 32, 1), (32, 64, 2), (64, 64, 1), (64, 64, 1), (64, 128, 2)];
const BRANCH_BLOCKS: [BlockShape; 5] = [(128, 128, 1), (128, 128, 1), (128, 128, 2), (128, 128, 1), (128, 128, 1)];

const fn branch(name: &'static str, points: usize) -> BranchShape {
    BranchShape { name, side: ROI_SIDE / 4, blocks: &BRANCH_BLOCKS, outputs: 2 * points }
}

/// A part of the face that is looked at again.
pub(crate) struct PartShape {
    pub(crate) name: &'static str,
    /// Two of its points, its corners: the region lies along the line between them.
    corners: [usize; 2],
    pub(crate) points: BranchShape,
    pub(crate) iris: Option<BranchShape>,
    /// The points of the mesh that the branch `points` gives, in its order.
    indices: &'static [u16],
    /// The first of the points of the mesh that the branch `iris` gives.
    first_of_iris: usize,
}

/// The lips: four rings from the corners over the lower and the upper lip, from outside inward, and then outside of all.
const LIPS: [u16; 80] = [
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409, 78, 95, 88, 178, 87, 14,
    317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415, 76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306,
    184, 74, 73, 72, 11, 302, 303, 304, 408, 62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292, 183, 42, 41, 38, 12,
    268, 271, 272, 407,
];
/// An eye: its rim first (as many points as [`RIM`]), then rings around it and the brow above.
const RIGHT_EYE: [u16; 71] = [
    33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173, 130, 25, 110, 24, 23, 22, 26, 112,
    243, 247, 30, 29, 27, 28, 56, 190, 226, 31, 228, 229, 230, 231, 232, 233, 244, 113, 225, 224, 223, 222, 221, 189,
    35, 124, 46, 53, 52, 65, 143, 111, 117, 118, 119, 120, 121, 128, 245, 156, 70, 63, 105, 66, 107, 55, 193,
];
const LEFT_EYE: [u16; 71] = [
    263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398, 359, 255, 339, 254, 253, 252, 256,
    341, 463, 467, 260, 259, 257, 258, 286, 414, 446, 261, 448, 449, 450, 451, 452, 453, 464, 342, 445, 444, 443, 442,
    441, 413, 265, 353, 276, 283, 282, 295, 372, 340, 346, 347, 348, 349, 350, 357, 465, 383, 300, 293, 334, 296, 336,
    285, 417,
];
/// Points of an eye's rim, whose mean depth is the iris's.
const RIM: usize = 16;

pub(crate) const PARTS: [PartShape; 3] = [
    PartShape {
        name: "right_eye",
        corners: [33, 133],
        points: branch("right_eye.points", RIGHT_EYE.len()),
        iris: Some(branch("right_eye.iris", IRIS)),
        indices: &RIGHT_EYE,
        first_of_iris: RIGHT_IRIS[0] as usize,
    },
    PartShape {
        name: "left_eye",
        corners: [362, 263],
        points: branch("left_eye.points", LEFT_EYE.len()),
        iris: Some(branch("left_eye.iris", IRIS)),
        indices: &LEFT_EYE,
        first_of_iris: LEFT_IRIS[0] as usize,
    },
    PartShape {
        name: "lips",
        corners: [61, 291],
        points: branch("lips.points", LIPS.len()),
        iris: None,
        indices: &LIPS,
        first_of_iris: 0,
    },
];

impl PartShape {
    /// The part's region of interest in a mesh, as the matrix from its own coordinates 0..=[`ROI_SIDE`] to pixels of the map
    /// that it is cut from. Its axes lie along the corners' line and across; its sides are those of the points' box, enlarged.
    pub(crate) fn region_of_interest(&self, points: &[f32]) -> [[f32; 3]; 2] {
        let at = |index: usize| -> [f32; 2] {
            std::array::from_fn(|axis| points.get(3 * index + axis).copied().unwrap_or_default() / MAP_STRIDE)
        };
        let [from, to] = self.corners.map(at);
        let line: [f32; 2] = std::array::from_fn(|axis| to[axis] - from[axis]);
        let length = line[0].hypot(line[1]);
        let [cos, sin] = if length > 0.0 { line.map(|way| way / length) } else { [1.0, 0.0] };
        let (mut low, mut high) = ([f32::INFINITY; 2], [f32::NEG_INFINITY; 2]);
        for &index in self.indices {
            let [x, y] = at(usize::from(index));
            let turned = [x * cos + y * sin, y * cos - x * sin];
            for axis in 0..2 {
                low[axis] = low[axis].min(turned[axis]);
                high[axis] = high[axis].max(turned[axis]);
            }
        }
        let middle: [f32; 2] = std::array::from_fn(|axis| (low[axis] + high[axis]) / 2.0);
        let scale: [f32; 2] = std::array::from_fn(|axis| MARGIN * (high[axis] - low[axis]) / ROI_SIDE as f32);
        let half = ROI_SIDE as f32 / 2.0;
        let row = |along: f32, across: f32, middle: f32| {
            let (a, b) = (along * scale[0], across * scale[1]);
            [a, b, middle - half * (a + b)]
        };
        [row(cos, -sin, middle[0] * cos - middle[1] * sin), row(sin, cos, middle[0] * sin + middle[1] * cos)]
    }

    /// Writes the outputs of the part's branches into the mesh: the points' x and y, and the iris with the mean depth of the
    /// eye's rim. `matrix`: the region of interest.
    pub(crate) fn write_refined(
        &self,
        matrix: &[[f32; 3]; 2],
        refined: &[f32],
        iris: Option<&[f32]>,
        points: &mut [f32],
    ) {
        for (&index, pair) in self.indices.iter().zip(refined.as_chunks::<2>().0) {
            let at = 3 * usize::from(index);
            if let Some(point) = points.get_mut(at..).and_then(<[f32]>::first_chunk_mut::<2>) {
                *point = to_input(matrix, pair);
            }
        }
        let Some(iris) = iris else { return };
        let depths = self.indices.iter().take(RIM).filter_map(|&index| points.get(3 * usize::from(index) + 2));
        let depth = depths.sum::<f32>() / RIM as f32;
        let irises = points.get_mut(3 * self.first_of_iris..).unwrap_or_default().as_chunks_mut::<3>().0;
        for (point, pair) in irises.iter_mut().zip(iris.as_chunks::<2>().0).take(IRIS) {
            let [x, y] = to_input(matrix, pair);
            *point = [x, y, depth];
        }
    }
}

/// A point that a branch gives, in a region's coordinates times [`MAP_STRIDE`] → pixels of the network's input.
fn to_input(matrix: &[[f32; 3]; 2], &[x, y]: &[f32; 2]) -> [f32; 2] {
    matrix.map(|[a, b, c]| a * x + b * y + MAP_STRIDE * c)
}
