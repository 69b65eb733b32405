// In: blocks, places, this face's colours, the likelihood of the frame before. Out: how likely each block is skin, and how
// surely it stands for the face's skin or for everything else, from which the colours are learned.
// Why: place, colour, roughness and what is around it each say a little; together they say it (a posterior in log-odds).

@group(0) @binding(0) var<uniform> faces: array<SkinFace, 32>;
@group(0) @binding(1) var blocks: texture_2d_array<f32>;
@group(0) @binding(2) var places: texture_2d_array<f32>;
@group(0) @binding(3) var mask: texture_2d_array<f32>;
@group(0) @binding(4) var means: texture_2d<f32>;
@group(0) @binding(5) var ratios: texture_3d<f32>;
@group(0) @binding(6) var history: texture_2d_array<f32>;
@group(0) @binding(7) var linear: sampler;
@group(0) @binding(9) var cells: texture_2d_array<f32>;
@group(0) @binding(8) var likelihoods: texture_storage_2d_array<rgba16float, write>;

// How likely skin was at a place of this frame's grid, in blocks, in the frame before.
fn likelihood_before(face: SkinFace, place: vec2<f32>) -> f32 {
    let there = mat2x2<f32>(face.before.xy, face.before.zw) * place + face.shift.xy;
    let side = vec2<f32>(textureDimensions(history));
    return textureSampleLevel(history, linear, there / side, face.links.x, 0.0).r;
}

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
    let face = faces[group.z];
    let block = id.xy;
    if face.links.y == 0u || any(block >= face.grid.zw) {
        return;
    }
    let seen = textureLoad(blocks, block, group.z, 0);
    let place = textureLoad(places, block, group.z, 0);
    let brow = textureSampleLevel(mask, linear, skin_place(face, block), group.z, 0.0).g;
    let mean = textureLoad(means, vec2<u32>(face.links.x, 0u), 0);
    let features = skin_features(seen.rgb, mean.x);
    let volume = vec3<f32>(textureDimensions(ratios));
    var colour = 0.0;
    for (var k = 0u; k < 4u; k++) {
        let cell = min(block * 2u + vec2<u32>(k & 1u, k >> 1u), face.grid.xy - 1u);
        let bin = skin_bin(skin_features(textureLoad(cells, cell, group.z, 0).rgb, mean.x));
        let at = vec3<f32>(bin.zy, bin.x + f32(SKIN_BINS.x * face.links.x)) / volume;
        colour += 0.25 * clamp(textureSampleLevel(ratios, linear, at, 0.0).r, -5.0, 5.0);
    }
    // Rough, darker than skin, and where beards are.
    let coarse = smoothstep(0.2, 0.7, log(max(seen.w, 1e-4)) - mean.y);
    let rough = coarse * smoothstep(-0.10, 0.15, -features.x) * place.w;
    let here = vec2<f32>(block) + 0.5;
    let own = likelihood_before(face, here);
    var near = 0.0;
    var far = 0.0;
    for (var k = 0; k < 4; k++) {
        let side = vec2<f32>(select(-1.0, 1.0, (k & 1) == 1), select(-1.0, 1.0, k > 1));
        near += 0.25 * likelihood_before(face, here + 0.6 * side);
        far += 0.25 * likelihood_before(face, here + 2.0 * side);
    }
    let around = 0.3 * near + 0.7 * far;
    let likely = max(place.x, 0.015);
    let odds = log(likely / (1.0 - likely)) + colour - 8.0 * rough + 6.0 * (near - 0.5) + 1.5 * (around - 0.5);
    let found = place.z / (1.0 + exp(-odds));
    let p = mix(found, own, face.shift.z);
    let skin = p * p * max(likely, place.y);
    let other = max((1.0 - p) * (1.0 - p) * place.z * smoothstep(0.0, 0.3, 1.15 - likely), 0.9 * brow);
    textureStore(likelihoods, block, face.links.x, vec4<f32>(p, skin, other, 0.0));
}
