// Joined into the passes that look at what faces are told pixel by pixel: PaintFace as a row of a texture, since on software devices
// buffers are read slowly.

@group(0) @binding(10) var paint_faces: texture_2d<u32>;

// The fields' columns.
const PAINT_BOXES = 0u;
const PAINT_GRIDS = 3u;
const PAINT_TEXELS = 6u;
const PAINT_SIZE = 10u;
const PAINT_LIPS = 11u;
const PAINT_MOUTH = 12u;
const PAINT_INNER = 13u;
const PAINT_LIDS = 14u;
const PAINT_BROW = 15u;
const PAINT_CORNERS = 18u;
const PAINT_IRISES = 20u;
const PAINT_UPS = 22u;
const PAINT_SEEN = 23u;

fn paint_bits(k: u32, column: u32) -> vec4<u32> {
    return textureLoad(paint_faces, vec2<u32>(column, k), 0);
}

fn paint_told(k: u32, column: u32) -> vec4<f32> {
    return bitcast<vec4<f32>>(paint_bits(k, column));
}
