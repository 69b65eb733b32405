// In: blocks, how surely each is skin and something else. Out: how much more often each colour is seen on this face's skin
// than elsewhere, on a logarithmic scale; the skin's brightness and roughness. Carried from frame to frame.
// Why: hair, beard, glasses, cloth and hands are told from skin by this person's own colours in this light, so that no skin
// tone is the yardstick. Two histograms, as Jones and Rehg, "Statistical color models with application to skin detection"
// (2002), but of this picture alone.

struct SkinColours {
    // Mean brightness, roughness on a logarithmic scale; 1 once anything was seen; mean brightness where hair is unlikely.
    mean: vec4<f32>,
    // Shares of skin and of everything else.
    bins: array<vec2<f32>, 3600>,
}

@group(0) @binding(0) var<uniform> faces: array<SkinFace, 32>;
@group(0) @binding(1) var blocks: texture_2d_array<f32>;
@group(0) @binding(2) var weights: texture_2d_array<f32>;
@group(0) @binding(3) var places: texture_2d_array<f32>;
@group(0) @binding(4) var<storage, read_write> colours: array<SkinColours>;
// The same, for the other passes: on software devices textures are read faster than buffers.
@group(0) @binding(5) var means: texture_storage_2d<rgba32float, write>;
@group(0) @binding(6) var ratios: texture_storage_3d<rgba16float, write>;

const LANES = 64u;
const BINS = 3600u;
const MOST = 25600u;
// Bins for each lane, rounded up.
const EACH = 57u;

// Both histograms, 16 bits a bin: everything else in the upper half.
var<workgroup> bins: array<atomic<u32>, BINS>;
var<workgroup> sums: array<vec4<f32>, LANES>;
var<workgroup> totals: array<vec4<f32>, LANES>;

// The neighbours of a bin along an axis, itself where there is none.
fn learn_beside(bin: u32, stride: u32, count: u32) -> vec2<u32> {
    let at = (bin / stride) % count;
    return vec2<u32>(bin - select(0u, stride, at > 0u), bin + select(0u, stride, at + 1u < count));
}

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
    let face = faces[group.z];
    if face.links.y == 0u {
        return;
    }
    // Every second block, as on a chessboard.
    let across = (face.grid.z + 1u) / 2u;
    let count = min(across * face.grid.w, MOST);
    var sum = vec4<f32>(0.0);
    var total = vec4<f32>(0.0);
    for (var k = lane; k < min(count, MOST); k += LANES) {
        let row = k / across;
        let block = vec2<u32>(2u * (k % across) + row % 2u, row);
        if block.x < face.grid.z {
            let weight = textureLoad(weights, block, face.links.x, 0);
            let seen = textureLoad(blocks, block, group.z, 0);
            let place = textureLoad(places, block, group.z, 0);
            let luma = common_luma(seen.rgb);
            let upper = place.y * (1.0 - max(place.w, 0.0));
            let bare = place.y * (1.0 - abs(place.w));
            total += vec4<f32>(weight.yz, bare * luma, bare);
            sum += vec4<f32>(place.y * luma, place.y, upper * log(max(seen.w, 1e-4)), upper);
        }
    }
    sums[lane] = sum;
    totals[lane] = total;
    for (var k = lane; k < BINS; k += LANES) {
        atomicStore(&bins[k], 0u);
    }
    workgroupBarrier();
    sum = vec4<f32>(0.0);
    total = vec4<f32>(0.0);
    for (var k = 0u; k < LANES; k++) {
        sum += sums[k];
        total += totals[k];
    }
    let before = colours[face.links.x].mean;
    // Nothing seen before: this frame's colours. Nothing seen now: the last frame's stand.
    var keep = select(0.0, face.shift.w, before.z > 0.0 && face.links.z == 0u);
    let bare = total.z / max(total.w, 1e-3);
    var mean = vec4<f32>(sum.x / max(sum.y, 1e-3), sum.z / max(sum.w, 1e-3), select(0.0, 1.0, sum.y >= 4.0), bare);
    mean = mix(mean, before, keep);
    mean = vec4<f32>(max(mean.x, 0.02), mean.yz, max(mean.w, 0.02));
    if sum.y < 4.0 && face.links.z == 0u {
        mean = before;
        keep = 1.0;
    }
    // As many steps as surely fit: a bin cannot overflow, since shares are rounded down.
    let scale = min(vec2<f32>(65000.0) / max(total.xy, vec2<f32>(1.0)), vec2<f32>(1024.0));
    for (var k = lane; k < min(count, MOST); k += LANES) {
        let row = k / across;
        let block = vec2<u32>(2u * (k % across) + row % 2u, row);
        if block.x < face.grid.z {
            let weight = textureLoad(weights, block, face.links.x, 0).yz;
            let seen = textureLoad(blocks, block, group.z, 0);
            let fringe = skin_fringe(textureLoad(places, block, group.z, 0), seen, mean);
            let steps = vec2<u32>(vec2<f32>((1.0 - fringe) * weight.x, weight.y) * scale);
            let at = vec3<u32>(skin_bin(skin_features(seen.rgb, mean.x)));
            let bin = (at.x * SKIN_BINS.y + at.y) * SKIN_BINS.z + at.z;
            atomicAdd(&bins[bin], steps.x | (steps.y << 16u));
        }
    }
    workgroupBarrier();
    // Neighbouring colours count too: a quarter, a half, a quarter along each axis.
    var mine: array<u32, EACH>;
    for (var axis = 0u; axis < 3u; axis++) {
        let stride = select(select(1u, SKIN_BINS.z, axis == 1u), SKIN_BINS.y * SKIN_BINS.z, axis == 0u);
        let along = select(select(SKIN_BINS.z, SKIN_BINS.y, axis == 1u), SKIN_BINS.x, axis == 0u);
        for (var k = 0u; k < EACH; k++) {
            let bin = min(lane + k * LANES, BINS - 1u);
            let beside = learn_beside(bin, stride, along);
            let a = atomicLoad(&bins[beside.x]);
            let b = atomicLoad(&bins[bin]);
            let c = atomicLoad(&bins[beside.y]);
            let low = ((a & 0xffffu) + 2u * (b & 0xffffu) + (c & 0xffffu) + 2u) / 4u;
            let high = ((a >> 16u) + 2u * (b >> 16u) + (c >> 16u) + 2u) / 4u;
            mine[k] = low | (high << 16u);
        }
        workgroupBarrier();
        for (var k = 0u; k < EACH; k++) {
            let bin = lane + k * LANES;
            if bin < BINS {
                atomicStore(&bins[bin], mine[k]);
            }
        }
        workgroupBarrier();
    }
    let shares = vec2<f32>(1.0) / max(total.xy * scale, vec2<f32>(1.0));
    let least = 1.0 / f32(BINS);
    for (var k = lane; k < BINS; k += LANES) {
        let packed = atomicLoad(&bins[k]);
        let found = vec2<f32>(f32(packed & 0xffffu), f32(packed >> 16u)) * shares;
        let share = mix(found, colours[face.links.x].bins[k], keep);
        colours[face.links.x].bins[k] = share;
        let ratio = log((share.x + 0.02 * least) / (0.85 * share.y + 0.6 * least));
        let place = vec3<u32>(k % SKIN_BINS.z, (k / SKIN_BINS.z) % SKIN_BINS.y, k / (SKIN_BINS.y * SKIN_BINS.z));
        textureStore(ratios, vec3<u32>(place.xy, place.z + SKIN_BINS.x * face.links.x), vec4<f32>(ratio, 0.0, 0.0, 0.0));
    }
    if lane == 0u {
        colours[face.links.x].mean = mean;
        textureStore(means, vec2<u32>(face.links.x, 0u), mean);
    }
}
