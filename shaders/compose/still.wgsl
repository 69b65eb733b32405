// In: the frame, the skin's corrections, tiles. Out: the tiles that hold skin and keep their place, finished.
// Why: a pass at full size, so it visits only what changes. It writes over a copy of the frame: a pixel that does not change
// is left alone.

@compute @workgroup_size(16, 16, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let index = compose_index(group, 0u);
    if index >= frame.tiles.x {
        return;
    }
    let tile = compose_tile(index);
    let pixel = tile.place * 16u + local.xy;
    let colour = textureLoad(input, min(pixel, frame.size.xy - 1u), 0);
    let change = skin_change(tile.skin, vec2<f32>(pixel) + 0.5, colour.rgb);
    if any(pixel >= frame.size.xy) || change.w == 0.0 {
        return;
    }
    compose_store(pixel, colour, change);
}
