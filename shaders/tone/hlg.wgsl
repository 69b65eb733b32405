// Joined into the passes that see HDR: the curve of hybrid log-gamma (src/frame/tone.rs), and back.

fn tone_curve(signal: vec3<f32>) -> vec3<f32> {
    return 1.3 * signal / (1.0 + 0.3 * signal);
}

fn tone_back(sdr: vec3<f32>) -> vec3<f32> {
    return sdr / (1.3 - 0.3 * sdr);
}
