// Joined into the pass that corrects skin with make-up: what that adds to a cell.

@group(0) @binding(8) var makeup: texture_2d_array<f32>;
@group(0) @binding(9) var linear: sampler;

fn correct_makeup(face: SkinFace, layer: u32, cell: vec2<u32>) -> vec3<f32> {
    let p = vec2<f32>(face.rect.xy) + (vec2<f32>(cell) + 0.5) * face.amounts.x;
    let nodes = vec2<f32>(textureDimensions(makeup));
    let place = (p - face.makeup.xy) / max(face.makeup.zw, vec2<f32>(1.0));
    let added = textureSampleLevel(makeup, linear, (place * (nodes - 1.0) + 0.5) / nodes, layer, 0.0).rgb;
    return select(vec3<f32>(0.0), added, face.makeup.z > 0.0 && all(place >= vec2<f32>(0.0)) && all(place <= vec2<f32>(1.0)));
}
