//! Which instruction set the kernels use, and how a kernel is compiled for each of them.

use std::ops::Range;

#[cfg(target_arch = "x86_64")]
use super::avx2::Avx2;
use super::lanes::{Lanes, Portable};
#[cfg(target_arch = "aarch64")]
use super::neon::Neon;

/// The instruction set that the kernels use. A value exists only where the machine has the instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SimdLevel(Level);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "aarch64")]
    Neon,
}

/// A layer's loops with the memory they work on, written once over [`Lanes`].
pub(crate) trait Kernel {
    /// Computes the parts `range` of the output; what a part is, each kernel says.
    ///
    /// It has to be inlined, so that it is compiled for the instruction set of its caller. Closures in it are not: loops
    /// over vectors must not be written with them.
    ///
    /// # Safety
    ///
    /// The machine has the instructions of `L`; inputs, weights and output have the sizes that the kernel says; no other
    /// thread writes the inputs or accesses these parts of the output.
    unsafe fn run<L: Lanes>(&self, range: Range<usize>);
}

impl SimdLevel {
    /// Plain Rust, which runs on any machine.
    pub const PORTABLE: Self = Self(Level::Portable);

    /// The fastest that this machine has: AVX2 with fused multiply-add, NEON, or plain Rust.
    #[must_use]
    pub fn best() -> Self {
        Self::available().last().copied().unwrap_or(Self::PORTABLE)
    }

    /// All that this machine has, the slowest first.
    #[must_use]
    pub fn available() -> &'static [Self] {
        #[cfg(target_arch = "x86_64")]
        if std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma") {
            return &[Self(Level::Portable), Self(Level::Avx2)];
        }
        #[cfg(target_arch = "aarch64")]
        if std::arch::is_aarch64_feature_detected!("neon") {
            return &[Self(Level::Portable), Self(Level::Neon)];
        }
        &[Self(Level::Portable)]
    }

    /// Runs a kernel with these instructions.
    ///
    /// # Safety
    ///
    /// As [`Kernel::run`], but for the instructions: that a level exists proves them.
    pub(crate) unsafe fn run<K: Kernel>(self, kernel: &K, range: Range<usize>) {
        // SAFETY: the caller promises the kernel's conditions, and `available` has looked for the instructions.
        unsafe {
            match self.0 {
                Level::Portable => kernel.run::<Portable>(range),
                #[cfg(target_arch = "x86_64")]
                Level::Avx2 => run_avx2(kernel, range),
                #[cfg(target_arch = "aarch64")]
                Level::Neon => run_neon(kernel, range),
            }
        }
    }
}

/// # Safety
///
/// As [`Kernel::run`].
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn run_avx2<K: Kernel>(kernel: &K, range: Range<usize>) {
    // SAFETY: this function has the instructions; the rest the caller promises.
    unsafe { kernel.run::<Avx2>(range) }
}

/// # Safety
///
/// As [`Kernel::run`].
#[cfg(target_arch = "aarch64")]
#[target_feature(enable = "neon")]
unsafe fn run_neon<K: Kernel>(kernel: &K, range: Range<usize>) {
    // SAFETY: this function has the instructions; the rest the caller promises.
    unsafe { kernel.run::<Neon>(range) }
}
