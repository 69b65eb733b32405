//! The loops of the networks' layers, written once over [`Lanes`] and compiled for each instruction set.
//!
//! Feature maps lie row by row, pixel by pixel, channel by channel (NHWC), channels padded with zeros to a multiple of
//! eight, and one pixel of zeros all around: so no loop has a special case for edges or left-over channels.
//!
//! Everything here works on raw pointers, since several threads write disjoint rows of one map. The ops check shapes
//! before they call.

#![expect(clippy::needless_range_loop, reason = "indices over small arrays of constant size become registers")]

use std::mem::MaybeUninit;
use std::ops::Range;

use super::lanes::{LANES, Lanes};

/// Floats of a worker's scratch for depthwise results: half of the smallest first-level cache around.
pub(super) const SCRATCH: usize = 4096;

/// Most segments that a [`Pixels`] has: the rows of a 5×5 kernel.
pub(super) const SEGMENTS: usize = 5;

/// A feature map in memory.
#[derive(Clone, Copy)]
pub(super) struct Map {
    /// Its first interior pixel.
    pub(super) data: *mut f32,
    /// Floats from one row to the next.
    pub(super) row: usize,
    /// Floats from one pixel to the next: its padded channels.
    pub(super) pixel: usize,
    pub(super) height: usize,
    pub(super) width: usize,
}

// SAFETY: only a pointer with sizes. The kernels that get it write disjoint rows, and read maps that nobody writes.
unsafe impl Send for Map {}
// SAFETY: as above.
unsafe impl Sync for Map {}

impl Map {
    /// # Safety
    ///
    /// The pixel lies inside the map or its border.
    #[inline(always)]
    unsafe fn at(&self, y: isize, x: isize) -> *mut f32 {
        // SAFETY: the caller promises a pixel of the allocation.
        unsafe { self.data.offset(y * self.row as isize + x * self.pixel as isize) }
    }
}

/// A matrix of weights, packed for [`tile`]: for each block of output channels its bias, its slopes, then one row for
/// each input.
#[derive(Clone, Copy)]
pub(super) struct Matrix<'a> {
    pub(super) data: &'a [f32],
    /// Inputs.
    pub(super) inputs: usize,
    /// Output channels over eight.
    pub(super) vectors: usize,
    /// Vectors in the first block, 1, 2 or 3.
    pub(super) first: usize,
    /// Vectors in each other block.
    pub(super) other: usize,
}

/// How a matrix of so many output vectors is cut into blocks: all but the first have two vectors.
pub(super) fn blocks(vectors: usize) -> (usize, usize) {
    match vectors {
        1 => (1, 2),
        odd if odd % 2 == 1 => (3, 2),
        _ => (2, 2),
    }
}

/// Where a tile's inputs come from: pixel `p`'s input `k` of segment `s` is `starts[s][p * step + k]`.
#[derive(Clone, Copy)]
struct Pixels {
    starts: [*const f32; SEGMENTS],
    /// Which of the kernel's rows each segment is; rows beyond the picture's edge are left out.
    rows: [usize; SEGMENTS],
    segments: usize,
    /// Inputs of one segment.
    length: usize,
    /// Floats from one pixel to the next.
    step: usize,
}

/// Where a tile's outputs go, and what is added to them.
#[derive(Clone, Copy)]
struct Outputs {
    data: *mut f32,
    /// Floats from one pixel to the next.
    step: usize,
    residual: *const f32,
    residual_step: usize,
    /// Channels that have a residual, from the first; a multiple of eight.
    residual_channels: usize,
}

/// `M` pixels by `V` vectors of output channels, held in registers: bias + inputs × weights + residual, then PReLU.
///
/// # Safety
///
/// `weights` points to a packed block of `V` vectors; `from` and `to` to as many pixels as `M`, with room for the block's
/// channels from `channel` on.
#[inline(always)]
unsafe fn tile<L: Lanes, const M: usize, const V: usize>(
    weights: *const f32,
    channel: usize,
    from: &Pixels,
    first: usize,
    to: &Outputs,
) {
    // SAFETY: the caller promises pointers that fit these sizes.
    unsafe {
        let width = V * LANES;
        let mut sums = [[L::splat(0.0); V]; M];
        for v in 0..V {
            let bias = L::load(weights.add(v * LANES));
            for m in 0..M {
                sums[m][v] = bias;
            }
        }
        let matrix = weights.add(2 * width);
        for segment in 0..from.segments {
            let start = from.starts[segment].add(first * from.step);
            let mut pixels = [start; M];
            for m in 0..M {
                pixels[m] = start.add(m * from.step);
            }
            let mut row = matrix.add(from.rows[segment] * from.length * width);
            for k in 0..from.length {
                let mut w = [L::splat(0.0); V];
                for v in 0..V {
                    w[v] = L::load(row.add(v * LANES));
                }
                for m in 0..M {
                    let x = L::splat_from(pixels[m].add(k));
                    for v in 0..V {
                        sums[m][v] = sums[m][v].fma(x, w[v]);
                    }
                }
                row = row.add(width);
            }
        }
        let mut slopes = [L::splat(0.0); V];
        for v in 0..V {
            slopes[v] = L::load(weights.add(width + v * LANES));
        }
        let mut out = to.data.add(first * to.step + channel);
        if channel + width <= to.residual_channels {
            let mut residual = to.residual.add(first * to.residual_step + channel);
            for m in 0..M {
                for v in 0..V {
                    let sum = sums[m][v].add(L::load(residual.add(v * LANES)));
                    sum.prelu(slopes[v]).store(out.add(v * LANES));
                }
                residual = residual.wrapping_add(to.residual_step);
                out = out.wrapping_add(to.step);
            }
        } else {
            // New channels: only the block's first ones have a residual, or none.
            for m in 0..M {
                for v in 0..V {
                    let at = channel + v * LANES;
                    let mut sum = sums[m][v];
                    if at < to.residual_channels {
                        sum = sum.add(L::load(to.residual.add((first + m) * to.residual_step + at)));
                    }
                    sum.prelu(slopes[v]).store(out.add(v * LANES));
                }
                out = out.wrapping_add(to.step);
            }
        }
    }
}

/// A run of pixels by one block of `V` vectors, cut into tiles of nearly equal size.
///
/// # Safety
///
/// As [`tile`], for `pixels` pixels.
#[inline(always)]
unsafe fn tiles<L: Lanes, const V: usize>(
    weights: *const f32,
    channel: usize,
    from: &Pixels,
    pixels: usize,
    to: &Outputs,
) {
    // Sixteen registers: M × V sums, V weights, one input.
    let most = match V {
        1 => 8,
        2 => 6,
        _ => 3,
    };
    let count = pixels.div_ceil(most);
    let (size, longer) = (pixels / count, pixels % count);
    let mut first = 0;
    for index in 0..count {
        let m = size + usize::from(index < longer);
        // SAFETY: the caller promises as much for the whole run.
        unsafe {
            match m {
                1 => tile::<L, 1, V>(weights, channel, from, first, to),
                2 => tile::<L, 2, V>(weights, channel, from, first, to),
                3 => tile::<L, 3, V>(weights, channel, from, first, to),
                4 if V < 3 => tile::<L, 4, V>(weights, channel, from, first, to),
                5 if V < 3 => tile::<L, 5, V>(weights, channel, from, first, to),
                6 if V < 3 => tile::<L, 6, V>(weights, channel, from, first, to),
                7 if V < 2 => tile::<L, 7, V>(weights, channel, from, first, to),
                _ if V < 2 => tile::<L, 8, V>(weights, channel, from, first, to),
                _ => {}
            }
        }
        first += m;
    }
}

/// One block of a [`Matrix`].
#[derive(Clone, Copy)]
struct Packed {
    weights: *const f32,
    /// Its first output channel.
    channel: usize,
    vectors: usize,
}

/// The blocks of a matrix, in order. (No closures in here: a closure would be compiled without the instruction set of
/// the function that it stands in.)
struct Blocks<'a> {
    matrix: Matrix<'a>,
    vector: usize,
    vectors: usize,
    offset: usize,
}

impl<'a> Matrix<'a> {
    #[inline(always)]
    fn blocks(&self) -> Blocks<'a> {
        Blocks { matrix: *self, vector: 0, vectors: self.first, offset: 0 }
    }
}

impl Iterator for Blocks<'_> {
    type Item = Packed;

    #[inline(always)]
    fn next(&mut self) -> Option<Packed> {
        if self.vector >= self.matrix.vectors {
            return None;
        }
        let weights = self.matrix.data.get(self.offset..)?.as_ptr();
        let block = Packed { weights, channel: self.vector * LANES, vectors: self.vectors };
        self.offset += (self.matrix.inputs + 2) * self.vectors * LANES;
        self.vector += self.vectors;
        self.vectors = self.matrix.other;
        Some(block)
    }
}

/// [`tiles`] for a block whose number of vectors is known at run time.
///
/// # Safety
///
/// As [`tiles`].
#[inline(always)]
unsafe fn run<L: Lanes>(block: Packed, from: &Pixels, pixels: usize, to: &Outputs) {
    let Packed { weights, channel, vectors } = block;
    // SAFETY: the caller promises as much.
    unsafe {
        match vectors {
            1 => tiles::<L, 1>(weights, channel, from, pixels, to),
            2 => tiles::<L, 2>(weights, channel, from, pixels, to),
            _ => tiles::<L, 3>(weights, channel, from, pixels, to),
        }
    }
}

/// A residual block: depthwise 3×3, 1×1, plus the input (pooled 2×2 where the stride is 2), PReLU.
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    /// For each vector of input channels: nine weights, bias.
    pub(super) depthwise: &'a [f32],
    pub(super) pointwise: Matrix<'a>,
    pub(super) stride: usize,
    pub(super) from: Map,
    pub(super) to: Map,
}

/// A strip of depthwise results: `rows` rows of `columns` pixels from (`y`, `x`) of the output.
#[derive(Clone, Copy)]
struct Strip {
    y: usize,
    x: usize,
    rows: usize,
    columns: usize,
}

#[repr(align(64))]
struct Scratch([MaybeUninit<f32>; SCRATCH]);

impl Scratch {
    #[inline(always)]
    fn new() -> Self {
        Self([const { MaybeUninit::uninit() }; SCRATCH])
    }

    #[inline(always)]
    fn start(&mut self) -> *mut f32 {
        self.0.as_mut_ptr().cast()
    }
}

/// The rows `rows` of a block's output.
///
/// # Safety
///
/// The machine has the instructions of `L`; maps and weights fit each other; nobody else writes these rows.
#[inline(always)]
pub(super) unsafe fn block<L: Lanes>(op: &Block<'_>, rows: Range<usize>) {
    let (mut filtered, mut pooled) = (Scratch::new(), Scratch::new());
    let (filtered, pooled) = (filtered.start(), pooled.start());
    let channels = op.from.pixel;
    let columns = op.to.width.min(SCRATCH / channels);
    let deep = (SCRATCH / channels / columns).max(1);
    let mut y = rows.start;
    while y < rows.end {
        let height = deep.min(rows.end - y);
        let mut x = 0;
        while x < op.to.width {
            let strip = Strip { y, x, rows: height, columns: columns.min(op.to.width - x) };
            // SAFETY: the strip lies in the map and fits the scratch; every scratch float is written before it is read.
            unsafe {
                if op.stride == 1 {
                    depthwise::<L, 1>(op, strip, filtered);
                } else {
                    depthwise::<L, 2>(op, strip, filtered);
                    pool::<L>(op, strip, pooled);
                }
                pointwise::<L>(op, strip, filtered, pooled);
            }
            x += strip.columns;
        }
        y += height;
    }
}

/// Depthwise 3×3 of a strip into `scratch`.
///
/// # Safety
///
/// As [`block`]; `scratch` holds the strip.
#[inline(always)]
unsafe fn depthwise<L: Lanes, const STRIDE: usize>(op: &Block<'_>, strip: Strip, scratch: *mut f32) {
    let channels = op.from.pixel;
    // TFLite's SAME padding: at stride 2 an even side is padded at its end only.
    let (top, left) = (before(op.from.height, STRIDE), before(op.from.width, STRIDE));
    for channel in (0..channels).step_by(LANES) {
        // SAFETY: ten vectors for each vector of channels; pixels of the map or its border.
        unsafe {
            let weights = op.depthwise.as_ptr().add(channel * 10);
            let mut w = [L::splat(0.0); 9];
            for i in 0..9 {
                w[i] = L::load(weights.add(i * LANES));
            }
            let bias = L::load(weights.add(9 * LANES));
            for row in 0..strip.rows {
                let y = ((strip.y + row) * STRIDE) as isize - top as isize;
                let x = (strip.x * STRIDE) as isize - left as isize;
                let mut line = op.from.at(y, x).cast_const().add(channel);
                let mut to = scratch.add(row * strip.columns * channels + channel);
                for _ in 0..strip.columns / 4 {
                    taps::<L, 4, STRIDE>(&w, bias, line, op.from.row, channels, to);
                    line = line.wrapping_add(4 * STRIDE * channels);
                    to = to.wrapping_add(4 * channels);
                }
                match strip.columns % 4 {
                    1 => taps::<L, 1, STRIDE>(&w, bias, line, op.from.row, channels, to),
                    2 => taps::<L, 2, STRIDE>(&w, bias, line, op.from.row, channels, to),
                    3 => taps::<L, 3, STRIDE>(&w, bias, line, op.from.row, channels, to),
                    _ => {}
                }
            }
        }
    }
}

/// Depthwise 3×3 of one vector of channels of `M` neighbours in a row: each input is loaded once.
///
/// # Safety
///
/// `line` points to the first pixel that the kernel sees, `to` to `M` pixels of scratch.
#[inline(always)]
unsafe fn taps<L: Lanes, const M: usize, const STRIDE: usize>(
    w: &[L; 9],
    bias: L,
    line: *const f32,
    row: usize,
    pixel: usize,
    to: *mut f32,
) {
    // SAFETY: the caller promises these pixels.
    unsafe {
        let mut sums = [bias; M];
        for i in 0..3 {
            let line = line.add(i * row);
            for column in 0..(M - 1) * STRIDE + 3 {
                let x = L::load(line.add(column * pixel));
                for m in 0..M {
                    if m * STRIDE <= column && column < m * STRIDE + 3 {
                        sums[m] = sums[m].fma(x, w[i * 3 + column - m * STRIDE]);
                    }
                }
            }
        }
        for m in 0..M {
            sums[m].store(to.add(m * pixel));
        }
    }
}

/// Pixels of padding before the first one, for a 3×3 kernel.
#[inline(always)]
fn before(size: usize, stride: usize) -> usize {
    if stride == 2 && size.is_multiple_of(2) { 0 } else { 1 }
}

/// The largest of each 2×2 pixels of a strip into `scratch`. At an odd side's end, of those there are.
///
/// # Safety
///
/// As [`depthwise`].
#[inline(always)]
unsafe fn pool<L: Lanes>(op: &Block<'_>, strip: Strip, scratch: *mut f32) {
    let channels = op.from.pixel;
    for row in 0..strip.rows {
        let y = 2 * (strip.y + row);
        let below = (y + 1).min(op.from.height - 1);
        for column in 0..strip.columns {
            let x = 2 * (strip.x + column);
            let right = (x + 1).min(op.from.width - 1);
            // SAFETY: pixels of the map, whole vectors of channels.
            unsafe {
                let a = op.from.at(y as isize, x as isize).cast_const();
                let b = op.from.at(y as isize, right as isize).cast_const();
                let c = op.from.at(below as isize, x as isize).cast_const();
                let d = op.from.at(below as isize, right as isize).cast_const();
                let to = scratch.add((row * strip.columns + column) * channels);
                for channel in (0..channels).step_by(LANES) {
                    let above = L::load(a.add(channel)).max(L::load(b.add(channel)));
                    let below = L::load(c.add(channel)).max(L::load(d.add(channel)));
                    above.max(below).store(to.add(channel));
                }
            }
        }
    }
}

/// The 1×1 convolution of a strip, residual and activation.
///
/// # Safety
///
/// As [`depthwise`].
#[inline(always)]
unsafe fn pointwise<L: Lanes>(op: &Block<'_>, strip: Strip, filtered: *const f32, pooled: *const f32) {
    let channels = op.from.pixel;
    for block in op.pointwise.blocks() {
        for row in 0..strip.rows {
            // SAFETY: the strip's pixels in scratch and in both maps.
            unsafe {
                let offset = row * strip.columns * channels;
                let (y, x) = ((strip.y + row) as isize, strip.x as isize);
                let from = Pixels {
                    starts: [filtered.add(offset); SEGMENTS],
                    rows: [0; SEGMENTS],
                    segments: 1,
                    length: op.pointwise.inputs,
                    step: channels,
                };
                let residual = if op.stride == 1 { op.from.at(y, x).cast_const() } else { pooled.add(offset) };
                let to = Outputs {
                    data: op.to.at(y, x),
                    step: op.to.pixel,
                    residual,
                    residual_step: channels,
                    residual_channels: channels,
                };
                run::<L>(block, &from, strip.columns, &to);
            }
        }
    }
}

/// A plain 1×1 convolution with PReLU.
#[derive(Clone, Copy)]
pub(super) struct Pointwise<'a> {
    pub(super) matrix: Matrix<'a>,
    pub(super) from: Map,
    pub(super) to: Map,
}

/// The rows `rows` of a 1×1 convolution.
///
/// # Safety
///
/// As [`block`].
#[inline(always)]
pub(super) unsafe fn plain_pointwise<L: Lanes>(op: &Pointwise<'_>, rows: Range<usize>) {
    for y in rows {
        for block in op.matrix.blocks() {
            // SAFETY: row `y` of both maps.
            unsafe {
                let start = op.from.at(y as isize, 0).cast_const();
                let from = Pixels {
                    starts: [start; SEGMENTS],
                    rows: [0; SEGMENTS],
                    segments: 1,
                    length: op.matrix.inputs,
                    step: op.from.pixel,
                };
                run::<L>(block, &from, op.from.width, &without_residual(op.to.at(y as isize, 0), op.to.pixel));
            }
        }
    }
}

/// Outputs to which nothing is added.
#[inline(always)]
fn without_residual(data: *mut f32, step: usize) -> Outputs {
    Outputs { data, step, residual: data.cast_const(), residual_step: 0, residual_channels: 0 }
}

/// The first layer: a dense k×k convolution of a picture of few channels, at stride 2, with PReLU.
#[derive(Clone, Copy)]
pub(super) struct Stem<'a> {
    pub(super) matrix: Matrix<'a>,
    /// Side of the kernel, at most [`SEGMENTS`].
    pub(super) kernel: usize,
    /// Channels of the picture; `from` has no border and no padded channels.
    pub(super) from: Map,
    pub(super) to: Map,
}

/// Floats of one pixel's inputs, at most: 5×5 pixels of 8 channels.
pub(super) const PATCH: usize = SEGMENTS * SEGMENTS * 8;

/// The rows `rows` of the first layer.
///
/// # Safety
///
/// As [`block`]; the kernel's inputs fit [`PATCH`].
#[inline(always)]
pub(super) unsafe fn stem<L: Lanes>(op: &Stem<'_>, rows: Range<usize>) {
    let (kernel, channels) = (op.kernel, op.from.pixel);
    let (height, width) = (op.from.height as isize, op.from.width as isize);
    let top = padding_before(op.from.height, kernel);
    let left = padding_before(op.from.width, kernel);
    // Output pixels whose whole kernel lies inside the row.
    let inner_start = left.div_ceil(2).min(op.to.width);
    let inner_end = ((op.from.width + left + 2).saturating_sub(kernel) / 2).clamp(inner_start, op.to.width);
    let length = kernel * channels;
    for y in rows {
        let line = (2 * y) as isize - top as isize;
        let mut from = Pixels {
            starts: [op.from.data.cast_const(); SEGMENTS],
            rows: [0; SEGMENTS],
            segments: 0,
            length,
            step: 2 * channels,
        };
        for row in 0..kernel {
            if (0..height).contains(&(line + row as isize)) && from.segments < SEGMENTS {
                from.rows[from.segments] = row;
                // SAFETY: the row lies in the picture, and the first inner pixel's kernel starts in it. (Where there is no
                // inner pixel, nothing is read.)
                from.starts[from.segments] = unsafe { op.from.at(line + row as isize, 0).cast_const() }
                    .wrapping_offset(((2 * inner_start) as isize - left as isize) * channels as isize);
                from.segments += 1;
            }
        }
        for block in op.matrix.blocks() {
            if inner_end > inner_start {
                // SAFETY: inner pixels of row `y`.
                unsafe {
                    let to = without_residual(op.to.at(y as isize, inner_start as isize), op.to.pixel);
                    run::<L>(block, &from, inner_end - inner_start, &to);
                }
            }
        }
        for x in (0..inner_start).chain(inner_end..op.to.width) {
            // An outer pixel: its inputs are copied, with zeros where there are none.
            let mut patch = [0.0_f32; PATCH];
            let column = (2 * x) as isize - left as isize;
            for segment in 0..from.segments {
                let row = from.rows[segment];
                for j in 0..kernel {
                    if (0..width).contains(&(column + j as isize)) {
                        for channel in 0..channels {
                            // SAFETY: a pixel of the picture; `PATCH` holds a whole kernel.
                            unsafe {
                                *patch.as_mut_ptr().add((row * kernel + j) * channels + channel) =
                                    *op.from.at(line + row as isize, column + j as isize).add(channel);
                            }
                        }
                    }
                }
            }
            let from = Pixels {
                starts: [patch.as_ptr(); SEGMENTS],
                rows: [0; SEGMENTS],
                segments: 1,
                length: kernel * length,
                step: 0,
            };
            for block in op.matrix.blocks() {
                // SAFETY: one pixel of row `y`.
                unsafe {
                    let to = without_residual(op.to.at(y as isize, x as isize), op.to.pixel);
                    run::<L>(block, &from, 1, &to);
                }
            }
        }
    }
}

/// Pixels of padding before the first one under TFLite's SAME rule at stride 2: half of what is needed, rounded down.
fn padding_before(size: usize, kernel: usize) -> usize {
    ((size.div_ceil(2) - 1) * 2 + kernel).saturating_sub(size) / 2
}

/// A matrix times all the pixels of one small map: the mesh's last layer, whose kernel is as large as its input.
#[derive(Clone, Copy)]
pub(super) struct Dense<'a> {
    /// Packed in blocks of [`DENSE_VECTORS`].
    pub(super) matrix: Matrix<'a>,
    pub(super) from: Map,
    pub(super) to: *mut f32,
}

// SAFETY: as for `Map`; blocks of outputs are disjoint.
unsafe impl Send for Dense<'_> {}
// SAFETY: as above.
unsafe impl Sync for Dense<'_> {}

/// Vectors in a block of [`Dense`]: with one pixel only, many sums are needed to keep the multipliers busy.
pub(super) const DENSE_VECTORS: usize = 8;

/// The blocks `range` of a dense layer.
///
/// # Safety
///
/// As [`block`]; `to` has room for all the padded outputs.
#[inline(always)]
pub(super) unsafe fn dense<L: Lanes>(op: &Dense<'_>, range: Range<usize>) {
    for index in range {
        let channel = index * DENSE_VECTORS * LANES;
        let offset = channel * (op.matrix.inputs + 2);
        let vectors = (op.matrix.vectors - index * DENSE_VECTORS).min(DENSE_VECTORS);
        let mut starts = [op.from.data.cast_const(); SEGMENTS];
        for (row, start) in starts.iter_mut().enumerate().take(op.from.height) {
            // SAFETY: a row of the map.
            *start = unsafe { op.from.at(row as isize, 0).cast_const() };
        }
        let from = Pixels {
            starts,
            rows: std::array::from_fn(|i| i),
            segments: op.from.height,
            length: op.from.width * op.from.pixel,
            step: 0,
        };
        let to = without_residual(op.to, 0);
        // SAFETY: the block's weights and outputs. Blocks of fewer vectors are packed like `DENSE_VECTORS` single ones.
        unsafe {
            let weights = op.matrix.data.as_ptr().add(offset);
            if vectors == DENSE_VECTORS {
                tile::<L, 1, DENSE_VECTORS>(weights, channel, &from, 0, &to);
            } else {
                for vector in 0..vectors {
                    let weights = weights.add(vector * LANES * (op.matrix.inputs + 2));
                    tile::<L, 1, 1>(weights, channel + vector * LANES, &from, 0, &to);
                }
            }
        }
    }
}
