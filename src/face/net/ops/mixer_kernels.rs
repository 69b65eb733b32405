//! The loops of an MLP-Mixer's layers, written once over [`Lanes`] and compiled for each instruction set.
//!
//! There are two sets of numbers for the tokens: as they are, row by row; and normalised, in blocks of 16 channels, so that
//! a block of all tokens is the packed matrix that [`tiles`] multiplies with. Such a matrix begins with a row for the bias,
//! which is zero, and ends with a row of ones, by which a token's own bias comes in as its last weight.

use std::ops::Range;

use super::lanes::{LANES, Lanes};
use super::tiles::{BLOCK, Scratch, Window, tiles};

/// Channels of a token.
pub(super) const CHANNELS: usize = 64;

/// Blocks of a token's channels.
const BLOCKS: usize = CHANNELS / BLOCK;

/// Channels between the two layers that mix a token's channels.
pub(super) const HIDDEN: usize = 256;

/// Tokens that are worked on at a time: three tiles.
const CHUNK: usize = 18;

/// Coordinates of a point.
pub(super) const COORDINATES: usize = 2;

/// Most tokens that are made of points.
pub(super) const MADE: usize = 128;

/// What is added to a variance: the original's millionth, as a 16-bit float.
const EPSILON: f32 = 17.0 / 16_777_216.0;

/// The tokens in memory.
#[derive(Clone, Copy)]
pub(super) struct Tokens {
    /// [count, channels]
    pub(super) plain: *mut f32,
    /// [blocks, count + 2, 16]: normalised.
    pub(super) packed: *mut f32,
    pub(super) count: usize,
}

// SAFETY: only pointers with a size. The kernels that get them write disjoint rows, and read rows that nobody writes.
unsafe impl Send for Tokens {}
// SAFETY: as above.
unsafe impl Sync for Tokens {}

/// What the layer between the two that mix tokens holds: [blocks, count + 2, 16].
#[derive(Clone, Copy)]
pub(super) struct Units {
    pub(super) packed: *mut f32,
    pub(super) count: usize,
}

// SAFETY: as for `Tokens`.
unsafe impl Send for Units {}
// SAFETY: as above.
unsafe impl Sync for Units {}

/// Floats of a block of a packed matrix of so many rows.
pub(super) fn packed(rows: usize) -> usize {
    (rows + 2) * BLOCK
}

/// Floats of a block of packed weights of so many inputs.
fn block(inputs: usize) -> usize {
    (inputs + 1) * BLOCK
}

impl Tokens {
    /// Writes a token's channels in their normalised form.
    ///
    /// # Safety
    ///
    /// The token exists; nobody else writes it.
    #[inline(always)]
    unsafe fn normalise<L: Lanes>(&self, token: usize, scales: *const f32) {
        // SAFETY: the caller promises a token of the allocation.
        unsafe {
            let to = self.packed.add((1 + token) * BLOCK);
            normalise::<L>(self.plain.add(token * CHANNELS), scales, to, packed(self.count));
        }
    }
}

/// Layer normalisation without offsets (Ba et al., 2016) of one token. Its blocks of channels go to places `step` floats
/// apart.
///
/// # Safety
///
/// `from`, `scales` and `to` have a token's channels.
#[inline(always)]
unsafe fn normalise<L: Lanes>(from: *const f32, scales: *const f32, to: *mut f32, step: usize) {
    // SAFETY: the caller promises the channels.
    unsafe {
        let zero = L::splat(0.0);
        let mut sum = zero;
        for channel in (0..CHANNELS).step_by(LANES) {
            sum = sum.add(L::load(from.add(channel)));
        }
        let centre = L::splat(-total(sum) / CHANNELS as f32);
        let mut squares = zero;
        for channel in (0..CHANNELS).step_by(LANES) {
            let off = L::load(from.add(channel)).add(centre);
            squares = squares.fma(off, off);
        }
        let scale = L::splat(1.0 / (total(squares) / CHANNELS as f32 + EPSILON).sqrt());
        for channel in (0..CHANNELS).step_by(LANES) {
            let off = L::load(from.add(channel)).add(centre);
            let scale = zero.fma(L::load(scales.add(channel)), scale);
            zero.fma(off, scale).store(to.add(channel / BLOCK * step + channel % BLOCK));
        }
    }
}

/// The sum of a vector.
///
/// # Safety
///
/// The machine has the instructions of `L`.
#[inline(always)]
unsafe fn total<L: Lanes>(vector: L) -> f32 {
    let mut floats = [0.0; LANES];
    // SAFETY: as many floats as a vector has.
    unsafe { vector.store(floats.as_mut_ptr()) };
    let [a, b, c, d, e, f, g, h] = floats;
    ((a + b) + (c + d)) + ((e + f) + (g + h))
}

/// The tokens made of points, and the one that stands for all of them before them.
#[derive(Clone, Copy)]
pub(super) struct Start<'a> {
    /// Points → tokens, for each coordinate: packed weights.
    pub(super) points: &'a [f32],
    pub(super) inputs: usize,
    /// Coordinates → channels: packed weights.
    pub(super) embedding: &'a [f32],
    /// Channels of the first token.
    pub(super) first: &'a [f32],
    /// What the first layer's normalisation multiplies with.
    pub(super) scales: &'a [f32],
    /// [coordinates, points]
    pub(super) from: *const f32,
    pub(super) to: Tokens,
}

/// Makes all the tokens.
///
/// # Safety
///
/// The machine has the instructions of `L`; sizes fit each other.
#[inline(always)]
pub(super) unsafe fn start<L: Lanes>(op: &Start<'_>, _: Range<usize>) {
    let mut made = Scratch::<{ COORDINATES * MADE }>::new();
    let made = made.start();
    let count = op.to.count - 1;
    // SAFETY: the caller promises fitting sizes.
    unsafe {
        for index in 0..count.div_ceil(BLOCK) {
            let weights = op.points.as_ptr().add(index * block(op.inputs));
            let from = Window::pixel(op.from, op.inputs, op.inputs);
            tiles::<L, false>(weights, from, COORDINATES, made.add(index * BLOCK), MADE);
        }
        std::ptr::copy_nonoverlapping(op.first.as_ptr(), op.to.plain, CHANNELS);
        for index in 0..BLOCKS {
            let weights = op.embedding.as_ptr().add(index * block(COORDINATES));
            let from = Window { from: made, first: 0, rows: COORDINATES, row: MADE, length: 1, pixel: 1 };
            tiles::<L, false>(weights, from, count, op.to.plain.add(CHANNELS + index * BLOCK), CHANNELS);
        }
        for token in 0..op.to.count {
            op.to.normalise::<L>(token, op.scales.as_ptr());
        }
    }
}

/// The first half of what mixes tokens: tokens → more units, then ReLU.
#[derive(Clone, Copy)]
pub(super) struct Expand<'a> {
    /// [units, tokens + 1]: weights, bias.
    pub(super) weights: &'a [f32],
    pub(super) from: Tokens,
    pub(super) to: Units,
}

/// The units `units`.
///
/// # Safety
///
/// As [`start`]; nobody else writes these units.
#[inline(always)]
pub(super) unsafe fn expand<L: Lanes>(op: &Expand<'_>, units: Range<usize>) {
    let length = op.from.count + 1;
    let mut unit = units.start;
    while unit < units.end {
        let count = CHUNK.min(units.end - unit);
        for index in 0..BLOCKS {
            // SAFETY: rows of the weights, blocks of both matrices.
            unsafe {
                let from = Window::pixel(op.weights.as_ptr().add(unit * length), length, length);
                let to = op.to.packed.add(index * packed(op.to.count) + (1 + unit) * BLOCK);
                tiles::<L, true>(op.from.packed.add(index * packed(op.from.count)), from, count, to, BLOCK);
            }
        }
        unit += count;
    }
}

/// The second half of what mixes tokens, added to them; then what mixes each token's channels, added too.
#[derive(Clone, Copy)]
pub(super) struct Reduce<'a> {
    /// [tokens, units + 1]: weights, bias.
    pub(super) weights: &'a [f32],
    pub(super) from: Units,
    /// What the normalisation before the channels are mixed multiplies with.
    pub(super) scales: &'a [f32],
    /// Channels → hidden ones: packed weights; ReLU follows.
    pub(super) expand: &'a [f32],
    /// Hidden channels → channels: packed weights.
    pub(super) reduce: &'a [f32],
    /// What the next layer's normalisation multiplies with, where there is a next layer.
    pub(super) next: Option<&'a [f32]>,
    pub(super) to: Tokens,
}

/// The tokens `tokens`.
///
/// # Safety
///
/// As [`start`]; nobody else writes these tokens.
#[inline(always)]
pub(super) unsafe fn reduce<L: Lanes>(op: &Reduce<'_>, tokens: Range<usize>) {
    let (mut narrow, mut wide) = (Scratch::<{ CHUNK * CHANNELS }>::new(), Scratch::<{ CHUNK * HIDDEN }>::new());
    let (narrow, wide) = (narrow.start(), wide.start());
    let length = op.from.count + 1;
    let mut token = tokens.start;
    while token < tokens.end {
        let count = CHUNK.min(tokens.end - token);
        // SAFETY: rows of the weights and the tokens; each float of scratch is written before it is read.
        unsafe {
            let plain = op.to.plain.add(token * CHANNELS);
            for index in 0..BLOCKS {
                let from = Window::pixel(op.weights.as_ptr().add(token * length), length, length);
                let matrix = op.from.packed.add(index * packed(op.from.count));
                tiles::<L, false>(matrix, from, count, narrow.add(index * BLOCK), CHANNELS);
            }
            add::<L>(plain, narrow, count);
            for index in 0..count {
                let at = index * CHANNELS;
                normalise::<L>(plain.add(at), op.scales.as_ptr(), narrow.add(at), BLOCK);
            }
            for index in 0..HIDDEN / BLOCK {
                let weights = op.expand.as_ptr().add(index * block(CHANNELS));
                let from = Window::pixel(narrow, CHANNELS, CHANNELS);
                tiles::<L, true>(weights, from, count, wide.add(index * BLOCK), HIDDEN);
            }
            for index in 0..BLOCKS {
                let weights = op.reduce.as_ptr().add(index * block(HIDDEN));
                let from = Window::pixel(wide, HIDDEN, HIDDEN);
                tiles::<L, false>(weights, from, count, narrow.add(index * BLOCK), CHANNELS);
            }
            add::<L>(plain, narrow, count);
            if let Some(next) = op.next {
                for index in 0..count {
                    op.to.normalise::<L>(token + index, next.as_ptr());
                }
            }
        }
        token += count;
    }
}

/// Adds to so many tokens.
///
/// # Safety
///
/// Both have as many.
#[inline(always)]
unsafe fn add<L: Lanes>(to: *mut f32, from: *const f32, tokens: usize) {
    for at in (0..tokens * CHANNELS).step_by(LANES) {
        // SAFETY: the caller promises the tokens.
        unsafe { L::load(to.add(at)).add(L::load(from.add(at))).store(to.add(at)) }
    }
}

/// The last layer: the first token → outputs.
#[derive(Clone, Copy)]
pub(super) struct Head<'a> {
    /// Packed weights.
    pub(super) weights: &'a [f32],
    pub(super) from: Tokens,
    pub(super) to: Units,
}

/// The blocks `blocks` of outputs.
///
/// # Safety
///
/// As [`start`]; `to` has room for them.
#[inline(always)]
pub(super) unsafe fn head<L: Lanes>(op: &Head<'_>, blocks: Range<usize>) {
    for index in blocks {
        // SAFETY: the caller promises the sizes.
        unsafe {
            let weights = op.weights.as_ptr().add(index * block(CHANNELS));
            let from = Window::pixel(op.from.plain, CHANNELS, CHANNELS);
            tiles::<L, false>(weights, from, 1, op.to.packed.add(index * BLOCK), BLOCK);
        }
    }
}
