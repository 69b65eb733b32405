//! The layers of an MLP-Mixer.
//!
//! Tokens lie in memory twice: as they are, row by row; and normalised, in blocks of 16 channels. Such a block, taken over
//! all tokens, is the panel that the layers mixing tokens multiply with. Its bias is zero, and it ends with a row of ones: a
//! token's own bias is the last of its weights.

use std::ops::Range;

use super::layer_norm::layer_norm;
use super::panel16::{PANEL, multiply, panel_length};
use super::scratch::Scratch;
use super::tile::Window;
use crate::face::net::ops::simd::lanes::{LANES, Lanes};
use crate::face::net::ops::simd::level::Kernel;

/// Channels of a token.
pub(crate) const CHANNELS: usize = 64;

/// Blocks of a token's channels.
pub(crate) const BLOCKS: usize = CHANNELS / PANEL;

/// Channels between the two layers that mix a token's channels.
pub(crate) const HIDDEN_CHANNELS: usize = 256;

/// Tokens that are worked on at a time: three tiles.
const CHUNK: usize = 18;

/// Coordinates of a point.
pub(crate) const COORDINATES: usize = 2;

/// Most tokens that are made of points.
pub(crate) const MAX_EMBEDDED: usize = 128;

/// The tokens in memory.
#[derive(Clone, Copy)]
pub(crate) struct Tokens {
    /// [count, channels]
    pub(crate) plain: *mut f32,
    /// [blocks, count + 2, 16]: normalised.
    pub(crate) normalised: *mut f32,
    pub(crate) count: usize,
}

// SAFETY: only pointers with a size. The kernels that get them write disjoint rows, and read rows that no thread writes.
unsafe impl Send for Tokens {}
// SAFETY: as above.
unsafe impl Sync for Tokens {}

/// The hidden tokens in memory: what lies between the two layers that mix tokens. [blocks, count + 2, 16]
#[derive(Clone, Copy)]
pub(crate) struct HiddenTokens {
    pub(crate) data: *mut f32,
    pub(crate) count: usize,
}

// SAFETY: as for `Tokens`.
unsafe impl Send for HiddenTokens {}
// SAFETY: as above.
unsafe impl Sync for HiddenTokens {}

/// Floats of one block of 16 channels of `count` tokens: the zero bias, the tokens, the row of ones.
pub(crate) const fn token_block_length(count: usize) -> usize {
    panel_length(count + 1)
}

impl Tokens {
    /// Writes a token's normalised channels.
    ///
    /// # Safety
    ///
    /// The machine has the instructions of `L`; the token exists; no other thread writes it.
    #[inline(always)]
    unsafe fn normalise<L: Lanes>(&self, token: usize, scales: *const f32) {
        // SAFETY: the caller promises a token of the allocation.
        unsafe {
            let (from, to) = (self.plain.add(token * CHANNELS), self.normalised.add((1 + token) * PANEL));
            layer_norm::<L, CHANNELS, PANEL>(from, scales, to, token_block_length(self.count));
        }
    }
}

/// Makes tokens of points, and puts the token that stands for all of them first. It has one part.
#[derive(Clone, Copy)]
pub(crate) struct EmbedKernel<'a> {
    /// Points → tokens, for each coordinate: panels.
    pub(crate) points: &'a [f32],
    pub(crate) inputs: usize,
    /// Coordinates → channels: panels.
    pub(crate) embedding: &'a [f32],
    /// Channels of the first token.
    pub(crate) first: &'a [f32],
    /// Scales of the first layer's normalisation.
    pub(crate) scales: &'a [f32],
    /// [coordinates, points]
    pub(crate) from: *const f32,
    pub(crate) to: Tokens,
}

impl Kernel for EmbedKernel<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, _: Range<usize>) {
        let mut embedded = Scratch::<{ COORDINATES * MAX_EMBEDDED }>::new();
        let embedded = embedded.as_mut_ptr();
        let count = self.to.count - 1;
        // SAFETY: the caller promises fitting sizes.
        unsafe {
            for index in 0..count.div_ceil(PANEL) {
                let panel = self.points.as_ptr().add(index * panel_length(self.inputs));
                let window = Window::single_row(self.from, self.inputs, self.inputs);
                multiply::<L, false>(panel, window, COORDINATES, embedded.add(index * PANEL), MAX_EMBEDDED);
            }
            std::ptr::copy_nonoverlapping(self.first.as_ptr(), self.to.plain, CHANNELS);
            for index in 0..BLOCKS {
                let panel = self.embedding.as_ptr().add(index * panel_length(COORDINATES));
                let window = Window {
                    start: embedded,
                    first_row: 0,
                    rows: COORDINATES,
                    row_stride: MAX_EMBEDDED,
                    length: 1,
                    pixel_stride: 1,
                };
                multiply::<L, false>(panel, window, count, self.to.plain.add(CHANNELS + index * PANEL), CHANNELS);
            }
            for token in 0..self.to.count {
                self.to.normalise::<L>(token, self.scales.as_ptr());
            }
        }
    }
}

/// The first layer that mixes tokens: tokens → hidden tokens, then ReLU. Its parts are hidden tokens.
#[derive(Clone, Copy)]
pub(crate) struct ExpandTokensKernel<'a> {
    /// [hidden tokens, tokens + 1]: weights, bias.
    pub(crate) weights: &'a [f32],
    pub(crate) from: Tokens,
    pub(crate) to: HiddenTokens,
}

impl Kernel for ExpandTokensKernel<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, tokens: Range<usize>) {
        let length = self.from.count + 1;
        let mut token = tokens.start;
        while token < tokens.end {
            let count = CHUNK.min(tokens.end - token);
            for index in 0..BLOCKS {
                // SAFETY: rows of the weights, blocks of both kinds of tokens.
                unsafe {
                    let panel = self.from.normalised.add(index * token_block_length(self.from.count));
                    let window = Window::single_row(self.weights.as_ptr().add(token * length), length, length);
                    let to = self.to.data.add(index * token_block_length(self.to.count) + (1 + token) * PANEL);
                    multiply::<L, true>(panel, window, count, to, PANEL);
                }
            }
            token += count;
        }
    }
}

/// The second layer that mixes tokens, added to them; then the two layers that mix each token's channels, added too. Its parts
/// are tokens.
#[derive(Clone, Copy)]
pub(crate) struct ReduceTokensKernel<'a> {
    /// [tokens, hidden tokens + 1]: weights, bias.
    pub(crate) weights: &'a [f32],
    pub(crate) from: HiddenTokens,
    /// Scales of the normalisation before the channels are mixed.
    pub(crate) scales: &'a [f32],
    /// Channels → hidden channels: panels. ReLU follows.
    pub(crate) expand: &'a [f32],
    /// Hidden channels → channels: panels.
    pub(crate) reduce: &'a [f32],
    /// Scales of the next block's normalisation, where there is a next block.
    pub(crate) next: Option<&'a [f32]>,
    pub(crate) to: Tokens,
}

impl Kernel for ReduceTokensKernel<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, tokens: Range<usize>) {
        let mut channels = Scratch::<{ CHUNK * CHANNELS }>::new();
        let mut hidden = Scratch::<{ CHUNK * HIDDEN_CHANNELS }>::new();
        let (channels, hidden) = (channels.as_mut_ptr(), hidden.as_mut_ptr());
        let length = self.from.count + 1;
        let mut token = tokens.start;
        while token < tokens.end {
            let count = CHUNK.min(tokens.end - token);
            // SAFETY: rows of the weights and the tokens; each float of scratch is written before it is read.
            unsafe {
                let plain = self.to.plain.add(token * CHANNELS);
                for index in 0..BLOCKS {
                    let panel = self.from.data.add(index * token_block_length(self.from.count));
                    let window = Window::single_row(self.weights.as_ptr().add(token * length), length, length);
                    multiply::<L, false>(panel, window, count, channels.add(index * PANEL), CHANNELS);
                }
                add::<L>(plain, channels, count);
                for index in 0..count {
                    let (from, to) = (plain.add(index * CHANNELS), channels.add(index * CHANNELS));
                    layer_norm::<L, CHANNELS, PANEL>(from, self.scales.as_ptr(), to, PANEL);
                }
                for index in 0..HIDDEN_CHANNELS / PANEL {
                    let panel = self.expand.as_ptr().add(index * panel_length(CHANNELS));
                    let window = Window::single_row(channels, CHANNELS, CHANNELS);
                    multiply::<L, true>(panel, window, count, hidden.add(index * PANEL), HIDDEN_CHANNELS);
                }
                for index in 0..BLOCKS {
                    let panel = self.reduce.as_ptr().add(index * panel_length(HIDDEN_CHANNELS));
                    let window = Window::single_row(hidden, HIDDEN_CHANNELS, HIDDEN_CHANNELS);
                    multiply::<L, false>(panel, window, count, channels.add(index * PANEL), CHANNELS);
                }
                add::<L>(plain, channels, count);
                if let Some(next) = self.next {
                    for index in 0..count {
                        self.to.normalise::<L>(token + index, next.as_ptr());
                    }
                }
            }
            token += count;
        }
    }
}

/// Adds `tokens` tokens to as many others.
///
/// # Safety
///
/// The machine has the instructions of `L`; both sides have that many tokens.
#[inline(always)]
unsafe fn add<L: Lanes>(to: *mut f32, from: *const f32, tokens: usize) {
    for at in (0..tokens * CHANNELS).step_by(LANES) {
        // SAFETY: the caller promises the tokens.
        unsafe { L::load(to.add(at)).add(L::load(from.add(at))).store(to.add(at)) }
    }
}

/// The last layer: the first token → outputs. Its parts are panels.
#[derive(Clone, Copy)]
pub(crate) struct MixerHeadKernel<'a> {
    /// Panels.
    pub(crate) weights: &'a [f32],
    pub(crate) from: Tokens,
    pub(crate) to: *mut f32,
}

impl Kernel for MixerHeadKernel<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, panels: Range<usize>) {
        for index in panels {
            // SAFETY: the caller promises the sizes.
            unsafe {
                let panel = self.weights.as_ptr().add(index * panel_length(CHANNELS));
                let window = Window::single_row(self.from.plain, CHANNELS, CHANNELS);
                multiply::<L, false>(panel, window, 1, self.to.add(index * PANEL), PANEL);
            }
        }
    }
}
