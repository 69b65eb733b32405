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
