// Joined into the passes that finish tiles without paint: on software devices, what is not there shall cost nothing.

fn paint_first(bare: u32, painted: u32) -> u32 {
    return bare;
}

fn paint_change(paint: u32, p: vec2<f32>) -> vec4<f32> {
    return vec4<f32>(0.0);
}
