// Joined into the passes that paint: what lies between and around the lids, and brows.

// The pixel's place beside an eye.
struct PaintEye {
    p: vec2<f32>,
    // Distances to lids, brow and the middle of the line, in pixels; how much of the lid's surface is there.
    away: vec4<f32>,
    // What is seen there, in OkLab; how light it is around; what skin is around, in OkLab.
    seen: vec3<f32>,
    around: f32,
    skin: vec3<f32>,
    // How much unlike the skin around the colour is that is seen, 0 to 1: reflections and rims of glasses, dyed hair.
    strange: f32,
    // The sigma by which the picture is blurred, in pixels.
    blur: f32,
}

fn paint_shadow(k: u32, side: u32, eye: PaintEye, lab: vec3<f32>) -> vec3<f32> {
    let own = paint_known(k, PAINT_SKIN).x;
    let share = 0.75 * paint_told(k, PAINT_LIDS).x * paint_told(k, PAINT_SEEN)[side] * eye.away.w
        * smoothstep(0.36, 0.60, eye.seen.x / own) * (1.0 - eye.strange);
    if share <= 0.0 {
        return lab;
    }
    let colour = paint_known(k, PAINT_SHADOW).xyz;
    let light = max(lab.x / own, 0.0);
    return mix(lab, vec3<f32>(colour.x * pow(light, 0.8), colour.yz * sqrt(light)), share);
}

fn paint_brows(k: u32, side: u32, eye: PaintEye, lab: vec3<f32>) -> vec3<f32> {
    let size = paint_told(k, PAINT_SIZE).x;
    // No hair is as blue beside skin as the rims of glasses are.
    let blue = paint_tint(eye.skin).y - paint_tint(eye.seen).y;
    let amount = paint_told(k, PAINT_BROW).x * paint_told(k, PAINT_SEEN)[side] * (1.0 - smoothstep(0.20, 0.30, blue));
    if amount <= 0.0 || eye.away.y > 0.03 * size {
        return lab;
    }
    // Full brows get little: they would become black blocks.
    let full = smoothstep(0.35, 0.8, paint_known(k, PAINT_MORE).y);
    let strength = amount * (1.0 - 0.75 * full);
    let colour = paint_known(k, PAINT_BROWS).xyz;
    let within = 1.0 - smoothstep(-0.010 * size, 0.016 * size, eye.away.y);
    let near = 1.0 - smoothstep(0.0, 0.03 * size, eye.away.y);
    let deep = clamp(eye.skin.x - lab.x, 0.0, 0.4);
    let hair = smoothstep(0.03, 0.14, deep);
    var out = lab;
    let darker = max(lab.x - 0.30 * strength * deep * near * hair, min(0.55 * colour.x, lab.x));
    out = vec3<f32>(darker, lab.yz * darker / max(lab.x, 0.02));
    // Hairs take the tint as far as they are painted at all.
    let tint = paint_told(k, PAINT_BROW).y * amount * near * hair * 0.6;
    out = vec3<f32>(out.x, mix(out.yz, colour.yz * out.x / max(colour.x, 0.05), tint));
    let filled = vec3<f32>(eye.skin.x - 0.45 * max(eye.skin.x - colour.x, 0.0), mix(eye.skin.yz, colour.yz, 0.45));
    let gap = 0.6 * strength * within * (1.0 - hair);
    return mix(out, vec3<f32>(min(filled.x, out.x), filled.yz), gap);
}

fn paint_inner_eye(k: u32, side: u32, eye: PaintEye, lab: vec3<f32>) -> vec3<f32> {
    let size = paint_told(k, PAINT_SIZE).x;
    let edge = 0.5 * max(1.2, 0.004 * size);
    // In a blurred picture it begins farther in, since there the lids' edge is mixed.
    let within = 1.0 - smoothstep(-edge - 3.0 * eye.blur, edge, eye.away.x + 0.003 * size);
    let open = paint_told(k, PAINT_SEEN)[side + 2u] * within;
    if open <= 0.0 {
        return lab;
    }
    let amounts = paint_told(k, PAINT_INNER);
    let white = paint_known(k, PAINT_WHITE);
    let iris = paint_told(k, PAINT_IRISES + side);
    let r = select(10.0, distance(eye.p, iris.xy) / max(iris.z, 0.5), iris.z > 0.0);
    let light = lab.x / white.x;
    var out = lab;
    // The whites, without lashes, the inner corner and the lids' skin.
    let soft = 2.0 * max(0.06, 1.0 / max(iris.z, 1.0));
    let clear = open * amounts.x * smoothstep(1.02, 1.02 + soft, r) * smoothstep(0.52, 0.78, light)
        * (1.0 - smoothstep(0.045, 0.085, distance(lab.yz, white.yz)));
    out.x += clear * clamp(0.45 * (min(0.92, 1.04 * white.x) - lab.x), 0.0, 0.045);
    // In coloured light, which skin tells, they are not grey.
    let wanted = clamp(lab.yz, vec2<f32>(0.0), paint_warmth(k) * max(lab.x, 0.0));
    out = vec3<f32>(out.x, mix(lab.yz, wanted, vec2<f32>(0.65, 0.55) * clear));
    if iris.z == 0.0 {
        return out;
    }
    // A lens: the iris's own pattern shows through, and its rim stays dark. It is as colourful as it is light, so that it fades
    // toward the pupil by itself.
    let colour = paint_known(k, PAINT_LENS);
    let own = max(paint_known(k, PAINT_MORE).z, 0.05);
    // Dark irises are covered less, or they would look printed; of light ones it is not gleam what is as light as they are.
    let dark = smoothstep(0.25, 0.55, own / white.x);
    let gleam = max(0.62, own / white.x + 0.12);
    let off = (r - 0.95) / 0.09;
    let rim = exp(-off * off);
    let soft_rim = 0.06 + 1.05 * eye.blur / max(iris.z, 0.5);
    let lens = open * amounts.z * (0.50 + 0.40 * dark) * smoothstep(0.24, 0.58, r)
        * (1.0 - smoothstep(1.0 - soft_rim, 1.0 + soft_rim, r)) * (1.0 - smoothstep(gleam, gleam + 0.18, light));
    let added = colour.w * clamp(lab.x / own, 0.4, 1.4) * (1.0 - smoothstep(0.70, 0.98, r));
    out.x += lens * (added - 0.20 * rim * lab.x);
    let shown = 0.72 * colour.yz * clamp(0.12 + 0.88 * lab.x / max(colour.x, 0.05), 0.1, 1.1);
    out = vec3<f32>(out.x, mix(out.yz, shown * (1.0 - 0.7 * smoothstep(0.78, 1.0, r)), lens));
    // The pattern and the dark ring; catch-lights stay. What is around is the lids, too, where an eye is narrow: no farther from
    // the iris's own lightness than irises vary.
    let ring = smoothstep(0.3, 0.5, r) * (1.0 - smoothstep(0.92, 1.02, r));
    let dull = open * amounts.y * (1.0 - smoothstep(0.68, 0.85, light)) * (1.0 - smoothstep(0.20, 0.32, lab.x - own));
    let base = clamp(eye.around, own - 0.06, own + 0.04);
    out.x += dull * clamp(ring * (0.85 * clamp(lab.x - base, -0.08, 0.08) + 0.02) - 0.035 * rim, -0.035, 0.035);
    return vec3<f32>(out.x, out.yz * (1.0 + 0.18 * dull * ring));
}

fn paint_liner(k: u32, side: u32, eye: PaintEye, lab: vec3<f32>) -> vec3<f32> {
    let size = paint_told(k, PAINT_SIZE).x;
    // As soft as the picture: a sharp line on a blurred face lies before it, not on it.
    let edge = max(0.7, min(length(vec2<f32>(0.0022 * size, 2.1 * eye.blur)), 0.011 * size));
    let lids = paint_told(k, PAINT_LIDS);
    let corners = paint_told(k, PAINT_CORNERS + side);
    let width = paint_told(k, PAINT_IRISES + side).w;
    let end = paint_told(k, PAINT_BROW).z;
    // It begins as nothing, grows outward and ends in a point.
    let q = dot(eye.p - corners.zw, corners.xy - corners.zw) / (width * width);
    let line = lids.w * smoothstep(0.0, 0.25, q) * (0.3 + 0.7 * min(q, 1.0)) * clamp((end - q) / (end - 0.88), 0.0, 1.0);
    let corner = paint_told(k, PAINT_BROW).w * smoothstep(0.70, 0.95, q) * clamp((end - q) / (end - 0.95), 0.0, 1.0);
    let half = width * (line + corner);
    // A line thinner than a pixel covers less of it.
    let away = abs(eye.away.z);
    let cover = smoothstep(-edge, edge, half - away) - smoothstep(-edge, edge, -half - away);
    var share = 0.9 * lids.y * paint_told(k, PAINT_SEEN)[side] * cover;
    if share <= 0.0 {
        return lab;
    }
    share *= 1.0 - 0.6 * smoothstep(0.68, 0.85, lab.x / paint_known(k, PAINT_WHITE).x);
    // Past the corner it is drawn on skin: not on a strand of hair, nor on the rim of glasses.
    let light = eye.seen.x / max(eye.skin.x, 0.05);
    let bare = smoothstep(0.42, 0.62, light) * (1.0 - smoothstep(1.20, 1.45, light)) * (1.0 - eye.strange);
    share *= mix(1.0, bare, smoothstep(0.98, 1.06, q));
    let colour = paint_known(k, PAINT_LINER).xyz;
    let covered = vec3<f32>(min(lab.x, colour.x + 0.1 * (lab.x - colour.x)), mix(lab.yz, colour.yz, 0.8));
    return mix(lab, covered, share);
}

fn paint_lashes(k: u32, side: u32, eye: PaintEye, lab: vec3<f32>) -> vec3<f32> {
    let amount = paint_told(k, PAINT_LIDS).z * paint_told(k, PAINT_SEEN)[side];
    let iris = paint_told(k, PAINT_IRISES + side);
    let width = iris.w;
    let away = eye.away.x / width;
    if amount <= 0.0 || away > 0.11 {
        return lab;
    }
    let up = select(paint_told(k, PAINT_UPS).xy, paint_told(k, PAINT_UPS).zw, side == 1u);
    let corners = paint_told(k, PAINT_CORNERS + side);
    let middle = 0.5 * (corners.xy + corners.zw);
    let is_upper = dot(eye.p - middle, up) > 0.0;
    let far = select(vec2<f32>(0.04, 0.08), vec2<f32>(0.06, 0.11), is_upper);
    let band = smoothstep(-0.02, 0.02, away) * (1.0 - smoothstep(far.x, far.y, away));
    let dark = 0.9 * amount * band * max(eye.around - lab.x - 0.01, 0.0);
    // No darker than lashes are: a fold in the corner does not become a spot.
    let lightness = max(lab.x - dark, max(0.5 * lab.x, min(0.06, lab.x)));
    return vec3<f32>(lightness, lab.yz * lightness / max(lab.x, 0.02));
}

fn paint_eye(k: u32, side: u32, p: vec2<f32>, before: vec3<f32>) -> vec3<f32> {
    let layer = k * 3u + 1u + side;
    let place = paint_fine(k, side + 1u, p);
    let around = textureSampleLevel(lows, linear, paint_coarse(k, side + 1u, p), layer, 0.0);
    let seen = textureSampleLevel(bands, linear, place, layer, 0.0).xyz;
    let eye = PaintEye(
        p,
        textureSampleLevel(distances, linear, place, layer, 0.0),
        seen,
        around.w,
        around.xyz,
        smoothstep(0.12, 0.20, distance(paint_tint(seen), paint_tint(around.xyz))),
        paint_known(k, PAINT_HAIR).w * paint_told(k, PAINT_SIZE).x,
    );
    var lab = paint_shadow(k, side, eye, before);
    lab = paint_brows(k, side, eye, lab);
    lab = paint_inner_eye(k, side, eye, lab);
    lab = paint_liner(k, side, eye, lab);
    return paint_lashes(k, side, eye, lab);
}

// One of the eyes of a face: the nearer one where their boxes lie over each other.
fn paint_eyes(k: u32, p: vec2<f32>, before: vec3<f32>) -> vec3<f32> {
    let right = common_within(paint_bits(k, PAINT_BOXES + 1u), p);
    let left = common_within(paint_bits(k, PAINT_BOXES + 2u), p);
    let corners = array<vec4<f32>, 2>(paint_told(k, PAINT_CORNERS), paint_told(k, PAINT_CORNERS + 1u));
    let is_nearer = distance(2.0 * p, corners[1].xy + corners[1].zw) < distance(2.0 * p, corners[0].xy + corners[0].zw);
    let lab = paint_eye(k, select(0u, 1u, left && (is_nearer || !right)), p, before);
    return select(before, lab, left || right);
}
