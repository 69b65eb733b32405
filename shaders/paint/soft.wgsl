// In: the frame, where a face's places lie in the canonical face's flat picture and how far they face the camera, statistics. Out:
// what foundation, contour, highlight and blush add to skin there.
// Why: shapes without edges lie on the face as it is turned. What they add is smooth, so it is worked out on a grid; the skin's
// passes add it where skin is, and leave out hair and rims.

@group(0) @binding(0) var<uniform> faces: array<PaintFace, 32>;
@group(0) @binding(1) var input: texture_2d<f32>;
@group(0) @binding(2) var linear: sampler;
@group(0) @binding(3) var places: texture_2d_array<f32>;
@group(0) @binding(4) var statistics: texture_2d<f32>;
@group(0) @binding(5) var makeup: texture_storage_2d_array<rgba16float, write>;

fn soft_known(layer: u32, column: u32) -> vec3<f32> {
    return textureLoad(statistics, vec2<u32>(column, layer), 0).xyz;
}

// A Gaussian around a place, whose longer axis is turned.
fn soft_spot(p: vec2<f32>, middle: vec2<f32>, sigma: vec2<f32>, turn: f32) -> f32 {
    let off = p - middle;
    let c = cos(turn);
    let s = sin(turn);
    let q = vec2<f32>(c * off.x + s * off.y, c * off.y - s * off.x) / sigma;
    return exp(-0.5 * dot(q, q));
}

fn soft_blush(p: vec2<f32>, style: u32) -> f32 {
    if style == 1u {
        return soft_spot(p, vec2<f32>(0.185, 0.505), vec2<f32>(0.090, 0.042), 0.55);
    }
    if style == 2u {
        let nose = 0.8 * soft_spot(p, vec2<f32>(0.50, 0.50), vec2<f32>(0.10, 0.030), 0.0);
        return max(soft_spot(p, vec2<f32>(0.22, 0.52), vec2<f32>(0.08, 0.04), 0.1), nose);
    }
    return soft_spot(p, vec2<f32>(0.235, 0.555), vec2<f32>(0.070, 0.052), 0.0);
}

fn soft_contour(p: vec2<f32>) -> f32 {
    return 0.62 * soft_spot(p, vec2<f32>(0.155, 0.640), vec2<f32>(0.090, 0.040), 0.62)
        + 0.45 * soft_spot(p, vec2<f32>(0.10, 0.27), vec2<f32>(0.05, 0.075), 0.0)
        + 0.45 * soft_spot(p, vec2<f32>(0.447, 0.46), vec2<f32>(0.012, 0.075), 0.0)
        + 0.6 * soft_spot(p, vec2<f32>(0.24, 0.855), vec2<f32>(0.10, 0.028), 0.75);
}

fn soft_highlight(p: vec2<f32>) -> f32 {
    return 0.8 * soft_spot(p, vec2<f32>(0.185, 0.455), vec2<f32>(0.07, 0.018), 0.5)
        + 0.7 * soft_spot(p, vec2<f32>(0.5, 0.46), vec2<f32>(0.010, 0.075), 0.0)
        + 0.5 * soft_spot(p, vec2<f32>(0.478, 0.628), vec2<f32>(0.015, 0.010), 0.0)
        + 0.35 * soft_spot(p, vec2<f32>(0.5, 0.83), vec2<f32>(0.035, 0.02), 0.0)
        + 0.32 * soft_spot(p, vec2<f32>(0.5, 0.20), vec2<f32>(0.09, 0.055), 0.0)
        + 0.35 * soft_spot(p, vec2<f32>(0.30, 0.325), vec2<f32>(0.05, 0.012), 0.0);
}

// The colour of a place in OkLab once it is made up; shape: how much blush, contour, highlight, foundation is there.
fn soft_made_up(layer: u32, before: vec3<f32>, shape: vec4<f32>) -> vec3<f32> {
    let own = soft_known(layer, PAINT_SKIN);
    let tint = faces[layer].skin.y;
    var lab = before;
    // Foundation: what differs in the large from the skin's own colour goes; what is finer stays. What differs more than skin by
    // itself does is coloured light, or no skin.
    let product = soft_known(layer, PAINT_FOUNDATION);
    let wanted = mix(own.yz, product.yz * own.x / max(product.x, 0.05), 0.5 * tint);
    let step = wanted * before.x / own.x - before.yz;
    let far = (own.yz * before.x / own.x - before.yz) / 0.10;
    lab += shape.w * vec3<f32>(
        tint * clamp(0.5 * (product.x - own.x), -0.05, 0.05),
        mix(0.55, 0.8, tint) * exp(-dot(far, far)) * step,
    );
    // Contour is shade, warm as shade on skin is.
    lab = lab * (1.0 - 0.24 * shape.y) + shape.y * vec3<f32>(0.0, 0.002, 0.004);
    // Highlight where the face already catches the light.
    let raised = 0.35 + 0.65 * smoothstep(-0.03, 0.05, before.x - own.x);
    lab.x += 0.11 * shape.z * raised * clamp((1.15 - lab.x) / 0.35, 0.0, 1.0) * clamp(own.x / 0.7, 0.6, 1.0);
    return lab + 0.55 * shape.x * clamp(before.x / own.x, 0.5, 1.2) * soft_known(layer, PAINT_BLUSH);
}

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
    let layer = group.z;
    let area = faces[layer].soft;
    if area.z == 0.0 {
        return;
    }
    let place = textureLoad(places, id.xy, layer, 0);
    // The far cheek of a turned head fades out; where there is no face, nothing faces the camera.
    let facing = smoothstep(0.15, 0.55, place.z);
    let p = vec2<f32>(min(place.x, 1.0 - place.x), place.y);
    // Toward the mesh's border, which is no border of the face's, foundation ends.
    let rim = length((place.xy - vec2<f32>(0.5, 0.53)) / vec2<f32>(0.5, 0.45));
    let foundation = 1.0 - smoothstep(0.80, 1.0, rim);
    let amounts = vec4<f32>(faces[layer].blush.x, faces[layer].skin.z, faces[layer].skin.w, faces[layer].skin.x);
    let blush = soft_blush(p, u32(faces[layer].blush.y));
    let shape = facing * amounts * vec4<f32>(blush, soft_contour(p), soft_highlight(p), foundation);
    // The colour there, without what is finer than a cheek's shading.
    let nodes = vec2<f32>(textureDimensions(places));
    let size = vec2<f32>(textureDimensions(input));
    let middle = area.xy + vec2<f32>(id.xy) / (nodes - 1.0) * area.zw;
    let radius = 0.012 * faces[layer].size.x;
    var rgb = vec3<f32>(0.0);
    for (var k = 0u; k < 4u; k++) {
        let at = middle + (vec2<f32>(f32(k & 1u), f32(k >> 1u)) * 2.0 - 1.0) * radius;
        rgb += 0.25 * textureSampleLevel(input, linear, clamp(at, vec2<f32>(0.5), size - 0.5) / size, 0.0).rgb;
    }
    let lab = soft_made_up(layer, common_to_oklab(rgb), shape);
    let change = clamp(common_from_oklab(lab), vec3<f32>(0.0), vec3<f32>(1.0)) - rgb;
    let added = select(vec3<f32>(0.0), change, any(shape > vec4<f32>(0.0)));
    textureStore(makeup, id.xy, layer, vec4<f32>(added, 0.0));
}
