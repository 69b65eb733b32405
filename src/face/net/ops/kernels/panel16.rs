//! The matrix product of YuNet's and the mixer's layers: runs of pixels by panels of sixteen outputs.
//!
//! A panel is a packed block of a matrix: the bias of its outputs, then their weights for each input.

#![expect(clippy::needless_range_loop, reason = "indices over small arrays of constant size become registers")]

use super::tile::{Window, multiply_add};
use crate::face::net::ops::simd::lanes::{LANES, Lanes};

/// Outputs of a panel: two vectors.
pub(crate) const PANEL: usize = 2 * LANES;

/// Floats of a panel.
pub(crate) const fn panel_length(inputs: usize) -> usize {
    (inputs + 1) * PANEL
}

/// Bias + inputs × weights, then ReLU or nothing, for a run of pixels and one panel.
///
/// # Safety
///
/// The machine has the instructions of `L`; `panel` points to a whole panel; the windows of `pixels` pixels can be read; `to`
/// has room for as many pixels, `stride` floats apart.
#[inline(always)]
pub(super) unsafe fn multiply<L: Lanes, const RELU: bool>(
    panel: *const f32,
    window: Window,
    pixels: usize,
    to: *mut f32,
    stride: usize,
) {
    // Twelve sums, two weights and one input fit sixteen registers. Tiles are of nearly equal size.
    let count = pixels.div_ceil(6);
    let (size, longer) = (pixels / count, pixels % count);
    let (mut window, mut to) = (window, to);
    for index in 0..count {
        let m = size + usize::from(index < longer);
        // SAFETY: the caller promises as much for the whole run.
        unsafe {
            match m {
                1 => multiply_tile::<L, 1, RELU>(panel, &window, to, stride),
                2 => multiply_tile::<L, 2, RELU>(panel, &window, to, stride),
                3 => multiply_tile::<L, 3, RELU>(panel, &window, to, stride),
                4 => multiply_tile::<L, 4, RELU>(panel, &window, to, stride),
                5 => multiply_tile::<L, 5, RELU>(panel, &window, to, stride),
                _ => multiply_tile::<L, 6, RELU>(panel, &window, to, stride),
            }
        }
        window = window.advanced(m);
        to = to.wrapping_add(m * stride);
    }
}

/// As [`multiply`], for `M` pixels.
///
/// # Safety
///
/// As [`multiply`].
#[inline(always)]
unsafe fn multiply_tile<L: Lanes, const M: usize, const RELU: bool>(
    panel: *const f32,
    window: &Window,
    to: *mut f32,
    stride: usize,
) {
    // SAFETY: the caller promises pointers that fit these sizes.
    unsafe {
        let bias = [L::load(panel), L::load(panel.add(LANES))];
        let sums = multiply_add::<L, M, 2>([bias; M], window, panel.add(PANEL));
        for m in 0..M {
            for v in 0..2 {
                let sum = if RELU { sums[m][v].max(L::splat(0.0)) } else { sums[m][v] };
                sum.store(to.add(m * stride + v * LANES));
            }
        }
    }
}
