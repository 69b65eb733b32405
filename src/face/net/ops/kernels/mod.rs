//! The layers' loops, written once over [`Lanes`](super::simd::lanes::Lanes) and compiled for each instruction set by
//! [`SimdLevel`](super::simd::level::SimdLevel).
//!
//! They work on raw pointers, since several threads write disjoint parts of one output. The ops compare all sizes before
//! they call. Every function is inlined into the one that is compiled for the instruction set.

pub(crate) mod block;
pub(crate) mod dense;
mod layer_norm;
pub(crate) mod map;
pub(crate) mod matrix;
pub(crate) mod mixer;
mod padding;
pub(crate) mod panel16;
pub(crate) mod pointwise;
mod scratch;
pub(crate) mod stem;
mod tile;
pub(crate) mod unit;
pub(crate) mod unit_input;
