// Joined into the passes that finish the picture: what the stage before adds to it.

@group(0) @binding(5) var<uniform> skin_faces: array<SkinFace, 32>;
@group(0) @binding(6) var corrections: texture_2d_array<f32>;
@group(0) @binding(9) var details: texture_2d_array<f32>;

// From which contrast on a detail finer than a cell stays.
const CHANGE_CORE = 0.10;
// How much the skin has to differ by a detail finer than a cell: less is noise.
const CHANGE_LEAST = 0.15;

// What the faces whose skin it may be add to the colour at a place; in w whether it is anybody's.
fn skin_change(skin: u32, p: vec2<f32>, rgb: vec3<f32>) -> vec4<f32> {
    let size = vec2<f32>(textureDimensions(corrections));
    var change = vec4<f32>(0.0);
    var others = skin;
    for (var n = 0u; n < 32u; n++) {
        let k = min(firstTrailingBit(others), 31u);
        let cell = (p - vec2<f32>(skin_faces[k].rect.xy)) / skin_faces[k].amounts.x;
        let reach = skin_faces[k].cells;
        let place = clamp(cell, reach.xy + 0.5, reach.zw - 0.5) / size;
        let correction = textureSampleLevel(corrections, linear, place, k, 0.0);
        let around = textureSampleLevel(details, linear, place, k, 0.0);
        // What is finer than a cell: strands of hair and rims are no skin, while noise changes nothing.
        let detail = rgb - around.rgb;
        let y = common_luma(detail);
        let sharper = y * around.w;
        let strand = sign(sharper) * max(abs(sharper) - CHANGE_LEAST, 0.0);
        let share = clamp(correction.w + strand, 0.0, min(1.0, 2.5 * correction.w + 0.05));
        let contrast = y / (CHANGE_CORE * (common_luma(around.rgb) + 0.05));
        let square = contrast * contrast;
        let fading = skin_faces[k].fading.x / (1.0 + square * square);
        let within = others != 0u && share > 0.0 && all(cell >= reach.xy) && all(cell <= reach.zw);
        change += select(vec4<f32>(0.0), vec4<f32>(share * (correction.rgb - fading * detail), 1.0), within);
        others &= others - 1u;
        if others == 0u {
            break;
        }
    }
    return change;
}
