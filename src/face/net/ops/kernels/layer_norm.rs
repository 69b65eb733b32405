//! Layer normalisation (Ba et al., 2016), without offsets.

use crate::face::net::ops::simd::lanes::{LANES, Lanes};

/// What is added to a variance: the original's 10⁻⁶ as a 16-bit float.
const EPSILON: f32 = 17.0 / 16_777_216.0;

/// Normalises `CHANNELS` floats and multiplies them with `scales`. The results are written in blocks of `BLOCK` floats,
/// `stride` floats apart.
///
/// # Safety
///
/// The machine has the instructions of `L`; `from` and `scales` have `CHANNELS` floats, `to` room for the blocks. All are
/// multiples of a vector.
#[inline(always)]
pub(super) unsafe fn layer_norm<L: Lanes, const CHANNELS: usize, const BLOCK: usize>(
    from: *const f32,
    scales: *const f32,
    to: *mut f32,
    stride: usize,
) {
    // SAFETY: the caller promises the channels.
    unsafe {
        let zero = L::splat(0.0);
        let mut sum = zero;
        for channel in (0..CHANNELS).step_by(LANES) {
            sum = sum.add(L::load(from.add(channel)));
        }
        let centre = L::splat(-total(sum) / CHANNELS as f32);
        let mut squares = zero;
        for channel in (0..CHANNELS).step_by(LANES) {
            let off = L::load(from.add(channel)).add(centre);
            squares = squares.fma(off, off);
        }
        let scale = L::splat(1.0 / (total(squares) / CHANNELS as f32 + EPSILON).sqrt());
        for channel in (0..CHANNELS).step_by(LANES) {
            let off = L::load(from.add(channel)).add(centre);
            let scale = zero.fma(L::load(scales.add(channel)), scale);
            zero.fma(off, scale).store(to.add(channel / BLOCK * stride + channel % BLOCK));
        }
    }
}

/// The sum of a vector.
///
/// # Safety
///
/// The machine has the instructions of `L`.
#[inline(always)]
unsafe fn total<L: Lanes>(vector: L) -> f32 {
    let mut floats = [0.0; LANES];
    // SAFETY: as many floats as a vector has.
    unsafe { vector.store(floats.as_mut_ptr()) };
    let [a, b, c, d, e, f, g, h] = floats;
    ((a + b) + (c + d)) + ((e + f) + (g + h))
}
