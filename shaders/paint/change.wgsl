// Joined into the passes that finish painted tiles: what paint adds to the picture.

@group(0) @binding(19) var painted: texture_2d<f32>;

// Where tiles of a kind lie: those that are painted have ends of their own.
fn paint_first(bare: u32, painted: u32) -> u32 {
    return painted;
}

// Whether a place lies in a box, with all that it is read between.
fn paint_covers(area: vec4<u32>, p: vec2<f32>) -> bool {
    return all(p >= vec2<f32>(area.xy) + 0.5) && all(p <= vec2<f32>(area.zw) - 0.5);
}

// What is painted at a place between pixels by some faces; all of it lies in one texture.
fn paint_change(paint: u32, p: vec2<f32>) -> vec4<f32> {
    var covered = false;
    var others = paint;
    for (var n = 0u; n < 32u; n++) {
        let k = min(firstTrailingBit(others), 31u);
        if others != 0u {
            covered = covered || paint_covers(paint_bits(k, PAINT_BOXES), p) || paint_covers(paint_bits(k, PAINT_BOXES + 1u), p)
                || paint_covers(paint_bits(k, PAINT_BOXES + 2u), p);
        }
        others &= others - 1u;
        if others == 0u {
            break;
        }
    }
    if !covered {
        return vec4<f32>(0.0);
    }
    return textureSampleLevel(painted, linear, p / vec2<f32>(frame.size.xy), 0.0);
}
