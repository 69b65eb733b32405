//! Every struct that the shaders mirror, byte for byte.

use bytemuck::{Pod, Zeroable};

use crate::retouch::region::Rect;
use crate::retouch::{FacePlan, MAX_FACES, Plan};

/// Cells a side of a block, the unit of the guided filter's coefficients.
pub(crate) const BLOCK: u32 = 2;

/// `Face` in shaders/common.wgsl, where each field is explained.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, Pod, Zeroable)]
pub(crate) struct FaceUniform {
    pub(crate) rect: [u32; 4],
    pub(crate) grid: [u32; 4],
    pub(crate) core: [u32; 4],
    pub(crate) skin: [u32; 4],
    pub(crate) moving: [u32; 4],
    pub(crate) amounts: [f32; 4],
    pub(crate) tint: [f32; 4],
    pub(crate) links: [u32; 4],
}

/// `Frame` in shaders/common.wgsl.
#[repr(C)]
#[derive(Debug, Clone, Copy, Pod, Zeroable)]
pub(crate) struct FrameUniform {
    pub(crate) size: [u32; 4],
    pub(crate) tiles: [u32; 4],
    pub(crate) faces: [FaceUniform; MAX_FACES],
}

/// Bytes of `Skin` in shaders/common.wgsl.
pub(crate) const SKIN_BYTES: u64 = 48;

impl FrameUniform {
    /// The plan of a frame; `links` gives each face's slot and how much of its last statistics to keep.
    pub(crate) fn new(width: u32, height: u32, plan: &Plan, slots: &[(u32, f32); MAX_FACES]) -> Self {
        let mut faces = [FaceUniform::default(); MAX_FACES];
        for ((uniform, face), slot) in faces.iter_mut().zip(plan.faces()).zip(slots) {
            *uniform = FaceUniform::new(face, *slot);
            uniform.tint[3] = f32::from(u8::from(plan.shows_skin));
        }
        let [still, moved, bare] = plan.tiles.ends().map(|end| end as u32);
        Self { size: [width, height, 0, 0], tiles: [still, moved, bare, 0], faces }
    }
}

impl FaceUniform {
    fn new(face: &FacePlan, (slot, keep): (u32, f32)) -> Self {
        let (across, down) = face.cells();
        let sides = |rect: Rect| [rect.x, rect.y, rect.x + rect.width, rect.y + rect.height];
        Self {
            rect: [face.rect.x, face.rect.y, face.rect.width, face.rect.height],
            grid: [across, down, across.div_ceil(BLOCK), down.div_ceil(BLOCK)],
            core: core(face),
            skin: sides(face.skin),
            moving: sides(face.moving),
            amounts: [face.cell, face.smooth, face.tone, keep],
            tint: [face.tint[0], face.tint[1], face.tint[2], 0.0],
            links: [u32::from(face.warps()), u32::from(face.corrects()), slot, 0],
        }
    }
}

/// The blocks that hold a face's skin or lie less than [`BESIDE`] cells beside it: what is read of the grid at the end.
pub(crate) fn core(face: &FacePlan) -> [u32; 4] {
    const BESIDE: f32 = 3.0;
    let (across, down) = face.cells();
    let from = |skin: u32, rect: u32| ((skin.saturating_sub(rect)) as f32 / face.cell - BESIDE).max(0.0) as u32 / BLOCK;
    let to = |end: u32, rect: u32, cells: u32| {
        let cell = (end.saturating_sub(rect) as f32 / face.cell + BESIDE).ceil() as u32;
        cell.min(cells).div_ceil(BLOCK)
    };
    let (skin, rect) = (face.skin, face.rect);
    if skin.width == 0 || !face.corrects() {
        return [0; 4];
    }
    [
        from(skin.x, rect.x),
        from(skin.y, rect.y),
        to(skin.x + skin.width, rect.x, across),
        to(skin.y + skin.height, rect.y, down),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::offset_of;

    /// Name, offset and size of each member of a struct in common.wgsl.
    fn members(name: &str) -> (Vec<(String, usize)>, usize) {
        let module = naga::front::wgsl::parse_str(include_str!("../../shaders/common.wgsl")).unwrap();
        let (_, found) = module.types.iter().find(|(_, kind)| kind.name.as_deref() == Some(name)).unwrap();
        let naga::TypeInner::Struct { members, span } = &found.inner else { panic!("{name} is no struct") };
        let list = members.iter().map(|m| (m.name.clone().unwrap(), m.offset as usize)).collect();
        (list, *span as usize)
    }

    #[test]
    fn structs_lie_in_memory_as_in_the_shaders() {
        let expected = [
            ("rect", offset_of!(FaceUniform, rect)),
            ("grid", offset_of!(FaceUniform, grid)),
            ("core", offset_of!(FaceUniform, core)),
            ("skin", offset_of!(FaceUniform, skin)),
            ("moving", offset_of!(FaceUniform, moving)),
            ("amounts", offset_of!(FaceUniform, amounts)),
            ("tint", offset_of!(FaceUniform, tint)),
            ("links", offset_of!(FaceUniform, links)),
        ];
        let (found, size) = members("Face");
        assert_eq!(found, expected.map(|(name, offset)| (name.to_owned(), offset)));
        assert_eq!(size, size_of::<FaceUniform>());

        let expected = [
            ("size", offset_of!(FrameUniform, size)),
            ("tiles", offset_of!(FrameUniform, tiles)),
            ("faces", offset_of!(FrameUniform, faces)),
        ];
        let (found, size) = members("Frame");
        assert_eq!(found, expected.map(|(name, offset)| (name.to_owned(), offset)));
        assert_eq!(size, size_of::<FrameUniform>());

        assert_eq!(members("Skin").1 as u64, SKIN_BYTES);
    }
}
