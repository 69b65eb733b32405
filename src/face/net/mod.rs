//! The neural networks: [`BlazeFace`] finds faces in a square, [`YuNet`] in a picture of any shape, [`FaceMesh`] places 468
//! or 478 points on one, [`Blendshapes`] tells its expression from such points.
//!
//! A network is immutable and shared; what changes from frame to frame lies in its buffers. Its layers are candle ops of
//! our own ([`ops`]), chosen for this machine when the network is loaded; [`stock`] has the same networks on candle's own
//! operations. Weights come from `models/` and are part of the library.

mod attention;
mod blazeface;
mod blendshapes;
mod branch;
mod decode;
mod mesh;
pub mod ops;
pub mod stock;
mod weights;
mod workers;
mod yunet;

pub use blazeface::{BlazeFace, BlazeFaceBuffers};
pub use blendshapes::{Blendshape, Blendshapes, BlendshapesBuffers};
pub use decode::YuNetFace;
pub use mesh::{FaceMesh, FaceMeshBuffers, MeshModel};
pub use workers::Workers;
pub use yunet::{YuNet, YuNetBuffers, YuNetLevel};

use candle_core::Tensor;

use crate::Error;

/// Turns candle's error into ours.
fn failed(network: &'static str) -> impl Fn(candle_core::Error) -> Error {
    move |error| Error::Network { network, reason: error.to_string() }
}

/// Turns an error met while a network is made of its weights into ours.
fn unfit(network: &'static str) -> impl Fn(candle_core::Error) -> Error {
    move |error| Error::BadWeights { network, reason: error.to_string() }
}

/// A residual block of a network: channels in and out, stride.
type Shape = (usize, usize, usize);

/// Feature maps for a chain of blocks, the first of which sees maps of side `side`: one for each block's output. Where
/// neighbours have the same shape, two maps take turns; so may the chain's input, which is lost then.
fn chain(input: &Tensor, mut side: usize, shapes: &[Shape]) -> candle_core::Result<Vec<Tensor>> {
    let mut maps = vec![input.clone()];
    for &(_, channels, stride) in shapes {
        side = side.div_ceil(stride);
        let fresh = ops::feature_map(side, side, channels)?;
        let before_last = maps.len().checked_sub(2).and_then(|index| maps.get(index));
        let map = before_last.filter(|map| map.dims() == fresh.dims()).cloned().unwrap_or(fresh);
        maps.push(map);
    }
    Ok(maps.split_off(1))
}

/// Runs a chain of blocks, from `input` through `maps`, and returns the last output.
fn run_chain<'a>(
    blocks: &[ops::Block],
    input: &'a Tensor,
    maps: &'a [Tensor],
    workers: &Workers,
) -> candle_core::Result<&'a Tensor> {
    let mut from = input;
    for (block, to) in blocks.iter().zip(maps) {
        block.forward(from, to, workers)?;
        from = to;
    }
    Ok(from)
}

/// Turns a block's weights into an op.
fn make_block(block: &weights::Block, stride: usize, flavour: ops::Flavour) -> candle_core::Result<ops::Block> {
    let (depthwise, pointwise) = (&block.depthwise, &block.pointwise);
    let activation = activation(pointwise);
    let pointwise = (&pointwise.weight[..], &pointwise.bias[..]);
    ops::Block::new((&depthwise.weight, &depthwise.bias), pointwise, activation, stride, flavour)
}

/// PReLU where there are slopes, ReLU elsewhere.
fn activation(conv: &weights::Conv) -> ops::Activation<'_> {
    match &conv.prelu {
        Some(slopes) => ops::Activation::PRelu(slopes),
        None => ops::Activation::Relu,
    }
}
