// Joined into the passes that paint: lipstick and teeth.

// The pixel's place beside the mouth.
struct PaintMouth {
    // Distances to the lips' outer and inner contour, in pixels.
    outer: f32,
    inner: f32,
    // What is seen there and around, in OkLab; how likely teeth are, and around.
    seen: vec4<f32>,
    around: vec4<f32>,
}

// Whether a pixel is one of teeth: one or the other, with an edge that is just smooth.
fn paint_is_tooth(mouth: PaintMouth) -> f32 {
    return smoothstep(0.38, 0.62, mouth.seen.w * smoothstep(0.10, 0.30, mouth.around.w));
}

// How much of a pixel lies inside the lips' outer edge, by its distance in units of the face's size.
fn paint_within_lips(k: u32, mouth: PaintMouth, outer: f32) -> f32 {
    let size = paint_told(k, PAINT_SIZE).x;
    let lip = paint_known(k, PAINT_LIP);
    let skin = paint_tint(paint_known(k, PAINT_SKIN).xyz);
    // How far toward the lips' colour from the skin's, and how far beside; little counts where lips are as skin is, or of few pixels.
    let axis = paint_tint(lip.xyz) - skin;
    let off = paint_tint(mouth.seen.xyz) - skin;
    let toward = dot(off, axis) / max(dot(axis, axis), 1e-6);
    let beside = length(off - toward * axis) / max(length(axis), 1e-3);
    let contrast = smoothstep(0.03, 0.075, length(axis));
    let trust = contrast * smoothstep(70.0, 140.0, size);
    // Lips without an edge of their own get none of paint, and blurred ones one that is as soft.
    let edge = max(0.75 / size, 0.004);
    let fade = max(0.016 * (1.0 - contrast), min(2.5 * paint_known(k, PAINT_HAIR).w, 0.016));
    var share = 1.0 - smoothstep(-edge - fade, edge, outer - 0.0005);
    // A rim of skin (what gleams has the light's colour and may be either), and a moustache.
    let skin_like = (1.0 - smoothstep(0.0, 0.35, toward)) * (1.0 - smoothstep(0.4, 0.9, beside));
    share *= 1.0 - trust * smoothstep(-0.018, 0.002, outer) * skin_like;
    return share * (1.0 - (1.0 - smoothstep(0.38, 0.6, mouth.seen.x / lip.x)) * smoothstep(-0.014, -0.002, outer));
}

// How much of a pixel is not in the mouth's opening, nor tooth, gum or the dark behind them.
fn paint_outside_opening(k: u32, mouth: PaintMouth, inner: f32, lab: vec3<f32>) -> f32 {
    let size = paint_told(k, PAINT_SIZE);
    let gap = size.y;
    let lip = paint_known(k, PAINT_LIP);
    let white = paint_known(k, PAINT_WHITE);
    let own = paint_tint(lip.xyz);
    let bare = paint_tint(white.xyz);
    let seen = paint_tint(mouth.seen.xyz);
    let axis = own - bare;
    let red = dot(seen - bare, axis) / max(dot(axis, axis), 1e-5);
    // The opening, less what is wet lip.
    let edge = max(0.75 / size.x, 0.0025);
    let alike = 1.0 - smoothstep(0.35, 0.7, distance(seen, own) / max(length(axis), 0.03));
    let wet = alike * smoothstep(0.45, 0.8, red) * smoothstep(0.5, 0.75, mouth.seen.x / lip.x)
        * (1.0 - smoothstep(0.006, 0.016, -inner)) * smoothstep(0.015, 0.03, gap) * (1.0 - smoothstep(0.05, 0.09, gap));
    var share = 1.0 - (1.0 - smoothstep(-edge, edge, inner + 0.004)) * (1.0 - wet);
    // Teeth. Inside the drawn opening what is hardly redder than white is no lip; beside it, only if it is unlike these lips, too.
    share *= 1.0 - smoothstep(0.04, 0.60, mouth.seen.w);
    let pale = (1.0 - smoothstep(0.045, 0.10, paint_tint(lab).x - bare.x))
        * mix(1.0, 1.0 - smoothstep(0.35, 0.7, red), smoothstep(-0.004, 0.001, inner));
    let in_opening = (1.0 - smoothstep(0.001, 0.005, inner)) * smoothstep(0.012, 0.025, gap) * smoothstep(60.0, 120.0, size.x);
    share *= 1.0 - in_opening * pale * smoothstep(0.46, 0.66, lab.x / white.x);
    // The dark behind them, and between them.
    let near = (1.0 - smoothstep(0.014, 0.022, abs(inner))) * smoothstep(0.008, 0.02, gap);
    let dark = vec2<f32>(0.3, 0.5) + 0.14 * smoothstep(0.10, 0.25, mouth.around.w);
    return share * (1.0 - near * (1.0 - smoothstep(dark.x, dark.y, lab.x / lip.x)));
}

// How much of a pixel is lip.
fn paint_lip_share(k: u32, mouth: PaintMouth, lab: vec3<f32>) -> f32 {
    let size = paint_told(k, PAINT_SIZE).x;
    let within = paint_within_lips(k, mouth, mouth.outer / size);
    return within * paint_outside_opening(k, mouth, mouth.inner / size, lab);
}

fn paint_lipstick(k: u32, mouth: PaintMouth, lab: vec3<f32>) -> vec3<f32> {
    let finish = paint_told(k, PAINT_LIPS);
    let amount = finish.x * paint_known(k, PAINT_WHITE).w;
    if amount == 0.0 || mouth.outer > 0.006 * paint_told(k, PAINT_SIZE).x + 1.0 {
        return lab;
    }
    let share = amount * paint_lip_share(k, mouth, lab);
    if share <= 0.0 {
        return lab;
    }
    let lip = paint_known(k, PAINT_LIP);
    let colour = paint_known(k, PAINT_LIPSTICK).xyz;
    // What is brighter than a lip is its gleam, without a step between.
    let low = mouth.around.x - lip.x;
    let knee = lip.x + 1.6 * lip.w + 0.5 * max(low, 0.0);
    let over = max(lab.x - knee, 0.0);
    let dull = min(lab.x, knee) + 0.6 * lip.w * (1.0 - exp(-over / (1.2 * lip.w)));
    let gleam = lab.x - dull;
    let shade = dull - lip.x - 0.73 * max(low, 0.0) - 0.20 * min(low, 0.0);
    var lightness = colour.x + finish.y * clamp(colour.x / lip.x, 0.90, 1.30) * shade;
    lightness = max(lightness, 0.35 * min(lab.x, colour.x));
    var tint = colour.yz * clamp(lightness / max(colour.x, 0.02), 0.0, 1.10)
        + 0.5 * finish.w * (lab.yz - lip.yz * lab.x / lip.x);
    let wet = paint_told(k, PAINT_MOUTH).y
        * clamp(max(mouth.seen.x - knee, 0.0) / (0.5 * lip.w), 0.0, 1.0)
        * clamp(1.4 - 10.0 * paint_known(k, PAINT_MORE).w / lip.w, 0.0, 1.0);
    let added = finish.z * gleam + wet;
    tint *= 1.0 - 0.75 * clamp(added / 0.22, 0.0, 1.0);
    return mix(lab, vec3<f32>(lightness + added, tint), share);
}

// The same for each tooth: less yellow, less red, a little brighter.
fn paint_teeth(k: u32, mouth: PaintMouth, lab: vec3<f32>) -> vec3<f32> {
    let share = paint_told(k, PAINT_MOUTH).x * paint_is_tooth(mouth);
    if share <= 0.0 {
        return lab;
    }
    let white = paint_known(k, PAINT_WHITE);
    // As far as the light is coloured, by the eyes' whites or, where they lie behind tinted glass, by the skin.
    let own = max(paint_tint(white.xyz), paint_warmth(k));
    let most = max(1.06 * white.x, paint_known(k, PAINT_MORE).x);
    // In warm light they stay cream: what is white there is less than white for the eye.
    let warm = smoothstep(0.04, 0.10, own.y);
    let yellow = lab.z - 0.65 * max(lab.z - mix(0.6, 1.15, warm) * own.y * lab.x, 0.0);
    var red = lab.y - 0.4 * max(lab.y - mix(0.5, 0.8, warm) * own.x * lab.x, 0.0);
    // Yellow that goes leaves no pink behind.
    red = min(red, max(lab.y * yellow / max(lab.z, 1e-3), 0.0));
    return lab + share * vec3<f32>(clamp(0.35 * (most - lab.x), 0.0, 0.055), red - lab.y, yellow - lab.z);
}

fn paint_mouth(k: u32, p: vec2<f32>, before: vec3<f32>) -> vec3<f32> {
    let place = paint_fine(k, 0u, p);
    let away = textureSampleLevel(distances, linear, place, k * 3u, 0.0);
    let mouth = PaintMouth(
        away.x,
        away.y,
        textureSampleLevel(bands, linear, place, k * 3u, 0.0),
        textureSampleLevel(lows, linear, paint_coarse(k, 0u, p), k * 3u, 0.0),
    );
    let is_near = common_within(paint_bits(k, PAINT_BOXES), p) && away.x < 0.006 * paint_told(k, PAINT_SIZE).x + 1.0;
    return select(before, paint_teeth(k, mouth, paint_lipstick(k, mouth, before)), is_near);
}
