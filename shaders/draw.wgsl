// In: a finished frame. Out: the same in a texture that shaders cannot write to, one triangle over all of it.
// Why: textures with blue first, or of sRGB's types, can only be drawn into.

@group(0) @binding(0) var picture: texture_2d<f32>;

@fragment
fn plain(@builtin(position) place: vec4<f32>) -> @location(0) vec4<f32> {
    return textureLoad(picture, vec2<u32>(place.xy), 0);
}

// For a texture of sRGB's types: the device encodes what it is given, which makes the same value of it again.
@fragment
fn decoded(@builtin(position) place: vec4<f32>) -> @location(0) vec4<f32> {
    let colour = textureLoad(picture, vec2<u32>(place.xy), 0);
    return vec4<f32>(common_linear(colour.rgb), colour.a);
}
