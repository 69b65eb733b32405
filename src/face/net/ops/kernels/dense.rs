//! The fully connected layer: a matrix times all the pixels of a small map.

use std::ops::Range;

use super::map::Map;
use super::matrix::{Matrix, Output, Panel, multiply_tile, panel_length};
use super::tile::Window;
use crate::face::net::ops::simd::lanes::{LANES, Lanes};
use crate::face::net::ops::simd::level::Kernel;

/// Vectors of a panel: with one pixel only, many sums are needed to keep the multipliers busy.
pub(crate) const DENSE_VECTORS: usize = 8;

/// A convolution whose kernel is as large as its input. Its parts are panels of [`DENSE_VECTORS`].
#[derive(Clone, Copy)]
pub(crate) struct DenseKernel<'a> {
    /// Packed in panels of [`DENSE_VECTORS`]; the vectors left over at the end are panels of their own.
    pub(crate) matrix: Matrix<'a>,
    pub(crate) from: Map,
    /// As many whole vectors as the matrix has.
    pub(crate) to: *mut f32,
}

// SAFETY: as for `Map`; panels of outputs are disjoint.
unsafe impl Send for DenseKernel<'_> {}
// SAFETY: as above.
unsafe impl Sync for DenseKernel<'_> {}

impl Kernel for DenseKernel<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, panels: Range<usize>) {
        let window = Window {
            start: self.from.data,
            first_row: 0,
            rows: self.from.height,
            row_stride: self.from.row_stride,
            length: self.from.width * self.from.channels,
            pixel_stride: 0,
        };
        let to = Output::without_residual(self.to, 0);
        for index in panels {
            let first = index * DENSE_VECTORS;
            let vectors = (self.matrix.vectors - first).min(DENSE_VECTORS);
            // SAFETY: the panel's weights and outputs.
            unsafe {
                let data = self.matrix.data.as_ptr().add(panel_length(first, self.matrix.inputs));
                if vectors == DENSE_VECTORS {
                    let panel = Panel { data, output: first * LANES, vectors };
                    multiply_tile::<L, 1, DENSE_VECTORS>(panel, &window, &to);
                } else {
                    for vector in 0..vectors {
                        let data = data.add(panel_length(vector, self.matrix.inputs));
                        let panel = Panel { data, output: (first + vector) * LANES, vectors: 1 };
                        multiply_tile::<L, 1, 1>(panel, &window, &to);
                    }
                }
            }
        }
    }
}
