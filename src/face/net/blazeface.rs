//! BlazeFace, short range: a single-shot detector for faces within about two metres.
//!
//! Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs", 2019. A 5×5 stem, sixteen
//! residual blocks, and two heads: on the 16×16 grid two anchors a cell, on the 8×8 grid six.

use candle_core::Tensor;

use super::ops::{Activation, Block, Columns, Flavour, Pointwise, Stem, aligned_zeros, feature_map, read, write};
use super::weights::{Source, Weights};
use super::{Shape, Workers, chain, failed, make_block, run_chain, unfit};
use crate::Result;

pub(super) const NAME: &str = "BlazeFace";
pub(super) const BYTES: &[u8] = include_bytes!("../../../models/face_detection_short_range.safetensors");
const SOURCE: Source =
    Source { network: NAME, sha256: "cdc38653c6ecfcb02233b014e98711fefe5f1702ae8cf66db7195ba2e3859448" };

/// Channels of the picture and of the stem.
pub(super) const STEM: (usize, usize) = (3, 24);

/// The blocks up to the first head.
pub(super) const FINE: [Shape; 11] = [
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
pub(super) const COARSE: [Shape; 5] = [(88, 96, 2), (96, 96, 1), (96, 96, 1), (96, 96, 1), (96, 96, 1)];

/// A head: side of its grid, channels in, anchors a cell.
pub(super) const HEADS: [(usize, usize, usize); 2] = [(16, 88, 2), (8, 96, 6)];

/// Where the blocks up to the first head are cut for a pass in steps: the stem before them, and all the rest after them, the
/// steps take about the same time.
const CUTS: [usize; 4] = [0, 0, 3, 9];

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
    Weights::open(SOURCE, bytes)
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
        Self::with_flavour(bytes, Flavour::best())
    }

    /// As [`BlazeFace::embedded`], with the instructions that the caller names.
    ///
    /// # Errors
    ///
    /// As [`BlazeFace::embedded`].
    pub fn embedded_with(flavour: Flavour) -> Result<Self> {
        Self::with_flavour(BYTES, flavour)
    }

    fn with_flavour(bytes: &[u8], flavour: Flavour) -> Result<Self> {
        let weights = open(bytes)?;
        let (picture, channels) = STEM;
        let stem = weights.conv("stem", channels, 5, picture, false)?;
        let stem = Stem::new(&stem.weight, &stem.bias, Activation::Relu, 5, flavour).map_err(unfit(NAME))?;
        let blocks = |shapes: &[Shape], first: usize| -> Result<Vec<Block>> {
            let named = shapes.iter().zip(first..);
            named
                .map(|(&(inputs, outputs, stride), index)| {
                    let block = weights.block(&format!("blocks.{index}"), inputs, outputs, false)?;
                    make_block(&block, stride, flavour).map_err(unfit(NAME))
                })
                .collect()
        };
        let (fine, coarse) = (blocks(&FINE, 0)?, blocks(&COARSE, FINE.len())?);
        let head = |(side, inputs, anchors): (usize, usize, usize)| -> Result<Head> {
            let score = weights.conv(&format!("head{side}.score"), anchors, 1, inputs, false)?;
            let boxes = weights.conv(&format!("head{side}.boxes"), anchors * BOX, 1, inputs, false)?;
            let make = |conv: super::weights::Conv| {
                Pointwise::new(&conv.weight, &conv.bias, Activation::None, flavour).map_err(unfit(NAME))
            };
            Ok(Head { score: make(score)?, boxes: make(boxes)?, columns: Columns(anchors) })
        };
        let heads = [head(HEADS[0])?, head(HEADS[1])?];
        weights.finish()?;
        Ok(Self { stem, fine, coarse, heads })
    }

    /// Buffers for one session, about 2 MB.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Network`] where candle cannot make a tensor.
    pub fn buffers(&self) -> Result<BlazeFaceBuffers> {
        self.make_buffers().map_err(failed(NAME))
    }

    fn make_buffers(&self) -> candle_core::Result<BlazeFaceBuffers> {
        let side = Self::SIDE / 2;
        let stem = feature_map(side, side, STEM.1)?;
        let fine = chain(&stem, side, &FINE)?;
        let coarse = chain(fine.last().unwrap_or(&stem), HEADS[0].0, &COARSE)?;
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
    pub(crate) const STEPS: usize = CUTS.len();

    /// Runs one of the [`BlazeFace::STEPS`] steps of a pass, counted from 0. All of them in order are one pass.
    pub(crate) fn forward_step(&self, buffers: &mut BlazeFaceBuffers, workers: &Workers, step: usize) -> Result<()> {
        self.run_step(buffers, workers, step).map_err(failed(NAME))
    }

    fn run_step(&self, buffers: &BlazeFaceBuffers, workers: &Workers, step: usize) -> candle_core::Result<()> {
        let (first, last) = (CUTS.get(step).copied(), CUTS.get(step + 1).copied());
        let (first, end) = (first.unwrap_or(FINE.len()), last.unwrap_or(FINE.len()));
        if step == 0 {
            self.stem.forward(&buffers.input, &buffers.stem, workers)?;
        }
        let before = first.checked_sub(1).and_then(|index| buffers.fine.get(index)).unwrap_or(&buffers.stem);
        let (blocks, maps) = (self.fine.get(first..end).unwrap_or_default(), buffers.fine.get(first..end));
        let fine = run_chain(blocks, before, maps.unwrap_or_default(), workers)?;
        if last.is_some() {
            return Ok(());
        }
        let coarse = run_chain(&self.coarse, fine, &buffers.coarse, workers)?;
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
        write(&self.input, f).map_err(failed(NAME))
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
            .map_err(failed(NAME))
    }
}
