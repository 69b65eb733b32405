//! YuNet's building stone: a 1×1 convolution, a depthwise 3×3 one and ReLU, as one op; and the network's first layers.
//!
//! Wu, Peng and Yu, "YuNet: A Tiny Millisecond-level Face Detector", 2023. Padding is a pixel of zeros on every side.
//! Unlike [`super::feature_map`], the maps here have no border: shape [height, width, channels], channels a multiple of 16.

use candle_core::{CpuStorage, InplaceOp2, InplaceOp3, Layout, Result, Tensor, bail};

use super::inplace;
use super::kernels::Map;
use super::tiles::BLOCK;
use super::unit_kernels::{self, INPUTS, Inputs, KERNEL, PICTURE, STRIP, block_size};
use super::{Aligned, Flavour, Run, Workers, aligned_zeros, floats_mut, run_unit, share, source};

/// How many parts a unit is cut into for each thread, at least, where it has enough rows.
const PARTS_PER_THREAD: usize = 2;

/// Fewest rows of a band: two rows of the 1×1 convolution are computed twice for each band.
const BAND: usize = 12;

/// A tensor of zeros on the CPU for `height`×`width` pixels of `channels` channels without a border: shape
/// [height, width, channels], its memory aligned to cache lines.
///
/// # Errors
///
/// candle's, where the tensor cannot be made.
pub fn plain_map(height: usize, width: usize, channels: usize) -> Result<Tensor> {
    aligned_zeros(&[height, width, channels])
}

/// A 1×1 convolution with bias, a depthwise 3×3 convolution with bias, then ReLU or nothing; and, if so made, the largest of
/// each 2×2 results.
pub struct Unit {
    weights: Aligned,
    inputs: usize,
    outputs: usize,
    floor: f32,
    pooled: bool,
    flavour: Flavour,
}

impl Unit {
    /// `pointwise`: weights [outputs, inputs] and bias \[outputs\]; `depthwise`: weights [3, 3, outputs] and bias
    /// \[outputs\]. `pooled`: whether the largest of each 2×2 results is what it makes.
    ///
    /// # Errors
    ///
    /// Where sizes do not fit each other, outputs are not a multiple of 16, or there are no or more than 256 inputs.
    pub fn new(
        pointwise: (&[f32], &[f32]),
        depthwise: (&[f32], &[f32]),
        relu: bool,
        pooled: bool,
        flavour: Flavour,
    ) -> Result<Self> {
        let (weights, bias) = pointwise;
        let (taps, tap_bias) = depthwise;
        let outputs = bias.len();
        if outputs == 0 || !outputs.is_multiple_of(BLOCK) || !weights.len().is_multiple_of(outputs) {
            bail!("{} weights do not make a unit of {outputs} outputs", weights.len());
        }
        let inputs = weights.len() / outputs;
        if !(1..=INPUTS / 6).contains(&inputs) || (taps.len(), tap_bias.len()) != (9 * outputs, outputs) {
            bail!("a unit cannot have {inputs} inputs, {outputs} outputs and {} depthwise weights", taps.len());
        }
        let mut packed = Vec::with_capacity(outputs / BLOCK * block_size(inputs));
        for block in (0..outputs).step_by(BLOCK) {
            let channels = block..block + BLOCK;
            let row = |data: &[f32], from: usize| data.get(from..from + BLOCK).unwrap_or_default().to_vec();
            packed.extend(row(bias, block));
            for input in 0..inputs {
                packed.extend(channels.clone().filter_map(|channel| weights.get(channel * inputs + input)));
            }
            for tap in 0..9 {
                packed.extend(row(taps, tap * outputs + block));
            }
            packed.extend(row(tap_bias, block));
        }
        let floor = if relu { 0.0 } else { f32::NEG_INFINITY };
        Ok(Self { weights: Aligned::new(&packed), inputs, outputs, floor, pooled, flavour })
    }

    /// Multiply-adds for each pixel of its input.
    #[must_use]
    pub fn cost(&self) -> usize {
        self.outputs * (self.inputs + 9)
    }

    /// Runs the unit: map `from` → map `to` of the same size, or of half the size where the unit pools.
    ///
    /// # Errors
    ///
    /// Where the tensors' shapes do not fit the unit, or a side is odd that is to be halved.
    pub fn forward(&self, from: &Tensor, to: &Tensor, workers: &Workers) -> Result<()> {
        inplace::run2(to, from, &Run { op: self, workers })
    }

    /// Runs the unit on the largest of each 2×2 pixels of `from`.
    ///
    /// # Errors
    ///
    /// As [`Unit::forward`].
    pub fn forward_halved(&self, from: &Tensor, to: &Tensor, workers: &Workers) -> Result<()> {
        inplace::run2(to, from, &Run { op: &Halved(self), workers })
    }

    /// Runs the unit on the sum of `fine` and `coarse`, a map of half the size, each of whose pixels counts for 2×2.
    ///
    /// # Errors
    ///
    /// As [`Unit::forward`].
    pub fn forward_merged(&self, fine: &Tensor, coarse: &Tensor, to: &Tensor, workers: &Workers) -> Result<()> {
        inplace::run3(to, fine, coarse, &Run { op: self, workers })
    }

    /// Runs the unit on inputs of `height`×`width` pixels.
    fn run(
        &self,
        from: Inputs<'_>,
        (height, width): (usize, usize),
        (to, layout): (&mut CpuStorage, &Layout),
        workers: &Workers,
    ) -> Result<()> {
        let to = plain(floats_mut(to, layout)?.as_mut_ptr(), layout, self.outputs)?;
        let size = if self.pooled { (2 * to.height, 2 * to.width) } else { (to.height, to.width) };
        if size != (height, width) {
            bail!("a unit cannot turn {height}×{width} pixels into {:?}", layout.dims());
        }
        let strips = width.div_ceil(STRIP);
        let pieces = strips * (self.outputs / BLOCK);
        let bands = if workers.threads() == 1 {
            1
        } else {
            (workers.threads() * PARTS_PER_THREAD).div_ceil(pieces).min(height / BAND).max(1)
        };
        let kernel = unit_kernels::Unit {
            weights: self.weights.floats(),
            inputs: self.inputs,
            floor: self.floor,
            from,
            to,
            pooled: self.pooled,
            height,
            width,
            strips,
            bands,
        };
        share(workers, kernel.parts(), |parts| {
            // SAFETY: maps and weights were just compared; parts are disjoint in `to`, inputs are only read.
            unsafe { run_unit(self.flavour, &kernel, parts) }
        });
        Ok(())
    }
}

/// The map that a tensor of shape [height, width, channels] holds.
fn plain(data: *mut f32, layout: &Layout, channels: usize) -> Result<Map> {
    match *layout.dims() {
        [height, width, pixel] if height > 0 && width > 0 && pixel == channels => {
            Ok(Map { data, row: width * pixel, pixel, height, width })
        }
        _ => bail!("a map of {channels} channels cannot have the shape {:?}", layout.dims()),
    }
}

/// Half of a map's sides.
fn halves(map: &Map, layout: &Layout) -> Result<(usize, usize)> {
    if !map.height.is_multiple_of(2) || !map.width.is_multiple_of(2) {
        bail!("a map of shape {:?} cannot be halved", layout.dims());
    }
    Ok((map.height / 2, map.width / 2))
}

/// A unit whose input is halved first.
struct Halved<'a>(&'a Unit);

/// A unit's inputs are read in whole vectors where they are computed.
fn whole(map: &Map) -> Result<()> {
    if !map.pixel.is_multiple_of(BLOCK) {
        bail!("{} channels are no multiple of {BLOCK}", map.pixel);
    }
    Ok(())
}

impl InplaceOp2 for Run<'_, Unit> {
    fn name(&self) -> &'static str {
        "unit"
    }

    fn cpu_fwd(&self, to: &mut CpuStorage, to_layout: &Layout, from: &CpuStorage, layout: &Layout) -> Result<()> {
        let map = plain(source(from, layout)?, layout, self.op.inputs)?;
        self.op.run(Inputs::Map(map), (map.height, map.width), (to, to_layout), self.workers)
    }
}

impl InplaceOp2 for Run<'_, Halved<'_>> {
    fn name(&self) -> &'static str {
        "halved-unit"
    }

    fn cpu_fwd(&self, to: &mut CpuStorage, to_layout: &Layout, from: &CpuStorage, layout: &Layout) -> Result<()> {
        let unit = self.op.0;
        let map = plain(source(from, layout)?, layout, unit.inputs)?;
        whole(&map)?;
        unit.run(Inputs::Pooled(map), halves(&map, layout)?, (to, to_layout), self.workers)
    }
}

impl InplaceOp3 for Run<'_, Unit> {
    fn name(&self) -> &'static str {
        "merged-unit"
    }

    fn cpu_fwd(
        &self,
        to: &mut CpuStorage,
        to_layout: &Layout,
        fine: &CpuStorage,
        fine_layout: &Layout,
        coarse: &CpuStorage,
        coarse_layout: &Layout,
    ) -> Result<()> {
        let unit = self.op;
        let fine = plain(source(fine, fine_layout)?, fine_layout, unit.inputs)?;
        let coarse = plain(source(coarse, coarse_layout)?, coarse_layout, unit.inputs)?;
        whole(&fine)?;
        if halves(&fine, fine_layout)? != (coarse.height, coarse.width) {
            bail!("a map of shape {:?} cannot be added to {:?}", coarse_layout.dims(), fine_layout.dims());
        }
        unit.run(Inputs::Merged(fine, coarse), (fine.height, fine.width), (to, to_layout), self.workers)
    }
}

/// The first layers: a 3×3 convolution of a picture at stride 2 with bias and ReLU, then a [`Unit`].
pub struct FirstUnit {
    stem: Aligned,
    unit: Unit,
}

impl FirstUnit {
    /// `stem`: weights [16, 3, 3, 3] (outputs, height, width, channels) and bias \[16\]; `unit` has 16 inputs.
    ///
    /// # Errors
    ///
    /// Where sizes do not fit each other.
    pub fn new(stem: (&[f32], &[f32]), unit: Unit) -> Result<Self> {
        const TAPS: usize = KERNEL * KERNEL * PICTURE;
        let (weights, bias) = stem;
        if bias.len() != BLOCK || weights.len() != TAPS * BLOCK || unit.inputs != BLOCK {
            bail!("{} weights do not make a first layer for {} channels", weights.len(), unit.inputs);
        }
        let mut packed = bias.to_vec();
        for tap in 0..TAPS {
            packed.extend((0..BLOCK).filter_map(|channel| weights.get(channel * TAPS + tap)));
        }
        Ok(Self { stem: Aligned::new(&packed), unit })
    }

    /// Runs it: a picture [height, width, 3] of even sides → a map of half the size, or of a quarter where the unit pools.
    ///
    /// # Errors
    ///
    /// Where the tensors' shapes do not fit.
    pub fn forward(&self, from: &Tensor, to: &Tensor, workers: &Workers) -> Result<()> {
        inplace::run2(to, from, &Run { op: self, workers })
    }
}

impl InplaceOp2 for Run<'_, FirstUnit> {
    fn name(&self) -> &'static str {
        "first-unit"
    }

    fn cpu_fwd(&self, to: &mut CpuStorage, to_layout: &Layout, from: &CpuStorage, layout: &Layout) -> Result<()> {
        let FirstUnit { stem, unit } = self.op;
        let picture = plain(source(from, layout)?, layout, PICTURE)?;
        let inputs = Inputs::Picture(picture, stem.floats());
        unit.run(inputs, halves(&picture, layout)?, (to, to_layout), self.workers)
    }
}
