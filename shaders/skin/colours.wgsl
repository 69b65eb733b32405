// Joined into the passes that tell skin by its colour: what a colour's features are, and where they lie in a histogram.

// Bins along brightness, red and blue, and what they reach over.
const SKIN_BINS = vec3<u32>(9u, 20u, 20u);
const SKIN_LOW = vec3<f32>(-3.2, -0.9, -1.1);
const SKIN_HIGH = vec3<f32>(1.4, 1.3, 1.1);

// Brightness on a logarithmic scale and two chromaticities that hardly change with it, free of exposure: `brightness` is the
// mean of this face's skin.
fn skin_features(rgb: vec3<f32>, brightness: f32) -> vec3<f32> {
    let y = common_luma(rgb);
    let n = y + 0.15 * brightness;
    return vec3<f32>(log(y / brightness + 0.06), (rgb.r - y) / n, (rgb.b - y) / n);
}

// The place of features among the bins, in bins.
fn skin_bin(features: vec3<f32>) -> vec3<f32> {
    let bins = vec3<f32>(SKIN_BINS);
    return clamp((features - SKIN_LOW) / (SKIN_HIGH - SKIN_LOW) * bins, vec3<f32>(0.5), bins - 0.5);
}

// How much like a fringe's hair a block is, at most as much as one may be there: rough, and much darker than the face's surest
// skin. A shaded forehead is smooth, and that of dark skin as bright as its cheeks.
fn skin_fringe(place: vec4<f32>, seen: vec4<f32>, mean: vec4<f32>) -> f32 {
    let darker = smoothstep(0.3, 1.0, log(mean.w / max(common_luma(seen.rgb), 1e-4)));
    let rougher = smoothstep(-0.5, 0.3, log(max(seen.w, 1e-4)) - mean.y);
    return max(-place.w, 0.0) * darker * rougher;
}
