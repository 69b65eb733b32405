// Joined into the pass that paints: foundation, contour, highlight and blush, where skin is.

// A texture by blocks of a face's skin, so many blocks a texel, at a place of the frame.
fn paint_by_blocks(grid: texture_2d_array<f32>, layer: u32, k: u32, blocks: f32, p: vec2<f32>) -> vec4<f32> {
    let at = (p - vec2<f32>(skin_faces[k].rect.xy)) / (skin_faces[k].amounts.x * 2.0 * blocks);
    let low = floor(vec2<f32>(skin_faces[k].core.xy) / blocks);
    let high = ceil(vec2<f32>(skin_faces[k].core.zw) / blocks);
    let place = clamp(at, low + 0.5, max(high - 0.5, low + 0.5)) / vec2<f32>(textureDimensions(grid));
    return textureSampleLevel(grid, linear, place, layer, 0.0);
}

// How much of a colour is skin: strands of hair and rims are none.
fn paint_skin(k: u32, p: vec2<f32>, rgb: vec3<f32>) -> f32 {
    let skin = skin_sample(k, p);
    let sharper = common_luma(rgb - skin.around.rgb) * skin.around.w;
    let strand = sign(sharper) * max(abs(sharper) - CHANGE_LEAST, 0.0);
    return clamp(skin.correction.w + strand, 0.0, min(1.0, 2.5 * skin.correction.w));
}

fn paint_face(k: u32, p: vec2<f32>, rgb: vec3<f32>, before: vec3<f32>) -> vec3<f32> {
    let area = paint_faces[k].soft;
    let nodes = vec2<f32>(textureDimensions(shapes));
    let place = ((p - area.xy) / area.zw * (nodes - 1.0) + 0.5) / nodes;
    let amounts = paint_faces[k].skin;
    let shape = textureSampleLevel(shapes, linear, place, k, 0.0)
        * vec4<f32>(paint_faces[k].blush.x, amounts.z, amounts.w, amounts.x);
    if all(shape <= vec4<f32>(0.0)) {
        return before;
    }
    let share = paint_skin(k, p, rgb);
    if share <= 0.0 {
        return before;
    }
    let own = paint_known(k, PAINT_SKIN).xyz;
    let even = paint_by_blocks(surround, k * 3u + 1u, k, 4.0, p).xyz;
    let mean = common_to_oklab(paint_by_blocks(halved, k, k, 2.0, p).rgb);
    var lab = before;
    // Foundation: what differs in the large from the skin's own colour goes; what is finer stays.
    let base = share * shape.w;
    let product = paint_known(k, PAINT_FOUNDATION).xyz;
    let cover = amounts.y;
    let target_tint = mix(own.yz, product.yz * own.x / max(product.x, 0.05), 0.5 * cover);
    let lift = cover * clamp(0.5 * (product.x - own.x), -0.05, 0.05);
    lab += base * vec3<f32>(
        0.19 * clamp(even.x - mean.x, -0.06, 0.06) + lift,
        mix(0.55, 0.8, cover) * (target_tint * mean.x / own.x - mean.yz),
    );
    // Contour is shade, warm as shade on skin is.
    let shade = share * shape.y;
    lab = lab * (1.0 - 0.24 * shade) + shade * vec3<f32>(0.0, -0.003, 0.006);
    // Highlight where the face already catches the light.
    let raised = 0.35 + 0.65 * smoothstep(-0.03, 0.05, mean.x - even.x);
    lab.x += 0.11 * share * shape.z * raised * clamp((1.15 - lab.x) / 0.35, 0.0, 1.0) * clamp(own.x / 0.7, 0.6, 1.0);
    let blush = paint_known(k, PAINT_BLUSH).xyz;
    return lab + 0.55 * share * shape.x * clamp(before.x / own.x, 0.5, 1.2) * blush;
}
