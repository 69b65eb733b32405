// In: blocks, likelihoods. Out: for each block how skin goes with colour around it: skin ≈ a · colour + b.
// Why: He, Sun, Tang, "Guided image filtering" (2013): so the field's edge lies where the picture's edge is.

@group(0) @binding(0) var<uniform> faces: array<SkinFace, 32>;
@group(0) @binding(1) var blocks: texture_2d_array<f32>;
@group(0) @binding(2) var places: texture_2d_array<f32>;
@group(0) @binding(3) var likelihoods: texture_2d_array<f32>;
@group(0) @binding(4) var means: texture_2d<f32>;
@group(0) @binding(5) var slopes: texture_storage_2d_array<rgba16float, write>;

const EPSILON = 3e-3;

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
    let face = faces[group.z];
    let own = skin_block(face, id.xy, 1u);
    if own.z == 0u {
        return;
    }
    let brightness = skin_brightness(face, means);
    let last = vec2<i32>(face.grid.zw) - 1;
    var mean = vec3<f32>(0.0);
    var skin = 0.0;
    var with_skin = vec3<f32>(0.0);
    // The squares' diagonal, and the products of red and green, red and blue, green and blue.
    var square = vec3<f32>(0.0);
    var cross_product = vec3<f32>(0.0);
    for (var k = 0; k < 9; k++) {
        let block = clamp(vec2<i32>(own.xy) + vec2<i32>(k % 3 - 1, k / 3 - 1), vec2<i32>(0), last);
        let c = skin_guide(textureLoad(blocks, block, group.z, 0).rgb, brightness);
        let place = textureLoad(places, block, group.z, 0);
        let p = smoothstep(0.35, 0.85, textureLoad(likelihoods, block, face.links.x, 0).r) * skin_allowed(place);
        mean += c / 9.0;
        skin += p / 9.0;
        with_skin += p * c / 9.0;
        square += c * c / 9.0;
        cross_product += c.xxy * c.yzz / 9.0;
    }
    let v = square - mean * mean + EPSILON;
    let w = cross_product - mean.xxy * mean.yzz;
    let covariance = with_skin - skin * mean;
    // The inverse of the symmetric matrix (v.x w.x w.y; w.x v.y w.z; w.y w.z v.z), by its cofactors.
    let c0 = vec3<f32>(v.y * v.z - w.z * w.z, w.y * w.z - w.x * v.z, w.x * w.z - w.y * v.y);
    let c1 = vec3<f32>(c0.y, v.x * v.z - w.y * w.y, w.x * w.y - v.x * w.z);
    let c2 = vec3<f32>(c0.z, c1.z, v.x * v.y - w.x * w.x);
    let determinant = max(dot(vec3<f32>(v.x, w.x, w.y), c0), 1e-13);
    let a = vec3<f32>(dot(c0, covariance), dot(c1, covariance), dot(c2, covariance)) / determinant;
    textureStore(slopes, own.xy, group.z, vec4<f32>(a, skin - dot(a, mean)));
}
