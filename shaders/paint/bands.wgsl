// In: the frame, distances, statistics. Out: for the texels around mouth or eyes what is seen there, in OkLab, and how likely
// teeth are.
// Why: what something is shall not hang on a single pixel's noise. Mouth and eyes are passes of their own, since software devices
// run all branches.

@group(0) @binding(0) var<uniform> faces: array<PaintFace, 32>;
@group(0) @binding(1) var input: texture_2d<f32>;
@group(0) @binding(2) var linear: sampler;
@group(0) @binding(3) var distances: texture_2d_array<f32>;
@group(0) @binding(4) var statistics: texture_2d<f32>;
@group(0) @binding(5) var bands: texture_storage_2d_array<rgba16float, write>;

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
    let layer = group.z / BANDS_PARTS;
    let part = BANDS_FIRST + group.z % BANDS_PARTS;
    if any(id.xy >= faces[layer].texels[part].xy) {
        return;
    }
    let grid = faces[layer].grids[part];
    let size = vec2<f32>(textureDimensions(input));
    let p = grid.xy + (vec2<f32>(id.xy) + 0.5) * grid.z;
    // Up to two pixels wide, a texel is what lies between four of them.
    let taps = select(4u, 1u, grid.z <= 2.0);
    let apart = select(0.5, 0.0, grid.z <= 2.0) * grid.z;
    var rgb = vec3<f32>(0.0);
    for (var k = 0u; k < min(taps, 4u); k++) {
        let at = p + (vec2<f32>(f32(k & 1u), f32(k >> 1u)) - 0.5) * apart;
        rgb += textureSampleLevel(input, linear, clamp(at, vec2<f32>(0.5), size - 0.5) / size, 0.0).rgb;
    }
    let lab = common_to_oklab(rgb / f32(taps));
    let teeth = bands_teeth(layer, lab, id.xy);
    textureStore(bands, id.xy, layer * 3u + part, vec4<f32>(lab, teeth));
}
