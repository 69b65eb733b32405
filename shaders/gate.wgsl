// In: moments, skin. Out: for each block the guided filter's coefficients, q = a·I + b, and the shift of colour that brings
// the skin around it to the person's mean.
// Why: He, Sun, Tang, "Guided image filtering" (2013), with a steeper gate: a = v² / (v² + e²) instead of v / (v + ε)
// leaves edges almost alone where blemishes go. v is relative to the skin's own brightness, so every skin tone gets the
// same.

@group(0) @binding(0) var<uniform> frame: Frame;
@group(0) @binding(1) var moments: texture_2d_array<f32>;
@group(0) @binding(2) var<storage, read> skins: array<Skin, 32>;
@group(0) @binding(3) var coefficients: texture_storage_2d_array<rgba16float, write>;

const THRESHOLD = 0.015;
const TONE = 0.85;

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let face = frame.faces[id.z];
    if any(id.xy >= face.grid.zw) || face.links.z == 0u {
        return;
    }
    let skin = skins[face.links.w];
    let last = vec2<i32>(face.grid.zw) - 1;
    var weight = 0.0;
    var mean = vec3<f32>(0.0);
    var luma = 0.0;
    var square = 0.0;
    for (var j = -1; j <= 1; j++) {
        for (var i = -1; i <= 1; i++) {
            let block = clamp(vec2<i32>(id.xy) + vec2<i32>(i, j), vec2<i32>(0), last);
            let m = textureLoad(moments, block, id.z * 2u, 0);
            let v = textureLoad(moments, block, id.z * 2u + 1u, 0).r;
            let y = common_luma(m.rgb);
            weight += m.w;
            mean += m.w * m.rgb;
            luma += m.w * y;
            square += m.w * (y * y + v);
        }
    }
    var a = 1.0;
    var b = vec3<f32>(0.0);
    var shift = vec3<f32>(0.0);
    if weight > 0.05 {
        mean /= weight;
        let y = luma / weight;
        let v = max(square / weight - y * y, 0.0) / (y * y + 0.01);
        a = v * v / (v * v + THRESHOLD * THRESHOLD);
        b = mean * (1.0 - a);
        if face.amounts.z > 0.0 {
            let lab = common_to_oklab(mean);
            let even = vec3<f32>(lab.x, mix(lab.yz, skin.colour.yz, TONE * face.amounts.z));
            shift = common_from_oklab(even) - mean;
        }
    }
    textureStore(coefficients, id.xy, id.z * 2u, vec4<f32>(b, a));
    textureStore(coefficients, id.xy, id.z * 2u + 1u, vec4<f32>(shift, 0.0));
}
