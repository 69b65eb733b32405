// In: the frame, the skin's corrections, paint, tiles. Out: the tiles of small faces that keep their place, and those that hold
// paint alone, finished.
// Why: their cells are hardly larger than a pixel, so each pixel looks for itself.

@compute @workgroup_size(16, 16, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let index = compose_index(group, frame.tiles.x);
    if index >= frame.tiles.y {
        return;
    }
    let tile = compose_tile(index);
    let pixel = tile.place * 16u + local.xy;
    let colour = textureLoad(input, min(pixel, frame.size.xy - 1u), 0);
    var change = vec4<f32>(0.0);
    if tile.skin != 0u {
        change = skin_change(tile.skin, vec2<f32>(pixel) + 0.5, colour.rgb);
    }
    if tile.paint != 0u {
        change += textureLoad(painted, min(pixel, frame.size.xy - 1u), 0);
    }
    if any(pixel >= frame.size.xy) || change.w == 0.0 {
        return;
    }
    compose_store(pixel, colour, change);
}
