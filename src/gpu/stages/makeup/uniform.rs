//! What the paint's passes are told of a face.

use bytemuck::{Pod, Zeroable};

use crate::retouch::paint::contours::line_shape;
use crate::retouch::paint::{BOXES, PaintPlan};

/// Where a face's colours are kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Slot {
    pub(crate) index: u32,
    /// Whether nothing is known of it yet.
    pub(crate) is_new: bool,
    /// Seconds since the face's last frame.
    pub(crate) elapsed: f32,
}

/// `PaintFace` in shaders/paint/common.wgsl, where each field is explained.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, Pod, Zeroable)]
pub(crate) struct PaintUniform {
    pub(crate) boxes: [[u32; 4]; BOXES],
    pub(crate) grids: [[f32; 4]; BOXES],
    pub(crate) texels: [[u32; 4]; BOXES],
    pub(crate) soft: [f32; 4],
    pub(crate) size: [f32; 4],
    pub(crate) lips: [f32; 4],
    pub(crate) mouth: [f32; 4],
    pub(crate) inner: [f32; 4],
    pub(crate) lids: [f32; 4],
    pub(crate) brows: [f32; 4],
    pub(crate) skin: [f32; 4],
    pub(crate) blush: [f32; 4],
    pub(crate) corners: [[f32; 4]; 2],
    pub(crate) irises: [[f32; 4]; 2],
    pub(crate) ups: [f32; 4],
    pub(crate) seen: [f32; 4],
    pub(crate) colours: [[f32; 4]; 7],
}

impl PaintUniform {
    /// What a face's paint needs; nothing for a face without a slot.
    pub(crate) fn new(paint: &PaintPlan, slot: Option<Slot>) -> Self {
        let Some(slot) = slot else { return Self::default() };
        let (amounts, colours) = (&paint.amounts, &paint.colours);
        let [right_eye, left_eye] = &paint.eyes;
        let grids = paint.grids.map(|grid| {
            let [x, y] = grid.origin;
            [x, y, grid.texel, if grid.texel > 0.0 { 1.0 / grid.texel } else { 0.0 }]
        });
        let [half, end, fill] = line_shape(amounts);
        let wide = |[r, g, b]: [f32; 3]| [r, g, b, 0.0];
        let corners = |[[a, b], [c, d]]: [[f32; 2]; 2]| [a, b, c, d];
        let pair = |[a, b]: [f32; 2], [c, d]: [f32; 2]| [a, b, c, d];
        Self {
            boxes: paint.boxes.map(|area| area.corners()),
            grids,
            texels: paint.grids.map(|grid| [grid.texels[0], grid.texels[1], 0, 0]),
            soft: paint.soft_rect.origin_and_size().map(|value| value as f32),
            size: [paint.size, paint.gap, f32::from(u8::from(!slot.is_new)), slot.index as f32],
            lips: [
                amounts.lipstick * amounts.finish.cover,
                amounts.finish.contrast,
                amounts.finish.gleam,
                amounts.finish.variety,
            ],
            mouth: [amounts.teeth, amounts.finish.wet, amounts.lipstick, f32::from(u8::from(amounts.knows_mouth))],
            inner: [amounts.whites, amounts.iris, amounts.lens, 0.0],
            lids: [amounts.shadow, amounts.liner, amounts.lashes, half],
            brows: [amounts.brows, amounts.brows_tint, end, fill],
            skin: [amounts.foundation, amounts.foundation_tint, amounts.contour, amounts.highlight],
            blush: [amounts.blush, amounts.blush_style as f32, 0.0, slot.elapsed],
            corners: paint.eyes.map(|eye| corners(eye.corners)),
            irises: paint.eyes.map(|eye| [eye.iris[0], eye.iris[1], eye.radius, eye.width]),
            ups: pair(right_eye.up, left_eye.up),
            seen: pair(amounts.seen, amounts.open),
            colours: [
                colours.lipstick,
                colours.blush,
                colours.foundation,
                colours.shadow,
                colours.liner,
                colours.brows,
                colours.lens,
            ]
            .map(wide),
        }
    }
}
