//! A branch of a landmark network, from a feature map to numbers.

use candle_core::{Result, Tensor};

use super::shapes::{BranchShape, SQUEEZED};
use crate::face::net::loader::{ActivationKind, Loader};
use crate::face::net::ops::tensor::aligned_zeros;
use crate::face::net::ops::{Block, Dense, Pointwise, feature_map};
use crate::face::net::sequence;
use crate::face::net::workers::Workers;

/// The layers of a [`BranchShape`].
pub(super) struct Branch {
    blocks: Vec<Block>,
    squeeze: Pointwise,
    last: Block,
    head: Dense,
}

pub(super) struct BranchBuffers {
    blocks: Vec<Tensor>,
    squeezed: Tensor,
    /// The head's input.
    pub(super) last: Tensor,
    pub(super) output: Tensor,
}

impl Branch {
    pub(super) fn new(loader: &Loader<'_>, shape: &BranchShape) -> crate::Result<Self> {
        let BranchShape { name, blocks, outputs, .. } = *shape;
        let squeeze = (shape.unsqueezed(), SQUEEZED);
        let last = (SQUEEZED, SQUEEZED, 1);
        Ok(Self {
            blocks: loader.blocks(name, 0, blocks, ActivationKind::PRelu)?,
            squeeze: loader.pointwise(&format!("{name}.squeeze"), squeeze, ActivationKind::PRelu)?,
            last: loader.block(&format!("{name}.{}", blocks.len()), last, ActivationKind::PRelu)?,
            head: head(loader, name, outputs, shape.last_side())?,
        })
    }

    pub(super) fn forward(&self, features: &Tensor, buffers: &BranchBuffers, workers: &Workers) -> Result<()> {
        let features = sequence::run(&self.blocks, features, &buffers.blocks, workers)?;
        self.squeeze.forward(features, &buffers.squeezed, workers)?;
        self.last.forward(&buffers.squeezed, &buffers.last, workers)?;
        self.head.forward(&buffers.last, &buffers.output, workers)
    }
}

impl BranchBuffers {
    pub(super) fn new(shape: &BranchShape) -> Result<Self> {
        let side = shape.last_side();
        Ok(Self {
            blocks: sequence::feature_maps(None, shape.side, shape.blocks)?,
            squeezed: feature_map(side, side, SQUEEZED)?,
            last: feature_map(side, side, SQUEEZED)?,
            output: head_outputs(shape.outputs)?,
        })
    }
}

/// The head of the branch `name`, on a map of side `side`.
pub(super) fn head(loader: &Loader<'_>, name: &str, outputs: usize, side: usize) -> crate::Result<Dense> {
    loader.dense(&format!("{name}.head"), side, (SQUEEZED, outputs))
}

/// A tensor for a head's outputs.
pub(super) fn head_outputs(count: usize) -> Result<Tensor> {
    aligned_zeros(&[count.next_multiple_of(8)])
}
