// Joined into the passes that finish the picture: where the faces' shapes move it. ShapeFace mirrors src/gpu/stages/shape.rs
// byte for byte.

struct ShapeFace {
    // What the nodes of its field lie over: x, y, width, height.
    rect: vec4<u32>,
    // The part of the rectangle that may move: from left and top to right and bottom.
    bounds: vec4<u32>,
}

@group(0) @binding(7) var<uniform> shape_faces: array<ShapeFace, 32>;
@group(0) @binding(8) var fields: texture_2d_array<f32>;

// Where the faces that move a pixel take it from, less its own place.
fn shape_shift(moving: u32, p: vec2<f32>) -> vec2<f32> {
    let nodes = vec2<f32>(textureDimensions(fields));
    var shift = vec2<f32>(0.0);
    var others = moving;
    // The loop ends by its own count: on software devices, lanes that are through would else sit out more rounds.
    for (var n = 0u; n < 32u; n++) {
        let k = min(firstTrailingBit(others), 31u);
        let face = shape_faces[k];
        let place = (p - vec2<f32>(face.rect.xy)) / vec2<f32>(face.rect.zw);
        let by = textureSampleLevel(fields, linear, (place * (nodes - 1.0) + 0.5) / nodes, k, 0.0).xy;
        shift += select(vec2<f32>(0.0), by, others != 0u && common_within(face.bounds, p));
        others &= others - 1u;
        if others == 0u {
            break;
        }
    }
    return shift;
}
