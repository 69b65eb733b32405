//! The networks' layers as candle ops of our own: bias, residual and activation are part of the convolution, weights are
//! packed once, and results go into tensors that exist already, so that a forward pass allocates nothing.
//!
//! There are two kinds of feature maps. The residual networks' maps ([`feature_map`]) have a border of zeros, so that no loop
//! has a special case for edges. YuNet's ([`plain_map`]) have none.

mod activation;
mod aligned;
mod block;
pub(super) mod columns;
mod dense;
mod feature_map;
mod inplace;
mod kernels;
pub(super) mod mixer;
mod packing;
mod parallel;
mod pointwise;
mod resample;
mod simd;
mod stem;
pub(super) mod tensor;
mod unit;

pub use activation::Activation;
pub use block::Block;
pub use dense::Dense;
pub use feature_map::{feature_map, plain_map};
pub use pointwise::Pointwise;
pub use resample::Resample;
pub use simd::level::SimdLevel;
pub use stem::Stem;
pub use unit::{FirstUnit, Unit};
