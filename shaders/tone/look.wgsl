// In: a frame of HDR. Out: all of it as SDR shows it, for the stages.
// Why: skin, make-up and what is known of colours are made for SDR.

@group(0) @binding(0) var input: texture_2d<f32>;
@group(0) @binding(1) var output: texture_storage_2d<rgba16float, write>;

@compute @workgroup_size(16, 16, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if any(id.xy >= textureDimensions(input)) {
        return;
    }
    let seen = textureLoad(input, id.xy, 0);
    textureStore(output, id.xy, vec4<f32>(tone_to_sdr(seen.rgb), seen.a));
}
