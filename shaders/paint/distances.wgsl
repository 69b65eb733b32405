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

// Fetches a contour for the workgroup.
fn distances_fetch(lane: u32, row: u32) {
    workgroupBarrier();
    corners[lane] = textureLoad(contours, vec2<u32>(lane, row), 0);
    workgroupBarrier();
}

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
    return select(1.0, -1.0, inside) * sqrt(nearest);
}

// The distance to the edge of a line that is as wide as its corners say.
fn distances_line(p: vec2<f32>, count: u32) -> f32 {
    var nearest = 1e6;
    var before = corners[0].xyz;
    for (var k = 1u; k < min(count, CORNERS); k++) {
        let corner = corners[k].xyz;
        let along = corner.xy - before.xy;
        let share = clamp(dot(p - before.xy, along) / max(dot(along, along), 1e-9), 0.0, 1.0);
        nearest = min(nearest, length(p - before.xy - share * along) - mix(before.z, corner.z, share));
        before = corner;
    }
    return nearest;
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
    var out = vec4<f32>(0.0);
    if part == 0u {
        distances_fetch(lane, layer * ROWS);
        out.x = distances_closed(p, counts.x);
        distances_fetch(lane, layer * ROWS + 1u);
        out.y = distances_closed(p, counts.y);
    } else {
        let row = layer * ROWS + 4u * part - 2u;
        distances_fetch(lane, row);
        out.x = distances_closed(p, counts.x);
        distances_fetch(lane, row + 1u);
        out.y = distances_closed(p, counts.y);
        distances_fetch(lane, row + 2u);
        out.z = distances_line(p, counts.z);
        distances_fetch(lane, row + 3u);
        let border = distances_closed(p, counts.w);
        out.w = distances_shadow(layer, part - 1u, p, out.x, out.y, border);
    }
    if all(id.xy < texels) {
        textureStore(distances, id.xy, group.z, out);
    }
}
