// Joined into the passes that paint: what they read.

@group(0) @binding(11) var distances: texture_2d_array<f32>;
@group(0) @binding(12) var bands: texture_2d_array<f32>;
@group(0) @binding(13) var lows: texture_2d_array<f32>;
@group(0) @binding(14) var statistics: texture_2d<f32>;

fn paint_known(k: u32, column: u32) -> vec4<f32> {
    return textureLoad(statistics, vec2<u32>(column, k), 0);
}

// How coloured the light is, as the skin tells: what of its tint goes beyond skin's own.
fn paint_warmth(k: u32) -> vec2<f32> {
    return max(paint_tint(paint_known(k, PAINT_SKIN).xyz) - vec2<f32>(0.07, 0.09), vec2<f32>(0.0));
}

// Where a place lies in one of the grids, 0..=1: in fine texels and in coarse ones. Grids begin in their layer's corner.
fn paint_fine(k: u32, part: u32, p: vec2<f32>) -> vec2<f32> {
    let grid = paint_told(k, PAINT_GRIDS + part);
    let end = vec2<f32>(paint_bits(k, PAINT_TEXELS + part).xy);
    return clamp((p - grid.xy) * grid.w, vec2<f32>(0.5), max(end - 0.5, vec2<f32>(0.5))) / f32(textureDimensions(bands).x);
}

fn paint_coarse(k: u32, part: u32, p: vec2<f32>) -> vec2<f32> {
    let grid = paint_told(k, PAINT_GRIDS + part);
    let end = vec2<f32>((paint_bits(k, PAINT_TEXELS + part).xy + 3u) / 4u);
    let at = clamp((p - grid.xy) * grid.w / 4.0, vec2<f32>(0.5), max(end - 0.5, vec2<f32>(0.5)));
    return at / f32(textureDimensions(lows).x);
}
