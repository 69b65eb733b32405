// In: cells, the face's parts, the lattice of where skin may be, this face's colours, the likelihood of the frame before.
// Out: for each block of 2 × 2 cells what is seen there; how likely skin is there, and how surely it stands for the face's
// skin or for everything else, from which the colours are learned.
// Why: place, colour, roughness and what is around it each say a little; together they say it (a posterior in log-odds).

@group(0) @binding(0) var<uniform> faces: array<SkinFace, 32>;
@group(0) @binding(5) var means: texture_2d<f32>;
@group(0) @binding(6) var ratios: texture_3d<f32>;
@group(0) @binding(7) var history: texture_2d_array<f32>;
@group(0) @binding(8) var blocks: texture_storage_2d_array<rgba16float, write>;
@group(0) @binding(9) var places: texture_storage_2d_array<rgba16float, write>;
@group(0) @binding(10) var likelihoods: texture_storage_2d_array<rgba16float, write>;

// How bright skin is that does not gleam.
const NOT_GLEAMING = 0.16;
// How much rougher a shaded neck may be than the face, on a logarithmic scale.
const NECK_ROUGHER = 0.5;

// How likely skin was at a place of this frame's grid, in blocks, in the frame before.
fn likelihood_before(face: SkinFace, place: vec2<f32>) -> f32 {
    let there = mat2x2<f32>(face.before.xy, face.before.zw) * place + face.shift.xy;
    // Beyond that frame's grid lies what other faces left.
    let end = vec2<f32>(f32(face.links.w & 0xffffu), f32(face.links.w >> 16u));
    let side = vec2<f32>(textureDimensions(history));
    return textureSampleLevel(history, linear, clamp(there, vec2<f32>(0.5), end - 0.5) / side, face.links.x, 0.0).r;
}

// Features as if the colour were at most so bright.
fn likelihood_told(features: vec3<f32>, most: f32) -> vec3<f32> {
    return vec3<f32>(min(features.x, most), features.yz);
}

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
    let face = faces[group.z];
    let block = id.xy;
    if face.links.y == 0u || any(block >= face.grid.zw) {
        return;
    }
    let seen = blocks_seen(face, group.z, block);
    let place = blocks_place(face, group.z, block);
    let mean = textureLoad(means, vec2<u32>(face.links.x, 0u), 0);
    // Below the chin hardly anything gleams. What gleams is pale, as white cloth is: there it is told by its tint alone.
    let below = skin_below(place.skin);
    let most = mix(SKIN_HIGH.x, NOT_GLEAMING, below);
    let features = skin_features(seen.rgb, mean.x);
    // By the mean colour, smoothly, and by each cell's own, so that a rim or a strand is told from what is between.
    let first = f32(SKIN_BINS.x * face.links.x);
    let bin = skin_bin(likelihood_told(features, most));
    let at = vec3<f32>(bin.zy, bin.x + first) / vec3<f32>(textureDimensions(ratios));
    var colour = 0.5 * clamp(textureSampleLevel(ratios, linear, at, 0.0).r, -5.0, 5.0);
    for (var k = 0u; k < 4u; k++) {
        let cell = min(block * 2u + vec2<u32>(k & 1u, k >> 1u), face.grid.xy - 1u);
        let own = skin_bin(likelihood_told(skin_features(textureLoad(cells, cell, group.z, 0).rgb, mean.x), most));
        let ratio = textureLoad(ratios, vec3<u32>(vec3<f32>(own.zy, own.x + first)), 0).r;
        colour += 0.125 * clamp(ratio, -5.0, 5.0);
    }
    // Rough, not brighter than skin, and where beards are, or on the neck; or a fringe.
    let coarse = smoothstep(0.15, 0.65, log(max(seen.w, 1e-4)) - mean.y - NECK_ROUGHER * below);
    let dark_and_rough = coarse * smoothstep(-0.10, 0.15, -features.x) * (max(place.skin.w, 0.0) + 0.5 * below)
        + skin_fringe(place.skin, seen, mean);
    let here = vec2<f32>(block) + 0.5;
    let own = likelihood_before(face, here);
    let around = 0.25 * (likelihood_before(face, here + vec2<f32>(1.4, 0.0))
        + likelihood_before(face, here - vec2<f32>(1.4, 0.0))
        + likelihood_before(face, here + vec2<f32>(0.0, 1.4))
        + likelihood_before(face, here - vec2<f32>(0.0, 1.4)));
    // A single spot amid skin is no hair.
    let rough = dark_and_rough * (1.0 - 0.9 * smoothstep(0.6, 0.95, around));
    let near = 0.4 * own + 0.6 * around;
    let likely = max(place.skin.x, 0.015);
    let odds = log(likely / (1.0 - likely)) + colour - 8.0 * rough + 6.0 * (near - 0.5) + 1.5 * (around - 0.5);
    let p = mix(place.skin.z / (1.0 + exp(-odds)), own, face.shift.z);
    let skin = p * p * max(likely, place.skin.y);
    let open = (1.0 - p) * (1.0 - p) * place.skin.z * smoothstep(0.0, 0.3, 1.15 - likely);
    textureStore(blocks, block, group.z, seen);
    textureStore(places, block, group.z, place.skin);
    textureStore(likelihoods, block, face.links.x, vec4<f32>(p, skin, max(open, 0.9 * place.brow), 0.0));
}
