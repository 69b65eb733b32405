//! Residual blocks one after the other, and the feature maps between them.

use candle_core::{Result, Tensor};

use super::ops::{Block, feature_map};
use super::workers::Workers;

/// A residual block of a network: channels in and out, stride.
pub(super) type BlockShape = (usize, usize, usize);

/// Side of the last block's output, where the first block sees maps of side `side`.
pub(super) fn last_side(side: usize, shapes: &[BlockShape]) -> usize {
    shapes.iter().fold(side, |side, &(_, _, stride)| side.div_ceil(stride))
}

/// Makes a feature map for each block's output, where the first block sees maps of side `side`. A block writes into its
/// predecessor's input where that has the right shape, so that two maps take turns. `input`: the first block's input, where it
/// may be overwritten too.
pub(super) fn feature_maps(input: Option<&Tensor>, mut side: usize, shapes: &[BlockShape]) -> Result<Vec<Tensor>> {
    let mut maps: Vec<Tensor> = Vec::with_capacity(shapes.len());
    for (index, &(_, channels, stride)) in shapes.iter().enumerate() {
        side = side.div_ceil(stride);
        let new = feature_map(side, side, channels)?;
        let free = match index {
            0 => None,
            1 => input,
            _ => maps.get(index - 2),
        };
        let map = free.filter(|map| map.dims() == new.dims()).cloned().unwrap_or(new);
        maps.push(map);
    }
    Ok(maps)
}

/// Runs the blocks from `input` through `maps`, and returns the last output.
pub(super) fn run<'a>(
    blocks: &[Block],
    input: &'a Tensor,
    maps: &'a [Tensor],
    workers: &Workers,
) -> Result<&'a Tensor> {
    let mut from = input;
    for (block, to) in blocks.iter().zip(maps) {
        block.forward(from, to, workers)?;
        from = to;
    }
    Ok(from)
}
