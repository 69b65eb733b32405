//! What soft make-up adds to skin: soft.wgsl.

use super::arithmetic::{Texture, V, from_oklab, grids, mix, smoothstep, square, to_oklab};
use super::paint::Paint;
use super::products::{Known, Products};
use crate::retouch::paint::soft::SIDE;

/// A spot: its share, its middle, its sigmas, its turn.
type Spot = (f32, [f32; 2], [f32; 2], f32);

const APPLE: [Spot; 1] = [(1.0, [0.235, 0.555], [0.070, 0.052], 0.0)];
const LIFTED: [Spot; 1] = [(1.0, [0.185, 0.505], [0.090, 0.042], 0.55)];
const SUN: [Spot; 2] = [(1.0, [0.22, 0.52], [0.08, 0.04], 0.1), (0.8, [0.50, 0.50], [0.10, 0.030], 0.0)];
const CONTOUR: [Spot; 4] = [
    (0.62, [0.155, 0.640], [0.090, 0.040], 0.62),
    (0.45, [0.10, 0.27], [0.05, 0.075], 0.0),
    (0.45, [0.447, 0.46], [0.012, 0.075], 0.0),
    (0.6, [0.24, 0.855], [0.10, 0.028], 0.75),
];
const HIGHLIGHT: [Spot; 6] = [
    (0.8, [0.185, 0.455], [0.07, 0.018], 0.5),
    (0.7, [0.5, 0.46], [0.010, 0.075], 0.0),
    (0.5, [0.478, 0.628], [0.015, 0.010], 0.0),
    (0.35, [0.5, 0.83], [0.035, 0.02], 0.0),
    (0.32, [0.5, 0.20], [0.09, 0.055], 0.0),
    (0.35, [0.30, 0.325], [0.05, 0.012], 0.0),
];

fn spots<'a>(spots: &'a [Spot], [u, v]: [f32; 2]) -> impl Iterator<Item = f32> + 'a {
    spots.iter().map(move |(share, middle, sigma, turn)| {
        let (x, y, (s, c)) = (u - middle[0], v - middle[1], turn.sin_cos());
        let (x, y) = ((c * x + s * y) / sigma[0], (c * y - s * x) / sigma[1]);
        share * (-0.5 * (x * x + y * y)).exp()
    })
}

impl Paint<'_> {
    /// What is added at each node.
    pub(super) fn makeup(&self, known: &Known) -> Texture {
        let products = Products::of(&self.face, known);
        let nodes = self.plan.soft.nodes();
        let [left, top, width, height] = self.face.soft;
        let own = known[0].rgb();
        let blush = products.blush();
        let foundation = products.foundation();
        let [makeup] = grids([SIDE as i32; 2], self.round, |[x, y]| {
            let [u, v, facing, _] = nodes[y as usize * SIDE + x as usize].map(f32::from);
            let facing = smoothstep([0.15, 0.55], facing);
            let place = [u.min(1.0 - u), v];
            let rim = ((u - 0.5) / 0.5).hypot((v - 0.53) / 0.45);
            let rouge: &[Spot] = match self.face.blush[1] as u32 {
                1 => &LIFTED,
                2 => &SUN,
                _ => &APPLE,
            };
            let shape = [
                self.face.blush[0] * spots(rouge, place).fold(0.0, f32::max),
                self.face.skin[2] * spots(&CONTOUR, place).sum::<f32>(),
                self.face.skin[3] * spots(&HIGHLIGHT, place).sum::<f32>(),
                self.face.skin[0] * (1.0 - smoothstep([0.80, 1.0], rim)),
            ]
            .map(|share| facing * share);
            let last = (SIDE - 1) as f32;
            let middle = [left + x as f32 / last * width, top + y as f32 / last * height];
            let radius = 0.012 * self.face.size[0];
            let rgb = square([0; 2], 2).fold(V::default(), |sum, [i, j]| {
                let off = |k: i32| (k as f32 * 2.0 - 1.0) * radius;
                sum + 0.25 * self.clamped([middle[0] + off(i), middle[1] + off(j)])
            });
            if shape.iter().all(|share| *share <= 0.0) {
                return [V::default()];
            }
            let before = to_oklab(rgb);
            let mut lab = before;
            let tint = self.face.skin[1];
            lab.0[0] += shape[3] * tint * (0.5 * (foundation[0] - own[0])).clamp(-0.05, 0.05);
            let far = V([1, 2].map(|k: usize| (own[k] * before[0] / own[0] - before[k]) / 0.10)).length();
            for k in 1..3 {
                let wanted = mix(own[k], foundation[k] * own[0] / foundation[0].max(0.05), 0.5 * tint);
                lab.0[k] +=
                    shape[3] * mix(0.55, 0.8, tint) * (-far * far).exp() * (wanted * before[0] / own[0] - before[k]);
            }
            lab = (1.0 - 0.24 * shape[1]) * lab + shape[1] * V([0.0, 0.002, 0.004]);
            let raised = 0.35 + 0.65 * smoothstep([-0.03, 0.05], before[0] - own[0]);
            lab.0[0] +=
                0.11 * shape[2] * raised * ((1.15 - lab[0]) / 0.35).clamp(0.0, 1.0) * (own[0] / 0.7).clamp(0.6, 1.0);
            lab += 0.55 * shape[0] * (before[0] / own[0]).clamp(0.5, 1.2) * blush;
            [(from_oklab(lab).map(|v| v.clamp(0.0, 1.0)) - rgb).with(0.0)]
        });
        makeup
    }
}
