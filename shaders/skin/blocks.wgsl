// Joined into the passes that look at blocks: what is seen there, and how likely skin is there by its place alone.

@group(0) @binding(1) var cells: texture_2d_array<f32>;
@group(0) @binding(2) var mask: texture_2d_array<f32>;
@group(0) @binding(3) var prior: texture_2d_array<f32>;
@group(0) @binding(4) var linear: sampler;

// What the lattice can say of the distance to the outline, in units of the face's width: from −FARTHEST to FARTHEST.
const FARTHEST = 0.25;
// Its nodes a side; the first and the last lie on the rectangle's borders.
const NODES = 40.0;

// The mean colour of a block, and how rough it is.
fn blocks_seen(face: SkinFace, layer: u32, block: vec2<u32>) -> vec4<f32> {
    // The block's four cells and the ring around them.
    let last = vec2<i32>(face.grid.xy) - 1;
    var mean = vec3<f32>(0.0);
    var ys: array<f32, 16>;
    for (var k = 0; k < 16; k++) {
        let offset = vec2<i32>(k % 4 - 1, k / 4 - 1);
        let rgb = textureLoad(cells, clamp(vec2<i32>(block) * 2 + offset, vec2<i32>(0), last), layer, 0).rgb;
        ys[k] = common_luma(rgb);
        let inner = all(offset >= vec2<i32>(0)) && all(offset < vec2<i32>(2));
        mean += select(vec3<f32>(0.0), 0.25 * rgb, inner);
    }
    // How far each cell is from its neighbours' mean: shading has none of it, hair has much.
    var rough = 0.0;
    for (var k = 0; k < 4; k++) {
        let c = 5 + k % 2 + (k / 2) * 4;
        rough += 0.25 * abs(ys[c] - 0.25 * (ys[c - 1] + ys[c + 1] + ys[c - 4] + ys[c + 4]));
    }
    return vec4<f32>(mean, rough / (common_luma(mean) + 0.05));
}

// What is known of a place without looking at it.
struct Place {
    // How likely skin is there; whether it surely is the face's own; how much of it is neither eye, lip, nostril nor brow;
    // whether hair may lie over it: a beard above 0, a fringe below.
    skin: vec4<f32>,
    // Whether something else surely is there; how much of it is a brow.
    other: f32,
    brow: f32,
}

fn blocks_place(face: SkinFace, layer: u32, block: vec2<u32>) -> Place {
    let place = skin_place(face, block);
    let part = textureSampleLevel(mask, linear, place, layer, 0.0);
    let node = textureSampleLevel(prior, linear, (place * (NODES - 1.0) + 0.5) / NODES, layer, 0.0);
    let depth = (2.0 * node.g - 1.0) * FARTHEST;
    let open = (1.0 - part.r) * (1.0 - part.g);
    let likely = max(node.r * node.r, 0.93 * smoothstep(-0.05, 0.02, depth));
    let sure = smoothstep(0.03, 0.10, depth) * open;
    return Place(vec4<f32>(likely, sure, open, 2.0 * node.a - 1.0), node.b, part.g);
}
