//! The 1×1 convolution.

use candle_core::{CpuStorage, InplaceOp2, Layout, Result, Tensor, bail};

use super::activation::Activation;
use super::feature_map::{bordered_view, padded};
use super::inplace::run2;
use super::kernels::map::Map;
use super::kernels::pointwise::PointwiseKernel;
use super::packing::PackedMatrix;
use super::parallel::{Threaded, parallel_for};
use super::simd::level::SimdLevel;
use super::tensor::{floats_mut, input_pointer};
use crate::face::net::workers::Workers;

/// A 1×1 convolution with bias and activation.
pub struct Pointwise {
    matrix: PackedMatrix,
    simd: SimdLevel,
}

impl Pointwise {
    /// `weights`: \[outputs, inputs\]; `bias`: \[outputs\].
    ///
    /// # Errors
    ///
    /// Where sizes do not fit each other.
    pub fn new(weights: &[f32], bias: &[f32], activation: Activation<'_>, simd: SimdLevel) -> Result<Self> {
        Ok(Self { matrix: PackedMatrix::for_pixels((weights, bias), activation)?, simd })
    }

    /// Runs it on a feature map. `to` is a feature map of the same size, or a tensor [pixels, outputs rounded up to a multiple
    /// of 8] without border.
    ///
    /// # Errors
    ///
    /// Where the tensors' shapes do not fit.
    pub fn forward(&self, from: &Tensor, to: &Tensor, workers: &Workers) -> Result<()> {
        run2(to, from, &Threaded { op: self, workers })
    }
}

impl InplaceOp2 for Threaded<'_, Pointwise> {
    fn name(&self) -> &'static str {
        "pointwise"
    }

    fn cpu_fwd(&self, to: &mut CpuStorage, to_layout: &Layout, from: &CpuStorage, layout: &Layout) -> Result<()> {
        let op = self.op;
        let from = bordered_view(input_pointer(from, layout)?, layout, op.matrix.inputs)?;
        let data = floats_mut(to, to_layout)?.as_mut_ptr();
        let outputs = padded(op.matrix.outputs);
        let to = match *to_layout.dims() {
            [pixels, channels] if pixels == from.height * from.width && channels == outputs => {
                Map { data, row_stride: from.width * channels, channels, height: from.height, width: from.width }
            }
            _ => bordered_view(data, to_layout, op.matrix.outputs)?,
        };
        if (to.height, to.width) != (from.height, from.width) {
            bail!("a 1×1 convolution cannot turn {:?} into {:?}", layout.dims(), to_layout.dims());
        }
        let kernel = PointwiseKernel { matrix: op.matrix.view(), from, to };
        parallel_for(self.workers, to.height, |rows| {
            // SAFETY: maps and weights were just compared; parts are disjoint rows of `to`; `from` is only read.
            unsafe { op.simd.run(&kernel, rows) }
        });
        Ok(())
    }
}
