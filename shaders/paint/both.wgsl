// Joined into the pass that paints the tiles that hold both mouth and eyes, of one face or of several.
// See the pass over mouths.

fn paint_index(group: vec3<u32>) -> u32 {
    return compose_index(group, frame.painted.w);
}

fn paint_end() -> u32 {
    return frame.size.w;
}

fn paint_parts(k: u32, p: vec2<f32>, lab: vec3<f32>) -> vec3<f32> {
    return paint_mouth(k, p, paint_eyes(k, p, lab));
}
