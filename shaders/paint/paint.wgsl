// In: the frame, distances, what is seen around mouth and eyes, statistics, tiles. Out: what paint adds
// to the frame, pixel by pixel, in place; 1 in w where it adds anything.
// Why: the last passes move the picture, and its paint with it. All effects in one visit of a pixel, in OkLab, in the order that a
// face is made up. What the skin's passes change is added besides: lips, eyes and brows are no skin to them.

@group(0) @binding(18) var painted: texture_storage_2d<rgba16float, write>;

@compute @workgroup_size(16, 16, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let index = paint_index(group);
    if index >= paint_end() {
        return;
    }
    let tile = compose_tile(index);
    let pixel = tile.place * 16u + local.xy;
    let p = vec2<f32>(pixel) + 0.5;
    let rgb = textureLoad(input, min(pixel, frame.size.xy - 1u), 0).rgb;
    let before = common_to_oklab(rgb);
    var lab = before;
    var others = tile.paint;
    for (var n = 0u; n < 32u; n++) {
        let k = min(firstTrailingBit(others), 31u);
        lab = select(lab, paint_parts(k, p, lab), others != 0u);
        others &= others - 1u;
        if others == 0u {
            break;
        }
    }
    let change = clamp(common_from_oklab(lab), vec3<f32>(0.0), vec3<f32>(1.0)) - rgb;
    if all(pixel < frame.size.xy) {
        textureStore(painted, pixel, select(vec4<f32>(0.0), vec4<f32>(change, 1.0), any(lab != before)));
    }
}
