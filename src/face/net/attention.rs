//! A second look at lips and eyes: a piece of an early feature map around each, straightened, goes through blocks of its
//! own, and comes out as finer points for that part of the face and as irises.
//!
//! Grishchenko et al., "Attention Mesh: High-fidelity Face Mesh Prediction in Real-time", 2020.

use std::sync::Mutex;

use candle_core::Tensor;

use super::branch::{Branch, BranchBuffers, BranchShape, blocks};
use super::ops::{Block, Flavour, Resample, feature_map, read};
use super::weights::Weights;
use super::{Shape, Workers, chain, run_chain};
use crate::Result;
use crate::face::topology::{LEFT_IRIS, RIGHT_IRIS};

/// Side of a straightened piece, in pixels of its map.
pub(super) const PIECE: usize = 16;
/// The pieces' channels, those of the map that they are cut from.
pub(super) const CHANNELS: usize = 32;
/// How much larger than the box of its points a piece is.
const MARGIN: f32 = 1.5;
/// Pixels of the network's input for each pixel of the map that pieces are cut from.
const STEP: f32 = 4.0;
/// Points of one iris: its middle, then its right, upper, left and lower edge as the picture shows them.
const IRIS: usize = RIGHT_IRIS.len();

/// The blocks that see a whole piece.
pub(super) const PIECE_BLOCKS: [Shape; 6] =
    [(32, 32, 1), (32, 32, 1), (32, 64, 2), (64, 64, 1), (64, 64, 1), (64, 128, 2)];
const BRANCH_BLOCKS: [Shape; 5] = [(128, 128, 1), (128, 128, 1), (128, 128, 2), (128, 128, 1), (128, 128, 1)];

const fn branch(name: &'static str, points: usize) -> BranchShape {
    BranchShape { name, side: PIECE / 4, blocks: &BRANCH_BLOCKS, outputs: 2 * points }
}

/// A part of the face that is looked at again.
pub(super) struct PartShape {
    pub(super) name: &'static str,
    /// Its first and its last corner: a piece lies along the line between them.
    corners: [usize; 2],
    pub(super) points: BranchShape,
    pub(super) iris: Option<BranchShape>,
    /// Which points of the mesh the branch `points` places.
    places: &'static [u16],
    /// Which points of the mesh the branch `iris` places.
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

pub(super) const PARTS: [PartShape; 3] = [
    PartShape {
        name: "right_eye",
        corners: [33, 133],
        points: branch("right_eye.points", RIGHT_EYE.len()),
        iris: Some(branch("right_eye.iris", IRIS)),
        places: &RIGHT_EYE,
        first_of_iris: RIGHT_IRIS[0] as usize,
    },
    PartShape {
        name: "left_eye",
        corners: [362, 263],
        points: branch("left_eye.points", LEFT_EYE.len()),
        iris: Some(branch("left_eye.iris", IRIS)),
        places: &LEFT_EYE,
        first_of_iris: LEFT_IRIS[0] as usize,
    },
    PartShape {
        name: "lips",
        corners: [61, 291],
        points: branch("lips.points", LIPS.len()),
        iris: None,
        places: &LIPS,
        first_of_iris: 0,
    },
];

/// The layers for all parts.
pub(super) struct Attention {
    parts: Vec<Part>,
    /// Each part runs on one thread, and the parts side by side.
    alone: Workers,
}

struct Part {
    shape: &'static PartShape,
    blocks: Vec<Block>,
    points: Branch,
    iris: Option<Branch>,
}

pub(super) struct AttentionBuffers(Vec<PartBuffers>);

struct PartBuffers {
    piece: Tensor,
    blocks: Vec<Tensor>,
    points: BranchBuffers,
    iris: Option<BranchBuffers>,
    matrix: [[f32; 3]; 2],
}

/// Where the piece around some points lies: its own coordinates 0..=[`PIECE`] → pixels of the map that it is cut from. Its
/// axes are along the line of the corners and across; its sides are those of the points' box, enlarged.
pub(super) fn piece_of(points: &[f32], shape: &PartShape) -> [[f32; 3]; 2] {
    let at = |index: usize| -> [f32; 2] {
        std::array::from_fn(|axis| points.get(3 * index + axis).copied().unwrap_or_default() / STEP)
    };
    let [from, to] = shape.corners.map(at);
    let line: [f32; 2] = std::array::from_fn(|axis| to[axis] - from[axis]);
    let length = line[0].hypot(line[1]);
    let [cos, sin] = if length > 0.0 { line.map(|way| way / length) } else { [1.0, 0.0] };
    let (mut low, mut high) = ([f32::INFINITY; 2], [f32::NEG_INFINITY; 2]);
    for &index in shape.places {
        let [x, y] = at(usize::from(index));
        let turned = [x * cos + y * sin, y * cos - x * sin];
        for axis in 0..2 {
            low[axis] = low[axis].min(turned[axis]);
            high[axis] = high[axis].max(turned[axis]);
        }
    }
    let middle: [f32; 2] = std::array::from_fn(|axis| (low[axis] + high[axis]) / 2.0);
    let scale: [f32; 2] = std::array::from_fn(|axis| MARGIN * (high[axis] - low[axis]) / PIECE as f32);
    let half = PIECE as f32 / 2.0;
    let row = |along: f32, across: f32, middle: f32| {
        let (a, b) = (along * scale[0], across * scale[1]);
        [a, b, middle - half * (a + b)]
    };
    [row(cos, -sin, middle[0] * cos - middle[1] * sin), row(sin, cos, middle[0] * sin + middle[1] * cos)]
}

impl Attention {
    pub(super) fn new(weights: &Weights<'_>, flavour: Flavour) -> Result<Self> {
        let part = |shape: &'static PartShape| -> Result<Part> {
            Ok(Part {
                shape,
                blocks: blocks(weights, shape.name, &PIECE_BLOCKS, flavour)?,
                points: Branch::new(weights, &shape.points, flavour)?,
                iris: shape.iris.as_ref().map(|iris| Branch::new(weights, iris, flavour)).transpose()?,
            })
        };
        Ok(Self { parts: PARTS.iter().map(part).collect::<Result<_>>()?, alone: Workers::new(1)? })
    }

    pub(super) fn buffers() -> candle_core::Result<AttentionBuffers> {
        let part = |shape: &PartShape| -> candle_core::Result<PartBuffers> {
            let piece = feature_map(PIECE, PIECE, CHANNELS)?;
            Ok(PartBuffers {
                blocks: chain(&piece, PIECE, &PIECE_BLOCKS)?,
                piece,
                points: BranchBuffers::new(&shape.points)?,
                iris: shape.iris.as_ref().map(BranchBuffers::new).transpose()?,
                matrix: [[0.0; 3]; 2],
            })
        };
        Ok(AttentionBuffers(PARTS.iter().map(part).collect::<candle_core::Result<_>>()?))
    }

    /// Looks again at the parts of the face whose points, in pixels of the input, are the first 468 of `points`;
    /// `features` is the map to cut from. What comes out replaces those points' x and y, and makes the irises after them.
    pub(super) fn forward(
        &self,
        features: &Tensor,
        points: &mut [f32],
        buffers: &mut AttentionBuffers,
        workers: &Workers,
    ) -> candle_core::Result<()> {
        for (part, buffers) in self.parts.iter().zip(&mut buffers.0) {
            buffers.matrix = piece_of(points, part.shape);
        }
        let failed = Mutex::new(None);
        let parts = &buffers.0;
        workers.run(self.parts.len(), &|index| {
            let outcome = match (self.parts.get(index), parts.get(index)) {
                (Some(part), Some(buffers)) => part.forward(features, buffers, &self.alone),
                _ => Ok(()),
            };
            if let (Err(error), Ok(mut failed)) = (outcome, failed.lock()) {
                *failed = Some(error);
            }
        });
        if let Ok(Some(error)) = failed.into_inner() {
            return Err(error);
        }
        self.parts.iter().zip(&buffers.0).try_for_each(|(part, buffers)| part.place(points, buffers))
    }
}

impl Part {
    fn forward(&self, features: &Tensor, buffers: &PartBuffers, workers: &Workers) -> candle_core::Result<()> {
        Resample { matrix: buffers.matrix }.forward(features, &buffers.piece)?;
        let features = run_chain(&self.blocks, &buffers.piece, &buffers.blocks, workers)?;
        self.points.forward(features, &buffers.points, workers)?;
        match (&self.iris, &buffers.iris) {
            (Some(iris), Some(buffers)) => iris.forward(features, buffers, workers),
            _ => Ok(()),
        }
    }

    fn place(&self, points: &mut [f32], buffers: &PartBuffers) -> candle_core::Result<()> {
        let mut place = |iris: Option<&[f32]>| {
            read(&buffers.points.output, |places| self.shape.place(&buffers.matrix, places, iris, points))
        };
        match &buffers.iris {
            Some(iris) => read(&iris.output, |iris| place(Some(iris)))?,
            None => place(None),
        }
    }
}

impl PartShape {
    /// Writes what this part's branches have said into the mesh: the points' x and y, and the iris with the mean depth of
    /// the eye's rim.
    pub(super) fn place(&self, matrix: &[[f32; 3]; 2], places: &[f32], iris: Option<&[f32]>, points: &mut [f32]) {
        for (&index, pair) in self.places.iter().zip(places.as_chunks::<2>().0) {
            let at = 3 * usize::from(index);
            if let Some(point) = points.get_mut(at..).and_then(<[f32]>::first_chunk_mut::<2>) {
                *point = mapped_back(matrix, pair);
            }
        }
        let Some(iris) = iris else { return };
        let depths = self.places.iter().take(RIM).filter_map(|&index| points.get(3 * usize::from(index) + 2));
        let depth = depths.sum::<f32>() / RIM as f32;
        let room = points.get_mut(3 * self.first_of_iris..).unwrap_or_default().as_chunks_mut::<3>().0;
        for (point, pair) in room.iter_mut().zip(iris.as_chunks::<2>().0).take(IRIS) {
            let [x, y] = mapped_back(matrix, pair);
            *point = [x, y, depth];
        }
    }
}

/// A branch's point, in a piece's coordinates times [`STEP`], in pixels of the network's input.
fn mapped_back(matrix: &[[f32; 3]; 2], &[x, y]: &[f32; 2]) -> [f32; 2] {
    matrix.map(|[a, b, c]| a * x + b * y + STEP * c)
}
