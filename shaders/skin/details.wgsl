// Joined into the passes that smooth: what goes of a detail.

// How much of a band of details goes: `fading` of its brightness, less of its colour, save where it is red; `strength` times
// as much. Where that is more than 1, at spots, colour goes no further than all of it, or red would turn to green.
fn details_removed(band: vec3<f32>, strength: f32, fading: f32, amount: f32) -> vec3<f32> {
    let grey = common_luma(band);
    let colour = band - grey;
    // About what such a step is in OkLab's a and b on skin.
    let a = dot(band, vec3<f32>(0.29, -0.27, -0.02));
    let b = dot(band, vec3<f32>(0.06, 0.19, -0.27));
    let red = smoothstep(0.0015, 0.007, a - 0.5 * abs(b));
    let share = strength * fading;
    let most = max(share, amount);
    return share * grey + min(strength * (0.8 * fading + 0.6 * (amount - fading) * red), most) * colour;
}

// How little of an edge a detail of some contrast is, 0..=1: edges, strands and rims stay.
fn details_gate(contrast: f32, core: f32) -> f32 {
    let x = contrast / core;
    let square = x * x;
    return 1.0 / (1.0 + square * square);
}
