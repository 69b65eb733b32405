// In: cells, slopes, the skin's mean colours, the blocks' changes. Out: for each cell what is to be added to the picture where
// it is skin, and how much of it is skin; the cell itself, and how skin goes with brightness there.
// Why: all that the last pass reads lies in two textures; it only adds. A block's four cells lie among the same
// blocks, so one invocation fetches those once.

@group(0) @binding(0) var<uniform> faces: array<SkinFace, 32>;
@group(0) @binding(1) var cells: texture_2d_array<f32>;
@group(0) @binding(2) var slopes: texture_2d_array<f32>;
@group(0) @binding(3) var skins: texture_2d_array<f32>;
@group(0) @binding(4) var changes: texture_2d_array<f32>;
@group(0) @binding(5) var means: texture_2d<f32>;
@group(0) @binding(6) var corrections: texture_storage_2d_array<rgba16float, write>;
@group(0) @binding(7) var details: texture_storage_2d_array<rgba16float, write>;

// How much the skin has to differ between a block's cells: less is noise.
const LEAST = 0.16;

// The values of a block's four cells, row by row, bilinearly between the blocks around.
fn correct_raised(grid: texture_2d_array<f32>, layer: u32, block: vec2<i32>, low: vec2<i32>, high: vec2<i32>) -> array<vec4<f32>, 4> {
    var near: array<vec4<f32>, 3>;
    var far: array<vec4<f32>, 3>;
    for (var j = 0; j < 3; j++) {
        let y = clamp(block.y + j - 1, low.y, high.y);
        let a = textureLoad(grid, vec2<i32>(max(block.x - 1, low.x), y), layer, 0);
        let b = textureLoad(grid, vec2<i32>(block.x, y), layer, 0);
        let c = textureLoad(grid, vec2<i32>(min(block.x + 1, high.x), y), layer, 0);
        near[j] = 0.25 * a + 0.75 * b;
        far[j] = 0.75 * b + 0.25 * c;
    }
    return array(
        0.25 * near[0] + 0.75 * near[1],
        0.25 * far[0] + 0.75 * far[1],
        0.75 * near[1] + 0.25 * near[2],
        0.75 * far[1] + 0.25 * far[2],
    );
}

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
    let face = faces[group.z];
    let own = skin_block(face, id.xy, 0u);
    if own.z == 0u {
        return;
    }
    let brightness = skin_brightness(face, means);
    // Slopes and colours reach a block beyond the core, changes do not.
    let wider = vec4<i32>(skin_wider(face)) - vec4<i32>(0, 0, 1, 1);
    let block = vec2<i32>(own.xy);
    let slope = correct_raised(slopes, group.z, block, wider.xy, wider.zw);
    let skin = correct_raised(skins, group.z, block, wider.xy, wider.zw);
    let change = correct_raised(changes, group.z, block, vec2<i32>(face.core.xy), vec2<i32>(face.core.zw) - 1);
    let here = textureLoad(changes, own.xy, group.z, 0);
    var colours: array<vec3<f32>, 4>;
    var mean = vec3<f32>(0.0);
    for (var k = 0u; k < 4u; k++) {
        let cell = min(own.xy * 2u + vec2<u32>(k & 1u, k >> 1u), face.grid.xy - 1u);
        colours[k] = textureLoad(cells, cell, group.z, 0).rgb;
        mean += 0.25 * colours[k];
    }
    for (var k = 0u; k < 4u; k++) {
        let cell = own.xy * 2u + vec2<u32>(k & 1u, k >> 1u);
        if all(cell < face.grid.xy) {
            let rgb = colours[k];
            // A cell differs from its block where that is no noise.
            let off = dot(slope[k].xyz, skin_guide(rgb - mean, brightness));
            let found = dot(slope[k].xyz, skin_guide(mean, brightness)) + slope[k].w
                + sign(off) * max(abs(off) - LEAST, 0.0);
            // Eyes and lips stay shut, whatever their colour.
            let share = smoothstep(0.05, 1.0, min(found, 1.6 * skin[k].w + 0.02));
            // A spot may lie in one block alone.
            let strength = select(change[k].w, max(change[k].w, here.w), here.w > 1.0);
            let finest = details_removed(rgb - skin[k].rgb, strength, face.fading.y, face.extra.z);
            let changed = change[k].rgb - finest + correct_makeup(face, group.z, cell);
            let correction = select(changed, vec3<f32>(1.0), face.extra.y > 0.0);
            textureStore(corrections, cell, group.z, vec4<f32>(correction, share));
            // What is finer than a cell differs by its brightness more than by its colour.
            let steepness = (slope[k].x + slope[k].y + slope[k].z) / (2.2 * brightness);
            textureStore(details, cell, group.z, vec4<f32>(rgb, steepness));
        }
    }
}
