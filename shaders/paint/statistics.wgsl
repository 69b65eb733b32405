// In: the frame, the places where a face is looked at, what was known of it in the frame before. Out: its colours, and the
// products' colours in this light.
// Why: one workgroup a face. What is known follows slowly, so that paint does not flicker with what lips and hands do.

@group(0) @binding(0) var<uniform> faces: array<PaintFace, 32>;
@group(0) @binding(1) var input: texture_2d<f32>;
@group(0) @binding(2) var linear: sampler;
@group(0) @binding(3) var samples: texture_2d<f32>;
@group(0) @binding(4) var<storage, read_write> states: array<PaintState>;
@group(0) @binding(5) var statistics: texture_storage_2d<rgba32float, write>;

struct PaintState {
    kept: array<vec4<f32>, 6>,
}

const LANES = 64u;
// First place and number of places of each kind: src/retouch/paint/samples.rs.
const COUNT = 512u;
const SKIN = vec2<u32>(0u, 21u);
const LIPS = vec2<u32>(21u, 42u);
const WHITES = vec2<u32>(63u, 12u);
const FACE = vec2<u32>(75u, 156u);
const OPENING = vec2<u32>(231u, 108u);
const LINE = vec2<u32>(339u, 63u);
const BROWS = vec2<u32>(402u, 30u);
const ABOVE = vec2<u32>(432u, 10u);
const IRISES = vec2<u32>(442u, 16u);
// Six lines of nine places across the upper lids.
const LIDS = vec2<u32>(458u, 54u);
const MOST = 160u;
// What does not count is sorted behind all that does.
const OUT = 1e9;
// In a black picture all is lit a little.
const DARKEST = vec4<f32>(0.05, -1.0, -1.0, 0.0);

// The share of the dark end that is a veil, what lies there without one beside the bright end, and the most.
const VEIL = vec3<f32>(0.7, 0.006, 0.02);

// How slowly what is known follows what is seen, whatever the frame rate: the seconds in which all but 1/e of a step is taken in.
const SKIN_SECONDS = vec4<f32>(0.5, 0.5, 0.5, 0.8);
const LIP_SECONDS = vec4<f32>(0.4, 0.4, 0.4, 0.6);
const WHITE_SECONDS = vec4<f32>(1.0, 1.0, 1.0, 0.15);
const TEETH_SECONDS = vec4<f32>(0.3);
const MORE_SECONDS = vec4<f32>(0.3, 0.5, 0.5, 0.4);

// What is sorted by what, one after the other.
const JOBS = 12u;

var<workgroup> values: array<vec3<f32>, 512>;
var<workgroup> keys: array<f32, 160>;
var<workgroup> sorted: array<vec3<f32>, 160>;
var<workgroup> found: array<vec4<f32>, 6>;
// What one job tells the next ones: the face's bright end; the lips' a, b and lightness; their gleam; from which lightness on teeth
// are; their bright end; skin over the brows, and how full these are; the irises; the face's dark end.
var<workgroup> told: array<f32, 10>;

// The colour around a place.
fn statistics_seen(p: vec2<f32>, radius: f32) -> vec3<f32> {
    let size = vec2<f32>(textureDimensions(input));
    var sum = vec3<f32>(0.0);
    for (var k = 0u; k < 9u; k++) {
        let offset = vec2<f32>(f32(k % 3u), f32(k / 3u)) - 1.0;
        let at = clamp(p + offset * radius, vec2<f32>(0.5), size - 0.5);
        sum += textureSampleLevel(input, linear, at / size, 0.0).rgb;
    }
    return common_to_oklab(sum / 9.0);
}

// The mean of sorted values from a first to before an end.
fn statistics_mean(first: u32, end: u32) -> vec3<f32> {
    var sum = vec3<f32>(0.0);
    for (var k = first; k < min(end, MOST); k++) {
        sum += sorted[k];
    }
    return sum / f32(max(end, first + 1u) - first);
}

// The least of a colour's linear red, green and blue: light without colour that may lie over it.
fn statistics_least(lab: vec3<f32>) -> f32 {
    let c = common_linear(common_from_oklab(lab));
    return min(min(c.r, c.g), c.b);
}

// Light that lies over all of a face as haze and glare do, since nothing in it has less: most of what its dark end has. (He, Sun,
// Tang, "Single image haze removal using dark channel prior", 2009.)
fn statistics_veil() -> f32 {
    return clamp(VEIL.x * (told[9] - VEIL.y * pow(told[0], 3.0)), 0.0, VEIL.z);
}

// A product's colour as the light of the scene shows it, behind the same veil as all else.
fn statistics_lit(colour: vec3<f32>, white: vec4<f32>, veil: f32) -> vec3<f32> {
    let shade = clamp(white.x / 0.84, 0.45, 1.06);
    let tint = 0.6 * white.yz / white.x;
    var light = clamp(common_linear(common_from_oklab(vec3<f32>(1.0, tint))), vec3<f32>(0.35), vec3<f32>(2.0));
    light /= max(dot(light, vec3<f32>(0.2126, 0.7152, 0.0722)), 0.1);
    let lit = shade * common_to_oklab(common_encoded(colour * light));
    return common_to_oklab(common_encoded(common_linear(common_from_oklab(lit)) + veil));
}

// Keeps what is known, and takes a share of what is new.
fn statistics_take(layer: u32, n: u32, fresh: vec4<f32>, share: vec4<f32>) {
    let slot = u32(faces[layer].size.w);
    let known = faces[layer].size.z > 0.0;
    found[n] = mix(fresh, mix(states[slot].kept[n], fresh, share), vec4<f32>(select(0.0, 1.0, known)));
}

// The share of what is new that a face's frame takes in.
fn statistics_share(layer: u32, seconds: vec4<f32>) -> vec4<f32> {
    return 1.0 - exp(-faces[layer].blush.w / seconds);
}

// What a value is sorted by.
fn statistics_key(layer: u32, job: u32, k: u32, lab: vec3<f32>) -> f32 {
    switch job {
        case 2u: { return lab.y; }
        case 3u: { return lab.z; }
        case 5u: { return abs(lab.x - told[3]); }
        case 6u: { return select(OUT, lab.x, select(faces[layer].seen.z, faces[layer].seen.w, k >= 6u) > 0.6); }
        case 8u: { return select(OUT, paint_tint(lab).x, lab.x > told[5]); }
        default: { return lab.x; }
    }
}

// Lips: the medians, and the median of what they are off.
fn statistics_lips(layer: u32, known: vec3<f32>) {
    let spread = clamp(1.4826 * abs(sorted[21].x - told[3]), 0.03, 0.10);
    let lip = max(vec4<f32>(told[3], told[1], told[2], spread), DARKEST);
    // Farther off than lips change by themselves: something is in front of them.
    let is_hand = distance(lip.xyz, known) > 0.12;
    statistics_take(layer, PAINT_LIP, lip, statistics_share(layer, LIP_SECONDS * select(1.0, 10.0, is_hand)));
    let own = found[PAINT_LIP];
    let knee = own.x + 1.6 * own.w;
    var gleam = 0.0;
    for (var k = 0u; k < 42u; k++) {
        let over = max(sorted[k].x - knee, 0.0);
        gleam += max(over - 0.6 * own.w * (1.0 - exp(-over / (1.2 * own.w))), 0.0) / 42.0;
    }
    told[4] = gleam;
}

// Whites of open eyes, and whether the mouth's line is seen.
fn statistics_white(layer: u32) {
    let open = faces[layer].seen.zw;
    let count = select(0u, 6u, open.x > 0.6) + select(0u, 6u, open.y > 0.6);
    var white = vec3<f32>(0.8 * told[0] + 0.05, 0.0, 0.0);
    if count > 0u {
        white = statistics_mean(count / 2u, count);
        white.x = max(white.x, 0.9 * told[0]);
    }
    white.x = clamp(white.x, 0.25, 0.95);
    white = vec3<f32>(white.x, white.yz / max(length(white.yz) / 0.10, 1.0));
    // Where a mouth is shut, a line darker than the lips beside it runs between them: a hand before it has none.
    var lines = 0.0;
    for (var k = 0u; k < 7u; k++) {
        let first = LINE.x + 9u * k;
        let beside = 0.5 * (values[first].x + values[first + 8u].x);
        var least = 1.0;
        for (var j = 0u; j < 9u; j++) {
            least = min(least, values[first + j].x);
        }
        lines += (1.0 - smoothstep(0.94, 0.98, least / max(beside, 0.02))) / 7.0;
    }
    let told_seen = max(faces[layer].mouth.w, smoothstep(0.02, 0.03, faces[layer].size.y));
    let seen = max(smoothstep(0.35, 0.65, lines), told_seen);
    // Shut eyes tell nothing.
    let share = statistics_share(layer, WHITE_SECONDS) * vec4<f32>(vec3<f32>(select(1.0, 0.0, count == 0u)), 1.0);
    statistics_take(layer, PAINT_WHITE, vec4<f32>(white, seen), share);
}

// Teeth: of what is bright in the opening, the part that is least red is one colour.
fn statistics_teeth(layer: u32, before: f32) {
    var count = 0u;
    for (var k = 0u; k < OPENING.y; k++) {
        count += select(0u, 1u, sorted[k].x > told[5]);
    }
    var teeth = vec4<f32>(told[5], 0.0, 0.0, 0.0);
    if count >= 8u {
        let white = paint_tint(found[PAINT_WHITE].xyz);
        let few = count * 3u / 10u;
        let cluster = paint_tint(statistics_mean(few / 3u, few - few / 3u)) - white;
        let reddest = paint_tint(sorted[count * 9u / 10u]).x - white.x;
        let at = min(cluster.x, 0.045);
        teeth = vec4<f32>(told[5], at, cluster.y, clamp(0.5 * (reddest - at), 0.020, 0.038));
    }
    // A mouth that opens shows teeth that nobody has seen yet.
    let is_first = before == 0.0 || teeth.w == 0.0;
    let share = select(statistics_share(layer, TEETH_SECONDS), vec4<f32>(1.0), is_first);
    statistics_take(layer, PAINT_TEETH, teeth, share);
}

// How much of the lightness that changes across the lids changes between two places next to each other: a mean in which steep
// lines count more; 0 where nothing changes. The places are 0.005 F apart, so an edge that is blurred by a sigma of s has 0.002 F / s.
fn statistics_steepness() -> f32 {
    var sums = vec2<f32>(0.0);
    for (var k = 0u; k < 6u; k++) {
        let first = LIDS.x + 9u * k;
        var least = values[first].x;
        var most = least;
        var step = 0.0;
        for (var j = 1u; j < 9u; j++) {
            let here = values[first + j].x;
            step = max(step, abs(here - values[first + j - 1u].x));
            least = min(least, here);
            most = max(most, here);
        }
        let steep = select(0.0, step / max(most - least, 0.08), most - least > 0.08);
        sums += vec2<f32>(steep * steep, steep);
    }
    return sums.x / max(sums.y, 1e-3);
}

// What the sorted values of a job tell.
fn statistics_tell(layer: u32, job: u32) {
    let slot = u32(faces[layer].size.w);
    switch job {
        case 0u: {
            told[0] = sorted[148].x;
            told[9] = statistics_least(sorted[2]);
        }
        case 1u: {
            told[8] = 0.5 * (sorted[7].x + sorted[8].x);
            told[9] = min(told[9], statistics_least(sorted[1]));
        }
        case 2u: { told[1] = 0.5 * (sorted[20].y + sorted[21].y); }
        case 3u: { told[2] = 0.5 * (sorted[20].z + sorted[21].z); }
        case 4u: { told[3] = 0.5 * (sorted[20].x + sorted[21].x); }
        case 5u: { statistics_lips(layer, states[slot].kept[PAINT_LIP].xyz); }
        case 6u: { statistics_white(layer); }
        case 7u: {
            let white = found[PAINT_WHITE].x;
            told[6] = sorted[104].x;
            told[5] = clamp(mix(sorted[5].x, told[6], 0.5), 0.50 * white, 0.80 * white);
            told[9] = min(told[9], statistics_least(sorted[2]));
        }
        case 8u: { statistics_teeth(layer, states[slot].kept[PAINT_TEETH].w); }
        case 9u: { told[7] = sorted[5].x; }
        case 10u: {
            // Hairs are what is darker than the skin above.
            var cover = 0.0;
            for (var k = 0u; k < 30u; k++) {
                cover += smoothstep(0.03, 0.14, told[7] - sorted[k].x) / 30.0;
            }
            told[7] = cover;
            told[9] = min(told[9], statistics_least(sorted[2]));
            let steep = statistics_steepness();
            let blur = sqrt(max(pow(0.002 / max(steep, 0.15), 2.0) - 0.0043 * 0.0043, 0.0));
            let share = statistics_share(layer, SKIN_SECONDS) * vec4<f32>(vec3<f32>(1.0), select(0.0, 1.0, steep > 0.0));
            statistics_take(layer, PAINT_HAIR, vec4<f32>(statistics_mean(2u, 14u), select(0.0, blur, steep > 0.0)), share);
        }
        default: {
            statistics_take(layer, PAINT_MORE, vec4<f32>(told[6], told[7], told[8], told[4]), statistics_share(layer, MORE_SECONDS));
            let skin = max(vec4<f32>(statistics_mean(4u, 17u), statistics_veil()), DARKEST);
            statistics_take(layer, PAINT_SKIN, skin, statistics_share(layer, SKIN_SECONDS));
        }
    }
}

// A lens's colour, and what it adds to the irises' lightness: on dark ones little, or they would look printed.
fn statistics_lens(lit: vec3<f32>) -> vec4<f32> {
    let own = found[PAINT_MORE].z;
    let most = mix(0.09, 0.22, smoothstep(0.25, 0.55, own / found[PAINT_WHITE].x));
    return vec4<f32>(lit, 0.55 * clamp(lit.x - own, -0.10, most));
}

// A product's colour, as it is painted.
fn statistics_product(layer: u32, product: u32) -> vec4<f32> {
    let skin = found[PAINT_SKIN];
    let lip = found[PAINT_LIP];
    let lit = statistics_lit(faces[layer].colours[product].rgb, found[PAINT_WHITE], skin.w);
    let light = max(lit.x, 0.02);
    switch product {
        // Lips keep about their own lightness, lids the skin's.
        case 0u: { return vec4<f32>(lit * clamp(lit.x, lip.x - 0.28, lip.x + 0.12) / light, 0.0); }
        case 1u: {
            // On dark skin as a deep berry, on light skin as no stain; where skin has its colour already, as a flush of it.
            var step = lit.yz * clamp(skin.x / light, 0.70, 1.1) - skin.yz;
            step += max(0.075 - length(step), 0.0) * lit.yz / max(length(lit.yz), 1e-3);
            step /= max(length(step) / 0.10, 1.0);
            return vec4<f32>(clamp(0.35 * (lit.x - skin.x), -0.04, 0.04), step, 0.0);
        }
        case 3u: {
            // One that is as light as the skin would not be seen: it becomes darker. What is lighter stays so, or gold would be olive.
            let off = lit.x - skin.x;
            let alike = (1.0 - smoothstep(-0.02, 0.05, off)) * exp(-off * off / 0.017);
            let lightness = clamp(lit.x - 0.10 * alike, skin.x - 0.24, skin.x + 0.10);
            // What is lit up to the skin's lightness does not become more colourful by as much.
            let share = lightness / light;
            return vec4<f32>(lightness, lit.yz * min(share, sqrt(share)), 0.0);
        }
        case 5u: { return vec4<f32>(mix(0.92 * found[PAINT_HAIR].xyz, lit, faces[layer].brows.y), 0.0); }
        case 6u: { return statistics_lens(lit); }
        default: { return vec4<f32>(lit, 0.0); }
    }
}

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
    let layer = group.z;
    let size = faces[layer].size;
    if size.x == 0.0 {
        return;
    }
    for (var n = lane; n < COUNT; n += LANES) {
        let radius = select(select(0.003, 0.0012, n >= LIDS.x), 0.011, n < SKIN.y) * size.x;
        values[n] = statistics_seen(textureLoad(samples, vec2<u32>(n, layer), 0).xy, radius);
    }
    let kinds = array<vec2<u32>, JOBS>(
        FACE, IRISES, LIPS, LIPS, LIPS, LIPS, WHITES, OPENING, OPENING, ABOVE, BROWS, SKIN,
    );
    // One loop for all, since software devices compile each barrier anew.
    for (var job = 0u; job < JOBS; job++) {
        let kind = kinds[job];
        workgroupBarrier();
        for (var k = lane; k < min(kind.y, MOST); k += LANES) {
            keys[k] = statistics_key(layer, job, k, values[kind.x + k]);
        }
        workgroupBarrier();
        for (var k = lane; k < min(kind.y, MOST); k += LANES) {
            let own = keys[k];
            var rank = 0u;
            for (var j = 0u; j < min(kind.y, MOST); j++) {
                let other = keys[j];
                rank += select(0u, 1u, other < own || (other == own && j < k));
            }
            sorted[rank] = values[kind.x + k];
        }
        workgroupBarrier();
        if lane == 0u {
            statistics_tell(layer, job);
        }
    }
    workgroupBarrier();
    if lane < PAINT_KEPT {
        states[u32(size.w)].kept[lane] = found[lane];
        textureStore(statistics, vec2<u32>(lane, layer), found[lane]);
    }
    if lane < 7u {
        textureStore(statistics, vec2<u32>(PAINT_KEPT + lane, layer), statistics_product(layer, lane));
    }
}
