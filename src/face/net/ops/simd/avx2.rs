//! Vectors of AVX2 with fused multiply-add.

use std::arch::x86_64::{
    __m256, _mm256_add_ps, _mm256_blendv_ps, _mm256_broadcast_ss, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_max_ps,
    _mm256_mul_ps, _mm256_set1_ps, _mm256_storeu_ps,
};

use super::lanes::Lanes;

/// AVX2 with fused multiply-add.
#[derive(Clone, Copy)]
pub(crate) struct Avx2(__m256);

// SAFETY (all blocks below): the trait's callers promise AVX, AVX2 and FMA, and valid pointers.
#[expect(clippy::undocumented_unsafe_blocks, reason = "one reason for all of them, said above")]
impl Lanes for Avx2 {
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        unsafe { Self(_mm256_set1_ps(x)) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        unsafe { Self(_mm256_loadu_ps(from)) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { _mm256_storeu_ps(to, self.0) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        unsafe { Self(_mm256_add_ps(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        unsafe { Self(_mm256_max_ps(self.0, other.0)) }
    }
    #[inline(always)]
    unsafe fn fma(self, a: Self, b: Self) -> Self {
        unsafe { Self(_mm256_fmadd_ps(a.0, b.0, self.0)) }
    }
    #[inline(always)]
    unsafe fn prelu(self, slope: Self) -> Self {
        unsafe { Self(_mm256_blendv_ps(self.0, _mm256_mul_ps(self.0, slope.0), self.0)) }
    }
    #[inline(always)]
    unsafe fn splat_from(from: *const f32) -> Self {
        unsafe { Self(_mm256_broadcast_ss(&*from)) }
    }
}
