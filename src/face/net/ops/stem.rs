//! The first layer of the residual networks.

use candle_core::{CpuStorage, InplaceOp2, Layout, Result, Tensor, bail};

use super::activation::Activation;
use super::feature_map::{bordered_view, plain_view};
use super::inplace::run2;
use super::kernels::stem::{MAX_CHANNELS, MAX_SIDE, StemKernel};
use super::packing::PackedMatrix;
use super::parallel::{Threaded, parallel_for};
use super::simd::level::SimdLevel;
use super::tensor::{floats_mut, input_pointer};
use crate::face::net::workers::Workers;

/// The first layer: a dense convolution of a picture at stride 2, with bias and activation. Padding is TFLite's SAME.
pub struct Stem {
    matrix: PackedMatrix,
    side: usize,
    channels: usize,
    simd: SimdLevel,
}

impl Stem {
    /// `weights`: [outputs, side, side, channels], `side` (of the convolution's kernel) at most 5 and `channels` at most 8;
    /// `bias`: \[outputs\].
    ///
    /// # Errors
    ///
    /// Where sizes do not fit each other.
    pub fn new(
        weights: &[f32],
        bias: &[f32],
        activation: Activation<'_>,
        side: usize,
        simd: SimdLevel,
    ) -> Result<Self> {
        let matrix = PackedMatrix::for_pixels((weights, bias), activation)?;
        let area = side.saturating_mul(side).max(1);
        let channels = matrix.inputs / area;
        if !(1..=MAX_SIDE).contains(&side)
            || !(1..=MAX_CHANNELS).contains(&channels)
            || channels * area != matrix.inputs
        {
            bail!("{} weights a channel do not make a {side}×{side} kernel of a picture", matrix.inputs);
        }
        Ok(Self { matrix, side, channels, simd })
    }

    /// Runs it: a picture [height, width, channels] without border → a feature map of half the size, rounded up.
    ///
    /// # Errors
    ///
    /// Where the tensors' shapes do not fit.
    pub fn forward(&self, from: &Tensor, to: &Tensor, workers: &Workers) -> Result<()> {
        run2(to, from, &Threaded { op: self, workers })
    }
}

impl InplaceOp2 for Threaded<'_, Stem> {
    fn name(&self) -> &'static str {
        "stem"
    }

    fn cpu_fwd(&self, to: &mut CpuStorage, to_layout: &Layout, from: &CpuStorage, layout: &Layout) -> Result<()> {
        let op = self.op;
        let from = plain_view(input_pointer(from, layout)?, layout, op.channels)?;
        let to = bordered_view(floats_mut(to, to_layout)?.as_mut_ptr(), to_layout, op.matrix.outputs)?;
        if (to.height, to.width) != (from.height.div_ceil(2), from.width.div_ceil(2)) {
            bail!("a stem cannot turn {:?} into {:?}", layout.dims(), to_layout.dims());
        }
        let kernel = StemKernel { matrix: op.matrix.view(), side: op.side, from, to };
        parallel_for(self.workers, to.height, |rows| {
            // SAFETY: maps and weights were just compared; parts are disjoint rows of `to`; `from` is only read.
            unsafe { op.simd.run(&kernel, rows) }
        });
        Ok(())
    }
}
