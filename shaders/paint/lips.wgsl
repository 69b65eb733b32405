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

// How much of a pixel is lip.
fn paint_lip_share(k: u32, mouth: PaintMouth, lab: vec3<f32>) -> f32 {
    let size = paint_told(k, PAINT_SIZE).x;
    let gap = paint_told(k, PAINT_SIZE).y;
    let outer = mouth.outer / size;
    let inner = mouth.inner / size;
    let skin = paint_known(k, PAINT_SKIN);
    let lip = paint_known(k, PAINT_LIP);
    let white = paint_known(k, PAINT_WHITE);
    let width = max(0.75 / size, 0.004);
    let narrow = max(0.75 / size, 0.0025);
    // How far toward the lips' colour from the skin's; little counts where lips are as skin is.
    let axis = paint_tint(lip.xyz) - paint_tint(skin.xyz);
    let toward = dot(paint_tint(mouth.seen.xyz) - paint_tint(skin.xyz), axis) / max(dot(axis, axis), 1e-6);
    let trust = smoothstep(0.03, 0.075, length(axis));
    let light = mouth.seen.x / lip.x;
    var share = 1.0 - smoothstep(-width, width, outer - 0.001);
    // A rim of skin, and a moustache.
    share *= 1.0 - trust * smoothstep(-0.018, 0.002, outer) * (1.0 - smoothstep(0.0, 0.35, toward));
    share *= 1.0 - (1.0 - smoothstep(0.38, 0.6, light)) * smoothstep(-0.014, -0.002, outer);
    // Lips of a wide mouth reach farther than their points.
    let wider = smoothstep(0.05, 0.10, gap) * trust * smoothstep(0.55, 0.85, toward);
    share = max(share, wider * (1.0 - smoothstep(0.004, 0.012, outer)));
    // The opening, less what is wet lip.
    var opening = 1.0 - smoothstep(-narrow, narrow, inner + 0.004);
    let lips = paint_tint(lip.xyz) - paint_tint(white.xyz);
    let red = dot(paint_tint(mouth.seen.xyz) - paint_tint(white.xyz), lips) / max(dot(lips, lips), 1e-5);
    let wet = smoothstep(0.45, 0.8, red) * smoothstep(0.5, 0.75, light) * (1.0 - smoothstep(0.006, 0.016, -inner));
    opening *= 1.0 - wet * smoothstep(0.015, 0.03, gap) * (1.0 - smoothstep(0.05, 0.09, gap));
    share *= 1.0 - opening;
    // Teeth and the dark behind them.
    let near = (1.0 - smoothstep(0.014, 0.022, abs(inner))) * smoothstep(0.008, 0.02, gap);
    share *= 1.0 - smoothstep(0.10, 0.45, mouth.seen.w);
    share *= 1.0 - near * (1.0 - smoothstep(0.3, 0.5, lab.x / lip.x));
    return share;
}

fn paint_lipstick(k: u32, mouth: PaintMouth, lab: vec3<f32>) -> vec3<f32> {
    let finish = paint_told(k, PAINT_LIPS);
    let amount = finish.x * paint_known(k, PAINT_WHITE).w;
    if amount == 0.0 || mouth.outer > 0.014 * paint_told(k, PAINT_SIZE).x + 1.0 {
        return lab;
    }
    let share = amount * paint_lip_share(k, mouth, lab);
    if share <= 0.0 {
        return lab;
    }
    let lip = paint_known(k, PAINT_LIP);
    let colour = paint_known(k, PAINT_LIPSTICK).xyz;
    // What is brighter than a lip is its gleam, without a step between.
    let knee = lip.x + 1.6 * lip.w;
    let over = max(lab.x - knee, 0.0);
    let dull = min(lab.x, knee) + 0.6 * lip.w * (1.0 - exp(-over / (1.2 * lip.w)));
    let gleam = lab.x - dull;
    let low = mouth.around.x - lip.x;
    let shade = dull - lip.x - 0.55 * max(low, 0.0) - 0.20 * min(low, 0.0);
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
    let skin = paint_tint(paint_known(k, PAINT_SKIN).xyz);
    let own = max(paint_tint(white.xyz), max(skin - vec2<f32>(0.07, 0.09), vec2<f32>(0.0)));
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
    let is_near = common_within(paint_bits(k, PAINT_BOXES), p) && away.x < 0.014 * paint_told(k, PAINT_SIZE).x + 1.0;
    return select(before, paint_teeth(k, mouth, paint_lipstick(k, mouth, before)), is_near);
}
