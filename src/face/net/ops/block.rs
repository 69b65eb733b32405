//! The residual block.

use candle_core::{CpuStorage, InplaceOp2, Layout, Result, Tensor, bail};

use super::activation::Activation;
use super::aligned::AlignedFloats;
use super::feature_map::bordered_view;
use super::inplace::run2;
use super::kernels::block::{BlockKernel, STRIP_LENGTH};
use super::packing::{PackedMatrix, pack_depthwise};
use super::parallel::{Threaded, parallel_for};
use super::simd::level::SimdLevel;
use super::tensor::{floats_mut, input_pointer};
use crate::face::net::workers::Workers;

/// Most channels of a block: eight pixels of them fit a strip.
const MAX_CHANNELS: usize = STRIP_LENGTH / 8;

/// A residual block, what BlazeFace and the meshes are built of: a depthwise 3×3 convolution with bias, a 1×1 convolution
/// with bias, plus the input (at stride 2 its 2×2 maxima; new channels get 0), then the activation. Padding is TFLite's
/// SAME.
pub struct Block {
    depthwise: AlignedFloats,
    pointwise: PackedMatrix,
    inputs: usize,
    stride: usize,
    simd: SimdLevel,
}

impl Block {
    /// `depthwise`: weights [3, 3, inputs] and bias \[inputs\]; `pointwise`: weights [outputs, inputs] and bias \[outputs\];
    /// `stride`: 1 or 2.
    ///
    /// # Errors
    ///
    /// Where sizes do not fit each other, channels become fewer, or there are more than 512.
    pub fn new(
        depthwise: (&[f32], &[f32]),
        pointwise: (&[f32], &[f32]),
        activation: Activation<'_>,
        stride: usize,
        simd: SimdLevel,
    ) -> Result<Self> {
        let (weights, bias) = depthwise;
        let (inputs, outputs) = (bias.len(), pointwise.1.len());
        if !(1..=2).contains(&stride) {
            bail!("a block's stride is 1 or 2, not {stride}");
        }
        if inputs == 0 || inputs > outputs || outputs > MAX_CHANNELS || weights.len() != 9 * inputs {
            bail!("a block cannot have {inputs} inputs, {outputs} outputs and {} depthwise weights", weights.len());
        }
        let pointwise = PackedMatrix::for_pixels(pointwise, activation)?;
        if pointwise.inputs != inputs {
            bail!("the 1×1 convolution has {} inputs, the depthwise one {inputs} outputs", pointwise.inputs);
        }
        Ok(Self { depthwise: pack_depthwise(depthwise), pointwise, inputs, stride, simd })
    }

    /// Multiply-adds for each output pixel.
    #[must_use]
    pub fn cost(&self) -> usize {
        self.inputs * (9 + self.pointwise.outputs)
    }

    /// Runs the block: feature map `from` → feature map `to`, of half the size (rounded up) at stride 2.
    ///
    /// # Errors
    ///
    /// Where the tensors' shapes do not fit the block.
    pub fn forward(&self, from: &Tensor, to: &Tensor, workers: &Workers) -> Result<()> {
        run2(to, from, &Threaded { op: self, workers })
    }
}

impl InplaceOp2 for Threaded<'_, Block> {
    fn name(&self) -> &'static str {
        "residual-block"
    }

    fn cpu_fwd(&self, to: &mut CpuStorage, to_layout: &Layout, from: &CpuStorage, layout: &Layout) -> Result<()> {
        let op = self.op;
        let from = bordered_view(input_pointer(from, layout)?, layout, op.inputs)?;
        let to = bordered_view(floats_mut(to, to_layout)?.as_mut_ptr(), to_layout, op.pointwise.outputs)?;
        if (to.height, to.width) != (from.height.div_ceil(op.stride), from.width.div_ceil(op.stride)) {
            bail!("a block of stride {} cannot turn {:?} into {:?}", op.stride, layout.dims(), to_layout.dims());
        }
        let depthwise = op.depthwise.floats();
        let kernel = BlockKernel { depthwise, pointwise: op.pointwise.view(), stride: op.stride, from, to };
        parallel_for(self.workers, to.height, |rows| {
            // SAFETY: maps and weights were just compared; parts are disjoint rows of `to`; `from` is only read.
            unsafe { op.simd.run(&kernel, rows) }
        });
        Ok(())
    }
}
