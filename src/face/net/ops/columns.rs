//! The first columns of a matrix: what is left of a layer's output without its padding.

use candle_core::{CpuStorage, InplaceOp2, Layout, Result, Tensor, bail};

use super::inplace::run2;
use super::tensor::{floats, floats_mut};

/// Copies the first so many columns of each row of a matrix [rows, n] into a tensor of rows × columns floats.
pub(crate) struct Columns(pub(in crate::face::net) usize);

impl Columns {
    /// # Errors
    ///
    /// Where the tensors' shapes do not fit.
    pub(crate) fn forward(&self, from: &Tensor, to: &Tensor) -> Result<()> {
        run2(to, from, self)
    }
}

impl InplaceOp2 for Columns {
    fn name(&self) -> &'static str {
        "columns"
    }

    fn cpu_fwd(&self, to: &mut CpuStorage, to_layout: &Layout, from: &CpuStorage, layout: &Layout) -> Result<()> {
        let &[_, width] = layout.dims() else { bail!("a matrix is needed, not {:?}", layout.dims()) };
        let (from, to) = (floats(from, layout)?, floats_mut(to, to_layout)?);
        if self.0 == 0 || width < self.0 || from.len() / width * self.0 != to.len() {
            bail!("{} columns of {:?} do not fill {} floats", self.0, layout.dims(), to.len());
        }
        for (to, from) in to.chunks_exact_mut(self.0).zip(from.chunks_exact(width)) {
            for (to, from) in to.iter_mut().zip(from) {
                *to = *from;
            }
        }
        Ok(())
    }
}
