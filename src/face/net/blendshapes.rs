//! The face's expression as 52 blendshape coefficients, told from landmarks alone.
//!
//! Grishchenko et al., "Blendshapes GHUM: Real-time Monocular Facial Blendshape Prediction", 2023. An MLP-Mixer (Tolstikhin
//! et al., 2021): 146 points become 96 tokens of 64 channels; four blocks mix tokens and channels; one more token, which
//! stands for all of them, gives the coefficients.

use candle_core::Tensor;

use super::errors::network_error;
use super::ops::SimdLevel;
use super::ops::mixer::{Embedding, MixerBlock, MixerHead, hidden_tokens, tokens};
use super::ops::tensor::{aligned_zeros, read, write};
use super::weights::{ConvWeights, Weights, WeightsFile};
use super::workers::Workers;
use crate::face::topology;
use crate::{Error, Result};

const NAME: &str = "blendshapes";
const BYTES: &[u8] = include_bytes!("../../../models/face_blendshapes.safetensors");
const FILE: WeightsFile =
    WeightsFile { network: NAME, sha256: "57e27517dbae745f00690cacd133135269a7cf6a98e62c4812084c47482a0293" };

/// The points of the mesh that the network sees, MediaPipe's own choice, without the ten of the irises, which come after them.
const SUBSET: [usize; 136] = [
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70, 78, 80,
    81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152, 153,
    154, 155, 157, 158, 159, 160, 161, 162, 163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251,
    263, 267, 269, 270, 276, 282, 283, 284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318,
    321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382, 384, 385, 386,
    387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466,
];

/// Points that the network sees.
const POINTS: usize = SUBSET.len() + 10;
/// Tokens that are made of them.
const TOKENS: usize = 96;
/// Channels of a token, and between the layers that mix them.
const CHANNELS: (usize, usize) = (64, 256);
/// Tokens between the layers that mix them.
const HIDDEN_TOKENS: usize = 384;
const BLOCKS: usize = 4;

macro_rules! blendshapes {
    ($($variant:ident $name:literal,)*) => {
        /// A blendshape, under ARKit's name and in MediaPipe's order: `shape as usize` is its place among the coefficients.
        /// Left and right are the person's own.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "the names say it")]
        pub enum Blendshape {
            $($variant,)*
        }

        impl Blendshape {
            /// All of them, in order.
            pub const ALL: [Self; 52] = [$(Self::$variant,)*];

            /// ARKit's name, such as `jawOpen`. The first one, `_neutral`, is MediaPipe's own.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

blendshapes! {
    Neutral "_neutral",
    BrowDownLeft "browDownLeft",
    BrowDownRight "browDownRight",
    BrowInnerUp "browInnerUp",
    BrowOuterUpLeft "browOuterUpLeft",
    BrowOuterUpRight "browOuterUpRight",
    CheekPuff "cheekPuff",
    CheekSquintLeft "cheekSquintLeft",
    CheekSquintRight "cheekSquintRight",
    EyeBlinkLeft "eyeBlinkLeft",
    EyeBlinkRight "eyeBlinkRight",
    EyeLookDownLeft "eyeLookDownLeft",
    EyeLookDownRight "eyeLookDownRight",
    EyeLookInLeft "eyeLookInLeft",
    EyeLookInRight "eyeLookInRight",
    EyeLookOutLeft "eyeLookOutLeft",
    EyeLookOutRight "eyeLookOutRight",
    EyeLookUpLeft "eyeLookUpLeft",
    EyeLookUpRight "eyeLookUpRight",
    EyeSquintLeft "eyeSquintLeft",
    EyeSquintRight "eyeSquintRight",
    EyeWideLeft "eyeWideLeft",
    EyeWideRight "eyeWideRight",
    JawForward "jawForward",
    JawLeft "jawLeft",
    JawOpen "jawOpen",
    JawRight "jawRight",
    MouthClose "mouthClose",
    MouthDimpleLeft "mouthDimpleLeft",
    MouthDimpleRight "mouthDimpleRight",
    MouthFrownLeft "mouthFrownLeft",
    MouthFrownRight "mouthFrownRight",
    MouthFunnel "mouthFunnel",
    MouthLeft "mouthLeft",
    MouthLowerDownLeft "mouthLowerDownLeft",
    MouthLowerDownRight "mouthLowerDownRight",
    MouthPressLeft "mouthPressLeft",
    MouthPressRight "mouthPressRight",
    MouthPucker "mouthPucker",
    MouthRight "mouthRight",
    MouthRollLower "mouthRollLower",
    MouthRollUpper "mouthRollUpper",
    MouthShrugLower "mouthShrugLower",
    MouthShrugUpper "mouthShrugUpper",
    MouthSmileLeft "mouthSmileLeft",
    MouthSmileRight "mouthSmileRight",
    MouthStretchLeft "mouthStretchLeft",
    MouthStretchRight "mouthStretchRight",
    MouthUpperUpLeft "mouthUpperUpLeft",
    MouthUpperUpRight "mouthUpperUpRight",
    NoseSneerLeft "noseSneerLeft",
    NoseSneerRight "noseSneerRight",
}

/// The network: immutable, to be shared by all sessions.
pub struct Blendshapes {
    embedding: Embedding,
    blocks: Vec<MixerBlock>,
    head: MixerHead,
}

/// What one session needs to run [`Blendshapes`].
pub struct BlendshapesBuffers {
    /// [2, points]
    input: Tensor,
    tokens: Tensor,
    hidden: Tensor,
    output: Tensor,
}

/// A block's weights.
struct BlockWeights {
    token_norm: Vec<f32>,
    tokens: [ConvWeights; 2],
    channel_norm: Vec<f32>,
    channels: [ConvWeights; 2],
}

fn block_weights(weights: &Weights<'_>, index: usize) -> Result<BlockWeights> {
    let all = TOKENS + 1;
    let norm = |kind: &str| weights.take(&format!("blocks.{index}.{kind}.norm"), &[CHANNELS.0]);
    let layers = |kind: &str, outer: usize, inner: usize| -> Result<[ConvWeights; 2]> {
        let expand = weights.conv(&format!("blocks.{index}.{kind}.expand"), inner, 1, outer, false)?;
        Ok([expand, weights.conv(&format!("blocks.{index}.{kind}.reduce"), outer, 1, inner, false)?])
    };
    Ok(BlockWeights {
        token_norm: norm("token")?,
        tokens: layers("token", all, HIDDEN_TOKENS)?,
        channel_norm: norm("channel")?,
        channels: layers("channel", CHANNELS.0, CHANNELS.1)?,
    })
}

impl Blendshapes {
    /// The network with the weights that the library holds.
    ///
    /// # Errors
    ///
    /// [`crate::Error::BadWeights`] where the program was damaged.
    pub fn embedded() -> Result<Self> {
        Self::from_safetensors(BYTES)
    }

    /// The network with the weights of `models/face_blendshapes.safetensors`, loaded by the caller.
    ///
    /// # Errors
    ///
    /// [`crate::Error::BadWeights`] where the bytes are not that very file (by its SHA-256), or a tensor is missing, has
    /// another shape or holds a number that is not finite.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self> {
        Self::load(bytes, SimdLevel::best())
    }

    /// As [`Blendshapes::embedded`], with the instruction set that the caller chooses.
    ///
    /// # Errors
    ///
    /// As [`Blendshapes::embedded`].
    pub fn embedded_with(simd: SimdLevel) -> Result<Self> {
        Self::load(BYTES, simd)
    }

    fn load(bytes: &[u8], simd: SimdLevel) -> Result<Self> {
        let weights = Weights::open(FILE, bytes)?;
        let points = weights.conv("points", TOKENS, 1, POINTS, false)?;
        let embedding = weights.conv("embedding", CHANNELS.0, 1, 2, false)?;
        let token = weights.take("token", &[CHANNELS.0])?;
        let blocks = (0..BLOCKS).map(|index| block_weights(&weights, index)).collect::<Result<Vec<_>>>()?;
        let head = weights.conv("head", Blendshape::ALL.len(), 1, CHANNELS.0, false)?;
        weights.finish()?;
        let norm = |index: usize| blocks.get(index).map(|block| &block.token_norm[..]);
        let first = norm(0).unwrap_or_default();
        let made = blocks.iter().enumerate().map(|(index, block)| {
            let (tokens, channels) =
                (block.tokens.each_ref().map(ConvWeights::layer), block.channels.each_ref().map(ConvWeights::layer));
            MixerBlock::new(tokens, &block.channel_norm, channels, norm(index + 1), simd).map_err(weights.error())
        });
        Ok(Self {
            embedding: Embedding::new(points.layer(), embedding.layer(), &token, first, simd)
                .map_err(weights.error())?,
            blocks: made.collect::<Result<_>>()?,
            head: MixerHead::new(head.layer(), TOKENS + 1, simd).map_err(weights.error())?,
        })
    }

    /// Buffers for one session, about 150 KB.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Network`] where candle cannot make a tensor.
    pub fn buffers(&self) -> Result<BlendshapesBuffers> {
        make_buffers().map_err(network_error(NAME))
    }

    /// The coefficients, each 0..=1, in the order of [`Blendshape::ALL`], of a face whose 478 landmarks are given as x, y, z;
    /// only x and y are looked at, in pixels or any other unit that is the same along both. Neither where the face is nor how
    /// large it is makes a difference, and little does how it is turned in the picture.
    ///
    /// # Errors
    ///
    /// [`crate::Error::BadLandmarks`] where there are not 478 points, or where those looked at are not finite or all in one
    /// place; [`crate::Error::Network`] where candle refuses, which it does not with buffers that this network made.
    pub fn forward(
        &self,
        points: &[[f32; 3]],
        buffers: &mut BlendshapesBuffers,
        workers: &Workers,
    ) -> Result<[f32; 52]> {
        if points.len() != topology::POINTS_WITH_IRISES {
            return Err(Error::BadLandmarks { face: 0, reason: "blendshapes are told from 478 points" });
        }
        let mut fits = false;
        write(&buffers.input, |input| fits = normalise(points, input)).map_err(network_error(NAME))?;
        if !fits {
            return Err(Error::BadLandmarks { face: 0, reason: "its points are not finite or all in one place" });
        }
        self.run(buffers, workers).map_err(network_error(NAME))
    }

    fn run(&self, buffers: &BlendshapesBuffers, workers: &Workers) -> candle_core::Result<[f32; 52]> {
        let BlendshapesBuffers { input, tokens, hidden, output } = buffers;
        self.embedding.forward(input, tokens)?;
        self.blocks.iter().try_for_each(|block| block.forward(tokens, hidden, workers))?;
        self.head.forward(tokens, output)?;
        read(output, |logits| {
            let mut coefficients = [0.0; 52];
            for (to, logit) in coefficients.iter_mut().zip(logits) {
                *to = 1.0 / (1.0 + (-logit).exp());
            }
            coefficients
        })
    }
}

/// Writes x, then y, of the points that the network sees: relative to their middle, in units of twice their mean distance
/// from it. Returns false where the points are not finite or all in one place.
fn normalise(points: &[[f32; 3]], input: &mut [f32]) -> bool {
    let irises = topology::POINTS..topology::POINTS_WITH_IRISES;
    let seen = || SUBSET.iter().copied().chain(irises.clone()).filter_map(|index| points.get(index));
    let (xs, ys) = input.split_at_mut(input.len() / 2);
    let mut sum = [0.0; 2];
    for &[x, y, _] in seen() {
        sum = [sum[0] + x, sum[1] + y];
    }
    let centre = sum.map(|sum| sum / POINTS as f32);
    let mut distances = 0.0;
    for ((to_x, to_y), &[x, y, _]) in xs.iter_mut().zip(ys.iter_mut()).zip(seen()) {
        (*to_x, *to_y) = (x - centre[0], y - centre[1]);
        distances += to_x.hypot(*to_y);
    }
    let scale = 0.5 * POINTS as f32 / distances;
    xs.iter_mut().chain(ys).for_each(|value| *value *= scale);
    scale.is_finite() && scale > 0.0
}

fn make_buffers() -> candle_core::Result<BlendshapesBuffers> {
    Ok(BlendshapesBuffers {
        input: aligned_zeros(&[2, POINTS])?,
        tokens: tokens(TOKENS + 1)?,
        hidden: hidden_tokens(HIDDEN_TOKENS)?,
        output: aligned_zeros(&[Blendshape::ALL.len().next_multiple_of(16)])?,
    })
}
