// In: the frame, corrections, fields of displacements. Out: the faces' rectangles, finished.
// Why: the one pass at full size. It writes over a copy of the frame: a pixel that neither moves nor changes is left alone.

@group(0) @binding(0) var<uniform> frame: Frame;
@group(0) @binding(1) var input: texture_2d<f32>;
@group(0) @binding(2) var corrections: texture_2d_array<f32>;
@group(0) @binding(3) var fields: texture_2d_array<f32>;
@group(0) @binding(4) var linear: sampler;
@group(0) @binding(5) var output: texture_storage_2d<rgba8unorm, write>;

// Weights of the cubic of Catmull and Rom (1974) at the share t between two pixels.
fn compose_cubic(t: f32) -> vec4<f32> {
    return vec4<f32>(
        t * (t * (1.0 - 0.5 * t) - 0.5),
        1.0 + t * t * (1.5 * t - 2.5),
        t * (t * (2.0 - 1.5 * t) + 0.5),
        t * t * (0.5 * t - 0.5),
    );
}

// The frame at a place between pixels: sharper than bilinear, so that moved skin keeps its pores.
fn compose_fetch(p: vec2<f32>) -> vec4<f32> {
    let base = floor(p - 0.5);
    let share = p - 0.5 - base;
    let wx = compose_cubic(share.x);
    let wy = compose_cubic(share.y);
    let last = vec2<i32>(frame.size.xy) - 1;
    var sum = vec4<f32>(0.0);
    for (var j = 0; j < 4; j++) {
        var row = vec4<f32>(0.0);
        for (var i = 0; i < 4; i++) {
            let at = clamp(vec2<i32>(base) + vec2<i32>(i - 1, j - 1), vec2<i32>(0), last);
            row += wx[i] * textureLoad(input, at, 0);
        }
        sum += wy[j] * row;
    }
    return sum;
}

fn compose_inside(face: Face, p: vec2<f32>) -> bool {
    let low = vec2<f32>(face.rect.xy);
    return all(p >= low) && all(p <= low + vec2<f32>(face.rect.zw));
}

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let own = frame.faces[id.z];
    if any(id.xy >= own.rect.zw) {
        return;
    }
    let pixel = own.rect.xy + id.xy;
    let p = vec2<f32>(pixel) + 0.5;
    var shift = vec2<f32>(0.0);
    var others = own.links.x;
    for (var k = 0u; k < 32u && others != 0u; k++) {
        let bit = 1u << k;
        if (others & bit) != 0u {
            others &= ~bit;
            let face = frame.faces[k];
            if compose_inside(face, p) {
                if k < id.z {
                    return; // Face k's own dispatch writes this pixel.
                }
                if face.links.y != 0u && common_within(face.moving, p, 0.0) {
                    let nodes = vec2<f32>(textureDimensions(fields));
                    let place = (p - vec2<f32>(face.rect.xy)) / vec2<f32>(face.rect.zw);
                    shift += textureSampleLevel(fields, linear, (place * (nodes - 1.0) + 0.5) / nodes, k, 0.0).xy;
                }
            }
        }
    }
    var change = vec3<f32>(0.0);
    var on_skin = false;
    others = own.links.x;
    for (var k = 0u; k < 32u && others != 0u; k++) {
        let bit = 1u << k;
        if (others & bit) != 0u {
            others &= ~bit;
            let face = frame.faces[k];
            if face.links.z != 0u && common_within(face.skin, p + shift, 0.0) {
                on_skin = true;
                let cell = (p + shift - vec2<f32>(face.rect.xy)) / face.amounts.x;
                let place = clamp(cell, vec2<f32>(0.5), vec2<f32>(face.grid.xy) - 0.5);
                let size = vec2<f32>(textureDimensions(corrections));
                change += textureSampleLevel(corrections, linear, place / size, k, 0.0).rgb;
            }
        }
    }
    let still = all(shift == vec2<f32>(0.0));
    if still && !on_skin {
        return;
    }
    var colour: vec4<f32>;
    if still {
        colour = textureLoad(input, pixel, 0);
    } else {
        colour = clamp(compose_fetch(p + shift), vec4<f32>(0.0), vec4<f32>(1.0));
    }
    if own.tint.w > 0.0 {
        // Only where skin is shall be seen; where alpha is 0, that was looked for.
        colour = vec4<f32>(0.0);
    }
    textureStore(output, pixel, vec4<f32>(colour.rgb + change, colour.a));
}
