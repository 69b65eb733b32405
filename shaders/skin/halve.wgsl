// In: the skin's mean colours by blocks. Out: the same by squares of 2 × 2 blocks.
// Why: each coarser grid is a band of details.

@group(0) @binding(0) var<uniform> faces: array<SkinFace, 32>;
@group(0) @binding(1) var skins: texture_2d_array<f32>;
@group(0) @binding(2) var halved: texture_storage_2d_array<rgba16float, write>;

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
    let face = faces[group.z];
    let wider = skin_wider(face);
    let square = wider.xy / 2u + id.xy;
    if face.links.y == 0u || any(square * 2u >= wider.zw) {
        return;
    }
    var sum = vec4<f32>(0.0);
    for (var k = 0u; k < 4u; k++) {
        let block = clamp(square * 2u + vec2<u32>(k & 1u, k >> 1u), wider.xy, wider.zw - 1u);
        let skin = textureLoad(skins, block, group.z, 0);
        sum += vec4<f32>(skin.rgb, 1.0) * (skin.w + 0.001);
    }
    textureStore(halved, square, group.z, vec4<f32>(sum.rgb / sum.w, sum.w / 4.0 - 0.001));
}
