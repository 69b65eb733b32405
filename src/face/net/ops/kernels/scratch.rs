//! Memory on the stack for what a kernel computes in one step and reads in the next.

use std::mem::MaybeUninit;

/// `N` floats that start at a cache line and are not initialised: each has to be written before it is read.
#[repr(align(64))]
pub(super) struct Scratch<const N: usize>([MaybeUninit<f32>; N]);

impl<const N: usize> Scratch<N> {
    #[inline(always)]
    pub(super) fn new() -> Self {
        Self([const { MaybeUninit::uninit() }; N])
    }

    #[inline(always)]
    pub(super) fn as_mut_ptr(&mut self) -> *mut f32 {
        self.0.as_mut_ptr().cast()
    }
}
