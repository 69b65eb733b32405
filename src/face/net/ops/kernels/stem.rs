//! The first layer: a dense convolution of a picture.

use std::ops::Range;

use super::map::Map;
use super::matrix::{Matrix, Output, multiply};
use super::padding::same_padding;
use super::tile::Window;
use crate::face::net::ops::simd::lanes::Lanes;
use crate::face::net::ops::simd::level::Kernel;

/// Largest side of the convolution's kernel.
pub(crate) const MAX_SIDE: usize = 5;

/// Most channels of the picture.
pub(crate) const MAX_CHANNELS: usize = 8;

/// A dense convolution of a picture of few channels, at stride 2, with PReLU. Its parts are rows of the output.
#[derive(Clone, Copy)]
pub(crate) struct StemKernel<'a> {
    pub(crate) matrix: Matrix<'a>,
    /// Side of the convolution's kernel.
    pub(crate) side: usize,
    /// The picture: without border, its channels not padded.
    pub(crate) from: Map,
    pub(crate) to: Map,
}

impl Kernel for StemKernel<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, rows: Range<usize>) {
        let (side, channels) = (self.side, self.from.channels);
        let top = same_padding(self.from.height, side, 2);
        let left = same_padding(self.from.width, side, 2);
        // Output pixels whose whole window lies inside the row.
        let inner_start = left.div_ceil(2).min(self.to.width);
        let inner_end = ((self.from.width + left + 2).saturating_sub(side) / 2).clamp(inner_start, self.to.width);
        let length = side * channels;
        for y in rows {
            // The kernel's rows from `first_row` to `end_row` lie in the picture.
            let first_row = top.saturating_sub(2 * y);
            let end_row = (self.from.height + top - 2 * y).min(side);
            let line = 2 * y + first_row - top;
            if inner_end > inner_start {
                // SAFETY: the inner pixels of row `y` and their windows.
                unsafe {
                    let window = Window {
                        start: self.from.at(line, 2 * inner_start - left),
                        first_row,
                        rows: end_row - first_row,
                        row_stride: self.from.row_stride,
                        length,
                        pixel_stride: 2 * channels,
                    };
                    for panel in self.matrix.panels() {
                        let to = Output::without_residual(self.to.at(y, inner_start), self.to.channels);
                        multiply::<L>(panel, window, inner_end - inner_start, to);
                    }
                }
            }
            for x in (0..inner_start).chain(inner_end..self.to.width) {
                // The window reaches over the row's end: it is copied, with zeros for what lies outside.
                let mut patch = [0.0_f32; MAX_SIDE * MAX_SIDE * MAX_CHANNELS];
                let first_column = left.saturating_sub(2 * x);
                let end_column = (self.from.width + left - 2 * x).min(side);
                // SAFETY: pixels of the picture, which has at most `MAX_CHANNELS`; one pixel of row `y`.
                unsafe {
                    for row in first_row..end_row {
                        let from = self.from.at(line + row - first_row, 2 * x + first_column - left);
                        let to = patch.as_mut_ptr().add(row * length + first_column * channels);
                        std::ptr::copy_nonoverlapping(from, to, (end_column - first_column) * channels);
                    }
                    let window = Window::single_row(patch.as_ptr(), side * length, 0);
                    for panel in self.matrix.panels() {
                        let to = Output::without_residual(self.to.at(y, x), self.to.channels);
                        multiply::<L>(panel, window, 1, to);
                    }
                }
            }
        }
    }
}
