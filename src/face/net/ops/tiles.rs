//! The matrix product at the bottom of the newer layers: a few pixels by sixteen outputs, held in registers.

#![expect(clippy::needless_range_loop, reason = "indices over small arrays of constant size become registers")]

use std::mem::MaybeUninit;

use super::lanes::{LANES, Lanes};

/// Outputs that are worked on at a time: two vectors.
pub(super) const BLOCK: usize = 2 * LANES;

/// Floats on the stack, not yet written.
#[repr(align(64))]
pub(super) struct Scratch<const N: usize>([MaybeUninit<f32>; N]);

impl<const N: usize> Scratch<N> {
    #[inline(always)]
    pub(super) fn new() -> Self {
        Self([const { MaybeUninit::uninit() }; N])
    }

    #[inline(always)]
    pub(super) fn start(&mut self) -> *mut f32 {
        self.0.as_mut_ptr().cast()
    }
}

/// What each of a run of pixels sees: `rows` rows of `length` floats.
#[derive(Clone, Copy)]
pub(super) struct Window {
    pub(super) from: *const f32,
    /// Which of the kernel's rows is the first.
    pub(super) first: usize,
    pub(super) rows: usize,
    /// Floats from one row to the next.
    pub(super) row: usize,
    pub(super) length: usize,
    /// Floats from one pixel to the next.
    pub(super) pixel: usize,
}

impl Window {
    /// A pixel's own channels.
    #[inline(always)]
    pub(super) fn pixel(from: *const f32, pixel: usize, length: usize) -> Self {
        Self { from, first: 0, rows: 1, row: 0, length, pixel }
    }
}

/// A run of pixels by one block of outputs, cut into tiles of nearly equal size.
///
/// # Safety
///
/// `weights` points to bias and rows of weights; `from` and `to` to as many pixels, those of `to` being `step` floats apart.
#[inline(always)]
pub(super) unsafe fn tiles<L: Lanes, const RELU: bool>(
    weights: *const f32,
    from: Window,
    pixels: usize,
    to: *mut f32,
    step: usize,
) {
    // Sixteen registers: twelve sums, two weights, one input.
    let count = pixels.div_ceil(6);
    let (size, longer) = (pixels / count, pixels % count);
    let (mut from, mut to) = (from, to);
    for index in 0..count {
        let m = size + usize::from(index < longer);
        // SAFETY: the caller promises as much for the whole run.
        unsafe {
            match m {
                1 => tile::<L, 1, RELU>(weights, &from, to, step),
                2 => tile::<L, 2, RELU>(weights, &from, to, step),
                3 => tile::<L, 3, RELU>(weights, &from, to, step),
                4 => tile::<L, 4, RELU>(weights, &from, to, step),
                5 => tile::<L, 5, RELU>(weights, &from, to, step),
                _ => tile::<L, 6, RELU>(weights, &from, to, step),
            }
        }
        from.from = from.from.wrapping_add(m * from.pixel);
        to = to.wrapping_add(m * step);
    }
}

/// `M` pixels by one block of outputs, held in registers: bias + inputs × weights.
///
/// # Safety
///
/// As [`tiles`].
#[inline(always)]
unsafe fn tile<L: Lanes, const M: usize, const RELU: bool>(
    weights: *const f32,
    from: &Window,
    to: *mut f32,
    step: usize,
) {
    // SAFETY: the caller promises pointers that fit these sizes.
    unsafe {
        let bias = [L::load(weights), L::load(weights.add(LANES))];
        let mut sums = [bias; M];
        let mut w = weights.add((1 + from.first * from.length) * BLOCK);
        let mut line = from.from;
        for _ in 0..from.rows {
            let mut pixels = [line; M];
            for m in 0..M {
                pixels[m] = line.add(m * from.pixel);
            }
            for k in 0..from.length {
                let (low, high) = (L::load(w), L::load(w.add(LANES)));
                for m in 0..M {
                    let x = L::splat_from(pixels[m].add(k));
                    sums[m][0] = sums[m][0].fma(x, low);
                    sums[m][1] = sums[m][1].fma(x, high);
                }
                w = w.add(BLOCK);
            }
            line = line.wrapping_add(from.row);
        }
        for m in 0..M {
            for v in 0..2 {
                let sum = if RELU { sums[m][v].max(L::splat(0.0)) } else { sums[m][v] };
                sum.store(to.add(m * step + v * LANES));
            }
        }
    }
}
