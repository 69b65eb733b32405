// In: cells, the skin's mean colours by blocks, squares and around, the face's parts. Out: what is to be added to each block:
// the coarse bands of details that go, and all that changes the skin's colour; how much of the finest band may go.
// Why: bands in units of the face's width, so that a look is the same at every size; what is an edge, a fold or a mark stays.

@group(0) @binding(0) var<uniform> faces: array<SkinFace, 32>;
@group(0) @binding(1) var cells: texture_2d_array<f32>;
@group(0) @binding(2) var skins: texture_2d_array<f32>;
@group(0) @binding(3) var halved: texture_2d_array<f32>;
@group(0) @binding(4) var surround: texture_2d_array<f32>;
@group(0) @binding(5) var mask: texture_2d_array<f32>;
@group(0) @binding(6) var linear: sampler;
@group(0) @binding(7) var means: texture_2d<f32>;
@group(0) @binding(8) var places: texture_2d_array<f32>;
@group(0) @binding(9) var changes: texture_storage_2d_array<rgba16float, write>;

// What the contrast of a spot counts for, and that of an edge.
const ROUND = 0.3;
const DIRECTED = 3.5;
// What the tints change at 1, in OkLab: lightness, green to red, blue to yellow.
const TINT = vec3<f32>(0.06, 0.022, 0.022);

// A coarser grid at a place in its texels, of which some from `low` to before `high` are of this frame.
fn gate_raised(grid: texture_2d_array<f32>, layer: u32, place: vec2<f32>, low: vec2<u32>, high: vec2<u32>) -> vec4<f32> {
    let at = clamp(place, vec2<f32>(low) + 0.5, vec2<f32>(high) - 0.5);
    return textureSampleLevel(grid, linear, at / vec2<f32>(textureDimensions(grid)), layer, 0.0);
}

// How much like a spot, and how little like a line, brightness curves at the middle of 3 × 3 blocks: by the smaller of the
// two curvatures (the eigenvalues of the Hessian) beside the larger.
fn gate_round(ys: array<f32, 9>) -> f32 {
    let xx = ys[3] - 2.0 * ys[4] + ys[5];
    let yy = ys[1] - 2.0 * ys[4] + ys[7];
    let xy = 0.25 * (ys[0] + ys[8] - ys[2] - ys[6]);
    let half = 0.5 * (xx + yy);
    let off = sqrt(0.25 * (xx - yy) * (xx - yy) + xy * xy);
    return smoothstep(0.02, 0.28, (half - off) / max(half + off, 1e-5));
}

// How strongly each of three bands fades, beside its share: less at edges and folds; at a dark spot nothing where marks are
// kept, and all the more where they are not.
fn gate_strength(free: f32, spot: f32, marks: f32, contrasts: vec3<f32>, face: SkinFace) -> vec3<f32> {
    let gates = vec3<f32>(
        details_gate(contrasts.x, face.cores.y),
        details_gate(contrasts.y, face.cores.z),
        details_gate(contrasts.z, face.cores.w),
    );
    let spots = vec3<f32>(face.extra.w, face.extra.w, face.extra.z) / max(face.fading.yzw, vec3<f32>(1e-3));
    return mix(mix(free * gates, spots, spot), free * gates * (1.0 - spot), marks);
}

// What tone, shine, shade below the eyes, folds and tints change in OkLab; `glossy` is how much of what is bright may be gloss.
fn gate_colour(
    face: SkinFace,
    lab: vec3<f32>,
    even: vec3<f32>,
    dull: vec3<f32>,
    part: vec4<f32>,
    light: f32,
    glossy: f32,
) -> vec3<f32> {
    var change = vec3<f32>(0.0);
    // Blotches differ little from the skin around; coloured light, powder and a blush's border differ much, and stay.
    let off = lab.yz - even.yz;
    let far = off / 0.043;
    change -= vec3<f32>(0.0, face.amounts.z * 1.09 * off * exp(-dot(far, far)));
    // Chroma hardly rises, and in shadows, which are so beside the face's own lightness, not at all.
    let before = length(lab.yz);
    let after = length(lab.yz + change.yz);
    let most = before + min(after - before, 0.0076) * smoothstep(0.3, 0.7, lab.x / light);
    if after > before {
        change = vec3<f32>(0.0, (lab.yz + change.yz) * (most / max(after, 1e-5)) - lab.yz);
    }
    // Gloss is brighter than the skin around, and greyer.
    let up = lab.x - dull.x;
    let grey = 1.0 - length(lab.yz) / max(length(dull.yz), 1e-4);
    let gloss = glossy * face.amounts.w * smoothstep(0.02, 0.14, up) * (0.35 + 0.65 * smoothstep(0.0, 0.25, grey));
    change += vec3<f32>(-0.55 * gloss * max(up - 0.015, 0.0), 0.75 * gloss * (dull.yz - lab.yz));
    // Shade below the eyes.
    let circle = face.tint.w * part.b;
    let shade = clamp(0.7 * (even.x - lab.x), 0.0, 0.07);
    change += circle * vec3<f32>(shade, clamp(0.6 * (even.yz - lab.yz), vec2<f32>(-0.02), vec2<f32>(0.02)));
    // A fold is darker than its surroundings.
    change.x += 0.8 * face.extra.x * part.a * clamp(even.x - lab.x, 0.0, 0.06);
    // Light and shade keep their ends: what is almost white or black changes little.
    change += TINT * face.tint.xyz * vec3<f32>(4.0 * lab.x * (1.0 - lab.x), 1.0, 1.0);
    return change;
}

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
    let face = faces[group.z];
    let own = skin_block(face, id.xy, 0u);
    if own.z == 0u {
        return;
    }
    let wider = skin_wider(face);
    let low = wider.xy;
    let high = wider.zw;
    var around: array<vec4<f32>, 9>;
    var ys: array<f32, 9>;
    var mean = vec4<f32>(0.0);
    var squares = 0.0;
    for (var k = 0; k < 9; k++) {
        let offset = vec2<i32>(k % 3 - 1, k / 3 - 1);
        let skin = textureLoad(skins, clamp(vec2<i32>(own.xy) + offset, vec2<i32>(low), vec2<i32>(high) - 1), group.z, 0);
        let share = f32((2 - abs(offset.x)) * (2 - abs(offset.y))) / 16.0 * (skin.w + 0.001);
        around[k] = skin;
        ys[k] = common_luma(skin.rgb);
        mean += share * vec4<f32>(skin.rgb, 1.0);
        squares += share * ys[k] * ys[k];
    }
    let own_colour = around[4].rgb;
    let local = mean.rgb / mean.w;
    let base = 0.25 * local + 0.75 * own_colour;
    let place = vec2<f32>(own.xy) + 0.5;
    let coarse = gate_raised(halved, group.z, place / 2.0, low / 2u, (high + 1u) / 2u).rgb;
    let origin = low / 4u;
    let end = ((high + 1u) / 2u + 1u) / 2u;
    let coarsest = gate_raised(surround, group.z * 3u, place / 4.0, origin, end).rgb;
    let reference = common_luma(coarsest) + 0.085;

    // The structure tensor (Bigün and Granlund 1987) over the four corners between the blocks.
    var xx = 0.0;
    var yy = 0.0;
    var xy = 0.0;
    for (var k = 0; k < 4; k++) {
        let c = k % 2 + (k / 2) * 3;
        let w = min(min(around[c].w, around[c + 1].w), min(around[c + 3].w, around[c + 4].w));
        let dx = ys[c + 1] + ys[c + 4] - ys[c] - ys[c + 3];
        let dy = ys[c + 3] + ys[c + 4] - ys[c] - ys[c + 1];
        xx += w * dx * dx;
        yy += w * dy * dy;
        xy += w * dx * dy;
    }
    // 1 where brightness changes in one direction only, 0 where it does in all alike.
    let directed = ((xx - yy) * (xx - yy) + 4.0 * xy * xy) / ((xx + yy) * (xx + yy) + 1e-9);

    // The finest band that is worked out on cells: its contrast, and whether a dark spot is in it.
    let last = face.grid.xy - 1u;
    var finest = 0.0;
    var dark = 0.0;
    for (var k = 0u; k < 4u; k++) {
        let cell = min(own.xy * 2u + vec2<u32>(k & 1u, k >> 1u), last);
        let side = vec2<i32>(select(-1, 1, (k & 1u) == 1u), select(-1, 1, k > 1u));
        let raised = 0.5625 * ys[4] + 0.1875 * (ys[4 + side.x] + ys[4 + 3 * side.y]) + 0.0625 * ys[4 + side.x + 3 * side.y];
        let y = common_luma(textureLoad(cells, cell, group.z, 0).rgb);
        finest += 0.25 * (y - raised) * (y - raised);
        dark = max(dark, 0.5 * (raised + common_luma(coarse)) - y);
    }
    // As deep in dark skin as in light.
    let depth = dark / (common_luma(coarsest) + 0.004);
    // What is darker still is no skin: rims, hairs.
    let spot = smoothstep(0.026, 0.058, depth) * (1.0 - smoothstep(0.33, 0.5, depth)) * gate_round(ys)
        * smoothstep(0.8, 0.97, mean.w);
    let free = 1.0 - 0.7 * directed;
    let local_luma = common_luma(local);
    let middle = sqrt(max(squares / mean.w - local_luma * local_luma, 0.0));
    let amount = face.extra.z;
    // A blemish is round, an edge is not.
    let edge = mix(ROUND, DIRECTED, directed) / reference;
    let second = own_colour - coarse;
    let third = coarse - coarsest;
    let contrasts = vec3<f32>(sqrt(finest), middle, abs(common_luma(third))) * edge;
    let strength = gate_strength(free, spot, face.amounts.y, contrasts, face);
    var change = -details_removed(second, strength.y, face.fading.z, amount);
    change -= details_removed(third, strength.z, face.fading.w, amount);

    // Of what smoothing leaves: what it takes must not be taken twice.
    let smoothed = base + change;
    let lab = common_to_oklab(smoothed);
    let even = gate_raised(surround, group.z * 3u + 1u, place / 4.0, origin, end).xyz;
    let dull = gate_raised(surround, group.z * 3u + 2u, place / 4.0, origin, end).xyz;
    let part = textureSampleLevel(mask, linear, skin_place(face, own.xy), group.z, 0.0);
    let brightness = skin_brightness(face, means);
    let light = common_to_oklab(vec3<f32>(brightness)).x;
    // Below the chin what is bright and pale is rather a collar.
    let glossy = 1.0 - 0.8 * skin_below(textureLoad(places, own.xy, group.z, 0));
    let shift = gate_colour(face, lab, even, dull, part, light, glossy);
    change += common_from_oklab(lab + shift) - smoothed;
    textureStore(changes, own.xy, group.z, vec4<f32>(change, strength.x));
}
