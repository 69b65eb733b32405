//! The landmark networks' layers.

use candle_core::{Tensor, bail};

use super::attention::{Attention, AttentionBuffers};
use super::branch::{Branch, BranchBuffers, head, head_outputs};
use super::model::{MeshModel, NAME};
use super::shapes::{EARLY, LATE, POINTS, PRESENCE, STEM};
use crate::Result;
use crate::face::net::errors::network_error;
use crate::face::net::loader::{ActivationKind, Loader};
use crate::face::net::ops::tensor::{aligned_zeros, read, write};
use crate::face::net::ops::{Block, Dense, SimdLevel, Stem, feature_map};
use crate::face::net::sequence;
use crate::face::net::workers::Workers;
use crate::face::topology;

/// The landmark network: immutable, to be shared by all sessions.
pub struct FaceMesh {
    stem: Stem,
    early: Vec<Block>,
    late: Vec<Block>,
    points: Branch,
    variant: Variant,
}

/// Where the networks differ.
enum Variant {
    Light { presence: Branch },
    Refined { presence: Dense, attention: Box<Attention> },
}

/// What one session needs to run a [`FaceMesh`]: its input, feature maps and outputs.
pub struct FaceMeshBuffers {
    input: Tensor,
    stem: Tensor,
    early: Vec<Tensor>,
    late: Vec<Tensor>,
    points: BranchBuffers,
    variant: VariantBuffers,
}

enum VariantBuffers {
    Light { presence: BranchBuffers },
    Refined { presence: Tensor, attention: AttentionBuffers, points: Tensor },
}

impl FaceMesh {
    /// Side of the square input, in pixels.
    pub const SIDE: usize = 192;

    /// A network with the weights that the library holds.
    ///
    /// # Errors
    ///
    /// [`crate::Error::BadWeights`] where the program was damaged.
    pub fn embedded(model: MeshModel) -> Result<Self> {
        Self::embedded_with(model, SimdLevel::best())
    }

    /// As [`FaceMesh::embedded`], with the instruction set that the caller chooses.
    ///
    /// # Errors
    ///
    /// As [`FaceMesh::embedded`].
    pub fn embedded_with(model: MeshModel, simd: SimdLevel) -> Result<Self> {
        Self::load(model, model.bytes(), simd)
    }

    /// A network with the weights of `models/face_landmark.safetensors` (light) or
    /// `models/face_landmark_with_attention.safetensors` (refined), loaded by the caller.
    ///
    /// # Errors
    ///
    /// [`crate::Error::BadWeights`] where the bytes are not that very file (by its SHA-256), or a tensor is missing, has
    /// another shape or holds a number that is not finite.
    pub fn from_safetensors(model: MeshModel, bytes: &[u8]) -> Result<Self> {
        Self::load(model, bytes, SimdLevel::best())
    }

    fn load(model: MeshModel, bytes: &[u8], simd: SimdLevel) -> Result<Self> {
        let loader = Loader::new(model.open(bytes)?, simd);
        let variant = match model {
            MeshModel::Light => Variant::Light { presence: Branch::new(&loader, &PRESENCE)? },
            MeshModel::Refined => Variant::Refined {
                presence: head(&loader, PRESENCE.name, PRESENCE.outputs, POINTS.last_side())?,
                attention: Box::new(Attention::new(&loader)?),
            },
        };
        let network = Self {
            stem: loader.stem(STEM, 3, ActivationKind::PRelu)?,
            early: loader.blocks("trunk", 0, &EARLY, ActivationKind::PRelu)?,
            late: loader.blocks("trunk", EARLY.len(), &LATE, ActivationKind::PRelu)?,
            points: Branch::new(&loader, &POINTS)?,
            variant,
        };
        loader.finish()?;
        Ok(network)
    }

    /// Which network this is.
    #[must_use]
    pub fn model(&self) -> MeshModel {
        match self.variant {
            Variant::Light { .. } => MeshModel::Light,
            Variant::Refined { .. } => MeshModel::Refined,
        }
    }

    /// Buffers for one session, about 3 MB.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Network`] where candle cannot make a tensor.
    pub fn buffers(&self) -> Result<FaceMeshBuffers> {
        self.make_buffers().map_err(network_error(NAME))
    }

    fn make_buffers(&self) -> candle_core::Result<FaceMeshBuffers> {
        let side = Self::SIDE / 2;
        let stem = feature_map(side, side, STEM.1)?;
        Ok(FaceMeshBuffers {
            input: aligned_zeros(&[Self::SIDE, Self::SIDE, STEM.0])?,
            early: sequence::feature_maps(Some(&stem), side, &EARLY)?,
            // The early blocks' output is read again after the late ones.
            late: sequence::feature_maps(None, side / 2, &LATE)?,
            stem,
            points: BranchBuffers::new(&POINTS)?,
            variant: match self.model() {
                MeshModel::Light => VariantBuffers::Light { presence: BranchBuffers::new(&PRESENCE)? },
                MeshModel::Refined => VariantBuffers::Refined {
                    presence: head_outputs(PRESENCE.outputs)?,
                    attention: Attention::buffers()?,
                    points: head_outputs(3 * MeshModel::Refined.points())?,
                },
            },
        })
    }

    /// Runs the network on what was written into the buffers' input.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Network`] where candle refuses; with buffers that this network made, it does not.
    pub fn forward(&self, buffers: &mut FaceMeshBuffers, workers: &Workers) -> Result<()> {
        self.run(buffers, workers).map_err(network_error(NAME))
    }

    fn run(&self, buffers: &mut FaceMeshBuffers, workers: &Workers) -> candle_core::Result<()> {
        self.stem.forward(&buffers.input, &buffers.stem, workers)?;
        let early = sequence::run(&self.early, &buffers.stem, &buffers.early, workers)?;
        let features = sequence::run(&self.late, early, &buffers.late, workers)?;
        self.points.forward(features, &buffers.points, workers)?;
        match (&self.variant, &mut buffers.variant) {
            (Variant::Light { presence }, VariantBuffers::Light { presence: buffers }) => {
                presence.forward(features, buffers, workers)
            }
            (
                Variant::Refined { presence, attention },
                VariantBuffers::Refined { presence: output, attention: inner, points },
            ) => {
                presence.forward(&buffers.points.last, output, workers)?;
                let mut outcome = Ok(());
                read(&buffers.points.output, |mesh| {
                    write(points, |points| {
                        points.iter_mut().zip(mesh).take(3 * topology::POINTS).for_each(|(to, from)| *to = *from);
                        outcome = attention.forward(early, points, inner, workers);
                    })
                })??;
                outcome
            }
            _ => bail!("these buffers belong to another network"),
        }
    }
}

impl FaceMeshBuffers {
    /// Lets `f` write the input: 192 × 192 × 3 floats, row by row, red, green, blue, each 0..=1.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Network`] where candle refuses.
    pub fn write_input(&mut self, f: impl FnOnce(&mut [f32])) -> Result<()> {
        write(&self.input, f).map_err(network_error(NAME))
    }

    /// Lets `f` read the input, as it was written last.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Network`] where candle refuses.
    pub fn read_input<R>(&self, f: impl FnOnce(&[f32]) -> R) -> Result<R> {
        read(&self.input, f).map_err(network_error(NAME))
    }

    /// Lets `f` read the outputs of the last pass: 468 × 3 or 478 × 3 floats, x, y, z of each point in pixels of the input,
    /// and the logit of a face being there.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Network`] where candle refuses.
    pub fn read_outputs<R>(&self, f: impl FnOnce(&[f32], f32) -> R) -> Result<R> {
        let (model, presence, points) = match &self.variant {
            VariantBuffers::Light { presence } => (MeshModel::Light, &presence.output, &self.points.output),
            VariantBuffers::Refined { presence, points, .. } => (MeshModel::Refined, presence, points),
        };
        let presence = read(presence, |logit| logit.first().copied().unwrap_or(f32::NEG_INFINITY));
        presence
            .and_then(|presence| {
                read(points, |points| f(points.get(..3 * model.points()).unwrap_or_default(), presence))
            })
            .map_err(network_error(NAME))
    }
}
