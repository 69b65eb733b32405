// In: the skin's mean colours by squares. Out: by squares of 4 × 4 blocks their mean; what colour the skin around is without
// blotches, light and lips; what it is without shine.
// Why: what is even by itself is known from a tenth of a face's width around, and little enough for one workgroup.

@group(0) @binding(0) var<uniform> faces: array<SkinFace, 32>;
@group(0) @binding(1) var halved: texture_2d_array<f32>;
@group(0) @binding(2) var surround: texture_storage_2d_array<rgba16float, write>;

const LANES = 64u;
// Most places a side, and most for each lane.
const SIDE = 40u;
const EACH = 25u;

// Colour in OkLab times weight, and the weight, in sixteen bits each: a sign, five bits of exponent from 2⁻³⁰ on, ten of
// mantissa. Half floats would do, but not every device packs them.
var<workgroup> stored: array<vec2<u32>, 1600>;

// The bits of 2⁻³⁰.
const LEAST = 0x30800000u;

fn surround_put(index: u32, value: vec4<f32>) {
    let bits = bitcast<vec4<u32>>(value);
    let above = max(bits & vec4<u32>(0x7fffffffu), vec4<u32>(LEAST)) - LEAST;
    let size = min((above + 0x1000u) >> vec4<u32>(13u), vec4<u32>(0x7fffu));
    let short = ((bits >> vec4<u32>(16u)) & vec4<u32>(0x8000u)) | size;
    stored[index] = short.xy | (short.zw << vec2<u32>(16u));
}

fn surround_get(index: u32) -> vec4<f32> {
    let pair = stored[index];
    let short = vec4<u32>(pair & vec2<u32>(0xffffu), pair >> vec2<u32>(16u));
    let size = ((short & vec4<u32>(0x7fffu)) << vec4<u32>(13u)) + LEAST;
    return bitcast<vec4<f32>>(((short & vec4<u32>(0x8000u)) << vec4<u32>(16u)) | size);
}

// One of the four squares of a place, or the nearest that there is.
fn surround_square(place: vec2<u32>, k: u32, squares: vec4<u32>, layer: u32) -> vec4<f32> {
    let square = clamp(place * 2u + vec2<u32>(k & 1u, k >> 1u), squares.xy, squares.zw - 1u);
    return textureLoad(halved, square, layer, 0);
}

// The mean around a place: a Gaussian of one place, as binomial weights.
fn surround_mean(index: u32, size: vec2<u32>) -> vec3<f32> {
    let shares = array<f32, 5>(1.0, 4.0, 6.0, 4.0, 1.0);
    let at = vec2<i32>(vec2<u32>(index % size.x, index / size.x));
    var sum = vec4<f32>(0.0);
    for (var k = 0; k < 25; k++) {
        let place = at + vec2<i32>(k % 5 - 2, k / 5 - 2);
        if all(place >= vec2<i32>(0)) && all(place < vec2<i32>(size)) {
            sum += shares[k % 5] * shares[k / 5] * surround_get(u32(place.y) * size.x + u32(place.x));
        }
    }
    return sum.xyz / max(sum.w, 1e-6);
}

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
    let face = faces[group.z];
    if face.links.y == 0u {
        return;
    }
    let wider = skin_wider(face);
    let squares = vec4<u32>(wider.xy / 2u, (wider.zw + 1u) / 2u);
    let origin = squares.xy / 2u;
    let size = min((squares.zw + 1u) / 2u - origin, vec2<u32>(SIDE));
    let count = size.x * size.y;
    let rounds = (count + LANES - 1u) / LANES;
    var means: array<vec3<f32>, EACH>;
    for (var k = 0u; k < min(rounds, EACH); k++) {
        let index = lane + k * LANES;
        if index < count {
            let place = origin + vec2<u32>(index % size.x, index / size.x);
            var sum = vec4<f32>(0.0);
            for (var j = 0u; j < 4u; j++) {
                let skin = surround_square(place, j, squares, group.z);
                sum += vec4<f32>(skin.rgb, 1.0) * (skin.w + 0.001);
            }
            let mean = sum.rgb / sum.w;
            textureStore(surround, place, group.z * 3u, vec4<f32>(mean, sum.w / 4.0 - 0.001));
            surround_put(index, vec4<f32>(common_to_oklab(mean), 1.0) * sum.w / 4.0);
        }
    }
    workgroupBarrier();
    for (var k = 0u; k < min(rounds, EACH); k++) {
        let index = lane + k * LANES;
        if index < count {
            means[k] = surround_mean(index, size);
        }
    }
    workgroupBarrier();
    // The colour around, once without what differs from it in colour, once without what is brighter.
    for (var layer = 1u; layer < 3u; layer++) {
        for (var k = 0u; k < min(rounds, EACH); k++) {
            let index = lane + k * LANES;
            if index < count {
                let place = origin + vec2<u32>(index % size.x, index / size.x);
                var sum = vec4<f32>(0.0);
                for (var j = 0u; j < 4u; j++) {
                    let skin = surround_square(place, j, squares, group.z);
                    let lab = common_to_oklab(skin.rgb);
                    let off = (lab.yz - means[k].yz) / 0.035;
                    let alike = exp(-dot(off, off)) + 0.001;
                    let dull = 1.0 - 0.95 * smoothstep(0.01, 0.06, lab.x - means[k].x);
                    sum += vec4<f32>(lab, 1.0) * (skin.w + 0.001) * select(dull, alike, layer == 1u);
                }
                surround_put(index, sum / 4.0);
            }
        }
        workgroupBarrier();
        for (var k = 0u; k < min(rounds, EACH); k++) {
            let index = lane + k * LANES;
            if index < count {
                let place = origin + vec2<u32>(index % size.x, index / size.x);
                let mean = surround_mean(index, size);
                let lightness = select(mean.x, means[k].x, layer == 1u);
                textureStore(surround, place, group.z * 3u + layer, vec4<f32>(lightness, mean.yz, 0.0));
            }
        }
        workgroupBarrier();
    }
}
