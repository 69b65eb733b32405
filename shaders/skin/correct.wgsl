// In: cells, coefficients, mask, skin. Out: for each cell what is to be added to the picture there.
// Why: one texture that holds all changes of colour, 0 wherever is no skin; the last pass only adds it. A block's four
// cells lie among the same blocks, so one invocation fetches those once.

@group(0) @binding(0) var<uniform> faces: array<SkinFace, 32>;
@group(0) @binding(1) var cells: texture_2d_array<f32>;
@group(0) @binding(2) var coefficients: texture_2d_array<f32>;
@group(0) @binding(3) var mask: texture_2d_array<f32>;
@group(0) @binding(4) var linear: sampler;
@group(0) @binding(5) var skins: texture_2d<f32>;
@group(0) @binding(6) var corrections: texture_storage_2d_array<rgba16float, write>;

// A cell only holds part of a blemish's contrast; this makes up for it.
const GAIN = 1.32;

// The filter's second box, three blocks wide, about the near and about the far cell of a block: the mean of two places
// between the blocks, 1.5 blocks apart.
fn correct_box(a: vec4<f32>, b: vec4<f32>, c: vec4<f32>) -> array<vec4<f32>, 2> {
    return array(0.5 * a + 0.25 * (b + c), 0.25 * (a + b) + 0.5 * c);
}

// The coefficients of a block's four cells, row by row, out of one layer.
fn correct_boxes(block: vec2<i32>, last: vec2<i32>, layer: u32) -> array<vec4<f32>, 4> {
    var rows: array<array<vec4<f32>, 2>, 3>;
    for (var j = 0; j < 3; j++) {
        let y = clamp(block.y + j - 1, 0, last.y);
        rows[j] = correct_box(
            textureLoad(coefficients, vec2<i32>(max(block.x - 1, 0), y), layer, 0),
            textureLoad(coefficients, vec2<i32>(block.x, y), layer, 0),
            textureLoad(coefficients, vec2<i32>(min(block.x + 1, last.x), y), layer, 0),
        );
    }
    let near = correct_box(rows[0][0], rows[1][0], rows[2][0]);
    let far = correct_box(rows[0][1], rows[1][1], rows[2][1]);
    return array(near[0], far[0], near[1], far[1]);
}

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
    let face = faces[group.z];
    let block = skin_block(face, id.xy, 0u);
    if block.z == 0u {
        return;
    }
    let last = vec2<i32>(face.grid.zw) - 1;
    let q = correct_boxes(vec2<i32>(block.xy), last, group.z * 2u);
    let shift = correct_boxes(vec2<i32>(block.xy), last, group.z * 2u + 1u);
    let skin = skin_statistics(skins, face);
    for (var k = 0u; k < 4u; k++) {
        let cell = block.xy * 2u + vec2<u32>(k & 1u, k >> 1u);
        if all(cell < face.grid.xy) {
            let rgb = textureLoad(cells, cell, group.z, 0).rgb;
            let place = (vec2<f32>(cell) + 0.5) * face.amounts.x / vec2<f32>(face.rect.zw);
            let covered = textureSampleLevel(mask, linear, place, group.z, 0.0).r;
            let even = GAIN * face.amounts.y * (q[k].w * rgb + q[k].rgb - rgb) + shift[k].rgb;
            // What is around may be skin where this cell is not: the rim of glasses, a strand of hair.
            let likeness = min(shift[k].a, skin_likeness(rgb, skin));
            let change = covered * likeness * select(even, vec3<f32>(1.0), face.tint.w > 0.0);
            textureStore(corrections, cell, group.z, vec4<f32>(change, 0.0));
        }
    }
}
