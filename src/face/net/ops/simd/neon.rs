//! Vectors of NEON.

use std::arch::aarch64::{
    float32x4_t, vaddq_f32, vbslq_f32, vcltzq_f32, vdupq_n_f32, vfmaq_f32, vld1q_dup_f32, vld1q_f32, vmaxq_f32,
    vmulq_f32, vst1q_f32,
};

use super::lanes::Lanes;

/// Two registers of four floats.
#[derive(Clone, Copy)]
pub(crate) struct Neon(float32x4_t, float32x4_t);

// SAFETY (all blocks below): the trait's callers promise NEON and valid pointers.
#[expect(clippy::undocumented_unsafe_blocks, reason = "one reason for all of them, said above")]
impl Lanes for Neon {
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        unsafe { Self(vdupq_n_f32(x), vdupq_n_f32(x)) }
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        unsafe { Self(vld1q_f32(from), vld1q_f32(from.add(4))) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe {
            vst1q_f32(to, self.0);
            vst1q_f32(to.add(4), self.1);
        }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        unsafe { Self(vaddq_f32(self.0, other.0), vaddq_f32(self.1, other.1)) }
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        unsafe { Self(vmaxq_f32(self.0, other.0), vmaxq_f32(self.1, other.1)) }
    }
    #[inline(always)]
    unsafe fn fma(self, a: Self, b: Self) -> Self {
        unsafe { Self(vfmaq_f32(self.0, a.0, b.0), vfmaq_f32(self.1, a.1, b.1)) }
    }
    #[inline(always)]
    unsafe fn prelu(self, slope: Self) -> Self {
        unsafe {
            Self(
                vbslq_f32(vcltzq_f32(self.0), vmulq_f32(self.0, slope.0), self.0),
                vbslq_f32(vcltzq_f32(self.1), vmulq_f32(self.1, slope.1), self.1),
            )
        }
    }
    #[inline(always)]
    unsafe fn splat_from(from: *const f32) -> Self {
        unsafe {
            let x = vld1q_dup_f32(from);
            Self(x, x)
        }
    }
}
