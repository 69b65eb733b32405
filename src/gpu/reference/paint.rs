//! The passes that know a face's colours and paint what has edges, line by line as the shaders.

use super::arithmetic::{Rounding, Texture, V, from_oklab, grids, mix, smoothstep, square, to_oklab};
use super::products::{Known, Products, decoded};
use crate::gpu::stages::makeup::PaintUniform;
use crate::retouch::paint::samples::KINDS;
use crate::retouch::paint::{BOXES, PaintPlan};

/// First place of each kind, and how many there are.
fn kind(number: usize) -> std::ops::Range<usize> {
    let first = KINDS[..number].iter().sum();
    first..first + KINDS[number]
}
const SKIN: usize = 0;
const LIPS: usize = 1;
const WHITES: usize = 2;
const FACE: usize = 3;
const OPENING: usize = 4;
const LINE: usize = 5;
const BROWS: usize = 6;
const ABOVE: usize = 7;
const IRISES: usize = 8;
const LIDS: usize = 9;

/// The seconds in which what is known follows, in the order of the columns.
const SECONDS: [[f32; 4]; 6] = [
    [0.5, 0.5, 0.5, 0.8],
    [0.4, 0.4, 0.4, 0.6],
    [1.0, 1.0, 1.0, 0.15],
    [0.3; 4],
    [0.3, 0.5, 0.5, 0.4],
    [0.5, 0.5, 0.5, 0.8],
];

pub(super) fn tint(lab: V<3>) -> V<2> {
    V([lab[1], lab[2]]).map(|v| v / lab[0].max(0.02))
}

fn mean(values: &[V<3>]) -> V<3> {
    let sum = values.iter().fold(V::default(), |sum, value| sum + *value);
    (1.0 / values.len().max(1) as f32) * sum
}

fn sorted(values: &[V<3>], key: impl Fn(V<3>) -> f32) -> Vec<V<3>> {
    let mut values = values.to_vec();
    values.sort_by(|a, b| key(*a).total_cmp(&key(*b)));
    values
}

/// How much of the lightness that changes across the lids changes in one step.
fn steepness(lids: &[V<3>]) -> f32 {
    let (squares, sum) = lids.chunks(9).fold((0.0, 0.0), |(squares, sum), line| {
        let least = line.iter().map(|lab| lab[0]).fold(f32::INFINITY, f32::min);
        let range = line.iter().map(|lab| lab[0]).fold(0.0, f32::max) - least;
        let step = line.windows(2).map(|pair| (pair[1][0] - pair[0][0]).abs()).fold(0.0, f32::max);
        let steep = if range > 0.08 { step / range } else { 0.0 };
        (squares + steep * steep, sum + steep)
    });
    squares / sum.max(1e-3)
}

/// A face that is painted.
pub(super) struct Paint<'a> {
    pub(super) plan: &'a PaintPlan,
    pub(super) face: PaintUniform,
    pub(super) input: &'a Texture,
    pub(super) round: Rounding,
}

/// What is around mouth and eyes: distances, what is seen, what is around.
pub(super) struct Part {
    pub(super) distances: Texture,
    pub(super) bands: Texture,
    pub(super) lows: Texture,
}

impl Paint<'_> {
    pub(super) fn clamped(&self, [x, y]: [f32; 2]) -> V<3> {
        let end = [self.input.width as f32 - 0.5, self.input.height as f32 - 0.5];
        self.input.between([x.clamp(0.5, end[0]), y.clamp(0.5, end[1])]).rgb()
    }

    /// What is known of the face's colours after a frame (`statistics.wgsl`).
    pub(super) fn statistics(&self, before: Option<&Known>) -> Known {
        let size = self.face.size[0];
        let values: Vec<V<3>> = (0..KINDS.iter().sum())
            .map(|n| {
                let radius = match n {
                    n if kind(SKIN).contains(&n) => 0.011,
                    n if kind(LIDS).contains(&n) => 0.0012,
                    _ => 0.003,
                } * size;
                let place = self.plan.samples.row()[n];
                let seen = square([-1, -1], 3).fold(V::default(), |sum, [i, j]| {
                    sum + self.clamped([place[0] + i as f32 * radius, place[1] + j as f32 * radius])
                });
                to_oklab(1.0 / 9.0 * seen)
            })
            .collect();
        let of = |number: usize| &values[kind(number)];
        let light = |number: usize| sorted(of(number), |lab| lab[0]);
        let take = |n: usize, fresh: V<4>, share: [f32; 4]| {
            before.map_or(fresh, |before| V(std::array::from_fn(|k| mix(before[n][k], fresh[k], share[k]))))
        };
        let elapsed = self.face.blush[3];
        let shares = |n: usize| SECONDS[n].map(|seconds| 1.0 - (-elapsed / seconds).exp());
        let mut known = Known::default();
        let bright = light(FACE)[148][0];
        let (irises, brows) = (light(IRISES), light(BROWS));
        let dark = [light(FACE)[2], irises[1], light(OPENING)[2], brows[2]].map(|lab| from_oklab(lab).map(decoded).0);
        let veil = 0.7 * (dark.into_iter().flatten().fold(1.0, f32::min) - 0.006 * bright.powi(3));
        known[0] = take(0, mean(&light(SKIN)[4..17]).with(veil.clamp(0.0, 0.02)), shares(0));

        let middle = |axis: usize| {
            let lips = sorted(of(LIPS), |lab| lab[axis]);
            0.5 * (lips[20][axis] + lips[21][axis])
        };
        let lip = [middle(0), middle(1), middle(2)];
        let spread =
            (1.4826 * (sorted(of(LIPS), |lab| (lab[0] - lip[0]).abs())[21][0] - lip[0]).abs()).clamp(0.03, 0.10);
        let is_hand = before.is_some_and(|before| (V(lip) - before[1].rgb()).length() > 0.12);
        let slower = if is_hand { 10.0 } else { 1.0 };
        let lip_shares = SECONDS[1].map(|seconds| 1.0 - (-elapsed / (slower * seconds)).exp());
        known[1] = take(1, V(lip).with(spread), lip_shares);
        let knee = known[1][0] + 1.6 * known[1][3];
        let gleams = of(LIPS).iter().map(|lab| {
            let over = (lab[0] - knee).max(0.0);
            (over - 0.6 * known[1][3] * (1.0 - (-over / (1.2 * known[1][3])).exp())).max(0.0) / 42.0
        });
        let gleam: f32 = gleams.sum();

        let [.., right, left] = self.face.seen;
        let open: Vec<V<3>> = of(WHITES)
            .iter()
            .enumerate()
            .filter(|(k, _)| if *k < 6 { right > 0.6 } else { left > 0.6 })
            .map(|(_, lab)| *lab)
            .collect();
        let mut white = V([0.8 * bright + 0.05, 0.0, 0.0]);
        if !open.is_empty() {
            white = mean(&sorted(&open, |lab| lab[0])[open.len() / 2..]);
            white.0[0] = white[0].max(0.9 * bright);
        }
        white.0[0] = white[0].clamp(0.25, 0.95);
        let far = (V([white[1], white[2]]).length() / 0.10).max(1.0);
        let lines = of(LINE).chunks(9).map(|line| {
            let least = line.iter().map(|lab| lab[0]).fold(1.0, f32::min);
            1.0 - smoothstep([0.94, 0.98], least / (0.5 * (line[0][0] + line[8][0])).max(0.02))
        });
        let told = self.face.mouth[3].max(smoothstep([0.02, 0.03], self.face.size[1]));
        let seen = smoothstep([0.35, 0.65], lines.sum::<f32>() / 7.0).max(told);
        let [.., share] = shares(2);
        let white_shares = if open.is_empty() { [0.0, 0.0, 0.0, share] } else { shares(2) };
        known[2] = take(2, V([white[0], white[1] / far, white[2] / far, seen]), white_shares);
        let white = known[2].rgb();

        let opening = light(OPENING);
        let (dark, brightest) = (opening[5][0], opening[104][0]);
        let least = mix(dark, brightest, 0.5).clamp(0.50 * white[0], 0.80 * white[0]);
        let bright_ones: Vec<V<3>> = of(OPENING).iter().copied().filter(|lab| lab[0] > least).collect();
        let mut teeth = V([least, 0.0, 0.0, 0.0]);
        if bright_ones.len() >= 8 {
            let reds = sorted(&bright_ones, |lab| tint(lab)[0]);
            let few = reds.len() * 3 / 10;
            let cluster = tint(mean(&reds[few / 3..few - few / 3])) - tint(white);
            let at = cluster[0].min(0.045);
            let reddest = tint(reds[reds.len() * 9 / 10])[0] - tint(white)[0];
            teeth = V([least, at, cluster[1], (0.5 * (reddest - at)).clamp(0.020, 0.038)]);
        }
        let is_first = teeth[3] == 0.0 || before.is_some_and(|before| before[3][3] == 0.0);
        known[3] = take(3, teeth, if is_first { [1.0; 4] } else { shares(3) });

        let over = light(ABOVE)[5][0];
        let cover: f32 = of(BROWS).iter().map(|lab| smoothstep([0.03, 0.14], over - lab[0]) / 30.0).sum();
        let steep = steepness(of(LIDS));
        let blur =
            if steep > 0.0 { ((0.002 / steep.max(0.15)).powi(2) - 0.0043_f32.powi(2)).max(0.0).sqrt() } else { 0.0 };
        let [skin, .., own] = shares(5);
        let share = if steep > 0.0 { own } else { 0.0 };
        known[5] = take(5, mean(&brows[2..14]).with(blur), [skin, skin, skin, share]);
        known[4] = take(4, V([brightest, cover, 0.5 * (irises[7][0] + irises[8][0]), gleam]), shares(4));
        known
    }

    /// What is around a box (`bands.wgsl`, `mouth_bands.wgsl`, `lows.wgsl`).
    pub(super) fn part(&self, part: usize, known: &Known) -> Option<Part> {
        let grid = self.plan.grids[part];
        let [across, down] = grid.texels.map(|count| count as i32);
        if across == 0 || down == 0 {
            return None;
        }
        let texels = self.plan.distances[part].texels();
        let distances =
            Texture::new(across as usize, down as usize, |x, y| texels[y * across as usize + x].map(f32::from));
        let [bands] = grids([across, down], self.round, |[x, y]| {
            let place = |k: usize, at: i32| grid.origin[k] + (at as f32 + 0.5) * grid.texel;
            let p = [place(0, x), place(1, y)];
            let rgb = if grid.texel <= 2.0 {
                self.clamped(p)
            } else {
                square([0; 2], 2).fold(V::default(), |sum, [i, j]| {
                    let off = |k: i32| (k as f32 - 0.5) * 0.5 * grid.texel;
                    sum + 0.25 * self.clamped([p[0] + off(i), p[1] + off(j)])
                })
            };
            let lab = to_oklab(rgb);
            let teeth = if part == 0 { self.teeth(known, lab, distances.at([x, y])[1]) } else { 0.0 };
            [lab.with(teeth)]
        });
        let [lows] = grids([(across + 3) / 4, (down + 3) / 4], self.round, |[x, y]| {
            let shares = [0.381, 0.707, 0.962, 0.962, 0.707, 0.381];
            let (mut sum, mut all) = (V::<4>::default(), [0.0; 2]);
            for k in 0..36 {
                let at = [
                    (x as f32 * 4.0 - 3.0 + (k % 6) as f32 * 2.0).clamp(0.5, across as f32 - 0.5),
                    (y as f32 * 4.0 - 3.0 + (k / 6) as f32 * 2.0).clamp(0.5, down as f32 - 0.5),
                ];
                let (seen, away) = (bands.between(at), 1.0 / grid.texel * distances.between(at));
                let weight = match part {
                    0 => (0.5 - away[0]).clamp(0.0, 1.0) * (0.5 + away[1]).clamp(0.0, 1.0) + 0.01,
                    _ => (away[0] - 1.5).clamp(0.0, 1.0) * (away[1] - 1.5).clamp(0.0, 1.0) + 0.001,
                };
                let share = shares[k % 6] * shares[k / 6];
                sum += share * weight * seen.rgb().with(1.0);
                all = [all[0] + share * seen[if part == 0 { 3 } else { 0 }], all[1] + share];
            }
            [(1.0 / sum[3] * sum.rgb()).with(all[0] / all[1])]
        });
        Some(Part { distances, bands, lows })
    }

    fn teeth(&self, known: &Known, lab: V<3>, inner: f32) -> f32 {
        let (skin, lip, white, teeth, more) = (known[0], known[1], known[2], known[3], known[4]);
        let size = self.face.size[0];
        if teeth[3] <= 0.0 || self.face.size[1] <= 0.008 {
            return 0.0;
        }
        let edge = (0.002 * size).max(0.7);
        let off = tint(lab) - tint(white.rgb());
        let lips = tint(lip.rgb()) - tint(white.rgb());
        let red = off.dot(lips) / lips.dot(lips).max(1e-5);
        let far = off[0] - teeth[1] + 0.35 * (off[1] - teeth[2]).max(0.0);
        (1.0 - smoothstep([-edge, edge], inner - 0.003 * size))
            * smoothstep([teeth[0] - 0.10 * white[0], teeth[0] + 0.08 * white[0]], lab[0])
            * (1.0 - smoothstep([0.8 * teeth[3], 1.5 * teeth[3]], far))
            * (1.0 - smoothstep([0.060, 0.085], off[0]))
            * (1.0 - smoothstep([0.45, 0.8], red))
            * smoothstep([0.78, 1.0], more[0] / (0.75 * skin[0] + 0.25 * lip[0]))
    }

    /// Paints each pixel of a frame, in OkLab (`paint.wgsl`).
    pub(super) fn paint(&self, known: &Known, labs: &mut [V<3>]) {
        let parts: [Option<Part>; BOXES] = std::array::from_fn(|part| self.part(part, known));
        let products = Products::of(&self.face, known);
        for (k, lab) in labs.iter_mut().enumerate() {
            let p = [(k % self.input.width) as f32 + 0.5, (k / self.input.width) as f32 + 0.5];
            let is_in = |part: usize| {
                let [left, top, right, bottom] = self.face.boxes[part].map(|v| v as f32);
                p[0] >= left && p[0] <= right && p[1] >= top && p[1] <= bottom
            };
            let nearer = |side: usize| {
                let [a, b, c, d] = self.face.corners[side];
                (2.0 * p[0] - a - c).hypot(2.0 * p[1] - b - d)
            };
            let side = usize::from(is_in(2) && (nearer(1) < nearer(0) || !is_in(1)));
            if let Some(eye) = parts[1 + side].as_ref().filter(|_| is_in(1 + side)) {
                *lab = products.eye(self.plan, side, eye, p, *lab);
            }
            if let Some(mouth) = parts[0].as_ref().filter(|_| is_in(0)) {
                *lab = products.mouth(self.plan, mouth, p, *lab);
            }
        }
    }
}

/// What paint adds to each pixel of a frame, one face after the other, and whether it adds anything.
pub(super) fn changes(faces: &[Paint<'_>], known: &[Known]) -> Vec<V<4>> {
    let Some(Paint { input, round, .. }) = faces.first() else { return Vec::new() };
    let before: Vec<V<3>> = input.texels.iter().map(|texel| to_oklab(V(*texel).rgb())).collect();
    let mut after = before.clone();
    faces.iter().zip(known).for_each(|(face, known)| face.paint(known, &mut after));
    let change = |((texel, before), after): ((&[f32; 4], &V<3>), &V<3>)| {
        if after == before {
            return V::default();
        }
        (from_oklab(*after).map(|v| v.clamp(0.0, 1.0)) - V(*texel).rgb()).map(*round).with(1.0)
    };
    input.texels.iter().zip(&before).zip(&after).map(change).collect()
}
