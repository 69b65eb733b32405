//! How the landmark networks are wired: a 3×3 stem, a trunk of fourteen residual blocks, then a branch for the points.
//! Presence has a branch of its own in the light network, and a layer on the points' branch in the refined one.

use crate::face::net::sequence::{BlockShape, last_side};
use crate::face::topology;

/// Channels of the picture and of the stem.
pub(crate) const STEM: (usize, usize) = (3, 16);

/// The first blocks of the trunk. The refined network cuts its regions of interest from their output.
pub(crate) const EARLY: [BlockShape; 3] = [(16, 16, 1), (16, 16, 1), (16, 32, 2)];

/// The trunk's other blocks.
pub(crate) const LATE: [BlockShape; 11] = [
    (32, 32, 1),
    (32, 32, 1),
    (32, 64, 2),
    (64, 64, 1),
    (64, 64, 1),
    (64, 128, 2),
    (128, 128, 1),
    (128, 128, 1),
    (128, 128, 2),
    (128, 128, 1),
    (128, 128, 1),
];

pub(crate) const POINTS: BranchShape = BranchShape {
    name: "points",
    side: 6,
    blocks: &[(128, 128, 2), (128, 128, 1), (128, 128, 1)],
    outputs: 3 * topology::POINTS,
};

pub(crate) const PRESENCE: BranchShape =
    BranchShape { name: "presence", side: 6, blocks: &[(128, 128, 2)], outputs: 1 };

/// Channels after a branch's 1×1 convolution.
pub(crate) const SQUEEZED: usize = 32;

/// A branch, from a feature map to numbers: residual blocks, a 1×1 convolution to [`SQUEEZED`] channels, one more block, and a
/// fully connected layer, the head.
#[derive(Clone, Copy)]
pub(crate) struct BranchShape {
    pub(crate) name: &'static str,
    /// Side of its input, in pixels.
    pub(crate) side: usize,
    pub(crate) blocks: &'static [BlockShape],
    pub(crate) outputs: usize,
}

impl BranchShape {
    /// Side of the head's input, in pixels.
    pub(crate) fn last_side(&self) -> usize {
        last_side(self.side, self.blocks)
    }

    /// Channels before the 1×1 convolution.
    pub(crate) fn unsqueezed(&self) -> usize {
        self.blocks.last().map_or(0, |&(_, outputs, _)| outputs)
    }
}
