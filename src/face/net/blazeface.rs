//! BlazeFace, short range: a single-shot detector for faces within about two metres.
//!
//! Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs", 2019. A 5×5 stem, sixteen
//! residual blocks, and two heads: on the 16×16 grid two anchors a cell, on the 8×8 grid six.

use candle_core::Tensor;

use super::errors::network_error;
use super::loader::{ActivationKind, Loader};
use super::ops::columns::Columns;
use super::ops::tensor::{aligned_zeros, read, write};
use super::ops::{Block, Pointwise, SimdLevel, Stem, feature_map};
use super::sequence::{self, BlockShape};
use super::weights::{Weights, WeightsFile};
use super::workers::Workers;
use crate::Result;

pub(super) const NAME: &str = "BlazeFace";
pub(super) const BYTES: &[u8] = include_bytes!("../../../models/face_detection_short_range.safetensors");
const FILE: WeightsFile =
    WeightsFile { network: NAME, sha256: "cdc38653c6ecfcb02233b014e98711fefe5f1702ae8cf66db7195ba2e3859448" };

/// Channels of the picture and of the stem.
pub(super) const STEM: (usize, usize) = (3, 24);

/// The blocks up to the first head.
pub(super) const FINE: [BlockShape; 11] = [
    (24, 24, 1),
    (24, 28, 1),
    (28, 32, 2),
    (32, 36, 1),
    (36, 42, 1),
    (42, 48, 2),
    (48, 56, 1),
    (56, 64, 1),
    (64, 72, 1),
    (72, 80, 1),
    (80, 88, 1),
];

/// The blocks from there to the second head.
pub(super) const COARSE: [BlockShape; 5] = [(88, 96, 2), (96, 96, 1), (96, 96, 1), (96, 96, 1), (96, 96, 1)];

/// A head: side of its grid, channels in, anchors a cell.
pub(super) const HEADS: [(usize, usize, usize); 2] = [(16, 88, 2), (8, 96, 6)];

/// The block of [`FINE`] that each step of a pass begins with. The first step runs the stem, the last one also all that follows
/// these blocks. All steps take about the same time.
const STEP_STARTS: [usize; 4] = [0, 0, 3, 9];

/// Numbers that describe a box: centre, size, six points.
pub(super) const BOX: usize = 16;

/// The detector: immutable, to be shared by all sessions.
pub struct BlazeFace {
    stem: Stem,
    fine: Vec<Block>,
    coarse: Vec<Block>,
    heads: [Head; 2],
}

struct Head {
    score: Pointwise,
    boxes: Pointwise,
    columns: Columns,
}

/// What one session needs to run a [`BlazeFace`]: its input, feature maps and outputs.
pub struct BlazeFaceBuffers {
    input: Tensor,
    stem: Tensor,
    fine: Vec<Tensor>,
    coarse: Vec<Tensor>,
    heads: [HeadBuffers; 2],
    logits: Tensor,
    boxes: Tensor,
}

struct HeadBuffers {
    /// [cells, 8]: as many logits as there are anchors, then nothing.
    scores: Tensor,
    /// A part of all the logits: [cells × anchors].
    logits: Tensor,
    /// A part of all the boxes: [cells, anchors × 16].
    boxes: Tensor,
}

pub(super) fn open(bytes: &[u8]) -> Result<Weights<'_>> {
    Weights::open(FILE, bytes)
}

impl BlazeFace {
    /// Side of the square input, in pixels.
    pub const SIDE: usize = 128;

    /// How many anchors there are: the most faces that one pass could tell.
    pub const ANCHORS: usize = 896;

    /// The network with the weights that the library holds.
    ///
    /// # Errors
    ///
    /// [`crate::Error::BadWeights`] where the program was damaged.
    pub fn embedded() -> Result<Self> {
        Self::from_safetensors(BYTES)
    }

    /// The network with the weights of `models/face_detection_short_range.safetensors`, loaded by the caller.
    ///
    /// # Errors
    ///
    /// [`crate::Error::BadWeights`] where the bytes are not that very file (by its SHA-256), or a tensor is missing, has
    /// another shape or holds a number that is not finite.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self> {
        Self::load(bytes, SimdLevel::best())
    }

    /// As [`BlazeFace::embedded`], with the instruction set that the caller chooses.
    ///
    /// # Errors
    ///
    /// As [`BlazeFace::embedded`].
    pub fn embedded_with(simd: SimdLevel) -> Result<Self> {
        Self::load(BYTES, simd)
    }

    fn load(bytes: &[u8], simd: SimdLevel) -> Result<Self> {
        let loader = Loader::new(open(bytes)?, simd);
        let head = |(side, inputs, anchors): (usize, usize, usize)| -> Result<Head> {
            Ok(Head {
                score: loader.pointwise(&format!("head{side}.score"), (inputs, anchors), ActivationKind::None)?,
                boxes: loader.pointwise(&format!("head{side}.boxes"), (inputs, anchors * BOX), ActivationKind::None)?,
                columns: Columns(anchors),
            })
        };
        let network = Self {
            stem: loader.stem(STEM, 5, ActivationKind::Relu)?,
            fine: loader.blocks("blocks", 0, &FINE, ActivationKind::Relu)?,
            coarse: loader.blocks("blocks", FINE.len(), &COARSE, ActivationKind::Relu)?,
            heads: [head(HEADS[0])?, head(HEADS[1])?],
        };
        loader.finish()?;
        Ok(network)
    }

    /// Buffers for one session, about 2 MB.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Network`] where candle cannot make a tensor.
    pub fn buffers(&self) -> Result<BlazeFaceBuffers> {
        self.make_buffers().map_err(network_error(NAME))
    }

    fn make_buffers(&self) -> candle_core::Result<BlazeFaceBuffers> {
        let side = Self::SIDE / 2;
        let stem = feature_map(side, side, STEM.1)?;
        let fine = sequence::feature_maps(Some(&stem), side, &FINE)?;
        let coarse = sequence::feature_maps(None, HEADS[0].0, &COARSE)?;
        let (logits, boxes) = (aligned_zeros(&[Self::ANCHORS])?, aligned_zeros(&[Self::ANCHORS, BOX])?);
        let mut first = 0;
        let mut head = |(side, _, anchors): (usize, usize, usize)| -> candle_core::Result<HeadBuffers> {
            let (start, cells) = (first, side * side);
            first += cells * anchors;
            Ok(HeadBuffers {
                scores: aligned_zeros(&[cells, anchors.next_multiple_of(8)])?,
                logits: logits.narrow(0, start, cells * anchors)?,
                boxes: boxes.narrow(0, start, cells * anchors)?.reshape((cells, anchors * BOX))?,
            })
        };
        Ok(BlazeFaceBuffers {
            input: aligned_zeros(&[Self::SIDE, Self::SIDE, STEM.0])?,
            fine,
            coarse,
            stem,
            heads: [head(HEADS[0])?, head(HEADS[1])?],
            logits,
            boxes,
        })
    }

    /// Runs the network on what was written into the buffers' input.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Network`] where candle refuses; with buffers that this network made, it does not.
    pub fn forward(&self, buffers: &mut BlazeFaceBuffers, workers: &Workers) -> Result<()> {
        (0..Self::STEPS).try_for_each(|step| self.forward_step(buffers, workers, step))
    }

    /// How many steps a pass can be cut into.
    pub(crate) const STEPS: usize = STEP_STARTS.len();

    /// Runs one of the [`BlazeFace::STEPS`] steps of a pass, counted from 0. All of them in order are one pass.
    pub(crate) fn forward_step(&self, buffers: &mut BlazeFaceBuffers, workers: &Workers, step: usize) -> Result<()> {
        self.run_step(buffers, workers, step).map_err(network_error(NAME))
    }

    fn run_step(&self, buffers: &BlazeFaceBuffers, workers: &Workers, step: usize) -> candle_core::Result<()> {
        let (first, last) = (STEP_STARTS.get(step).copied(), STEP_STARTS.get(step + 1).copied());
        let (first, end) = (first.unwrap_or(FINE.len()), last.unwrap_or(FINE.len()));
        if step == 0 {
            self.stem.forward(&buffers.input, &buffers.stem, workers)?;
        }
        let before = first.checked_sub(1).and_then(|index| buffers.fine.get(index)).unwrap_or(&buffers.stem);
        let (blocks, maps) = (self.fine.get(first..end).unwrap_or_default(), buffers.fine.get(first..end));
        let fine = sequence::run(blocks, before, maps.unwrap_or_default(), workers)?;
        if last.is_some() {
            return Ok(());
        }
        let coarse = sequence::run(&self.coarse, fine, &buffers.coarse, workers)?;
        for ((head, buffers), map) in self.heads.iter().zip(&buffers.heads).zip([fine, coarse]) {
            head.boxes.forward(map, &buffers.boxes, workers)?;
            head.score.forward(map, &buffers.scores, workers)?;
            head.columns.forward(&buffers.scores, &buffers.logits)?;
        }
        Ok(())
    }
}

impl BlazeFaceBuffers {
    /// Lets `f` write the input: 128 × 128 × 3 floats, row by row, red, green, blue, each −1..=1.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Network`] where candle refuses.
    pub fn write_input(&mut self, f: impl FnOnce(&mut [f32])) -> Result<()> {
        write(&self.input, f).map_err(network_error(NAME))
    }

    /// Lets `f` read the outputs of the last pass: 896 logits (a face where the sigmoid is near 1), and 896 × 16 raw
    /// numbers: offset of the box's centre x, y from the anchor's, its width, height, then x, y of right eye, left eye,
    /// nose tip, mouth, right and left ear, all in pixels of the input. Anchors: the 16×16 grid's cells row by row, two in
    /// each cell, then the 8×8 grid's, six in each.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Network`] where candle refuses.
    pub fn read_outputs<R>(&self, f: impl FnOnce(&[f32], &[f32]) -> R) -> Result<R> {
        read(&self.logits, |logits| read(&self.boxes, |boxes| f(logits, boxes)))
            .and_then(|result| result)
            .map_err(network_error(NAME))
    }
}
