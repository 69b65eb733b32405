// Joined into the pass that paints the tiles that hold an eye.
// See the pass over mouths.

fn paint_index(group: vec3<u32>) -> u32 {
    return compose_index(group, frame.painted.z);
}

fn paint_end() -> u32 {
    return frame.painted.w;
}

fn paint_parts(k: u32, p: vec2<f32>, lab: vec3<f32>) -> vec3<f32> {
    return paint_eyes(k, p, lab);
}
