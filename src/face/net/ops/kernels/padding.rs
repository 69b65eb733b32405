//! Padding under TFLite's SAME rule.

/// Pixels of zeros before the first of `size` pixels: half of what SAME pads, rounded down.
#[inline(always)]
pub(super) fn same_padding(size: usize, kernel: usize, stride: usize) -> usize {
    ((size.div_ceil(stride) - 1) * stride + kernel).saturating_sub(size) / 2
}
