// Joined into the pass that looks at eyes.

const BANDS_FIRST = 1u;
const BANDS_PARTS = 2u;

// There are no teeth.
fn bands_teeth(layer: u32, lab: vec3<f32>, texel: vec2<u32>) -> f32 {
    return 0.0;
}
