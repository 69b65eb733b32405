// In: cells, mask. Out: what this person's skin looks like, one record a face, carried from frame to frame.
// Why: hair, fringe, beard, glasses and hands lie over the mesh; they are told from skin by this person's own colours, so
// that no skin tone is the yardstick. Twice the mean is taken again without what was unlike it.

@group(0) @binding(0) var<uniform> faces: array<SkinFace, 32>;
@group(0) @binding(1) var cells: texture_2d_array<f32>;
@group(0) @binding(2) var mask: texture_2d_array<f32>;
@group(0) @binding(3) var<storage, read_write> statistics: array<SkinStatistics, 32>;
// The same, for the other passes: on software devices textures are read faster than buffers.
@group(0) @binding(4) var copies: texture_storage_2d<rgba32float, write>;

const LANES = 64u;
const LATTICE = 48u;
const ROUNDS = 3u;

var<workgroup> weights: array<f32, LANES>;
var<workgroup> means: array<vec3<f32>, LANES>;
var<workgroup> squares: array<vec3<f32>, LANES>;
var<workgroup> colours: array<vec3<f32>, LANES>;
var<workgroup> found: SkinStatistics;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
    let face = faces[group.z];
    if face.links.y == 0u {
        return;
    }
    let mask_size = vec2<f32>(textureDimensions(mask));
    for (var round = 0u; round < ROUNDS; round++) {
        var weight = 0.0;
        var mean = vec3<f32>(0.0);
        var square = vec3<f32>(0.0);
        var colour = vec3<f32>(0.0);
        for (var k = lane; k < LATTICE * LATTICE; k += LANES) {
            let place = (vec2<f32>(f32(k % LATTICE), f32(k / LATTICE)) + 0.5) / f32(LATTICE);
            let sure = textureLoad(mask, vec2<u32>(place * mask_size), group.z, 0).g;
            if sure > 0.0 {
                let rgb = textureLoad(cells, vec2<u32>(place * vec2<f32>(face.grid.xy)), group.z, 0).rgb;
                var w = sure;
                if round > 0u {
                    w *= skin_likeness(rgb, found);
                }
                let features = skin_features(rgb);
                weight += w;
                mean += w * features;
                square += w * features * features;
                if round == ROUNDS - 1u {
                    colour += w * common_to_oklab(rgb);
                }
            }
        }
        weights[lane] = weight;
        means[lane] = mean;
        squares[lane] = square;
        colours[lane] = colour;
        workgroupBarrier();
        if lane == 0u {
            for (var k = 1u; k < LANES; k++) {
                weight += weights[k];
                mean += means[k];
                square += squares[k];
                colour += colours[k];
            }
            let n = max(weight, 1e-3);
            mean /= n;
            let variance = max(square / n - mean * mean, vec3<f32>(0.0));
            // The spread has a floor, or an even face would take each freckle for something else, and a ceiling, or a
            // fringe that was caught in the first round would widen it for ever.
            let spread = clamp(sqrt(variance), vec3<f32>(0.13, 0.035, 0.035), vec3<f32>(0.32, 0.09, 0.09));
            found.mean = vec4<f32>(mean, select(0.0, 1.0, weight > 4.0));
            found.sharpness = vec4<f32>(1.0 / spread, 0.0);
            found.colour = vec4<f32>(colour / n, 0.0);
        }
        workgroupBarrier();
    }
    if lane == 0u {
        let before = statistics[face.links.x];
        // Nothing seen now: the last frame's statistics stand. Nothing seen before: this frame's.
        var keep = select(0.0, face.amounts.w, before.mean.w > 0.0);
        keep = select(keep, select(0.0, 1.0, face.amounts.w > 0.0), found.mean.w == 0.0);
        var skin: SkinStatistics;
        skin.mean = mix(found.mean, before.mean, keep);
        skin.sharpness = mix(found.sharpness, before.sharpness, keep);
        skin.colour = mix(found.colour, before.colour, keep);
        statistics[face.links.x] = skin;
        textureStore(copies, vec2<u32>(0u, face.links.x), skin.mean);
        textureStore(copies, vec2<u32>(1u, face.links.x), skin.sharpness);
        textureStore(copies, vec2<u32>(2u, face.links.x), skin.colour);
    }
}
