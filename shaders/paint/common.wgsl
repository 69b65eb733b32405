// Joined in front of every pass of the stage: what the passes are told of a face. PaintFace mirrors
// src/gpu/stages/makeup/uniform.rs byte for byte. Lengths marked F are in units of the face's size.

struct PaintFace {
    // The pixels that may be painted: mouth, right eye, left eye; from left and top to right and bottom.
    boxes: array<vec4<u32>, 3>,
    // Grids over mouth, right eye, left eye: corner, side of a texel in pixels, 1 / that.
    grids: array<vec4<f32>, 3>,
    // Their texels across and down; unused.
    texels: array<vec4<u32>, 3>,
    // What the nodes of soft shapes lie over: x, y, width, height; 0 where there are none.
    soft: vec4<f32>,
    // The face's size in pixels (0 where nothing is painted); the mouth's opening (F); 1 where the face is known from the frame
    // before, else 0; where it is kept.
    size: vec4<f32>,
    // Lipstick: how much covers; how much of the lips' contrast, gleam and variety it keeps.
    lips: vec4<f32>,
    // Teeth; how much wet lips gleam; lipstick's amount; 1 where it is known how much of the mouth is seen, else 0.
    mouth: vec4<f32>,
    // Between the lids: whites, iris, lens; unused.
    inner: vec4<f32>,
    // Around the lids: shadow, line, lashes; half the line's width in units of the eye's.
    lids: vec4<f32>,
    // Brows and their tint; where the line along the lashes ends, from the inner corner (0) to the outer (1); what half its width
    // grows by at the outer corner, in units of the eye's.
    brows: vec4<f32>,
    // Foundation and its tint, contour, highlight.
    skin: vec4<f32>,
    // Blush and its style; unused; seconds since the face's last frame.
    blush: vec4<f32>,
    // The eyes' outer and inner corners.
    corners: array<vec4<f32>, 2>,
    // Middle of the iris, its radius (0 where there is none), the eye's width, in pixels.
    irises: array<vec4<f32>, 2>,
    // Unit vectors to the right eye's brow and to the left eye's.
    ups: vec4<f32>,
    // How much of each eye is seen, and how much between its lids.
    seen: vec4<f32>,
    // Linear colours: lipstick, blush, foundation, shadow, line, brows, lens.
    colours: array<vec4<f32>, 7>,
}

// Columns of a face's row of statistics.
// OkLab of the skin; the veil over the face: linear light that is added to all of it.
const PAINT_SKIN = 0u;
// OkLab of the lips; how their lightness is spread.
const PAINT_LIP = 1u;
// OkLab of what is white in this light; how surely the mouth's line is seen.
const PAINT_WHITE = 2u;
// Teeth: from which lightness on, their a and b beside white's by lightness, how far others may be off.
const PAINT_TEETH = 3u;
// Lightness of bright teeth, how full the brows are, lightness of the irises, how much the lips gleam.
const PAINT_MORE = 4u;
// OkLab of the brows' hairs; by how much the picture is blurred there: the sigma that it has beside a sharp one (F).
const PAINT_HAIR = 5u;
// Rows until here are kept from frame to frame.
const PAINT_KEPT = 6u;
// The products in this light: OkLab.
const PAINT_LIPSTICK = 6u;
// What is added to skin; unused.
const PAINT_BLUSH = 7u;
const PAINT_FOUNDATION = 8u;
const PAINT_SHADOW = 9u;
const PAINT_LINER = 10u;
const PAINT_BROWS = 11u;
// In w what is added to the iris's lightness where it is covered in full.
const PAINT_LENS = 12u;

// Colour by lightness: free of shading.
fn paint_tint(lab: vec3<f32>) -> vec2<f32> {
    return lab.yz / max(lab.x, 0.02);
}
