// In: the frame, the skin's corrections, paint, tiles. Out: the tiles of small faces that keep their place, or those that are
// painted, finished.
// Why: their cells are hardly larger than a pixel, so each pixel looks for itself.

@compute @workgroup_size(16, 16, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let index = compose_index(group, paint_first(frame.tiles.x, frame.tiles.w));
    if index >= paint_first(frame.tiles.y, frame.painted.x) {
        return;
    }
    let tile = compose_tile(index);
    let pixel = tile.place * 16u + local.xy;
    let colour = textureLoad(input, min(pixel, frame.size.xy - 1u), 0);
    let skin = skin_change(tile.skin, vec2<f32>(pixel) + 0.5, colour.rgb);
    let change = select(vec4<f32>(0.0), skin, tile.skin != 0u) + paint_change(tile.paint, vec2<f32>(pixel) + 0.5);
    if any(pixel >= frame.size.xy) || change.w == 0.0 {
        return;
    }
    compose_store(pixel, colour, change);
}
