//! Layers on candle's own operations, made of a network's named weights.

use candle_core::Device;

use super::layers::{Block, Conv};
use crate::Result;
use crate::face::net::errors::network_error;
use crate::face::net::sequence::BlockShape;
use crate::face::net::weights::Weights;

/// Makes layers of a network's weights on one device.
pub(super) struct Loader<'a> {
    weights: Weights<'a>,
    device: &'a Device,
}

impl<'a> Loader<'a> {
    pub(super) fn new(weights: Weights<'a>, device: &'a Device) -> Self {
        Self { weights, device }
    }

    /// The convolution `name`. `shape`: outputs, side of the kernel, inputs.
    pub(super) fn conv(&self, name: &str, shape: (usize, usize, usize), prelu: bool) -> Result<Conv> {
        let (outputs, kernel, inputs) = shape;
        let conv = self.weights.conv(name, outputs, kernel, inputs, prelu)?;
        Conv::new(&conv, shape, self.device).map_err(network_error(self.weights.network()))
    }

    /// The depthwise 3×3 convolution `name`.
    pub(super) fn depthwise(&self, name: &str, channels: usize) -> Result<Conv> {
        let conv = self.weights.depthwise(name, channels)?;
        Conv::depthwise(&conv, channels, self.device).map_err(network_error(self.weights.network()))
    }

    /// The residual block `name`.
    pub(super) fn block(&self, name: &str, shape: BlockShape, prelu: bool) -> Result<Block> {
        let block = self.weights.block(name, shape.0, shape.1, prelu)?;
        Block::new(&block, shape, self.device).map_err(network_error(self.weights.network()))
    }

    /// Residual blocks called `name` with a number, from `first` on.
    pub(super) fn blocks(&self, name: &str, first: usize, shapes: &[BlockShape], prelu: bool) -> Result<Vec<Block>> {
        let numbered = shapes.iter().zip(first..);
        numbered.map(|(&shape, number)| self.block(&format!("{name}.{number}"), shape, prelu)).collect()
    }
}
