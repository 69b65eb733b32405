// Joined into passes that see a frame which is not HDR.

fn tone_to_sdr(colour: vec3<f32>) -> vec3<f32> {
    return colour;
}
