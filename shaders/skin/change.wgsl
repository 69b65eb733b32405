// Joined into the passes that finish the picture: what the stage before adds to it.

@group(0) @binding(5) var<uniform> skin_faces: array<SkinFace, 32>;
@group(0) @binding(6) var corrections: texture_2d_array<f32>;
@group(0) @binding(9) var details: texture_2d_array<f32>;

// From which contrast on a detail finer than a cell stays.
const CHANGE_CORE = 0.07;
// How much the skin has to differ by a detail finer than a cell: less is noise.
const CHANGE_LEAST = 0.35;

// What is known of a face's skin at a place.
struct SkinSample {
    // What is to be added, and how much of it is skin.
    correction: vec4<f32>,
    // The colour around, and how skin goes with brightness.
    around: vec4<f32>,
    // How much of the details finer than a cell goes.
    fading: f32,
}

fn skin_sample(k: u32, p: vec2<f32>) -> SkinSample {
    let cell = (p - vec2<f32>(skin_faces[k].rect.xy)) / skin_faces[k].amounts.x;
    let reach = skin_faces[k].cells;
    let place = clamp(cell, reach.xy + 0.5, reach.zw - 0.5) / vec2<f32>(textureDimensions(corrections));
    let correction = textureSampleLevel(corrections, linear, place, k, 0.0);
    let within = all(cell >= reach.xy) && all(cell <= reach.zw);
    return SkinSample(
        vec4<f32>(correction.rgb, select(0.0, correction.w, within)),
        textureSampleLevel(details, linear, place, k, 0.0),
        skin_faces[k].fading.x,
    );
}

// What is added to a colour there; in w how much of it is skin.
fn skin_added(skin: SkinSample, rgb: vec3<f32>) -> vec4<f32> {
    // What is finer than a cell: strands of hair and rims are no skin, while noise changes nothing.
    let detail = rgb - skin.around.rgb;
    let y = common_luma(detail);
    let sharper = y * skin.around.w;
    let strand = sign(sharper) * max(abs(sharper) - CHANGE_LEAST, 0.0);
    let most = min(1.0, 2.5 * skin.correction.w + 0.05 * sign(skin.correction.w));
    let share = clamp(skin.correction.w + strand, 0.0, most);
    let contrast = y / (CHANGE_CORE * (common_luma(skin.around.rgb) + 0.03));
    let square = contrast * contrast;
    return share * vec4<f32>(skin.correction.rgb - skin.fading / (1.0 + square * square) * detail, 1.0);
}

// What the faces whose skin it may be add to the colour at a place; in w how much of it is skin.
fn skin_change(skin: u32, p: vec2<f32>, rgb: vec3<f32>) -> vec4<f32> {
    var change = vec4<f32>(0.0);
    var others = skin;
    for (var n = 0u; n < 32u; n++) {
        let k = min(firstTrailingBit(others), 31u);
        change += select(vec4<f32>(0.0), skin_added(skin_sample(k, p), rgb), others != 0u);
        others &= others - 1u;
        if others == 0u {
            break;
        }
    }
    return change;
}
