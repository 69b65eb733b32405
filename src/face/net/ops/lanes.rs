//! A vector of eight floats: the operations that the kernels are written in, for each instruction set.

/// Eight single-precision floats.
///
/// # Safety
///
/// All functions need a machine with the implementation's instruction set. Loads and stores also need a pointer to eight
/// floats (`splat_from`: one) of any alignment.
pub(crate) trait Lanes: Copy {
    unsafe fn splat(x: f32) -> Self;
    unsafe fn load(from: *const f32) -> Self;
    unsafe fn store(self, to: *mut f32);
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn max(self, other: Self) -> Self;
    /// `self + a * b`, rounded once where the machine can.
    unsafe fn fma(self, a: Self, b: Self) -> Self;
    /// `self` where it is positive, `self * slope` where it is negative: PReLU; ReLU at slope 0, nothing at slope 1.
    unsafe fn prelu(self, slope: Self) -> Self;
    /// One float, eight times.
    #[inline(always)]
    unsafe fn splat_from(from: *const f32) -> Self {
        // SAFETY: the caller promises a valid pointer and a fitting machine.
        unsafe { Self::splat(*from) }
    }
}

/// Floats of a [`Lanes`].
pub(crate) const LANES: usize = 8;

/// Plain Rust, for any machine: the compiler uses the vectors that every machine of the target has.
#[derive(Clone, Copy)]
pub(crate) struct Portable([f32; LANES]);

impl Portable {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        Self(std::array::from_fn(|i| f(self.0[i], other.0[i])))
    }
}

impl Lanes for Portable {
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        Self([x; LANES])
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller promises eight floats; an array of floats has the alignment of one.
        unsafe { Self(*from.cast()) }
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: as for `load`.
        unsafe { *to.cast() = self.0 }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    unsafe fn fma(self, a: Self, b: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i] + a.0[i] * b.0[i]))
    }
    #[inline(always)]
    unsafe fn prelu(self, slope: Self) -> Self {
        self.zip(slope, |x, slope| if x < 0.0 { x * slope } else { x })
    }
}

#[cfg(target_arch = "x86_64")]
pub(crate) use x86::Avx2;

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Lanes;
    use std::arch::x86_64::{
        __m256, _mm256_add_ps, _mm256_blendv_ps, _mm256_broadcast_ss, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_max_ps,
        _mm256_mul_ps, _mm256_set1_ps, _mm256_storeu_ps,
    };

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
}

#[cfg(target_arch = "aarch64")]
pub(crate) use arm::Neon;

#[cfg(target_arch = "aarch64")]
mod arm {
    use super::Lanes;
    use std::arch::aarch64::{
        float32x4_t, vaddq_f32, vbslq_f32, vcltzq_f32, vdupq_n_f32, vfmaq_f32, vld1q_dup_f32, vld1q_f32, vmaxq_f32,
        vmulq_f32, vst1q_f32,
    };

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
}
