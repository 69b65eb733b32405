//! The matrix product of the residual networks' layers: runs of pixels by panels of one to three vectors of outputs, with
//! residual and PReLU.

#![expect(clippy::needless_range_loop, reason = "indices over small arrays of constant size become registers")]

use super::tile::{Window, multiply_add};
use crate::face::net::ops::simd::lanes::{LANES, Lanes};

/// A packed matrix: for each panel of outputs their bias, their slopes of PReLU, then their weights for each input.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a> {
    pub(crate) data: &'a [f32],
    pub(crate) inputs: usize,
    /// Vectors of outputs.
    pub(crate) vectors: usize,
    /// Vectors of the first panel.
    pub(crate) first: usize,
    /// Vectors of each other panel.
    pub(crate) other: usize,
}

/// Vectors of the first panel and of each other one. Two fit the registers best. Where their number is odd the first panel
/// has three, since one alone would load as many inputs for half the work.
pub(crate) fn panel_sizes(vectors: usize) -> (usize, usize) {
    match vectors {
        1 => (1, 2),
        odd if odd % 2 == 1 => (3, 2),
        _ => (2, 2),
    }
}

/// Floats of a panel.
pub(crate) const fn panel_length(vectors: usize, inputs: usize) -> usize {
    vectors * LANES * (inputs + 2)
}

/// One panel of a [`Matrix`].
#[derive(Clone, Copy)]
pub(super) struct Panel {
    pub(super) data: *const f32,
    /// Its first output.
    pub(super) output: usize,
    pub(super) vectors: usize,
}

/// The panels of a matrix, in order. An iterator of its own, since closures would be compiled without the instruction set of
/// the function that they stand in.
pub(super) struct Panels<'a> {
    matrix: Matrix<'a>,
    /// First vector of the next panel.
    vector: usize,
    /// Vectors of the next panel.
    vectors: usize,
    /// Where in the matrix's data the next panel starts.
    offset: usize,
}

impl<'a> Matrix<'a> {
    /// Its panels, in order.
    #[inline(always)]
    pub(super) fn panels(&self) -> Panels<'a> {
        Panels { matrix: *self, vector: 0, vectors: self.first, offset: 0 }
    }
}

impl Iterator for Panels<'_> {
    type Item = Panel;

    #[inline(always)]
    fn next(&mut self) -> Option<Panel> {
        if self.vector >= self.matrix.vectors {
            return None;
        }
        let data = self.matrix.data.get(self.offset..)?.as_ptr();
        let panel = Panel { data, output: self.vector * LANES, vectors: self.vectors };
        self.offset += panel_length(self.vectors, self.matrix.inputs);
        self.vector += self.vectors;
        self.vectors = self.matrix.other;
        Some(panel)
    }
}

/// Where a run of pixels goes, and what is added to it.
#[derive(Clone, Copy)]
pub(super) struct Output {
    pub(super) data: *mut f32,
    /// Floats from one pixel to the next.
    pub(super) stride: usize,
    /// What is added to the first pixel.
    pub(super) residual: *const f32,
    /// Floats from one pixel's residual to the next one's.
    pub(super) residual_stride: usize,
    /// Channels that have a residual, from the first; a multiple of eight.
    pub(super) residual_channels: usize,
}

impl Output {
    /// Pixels to which nothing is added.
    #[inline(always)]
    pub(super) fn without_residual(data: *mut f32, stride: usize) -> Self {
        Self { data, stride, residual: data.cast_const(), residual_stride: 0, residual_channels: 0 }
    }

    /// The output from the pixel `pixels` further on.
    #[inline(always)]
    fn advanced(self, pixels: usize) -> Self {
        Self {
            data: self.data.wrapping_add(pixels * self.stride),
            residual: self.residual.wrapping_add(pixels * self.residual_stride),
            ..self
        }
    }
}

/// PReLU(bias + inputs × weights + residual), for a run of pixels and one panel.
///
/// # Safety
///
/// The machine has the instructions of `L`; the windows of `pixels` pixels can be read; the output has room for as many, with
/// the panel's channels.
#[inline(always)]
pub(super) unsafe fn multiply<L: Lanes>(panel: Panel, window: Window, pixels: usize, to: Output) {
    // SAFETY: the caller promises as much.
    unsafe {
        match panel.vectors {
            1 => multiply_vectors::<L, 1>(panel, window, pixels, to),
            2 => multiply_vectors::<L, 2>(panel, window, pixels, to),
            _ => multiply_vectors::<L, 3>(panel, window, pixels, to),
        }
    }
}

/// As [`multiply`], for a panel of `V` vectors.
///
/// # Safety
///
/// As [`multiply`].
#[inline(always)]
unsafe fn multiply_vectors<L: Lanes, const V: usize>(panel: Panel, window: Window, pixels: usize, to: Output) {
    // M × V sums, V weights and one input fit sixteen registers. Tiles are of nearly equal size.
    let most = match V {
        1 => 8,
        2 => 6,
        _ => 3,
    };
    let count = pixels.div_ceil(most);
    let (size, longer) = (pixels / count, pixels % count);
    let (mut window, mut to) = (window, to);
    for index in 0..count {
        let m = size + usize::from(index < longer);
        // SAFETY: the caller promises as much for the whole run.
        unsafe {
            match m {
                1 => multiply_tile::<L, 1, V>(panel, &window, &to),
                2 => multiply_tile::<L, 2, V>(panel, &window, &to),
                3 => multiply_tile::<L, 3, V>(panel, &window, &to),
                4 if V < 3 => multiply_tile::<L, 4, V>(panel, &window, &to),
                5 if V < 3 => multiply_tile::<L, 5, V>(panel, &window, &to),
                6 if V < 3 => multiply_tile::<L, 6, V>(panel, &window, &to),
                7 if V < 2 => multiply_tile::<L, 7, V>(panel, &window, &to),
                _ if V < 2 => multiply_tile::<L, 8, V>(panel, &window, &to),
                _ => {}
            }
        }
        window = window.advanced(m);
        to = to.advanced(m);
    }
}

/// As [`multiply`], for `M` pixels and a panel of `V` vectors.
///
/// # Safety
///
/// As [`multiply`].
#[inline(always)]
pub(super) unsafe fn multiply_tile<L: Lanes, const M: usize, const V: usize>(
    panel: Panel,
    window: &Window,
    to: &Output,
) {
    // SAFETY: the caller promises pointers that fit these sizes.
    unsafe {
        let width = V * LANES;
        let (mut bias, mut slopes) = ([L::splat(0.0); V], [L::splat(0.0); V]);
        for v in 0..V {
            bias[v] = L::load(panel.data.add(v * LANES));
        }
        let mut sums = multiply_add::<L, M, V>([bias; M], window, panel.data.add(2 * width));
        for v in 0..V {
            slopes[v] = L::load(panel.data.add(width + v * LANES));
        }
        // Outputs beyond the input's channels have no residual.
        let residual_vectors = to.residual_channels.saturating_sub(panel.output) / LANES;
        if residual_vectors >= V {
            for m in 0..M {
                let residual = to.residual.add(m * to.residual_stride + panel.output);
                for v in 0..V {
                    sums[m][v] = sums[m][v].add(L::load(residual.add(v * LANES)));
                }
            }
        } else {
            for v in 0..V {
                if v < residual_vectors {
                    for m in 0..M {
                        let residual = to.residual.add(m * to.residual_stride + panel.output);
                        sums[m][v] = sums[m][v].add(L::load(residual.add(v * LANES)));
                    }
                }
            }
        }
        for m in 0..M {
            let out = to.data.add(m * to.stride + panel.output);
            for v in 0..V {
                sums[m][v].prelu(slopes[v]).store(out.add(v * LANES));
            }
        }
    }
}
