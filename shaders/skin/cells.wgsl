// In: the frame. Out: each face's grid of cells, the mean colour of a square of pixels each.
// Why: a cell is as large as the details that shall stay (pores). All that is known of the skin is worked out on cells or
// coarser; what is finer is told from the full picture at the end.

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
    // A cell's side is a whole number of pixels. Up to three of them are read one by one; of larger cells some places, each
    // the mean of four pixels.
    let side = u32(face.amounts.x);
    let corner = face.rect.xy + cell * side;
    let last = min(face.rect.xy + face.rect.zw, textureDimensions(input)) - 1u;
    var sum = vec3<f32>(0.0);
    // The loops end at their ends: where processors run this, lanes that are through would else sit out a round more.
    if side <= 3u {
        for (var j = 0u; j < 3u; j++) {
            for (var i = 0u; i < 3u; i++) {
                sum += textureLoad(input, min(corner + vec2<u32>(i, j), last), 0).rgb;
                if i + 1u == side {
                    break;
                }
            }
            if j + 1u == side {
                break;
            }
        }
        sum /= f32(side * side);
    } else {
        let taps = select(3u, 2u, side == 4u);
        let step = f32(side) / f32(taps);
        let size = vec2<f32>(textureDimensions(input));
        for (var j = 0u; j < 3u; j++) {
            for (var i = 0u; i < 3u; i++) {
                let p = vec2<f32>(corner) + (vec2<f32>(f32(i), f32(j)) + 0.5) * step;
                sum += textureSampleLevel(input, linear, min(p, vec2<f32>(last) + 0.5) / size, 0.0).rgb;
                if i + 1u == taps {
                    break;
                }
            }
            if j + 1u == taps {
                break;
            }
        }
        sum /= f32(taps * taps);
    }
    textureStore(cells, cell, group.z, vec4<f32>(sum, 1.0));
}
