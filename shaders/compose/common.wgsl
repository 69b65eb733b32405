// Joined into the passes that finish the picture: the frame, the tiles that they visit, and how a pixel is fetched and
// written. Frame mirrors src/gpu/stages/mod.rs byte for byte.

struct Frame {
    // Width and height in pixels; 1 where the skin shall be shown in place of the picture, else 0; where in the list of tiles all
    // end.
    size: vec4<u32>,
    // Where those end that are not painted: those that keep their place, the same of small faces, those that move and may hold
    // skin, and those that only move.
    tiles: vec4<u32>,
    // Where those end that are painted: those that keep their place and those that move; then, in the picture that does not move
    // yet, those that hold a mouth and those that hold an eye. Those that hold both come last.
    painted: vec4<u32>,
}

@group(0) @binding(0) var<uniform> frame: Frame;
@group(0) @binding(1) var input: texture_2d<f32>;
@group(0) @binding(2) var linear: sampler;
@group(0) @binding(3) var output: texture_storage_2d<rgba8unorm, write>;
@group(0) @binding(4) var tiles: texture_2d<u32>;

struct Tile {
    // Column and row.
    place: vec2<u32>,
    // Bit k: face k moves its pixels; they may be face k's skin; face k may be painted there.
    moving: u32,
    skin: u32,
    paint: u32,
}

// Most workgroups of a row of them.
const COMPOSE_ROW = 32768u;

// The place in the list of the tile of a workgroup, counted from the first of its kind.
fn compose_index(group: vec3<u32>, first: u32) -> u32 {
    return first + group.y * COMPOSE_ROW + group.x;
}

// The list is a texture: on software devices buffers are read slowly.
fn compose_tile(index: u32) -> Tile {
    let width = textureDimensions(tiles).x;
    let tile = textureLoad(tiles, vec2<u32>(index % width, index / width), 0);
    return Tile(vec2<u32>(tile.x & 0xffffu, tile.x >> 16u), tile.y, tile.z, tile.w);
}

// Weights of the cubic of Catmull and Rom (1974) at the share t between two pixels.
fn compose_cubic(t: f32) -> vec4<f32> {
    return vec4<f32>(
        t * (t * (1.0 - 0.5 * t) - 0.5),
        1.0 + t * t * (1.5 * t - 2.5),
        t * (t * (2.0 - 1.5 * t) + 0.5),
        t * t * (0.5 * t - 0.5),
    );
}

// The frame at a place between pixels: sharper than bilinear, so that moved skin keeps its pores. The four corners, whose
// weights are below a hundredth, are left out. Alpha is bilinear.
fn compose_fetch(p: vec2<f32>) -> vec4<f32> {
    let base = floor(p - 0.5);
    let share = p - 0.5 - base;
    let wx = compose_cubic(share.x);
    let wy = compose_cubic(share.y);
    let last = vec2<i32>(frame.size.xy) - 1;
    let x = clamp(vec4<i32>(i32(base.x)) + vec4<i32>(-1, 0, 1, 2), vec4<i32>(0), vec4<i32>(last.x));
    var sum = vec3<f32>(0.0);
    var alpha = 0.0;
    for (var j = 0; j < 4; j++) {
        let y = clamp(i32(base.y) + j - 1, 0, last.y);
        let near = textureLoad(input, vec2<i32>(x[1], y), 0);
        let far = textureLoad(input, vec2<i32>(x[2], y), 0);
        var row = wx[1] * near.rgb + wx[2] * far.rgb;
        if j == 1 || j == 2 {
            row += wx[0] * textureLoad(input, vec2<i32>(x[0], y), 0).rgb;
            row += wx[3] * textureLoad(input, vec2<i32>(x[3], y), 0).rgb;
            alpha += select(share.y, 1.0 - share.y, j == 1) * mix(near.a, far.a, share.x);
        }
        sum += wy[j] * row;
    }
    return vec4<f32>(sum / (1.0 - (wx[0] + wx[3]) * (wy[0] + wy[3])), alpha);
}

fn compose_store(pixel: vec2<u32>, colour: vec4<f32>, change: vec4<f32>) {
    // Where skin is shown, the picture itself is left out; an alpha of 0 says that the pixel was looked at.
    let shown = select(colour, vec4<f32>(0.0), frame.size.z == 1u);
    textureStore(output, pixel, vec4<f32>(shown.rgb + change.rgb, shown.a));
}

// The colour of a pixel that comes from elsewhere; at a shift of 0 it is the pixel itself.
fn compose_moved(pixel: vec2<u32>, shift: vec2<f32>) -> vec4<f32> {
    return clamp(compose_fetch(vec2<f32>(pixel) + 0.5 + shift), vec4<f32>(0.0), vec4<f32>(1.0));
}
