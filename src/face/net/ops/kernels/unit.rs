//! YuNet's unit: a 1×1 convolution, then a depthwise 3×3 one.
//!
//! Between the two there is no whole map. Of the first one's results only four rows are held, in a ring that fits the
//! first-level cache. For that, a part of the work is a strip of at most [`STRIP`] columns and a panel of [`PANEL`] outputs.
//!
//! The maps have no border: the ring has one.

#![expect(clippy::needless_range_loop, reason = "indices over small arrays of constant size become registers")]

use std::ops::Range;

use super::map::Map;
use super::panel16::{PANEL, multiply, panel_length};
use super::scratch::Scratch;
use super::tile::Window;
use super::unit_input::UnitInput;
use crate::face::net::ops::simd::lanes::{LANES, Lanes};
use crate::face::net::ops::simd::level::Kernel;

/// Most columns of a strip.
pub(crate) const STRIP: usize = 80;

/// Rows of the ring: what two rows of the depthwise convolution see.
const RING_ROWS: usize = 4;

/// Floats of one of the ring's rows: a strip with a column on either side.
const RING_ROW: usize = (STRIP + 2) * PANEL;

/// Floats of scratch for computed inputs.
const INPUT_SCRATCH: usize = 1536;

/// Most pixels whose inputs are computed at a time.
const CHUNK: usize = 24;

/// Most inputs of the 1×1 convolution: those of six pixels, a tile, fit the scratch.
pub(crate) const MAX_INPUTS: usize = INPUT_SCRATCH / 6;

/// A unit: 1×1 convolution, depthwise 3×3 convolution, ReLU or nothing; then 2×2 maxima or not. Its parts are panels of
/// outputs of strips of bands: see [`UnitKernel::parts`].
#[derive(Clone, Copy)]
pub(crate) struct UnitKernel<'a> {
    /// For each [`PANEL`] of outputs: the panel of the 1×1 convolution, then nine rows of weights and bias of the depthwise
    /// one. Each takes [`unit_panel_length`] floats.
    pub(crate) weights: &'a [f32],
    /// Inputs of the 1×1 convolution.
    pub(crate) inputs: usize,
    /// Smallest result: 0 where ReLU follows, −∞ elsewhere.
    pub(crate) floor: f32,
    pub(crate) from: UnitInput<'a>,
    pub(crate) to: Map,
    /// Whether `to` holds the 2×2 maxima of the results.
    pub(crate) pooled: bool,
    /// Sides of the map of results, before they are pooled.
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// Into how many strips of columns and bands of rows the map is cut.
    pub(crate) strips: usize,
    pub(crate) bands: usize,
}

/// Floats of the weights for one panel of outputs.
pub(crate) const fn unit_panel_length(inputs: usize) -> usize {
    panel_length(inputs) + 10 * PANEL
}

impl UnitKernel<'_> {
    /// How many parts the work has.
    pub(crate) fn parts(&self) -> usize {
        self.bands * self.strips * (self.to.channels / PANEL)
    }
}

/// The `index`-th of `count` pieces of `0..total`. All but the last have the same even size.
fn piece(index: usize, count: usize, total: usize) -> Range<usize> {
    let size = total.div_ceil(count).next_multiple_of(2);
    (index * size).min(total)..((index + 1) * size).min(total)
}

impl Kernel for UnitKernel<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(&self, parts: Range<usize>) {
        let panels = self.to.channels / PANEL;
        for part in parts {
            let (panel, place) = (part % panels, part / panels);
            let columns = piece(place % self.strips, self.strips, self.width);
            let rows = piece(place / self.strips, self.bands, self.height);
            if columns.is_empty() {
                continue;
            }
            // SAFETY: a part of the map that no other thread writes.
            unsafe {
                match self.pooled {
                    true => strip::<L, true>(self, panel, rows, columns),
                    false => strip::<L, false>(self, panel, rows, columns),
                }
            }
        }
    }
}

/// One panel of outputs of one strip of one band.
///
/// # Safety
///
/// As [`Kernel::run`].
#[inline(always)]
unsafe fn strip<L: Lanes, const POOLED: bool>(
    op: &UnitKernel<'_>,
    panel: usize,
    rows: Range<usize>,
    columns: Range<usize>,
) {
    let mut ring = Scratch::<{ RING_ROWS * RING_ROW }>::new();
    let ring = ring.as_mut_ptr();
    // What the depthwise convolution sees: one more column on either side, which the map has or which is zero.
    let seen = columns.start.saturating_sub(1)..(columns.end + 1).min(op.width);
    // SAFETY: the strip fits the ring, each float of which is written before it is read; the weights are as long as
    // `unit_panel_length` says; `rows` and `columns` lie in the map.
    unsafe {
        let slot = |row: usize| ring.add(row % RING_ROWS * RING_ROW);
        let weights = op.weights.as_ptr().add(panel * unit_panel_length(op.inputs));
        for row in 0..RING_ROWS {
            if columns.start == 0 {
                clear::<L>(slot(row), 1);
            }
            if columns.end == op.width {
                clear::<L>(slot(row).add((columns.len() + 1) * PANEL), 1);
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
                    let to = to.add((seen.start + 1 - columns.start) * PANEL);
                    pointwise::<L>(op, weights, next - 1, seen.clone(), to);
                } else {
                    clear::<L>(to, columns.len() + 2);
                }
                next += 1;
            }
            let lines = [slot(y), slot(y + 1), slot(y + 2), slot(y + 3)].map(<*mut f32>::cast_const);
            let taps = weights.add(panel_length(op.inputs));
            if POOLED {
                let to = op.to.at(y / 2, columns.start / 2).add(panel * PANEL);
                depthwise::<L, 2, true>(op, taps, lines, columns.len(), to);
            } else {
                let to = op.to.at(y, columns.start).add(panel * PANEL);
                match count {
                    1 => depthwise::<L, 1, false>(op, taps, lines, columns.len(), to),
                    _ => depthwise::<L, 2, false>(op, taps, lines, columns.len(), to),
                }
            }
            y += count;
        }
    }
}

/// Writes zeros into some of the ring's pixels.
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

/// One panel of the 1×1 convolution of the columns `columns` of row `y`.
///
/// # Safety
///
/// As [`Kernel::run`]; `to` has room for as many pixels of [`PANEL`] channels.
#[inline(always)]
unsafe fn pointwise<L: Lanes>(op: &UnitKernel<'_>, panel: *const f32, y: usize, columns: Range<usize>, to: *mut f32) {
    // SAFETY: pixels of the maps that `op` names; `chunk` pixels of inputs fit the scratch.
    unsafe {
        if let UnitInput::Map(map) = op.from {
            let window = Window::single_row(map.at(y, columns.start), op.inputs, map.channels);
            return multiply::<L, false>(panel, window, columns.len(), to, PANEL);
        }
        let mut scratch = Scratch::<INPUT_SCRATCH>::new();
        let scratch = scratch.as_mut_ptr();
        let chunk = (INPUT_SCRATCH / op.inputs).min(CHUNK);
        let mut x = columns.start;
        while x < columns.end {
            let pixels = chunk.min(columns.end - x);
            op.from.compute::<L>(y, x, pixels, scratch);
            let window = Window::single_row(scratch, op.inputs, op.inputs);
            multiply::<L, false>(panel, window, pixels, to.add((x - columns.start) * PANEL), PANEL);
            x += pixels;
        }
    }
}

/// Depthwise 3×3 of `R` rows of the ring, and what follows.
///
/// # Safety
///
/// `taps` points to nine rows of weights and bias, `lines` to the ring's rows, `to` to the first output.
#[inline(always)]
unsafe fn depthwise<L: Lanes, const R: usize, const POOLED: bool>(
    op: &UnitKernel<'_>,
    taps: *const f32,
    lines: [*const f32; RING_ROWS],
    columns: usize,
    to: *mut f32,
) {
    // SAFETY: the caller promises as much.
    unsafe {
        let floor = L::splat(op.floor);
        let (row, pixel) = (op.to.row_stride, op.to.channels);
        for v in 0..2 {
            let mut w = [floor; 9];
            for i in 0..9 {
                w[i] = L::load(taps.add(i * PANEL + v * LANES));
            }
            let bias = L::load(taps.add(9 * PANEL + v * LANES));
            let lines = [0, 1, 2, 3].map(|i: usize| lines[i].wrapping_add(v * LANES));
            let to = to.add(v * LANES);
            for x in 0..columns / 2 {
                let sums = depthwise_pixels::<L, R, 2>(&w, bias, &lines, 2 * x);
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
                let sums = depthwise_pixels::<L, R, 1>(&w, bias, &lines, columns - 1);
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
/// As [`depthwise`]; the ring's rows have `M` + 2 pixels from `x` on.
#[inline(always)]
unsafe fn depthwise_pixels<L: Lanes, const R: usize, const M: usize>(
    w: &[L; 9],
    bias: L,
    lines: &[*const f32; RING_ROWS],
    x: usize,
) -> [[L; M]; R] {
    let mut sums = [[bias; M]; R];
    for i in 0..R + 2 {
        for column in 0..M + 2 {
            // SAFETY: the caller promises these pixels.
            let value = unsafe { L::load(lines[i].add((x + column) * PANEL)) };
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
