// In: what is seen around mouth and eyes, distances. Out: for squares of 4 × 4 texels what is around: of the lips alone, and of
// the skin around eyes and brows; how much of it is teeth, or how light all of it is.
// Why: light and shade of a whole lip, and what skin would be without the brow on it.

@group(0) @binding(0) var<uniform> faces: array<PaintFace, 32>;
@group(0) @binding(1) var bands: texture_2d_array<f32>;
@group(0) @binding(2) var linear: sampler;
@group(0) @binding(3) var distances: texture_2d_array<f32>;
@group(0) @binding(4) var lows: texture_storage_2d_array<rgba16float, write>;

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
    let layer = group.z / 3u;
    let part = group.z % 3u;
    let texels = faces[layer].texels[part].xy;
    if any(id.xy * 4u >= texels) {
        return;
    }
    let texel = faces[layer].grids[part].z;
    let side = f32(textureDimensions(bands).x);
    // A Gaussian of 3.6 texels, at the corners between texels: each fetch is four of them.
    let shares = array<f32, 6>(0.381, 0.707, 0.962, 0.962, 0.707, 0.381);
    var sum = vec4<f32>(0.0);
    var all_of_it = vec2<f32>(0.0);
    for (var k = 0u; k < 36u; k++) {
        let offset = vec2<f32>(f32(k % 6u), f32(k / 6u)) * 2.0 - 5.0;
        let at = clamp(vec2<f32>(id.xy) * 4.0 + 2.0 + offset, vec2<f32>(0.5), vec2<f32>(texels) - 0.5) / side;
        let seen = textureSampleLevel(bands, linear, at, group.z, 0.0);
        let away = textureSampleLevel(distances, linear, at, group.z, 0.0) / texel;
        let lips = clamp(0.5 - away.x, 0.0, 1.0) * clamp(0.5 + away.y, 0.0, 1.0) + 0.01;
        let skin = clamp(away.x - 1.5, 0.0, 1.0) * clamp(away.y - 1.5, 0.0, 1.0) + 0.001;
        let share = shares[k % 6u] * shares[k / 6u];
        sum += share * select(skin, lips, part == 0u) * vec4<f32>(seen.xyz, 1.0);
        all_of_it += share * vec2<f32>(select(seen.x, seen.w, part == 0u), 1.0);
    }
    textureStore(lows, id.xy, group.z, vec4<f32>(sum.xyz / sum.w, all_of_it.x / all_of_it.y));
}
