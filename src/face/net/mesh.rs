//! The face mesh: 468 points in three dimensions from a square picture of one face, and whether there is one; with
//! attention, lips and eyes are looked at again, and ten points of the irises come after them.
//!
//! Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs", 2019; Grishchenko et al.,
//! "Attention Mesh", 2020. A 3×3 stem, fourteen residual blocks, then a branch for the points. Presence has a branch of its
//! own in the light network, and shares the points' in the refined one.

use candle_core::Tensor;

use super::attention::{Attention, AttentionBuffers};
use super::branch::{Branch, BranchBuffers, BranchShape, blocks, head, outputs};
use super::ops::{Block, Dense, Flavour, Stem, aligned_zeros, feature_map, read, write};
use super::weights::{Source, Weights};
use super::{Shape, Workers, activation, chain, failed, run_chain, unfit};
use crate::Result;
use crate::face::topology;

pub(super) const NAME: &str = "face mesh";

/// Channels of the picture and of the stem.
pub(super) const STEM: (usize, usize) = (3, 16);

/// The first blocks of the trunk: the refined network cuts its pieces from what they make, so that it has to stay.
pub(super) const EARLY: [Shape; 3] = [(16, 16, 1), (16, 16, 1), (16, 32, 2)];

/// The trunk's other blocks.
pub(super) const LATE: [Shape; 11] = [
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

pub(super) const POINTS: BranchShape = BranchShape {
    name: "points",
    side: 6,
    blocks: &[(128, 128, 2), (128, 128, 1), (128, 128, 1)],
    outputs: 3 * topology::POINTS,
};
pub(super) const PRESENCE: BranchShape =
    BranchShape { name: "presence", side: 6, blocks: &[(128, 128, 2)], outputs: 1 };

/// Which of the two landmark networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MeshModel {
    /// 468 points, the faster one.
    Light,
    /// 478 points: lips, eyes and brows follow more closely, and irises are found.
    Refined,
}

impl MeshModel {
    /// How many points it places.
    #[must_use]
    pub fn points(self) -> usize {
        match self {
            Self::Light => topology::POINTS,
            Self::Refined => topology::POINTS_WITH_IRISES,
        }
    }

    /// The weights that the library holds.
    pub(super) fn bytes(self) -> &'static [u8] {
        match self {
            Self::Light => include_bytes!("../../../models/face_landmark.safetensors"),
            Self::Refined => include_bytes!("../../../models/face_landmark_with_attention.safetensors"),
        }
    }

    pub(super) fn open(self, bytes: &[u8]) -> Result<Weights<'_>> {
        let sha256 = match self {
            Self::Light => "bfe7963a2c493c7a9b039eedd4f33823143f939a44f386adaac2d51bcd2de93a",
            Self::Refined => "dba9e6637dd0e7a50bd87e2872ff085698138f2d74918f7ab888d71441c1dfd9",
        };
        Weights::open(Source { network: NAME, sha256 }, bytes)
    }
}

/// The landmark network: immutable, to be shared by all sessions.
pub struct FaceMesh {
    stem: Stem,
    early: Vec<Block>,
    late: Vec<Block>,
    points: Branch,
    rest: Rest,
}

/// Where the networks differ.
enum Rest {
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
    rest: RestBuffers,
}

enum RestBuffers {
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
        Self::embedded_with(model, Flavour::best())
    }

    /// As [`FaceMesh::embedded`], with the instructions that the caller names.
    ///
    /// # Errors
    ///
    /// As [`FaceMesh::embedded`].
    pub fn embedded_with(model: MeshModel, flavour: Flavour) -> Result<Self> {
        Self::with_flavour(model, model.bytes(), flavour)
    }

    /// A network with the weights of `models/face_landmark.safetensors` (light) or
    /// `models/face_landmark_with_attention.safetensors` (refined), loaded by the caller.
    ///
    /// # Errors
    ///
    /// [`crate::Error::BadWeights`] where the bytes are not that very file (by its SHA-256), or a tensor is missing, has
    /// another shape or holds a number that is not finite.
    pub fn from_safetensors(model: MeshModel, bytes: &[u8]) -> Result<Self> {
        Self::with_flavour(model, bytes, Flavour::best())
    }

    fn with_flavour(model: MeshModel, bytes: &[u8], flavour: Flavour) -> Result<Self> {
        let weights = model.open(bytes)?;
        let (picture, channels) = STEM;
        let stem = weights.conv("stem", channels, 3, picture, true)?;
        let stem = Stem::new(&stem.weight, &stem.bias, activation(&stem), 3, flavour).map_err(unfit(NAME))?;
        let mut trunk = blocks(&weights, "trunk", &[&EARLY[..], &LATE].concat(), flavour)?;
        let late = trunk.split_off(EARLY.len());
        let points = Branch::new(&weights, &POINTS, flavour)?;
        let rest = match model {
            MeshModel::Light => Rest::Light { presence: Branch::new(&weights, &PRESENCE, flavour)? },
            MeshModel::Refined => Rest::Refined {
                presence: head(&weights, PRESENCE.name, PRESENCE.outputs, POINTS.last_side(), flavour)?,
                attention: Box::new(Attention::new(&weights, flavour)?),
            },
        };
        weights.finish()?;
        Ok(Self { stem, early: trunk, late, points, rest })
    }

    /// Which network this is.
    #[must_use]
    pub fn model(&self) -> MeshModel {
        match self.rest {
            Rest::Light { .. } => MeshModel::Light,
            Rest::Refined { .. } => MeshModel::Refined,
        }
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
        let side = Self::SIDE / 2;
        let stem = feature_map(side, side, STEM.1)?;
        // What the early blocks end with must outlive the late ones.
        let kept = feature_map(1, 1, 1)?;
        Ok(FaceMeshBuffers {
            input: aligned_zeros(&[Self::SIDE, Self::SIDE, STEM.0])?,
            early: chain(&stem, side, &EARLY)?,
            late: chain(&kept, side / 2, &LATE)?,
            stem,
            points: BranchBuffers::new(&POINTS)?,
            rest: match self.model() {
                MeshModel::Light => RestBuffers::Light { presence: BranchBuffers::new(&PRESENCE)? },
                MeshModel::Refined => RestBuffers::Refined {
                    presence: outputs(PRESENCE.outputs)?,
                    attention: Attention::buffers()?,
                    points: outputs(3 * MeshModel::Refined.points())?,
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
        self.run(buffers, workers).map_err(failed(NAME))
    }

    fn run(&self, buffers: &mut FaceMeshBuffers, workers: &Workers) -> candle_core::Result<()> {
        self.stem.forward(&buffers.input, &buffers.stem, workers)?;
        let early = run_chain(&self.early, &buffers.stem, &buffers.early, workers)?;
        let features = run_chain(&self.late, early, &buffers.late, workers)?;
        self.points.forward(features, &buffers.points, workers)?;
        match (&self.rest, &mut buffers.rest) {
            (Rest::Light { presence }, RestBuffers::Light { presence: buffers }) => {
                presence.forward(features, buffers, workers)
            }
            (
                Rest::Refined { presence, attention },
                RestBuffers::Refined { presence: output, attention: inner, points },
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
            _ => candle_core::bail!("these buffers belong to another network"),
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
        write(&self.input, f).map_err(failed(NAME))
    }

    /// Lets `f` read the input that was written last.
    pub(crate) fn read_input<R>(&self, f: impl FnOnce(&[f32]) -> R) -> Result<R> {
        read(&self.input, f).map_err(failed(NAME))
    }

    /// Lets `f` read the outputs of the last pass: 468 × 3 or 478 × 3 floats, x, y, z of each point in pixels of the input,
    /// and the logit of a face being there.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Network`] where candle refuses.
    pub fn read_outputs<R>(&self, f: impl FnOnce(&[f32], f32) -> R) -> Result<R> {
        let (model, presence, points) = match &self.rest {
            RestBuffers::Light { presence } => (MeshModel::Light, &presence.output, &self.points.output),
            RestBuffers::Refined { presence, points, .. } => (MeshModel::Refined, presence, points),
        };
        let presence = read(presence, |logit| logit.first().copied().unwrap_or(f32::NEG_INFINITY));
        presence
            .and_then(|presence| {
                read(points, |points| f(points.get(..3 * model.points()).unwrap_or_default(), presence))
            })
            .map_err(failed(NAME))
    }
}
