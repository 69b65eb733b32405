// In: the frame, what is changed of the skin, distances, what is seen around mouth and eyes, shapes, statistics, tiles. Out: what
// paint adds to the frame, pixel by pixel, in place; 1 in w where it adds anything.
// Why: the last passes move the picture, and its paint with it. All effects in one visit of a pixel, in OkLab, in the order that a
// face is made up.

@group(0) @binding(10) var<uniform> paint_faces: array<PaintFace, 32>;
@group(0) @binding(11) var distances: texture_2d_array<f32>;
@group(0) @binding(12) var bands: texture_2d_array<f32>;
@group(0) @binding(13) var lows: texture_2d_array<f32>;
@group(0) @binding(14) var shapes: texture_2d_array<f32>;
@group(0) @binding(15) var statistics: texture_2d<f32>;
@group(0) @binding(16) var halved: texture_2d_array<f32>;
@group(0) @binding(17) var surround: texture_2d_array<f32>;
@group(0) @binding(18) var painted: texture_storage_2d<rgba16float, write>;

fn paint_known(k: u32, column: u32) -> vec4<f32> {
    return textureLoad(statistics, vec2<u32>(column, k), 0);
}

// Where a place lies in one of the grids; in fine texels and in coarse ones.
fn paint_fine(k: u32, part: u32, p: vec2<f32>) -> vec2<f32> {
    return paint_place(paint_faces[k].grids[part], paint_faces[k].texels[part], p, f32(textureDimensions(bands).x));
}

fn paint_coarse(k: u32, part: u32, p: vec2<f32>) -> vec2<f32> {
    let grid = paint_faces[k].grids[part];
    let at = (p - grid.xy) * grid.w / 4.0;
    let end = vec2<f32>((paint_faces[k].texels[part].xy + 3u) / 4u);
    return clamp(at, vec2<f32>(0.5), max(end - 0.5, vec2<f32>(0.5))) / f32(textureDimensions(lows).x);
}

fn paint_mouth(k: u32, p: vec2<f32>, before: vec3<f32>) -> vec3<f32> {
    let place = paint_fine(k, 0u, p);
    let away = textureSampleLevel(distances, linear, place, k * 3u, 0.0);
    if away.x > 0.014 * paint_faces[k].size.x + 1.0 {
        return before;
    }
    let mouth = PaintMouth(
        away.x,
        away.y,
        textureSampleLevel(bands, linear, place, k * 3u, 0.0),
        textureSampleLevel(lows, linear, paint_coarse(k, 0u, p), k * 3u, 0.0),
    );
    return paint_teeth(k, mouth, paint_lipstick(k, mouth, before));
}

fn paint_eye(k: u32, side: u32, p: vec2<f32>, before: vec3<f32>) -> vec3<f32> {
    let layer = k * 3u + 1u + side;
    let place = paint_fine(k, side + 1u, p);
    let seen = textureSampleLevel(bands, linear, place, layer, 0.0).xyz;
    var ring = vec3<f32>(0.0);
    let radius = 0.010 * paint_faces[k].size.x;
    for (var n = 0u; n < 4u; n++) {
        let offset = (vec2<f32>(f32(n & 1u), f32(n >> 1u)) * 2.0 - 1.0) * radius;
        ring += 0.25 * textureSampleLevel(bands, linear, paint_fine(k, side + 1u, p + offset), layer, 0.0).xyz;
    }
    let eye = PaintEye(
        p,
        textureSampleLevel(distances, linear, place, layer, 0.0),
        seen,
        ring,
        textureSampleLevel(lows, linear, paint_coarse(k, side + 1u, p), layer, 0.0).xyz,
    );
    var lab = paint_shadow(k, side, eye, before);
    lab = paint_brows(k, side, eye, lab);
    lab = paint_inner_eye(k, side, eye, lab);
    lab = paint_liner(k, side, eye, lab);
    return paint_lashes(k, side, eye, lab);
}

@compute @workgroup_size(16, 16, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_id) local: vec3<u32>) {
    let index = compose_index(group, frame.tiles.w);
    if index >= frame.size.w {
        return;
    }
    let tile = compose_tile(index);
    let pixel = tile.place * 16u + local.xy;
    let p = vec2<f32>(pixel) + 0.5;
    var rgb = textureLoad(input, min(pixel, frame.size.xy - 1u), 0).rgb;
    if tile.skin != 0u {
        rgb += skin_change(tile.skin, p, rgb).rgb;
    }
    let before = common_to_oklab(rgb);
    var lab = before;
    var others = tile.paint;
    for (var n = 0u; n < 32u; n++) {
        let k = min(firstTrailingBit(others), 31u);
        if others != 0u {
            if common_within(paint_faces[k].boxes[3], p) {
                lab = paint_face(k, p, rgb, lab);
            }
            if common_within(paint_faces[k].boxes[1], p) {
                lab = paint_eye(k, 0u, p, lab);
            }
            if common_within(paint_faces[k].boxes[2], p) {
                lab = paint_eye(k, 1u, p, lab);
            }
            if common_within(paint_faces[k].boxes[0], p) {
                lab = paint_mouth(k, p, lab);
            }
        }
        others &= others - 1u;
        if others == 0u {
            break;
        }
    }
    var change = vec4<f32>(0.0);
    if any(lab != before) {
        change = vec4<f32>(clamp(common_from_oklab(lab), vec3<f32>(0.0), vec3<f32>(1.0)) - rgb, 1.0);
    }
    if all(pixel < frame.size.xy) {
        textureStore(painted, pixel, change);
    }
}
