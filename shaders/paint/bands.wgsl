// In: the frame, distances, statistics. Out: for the texels around mouth and eyes what is seen there, in OkLab, and how likely
// teeth are.
// Why: what something is shall not hang on a single pixel's noise.

@group(0) @binding(0) var<uniform> faces: array<PaintFace, 32>;
@group(0) @binding(1) var input: texture_2d<f32>;
@group(0) @binding(2) var linear: sampler;
@group(0) @binding(3) var distances: texture_2d_array<f32>;
@group(0) @binding(4) var statistics: texture_2d<f32>;
@group(0) @binding(5) var bands: texture_storage_2d_array<rgba16float, write>;

// How likely a colour inside the mouth is that of teeth: as bright as they are, and in their cluster of colours.
fn bands_teeth(layer: u32, lab: vec3<f32>, inner: f32) -> f32 {
    let size = faces[layer].size;
    let skin = textureLoad(statistics, vec2<u32>(PAINT_SKIN, layer), 0);
    let lip = textureLoad(statistics, vec2<u32>(PAINT_LIP, layer), 0);
    let white = textureLoad(statistics, vec2<u32>(PAINT_WHITE, layer), 0);
    let teeth = textureLoad(statistics, vec2<u32>(PAINT_TEETH, layer), 0);
    let more = textureLoad(statistics, vec2<u32>(PAINT_MORE, layer), 0);
    let edge = max(0.7, 0.002 * size.x);
    let within = 1.0 - smoothstep(-edge, edge, inner - 0.003 * size.x);
    let off = paint_tint(lab) - paint_tint(white.xyz);
    let lips = paint_tint(lip.xyz) - paint_tint(white.xyz);
    let red = dot(off, lips) / max(dot(lips, lips), 1e-5);
    let far = off.x - teeth.y + 0.35 * max(off.y - teeth.z, 0.0);
    let reach = max(teeth.w, 1e-3);
    let bright = smoothstep(teeth.x - 0.10 * white.x, teeth.x + 0.08 * white.x, lab.x);
    let alike = (1.0 - smoothstep(0.8 * reach, 1.5 * reach, far)) * (1.0 - smoothstep(0.060, 0.085, off.x));
    let lit = smoothstep(0.78, 1.0, more.x / (0.75 * skin.x + 0.25 * lip.x));
    let found = within * bright * alike * (1.0 - smoothstep(0.45, 0.8, red)) * lit;
    return select(0.0, found, teeth.w > 0.0);
}

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
    let layer = group.z / 3u;
    let part = group.z % 3u;
    if any(id.xy >= faces[layer].texels[part].xy) {
        return;
    }
    let grid = faces[layer].grids[part];
    let size = vec2<f32>(textureDimensions(input));
    let p = grid.xy + (vec2<f32>(id.xy) + 0.5) * grid.z;
    var rgb = vec3<f32>(0.0);
    if grid.z == 1.0 {
        rgb = textureLoad(input, min(vec2<u32>(p), textureDimensions(input) - 1u), 0).rgb;
    } else {
        for (var k = 0u; k < 4u; k++) {
            let at = p + (vec2<f32>(f32(k & 1u), f32(k >> 1u)) - 0.5) * 0.5 * grid.z;
            rgb += 0.25 * textureSampleLevel(input, linear, clamp(at, vec2<f32>(0.5), size - 0.5) / size, 0.0).rgb;
        }
    }
    let lab = common_to_oklab(rgb);
    var teeth = 0.0;
    if part == 0u && faces[layer].size.y > 0.008 {
        teeth = bands_teeth(layer, lab, textureLoad(distances, id.xy, group.z, 0).y);
    }
    textureStore(bands, id.xy, group.z, vec4<f32>(lab, teeth));
}
