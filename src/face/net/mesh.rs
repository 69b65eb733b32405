//! The face mesh: 468 points in three dimensions from a square picture of one face, and whether there is one.
//!
//! Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs", 2019. A 3×3 stem, fourteen
//! residual blocks, then two branches: points and presence.

use candle_core::Tensor;

use super::ops::{Block, Dense, Flavour, Pointwise, Stem, aligned_zeros, feature_map, read, write};
use super::weights::{Source, Weights};
use super::{Shape, Workers, activation, chain, failed, make_block, run_chain, unfit};
use crate::Result;

pub(super) const NAME: &str = "face mesh";
pub(super) const BYTES: &[u8] = include_bytes!("../../../models/face_landmark.safetensors");
const SOURCE: Source =
    Source { network: NAME, sha256: "bfe7963a2c493c7a9b039eedd4f33823143f939a44f386adaac2d51bcd2de93a" };

/// Channels of the picture and of the stem.
pub(super) const STEM: (usize, usize) = (3, 16);

/// The blocks that both branches share.
pub(super) const TRUNK: [Shape; 14] = [
    (16, 16, 1),
    (16, 16, 1),
    (16, 32, 2),
    (32, 32, 1),
    (32, 32, 1),
    (32, 64, 2),
    (64, 64, 1),
    (64, 64, 1),
    (64, 128, 2),
    (128, 128, 1),
    (128, 128, 1),
    (128, 128, 2),
    (128, 128, 1),
    (128, 128, 1),
];

/// A branch: its blocks of 128 channels, which begin with one of stride 2; a 1×1 convolution to [`SQUEEZED`] channels;
/// one more block; a layer whose kernel covers all that is left, 3×3 pixels.
pub(super) struct BranchShape {
    pub(super) name: &'static str,
    pub(super) blocks: usize,
    pub(super) outputs: usize,
}

pub(super) const POINTS: BranchShape = BranchShape { name: "points", blocks: 3, outputs: 3 * FaceMesh::POINTS };
pub(super) const PRESENCE: BranchShape = BranchShape { name: "presence", blocks: 1, outputs: 1 };

/// Channels of the trunk's end, and of a branch's.
pub(super) const DEEP: usize = 128;
/// Channels after a branch's 1×1 convolution.
pub(super) const SQUEEZED: usize = 32;
/// Side of a branch's maps, in pixels.
pub(super) const LAST_SIDE: usize = 3;

/// The landmark network: immutable, to be shared by all sessions.
pub struct FaceMesh {
    stem: Stem,
    trunk: Vec<Block>,
    points: Branch,
    presence: Branch,
}

struct Branch {
    blocks: Vec<Block>,
    squeeze: Pointwise,
    last: Block,
    head: Dense,
}

/// What one session needs to run a [`FaceMesh`]: its input, feature maps and outputs.
pub struct FaceMeshBuffers {
    input: Tensor,
    stem: Tensor,
    trunk: Vec<Tensor>,
    points: BranchBuffers,
    presence: BranchBuffers,
}

struct BranchBuffers {
    blocks: Vec<Tensor>,
    squeezed: Tensor,
    last: Tensor,
    output: Tensor,
}

pub(super) fn open(bytes: &[u8]) -> Result<Weights<'_>> {
    Weights::open(SOURCE, bytes)
}

impl FaceMesh {
    /// Side of the square input, in pixels.
    pub const SIDE: usize = 192;

    /// How many points there are.
    pub const POINTS: usize = 468;

    /// The network with the weights that the library holds.
    ///
    /// # Errors
    ///
    /// [`crate::Error::BadWeights`] where the program was damaged.
    pub fn embedded() -> Result<Self> {
        Self::from_safetensors(BYTES)
    }

    /// The network with the weights of `models/face_landmark.safetensors`, loaded by the caller.
    ///
    /// # Errors
    ///
    /// [`crate::Error::BadWeights`] where the bytes are not that very file (by its SHA-256), or a tensor is missing, has
    /// another shape or holds a number that is not finite.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self> {
        Self::with_flavour(bytes, Flavour::best())
    }

    /// As [`FaceMesh::embedded`], with the instructions that the caller names.
    ///
    /// # Errors
    ///
    /// As [`FaceMesh::embedded`].
    pub fn embedded_with(flavour: Flavour) -> Result<Self> {
        Self::with_flavour(BYTES, flavour)
    }

    fn with_flavour(bytes: &[u8], flavour: Flavour) -> Result<Self> {
        let weights = open(bytes)?;
        let (picture, channels) = STEM;
        let stem = weights.conv("stem", channels, 3, picture, true)?;
        let stem = Stem::new(&stem.weight, &stem.bias, activation(&stem), 3, flavour).map_err(unfit(NAME))?;
        let trunk = TRUNK
            .iter()
            .enumerate()
            .map(|(index, &(inputs, outputs, stride))| {
                let block = weights.block(&format!("trunk.{index}"), inputs, outputs, true)?;
                make_block(&block, stride, flavour).map_err(unfit(NAME))
            })
            .collect::<Result<_>>()?;
        let points = Branch::new(&weights, &POINTS, flavour)?;
        let presence = Branch::new(&weights, &PRESENCE, flavour)?;
        weights.finish()?;
        Ok(Self { stem, trunk, points, presence })
    }

    /// Buffers for one session, about 3 MB.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Network`] where candle cannot make a tensor.
    pub fn buffers(&self) -> Result<FaceMeshBuffers> {
        self.make_buffers().map_err(failed(NAME))
    }

    fn make_buffers(&self) -> candle_core::Result<FaceMeshBuffers> {
        let mut side = Self::SIDE / 2;
        let stem = feature_map(side, side, STEM.1)?;
        let trunk = TRUNK.iter().map(|&(_, outputs, stride)| {
            side /= stride;
            [side, side, outputs]
        });
        Ok(FaceMeshBuffers {
            input: aligned_zeros(&[Self::SIDE, Self::SIDE, STEM.0])?,
            trunk: chain(&stem, trunk)?,
            stem,
            points: BranchBuffers::new(&POINTS)?,
            presence: BranchBuffers::new(&PRESENCE)?,
        })
    }

    /// Runs the network on what was written into the buffers' input.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Network`] where candle refuses; with buffers that this network made, it does not.
    pub fn forward(&self, buffers: &mut FaceMeshBuffers, workers: &Workers) -> Result<()> {
        self.run(buffers, workers).map_err(failed(NAME))
    }

    fn run(&self, buffers: &FaceMeshBuffers, workers: &Workers) -> candle_core::Result<()> {
        self.stem.forward(&buffers.input, &buffers.stem, workers)?;
        let features = run_chain(&self.trunk, &buffers.stem, &buffers.trunk, workers)?;
        self.points.forward(features, &buffers.points, workers)?;
        self.presence.forward(features, &buffers.presence, workers)
    }
}

impl Branch {
    fn new(weights: &Weights<'_>, shape: &BranchShape, flavour: Flavour) -> Result<Self> {
        let BranchShape { name, blocks, outputs } = *shape;
        let block = |index: usize, channels: usize, stride: usize| {
            let block = weights.block(&format!("{name}.{index}"), channels, channels, true)?;
            make_block(&block, stride, flavour).map_err(unfit(NAME))
        };
        let squeeze = weights.conv(&format!("{name}.squeeze"), SQUEEZED, 1, DEEP, true)?;
        let head = weights.conv(&format!("{name}.head"), outputs, LAST_SIDE, SQUEEZED, false)?;
        Ok(Self {
            blocks: (0..blocks)
                .map(|index| block(index, DEEP, if index == 0 { 2 } else { 1 }))
                .collect::<Result<_>>()?,
            squeeze: Pointwise::new(&squeeze.weight, &squeeze.bias, activation(&squeeze), flavour)
                .map_err(unfit(NAME))?,
            last: block(blocks, SQUEEZED, 1)?,
            head: Dense::new(&head.weight, &head.bias, flavour).map_err(unfit(NAME))?,
        })
    }

    fn forward(&self, features: &Tensor, buffers: &BranchBuffers, workers: &Workers) -> candle_core::Result<()> {
        let features = run_chain(&self.blocks, features, &buffers.blocks, workers)?;
        self.squeeze.forward(features, &buffers.squeezed, workers)?;
        self.last.forward(&buffers.squeezed, &buffers.last, workers)?;
        self.head.forward(&buffers.last, &buffers.output, workers)
    }
}

impl BranchBuffers {
    fn new(shape: &BranchShape) -> candle_core::Result<Self> {
        let side = [LAST_SIDE, LAST_SIDE, DEEP];
        let blocks = chain(&feature_map(LAST_SIDE * 2, LAST_SIDE * 2, DEEP)?, (0..shape.blocks).map(|_| side))?;
        Ok(Self {
            blocks,
            squeezed: feature_map(LAST_SIDE, LAST_SIDE, SQUEEZED)?,
            last: feature_map(LAST_SIDE, LAST_SIDE, SQUEEZED)?,
            output: aligned_zeros(&[shape.outputs.next_multiple_of(8)])?,
        })
    }
}

impl FaceMeshBuffers {
    /// Lets `f` write the input: 192 × 192 × 3 floats, row by row, red, green, blue, each 0..=1.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Network`] where candle refuses.
    pub fn write_input(&mut self, f: impl FnOnce(&mut [f32])) -> Result<()> {
        write(&self.input, f).map_err(failed(NAME))
    }

    /// Lets `f` read the outputs of the last pass: 468 × 3 floats, x, y, z of each point in pixels of the input, and the
    /// logit of a face being there.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Network`] where candle refuses.
    pub fn read_outputs<R>(&self, f: impl FnOnce(&[f32], f32) -> R) -> Result<R> {
        let presence = read(&self.presence.output, |logit| logit.first().copied().unwrap_or(f32::NEG_INFINITY));
        presence
            .and_then(|presence| {
                read(&self.points.output, |points| f(points.get(..3 * FaceMesh::POINTS).unwrap_or_default(), presence))
            })
            .map_err(failed(NAME))
    }
}
