//! An MLP-Mixer's layers as candle ops: tokens are mixed with each other, channel by channel, then each token's channels.
//!
//! Tolstikhin et al., "MLP-Mixer: An all-MLP Architecture for Vision", 2021.
//!
//! [`tokens`] makes the tensor that holds the tokens of one session, [`hidden_tokens`] the one between the two layers that mix
//! them. How they are laid out in memory, only these ops and their kernels know.

use candle_core::{CpuStorage, InplaceOp2, Layout, Result, Tensor, bail};

use super::aligned::AlignedFloats;
use super::inplace::run2;
use super::kernels::mixer::{
    BLOCKS, CHANNELS, COORDINATES, EmbedKernel, ExpandTokensKernel, HIDDEN_CHANNELS, HiddenTokens, MAX_EMBEDDED,
    MixerHeadKernel, ReduceTokensKernel, Tokens, token_block_length,
};
use super::kernels::panel16::PANEL;
use super::packing::{Layer, pack_panels, pack_rows};
use super::parallel::{Threaded, parallel_for};
use super::simd::level::SimdLevel;
use super::tensor::{aligned_zeros, floats, floats_mut, input_pointer, write};
use crate::face::net::workers::Workers;

/// A tensor for `count` tokens of 64 channels.
///
/// # Errors
///
/// candle's, where the tensor cannot be made.
pub(crate) fn tokens(count: usize) -> Result<Tensor> {
    let tensor = aligned_zeros(&[count * CHANNELS + BLOCKS * token_block_length(count)])?;
    write(&tensor, |floats| write_ones(floats.get_mut(count * CHANNELS..).unwrap_or_default(), count))?;
    Ok(tensor)
}

/// A tensor for `count` hidden tokens.
///
/// # Errors
///
/// As [`tokens`].
pub(crate) fn hidden_tokens(count: usize) -> Result<Tensor> {
    let tensor = aligned_zeros(&[BLOCKS * token_block_length(count)])?;
    write(&tensor, |floats| write_ones(floats, count))?;
    Ok(tensor)
}

/// Fills the last row of each block of `count` tokens with ones.
fn write_ones(floats: &mut [f32], count: usize) {
    for block in floats.chunks_exact_mut(token_block_length(count)) {
        if let Some(last) = block.last_chunk_mut::<PANEL>() {
            last.fill(1.0);
        }
    }
}

fn token_view(data: *mut f32, length: usize, count: usize) -> Result<Tokens> {
    if length != count * CHANNELS + BLOCKS * token_block_length(count) {
        bail!("{length} floats do not hold {count} tokens");
    }
    Ok(Tokens { plain: data, normalised: data.wrapping_add(count * CHANNELS), count })
}

fn hidden_view(data: *mut f32, length: usize, count: usize) -> Result<HiddenTokens> {
    if length != BLOCKS * token_block_length(count) {
        bail!("{length} floats do not hold {count} hidden tokens");
    }
    Ok(HiddenTokens { data, count })
}

/// A layer's weights in panels.
fn panels(layer: Layer<'_>, inputs: usize, outputs: usize) -> Result<AlignedFloats> {
    check_size(layer, inputs, outputs)?;
    Ok(pack_panels(layer, inputs))
}

/// A layer's weights in rows.
fn rows(layer: Layer<'_>, inputs: usize, outputs: usize) -> Result<AlignedFloats> {
    check_size(layer, inputs, outputs)?;
    Ok(pack_rows(layer, inputs))
}

fn check_size((weights, bias): Layer<'_>, inputs: usize, outputs: usize) -> Result<()> {
    if inputs == 0 || weights.len() != inputs * outputs || bias.len() != outputs {
        bail!("{} weights do not make a layer of {inputs} inputs and {outputs} outputs", weights.len());
    }
    Ok(())
}

/// One number for each channel of a token.
fn channels(values: &[f32]) -> Result<AlignedFloats> {
    if values.len() != CHANNELS {
        bail!("a token has {CHANNELS} channels, not {}", values.len());
    }
    Ok(AlignedFloats::new(values))
}

/// Points → tokens.
pub(crate) struct Embedding {
    points: AlignedFloats,
    inputs: usize,
    /// Tokens that are made of points.
    embedded: usize,
    embedding: AlignedFloats,
    first: AlignedFloats,
    scales: AlignedFloats,
    simd: SimdLevel,
}

impl Embedding {
    /// `points`: points → tokens, for x and y alike; `embedding`: x, y → channels; `first`: the channels of a token before
    /// all others; `scales`: of the first layer's normalisation.
    ///
    /// # Errors
    ///
    /// Where sizes do not fit each other.
    pub(crate) fn new(
        points: Layer<'_>,
        embedding: Layer<'_>,
        first: &[f32],
        scales: &[f32],
        simd: SimdLevel,
    ) -> Result<Self> {
        let embedded = points.1.len();
        if embedded == 0 || embedded > MAX_EMBEDDED {
            bail!("{embedded} tokens cannot be made of points");
        }
        let inputs = points.0.len() / embedded;
        Ok(Self {
            points: panels(points, inputs, embedded)?,
            inputs,
            embedded,
            embedding: panels(embedding, COORDINATES, CHANNELS)?,
            first: channels(first)?,
            scales: channels(scales)?,
            simd,
        })
    }

    /// Runs it: a tensor [2, points] → tokens.
    ///
    /// # Errors
    ///
    /// Where the tensors' shapes do not fit.
    pub(crate) fn forward(&self, from: &Tensor, to: &Tensor) -> Result<()> {
        run2(to, from, self)
    }
}

impl InplaceOp2 for Embedding {
    fn name(&self) -> &'static str {
        "embedding"
    }

    fn cpu_fwd(&self, to: &mut CpuStorage, to_layout: &Layout, from: &CpuStorage, layout: &Layout) -> Result<()> {
        let (from, to) = (floats(from, layout)?, floats_mut(to, to_layout)?);
        if from.len() != COORDINATES * self.inputs {
            bail!("{} floats are not {} points", from.len(), self.inputs);
        }
        let kernel = EmbedKernel {
            points: self.points.floats(),
            inputs: self.inputs,
            embedding: self.embedding.floats(),
            first: self.first.floats(),
            scales: self.scales.floats(),
            from: from.as_ptr(),
            to: token_view(to.as_mut_ptr(), to.len(), self.embedded + 1)?,
        };
        // SAFETY: sizes were just compared.
        unsafe { self.simd.run(&kernel, 0..1) };
        Ok(())
    }
}

/// The layers that mix tokens and those that mix channels. Each pair has a normalisation before it, and is added to what came
/// in.
pub(crate) struct MixerBlock {
    expand_tokens: AlignedFloats,
    reduce_tokens: AlignedFloats,
    tokens: usize,
    hidden: usize,
    scales: AlignedFloats,
    expand: AlignedFloats,
    reduce: AlignedFloats,
    next: Option<AlignedFloats>,
    simd: SimdLevel,
}

impl MixerBlock {
    /// `tokens`: the two layers that mix tokens; `scales`: of the normalisation before the channels are mixed;
    /// `channel_layers`: the two layers that mix channels, with 256 between them; `next`: scales of the next block's first
    /// normalisation. A block without a next one makes the first token only.
    ///
    /// # Errors
    ///
    /// Where sizes do not fit each other.
    pub(crate) fn new(
        tokens: [Layer<'_>; 2],
        scales: &[f32],
        channel_layers: [Layer<'_>; 2],
        next: Option<&[f32]>,
        simd: SimdLevel,
    ) -> Result<Self> {
        let [first, second] = tokens;
        let (hidden, count) = (first.1.len(), second.1.len());
        Ok(Self {
            expand_tokens: rows(first, count, hidden)?,
            reduce_tokens: rows(second, hidden, count)?,
            tokens: count,
            hidden,
            scales: channels(scales)?,
            expand: panels(channel_layers[0], CHANNELS, HIDDEN_CHANNELS)?,
            reduce: panels(channel_layers[1], HIDDEN_CHANNELS, CHANNELS)?,
            next: next.map(channels).transpose()?,
            simd,
        })
    }

    /// Runs the block on tokens in place, with the help of a tensor for the hidden tokens.
    ///
    /// # Errors
    ///
    /// Where the tensors' shapes do not fit.
    pub(crate) fn forward(&self, tokens: &Tensor, hidden: &Tensor, workers: &Workers) -> Result<()> {
        run2(hidden, tokens, &Threaded { op: &ExpandTokens(self), workers })?;
        run2(tokens, hidden, &Threaded { op: self, workers })
    }
}

/// The first layer of a block.
struct ExpandTokens<'a>(&'a MixerBlock);

impl InplaceOp2 for Threaded<'_, ExpandTokens<'_>> {
    fn name(&self) -> &'static str {
        "mixer-expand"
    }

    fn cpu_fwd(&self, to: &mut CpuStorage, to_layout: &Layout, from: &CpuStorage, layout: &Layout) -> Result<()> {
        let op = self.op.0;
        let (length, to) = (floats(from, layout)?.len(), floats_mut(to, to_layout)?);
        let kernel = ExpandTokensKernel {
            weights: op.expand_tokens.floats(),
            from: token_view(input_pointer(from, layout)?, length, op.tokens)?,
            to: hidden_view(to.as_mut_ptr(), to.len(), op.hidden)?,
        };
        parallel_for(self.workers, op.hidden, |tokens| {
            // SAFETY: sizes were just compared; parts are disjoint rows of `to`; `from` is only read.
            unsafe { op.simd.run(&kernel, tokens) }
        });
        Ok(())
    }
}

/// All the other layers of a block.
impl InplaceOp2 for Threaded<'_, MixerBlock> {
    fn name(&self) -> &'static str {
        "mixer-reduce"
    }

    fn cpu_fwd(&self, to: &mut CpuStorage, to_layout: &Layout, from: &CpuStorage, layout: &Layout) -> Result<()> {
        let op = self.op;
        let (length, to) = (floats(from, layout)?.len(), floats_mut(to, to_layout)?);
        let kernel = ReduceTokensKernel {
            weights: op.reduce_tokens.floats(),
            from: hidden_view(input_pointer(from, layout)?, length, op.hidden)?,
            scales: op.scales.floats(),
            expand: op.expand.floats(),
            reduce: op.reduce.floats(),
            next: op.next.as_ref().map(AlignedFloats::floats),
            to: token_view(to.as_mut_ptr(), to.len(), op.tokens)?,
        };
        // After the last block, only the first token is looked at.
        let wanted = if op.next.is_some() { op.tokens } else { 1 };
        parallel_for(self.workers, wanted, |tokens| {
            // SAFETY: sizes were just compared; parts are disjoint rows of `to`; `from` is only read.
            unsafe { op.simd.run(&kernel, tokens) }
        });
        Ok(())
    }
}

/// The first token → outputs.
pub(crate) struct MixerHead {
    weights: AlignedFloats,
    outputs: usize,
    tokens: usize,
    simd: SimdLevel,
}

impl MixerHead {
    /// `layer`: a token's channels → outputs; `tokens`: how many tokens there are.
    ///
    /// # Errors
    ///
    /// Where sizes do not fit each other.
    pub(crate) fn new(layer: Layer<'_>, tokens: usize, simd: SimdLevel) -> Result<Self> {
        let outputs = layer.1.len();
        Ok(Self { weights: panels(layer, CHANNELS, outputs)?, outputs, tokens, simd })
    }

    /// Runs it: tokens → a tensor of as many floats as there are outputs, rounded up to a multiple of 16.
    ///
    /// # Errors
    ///
    /// Where the tensors' shapes do not fit.
    pub(crate) fn forward(&self, from: &Tensor, to: &Tensor) -> Result<()> {
        run2(to, from, self)
    }
}

impl InplaceOp2 for MixerHead {
    fn name(&self) -> &'static str {
        "mixer-head"
    }

    fn cpu_fwd(&self, to: &mut CpuStorage, to_layout: &Layout, from: &CpuStorage, layout: &Layout) -> Result<()> {
        let (length, to) = (floats(from, layout)?.len(), floats_mut(to, to_layout)?);
        let panels = self.outputs.div_ceil(PANEL);
        if to.len() != panels * PANEL {
            bail!("a layer of {} outputs cannot fill {} floats", self.outputs, to.len());
        }
        let kernel = MixerHeadKernel {
            weights: self.weights.floats(),
            from: token_view(input_pointer(from, layout)?, length, self.tokens)?,
            to: to.as_mut_ptr(),
        };
        // SAFETY: sizes were just compared.
        unsafe { self.simd.run(&kernel, 0..panels) };
        Ok(())
    }
}
