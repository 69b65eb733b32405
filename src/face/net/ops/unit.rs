//! YuNet's unit: a 1×1 convolution, a depthwise 3×3 one and ReLU, as one op; and the network's first layers.
//!
//! Wu, Peng and Yu, "YuNet: A Tiny Millisecond-level Face Detector", 2023. Padding is a pixel of zeros on every side. The maps
//! have no border ([`plain_map`](super::plain_map)), and a multiple of 16 channels.

use candle_core::{CpuStorage, InplaceOp2, InplaceOp3, Layout, Result, Tensor, bail};

use super::aligned::AlignedFloats;
use super::feature_map::plain_view;
use super::inplace::{run2, run3};
use super::kernels::map::Map;
use super::kernels::panel16::PANEL;
use super::kernels::unit::{MAX_INPUTS, STRIP, UnitKernel, unit_panel_length};
use super::kernels::unit_input::{PICTURE_CHANNELS, STEM_SIDE, UnitInput};
use super::packing::{pack_panels, push_panel};
use super::parallel::{Threaded, parallel_for};
use super::simd::level::SimdLevel;
use super::tensor::{floats_mut, input_pointer};
use crate::face::net::workers::Workers;

/// How many parts a unit is cut into for each thread, at least, where it has enough rows.
const PARTS_PER_THREAD: usize = 2;

/// Fewest rows of a band: two rows of the 1×1 convolution are computed twice for each band.
const BAND: usize = 12;

/// A 1×1 convolution with bias, a depthwise 3×3 convolution with bias, then ReLU or nothing; and, if so made, the 2×2 maxima
/// of the results.
pub struct Unit {
    weights: AlignedFloats,
    inputs: usize,
    outputs: usize,
    floor: f32,
    pooled: bool,
    simd: SimdLevel,
}

impl Unit {
    /// `pointwise`: weights [outputs, inputs] and bias \[outputs\]; `depthwise`: weights [3, 3, outputs] and bias
    /// \[outputs\]. `pooled`: whether it makes the 2×2 maxima of its results.
    ///
    /// # Errors
    ///
    /// Where sizes do not fit each other, outputs are not a multiple of 16, or there are no or more than 256 inputs.
    pub fn new(
        pointwise: (&[f32], &[f32]),
        depthwise: (&[f32], &[f32]),
        relu: bool,
        pooled: bool,
        simd: SimdLevel,
    ) -> Result<Self> {
        let (weights, bias) = pointwise;
        let (taps, tap_bias) = depthwise;
        let outputs = bias.len();
        if outputs == 0 || !outputs.is_multiple_of(PANEL) || !weights.len().is_multiple_of(outputs) {
            bail!("{} weights do not make a unit of {outputs} outputs", weights.len());
        }
        let inputs = weights.len() / outputs;
        if !(1..=MAX_INPUTS).contains(&inputs) || (taps.len(), tap_bias.len()) != (9 * outputs, outputs) {
            bail!("a unit cannot have {inputs} inputs, {outputs} outputs and {} depthwise weights", taps.len());
        }
        let mut packed = Vec::with_capacity(outputs / PANEL * unit_panel_length(inputs));
        for first in (0..outputs).step_by(PANEL) {
            push_panel(&mut packed, pointwise, inputs, first);
            for row in taps.chunks_exact(outputs).chain([tap_bias]) {
                packed.extend(row.iter().skip(first).take(PANEL));
            }
        }
        let floor = if relu { 0.0 } else { f32::NEG_INFINITY };
        Ok(Self { weights: AlignedFloats::new(&packed), inputs, outputs, floor, pooled, simd })
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
        run2(to, from, &Threaded { op: self, workers })
    }

    /// Runs the unit on the 2×2 maxima of `from`.
    ///
    /// # Errors
    ///
    /// As [`Unit::forward`].
    pub fn forward_pooled(&self, from: &Tensor, to: &Tensor, workers: &Workers) -> Result<()> {
        run2(to, from, &Threaded { op: &PooledInput(self), workers })
    }

    /// Runs the unit on the sum of `fine` and `coarse`, a map of half the size, each of whose pixels is added to 2×2.
    ///
    /// # Errors
    ///
    /// As [`Unit::forward`].
    pub fn forward_merged(&self, fine: &Tensor, coarse: &Tensor, to: &Tensor, workers: &Workers) -> Result<()> {
        run3(to, fine, coarse, &Threaded { op: self, workers })
    }

    /// Runs the unit on inputs of `height`×`width` pixels.
    fn run(
        &self,
        from: UnitInput<'_>,
        (height, width): (usize, usize),
        (to, layout): (&mut CpuStorage, &Layout),
        workers: &Workers,
    ) -> Result<()> {
        let to = plain_view(floats_mut(to, layout)?.as_mut_ptr(), layout, self.outputs)?;
        let size = if self.pooled { (2 * to.height, 2 * to.width) } else { (to.height, to.width) };
        if size != (height, width) {
            bail!("a unit cannot turn {height}×{width} pixels into {:?}", layout.dims());
        }
        let strips = width.div_ceil(STRIP);
        let pieces = strips * (self.outputs / PANEL);
        let bands = if workers.threads() == 1 {
            1
        } else {
            (workers.threads() * PARTS_PER_THREAD).div_ceil(pieces).min(height / BAND).max(1)
        };
        let kernel = UnitKernel {
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
        parallel_for(workers, kernel.parts(), |parts| {
            // SAFETY: maps and weights were just compared; parts are disjoint in `to`; inputs are only read.
            unsafe { self.simd.run(&kernel, parts) }
        });
        Ok(())
    }
}

/// Half of a map's sides.
fn half_size(map: &Map, layout: &Layout) -> Result<(usize, usize)> {
    if !map.height.is_multiple_of(2) || !map.width.is_multiple_of(2) {
        bail!("a map of shape {:?} cannot be halved", layout.dims());
    }
    Ok((map.height / 2, map.width / 2))
}

/// Computed inputs are read in whole vectors.
fn check_channels(map: &Map) -> Result<()> {
    if !map.channels.is_multiple_of(PANEL) {
        bail!("{} channels are no multiple of {PANEL}", map.channels);
    }
    Ok(())
}

/// A unit on the 2×2 maxima of its input.
struct PooledInput<'a>(&'a Unit);

impl InplaceOp2 for Threaded<'_, Unit> {
    fn name(&self) -> &'static str {
        "unit"
    }

    fn cpu_fwd(&self, to: &mut CpuStorage, to_layout: &Layout, from: &CpuStorage, layout: &Layout) -> Result<()> {
        let map = plain_view(input_pointer(from, layout)?, layout, self.op.inputs)?;
        self.op.run(UnitInput::Map(map), (map.height, map.width), (to, to_layout), self.workers)
    }
}

impl InplaceOp2 for Threaded<'_, PooledInput<'_>> {
    fn name(&self) -> &'static str {
        "pooled-unit"
    }

    fn cpu_fwd(&self, to: &mut CpuStorage, to_layout: &Layout, from: &CpuStorage, layout: &Layout) -> Result<()> {
        let unit = self.op.0;
        let map = plain_view(input_pointer(from, layout)?, layout, unit.inputs)?;
        check_channels(&map)?;
        unit.run(UnitInput::Pooled(map), half_size(&map, layout)?, (to, to_layout), self.workers)
    }
}

impl InplaceOp3 for Threaded<'_, Unit> {
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
        let fine = plain_view(input_pointer(fine, fine_layout)?, fine_layout, unit.inputs)?;
        let coarse = plain_view(input_pointer(coarse, coarse_layout)?, coarse_layout, unit.inputs)?;
        check_channels(&fine)?;
        if half_size(&fine, fine_layout)? != (coarse.height, coarse.width) {
            bail!("a map of shape {:?} cannot be added to {:?}", coarse_layout.dims(), fine_layout.dims());
        }
        unit.run(UnitInput::Merged(fine, coarse), (fine.height, fine.width), (to, to_layout), self.workers)
    }
}

/// The first layers: a 3×3 convolution of a picture at stride 2 with bias and ReLU, then a [`Unit`].
pub struct FirstUnit {
    stem: AlignedFloats,
    unit: Unit,
}

impl FirstUnit {
    /// `stem`: weights [16, 3, 3, 3] (outputs, height, width, channels) and bias \[16\]; `unit` has 16 inputs.
    ///
    /// # Errors
    ///
    /// Where sizes do not fit each other.
    pub fn new(stem: (&[f32], &[f32]), unit: Unit) -> Result<Self> {
        const INPUTS: usize = STEM_SIDE * STEM_SIDE * PICTURE_CHANNELS;
        let (weights, bias) = stem;
        if bias.len() != PANEL || weights.len() != INPUTS * PANEL || unit.inputs != PANEL {
            bail!("{} weights do not make a first layer for {} channels", weights.len(), unit.inputs);
        }
        Ok(Self { stem: pack_panels(stem, INPUTS), unit })
    }

    /// Runs it: a picture [height, width, 3] of even sides → a map of half the size, or of a quarter where the unit pools.
    ///
    /// # Errors
    ///
    /// Where the tensors' shapes do not fit.
    pub fn forward(&self, from: &Tensor, to: &Tensor, workers: &Workers) -> Result<()> {
        run2(to, from, &Threaded { op: self, workers })
    }
}

impl InplaceOp2 for Threaded<'_, FirstUnit> {
    fn name(&self) -> &'static str {
        "first-unit"
    }

    fn cpu_fwd(&self, to: &mut CpuStorage, to_layout: &Layout, from: &CpuStorage, layout: &Layout) -> Result<()> {
        let FirstUnit { stem, unit } = self.op;
        let picture = plain_view(input_pointer(from, layout)?, layout, PICTURE_CHANNELS)?;
        let inputs = UnitInput::Picture(picture, stem.floats());
        unit.run(inputs, half_size(&picture, layout)?, (to, to_layout), self.workers)
    }
}
