//! An MLP-Mixer's layers as candle ops: tokens are mixed with each other, channel by channel, then each token's channels.
//!
//! Tolstikhin et al., "MLP-Mixer: An all-MLP Architecture for Vision", 2021.
//!
//! [`tokens`] makes the tensor that holds the tokens of one session, [`units`] the one for the layer between; what lies where
//! in them is the kernels' affair.

use candle_core::{CpuStorage, InplaceOp2, Layout, Result, Tensor, bail};

use super::inplace;
use super::mixer_kernels::{self, CHANNELS, COORDINATES, HIDDEN, MADE, Tokens, Units, packed};
use super::tiles::BLOCK;
use super::{
    Aligned, Flavour, Run, Workers, aligned_zeros, floats, floats_mut, run_expand, run_head, run_reduce, run_start,
    share, source, write,
};

/// Blocks of a token's channels.
const BLOCKS: usize = CHANNELS / BLOCK;

/// A layer's weights [outputs, inputs] and bias \[outputs\].
pub(in super::super) type Layer<'a> = (&'a [f32], &'a [f32]);

/// A tensor for so many tokens of 64 channels.
///
/// # Errors
///
/// candle's, where the tensor cannot be made.
pub(in super::super) fn tokens(count: usize) -> Result<Tensor> {
    let tensor = aligned_zeros(&[count * CHANNELS + BLOCKS * packed(count)])?;
    write(&tensor, |floats| ones(floats.get_mut(count * CHANNELS..).unwrap_or_default(), count))?;
    Ok(tensor)
}

/// A tensor for so many units between the layers that mix tokens.
///
/// # Errors
///
/// As [`tokens`].
pub(in super::super) fn units(count: usize) -> Result<Tensor> {
    let tensor = aligned_zeros(&[BLOCKS * packed(count)])?;
    write(&tensor, |floats| ones(floats, count))?;
    Ok(tensor)
}

/// Fills the last row of each block of a packed matrix with ones.
fn ones(floats: &mut [f32], rows: usize) {
    for block in floats.chunks_exact_mut(packed(rows)) {
        if let Some(last) = block.last_chunk_mut::<BLOCK>() {
            last.fill(1.0);
        }
    }
}

fn token_view(data: *mut f32, length: usize, count: usize) -> Result<Tokens> {
    if length != count * CHANNELS + BLOCKS * packed(count) {
        bail!("{length} floats do not hold {count} tokens");
    }
    Ok(Tokens { plain: data, packed: data.wrapping_add(count * CHANNELS), count })
}

fn unit_view(data: *mut f32, length: usize, count: usize) -> Result<Units> {
    if length != BLOCKS * packed(count) {
        bail!("{length} floats do not hold {count} units");
    }
    Ok(Units { packed: data, count })
}

/// Packs a layer: for each block of 16 outputs its bias, then a row for each input. Left-over outputs get zeros.
fn pack((weights, bias): Layer<'_>, inputs: usize, outputs: usize) -> Result<Aligned> {
    check((weights, bias), inputs, outputs)?;
    let mut data = Vec::with_capacity((inputs + 1) * outputs.next_multiple_of(BLOCK));
    for block in (0..outputs).step_by(BLOCK) {
        let channels = block..block + BLOCK;
        data.extend(channels.clone().map(|channel| bias.get(channel).copied().unwrap_or(0.0)));
        for input in 0..inputs {
            let at = |channel| weights.get(channel * inputs + input).copied().unwrap_or(0.0);
            data.extend(channels.clone().map(at));
        }
    }
    Ok(Aligned::new(&data))
}

/// Weights [outputs, inputs + 1], each row's bias at its end.
fn rows((weights, bias): Layer<'_>, inputs: usize, outputs: usize) -> Result<Aligned> {
    check((weights, bias), inputs, outputs)?;
    let rows = weights.chunks_exact(inputs).zip(bias);
    let data: Vec<f32> = rows.flat_map(|(row, bias)| row.iter().chain([bias])).copied().collect();
    Ok(Aligned::new(&data))
}

fn check((weights, bias): Layer<'_>, inputs: usize, outputs: usize) -> Result<()> {
    if inputs == 0 || weights.len() != inputs * outputs || bias.len() != outputs {
        bail!("{} weights do not make a layer of {inputs} inputs and {outputs} outputs", weights.len());
    }
    Ok(())
}

/// What layer normalisation multiplies a token's channels with.
fn scales(values: &[f32]) -> Result<Aligned> {
    if values.len() != CHANNELS {
        bail!("a token has {CHANNELS} channels, not {}", values.len());
    }
    Ok(Aligned::new(values))
}

/// Points → tokens.
pub(in super::super) struct Embedding {
    points: Aligned,
    inputs: usize,
    made: usize,
    embedding: Aligned,
    first: Aligned,
    scales: Aligned,
    flavour: Flavour,
}

impl Embedding {
    /// `points`: points → tokens, for x and y alike; `embedding`: x, y → channels; `first`: the channels of a token before
    /// all others; `scales`: what the first layer's normalisation multiplies with.
    ///
    /// # Errors
    ///
    /// Where sizes do not fit each other.
    pub(in super::super) fn new(
        points: Layer<'_>,
        embedding: Layer<'_>,
        first: &[f32],
        norm: &[f32],
        flavour: Flavour,
    ) -> Result<Self> {
        let made = points.1.len();
        if made == 0 || made > MADE {
            bail!("{made} tokens cannot be made of points");
        }
        let inputs = points.0.len() / made;
        Ok(Self {
            points: pack(points, inputs, made)?,
            inputs,
            made,
            embedding: pack(embedding, COORDINATES, CHANNELS)?,
            first: scales(first)?,
            scales: scales(norm)?,
            flavour,
        })
    }

    /// Runs it: a tensor [2, points] → tokens.
    ///
    /// # Errors
    ///
    /// Where the tensors' shapes do not fit.
    pub(in super::super) fn forward(&self, from: &Tensor, to: &Tensor) -> Result<()> {
        inplace::run2(to, from, self)
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
        let kernel = mixer_kernels::Start {
            points: self.points.floats(),
            inputs: self.inputs,
            embedding: self.embedding.floats(),
            first: self.first.floats(),
            scales: self.scales.floats(),
            from: from.as_ptr(),
            to: token_view(to.as_mut_ptr(), to.len(), self.made + 1)?,
        };
        // SAFETY: sizes were just compared.
        unsafe { run_start(self.flavour, &kernel, 0..1) };
        Ok(())
    }
}

/// The layers that mix tokens and those that mix channels, each with a normalisation before and added to what came in.
pub(in super::super) struct MixerBlock {
    expand_tokens: Aligned,
    reduce_tokens: Aligned,
    tokens: usize,
    units: usize,
    scales: Aligned,
    expand: Aligned,
    reduce: Aligned,
    next: Option<Aligned>,
    flavour: Flavour,
}

impl MixerBlock {
    /// `tokens`: the two layers that mix tokens; `norm`: what the normalisation before the channels are mixed multiplies with;
    /// `channels`: the two layers that mix channels, with 256 between them; `next`: as `norm`, of the next block. A block
    /// without a next one makes the first token only.
    ///
    /// # Errors
    ///
    /// Where sizes do not fit each other.
    pub(in super::super) fn new(
        tokens: [Layer<'_>; 2],
        norm: &[f32],
        channels: [Layer<'_>; 2],
        next: Option<&[f32]>,
        flavour: Flavour,
    ) -> Result<Self> {
        let [first, second] = tokens;
        let (units, count) = (first.1.len(), second.1.len());
        Ok(Self {
            expand_tokens: rows(first, count, units)?,
            reduce_tokens: rows(second, units, count)?,
            tokens: count,
            units,
            scales: scales(norm)?,
            expand: pack(channels[0], CHANNELS, HIDDEN)?,
            reduce: pack(channels[1], HIDDEN, CHANNELS)?,
            next: next.map(scales).transpose()?,
            flavour,
        })
    }

    /// Runs the block on tokens, with the help of a tensor for its units.
    ///
    /// # Errors
    ///
    /// Where the tensors' shapes do not fit.
    pub(in super::super) fn forward(&self, tokens: &Tensor, units: &Tensor, workers: &Workers) -> Result<()> {
        inplace::run2(units, tokens, &Run { op: &Expand(self), workers })?;
        inplace::run2(tokens, units, &Run { op: self, workers })
    }
}

/// The first half of a block.
struct Expand<'a>(&'a MixerBlock);

impl InplaceOp2 for Run<'_, Expand<'_>> {
    fn name(&self) -> &'static str {
        "mixer-expand"
    }

    fn cpu_fwd(&self, to: &mut CpuStorage, to_layout: &Layout, from: &CpuStorage, layout: &Layout) -> Result<()> {
        let op = self.op.0;
        let (length, to) = (floats(from, layout)?.len(), floats_mut(to, to_layout)?);
        let kernel = mixer_kernels::Expand {
            weights: op.expand_tokens.floats(),
            from: token_view(source(from, layout)?, length, op.tokens)?,
            to: unit_view(to.as_mut_ptr(), to.len(), op.units)?,
        };
        share(self.workers, op.units, |units| {
            // SAFETY: sizes were just compared; parts are disjoint rows of `to`, `from` is only read.
            unsafe { run_expand(op.flavour, &kernel, units) }
        });
        Ok(())
    }
}

impl InplaceOp2 for Run<'_, MixerBlock> {
    fn name(&self) -> &'static str {
        "mixer-reduce"
    }

    fn cpu_fwd(&self, to: &mut CpuStorage, to_layout: &Layout, from: &CpuStorage, layout: &Layout) -> Result<()> {
        let op = self.op;
        let (length, to) = (floats(from, layout)?.len(), floats_mut(to, to_layout)?);
        let kernel = mixer_kernels::Reduce {
            weights: op.reduce_tokens.floats(),
            from: unit_view(source(from, layout)?, length, op.units)?,
            scales: op.scales.floats(),
            expand: op.expand.floats(),
            reduce: op.reduce.floats(),
            next: op.next.as_ref().map(Aligned::floats),
            to: token_view(to.as_mut_ptr(), to.len(), op.tokens)?,
        };
        // After the last block, only the first token is looked at.
        let wanted = if op.next.is_some() { op.tokens } else { 1 };
        share(self.workers, wanted, |tokens| {
            // SAFETY: as for the first half.
            unsafe { run_reduce(op.flavour, &kernel, tokens) }
        });
        Ok(())
    }
}

/// The first token → outputs.
pub(in super::super) struct Head {
    weights: Aligned,
    outputs: usize,
    tokens: usize,
    flavour: Flavour,
}

impl Head {
    /// `layer`: a token's channels → outputs; `tokens`: how many tokens there are.
    ///
    /// # Errors
    ///
    /// Where sizes do not fit each other.
    pub(in super::super) fn new(layer: Layer<'_>, tokens: usize, flavour: Flavour) -> Result<Self> {
        let outputs = layer.1.len();
        Ok(Self { weights: pack(layer, CHANNELS, outputs)?, outputs, tokens, flavour })
    }

    /// Runs it: tokens → a tensor of as many floats as there are outputs, rounded up to a multiple of 16.
    ///
    /// # Errors
    ///
    /// Where the tensors' shapes do not fit.
    pub(in super::super) fn forward(&self, from: &Tensor, to: &Tensor) -> Result<()> {
        inplace::run2(to, from, self)
    }
}

impl InplaceOp2 for Head {
    fn name(&self) -> &'static str {
        "mixer-head"
    }

    fn cpu_fwd(&self, to: &mut CpuStorage, to_layout: &Layout, from: &CpuStorage, layout: &Layout) -> Result<()> {
        let (length, to) = (floats(from, layout)?.len(), floats_mut(to, to_layout)?);
        let blocks = self.outputs.div_ceil(BLOCK);
        if to.len() != blocks * BLOCK {
            bail!("a layer of {} outputs cannot fill {} floats", self.outputs, to.len());
        }
        let kernel = mixer_kernels::Head {
            weights: self.weights.floats(),
            from: token_view(source(from, layout)?, length, self.tokens)?,
            to: Units { packed: to.as_mut_ptr(), count: 0 },
        };
        // SAFETY: sizes were just compared.
        unsafe { run_head(self.flavour, &kernel, 0..blocks) };
        Ok(())
    }
}
