//! The micro-kernel of all matrix products: a few pixels by a few vectors of outputs, whose sums stay in registers.

#![expect(clippy::needless_range_loop, reason = "indices over small arrays of constant size become registers")]

use crate::face::net::ops::simd::lanes::{LANES, Lanes};

/// What each of a run of neighbouring pixels sees: `rows` rows of `length` floats.
#[derive(Clone, Copy)]
pub(super) struct Window {
    /// First float that the first pixel sees.
    pub(super) start: *const f32,
    /// Which of the convolution kernel's rows is the first: those before it lie outside of the picture.
    pub(super) first_row: usize,
    pub(super) rows: usize,
    /// Floats from one row to the next.
    pub(super) row_stride: usize,
    /// Floats of one row.
    pub(super) length: usize,
    /// Floats from one pixel's window to the next one's.
    pub(super) pixel_stride: usize,
}

impl Window {
    /// Pixels of which each sees its own `length` floats.
    #[inline(always)]
    pub(super) fn single_row(start: *const f32, length: usize, pixel_stride: usize) -> Self {
        Self { start, first_row: 0, rows: 1, row_stride: 0, length, pixel_stride }
    }

    /// The window from the pixel `pixels` further on.
    #[inline(always)]
    pub(super) fn advanced(self, pixels: usize) -> Self {
        Self { start: self.start.wrapping_add(pixels * self.pixel_stride), ..self }
    }
}

/// `sums` + inputs × weights, for `M` pixels and `V` vectors of outputs. `weights` has a row of `V` vectors for each float of
/// a whole window.
///
/// # Safety
///
/// The machine has the instructions of `L`; the windows of `M` pixels and their weights can be read.
#[inline(always)]
pub(super) unsafe fn multiply_add<L: Lanes, const M: usize, const V: usize>(
    mut sums: [[L; V]; M],
    window: &Window,
    weights: *const f32,
) -> [[L; V]; M] {
    // SAFETY: the caller promises pointers that fit these sizes.
    unsafe {
        let width = V * LANES;
        let mut weights = weights.add(window.first_row * window.length * width);
        let mut row = window.start;
        for _ in 0..window.rows {
            let mut pixels = [row; M];
            for m in 0..M {
                pixels[m] = row.add(m * window.pixel_stride);
            }
            for k in 0..window.length {
                let mut w = [L::splat(0.0); V];
                for v in 0..V {
                    w[v] = L::load(weights.add(v * LANES));
                }
                for m in 0..M {
                    let x = L::splat_from(pixels[m].add(k));
                    for v in 0..V {
                        sums[m][v] = sums[m][v].fma(x, w[v]);
                    }
                }
                weights = weights.add(width);
            }
            row = row.wrapping_add(window.row_stride);
        }
        sums
    }
}
