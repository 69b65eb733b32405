//! The 1×1 convolution.

use std::ops::Range;

use super::map::Map;
use super::matrix::{Matrix, Output, multiply};
use super::tile::Window;
use crate::face::net::ops::simd::lanes::Lanes;
use crate::face::net::ops::simd::level::Kernel;

/// A 1×1 convolution with PReLU. Its parts are rows of the output.
#[derive(Clone, Copy)]
pub(crate) struct PointwiseKernel<'a> {
    pub(crate) matrix: Matrix<'a>,
    pub(crate) from: Map,
    pub(crate) to: Map,
}

impl Kernel for PointwiseKernel<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, rows: Range<usize>) {
        for y in rows {
            for panel in self.matrix.panels() {
                // SAFETY: row `y` of both maps.
                unsafe {
                    let window = Window::single_row(self.from.at(y, 0), self.matrix.inputs, self.from.channels);
                    let to = Output::without_residual(self.to.at(y, 0), self.to.channels);
                    multiply::<L>(panel, window, self.from.width, to);
                }
            }
        }
    }
}
