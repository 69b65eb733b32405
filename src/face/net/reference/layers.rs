//! The layers that the reference networks share. Maps are [1, channels, height, width], as candle's convolutions want them.

use candle_core::{Device, Result, Tensor};

use crate::face::net::sequence::BlockShape;
use crate::face::net::weights::{BlockWeights, ConvWeights};

/// A convolution.
pub(super) struct Conv {
    weight: Tensor,
    bias: Tensor,
    prelu: Option<Tensor>,
    kernel: usize,
    groups: usize,
}

impl Conv {
    /// `shape`: outputs, side of the kernel, inputs.
    pub(super) fn new(conv: &ConvWeights, shape: (usize, usize, usize), device: &Device) -> Result<Self> {
        let (outputs, kernel, inputs) = shape;
        let weight = Tensor::from_slice(&conv.weight, (outputs, kernel, kernel, inputs), device)?;
        Self::with(conv, weight.permute((0, 3, 1, 2))?.contiguous()?, kernel, 1)
    }

    pub(super) fn depthwise(conv: &ConvWeights, channels: usize, device: &Device) -> Result<Self> {
        let weight = Tensor::from_slice(&conv.weight, (3, 3, channels, 1), device)?;
        Self::with(conv, weight.permute((2, 3, 0, 1))?.contiguous()?, 3, channels)
    }

    fn with(conv: &ConvWeights, weight: Tensor, kernel: usize, groups: usize) -> Result<Self> {
        let channels = |values: &Vec<f32>| Tensor::from_slice(values, (1, values.len(), 1, 1), weight.device());
        let (bias, prelu) = (channels(&conv.bias)?, conv.prelu.as_ref().map(channels).transpose()?);
        Ok(Self { weight, bias, prelu, kernel, groups })
    }

    /// Convolution and bias, with TFLite's SAME padding.
    pub(super) fn same(&self, x: &Tensor, stride: usize) -> Result<Tensor> {
        let mut x = x.clone();
        for dim in [2, 3] {
            let size = x.dim(dim)?;
            let missing = ((size.div_ceil(stride) - 1) * stride + self.kernel).saturating_sub(size);
            x = x.pad_with_zeros(dim, missing / 2, missing - missing / 2)?;
        }
        self.valid(&x, stride)
    }

    /// Convolution and bias without padding.
    pub(super) fn valid(&self, x: &Tensor, stride: usize) -> Result<Tensor> {
        x.conv2d(&self.weight, 0, stride, 1, self.groups)?.broadcast_add(&self.bias)
    }

    /// Convolution and bias with as many zeros on every side as the kernel reaches beyond its middle.
    pub(super) fn centred(&self, x: &Tensor, stride: usize) -> Result<Tensor> {
        x.conv2d(&self.weight, self.kernel / 2, stride, 1, self.groups)?.broadcast_add(&self.bias)
    }

    /// PReLU where there are slopes, ReLU elsewhere.
    pub(super) fn activate(&self, x: &Tensor) -> Result<Tensor> {
        let positive = x.relu()?;
        match &self.prelu {
            Some(slopes) => positive - x.neg()?.relu()?.broadcast_mul(slopes)?,
            None => Ok(positive),
        }
    }
}

/// A residual block.
pub(super) struct Block {
    depthwise: Conv,
    pointwise: Conv,
    stride: usize,
}

impl Block {
    pub(super) fn new(block: &BlockWeights, (inputs, outputs, stride): BlockShape, device: &Device) -> Result<Self> {
        let depthwise = Conv::depthwise(&block.depthwise, inputs, device)?;
        let pointwise = Conv::new(&block.pointwise, (outputs, 1, inputs), device)?;
        Ok(Self { depthwise, pointwise, stride })
    }

    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let y = self.pointwise.same(&self.depthwise.same(x, self.stride)?, 1)?;
        let residual = if self.stride == 2 { x.max_pool2d(2)? } else { x.clone() };
        let new_channels = y.dim(1)? - x.dim(1)?;
        self.pointwise.activate(&(residual.pad_with_zeros(1, 0, new_channels)? + y)?)
    }
}

/// Runs blocks one after the other.
pub(super) fn run_blocks(blocks: &[Block], x: Tensor) -> Result<Tensor> {
    blocks.iter().try_fold(x, |x, block| block.forward(&x))
}

/// A picture [height, width, 3] as a map.
pub(super) fn picture_map(picture: &Tensor) -> Result<Tensor> {
    picture.unsqueeze(0)?.permute((0, 3, 1, 2))?.contiguous()
}

/// As [`picture_map`], for a square picture of side `side`.
pub(super) fn square_picture_map(picture: &Tensor, side: usize) -> Result<Tensor> {
    picture_map(&picture.reshape((side, side, 3))?)
}
