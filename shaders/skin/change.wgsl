// Joined into the passes that finish the picture: what the stage before adds to it.

@group(0) @binding(5) var<uniform> skin_faces: array<SkinFace, 32>;
@group(0) @binding(6) var corrections: texture_2d_array<f32>;
@group(0) @binding(9) var skin_cells: texture_2d_array<f32>;
@group(0) @binding(10) var skin_slopes: texture_2d_array<f32>;
@group(0) @binding(11) var skin_means: texture_2d<f32>;

// What the faces whose skin it may be add to the colour at a place; in w whether it is anybody's.
fn skin_change(skin: u32, p: vec2<f32>, rgb: vec3<f32>) -> vec4<f32> {
    let fine = vec2<f32>(textureDimensions(corrections));
    let coarse = vec2<f32>(textureDimensions(skin_slopes));
    var change = vec4<f32>(0.0);
    var others = skin;
    for (var n = 0u; n < 32u; n++) {
        let k = min(firstTrailingBit(others), 31u);
        let face = skin_faces[k];
        let cell = (p - vec2<f32>(face.rect.xy)) / face.amounts.x;
        let low = vec2<f32>(face.core.xy);
        let high = vec2<f32>(face.core.zw);
        let place = clamp(cell, 2.0 * low + 0.5, min(2.0 * high, vec2<f32>(face.grid.xy)) - 0.5);
        let by = textureSampleLevel(corrections, linear, place / fine, k, 0.0);
        let around = textureSampleLevel(skin_cells, linear, place / fine, k, 0.0).rgb;
        let slope = textureSampleLevel(skin_slopes, linear, clamp(0.5 * cell, low + 0.5, high - 0.5) / coarse, k, 0.0).xyz;
        let brightness = textureLoad(skin_means, vec2<u32>(face.links.x, 0u), 0).x;
        // What is finer than a cell: strands of hair and the like are no skin, while noise changes nothing.
        let detail = rgb - around;
        let sharper = dot(slope, skin_guide(detail, brightness));
        let strand = sign(sharper) * max(abs(sharper) - 0.08, 0.0);
        let share = clamp(by.a + strand, 0.0, min(1.0, 2.5 * by.a + 0.05));
        let contrast = abs(common_luma(detail)) / (common_luma(around) + 0.05);
        let removed = details_gate(contrast, face.cores.x) * details_removed(detail, face.fading.x, face.extra.z);
        let shown = select(by.rgb - removed, vec3<f32>(1.0), face.extra.y > 0.0);
        change += select(vec4<f32>(0.0), vec4<f32>(share * shown, 1.0), others != 0u && common_within(face.bounds, p));
        others &= others - 1u;
        if others == 0u {
            break;
        }
    }
    return change;
}
