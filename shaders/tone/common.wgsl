// Joined into the passes that see HDR: how a signal in the primaries of BT.2020 looks as sRGB, and back, as in
// src/frame/tone.rs.

fn tone_to_sdr(signal: vec3<f32>) -> vec3<f32> {
    let seen = tone_curve(clamp(signal, vec3<f32>(0.0), vec3<f32>(1.0)));
    return vec3<f32>(
        dot(seen, vec3<f32>(1.660491, -0.587641, -0.07285)),
        dot(seen, vec3<f32>(-0.12455, 1.1329, -0.00835)),
        dot(seen, vec3<f32>(-0.018151, -0.100579, 1.11873)),
    );
}

fn tone_to_hdr(sdr: vec3<f32>) -> vec3<f32> {
    let wide = vec3<f32>(
        dot(sdr, vec3<f32>(0.627404, 0.329283, 0.043313)),
        dot(sdr, vec3<f32>(0.069097, 0.91954, 0.011362)),
        dot(sdr, vec3<f32>(0.016391, 0.088013, 0.895595)),
    );
    return tone_back(clamp(wide, vec3<f32>(0.0), vec3<f32>(1.0)));
}
