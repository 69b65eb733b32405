// In: cells, mask, skin. Out: for each block of 3 × 3 cells the mean colour of the skin in it, how much skin that is, and
// the variance of its brightness.
// Why: the guided filter needs local means and variances, and hair or a lip beside the skin must not enter them.

@group(0) @binding(0) var<uniform> frame: Frame;
@group(0) @binding(1) var cells: texture_2d_array<f32>;
@group(0) @binding(2) var mask: texture_2d_array<f32>;
@group(0) @binding(3) var<storage, read> skins: array<Skin, 32>;
@group(0) @binding(4) var linear: sampler;
@group(0) @binding(5) var moments: texture_storage_2d_array<rgba32float, write>;

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let face = frame.faces[id.z];
    if any(id.xy >= face.grid.zw) || face.links.z == 0u {
        return;
    }
    let skin = skins[face.links.w];
    let side = face.amounts.x / vec2<f32>(face.rect.zw);
    var weight = 0.0;
    var mean = vec3<f32>(0.0);
    var luma = 0.0;
    var square = 0.0;
    for (var j = 0u; j < 2u; j++) {
        for (var i = 0u; i < 2u; i++) {
            let cell = id.xy * 2u + vec2<u32>(i, j);
            if all(cell < face.grid.xy) {
                let rgb = textureLoad(cells, cell, id.z, 0).rgb;
                let place = (vec2<f32>(cell) + 0.5) * side;
                let w = textureSampleLevel(mask, linear, place, id.z, 0.0).r * common_likeness(rgb, skin);
                let y = common_luma(rgb);
                weight += w;
                mean += w * rgb;
                luma += w * y;
                square += w * y * y;
            }
        }
    }
    let n = max(weight, 1e-6);
    let y = luma / n;
    textureStore(moments, id.xy, id.z * 2u, vec4<f32>(mean / n, weight / 4.0));
    textureStore(moments, id.xy, id.z * 2u + 1u, vec4<f32>(max(square / n - y * y, 0.0), 0.0, 0.0, 0.0));
}
