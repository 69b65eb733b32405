//! What the skin's passes are told of a face.

use bytemuck::{Pod, Zeroable};

use super::statistics::StatisticsSlot;
use crate::retouch::FacePlan;

/// Cells a side of a block, the unit of the guided filter's coefficients.
pub(super) const BLOCK: u32 = 2;

/// `SkinFace` in shaders/skin/common.wgsl, where each field is explained.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, Pod, Zeroable)]
pub(crate) struct SkinUniform {
    pub(crate) rect: [u32; 4],
    pub(crate) grid: [u32; 4],
    pub(crate) core: [u32; 4],
    pub(crate) bounds: [u32; 4],
    pub(crate) amounts: [f32; 4],
    pub(crate) tint: [f32; 4],
    pub(crate) links: [u32; 4],
}

impl SkinUniform {
    pub(crate) fn new(face: &FacePlan, slot: Option<StatisticsSlot>, shows_skin: bool) -> Self {
        let skin = &face.skin;
        let ((across, down), [brighter, rosier, warmer]) = (skin.cells, skin.tint);
        Self {
            rect: face.rect.origin_and_size(),
            grid: [across, down, across.div_ceil(BLOCK), down.div_ceil(BLOCK)],
            core: core(face),
            bounds: skin.bounds.corners(),
            amounts: [skin.cell, skin.smooth, skin.tone, slot.map_or(0.0, |slot| slot.keep)],
            tint: [brighter, rosier, warmer, f32::from(u8::from(shows_skin))],
            links: [slot.map_or(0, |slot| slot.index), u32::from(slot.is_some()), 0, 0],
        }
    }
}

/// The blocks that hold a face's skin or lie less than [`BESIDE`] cells beside it: what is read of the grid at the end.
pub(super) fn core(face: &FacePlan) -> [u32; 4] {
    const BESIDE: f32 = 3.0;
    let ((across, down), cell) = (face.skin.cells, face.skin.cell);
    let from = |skin: u32, rect: u32| ((skin.saturating_sub(rect)) as f32 / cell - BESIDE).max(0.0) as u32 / BLOCK;
    let to = |end: u32, rect: u32, cells: u32| {
        let cell = (end.saturating_sub(rect) as f32 / cell + BESIDE).ceil() as u32;
        cell.min(cells).div_ceil(BLOCK)
    };
    let (skin, rect) = (face.skin.bounds, face.rect);
    if skin.width == 0 {
        return [0; 4];
    }
    [
        from(skin.x, rect.x),
        from(skin.y, rect.y),
        to(skin.x + skin.width, rect.x, across),
        to(skin.y + skin.height, rect.y, down),
    ]
}
