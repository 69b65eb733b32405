//! YuNet: a detector for faces from about ten pixels on, in a picture of any shape.
//!
//! Wu, Peng and Yu, "YuNet: A Tiny Millisecond-level Face Detector", Machine Intelligence Research, 2023. A 3×3 stem and
//! eleven units down to a 32nd of the picture's size; a neck that adds what the coarse levels see to the finer ones; and a
//! head for each level, at strides of 8, 16 and 32 pixels. There are no anchors: a cell has one face or none.

use candle_core::Tensor;

use super::errors::network_error;
use super::loader::Loader;
use super::ops::tensor::{aligned_zeros, read, write};
use super::ops::{FirstUnit, SimdLevel, Unit, plain_map};
use super::weights::{Weights, WeightsFile};
use super::workers::Workers;
use super::yunet_level::YuNetLevel;
use crate::{Error, Result};

pub(super) const NAME: &str = "YuNet";
pub(super) const BYTES: &[u8] = include_bytes!("../../../models/face_detection_yunet.safetensors");
const FILE: WeightsFile =
    WeightsFile { network: NAME, sha256: "128a6d0cb1e704ad12ff977425fb46ebff5f2099481394b8773cb9e00568f24e" };

/// Channels of the picture and of the stem.
pub(super) const STEM: (usize, usize) = (3, 16);

/// A unit of the backbone: channels in and out, and whether the map is pooled before or after it.
pub(super) struct UnitShape {
    pub(super) channels: (usize, usize),
    pub(super) pooling: Pooling,
}

/// Where 2×2 maxima are taken, which halves the map's sides.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Pooling {
    None,
    /// Before the unit: the larger map is needed elsewhere too.
    Before,
    /// After it.
    After,
}

const fn unit(inputs: usize, outputs: usize, pooling: Pooling) -> UnitShape {
    UnitShape { channels: (inputs, outputs), pooling }
}

/// The units of the backbone.
pub(super) const BACKBONE: [UnitShape; 11] = [
    unit(16, 16, Pooling::After),
    unit(16, 16, Pooling::None),
    unit(16, 32, Pooling::None),
    unit(32, 32, Pooling::None),
    unit(32, 64, Pooling::After),
    unit(64, 64, Pooling::None),
    unit(64, 64, Pooling::None),
    unit(64, 64, Pooling::Before),
    unit(64, 64, Pooling::None),
    unit(64, 64, Pooling::Before),
    unit(64, 64, Pooling::None),
];

/// The levels: stride in pixels, and the unit of the backbone that the level begins with.
pub(super) const LEVELS: [(usize, usize); 3] = [(8, 6), (16, 8), (32, 10)];

/// Channels of the neck.
pub(super) const NECK: usize = 64;

/// Numbers for a cell: class, object, box, five points.
pub(super) const CELL: usize = 16;

/// The unit that each step of a pass begins with. Units are counted in the order in which they run: the backbone, the neck from
/// the coarsest level to the finest, the heads likewise. All steps take about the same time.
const STEP_STARTS: [usize; 4] = [0, 1, 4, 6];

/// The detector: immutable, to be shared by all sessions.
pub struct YuNet {
    first: FirstUnit,
    /// The backbone's other units.
    backbone: Vec<Unit>,
    neck: [Unit; 3],
    heads: [Unit; 3],
}

/// What one session needs to run a [`YuNet`] on pictures of one size: its input, feature maps and outputs.
pub struct YuNetBuffers {
    width: usize,
    height: usize,
    input: Tensor,
    /// What each unit of the backbone makes.
    backbone: Vec<Tensor>,
    /// From the finest level to the coarsest, as the heads.
    neck: [Tensor; 3],
    heads: [Tensor; 3],
}

pub(super) fn open(bytes: &[u8]) -> Result<Weights<'_>> {
    Weights::open(FILE, bytes)
}

impl YuNet {
    /// Sides of a picture are multiples of this, in pixels.
    pub const MULTIPLE: usize = 32;

    /// Longest side of a picture, in pixels.
    pub const LONGEST: usize = 8192;

    /// The network with the weights that the library holds.
    ///
    /// # Errors
    ///
    /// [`crate::Error::BadWeights`] where the program was damaged.
    pub fn embedded() -> Result<Self> {
        Self::from_safetensors(BYTES)
    }

    /// The network with the weights of `models/face_detection_yunet.safetensors`, loaded by the caller.
    ///
    /// # Errors
    ///
    /// [`crate::Error::BadWeights`] where the bytes are not that very file (by its SHA-256), or a tensor is missing, has
    /// another shape or holds a number that is not finite.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self> {
        Self::load(bytes, SimdLevel::best())
    }

    /// As [`YuNet::embedded`], with the instruction set that the caller chooses.
    ///
    /// # Errors
    ///
    /// As [`YuNet::embedded`].
    pub fn embedded_with(simd: SimdLevel) -> Result<Self> {
        Self::load(BYTES, simd)
    }

    fn load(bytes: &[u8], simd: SimdLevel) -> Result<Self> {
        let loader = Loader::new(open(bytes)?, simd);
        let [first, rest @ ..] = &BACKBONE;
        let backbone_unit =
            |name: &str, shape: &UnitShape| loader.unit(name, shape.channels, true, shape.pooling == Pooling::After);
        let first = loader.first_unit(STEM, backbone_unit("blocks.0", first)?)?;
        let backbone = rest.iter().zip(1..).map(|(shape, number)| backbone_unit(&format!("blocks.{number}"), shape));
        let neck = |stride: usize| loader.unit(&format!("neck{stride}"), (NECK, NECK), true, false);
        let head = |stride: usize| loader.unit(&format!("head{stride}"), (NECK, CELL), false, false);
        let [fine, middle, coarse] = LEVELS.map(|(stride, _)| stride);
        let network = Self {
            first,
            backbone: backbone.collect::<Result<_>>()?,
            neck: [neck(fine)?, neck(middle)?, neck(coarse)?],
            heads: [head(fine)?, head(middle)?, head(coarse)?],
        };
        loader.finish()?;
        Ok(network)
    }

    /// Buffers for one session and pictures of one size, whose sides are multiples of 32 up to 8192 pixels: about 40 bytes
    /// for each of their pixels.
    ///
    /// # Errors
    ///
    /// [`crate::Error::InputSize`] where the sides are not such; [`crate::Error::Network`] where candle cannot make a tensor.
    pub fn buffers(&self, width: usize, height: usize) -> Result<YuNetBuffers> {
        let fits = |side: usize| side > 0 && side <= Self::LONGEST && side.is_multiple_of(Self::MULTIPLE);
        if !fits(width) || !fits(height) {
            return Err(Error::InputSize {
                network: NAME,
                width,
                height,
                multiple: Self::MULTIPLE,
                max: Self::LONGEST,
            });
        }
        make_buffers(width, height).map_err(network_error(NAME))
    }

    /// Runs the network on what was written into the buffers' input.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Network`] where candle refuses; with buffers that this network made, it does not.
    pub fn forward(&self, buffers: &mut YuNetBuffers, workers: &Workers) -> Result<()> {
        (0..Self::STEPS).try_for_each(|step| self.forward_step(buffers, workers, step))
    }

    /// How many steps a pass can be cut into.
    pub const STEPS: usize = STEP_STARTS.len();

    /// Runs one of the [`YuNet::STEPS`] steps of a pass, counted from 0: all of them in order are one pass, and each takes
    /// about as long as any other. What is written into the input after the first step is not seen by the others.
    ///
    /// # Errors
    ///
    /// As [`YuNet::forward`].
    pub fn forward_step(&self, buffers: &mut YuNetBuffers, workers: &Workers, step: usize) -> Result<()> {
        let cut = |step: usize| STEP_STARTS.get(step).copied().unwrap_or(BACKBONE.len() + 2 * LEVELS.len());
        (cut(step)..cut(step + 1)).try_for_each(|unit| self.run(buffers, workers, unit)).map_err(network_error(NAME))
    }

    /// Runs one unit, in the order that [`STEP_STARTS`] counts them in.
    fn run(&self, buffers: &YuNetBuffers, workers: &Workers, index: usize) -> candle_core::Result<()> {
        let YuNetBuffers { input, backbone, neck, heads, .. } = buffers;
        let Some(later) = index.checked_sub(BACKBONE.len()) else {
            let Some(to) = backbone.get(index) else { return Ok(()) };
            let previous = index.checked_sub(1).and_then(|before| self.backbone.get(before).zip(backbone.get(before)));
            return match (previous, BACKBONE.get(index).map(|shape| shape.pooling)) {
                (Some((unit, from)), Some(Pooling::Before)) => unit.forward_pooled(from, to, workers),
                (Some((unit, from)), _) => unit.forward(from, to, workers),
                (None, _) => self.first.forward(input, to, workers),
            };
        };
        let [fine, middle, coarse] = LEVELS.map(|(_, unit)| backbone.get(unit).unwrap_or(input));
        match later {
            0 => self.neck[2].forward(coarse, &neck[2], workers),
            1 => self.neck[1].forward_merged(middle, &neck[2], &neck[1], workers),
            2 => self.neck[0].forward_merged(fine, &neck[1], &neck[0], workers),
            3 => self.heads[2].forward(&neck[2], &heads[2], workers),
            4 => self.heads[1].forward(&neck[1], &heads[1], workers),
            _ => self.heads[0].forward(&neck[0], &heads[0], workers),
        }
    }
}

fn make_buffers(width: usize, height: usize) -> candle_core::Result<YuNetBuffers> {
    let map = |stride: usize, channels: usize| plain_map(height / stride, width / stride, channels);
    // Only the maps that the levels begin with have to stay. All others take turns in two pieces of memory, each as large as
    // the largest map: 32 channels at a quarter of the picture's size.
    let shared = [map(4, 32)?.flatten_all()?, map(4, 32)?.flatten_all()?];
    let mut backbone = Vec::with_capacity(BACKBONE.len());
    let mut stride = 2;
    for (index, shape) in BACKBONE.iter().enumerate() {
        if shape.pooling != Pooling::None {
            stride *= 2;
        }
        let (height, width, channels) = (height / stride, width / stride, shape.channels.1);
        backbone.push(if LEVELS.iter().any(|&(_, unit)| unit == index) {
            plain_map(height, width, channels)?
        } else {
            shared[index % 2].narrow(0, 0, height * width * channels)?.reshape((height, width, channels))?
        });
    }
    let levels = |channels: usize| -> candle_core::Result<[Tensor; 3]> {
        let [fine, middle, coarse] = LEVELS.map(|(stride, _)| map(stride, channels));
        Ok([fine?, middle?, coarse?])
    };
    Ok(YuNetBuffers {
        width,
        height,
        input: aligned_zeros(&[height, width, STEM.0])?,
        backbone,
        neck: levels(NECK)?,
        heads: levels(CELL)?,
    })
}

impl YuNetBuffers {
    /// Width of the input, in pixels.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height of the input, in pixels.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// Lets `f` write the input: height × width × 3 floats, row by row, red, green, blue, each 0..=255.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Network`] where candle refuses.
    pub fn write_input(&mut self, f: impl FnOnce(&mut [f32])) -> Result<()> {
        write(&self.input, f).map_err(network_error(NAME))
    }

    /// Lets `f` read the outputs of the last pass, from the finest level to the coarsest.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Network`] where candle refuses.
    pub fn read_outputs<R>(&self, f: impl FnOnce([YuNetLevel<'_>; 3]) -> R) -> Result<R> {
        let [fine, middle, coarse] = &self.heads;
        let read = read(fine, |fine| {
            read(middle, |middle| {
                read(coarse, |coarse| f([self.level(0, fine), self.level(1, middle), self.level(2, coarse)]))
            })
        });
        read.and_then(|result| result).and_then(|result| result).map_err(network_error(NAME))
    }

    fn level<'a>(&self, index: usize, floats: &'a [f32]) -> YuNetLevel<'a> {
        let (stride, _) = LEVELS[index];
        let (cells, _) = floats.as_chunks();
        YuNetLevel { stride, columns: self.width / stride, rows: self.height / stride, cells }
    }
}
