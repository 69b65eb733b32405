// In: where a face's places lie in the canonical face's flat picture, and how far they face the camera. Out: how much blush,
// contour, highlight and foundation is there.
// Why: shapes without edges lie on the face as it is turned; they are little work on a grid, and bilinear is fine between.

@group(0) @binding(0) var<uniform> faces: array<PaintFace, 32>;
@group(0) @binding(1) var places: texture_2d_array<f32>;
@group(0) @binding(2) var shapes: texture_storage_2d_array<rgba8unorm, write>;

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
    return 0.9 * soft_spot(p, vec2<f32>(0.155, 0.640), vec2<f32>(0.085, 0.028), 0.62)
        + 0.55 * soft_spot(p, vec2<f32>(0.10, 0.27), vec2<f32>(0.05, 0.075), 0.0)
        + 0.45 * soft_spot(p, vec2<f32>(0.447, 0.46), vec2<f32>(0.012, 0.075), 0.0)
        + 0.6 * soft_spot(p, vec2<f32>(0.24, 0.855), vec2<f32>(0.10, 0.028), 0.75);
}

fn soft_highlight(p: vec2<f32>) -> f32 {
    return 0.8 * soft_spot(p, vec2<f32>(0.185, 0.455), vec2<f32>(0.07, 0.018), 0.5)
        + 0.7 * soft_spot(p, vec2<f32>(0.5, 0.46), vec2<f32>(0.010, 0.075), 0.0)
        + 0.5 * soft_spot(p, vec2<f32>(0.478, 0.628), vec2<f32>(0.015, 0.010), 0.0)
        + 0.35 * soft_spot(p, vec2<f32>(0.5, 0.83), vec2<f32>(0.035, 0.02), 0.0)
        + 0.45 * soft_spot(p, vec2<f32>(0.5, 0.20), vec2<f32>(0.09, 0.055), 0.0)
        + 0.35 * soft_spot(p, vec2<f32>(0.30, 0.325), vec2<f32>(0.05, 0.012), 0.0);
}

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
    if faces[group.z].boxes[3].z == 0u {
        return;
    }
    let place = textureLoad(places, id.xy, group.z, 0);
    // The far cheek of a turned head fades out; where there is no face, nothing faces the camera.
    let facing = smoothstep(0.15, 0.55, place.z);
    let p = vec2<f32>(min(place.x, 1.0 - place.x), place.y);
    // Toward the mesh's border, which is no border of the face's, foundation ends.
    let rim = length((place.xy - vec2<f32>(0.5, 0.53)) / vec2<f32>(0.5, 0.45));
    let foundation = 1.0 - smoothstep(0.80, 1.0, rim);
    let blush = soft_blush(p, u32(faces[group.z].blush.y));
    textureStore(shapes, id.xy, group.z, facing * vec4<f32>(blush, soft_contour(p), soft_highlight(p), foundation));
}
