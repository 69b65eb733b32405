// In: the frame, corrections, fields of displacements, tiles. Out: what the faces change of the frame, finished.
// Why: the one pass at full size, so it visits only tiles that hold skin (`still`), move (`bare`) or both (`moved`). It writes
// over a copy of the frame: a pixel that neither moves nor changes is left alone.

@group(0) @binding(0) var<uniform> frame: Frame;
@group(0) @binding(1) var input: texture_2d<f32>;
@group(0) @binding(2) var corrections: texture_2d_array<f32>;
@group(0) @binding(3) var fields: texture_2d_array<f32>;
@group(0) @binding(4) var linear: sampler;
@group(0) @binding(5) var output: texture_storage_2d<rgba8unorm, write>;
@group(0) @binding(6) var tiles: texture_2d<u32>;

struct Tile {
    // Column and row.
    place: vec2<u32>,
    // Bit k: face k moves its pixels; face k may change their colours.
    moving: u32,
    skin: u32,
}

// A texture, since processors that run this reach buffers slowly.
fn compose_tile(index: u32) -> Tile {
    let width = textureDimensions(tiles).x;
    let tile = textureLoad(tiles, vec2<u32>(index % width, index / width), 0);
    return Tile(tile.xy, tile.z, tile.w);
}

// Most workgroups of a row of them.
const ROW = 32768u;

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

// Where the faces that move a pixel take it from, less its own place.
fn compose_shift(moving: u32, p: vec2<f32>) -> vec2<f32> {
    let nodes = vec2<f32>(textureDimensions(fields));
    var shift = vec2<f32>(0.0);
    var others = moving;
    // Here too, loops end at their ends.
    for (var n = 0u; n < 32u; n++) {
        let k = min(firstTrailingBit(others), 31u);
        let face = frame.faces[k];
        let place = (p - vec2<f32>(face.rect.xy)) / vec2<f32>(face.rect.zw);
        let by = textureSampleLevel(fields, linear, (place * (nodes - 1.0) + 0.5) / nodes, k, 0.0).xy;
        shift += select(vec2<f32>(0.0), by, others != 0u && common_within(face.moving, p));
        others &= others - 1u;
        if others == 0u {
            break;
        }
    }
    return shift;
}

// What the faces whose skin it may be add to the colour at a place; in w whether it is anybody's.
fn compose_change(skin: u32, p: vec2<f32>) -> vec4<f32> {
    let size = vec2<f32>(textureDimensions(corrections));
    var change = vec4<f32>(0.0);
    var others = skin;
    for (var n = 0u; n < 32u; n++) {
        let k = min(firstTrailingBit(others), 31u);
        let face = frame.faces[k];
        let cell = (p - vec2<f32>(face.rect.xy)) / face.amounts.x;
        let place = clamp(cell, vec2<f32>(0.5), vec2<f32>(face.grid.xy) - 0.5);
        let by = textureSampleLevel(corrections, linear, place / size, k, 0.0).rgb;
        change += select(vec4<f32>(0.0), vec4<f32>(by, 1.0), others != 0u && common_within(face.skin, p));
        others &= others - 1u;
        if others == 0u {
            break;
        }
    }
    return change;
}

fn compose_store(pixel: vec2<u32>, colour: vec4<f32>, change: vec4<f32>) {
    // Only where skin is shall be seen; where alpha is 0, that was looked for.
    let shown = select(colour, vec4<f32>(0.0), frame.faces[0].tint.w > 0.0);
    textureStore(output, pixel, vec4<f32>(shown.rgb + change.rgb, shown.a));
}

@compute @workgroup_size(16, 16, 1)
fn still(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let index = group.y * ROW + group.x;
    if index >= frame.tiles.x {
        return;
    }
    let tile = compose_tile(index);
    let pixel = tile.place * 16u + local.xy;
    let change = compose_change(tile.skin, vec2<f32>(pixel) + 0.5);
    if any(pixel >= frame.size.xy) || change.w == 0.0 {
        return;
    }
    compose_store(pixel, textureLoad(input, pixel, 0), change);
}

// A pixel that may come from elsewhere.
fn compose_moved(pixel: vec2<u32>, shift: vec2<f32>, change: vec4<f32>) {
    let stays = all(shift == vec2<f32>(0.0));
    if any(pixel >= frame.size.xy) || (stays && change.w == 0.0) {
        return;
    }
    // At a shift of 0 this is the pixel itself.
    let colour = clamp(compose_fetch(vec2<f32>(pixel) + 0.5 + shift), vec4<f32>(0.0), vec4<f32>(1.0));
    compose_store(pixel, colour, change);
}

@compute @workgroup_size(16, 16, 1)
fn moved(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let index = frame.tiles.x + group.y * ROW + group.x;
    if index >= frame.tiles.y {
        return;
    }
    let tile = compose_tile(index);
    let pixel = tile.place * 16u + local.xy;
    let p = vec2<f32>(pixel) + 0.5;
    let shift = compose_shift(tile.moving, p);
    compose_moved(pixel, shift, compose_change(tile.skin, p + shift));
}

@compute @workgroup_size(16, 16, 1)
fn bare(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let index = frame.tiles.y + group.y * ROW + group.x;
    if index >= frame.tiles.z {
        return;
    }
    let tile = compose_tile(index);
    let pixel = tile.place * 16u + local.xy;
    compose_moved(pixel, compose_shift(tile.moving, vec2<f32>(pixel) + 0.5), vec4<f32>(0.0));
}
