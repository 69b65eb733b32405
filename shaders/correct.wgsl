// In: cells, coefficients, mask, skin. Out: for each cell what is to be added to the picture there.
// Why: one texture that holds all changes of colour, 0 wherever is no skin; the last pass only adds it.

@group(0) @binding(0) var<uniform> frame: Frame;
@group(0) @binding(1) var cells: texture_2d_array<f32>;
@group(0) @binding(2) var coefficients: texture_2d_array<f32>;
@group(0) @binding(3) var mask: texture_2d_array<f32>;
@group(0) @binding(4) var linear: sampler;
@group(0) @binding(5) var<storage, read> skins: array<Skin, 32>;
@group(0) @binding(6) var corrections: texture_storage_2d_array<rgba16float, write>;

// A cell only holds part of a blemish's contrast; this makes up for it.
const GAIN = 1.32;

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let face = frame.faces[id.z];
    if any(id.xy >= face.grid.xy) || face.links.z == 0u || !common_counts(face, id.xy, 3.0) {
        return;
    }
    let rgb = textureLoad(cells, id.xy, id.z, 0).rgb;
    let place = (vec2<f32>(id.xy) + 0.5) * face.amounts.x / vec2<f32>(face.rect.zw);
    let covered = textureSampleLevel(mask, linear, place, id.z, 0.0).r;
    var change = vec3<f32>(0.0);
    if covered > 0.0 {
        // The filter's second box, over 3 × 3 blocks: four bilinear fetches.
        let block = (vec2<f32>(id.xy) + 0.5) / 2.0;
        let high = vec2<f32>(face.grid.zw) - 0.5;
        let scale = 1.0 / vec2<f32>(textureDimensions(coefficients));
        var q = vec4<f32>(0.0);
        var shift = vec4<f32>(0.0);
        for (var k = 0u; k < 4u; k++) {
            let off = vec2<f32>(f32(k & 1u), f32(k >> 1u)) * 1.5 - 0.75;
            let p = clamp(block + off, vec2<f32>(0.5), high) * scale;
            q += 0.25 * textureSampleLevel(coefficients, linear, p, id.z * 2u, 0.0);
            shift += 0.25 * textureSampleLevel(coefficients, linear, p, id.z * 2u + 1u, 0.0);
        }
        let even = GAIN * face.amounts.y * (q.w * rgb + q.rgb - rgb) + shift.rgb;
        // What is around may be skin where this cell is not: the rim of glasses, a strand of hair.
        let likeness = min(shift.a, common_likeness(rgb, skins[face.links.w]));
        change = covered * likeness * select(even, vec3<f32>(1.0), face.tint.w > 0.0);
    }
    textureStore(corrections, id.xy, id.z, vec4<f32>(change, 0.0));
}
