// A picture over the whole viewport.

@group(0) @binding(0) var picture: texture_2d<f32>;
@group(0) @binding(1) var smooth_sampler: sampler;

struct Corner {
    @builtin(position) position: vec4f,
    @location(0) at: vec2f,
}

// Corners 0 to 3 as they are, 4 to 7 mirrored.
@vertex
fn corner(@builtin(vertex_index) index: u32) -> Corner {
    let at = vec2f(f32(index & 1u), f32((index >> 1u) & 1u));
    let u = select(at.x, 1.0 - at.x, index >= 4u);
    return Corner(vec4f(2.0 * at.x - 1.0, 1.0 - 2.0 * at.y, 0.0, 1.0), vec2f(u, at.y));
}

// For a target that takes colours as they are encoded.
@fragment
fn encoded(in: Corner) -> @location(0) vec4f {
    return vec4f(textureSample(picture, smooth_sampler, in.at).rgb, 1.0);
}

fn decoded(c: vec3f) -> vec3f {
    return select(pow((c + 0.055) / 1.055, vec3f(2.4)), c / 12.92, c <= vec3f(0.04045));
}

// For a target that encodes them itself.
@fragment
fn linear(in: Corner) -> @location(0) vec4f {
    return vec4f(decoded(textureSample(picture, smooth_sampler, in.at).rgb), 1.0);
}

// How strongly a pixel is tinted as skin. Alpha is 0 where skin was looked for; elsewhere the picture is an opaque copy.
fn skin_share(at: vec2f) -> f32 {
    let seen = textureSample(picture, smooth_sampler, at);
    return 0.55 * seen.r * (1.0 - seen.a);
}

const SKIN_COLOR = vec3f(0.25, 0.94, 0.55);

@fragment
fn skin_encoded(in: Corner) -> @location(0) vec4f {
    let share = skin_share(in.at);
    return vec4f(SKIN_COLOR * share, share);
}

@fragment
fn skin_linear(in: Corner) -> @location(0) vec4f {
    let share = skin_share(in.at);
    return vec4f(decoded(SKIN_COLOR) * share, share);
}
