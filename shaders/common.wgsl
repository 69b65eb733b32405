// Joined in front of every pass: what a frame and its faces are, and colour arithmetic that several passes share.
// The structs mirror src/gpu/uniforms.rs byte for byte.

struct Face {
    // The pixels that may change: x, y, width, height.
    rect: vec4<u32>,
    // Cells across and down, blocks of 2 × 2 cells across and down.
    grid: vec4<u32>,
    // The blocks that hold skin, or lie less than three cells beside it: from left and top to right and bottom.
    core: vec4<u32>,
    // The parts of the rectangle whose colours may change and that may move: from left and top to right and bottom.
    skin: vec4<u32>,
    moving: vec4<u32>,
    // Side of a cell in pixels; amounts of smoothing and of tone; share of the last frame's skin statistics to keep.
    amounts: vec4<f32>,
    // How much brighter, rosier and warmer, −1..=1; 1 where the skin shall be shown in place of the picture, else 0.
    tint: vec4<f32>,
    // Whether pixels move; whether colours change; slot of the skin's statistics; unused.
    links: vec4<u32>,
}

struct Frame {
    // Width and height in pixels; unused.
    size: vec4<u32>,
    // Where in the list of tiles those end that keep their place, those that move and may hold skin, and those that only
    // move; unused.
    tiles: vec4<u32>,
    faces: array<Face, 32>,
}

// What a person's skin looks like, in the features of `common_features`.
struct Skin {
    // Mean of each feature; w: 1 where enough skin was seen, 0 where these numbers mean nothing.
    mean: vec4<f32>,
    // One over the spread of each feature.
    sharpness: vec4<f32>,
    // Mean colour in OkLab.
    colour: vec4<f32>,
}

// Whether a place in the frame lies in a part of a face's rectangle.
fn common_within(part: vec4<u32>, p: vec2<f32>) -> bool {
    return all(p >= vec2<f32>(part.xy)) && all(p <= vec2<f32>(part.zw));
}

// Only blocks around the skin are worked on, each pass going farther than the next one reads: `correct` works on the core,
// `gate` a block beside it, `moments` and `cells` two, so that nobody reads what was left from another frame. Gives the block
// of an invocation, and in z whether there is one.
fn common_block(face: Face, id: vec2<u32>, beside: u32) -> vec3<u32> {
    let block = face.core.xy - min(face.core.xy, vec2<u32>(beside)) + id;
    let end = min(face.core.zw + beside, face.grid.zw);
    return vec3<u32>(block, select(0u, 1u, all(block < end) && all(face.core.zw > face.core.xy)));
}

fn common_luma(rgb: vec3<f32>) -> f32 {
    return dot(rgb, vec3<f32>(0.299, 0.587, 0.114));
}

// Brightness on a logarithmic scale and two chromaticities that hardly change with it: what tells skin from hair.
fn common_features(rgb: vec3<f32>) -> vec3<f32> {
    let y = common_luma(rgb);
    return vec3<f32>(log(y + 0.02), (rgb.r - y) / (y + 0.06), (rgb.b - y) / (y + 0.06));
}

// A face's skin out of the texture that holds a row for each.
fn common_skin(skins: texture_2d<f32>, face: Face) -> Skin {
    let row = face.links.z;
    return Skin(
        textureLoad(skins, vec2<u32>(0u, row), 0),
        textureLoad(skins, vec2<u32>(1u, row), 0),
        textureLoad(skins, vec2<u32>(2u, row), 0),
    );
}

// How like this person's skin a colour is, 0..=1.
fn common_likeness(rgb: vec3<f32>, skin: Skin) -> f32 {
    let off = (common_features(rgb) - skin.mean.xyz) * skin.sharpness.xyz;
    return skin.mean.w * (1.0 - smoothstep(12.0, 30.0, dot(off, off)));
}

fn common_linear(c: vec3<f32>) -> vec3<f32> {
    let low = c / 12.92;
    let high = pow((max(c, vec3<f32>(0.0)) + 0.055) / 1.055, vec3<f32>(2.4));
    return select(high, low, c <= vec3<f32>(0.04045));
}

fn common_encoded(c: vec3<f32>) -> vec3<f32> {
    let low = c * 12.92;
    let high = 1.055 * pow(max(c, vec3<f32>(0.0)), vec3<f32>(1.0 / 2.4)) - 0.055;
    return select(high, low, c <= vec3<f32>(0.0031308));
}

// sRGB-encoded colour to OkLab (Ottosson 2020, "A perceptual color space for image processing") and back.
fn common_to_oklab(rgb: vec3<f32>) -> vec3<f32> {
    let c = common_linear(rgb);
    let lms = vec3<f32>(
        dot(c, vec3<f32>(0.4122214708, 0.5363325363, 0.0514459929)),
        dot(c, vec3<f32>(0.2119034982, 0.6806995451, 0.1073969566)),
        dot(c, vec3<f32>(0.0883024619, 0.2817188376, 0.6299787005)),
    );
    let r = pow(max(lms, vec3<f32>(0.0)), vec3<f32>(1.0 / 3.0));
    return vec3<f32>(
        dot(r, vec3<f32>(0.2104542553, 0.7936177850, -0.0040720468)),
        dot(r, vec3<f32>(1.9779984951, -2.4285922050, 0.4505937099)),
        dot(r, vec3<f32>(0.0259040371, 0.7827717662, -0.8086757660)),
    );
}

fn common_from_oklab(lab: vec3<f32>) -> vec3<f32> {
    let r = vec3<f32>(
        lab.x + 0.3963377774 * lab.y + 0.2158037573 * lab.z,
        lab.x - 0.1055613458 * lab.y - 0.0638541728 * lab.z,
        lab.x - 0.0894841775 * lab.y - 1.2914855480 * lab.z,
    );
    let lms = r * r * r;
    return common_encoded(vec3<f32>(
        dot(lms, vec3<f32>(4.0767416621, -3.3077115913, 0.2309699292)),
        dot(lms, vec3<f32>(-1.2684380046, 2.6097574011, -0.3413193965)),
        dot(lms, vec3<f32>(-0.0041960863, -0.7034186147, 1.7076147010)),
    ));
}
