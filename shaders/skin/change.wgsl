// Joined into the passes that finish the picture: what the stage before adds to it.

@group(0) @binding(5) var<uniform> skin_faces: array<SkinFace, 32>;
@group(0) @binding(6) var corrections: texture_2d_array<f32>;

// What the faces whose skin it may be add to the colour at a place; in w whether it is anybody's.
fn skin_change(skin: u32, p: vec2<f32>) -> vec4<f32> {
    let size = vec2<f32>(textureDimensions(corrections));
    var change = vec4<f32>(0.0);
    var others = skin;
    for (var n = 0u; n < 32u; n++) {
        let k = min(firstTrailingBit(others), 31u);
        let face = skin_faces[k];
        let cell = (p - vec2<f32>(face.rect.xy)) / face.amounts.x;
        let place = clamp(cell, vec2<f32>(0.5), vec2<f32>(face.grid.xy) - 0.5);
        let by = textureSampleLevel(corrections, linear, place / size, k, 0.0).rgb;
        change += select(vec4<f32>(0.0), vec4<f32>(by, 1.0), others != 0u && common_within(face.bounds, p));
        others &= others - 1u;
        if others == 0u {
            break;
        }
    }
    return change;
}
