//! What the skin's passes are told of a face.

use bytemuck::{Pod, Zeroable};

use super::slots::Slot;
use crate::retouch::FacePlan;

/// Cells a side of a block.
pub(super) const BLOCK: u32 = 2;

/// `SkinFace` in shaders/skin/common.wgsl, where each field is explained.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, Pod, Zeroable)]
pub(crate) struct SkinUniform {
    pub(crate) rect: [u32; 4],
    pub(crate) grid: [u32; 4],
    pub(crate) core: [u32; 4],
    pub(crate) before: [f32; 4],
    pub(crate) shift: [f32; 4],
    pub(crate) amounts: [f32; 4],
    pub(crate) tint: [f32; 4],
    pub(crate) fading: [f32; 4],
    pub(crate) cores: [f32; 4],
    pub(crate) extra: [f32; 4],
    pub(crate) cells: [f32; 4],
    pub(crate) makeup: [f32; 4],
    pub(crate) links: [u32; 4],
}

impl SkinUniform {
    /// What a face's skin needs; nothing for a face without a slot.
    pub(crate) fn new(face: &FacePlan, slot: Option<Slot>, shows_skin: bool) -> Self {
        let (skin, Some(slot)) = (&face.skin, slot) else { return Self::default() };
        let ((across, down), amounts) = (skin.cells, &skin.amounts);
        let [[a, b], [c, d], [x, y]] = slot.before;
        let [likelihood, colours] = slot.keep();
        let core = core(face);
        let [left, top, right, bottom] = core;
        let [brighter, rosier, warmer] = amounts.tint;
        Self {
            rect: skin.rect.origin_and_size(),
            grid: [across, down, across.div_ceil(BLOCK), down.div_ceil(BLOCK)],
            core,
            before: [a, b, c, d],
            shift: [x, y, likelihood, colours],
            amounts: [skin.cell, amounts.marks, amounts.tone, amounts.shine],
            tint: [brighter, rosier, warmer, amounts.dark_circles],
            fading: skin.bands.map(|[fading, _]| if shows_skin { 0.0 } else { fading }),
            cores: skin.bands.map(|[_, core]| core),
            extra: [amounts.folds, f32::from(u8::from(shows_skin)), amounts.smooth, skin.spots],
            cells: [left * BLOCK, top * BLOCK, (right * BLOCK).min(across), (bottom * BLOCK).min(down)]
                .map(|cell| cell as f32),
            makeup: face.paint.soft_rect.origin_and_size().map(|value| value as f32),
            links: [slot.index, 1, u32::from(slot.is_new), slot.blocks[0] | slot.blocks[1] << 16],
        }
    }
}

/// The blocks where a face's colours may change, and one beside.
pub(super) fn core(face: &FacePlan) -> [u32; 4] {
    let ((across, down), block) = (face.skin.cells, face.skin.cell * BLOCK as f32);
    let from = |bound: u32, rect: u32| ((bound.saturating_sub(rect)) as f32 / block - 1.0).max(0.0) as u32;
    let to = |end: u32, rect: u32, cells: u32| {
        let block = (end.saturating_sub(rect) as f32 / block + 1.0).ceil() as u32;
        block.min(cells.div_ceil(BLOCK))
    };
    let (bounds, rect) = (face.skin.bounds, face.skin.rect);
    [
        from(bounds.x, rect.x),
        from(bounds.y, rect.y),
        to(bounds.x + bounds.width, rect.x, across),
        to(bounds.y + bounds.height, rect.y, down),
    ]
}
