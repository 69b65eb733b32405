// In: moments, skin. Out: for each block the guided filter's coefficients, q = a·I + b, the shift of colour that brings
// the skin around it to the person's mean, and how like skin it is.
// Why: He, Sun, Tang, "Guided image filtering" (2013), with a steeper gate: a = v² / (v² + e²) instead of v / (v + ε)
// leaves edges almost alone where blemishes go. v is relative to the skin's own brightness, so every skin tone gets the
// same, and counts less where it is round: spots go, while folds, the nose's sides and other shapes stay.

@group(0) @binding(0) var<uniform> faces: array<SkinFace, 32>;
@group(0) @binding(1) var moments: texture_2d_array<f32>;
@group(0) @binding(2) var skins: texture_2d<f32>;
@group(0) @binding(3) var coefficients: texture_storage_2d_array<rgba16float, write>;

const THRESHOLD = 0.0045;
// What a blemish's variance counts for, beside an edge's 1.
const ROUND = 0.12;
const TONE = 0.85;
// What the tints change at 1, in OkLab: lightness, green to red, blue to yellow.
const TINT = vec3<f32>(0.06, 0.022, 0.022);

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
    let face = faces[group.z];
    let own = skin_block(face, id.xy, 1u);
    if own.z == 0u {
        return;
    }
    let skin = skin_statistics(skins, face);
    let last = vec2<i32>(face.grid.zw) - 1;
    var weight = 0.0;
    var mean = vec3<f32>(0.0);
    var luma = 0.0;
    var square = 0.0;
    var likeness = 0.0;
    // Brightness and weight of the 3 × 3 blocks around.
    var ys: array<f32, 9>;
    var ws: array<f32, 9>;
    for (var k = 0; k < 9; k++) {
        let block = clamp(vec2<i32>(own.xy) + vec2<i32>(k % 3 - 1, k / 3 - 1), vec2<i32>(0), last);
        let m = textureLoad(moments, block, group.z * 2u, 0);
        let v = textureLoad(moments, block, group.z * 2u + 1u, 0);
        let y = common_luma(m.rgb);
        ys[k] = y;
        ws[k] = m.w;
        weight += m.w;
        mean += m.w * m.rgb;
        luma += m.w * y;
        square += m.w * (y * y + v.r);
        if k == 4 {
            likeness = v.g;
        }
    }
    var a = 1.0;
    var b = vec3<f32>(0.0);
    var shift = vec3<f32>(0.0);
    if weight > 0.05 {
        mean /= weight;
        let y = luma / weight;
        // The structure tensor (Bigün and Granlund 1987) over the four corners between the blocks.
        var xx = 0.0;
        var yy = 0.0;
        var xy = 0.0;
        for (var k = 0; k < 4; k++) {
            let c = k % 2 + (k / 2) * 3;
            let w = min(min(ws[c], ws[c + 1]), min(ws[c + 3], ws[c + 4]));
            let dx = ys[c + 1] + ys[c + 4] - ys[c] - ys[c + 3];
            let dy = ys[c + 3] + ys[c + 4] - ys[c] - ys[c + 1];
            xx += w * dx * dx;
            yy += w * dy * dy;
            xy += w * dx * dy;
        }
        // 1 where brightness changes in one direction only, 0 where it does in all alike.
        let coherence = sqrt((xx - yy) * (xx - yy) + 4.0 * xy * xy) / (xx + yy + 1e-6);
        let v = max(square / weight - y * y, 0.0) / (y * y + 0.01) * mix(ROUND, 1.0, coherence * coherence);
        a = v * v / (v * v + THRESHOLD * THRESHOLD);
        b = mean * (1.0 - a);
        if face.amounts.z > 0.0 || any(face.tint.xyz != vec3<f32>(0.0)) {
            let lab = common_to_oklab(mean);
            var even = vec3<f32>(lab.x, mix(lab.yz, skin.colour.yz, TONE * face.amounts.z));
            // Light and shade keep their ends: what is almost white or black changes little.
            even += TINT * face.tint.xyz * vec3<f32>(4.0 * lab.x * (1.0 - lab.x), 1.0, 1.0);
            shift = common_from_oklab(even) - mean;
        }
    }
    textureStore(coefficients, own.xy, group.z * 2u, vec4<f32>(b, a));
    textureStore(coefficients, own.xy, group.z * 2u + 1u, vec4<f32>(shift, likeness));
}
