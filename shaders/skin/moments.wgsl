// In: cells, mask, skin. Out: for each block of 2 × 2 cells the mean colour of the skin in it, how much skin that is, the
// variance of its brightness, and how like this person's skin it is.
// Why: the guided filter needs local means and variances, and hair or a lip beside the skin must not enter them.

@group(0) @binding(0) var<uniform> faces: array<SkinFace, 32>;
@group(0) @binding(1) var cells: texture_2d_array<f32>;
@group(0) @binding(2) var mask: texture_2d_array<f32>;
@group(0) @binding(3) var skins: texture_2d<f32>;
@group(0) @binding(4) var linear: sampler;
@group(0) @binding(5) var moments: texture_storage_2d_array<rgba32float, write>;

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
    let face = faces[group.z];
    let block = skin_block(face, id.xy, 2u);
    if block.z == 0u {
        return;
    }
    let skin = skin_statistics(skins, face);
    let side = face.amounts.x / vec2<f32>(face.rect.zw);
    var count = 0.0;
    var all_cells = vec3<f32>(0.0);
    var weight = 0.0;
    var mean = vec3<f32>(0.0);
    var luma = 0.0;
    var square = 0.0;
    for (var j = 0u; j < 2u; j++) {
        for (var i = 0u; i < 2u; i++) {
            let cell = block.xy * 2u + vec2<u32>(i, j);
            if all(cell < face.grid.xy) {
                let rgb = textureLoad(cells, cell, group.z, 0).rgb;
                let w = textureSampleLevel(mask, linear, (vec2<f32>(cell) + 0.5) * side, group.z, 0.0).r;
                let y = common_luma(rgb);
                count += 1.0;
                all_cells += rgb;
                weight += w;
                mean += w * rgb;
                luma += w * y;
                square += w * y * y;
            }
        }
    }
    // A block as a whole is skin or it is not: single dark cells, a crease or a mole, belong to the skin around them.
    let likeness = skin_likeness(all_cells / max(count, 1.0), skin);
    let n = max(weight, 1e-6);
    let y = luma / n;
    textureStore(moments, block.xy, group.z * 2u, vec4<f32>(mean / n, weight / 4.0 * likeness));
    textureStore(moments, block.xy, group.z * 2u + 1u, vec4<f32>(max(square / n - y * y, 0.0), likeness, 0.0, 0.0));
}
