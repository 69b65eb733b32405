// In: the frame. Out: each face's grid of cells, the mean colour of a square of pixels each.
// Why: a cell is as large as the details that shall stay (pores). All that smoothing changes is worked out on cells and
// added to the full picture at the end, so what is finer than a cell passes untouched.

@group(0) @binding(0) var<uniform> frame: Frame;
@group(0) @binding(1) var input: texture_2d<f32>;
@group(0) @binding(2) var linear: sampler;
@group(0) @binding(3) var cells: texture_storage_2d_array<rgba16float, write>;

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let face = frame.faces[id.z];
    // What a pass does not reach from the skin stays as it was: nobody reads it.
    if any(id.xy >= face.grid.xy) || face.links.z == 0u || !common_counts(face, id.xy, 16.0) {
        return;
    }
    let size = vec2<f32>(frame.size.xy);
    let low = vec2<f32>(face.rect.xy) + 0.5;
    let high = low + vec2<f32>(face.rect.zw) - 1.0;
    let side = face.amounts.x;
    // One bilinear fetch covers two pixels; a cell has as many as it needs.
    let taps = clamp(u32(ceil(side * 0.5)), 1u, 8u);
    let step = side / f32(taps);
    let corner = vec2<f32>(face.rect.xy) + vec2<f32>(id.xy) * side;
    var sum = vec3<f32>(0.0);
    for (var j = 0u; j < taps; j++) {
        for (var i = 0u; i < taps; i++) {
            let p = corner + (vec2<f32>(f32(i), f32(j)) + 0.5) * step;
            sum += textureSampleLevel(input, linear, clamp(p, low, high) / size, 0.0).rgb;
        }
    }
    textureStore(cells, id.xy, id.z, vec4<f32>(sum / f32(taps * taps), 1.0));
}
