// Joined into the passes that see HDR: the curve of the perceptual quantizer (src/frame/tone.rs), and back.

// The SDR signal above which light is compressed, the PQ signal that looks so, and by how much the curve bends from there.
const TONE_KNEE = 0.8;
const TONE_KNEE_SIGNAL = 0.5286464;
const TONE_BEND = 8.256231;
// Diffuse white.
const TONE_WHITE = 0.0203;
const TONE_M = vec2<f32>(0.1593017578, 78.84375);
const TONE_C = vec3<f32>(0.8359375, 18.8515625, 18.6875);

fn tone_curve(signal: vec3<f32>) -> vec3<f32> {
    let root = pow(signal, vec3<f32>(1.0 / TONE_M.y));
    let light = pow(max(root - TONE_C.x, vec3<f32>(0.0)) / (TONE_C.y - TONE_C.z * root), vec3<f32>(1.0 / TONE_M.x));
    let over = max((signal - TONE_KNEE_SIGNAL) / (1.0 - TONE_KNEE_SIGNAL), vec3<f32>(0.0));
    let bent = TONE_KNEE + (1.0 - TONE_KNEE) * TONE_BEND * over / (1.0 + (TONE_BEND - 1.0) * over);
    return select(common_encoded(light / TONE_WHITE), bent, over > vec3<f32>(0.0));
}

fn tone_back(sdr: vec3<f32>) -> vec3<f32> {
    let root = pow(TONE_WHITE * common_linear(sdr), vec3<f32>(TONE_M.x));
    let signal = pow((TONE_C.x + TONE_C.y * root) / (1.0 + TONE_C.z * root), vec3<f32>(TONE_M.y));
    let over = max((sdr - TONE_KNEE) / (1.0 - TONE_KNEE), vec3<f32>(0.0));
    let bent = over / (TONE_BEND - (TONE_BEND - 1.0) * over);
    return select(signal, TONE_KNEE_SIGNAL + (1.0 - TONE_KNEE_SIGNAL) * bent, over > vec3<f32>(0.0));
}
