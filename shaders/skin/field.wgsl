// In: cells, places, slopes. Out: for each block the slopes of its neighbourhood; the mean colour of the skin in it and how
// much skin that is.
// Why: from here on colours are of skin only: hair or a lip beside it do not enter them.

@group(0) @binding(0) var<uniform> faces: array<SkinFace, 32>;
@group(0) @binding(1) var cells: texture_2d_array<f32>;
@group(0) @binding(2) var places: texture_2d_array<f32>;
@group(0) @binding(3) var slopes: texture_2d_array<f32>;
@group(0) @binding(4) var means: texture_2d<f32>;
@group(0) @binding(5) var smooth_slopes: texture_storage_2d_array<rgba16float, write>;
@group(0) @binding(6) var skins: texture_storage_2d_array<rgba16float, write>;

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
    let face = faces[group.z];
    let own = skin_block(face, id.xy, 1u);
    if own.z == 0u {
        return;
    }
    let brightness = skin_brightness(face, means);
    // Only blocks that have slopes of this frame.
    let wider = vec4<i32>(skin_wider(face));
    var slope = vec4<f32>(0.0);
    for (var k = 0; k < 9; k++) {
        let offset = vec2<i32>(k % 3 - 1, k / 3 - 1);
        let share = f32((2 - abs(offset.x)) * (2 - abs(offset.y))) / 16.0;
        slope += share * textureLoad(slopes, clamp(vec2<i32>(own.xy) + offset, wider.xy, wider.zw - 1), group.z, 0);
    }
    textureStore(smooth_slopes, own.xy, group.z, slope);
    let allowed = skin_allowed(textureLoad(places, own.xy, group.z, 0));
    var colours: array<vec3<f32>, 4>;
    var mean = vec3<f32>(0.0);
    var all_cells = vec3<f32>(0.0);
    var weight = 0.0;
    for (var k = 0u; k < 4u; k++) {
        let cell = min(own.xy * 2u + vec2<u32>(k & 1u, k >> 1u), face.grid.xy - 1u);
        let rgb = textureLoad(cells, cell, group.z, 0).rgb;
        let w = clamp(dot(slope.xyz, skin_guide(rgb, brightness)) + slope.w, 0.0, 1.0) * allowed;
        mean += w * rgb;
        all_cells += rgb;
        weight += w;
    }
    // A little of everything, so that no block is without a colour.
    mean = (mean + 0.001 * all_cells) / (weight + 0.004);
    textureStore(skins, own.xy, group.z, vec4<f32>(mean, weight / 4.0));
}
