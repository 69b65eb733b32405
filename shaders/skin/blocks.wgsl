// In: cells, the face's parts, the lattice of where skin may be. Out: for each block of 2 × 2 cells its mean colour and how
// rough it is; how likely skin is there by its place alone. For a face of which nothing is known yet: where its skin and
// where something else surely is.
// Why: all that tells skin from hair, cloth and background is worked out on blocks; only the last step looks at pixels.

@group(0) @binding(0) var<uniform> faces: array<SkinFace, 32>;
@group(0) @binding(1) var cells: texture_2d_array<f32>;
@group(0) @binding(2) var mask: texture_2d_array<f32>;
@group(0) @binding(3) var prior: texture_2d_array<f32>;
@group(0) @binding(4) var linear: sampler;
@group(0) @binding(5) var blocks: texture_storage_2d_array<rgba16float, write>;
@group(0) @binding(6) var places: texture_storage_2d_array<rgba16float, write>;
@group(0) @binding(7) var weights: texture_storage_2d_array<rgba16float, write>;
@group(0) @binding(8) var history: texture_storage_2d_array<rgba16float, write>;

// What a whole lattice can say of the distance to the outline, in units of the face's width: from −FARTHEST to FARTHEST.
const FARTHEST = 0.25;
const NODES = 40.0;

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
    let face = faces[group.z];
    let block = id.xy;
    if face.links.y == 0u || any(block >= face.grid.zw) {
        return;
    }
    // The block's four cells and the ring around them.
    let last = vec2<i32>(face.grid.xy) - 1;
    var mean = vec3<f32>(0.0);
    var ys: array<f32, 16>;
    for (var k = 0; k < 16; k++) {
        let offset = vec2<i32>(k % 4 - 1, k / 4 - 1);
        let rgb = textureLoad(cells, clamp(vec2<i32>(block) * 2 + offset, vec2<i32>(0), last), group.z, 0).rgb;
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
    rough /= common_luma(mean) + 0.05;
    textureStore(blocks, block, group.z, vec4<f32>(mean, rough));

    let place = skin_place(face, block);
    let part = textureSampleLevel(mask, linear, place, group.z, 0.0);
    // The lattice's first and last nodes lie on the rectangle's borders.
    let node = textureSampleLevel(prior, linear, (place * (NODES - 1.0) + 0.5) / NODES, group.z, 0.0);
    let depth = (2.0 * node.g - 1.0) * FARTHEST;
    let open = (1.0 - part.r) * (1.0 - part.g);
    let likely = max(node.r * node.r, 0.93 * smoothstep(-0.05, 0.02, depth));
    let sure = smoothstep(0.03, 0.10, depth) * open;
    textureStore(places, block, group.z, vec4<f32>(likely, sure, open, node.a));
    if face.links.z == 1u {
        // A beard must not enter: below the nose little is taken for skin.
        let first = sure * mix(0.9, 0.06, node.a) * (1.0 - part.g);
        textureStore(weights, block, face.links.x, vec4<f32>(0.5, first, max(node.b, 0.9 * part.g), sure));
        textureStore(history, block, face.links.x, vec4<f32>(0.5));
    }
}
