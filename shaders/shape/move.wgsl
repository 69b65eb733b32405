// In: the frame, the shapes' fields, tiles. Out: the tiles that move and hold no skin, finished.
// Why: most of what moves is no skin, and waits for no other stage.

@compute @workgroup_size(16, 16, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let index = compose_index(group, frame.tiles.z);
    if index >= frame.tiles.w {
        return;
    }
    let tile = compose_tile(index);
    let pixel = tile.place * 16u + local.xy;
    let shift = shape_shift(tile.moving, vec2<f32>(pixel) + 0.5);
    let colour = compose_moved(pixel, shift);
    if any(pixel >= frame.size.xy) || all(shift == vec2<f32>(0.0)) {
        return;
    }
    compose_store(pixel, colour, vec4<f32>(0.0));
}
