//! What becomes of a face's skin: how strongly each effect acts, and where it may.

pub(crate) mod mask;

use super::FaceGeometry;
use super::region::Rect;
use crate::Skin;
use mask::Mask;

/// Most cells a side of the grid that smoothing works on.
pub(crate) const MAX_CELLS: u32 = 384;
/// Side of a cell in units of the face's width: details smaller than this pass untouched.
const CELL: f32 = 0.0100;
/// Smallest side of a cell, in pixels: on a small face, pores are no larger than a pixel, and blemishes hold several.
const FINEST: f32 = 2.2;

/// What the GPU shall do to the skin of one face.
#[derive(Default)]
pub(crate) struct SkinPlan {
    /// Side of a cell in pixels.
    pub(crate) cell: f32,
    /// Cells across and down.
    pub(crate) cells: (u32, u32),
    /// How strongly to smooth and to even the colour, 0..=1, the face's visibility included.
    pub(crate) smooth: f32,
    pub(crate) tone: f32,
    /// How much brighter, rosier and warmer the skin becomes, −1..=1, the same.
    pub(crate) tint: [f32; 3],
    /// Where the skin is.
    pub(crate) mask: Mask,
    /// The pixels whose colours may change.
    pub(crate) bounds: Rect,
}

impl SkinPlan {
    /// Plans the skin of a face.
    pub(super) fn update(&mut self, face: &FaceGeometry<'_>, amounts: &Skin) {
        let (rect, visible) = (face.rect, face.visibility);
        let longest = rect.width.max(rect.height) as f32;
        self.cell = (CELL * face.axes.width).max(longest / MAX_CELLS as f32).max(FINEST);
        let count = |side: u32| ((side as f32 / self.cell).ceil() as u32).clamp(1, MAX_CELLS);
        self.cells = (count(rect.width), count(rect.height));
        self.smooth = amounts.smooth * visible;
        self.tone = amounts.tone * visible;
        self.tint = [amounts.brighten, amounts.ruddy, amounts.warmth].map(|tint| tint * visible);
        self.bounds = Rect::default();
        if !self.is_none() {
            self.mask.draw(face);
            self.bounds = self.mask.bounds(rect).unwrap_or_default();
        }
    }

    /// Whether no pixel changes its colour.
    pub(crate) fn is_none(&self) -> bool {
        self.smooth == 0.0 && self.tone == 0.0 && self.tint == [0.0; 3]
    }
}
