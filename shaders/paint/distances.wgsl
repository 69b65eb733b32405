// In: contours. Out: for the texels around mouth and eyes their distances to them, in pixels, inside below 0: of the lips outer and
// inner; of an eye its lids, its brow, the line along its lashes; and how much of the lid's surface is there, 0..=1.
// Why: distances change slowly, so a texel stands for several pixels of a large face; edges are cut from them at full size.

@group(0) @binding(0) var<uniform> faces: array<PaintFace, 32>;
@group(0) @binding(1) var contours: texture_2d<f32>;
@group(0) @binding(2) var distances: texture_storage_2d_array<rgba16float, write>;

// Corners of a contour at most, and contours of a face.
const CORNERS = 64u;
const ROWS = 10u;

var<workgroup> corners: array<vec4<f32>, 64>;

// The distance to the closed contour.
fn distances_closed(p: vec2<f32>, count: u32) -> f32 {
    var nearest = 1e12;
    var inside = false;
    var before = corners[clamp(count, 1u, CORNERS) - 1u].xy;
    for (var k = 0u; k < min(count, CORNERS); k++) {
        let corner = corners[k].xy;
        let along = before - corner;
        let to = p - corner;
        let off = to - along * clamp(dot(to, along) / max(dot(along, along), 1e-9), 0.0, 1.0);
        nearest = min(nearest, dot(off, off));
        let crosses = (corner.y > p.y) != (before.y > p.y);
        let right = to.x * along.y < to.y * along.x;
        inside = inside != (crosses && (right == (along.y > 0.0)));
        before = corner;
    }
    return select(1.0, -1.0, inside) * min(sqrt(nearest), 1e4);
}

// How much of the lid's surface is at a place, by its distances to the lids, the brow and the surface's own border.
fn distances_shadow(layer: u32, side: u32, p: vec2<f32>, lids: f32, brow: f32, border: f32) -> f32 {
    let size = faces[layer].size.x;
    let corner = faces[layer].corners[side];
    let width = faces[layer].irises[side].w;
    let up = select(faces[layer].ups.xy, faces[layer].ups.zw, side == 1u);
    let along = (corner.xy - corner.zw) / width;
    let q = dot(p - corner.zw, along) / width;
    let h = dot(p - corner.zw, up) / width;
    let t = max(lids, 0.0) / max(max(lids, 0.0) + max(brow, 0.0), 1e-3);
    let within = 1.0 - smoothstep(-0.012 * size, 0.006 * size, border);
    return within * (1.0 - smoothstep(0.30, 0.72, t)) * smoothstep(-0.06, 0.12, q)
        * (1.0 - smoothstep(1.02, 1.30, q - 0.25 * h)) * mix(0.65, 1.0, smoothstep(0.3, 1.0, q));
}

@compute @workgroup_size(8, 8, 1)
fn main(
    @builtin(global_invocation_id) id: vec3<u32>,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let layer = group.z / 3u;
    let part = group.z % 3u;
    let texels = faces[layer].texels[part].xy;
    if any(group.xy * 8u >= texels) {
        return;
    }
    let counts = faces[layer].counts[part];
    let grid = faces[layer].grids[part];
    let p = grid.xy + (vec2<f32>(id.xy) + 0.5) * grid.z;
    // Rows of the mouth are two, of an eye four; what is not needed has no corners.
    let first = layer * ROWS + select(0u, 4u * part - 2u, part > 0u);
    var away = vec4<f32>(1e4);
    for (var k = 0u; k < 4u; k++) {
        workgroupBarrier();
        corners[lane] = textureLoad(contours, vec2<u32>(lane, first + k), 0);
        workgroupBarrier();
        let found = distances_closed(p, counts[k]);
        away = select(away, vec4<f32>(found), vec4<u32>(k) == vec4<u32>(0u, 1u, 2u, 3u));
    }
    let shadow = distances_shadow(layer, max(part, 1u) - 1u, p, away.x, away.y, away.w);
    if all(id.xy < texels) {
        textureStore(distances, id.xy, group.z, vec4<f32>(away.xyz, select(0.0, shadow, part > 0u)));
    }
}
