//! The residual block: a depthwise 3×3 and a 1×1 convolution, strip by strip, so that what lies between the two stays in the
//! first-level cache.

#![expect(clippy::needless_range_loop, reason = "indices over small arrays of constant size become registers")]

use std::ops::Range;

use super::map::Map;
use super::matrix::{Matrix, Output, multiply};
use super::padding::same_padding;
use super::scratch::Scratch;
use super::tile::Window;
use crate::face::net::ops::simd::lanes::{LANES, Lanes};
use crate::face::net::ops::simd::level::Kernel;

/// Floats of a strip: half of the smallest first-level cache that machines have.
pub(crate) const STRIP_LENGTH: usize = 4096;

/// A residual block: depthwise 3×3, 1×1, plus the input (its 2×2 maxima at stride 2), PReLU. Its parts are rows of the
/// output.
#[derive(Clone, Copy)]
pub(crate) struct BlockKernel<'a> {
    /// For each vector of input channels: nine weights, bias.
    pub(crate) depthwise: &'a [f32],
    pub(crate) pointwise: Matrix<'a>,
    pub(crate) stride: usize,
    pub(crate) from: Map,
    pub(crate) to: Map,
}

/// A piece of the output: `rows` rows of `columns` pixels from (`y`, `x`).
#[derive(Clone, Copy)]
struct Strip {
    y: usize,
    x: usize,
    rows: usize,
    columns: usize,
}

impl Kernel for BlockKernel<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, rows: Range<usize>) {
        let (mut filtered, mut pooled) = (Scratch::<STRIP_LENGTH>::new(), Scratch::<STRIP_LENGTH>::new());
        let (filtered, pooled) = (filtered.as_mut_ptr(), pooled.as_mut_ptr());
        let channels = self.from.channels;
        let most_columns = self.to.width.min(STRIP_LENGTH / channels);
        let most_rows = (STRIP_LENGTH / channels / most_columns).max(1);
        let mut y = rows.start;
        while y < rows.end {
            let height = most_rows.min(rows.end - y);
            let mut x = 0;
            while x < self.to.width {
                let strip = Strip { y, x, rows: height, columns: most_columns.min(self.to.width - x) };
                // SAFETY: the strip lies in the map and fits the scratch, each float of which is written before it is read.
                unsafe {
                    if self.stride == 1 {
                        depthwise::<L, 1>(self, strip, filtered);
                    } else {
                        depthwise::<L, 2>(self, strip, filtered);
                        max_pool::<L>(self, strip, pooled);
                    }
                    pointwise::<L>(self, strip, filtered, pooled);
                }
                x += strip.columns;
            }
            y += height;
        }
    }
}

/// Depthwise 3×3 of a strip into `scratch`.
///
/// # Safety
///
/// As [`Kernel::run`]; `scratch` holds the strip.
#[inline(always)]
unsafe fn depthwise<L: Lanes, const STRIDE: usize>(op: &BlockKernel<'_>, strip: Strip, scratch: *mut f32) {
    let channels = op.from.channels;
    let (top, left) = (same_padding(op.from.height, 3, STRIDE), same_padding(op.from.width, 3, STRIDE));
    for channel in (0..channels).step_by(LANES) {
        // SAFETY: ten vectors for each vector of channels; pixels of the map or its border.
        unsafe {
            let weights = op.depthwise.as_ptr().add(channel * 10);
            let mut w = [L::splat(0.0); 9];
            for i in 0..9 {
                w[i] = L::load(weights.add(i * LANES));
            }
            let bias = L::load(weights.add(9 * LANES));
            for row in 0..strip.rows {
                let y = ((strip.y + row) * STRIDE) as isize - top as isize;
                let x = (strip.x * STRIDE) as isize - left as isize;
                let mut line = op.from.at_or_border(y, x).cast_const().add(channel);
                let mut to = scratch.add(row * strip.columns * channels + channel);
                for _ in 0..strip.columns / 4 {
                    depthwise_pixels::<L, 4, STRIDE>(&w, bias, line, op.from.row_stride, channels, to);
                    line = line.wrapping_add(4 * STRIDE * channels);
                    to = to.wrapping_add(4 * channels);
                }
                match strip.columns % 4 {
                    1 => depthwise_pixels::<L, 1, STRIDE>(&w, bias, line, op.from.row_stride, channels, to),
                    2 => depthwise_pixels::<L, 2, STRIDE>(&w, bias, line, op.from.row_stride, channels, to),
                    3 => depthwise_pixels::<L, 3, STRIDE>(&w, bias, line, op.from.row_stride, channels, to),
                    _ => {}
                }
            }
        }
    }
}

/// Depthwise 3×3 of one vector of channels of `M` neighbours in a row: each input is loaded once.
///
/// # Safety
///
/// `line` points to the first pixel that the kernel sees, `to` to `M` pixels of scratch.
#[inline(always)]
unsafe fn depthwise_pixels<L: Lanes, const M: usize, const STRIDE: usize>(
    w: &[L; 9],
    bias: L,
    line: *const f32,
    row_stride: usize,
    channels: usize,
    to: *mut f32,
) {
    // SAFETY: the caller promises these pixels.
    unsafe {
        let mut sums = [bias; M];
        for i in 0..3 {
            let line = line.add(i * row_stride);
            for column in 0..(M - 1) * STRIDE + 3 {
                let x = L::load(line.add(column * channels));
                for m in 0..M {
                    if m * STRIDE <= column && column < m * STRIDE + 3 {
                        sums[m] = sums[m].fma(x, w[i * 3 + column - m * STRIDE]);
                    }
                }
            }
        }
        for m in 0..M {
            sums[m].store(to.add(m * channels));
        }
    }
}

/// The 2×2 maxima of a strip into `scratch`; at the end of an odd side, the maxima of the pixels that there are.
///
/// # Safety
///
/// As [`depthwise`].
#[inline(always)]
unsafe fn max_pool<L: Lanes>(op: &BlockKernel<'_>, strip: Strip, scratch: *mut f32) {
    let channels = op.from.channels;
    for row in 0..strip.rows {
        let y = 2 * (strip.y + row);
        let below = (y + 1).min(op.from.height - 1);
        for column in 0..strip.columns {
            let x = 2 * (strip.x + column);
            let right = (x + 1).min(op.from.width - 1);
            // SAFETY: pixels of the map, whole vectors of channels.
            unsafe {
                let a = op.from.at(y, x).cast_const();
                let b = op.from.at(y, right).cast_const();
                let c = op.from.at(below, x).cast_const();
                let d = op.from.at(below, right).cast_const();
                let to = scratch.add((row * strip.columns + column) * channels);
                for channel in (0..channels).step_by(LANES) {
                    let above = L::load(a.add(channel)).max(L::load(b.add(channel)));
                    let below = L::load(c.add(channel)).max(L::load(d.add(channel)));
                    above.max(below).store(to.add(channel));
                }
            }
        }
    }
}

/// The 1×1 convolution of a strip, residual and activation.
///
/// # Safety
///
/// As [`depthwise`].
#[inline(always)]
unsafe fn pointwise<L: Lanes>(op: &BlockKernel<'_>, strip: Strip, filtered: *const f32, pooled: *const f32) {
    let channels = op.from.channels;
    for panel in op.pointwise.panels() {
        for row in 0..strip.rows {
            // SAFETY: the strip's pixels in scratch and in both maps.
            unsafe {
                let offset = row * strip.columns * channels;
                let (y, x) = (strip.y + row, strip.x);
                let window = Window::single_row(filtered.add(offset), op.pointwise.inputs, channels);
                let residual = if op.stride == 1 { op.from.at(y, x).cast_const() } else { pooled.add(offset) };
                let to = Output {
                    data: op.to.at(y, x),
                    stride: op.to.channels,
                    residual,
                    residual_stride: channels,
                    residual_channels: channels,
                };
                multiply::<L>(panel, window, strip.columns, to);
            }
        }
    }
}
