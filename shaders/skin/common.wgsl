// Joined in front of every pass of the stage: what the passes are told of a face, and how its grids lie.
// SkinFace mirrors src/gpu/stages/skin/uniform.rs byte for byte.

struct SkinFace {
    // The pixels that are looked at: x, y, width, height.
    rect: vec4<u32>,
    // Cells across and down, blocks of 2 × 2 cells across and down.
    grid: vec4<u32>,
    // The blocks where colours may change, and one beside: from left and top to right and bottom.
    core: vec4<u32>,
    // Where what is known from the frame before lies: the columns of the matrix from this frame's blocks to that one's.
    before: vec4<f32>,
    // The same matrix's shift; share of the likelihood to keep, share of the colours to keep.
    shift: vec4<f32>,
    // Side of a cell in pixels; amounts of marks, of tone, of shine.
    amounts: vec4<f32>,
    // How much brighter, rosier and warmer, −1..=1; amount of dark circles.
    tint: vec4<f32>,
    // How much of the details goes in each of four bands, from what is finer than a cell up.
    fading: vec4<f32>,
    // From which contrast on they stay.
    cores: vec4<f32>,
    // Amount of folds; 1 where the skin shall be shown in place of the picture; amount of smoothing; how much of
    // a dark spot's finer bands goes.
    extra: vec4<f32>,
    // The core's cells: from left and top to right and bottom.
    cells: vec4<f32>,
    // What the grid of make-up lies over: x, y, width, height in pixels; 0 where there is none.
    makeup: vec4<f32>,
    // Where the face's colours are kept; 1 where the face takes part, else 0; 1 where nothing is known of it yet, else 0;
    // blocks across (lower half) and down (upper half) in the frame before.
    links: vec4<u32>,
}

// Gives the block of an invocation among those of the core and so many beside, and in z whether there is one.
fn skin_block(face: SkinFace, id: vec2<u32>, beside: u32) -> vec3<u32> {
    let block = face.core.xy - min(face.core.xy, vec2<u32>(beside)) + id;
    let end = min(face.core.zw + beside, face.grid.zw);
    return vec3<u32>(block, select(0u, 1u, all(block < end) && face.links.y == 1u));
}

// The core with a block beside it, where all that is raised to finer grids is known: from left and top to right and bottom.
fn skin_wider(face: SkinFace) -> vec4<u32> {
    return vec4<u32>(face.core.xy - min(face.core.xy, vec2<u32>(1u)), min(face.core.zw + 1u, face.grid.zw));
}

// How much skin there may be at a block by its place: nothing in eyes and lips, nothing where it is not expected.
fn skin_allowed(place: vec4<f32>) -> f32 {
    return place.z * smoothstep(0.03, 0.08, place.x);
}

// Whether a place is below the chin: there hair may lie, but half as surely as a beard may.
fn skin_below(place: vec4<f32>) -> f32 {
    return smoothstep(0.3, 0.45, place.w) * (1.0 - smoothstep(0.55, 0.7, place.w)) * (1.0 - place.y);
}

// The mean brightness of a face's skin.
fn skin_brightness(face: SkinFace, means: texture_2d<f32>) -> f32 {
    return textureLoad(means, vec2<u32>(face.links.x, 0u), 0).x;
}

// Where the middle of a block lies in a picture over the whole rectangle, 0..=1.
fn skin_place(face: SkinFace, block: vec2<u32>) -> vec2<f32> {
    return (vec2<f32>(block) + 0.5) * 2.0 * face.amounts.x / vec2<f32>(face.rect.zw);
}

// A colour beside the skin's own brightness: what the guided filter goes by.
fn skin_guide(rgb: vec3<f32>, brightness: f32) -> vec3<f32> {
    return rgb / (2.2 * brightness);
}
