// Joined into the passes that look at what faces are told pixel by pixel: PaintFace as a row of a texture, since on software devices
// buffers are read slowly.

@group(0) @binding(10) var paint_faces: texture_2d<u32>;

// The fields' columns.
const PAINT_BOXES = 0u;
const PAINT_GRIDS = 3u;
const PAINT_TEXELS = 6u;
const PAINT_SIZE = 13u;
const PAINT_LIPS = 14u;
const PAINT_MOUTH = 15u;
const PAINT_INNER = 16u;
const PAINT_LIDS = 17u;
const PAINT_BROW = 18u;
const PAINT_CORNERS = 21u;
const PAINT_IRISES = 23u;
const PAINT_UPS = 25u;
const PAINT_SEEN = 26u;

fn paint_bits(k: u32, column: u32) -> vec4<u32> {
    return textureLoad(paint_faces, vec2<u32>(column, k), 0);
}

fn paint_told(k: u32, column: u32) -> vec4<f32> {
    return bitcast<vec4<f32>>(paint_bits(k, column));
}
