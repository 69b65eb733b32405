//! The loops of a [`super::Unit`], written once over [`Lanes`] and compiled for each instruction set.
//!
//! A 1×1 convolution followed by a depthwise 3×3 one needs no whole map between the two: of the first one's results, only
//! four rows are held, in a ring that fits the first-level cache. So that it does, a part of the work is a strip of at
//! most [`STRIP`] columns and a block of [`BLOCK`] output channels.
//!
//! Maps lie row by row, pixel by pixel, channel by channel (NHWC), without a border: the ring has one.

#![expect(clippy::needless_range_loop, reason = "indices over small arrays of constant size become registers")]

use std::ops::Range;

use super::kernels::Map;
use super::lanes::{LANES, Lanes};
use super::tiles::{BLOCK, Scratch, Window, tiles};

/// Most columns of a strip.
pub(super) const STRIP: usize = 80;

/// Rows of the ring: what two rows of the depthwise convolution see.
const ROWS: usize = 4;

/// Floats of one of the ring's rows: a strip with a column on either side.
const ROW: usize = (STRIP + 2) * BLOCK;

/// Floats for the inputs of a few pixels, where they are computed and not read.
pub(super) const INPUTS: usize = 1536;

/// Most pixels whose inputs are computed at a time.
const CHUNK: usize = 24;

/// Side of the first layer's kernel.
pub(super) const KERNEL: usize = 3;

/// Channels of a picture.
pub(super) const PICTURE: usize = 3;

/// Where the inputs of the 1×1 convolution come from.
#[derive(Clone, Copy)]
pub(super) enum Inputs<'a> {
    /// A map of the same size.
    Map(Map),
    /// The largest of each 2×2 pixels of a map of twice the size.
    Pooled(Map),
    /// A map of the same size plus one of half the size, each of whose pixels counts for 2×2.
    Merged(Map, Map),
    /// A 3×3 convolution at stride 2 with ReLU of a picture of twice the size: bias, then a row of [`BLOCK`] weights for
    /// each of its inputs.
    Picture(Map, &'a [f32]),
}

/// A unit: 1×1 convolution, depthwise 3×3 convolution, ReLU or nothing; then the largest of each 2×2 pixels, or not.
#[derive(Clone, Copy)]
pub(super) struct Unit<'a> {
    /// For each block of outputs: bias and a row of weights for each input of the 1×1 convolution, nine rows of weights
    /// and bias of the depthwise one.
    pub(super) weights: &'a [f32],
    /// Inputs of the 1×1 convolution.
    pub(super) inputs: usize,
    /// Smallest result: 0 where ReLU follows, −∞ elsewhere.
    pub(super) floor: f32,
    pub(super) from: Inputs<'a>,
    pub(super) to: Map,
    /// Whether `to` holds the largest of each 2×2 results.
    pub(super) pooled: bool,
    /// Sides of the map of results, before they are pooled.
    pub(super) height: usize,
    pub(super) width: usize,
    /// Into how many strips of columns and bands of rows the map is cut.
    pub(super) strips: usize,
    pub(super) bands: usize,
}

/// Floats of a packed block.
pub(super) fn block_size(inputs: usize) -> usize {
    (inputs + 11) * BLOCK
}

impl Unit<'_> {
    /// How many parts the work is cut into.
    pub(super) fn parts(&self) -> usize {
        self.bands * self.strips * (self.to.pixel / BLOCK)
    }
}

/// The `index`-th of `count` pieces of `0..total`, all but the last of the same even size.
fn piece(index: usize, count: usize, total: usize) -> Range<usize> {
    let size = total.div_ceil(count).next_multiple_of(2);
    (index * size).min(total)..((index + 1) * size).min(total)
}

/// # Safety
///
/// The pixel lies inside the map.
#[inline(always)]
unsafe fn at(map: &Map, y: usize, x: usize) -> *mut f32 {
    // SAFETY: the caller promises a pixel of the allocation.
    unsafe { map.data.add(y * map.row + x * map.pixel) }
}

/// The parts `parts` of a unit.
///
/// # Safety
///
/// The machine has the instructions of `L`; maps and weights fit each other; nobody else writes these parts.
#[inline(always)]
pub(super) unsafe fn unit<L: Lanes>(op: &Unit<'_>, parts: Range<usize>) {
    let blocks = op.to.pixel / BLOCK;
    for part in parts {
        let (block, place) = (part % blocks, part / blocks);
        let columns = piece(place % op.strips, op.strips, op.width);
        let rows = piece(place / op.strips, op.bands, op.height);
        if columns.is_empty() {
            continue;
        }
        // SAFETY: a part of the map that nobody else writes.
        unsafe {
            match op.pooled {
                true => strip::<L, true>(op, block, rows, columns),
                false => strip::<L, false>(op, block, rows, columns),
            }
        }
    }
}

/// One block of channels of one strip of one band.
///
/// # Safety
///
/// As [`unit`].
#[inline(always)]
unsafe fn strip<L: Lanes, const POOLED: bool>(op: &Unit<'_>, block: usize, rows: Range<usize>, columns: Range<usize>) {
    let mut ring = Scratch::<{ ROWS * ROW }>::new();
    let ring = ring.start();
    // What the depthwise convolution sees: a column more on either side, which the map has or which is zero.
    let seen = columns.start.saturating_sub(1)..(columns.end + 1).min(op.width);
    // SAFETY: the strip fits the ring; each of the ring's floats is written before it is read; packed weights are as long as
    // `block_size` says; `rows` and `columns` lie in the map.
    unsafe {
        let slot = |row: usize| ring.add(row % ROWS * ROW);
        let weights = op.weights.as_ptr().add(block * block_size(op.inputs));
        for row in 0..ROWS {
            if columns.start == 0 {
                clear::<L>(slot(row), 1);
            }
            if columns.end == op.width {
                clear::<L>(slot(row).add((columns.len() + 1) * BLOCK), 1);
            }
        }
        // Rows are counted from 1 here, so that the one above the map has a number too.
        let mut next = rows.start;
        let mut y = rows.start;
        while y < rows.end {
            let count = (rows.end - y).min(2);
            while next < y + 2 + count {
                let to = slot(next);
                if (1..=op.height).contains(&next) {
                    let to = to.add((seen.start + 1 - columns.start) * BLOCK);
                    mix::<L>(op, weights, next - 1, seen.clone(), to);
                } else {
                    clear::<L>(to, columns.len() + 2);
                }
                next += 1;
            }
            let lines = [slot(y), slot(y + 1), slot(y + 2), slot(y + 3)].map(<*mut f32>::cast_const);
            let taps = weights.add((op.inputs + 1) * BLOCK);
            if POOLED {
                let to = at(&op.to, y / 2, columns.start / 2).add(block * BLOCK);
                filter::<L, 2, true>(op, taps, lines, columns.len(), to);
            } else {
                let to = at(&op.to, y, columns.start).add(block * BLOCK);
                match count {
                    1 => filter::<L, 1, false>(op, taps, lines, columns.len(), to),
                    _ => filter::<L, 2, false>(op, taps, lines, columns.len(), to),
                }
            }
            y += count;
        }
    }
}

/// Zeros for so many of the ring's pixels.
///
/// # Safety
///
/// `to` has room for them.
#[inline(always)]
unsafe fn clear<L: Lanes>(to: *mut f32, pixels: usize) {
    for vector in 0..pixels * 2 {
        // SAFETY: the caller promises the room.
        unsafe { L::splat(0.0).store(to.add(vector * LANES)) }
    }
}

/// One block of the 1×1 convolution of the columns `columns` of row `y`.
///
/// # Safety
///
/// As [`unit`]; `to` has room for as many pixels of [`BLOCK`] channels.
#[inline(always)]
unsafe fn mix<L: Lanes>(op: &Unit<'_>, weights: *const f32, y: usize, columns: Range<usize>, to: *mut f32) {
    // SAFETY: pixels of the maps that `op` names; computed inputs fit their scratch, see `chunk`.
    unsafe {
        if let Inputs::Map(map) = op.from {
            let window = Window::pixel(at(&map, y, columns.start), map.pixel, op.inputs);
            return tiles::<L, false>(weights, window, columns.len(), to, BLOCK);
        }
        let mut scratch = Scratch::<INPUTS>::new();
        let scratch = scratch.start();
        let chunk = (INPUTS / op.inputs).min(CHUNK);
        let mut x = columns.start;
        while x < columns.end {
            let pixels = chunk.min(columns.end - x);
            match op.from {
                Inputs::Map(_) => {}
                Inputs::Pooled(map) => pool::<L>(&map, y, x, pixels, scratch),
                Inputs::Merged(fine, coarse) => merge::<L>(&fine, &coarse, y, x, pixels, scratch),
                Inputs::Picture(picture, stem) => look::<L>(&picture, stem.as_ptr(), y, x, pixels, scratch),
            }
            let window = Window::pixel(scratch, op.inputs, op.inputs);
            tiles::<L, false>(weights, window, pixels, to.add((x - columns.start) * BLOCK), BLOCK);
            x += pixels;
        }
    }
}

/// The largest of each 2×2 pixels.
///
/// # Safety
///
/// The pixels lie in the map, `to` has room for them.
#[inline(always)]
unsafe fn pool<L: Lanes>(map: &Map, y: usize, x: usize, pixels: usize, to: *mut f32) {
    for pixel in 0..pixels {
        // SAFETY: the caller promises pixels of the map, which have whole vectors of channels.
        unsafe {
            let above = at(map, 2 * y, 2 * (x + pixel)).cast_const();
            let below = above.add(map.row);
            for channel in (0..map.pixel).step_by(LANES) {
                let (a, b) = (L::load(above.add(channel)), L::load(above.add(map.pixel + channel)));
                let (c, d) = (L::load(below.add(channel)), L::load(below.add(map.pixel + channel)));
                a.max(b).max(c.max(d)).store(to.add(pixel * map.pixel + channel));
            }
        }
    }
}

/// Sums of a map's pixels and those of a map of half the size.
///
/// # Safety
///
/// As [`pool`].
#[inline(always)]
unsafe fn merge<L: Lanes>(fine: &Map, coarse: &Map, y: usize, x: usize, pixels: usize, to: *mut f32) {
    for pixel in 0..pixels {
        // SAFETY: as for `pool`; both maps have as many channels.
        unsafe {
            let a = at(fine, y, x + pixel).cast_const();
            let b = at(coarse, y / 2, (x + pixel) / 2).cast_const();
            for channel in (0..fine.pixel).step_by(LANES) {
                L::load(a.add(channel)).add(L::load(b.add(channel))).store(to.add(pixel * fine.pixel + channel));
            }
        }
    }
}

/// The first layer: a 3×3 convolution of a picture at stride 2 with a pixel of zeros around it, then ReLU.
///
/// # Safety
///
/// As [`pool`]; the picture has twice as many rows and columns.
#[inline(always)]
unsafe fn look<L: Lanes>(picture: &Map, stem: *const f32, y: usize, x: usize, pixels: usize, to: *mut f32) {
    let length = KERNEL * PICTURE;
    // SAFETY: rows 2y − 1 ..= 2y + 1 and columns 2x − 1 ..= 2x + 1, but for the first row and column, lie in the picture.
    unsafe {
        let mut first = 0;
        if x == 0 {
            // What lies left of the picture is zero.
            let mut patch = [0.0_f32; KERNEL * KERNEL * PICTURE];
            for row in usize::from(y == 0)..KERNEL {
                let from = at(picture, 2 * y + row - 1, 0).cast_const();
                let to = patch.as_mut_ptr().add(row * length + PICTURE);
                std::ptr::copy_nonoverlapping(from, to, length - PICTURE);
            }
            let window = Window { from: patch.as_ptr(), first: 0, rows: KERNEL, row: length, length, pixel: 0 };
            tiles::<L, true>(stem, window, 1, to, BLOCK);
            first = 1;
        }
        if pixels > first {
            let top = usize::from(y == 0);
            let from = at(picture, 2 * y + top - 1, 2 * (x + first) - 1);
            let window = Window { from, first: top, rows: KERNEL - top, row: picture.row, length, pixel: 2 * PICTURE };
            tiles::<L, true>(stem, window, pixels - first, to.add(first * BLOCK), BLOCK);
        }
    }
}

/// Depthwise 3×3 of `R` rows of the ring, and what follows.
///
/// # Safety
///
/// `taps` points to nine rows of weights and bias, `lines` to the ring's rows, `to` to the first output.
#[inline(always)]
unsafe fn filter<L: Lanes, const R: usize, const POOLED: bool>(
    op: &Unit<'_>,
    taps: *const f32,
    lines: [*const f32; ROWS],
    columns: usize,
    to: *mut f32,
) {
    // SAFETY: the caller promises as much.
    unsafe {
        let floor = L::splat(op.floor);
        let (row, pixel) = (op.to.row, op.to.pixel);
        for v in 0..2 {
            let mut w = [floor; 9];
            for i in 0..9 {
                w[i] = L::load(taps.add(i * BLOCK + v * LANES));
            }
            let bias = L::load(taps.add(9 * BLOCK + v * LANES));
            let lines = [0, 1, 2, 3].map(|i: usize| lines[i].wrapping_add(v * LANES));
            let to = to.add(v * LANES);
            for x in 0..columns / 2 {
                let sums = sums::<L, R, 2>(&w, bias, &lines, 2 * x);
                if POOLED {
                    let mut most = floor;
                    for r in 0..R {
                        most = most.max(sums[r][0].max(sums[r][1]));
                    }
                    most.store(to.add(x * pixel));
                } else {
                    for r in 0..R {
                        for m in 0..2 {
                            sums[r][m].max(floor).store(to.add(r * row + (2 * x + m) * pixel));
                        }
                    }
                }
            }
            if !POOLED && columns % 2 == 1 {
                let sums = sums::<L, R, 1>(&w, bias, &lines, columns - 1);
                for r in 0..R {
                    sums[r][0].max(floor).store(to.add(r * row + (columns - 1) * pixel));
                }
            }
        }
    }
}

/// Depthwise 3×3 of one vector of channels of `R` rows of `M` neighbours: each input is loaded once.
///
/// # Safety
///
/// As [`filter`]; the ring's rows have `M` + 2 pixels from `x` on.
#[inline(always)]
unsafe fn sums<L: Lanes, const R: usize, const M: usize>(
    w: &[L; 9],
    bias: L,
    lines: &[*const f32; ROWS],
    x: usize,
) -> [[L; M]; R] {
    let mut sums = [[bias; M]; R];
    for i in 0..R + 2 {
        for column in 0..M + 2 {
            // SAFETY: the caller promises these pixels.
            let value = unsafe { L::load(lines[i].add((x + column) * BLOCK)) };
            for r in 0..R {
                for m in 0..M {
                    if r <= i && i < r + 3 && m <= column && column < m + 3 {
                        // SAFETY: as the caller's.
                        sums[r][m] = unsafe { sums[r][m].fma(value, w[(i - r) * 3 + column - m]) };
                    }
                }
            }
        }
    }
    sums
}
