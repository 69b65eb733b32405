//! What a unit's 1×1 convolution sees: a map, or what is computed from maps or a picture just before it is needed.

use super::map::Map;
use super::panel16::{PANEL, multiply};
use super::tile::Window;
use crate::face::net::ops::simd::lanes::{LANES, Lanes};

/// Side of the first layer's kernel.
pub(crate) const STEM_SIDE: usize = 3;

/// Channels of a picture.
pub(crate) const PICTURE_CHANNELS: usize = 3;

/// Where the inputs of the 1×1 convolution come from. Maps and pictures have no border.
#[derive(Clone, Copy)]
pub(crate) enum UnitInput<'a> {
    /// A map of the same size.
    Map(Map),
    /// The 2×2 maxima of a map of twice the size.
    Pooled(Map),
    /// The sum of a map of the same size and one of half the size, each of whose pixels is added to 2×2.
    Merged(Map, Map),
    /// A 3×3 convolution at stride 2 with ReLU of a picture of twice the size: one panel of weights.
    Picture(Map, &'a [f32]),
}

impl UnitInput<'_> {
    /// Computes the inputs of the pixels `x..x + pixels` of row `y`, all but those of [`UnitInput::Map`], which are read where
    /// they lie.
    ///
    /// # Safety
    ///
    /// The machine has the instructions of `L`; the pixels lie in the map; `to` has room for them. Maps have whole vectors of
    /// channels, as many the one as the other.
    #[inline(always)]
    pub(super) unsafe fn compute<L: Lanes>(&self, y: usize, x: usize, pixels: usize, to: *mut f32) {
        // SAFETY: as the caller's.
        unsafe {
            match self {
                Self::Map(_) => {}
                Self::Pooled(map) => max_pool::<L>(map, y, x, pixels, to),
                Self::Merged(fine, coarse) => merge::<L>(fine, coarse, y, x, pixels, to),
                Self::Picture(picture, panel) => stem::<L>(picture, panel.as_ptr(), y, x, pixels, to),
            }
        }
    }
}

/// 2×2 maxima.
///
/// # Safety
///
/// As [`UnitInput::compute`].
#[inline(always)]
unsafe fn max_pool<L: Lanes>(map: &Map, y: usize, x: usize, pixels: usize, to: *mut f32) {
    for pixel in 0..pixels {
        // SAFETY: the caller promises pixels of the map, which have whole vectors of channels.
        unsafe {
            let above = map.at(2 * y, 2 * (x + pixel)).cast_const();
            let below = above.add(map.row_stride);
            for channel in (0..map.channels).step_by(LANES) {
                let (a, b) = (L::load(above.add(channel)), L::load(above.add(map.channels + channel)));
                let (c, d) = (L::load(below.add(channel)), L::load(below.add(map.channels + channel)));
                a.max(b).max(c.max(d)).store(to.add(pixel * map.channels + channel));
            }
        }
    }
}

/// Sums of a map's pixels and those of a map of half the size.
///
/// # Safety
///
/// As [`UnitInput::compute`].
#[inline(always)]
unsafe fn merge<L: Lanes>(fine: &Map, coarse: &Map, y: usize, x: usize, pixels: usize, to: *mut f32) {
    for pixel in 0..pixels {
        // SAFETY: the caller promises pixels of both maps, which have as many whole vectors of channels.
        unsafe {
            let a = fine.at(y, x + pixel).cast_const();
            let b = coarse.at(y / 2, (x + pixel) / 2).cast_const();
            for channel in (0..fine.channels).step_by(LANES) {
                L::load(a.add(channel)).add(L::load(b.add(channel))).store(to.add(pixel * fine.channels + channel));
            }
        }
    }
}

/// The first layer: a 3×3 convolution of a picture at stride 2 with a pixel of zeros around it, then ReLU.
///
/// # Safety
///
/// As [`UnitInput::compute`]; the picture has twice as many rows and columns.
#[inline(always)]
unsafe fn stem<L: Lanes>(picture: &Map, panel: *const f32, y: usize, x: usize, pixels: usize, to: *mut f32) {
    let length = STEM_SIDE * PICTURE_CHANNELS;
    let first_row = usize::from(y == 0);
    // SAFETY: rows 2y − 1 ..= 2y + 1 and columns 2x − 1 ..= 2x + 1, but for the first row and column, lie in the picture.
    unsafe {
        let mut first = 0;
        if x == 0 {
            // What lies left of the picture is zero.
            let mut patch = [0.0_f32; STEM_SIDE * STEM_SIDE * PICTURE_CHANNELS];
            for row in first_row..STEM_SIDE {
                let from = picture.at(2 * y + row - 1, 0).cast_const();
                let to = patch.as_mut_ptr().add(row * length + PICTURE_CHANNELS);
                std::ptr::copy_nonoverlapping(from, to, length - PICTURE_CHANNELS);
            }
            let window = Window {
                start: patch.as_ptr(),
                first_row: 0,
                rows: STEM_SIDE,
                row_stride: length,
                length,
                pixel_stride: 0,
            };
            multiply::<L, true>(panel, window, 1, to, PANEL);
            first = 1;
        }
        if pixels > first {
            let window = Window {
                start: picture.at(2 * y + first_row - 1, 2 * (x + first) - 1),
                first_row,
                rows: STEM_SIDE - first_row,
                row_stride: picture.row_stride,
                length,
                pixel_stride: 2 * PICTURE_CHANNELS,
            };
            multiply::<L, true>(panel, window, pixels - first, to.add(first * PANEL), PANEL);
        }
    }
}
