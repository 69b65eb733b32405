// Joined into the pass that looks at mouths.

const BANDS_FIRST = 0u;
const BANDS_PARTS = 1u;

// How likely a colour inside the mouth is that of teeth: as bright as they are, and in their cluster of colours.
fn bands_teeth(layer: u32, lab: vec3<f32>, texel: vec2<u32>) -> f32 {
    let inner = textureLoad(distances, texel, layer * 3u, 0).y;
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
    return select(0.0, found, teeth.w > 0.0 && size.y > 0.008);
}
