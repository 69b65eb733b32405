//! The fully connected layer.

use candle_core::{CpuStorage, InplaceOp2, Layout, Result, Tensor, bail};

use super::activation::Activation;
use super::feature_map::{bordered_view, padded};
use super::inplace::run2;
use super::kernels::dense::{DENSE_VECTORS, DenseKernel};
use super::packing::PackedMatrix;
use super::parallel::{Threaded, parallel_for};
use super::simd::level::SimdLevel;
use super::tensor::{floats_mut, input_pointer};
use crate::face::net::workers::Workers;

/// A convolution whose kernel is as large as its input: each output sees all pixels.
pub struct Dense {
    matrix: PackedMatrix,
    simd: SimdLevel,
}

impl Dense {
    /// `weights`: \[outputs, height, width, channels\], `channels` a multiple of 8; `bias`: \[outputs\].
    ///
    /// # Errors
    ///
    /// Where sizes do not fit each other.
    pub fn new(weights: &[f32], bias: &[f32], simd: SimdLevel) -> Result<Self> {
        let matrix = PackedMatrix::new((weights, bias), Activation::None, DENSE_VECTORS, DENSE_VECTORS)?;
        Ok(Self { matrix, simd })
    }

    /// Runs it: a feature map → a tensor of as many floats as there are outputs, rounded up to a multiple of 8.
    ///
    /// # Errors
    ///
    /// Where the tensors' shapes do not fit.
    pub fn forward(&self, from: &Tensor, to: &Tensor, workers: &Workers) -> Result<()> {
        run2(to, from, &Threaded { op: self, workers })
    }
}

impl InplaceOp2 for Threaded<'_, Dense> {
    fn name(&self) -> &'static str {
        "dense"
    }

    fn cpu_fwd(&self, to: &mut CpuStorage, to_layout: &Layout, from: &CpuStorage, layout: &Layout) -> Result<()> {
        let op = self.op;
        let channels = layout.dims().last().copied().unwrap_or(0);
        let from = bordered_view(input_pointer(from, layout)?, layout, channels)?;
        let to = floats_mut(to, to_layout)?;
        if from.height * from.width * from.channels != op.matrix.inputs {
            bail!("a layer of {} inputs cannot take {:?}", op.matrix.inputs, layout.dims());
        }
        if to.len() != padded(op.matrix.outputs) {
            bail!("a layer of {} outputs cannot fill {} floats", op.matrix.outputs, to.len());
        }
        let matrix = op.matrix.view();
        let kernel = DenseKernel { matrix, from, to: to.as_mut_ptr() };
        parallel_for(self.workers, matrix.vectors.div_ceil(DENSE_VECTORS), |panels| {
            // SAFETY: sizes were just compared; parts are disjoint panels of `to`; `from` is only read.
            unsafe { op.simd.run(&kernel, panels) }
        });
        Ok(())
    }
}
