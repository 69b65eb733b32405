// In: the frame, the skin's corrections, paint, the shapes' fields, tiles. Out: the tiles that move and may hold skin, or
// those that move and are painted, finished.
// Why: what is corrected is the skin where a pixel comes from, and paint moves with it, so nothing slips over the picture.

@compute @workgroup_size(16, 16, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let index = compose_index(group, paint_first(frame.tiles.y, frame.painted.x));
    if index >= paint_first(frame.tiles.z, frame.painted.y) {
        return;
    }
    let tile = compose_tile(index);
    let pixel = tile.place * 16u + local.xy;
    let p = vec2<f32>(pixel) + 0.5;
    let shift = shape_shift(tile.moving, p);
    let colour = compose_moved(pixel, shift);
    let skin = skin_change(tile.skin, p + shift, colour.rgb);
    let change = select(vec4<f32>(0.0), skin, tile.skin != 0u) + paint_change(tile.paint, p + shift);
    let stays = all(shift == vec2<f32>(0.0)) && change.w == 0.0;
    if any(pixel >= frame.size.xy) || stays {
        return;
    }
    compose_store(pixel, colour, change);
}
