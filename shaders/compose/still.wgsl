// In: the frame, the skin's corrections, tiles. Out: the tiles that hold skin and keep their place, finished.
// Why: a pass at full size, so it visits only what changes. It writes over a copy of the frame: a pixel that does not change
// is left alone. Where cells are several pixels wide, four pixels share what is known of the skin between them.

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let index = compose_index(group, 0u);
    if index >= frame.tiles.x {
        return;
    }
    let tile = compose_tile(index);
    let pixel = tile.place * 16u + local.xy * 2u;
    let last = frame.size.xy - 1u;
    let colour = array(
        textureLoad(input, min(pixel, last), 0),
        textureLoad(input, min(pixel + vec2<u32>(1u, 0u), last), 0),
        textureLoad(input, min(pixel + vec2<u32>(0u, 1u), last), 0),
        textureLoad(input, min(pixel + 1u, last), 0),
    );
    var change: array<vec4<f32>, 4>;
    var others = tile.skin;
    for (var n = 0u; n < 32u; n++) {
        let k = min(firstTrailingBit(others), 31u);
        var skin = skin_sample(k, vec2<f32>(pixel) + 1.0);
        skin.correction.w = select(skin.correction.w, 0.0, others == 0u);
        change[0] += skin_added(skin, colour[0].rgb);
        change[1] += skin_added(skin, colour[1].rgb);
        change[2] += skin_added(skin, colour[2].rgb);
        change[3] += skin_added(skin, colour[3].rgb);
        others &= others - 1u;
        if others == 0u {
            break;
        }
    }
    for (var k = 0u; k < 4u; k++) {
        let place = pixel + vec2<u32>(k & 1u, k >> 1u);
        if all(place <= last) && change[k].w > 0.0 {
            compose_store(place, colour[k], change[k]);
        }
    }
}
