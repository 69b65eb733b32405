// Joined into the pass that paints the tiles that hold a mouth.
// Most of what is painted is mouth or eye: software devices run all branches, so each has a pass.

fn paint_index(group: vec3<u32>) -> u32 {
    return compose_index(group, frame.painted.y);
}

fn paint_end() -> u32 {
    return frame.painted.z;
}

fn paint_parts(k: u32, p: vec2<f32>, lab: vec3<f32>) -> vec3<f32> {
    return paint_mouth(k, p, lab);
}
