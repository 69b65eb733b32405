// Joined in front of every pass of the stage: what the skin of a face is, and how pixels are told from it.
// The structs mirror src/gpu/stages/skin.rs byte for byte.

struct SkinFace {
    // The pixels that may change: x, y, width, height.
    rect: vec4<u32>,
    // Cells across and down, blocks of 2 × 2 cells across and down.
    grid: vec4<u32>,
    // The blocks that hold skin, or lie less than three cells beside it: from left and top to right and bottom.
    core: vec4<u32>,
    // The part of the rectangle whose colours may change: from left and top to right and bottom.
    bounds: vec4<u32>,
    // Side of a cell in pixels; amounts of smoothing and of tone; share of the last frame's statistics to keep.
    amounts: vec4<f32>,
    // How much brighter, rosier and warmer, −1..=1; 1 where the skin shall be shown in place of the picture, else 0.
    tint: vec4<f32>,
    // Slot of the statistics; 1 where the skin is corrected at all, else 0; unused.
    links: vec4<u32>,
}

// What a person's skin looks like, in the features of `skin_features`.
struct SkinStatistics {
    // Mean of each feature; w: 1 where enough skin was seen, 0 where these numbers mean nothing.
    mean: vec4<f32>,
    // One over the spread of each feature.
    sharpness: vec4<f32>,
    // Mean colour in OkLab.
    colour: vec4<f32>,
}

// Only blocks around the skin are worked on, each pass going farther than the next one reads: `correct` works on the core,
// `gate` a block beside it, `moments` and `cells` two, so that nobody reads what was left from another frame. Gives the block
// of an invocation, and in z whether there is one.
fn skin_block(face: SkinFace, id: vec2<u32>, beside: u32) -> vec3<u32> {
    let block = face.core.xy - min(face.core.xy, vec2<u32>(beside)) + id;
    let end = min(face.core.zw + beside, face.grid.zw);
    return vec3<u32>(block, select(0u, 1u, all(block < end) && all(face.core.zw > face.core.xy)));
}

// Brightness on a logarithmic scale and two chromaticities that hardly change with it: what tells skin from hair.
fn skin_features(rgb: vec3<f32>) -> vec3<f32> {
    let y = common_luma(rgb);
    return vec3<f32>(log(y + 0.02), (rgb.r - y) / (y + 0.06), (rgb.b - y) / (y + 0.06));
}

// A face's statistics out of the texture that holds a row for each.
fn skin_statistics(table: texture_2d<f32>, face: SkinFace) -> SkinStatistics {
    let row = face.links.x;
    return SkinStatistics(
        textureLoad(table, vec2<u32>(0u, row), 0),
        textureLoad(table, vec2<u32>(1u, row), 0),
        textureLoad(table, vec2<u32>(2u, row), 0),
    );
}

// How like this person's skin a colour is, 0..=1.
fn skin_likeness(rgb: vec3<f32>, skin: SkinStatistics) -> f32 {
    let off = (skin_features(rgb) - skin.mean.xyz) * skin.sharpness.xyz;
    return skin.mean.w * (1.0 - smoothstep(12.0, 30.0, dot(off, off)));
}
