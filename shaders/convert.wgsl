// In: a frame in a texture of another format than the output's. Out: all of it.
// Why: textures of two formats cannot be copied into each other. Where they are of one format this pass does not run.

@group(0) @binding(0) var input: texture_2d<f32>;
@group(0) @binding(1) var output: texture_storage_2d<rgba8unorm, write>;

@compute @workgroup_size(16, 16, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if any(id.xy >= textureDimensions(input)) {
        return;
    }
    textureStore(output, id.xy, textureLoad(input, id.xy, 0));
}
