//! What ends in numbers: a few residual blocks, a 1×1 convolution to fewer channels, one more block, and a layer whose
//! kernel covers all pixels that are left. Both meshes are made of such branches.

use candle_core::Tensor;

use super::mesh::NAME;
use super::ops::{Block, Dense, Flavour, Pointwise, aligned_zeros, feature_map};
use super::weights::Weights;
use super::{Shape, Workers, activation, chain, make_block, run_chain, unfit};
use crate::Result;

/// Channels after a branch's 1×1 convolution.
pub(super) const SQUEEZED: usize = 32;

/// How a branch is wired.
#[derive(Clone, Copy)]
pub(super) struct BranchShape {
    pub(super) name: &'static str,
    /// Side of the map that it begins with, in pixels.
    pub(super) side: usize,
    pub(super) blocks: &'static [Shape],
    pub(super) outputs: usize,
}

impl BranchShape {
    /// Side of its last maps, in pixels: what the head's kernel covers.
    pub(super) fn last_side(&self) -> usize {
        self.blocks.iter().fold(self.side, |side, &(_, _, stride)| side.div_ceil(stride))
    }

    /// Channels before the 1×1 convolution.
    pub(super) fn deep(&self) -> usize {
        self.blocks.last().map_or(0, |&(_, outputs, _)| outputs)
    }
}

pub(super) struct Branch {
    blocks: Vec<Block>,
    squeeze: Pointwise,
    last: Block,
    head: Dense,
}

pub(super) struct BranchBuffers {
    blocks: Vec<Tensor>,
    squeezed: Tensor,
    /// What the head sees.
    pub(super) last: Tensor,
    pub(super) output: Tensor,
}

/// The residual blocks `name.0`, `name.1` …
pub(super) fn blocks(weights: &Weights<'_>, name: &str, shapes: &[Shape], flavour: Flavour) -> Result<Vec<Block>> {
    let named = shapes.iter().enumerate();
    named
        .map(|(index, &(inputs, outputs, stride))| {
            let block = weights.block(&format!("{name}.{index}"), inputs, outputs, true)?;
            make_block(&block, stride, flavour).map_err(unfit(NAME))
        })
        .collect()
}

impl Branch {
    pub(super) fn new(weights: &Weights<'_>, shape: &BranchShape, flavour: Flavour) -> Result<Self> {
        let BranchShape { name, outputs, .. } = *shape;
        let squeeze = weights.conv(&format!("{name}.squeeze"), SQUEEZED, 1, shape.deep(), true)?;
        let last = weights.block(&format!("{name}.{}", shape.blocks.len()), SQUEEZED, SQUEEZED, true)?;
        Ok(Self {
            blocks: blocks(weights, name, shape.blocks, flavour)?,
            squeeze: Pointwise::new(&squeeze.weight, &squeeze.bias, activation(&squeeze), flavour)
                .map_err(unfit(NAME))?,
            last: make_block(&last, 1, flavour).map_err(unfit(NAME))?,
            head: head(weights, name, outputs, shape.last_side(), flavour)?,
        })
    }

    pub(super) fn forward(
        &self,
        features: &Tensor,
        buffers: &BranchBuffers,
        workers: &Workers,
    ) -> candle_core::Result<()> {
        let features = run_chain(&self.blocks, features, &buffers.blocks, workers)?;
        self.squeeze.forward(features, &buffers.squeezed, workers)?;
        self.last.forward(&buffers.squeezed, &buffers.last, workers)?;
        self.head.forward(&buffers.last, &buffers.output, workers)
    }
}

/// The layer `name.head`, whose kernel covers a map of this side.
pub(super) fn head(weights: &Weights<'_>, name: &str, outputs: usize, side: usize, flavour: Flavour) -> Result<Dense> {
    let head = weights.conv(&format!("{name}.head"), outputs, side, SQUEEZED, false)?;
    Dense::new(&head.weight, &head.bias, flavour).map_err(unfit(NAME))
}

/// Room for a head's outputs.
pub(super) fn outputs(count: usize) -> candle_core::Result<Tensor> {
    aligned_zeros(&[count.next_multiple_of(8)])
}

impl BranchBuffers {
    pub(super) fn new(shape: &BranchShape) -> candle_core::Result<Self> {
        // The map that the branch begins with is another's: no map of the branch may take its place.
        let foreign = feature_map(1, 1, 1)?;
        let side = shape.last_side();
        Ok(Self {
            blocks: chain(&foreign, shape.side, shape.blocks)?,
            squeezed: feature_map(side, side, SQUEEZED)?,
            last: feature_map(side, side, SQUEEZED)?,
            output: outputs(shape.outputs)?,
        })
    }
}
