//! Vectors of floats, for each instruction set that the library knows, and the choice between the sets.

#[cfg(target_arch = "x86_64")]
mod avx2;
pub(super) mod lanes;
pub(super) mod level;
#[cfg(target_arch = "aarch64")]
mod neon;
