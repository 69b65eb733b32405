// In: the frame, squares of it. Out: each square as a network takes it, three bytes a pixel, four pixels in three words.
// Why: a host's texture need not be read back whole to be looked at; only what the networks see of it travels.

struct Square {
    // The upper left corner, and the two sides that begin there, in pixels; whole numbers are pixels' centres.
    corner: vec2<f32>,
    across: vec2<f32>,
    down: vec2<f32>,
    // Pixels across, a multiple of 4, and down.
    size: vec2<u32>,
    // What lies outside the frame: 0 for black, 1 for the nearest pixel.
    nearest: u32,
    // Its first word.
    start: u32,
    // 1 where the frame is decoded as it is read, since it is of one of sRGB's types, else 0.
    linear: u32,
    unused: u32,
}

@group(0) @binding(0) var<uniform> squares: array<Square, 34>;
@group(0) @binding(1) var input: texture_2d<f32>;
@group(0) @binding(2) var<storage, read_write> words: array<u32>;

// The colour at a place between pixels.
fn crop_sample(p: vec2<f32>, nearest: bool, is_linear: bool) -> vec3<f32> {
    let last = vec2<i32>(textureDimensions(input)) - 1;
    let base = floor(p);
    let share = p - base;
    var sum = vec3<f32>(0.0);
    for (var k = 0; k < 4; k++) {
        let off = vec2<i32>(k & 1, k >> 1u);
        let at = vec2<i32>(base) + off;
        let inside = clamp(at, vec2<i32>(0), last);
        let near = select(1.0 - share, share, off == vec2<i32>(1));
        let weight = select(0.0, near.x * near.y, nearest || all(at == inside));
        let seen = textureLoad(input, inside, 0).rgb;
        sum += weight * tone_to_sdr(select(seen, common_encoded(seen), is_linear));
    }
    return sum;
}

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
    let square = squares[group.z];
    let first = id.x * 4u;
    if id.y >= square.size.y || first >= square.size.x {
        return;
    }
    var colours: array<vec3<f32>, 4>;
    for (var k = 0u; k < 4u; k++) {
        let place = vec2<f32>(f32(first + k), f32(id.y)) / vec2<f32>(square.size);
        let at = square.corner + place.x * square.across + place.y * square.down;
        colours[k] = crop_sample(at, square.nearest == 1u, square.linear == 1u);
    }
    let at = square.start + (id.y * square.size.x + first) / 4u * 3u;
    words[at] = pack4x8unorm(vec4<f32>(colours[0], colours[1].r));
    words[at + 1u] = pack4x8unorm(vec4<f32>(colours[1].gb, colours[2].rg));
    words[at + 2u] = pack4x8unorm(vec4<f32>(colours[2].b, colours[3]));
}
