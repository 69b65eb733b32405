// In: the frame. Out: each face's grid of cells, the mean colour of a square of pixels each.
// Why: a cell is as large as the details that shall stay (pores). All that smoothing changes is worked out on cells and
// added to the full picture at the end, so what is finer than a cell passes untouched.

@group(0) @binding(0) var<uniform> faces: array<SkinFace, 32>;
@group(0) @binding(1) var input: texture_2d<f32>;
@group(0) @binding(2) var linear: sampler;
@group(0) @binding(3) var cells: texture_storage_2d_array<rgba16float, write>;

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
    let face = faces[group.z];
    let cell = id.xy;
    if face.links.y == 0u || any(cell >= face.grid.xy) {
        return;
    }
    let size = vec2<f32>(textureDimensions(input));
    let low = vec2<f32>(face.rect.xy) + 0.5;
    let high = low + vec2<f32>(face.rect.zw) - 1.0;
    let side = face.amounts.x;
    // One bilinear fetch covers two pixels; a cell has as many as it needs.
    let taps = clamp(u32(ceil(side * 0.5)), 1u, 8u);
    let step = side / f32(taps);
    let corner = vec2<f32>(face.rect.xy) + vec2<f32>(cell) * side;
    var sum = vec3<f32>(0.0);
    // The loops end at their ends: where processors run this, lanes that are through would else sit out a round more.
    for (var j = 0u; j < 8u; j++) {
        for (var i = 0u; i < 8u; i++) {
            let p = corner + (vec2<f32>(f32(i), f32(j)) + 0.5) * step;
            sum += textureSampleLevel(input, linear, clamp(p, low, high) / size, 0.0).rgb;
            if i + 1u == taps {
                break;
            }
        }
        if j + 1u == taps {
            break;
        }
    }
    textureStore(cells, cell, group.z, vec4<f32>(sum / f32(taps * taps), 1.0));
}
