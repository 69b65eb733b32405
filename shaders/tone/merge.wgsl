// In: a frame of HDR, how SDR shows it, and the same retouched. Out: the frame with what the retouch changed.
// Why: only differences are taken over, so that what was not changed keeps its values, and what was keeps its depth.

@group(0) @binding(0) var picture: texture_2d<f32>;
@group(0) @binding(1) var toned: texture_2d<f32>;
@group(0) @binding(2) var input: texture_2d<f32>;

@fragment
fn plain(@builtin(position) place: vec4<f32>) -> @location(0) vec4<f32> {
    let at = vec2<u32>(place.xy);
    let signal = textureLoad(input, at, 0);
    let before = textureLoad(toned, at, 0);
    let now = textureLoad(picture, at, 0);
    if all(now == before) {
        return signal;
    }
    if now.a == 0.0 && before.a > 0.0 {
        // Where the skin is shown in place of the picture.
        return now;
    }
    let by = tone_to_hdr(now.rgb) - tone_to_hdr(before.rgb);
    return signal + vec4<f32>(by, now.a - before.a);
}
