//! What is painted, product by product: lips.wgsl and eyes.wgsl.

use super::arithmetic::{Texture, V, from_oklab, mix, smoothstep, to_oklab};
use super::paint::{Part, tint};
use crate::gpu::stages::makeup::PaintUniform;
use crate::retouch::paint::PaintPlan;

/// The columns that are kept of a face's statistics: skin, lip, white, teeth, more, hair.
pub(super) type Known = [V<4>; 6];

pub(super) struct Products<'a> {
    face: &'a PaintUniform,
    known: &'a Known,
    lipstick: V<3>,
    shadow: V<3>,
    liner: V<3>,
    brows: V<3>,
    lens: V<4>,
    blush: V<3>,
    foundation: V<3>,
}

/// Linear light of a value of sRGB.
pub(super) fn decoded(v: f32) -> f32 {
    if v <= 0.04045 { v / 12.92 } else { ((v.max(0.0) + 0.055) / 1.055).powf(2.4) }
}

fn mixed(a: V<3>, b: V<3>, t: f32) -> V<3> {
    a.zip(b, |a, b| mix(a, b, t))
}

/// The same brightness in another lightness.
fn shaded(lightness: f32, lab: V<3>) -> V<3> {
    let share = lightness / lab[0].max(0.02);
    V([lightness, lab[1] * share, lab[2] * share])
}

impl<'a> Products<'a> {
    pub(super) fn of(face: &'a PaintUniform, known: &'a Known) -> Self {
        let (skin, lip, white) = (known[0], known[1], known[2]);
        let lit = |product: usize| {
            let colour = V(face.colours[product]).rgb();
            let shade = (white[0] / 0.84).clamp(0.45, 1.06);
            let encoded =
                |v: f32| if v <= 0.003_130_8 { v * 12.92 } else { 1.055 * v.max(0.0).powf(1.0 / 2.4) - 0.055 };
            let light = from_oklab(V([1.0, 0.6 * white[1] / white[0], 0.6 * white[2] / white[0]]));
            let light = light.map(|v| decoded(v).clamp(0.35, 2.0));
            let luminance = light.dot(V([0.2126, 0.7152, 0.0722])).max(0.1);
            let lit = shade * to_oklab((colour * light).map(|v| encoded(v / luminance)));
            to_oklab(from_oklab(lit).map(|v| encoded(decoded(v) + skin[3])))
        };
        let within = |lab: V<3>, low: f32, high: f32| (lab[0].clamp(low, high) / lab[0].max(0.02)) * lab;
        let lid = |lab: V<3>| {
            let off = lab[0] - skin[0];
            let alike = (1.0 - smoothstep([-0.02, 0.05], off)) * (-off * off / 0.017).exp();
            let lightness = (lab[0] - 0.10 * alike).clamp(skin[0] - 0.24, skin[0] + 0.10);
            let share = lightness / lab[0].max(0.02);
            let share = share.min(share.sqrt());
            V([lightness, lab[1] * share, lab[2] * share])
        };
        let lens = lit(6);
        let rouge = lit(1);
        let share = (skin[0] / rouge[0].max(0.02)).clamp(0.70, 1.1);
        let step = V([share * rouge[1] - skin[1], share * rouge[2] - skin[2]]);
        let more = (0.075 - step.length()).max(0.0) / rouge[1].hypot(rouge[2]).max(1e-3);
        let step = step + more * V([rouge[1], rouge[2]]);
        let far = (step.length() / 0.10).max(1.0);
        let blush = V([(0.35 * (rouge[0] - skin[0])).clamp(-0.04, 0.04), step[0] / far, step[1] / far]);
        let most = mix(0.09, 0.22, smoothstep([0.25, 0.55], known[4][2] / white[0]));
        Self {
            face,
            known,
            lipstick: within(lit(0), lip[0] - 0.28, lip[0] + 0.12),
            shadow: lid(lit(3)),
            liner: lit(4),
            brows: mixed(0.92 * known[5].rgb(), lit(5), face.brows[1]),
            lens: lens.with(0.55 * (lens[0] - known[4][2]).clamp(-0.10, most)),
            blush,
            foundation: lit(2),
        }
    }

    /// What blush adds to skin.
    pub(super) fn blush(&self) -> V<3> {
        self.blush
    }

    pub(super) fn foundation(&self) -> V<3> {
        self.foundation
    }

    fn fine(plan: &PaintPlan, part: usize, grid: &Texture, by: f32, p: [f32; 2]) -> V<4> {
        let [x, y] = std::array::from_fn(|k| {
            let end = [grid.width, grid.height][k] as f32 - 0.5;
            ((p[k] - plan.grids[part].origin[k]) / plan.grids[part].texel / by).clamp(0.5, end.max(0.5))
        });
        grid.between([x, y])
    }

    /// How coloured the light is, as the skin tells.
    fn warmth(&self) -> V<2> {
        let skin = tint(self.known[0].rgb());
        V([(skin[0] - 0.07).max(0.0), (skin[1] - 0.09).max(0.0)])
    }

    pub(super) fn mouth(&self, plan: &PaintPlan, mouth: &Part, p: [f32; 2], before: V<3>) -> V<3> {
        let size = self.face.size[0];
        let away = Self::fine(plan, 0, &mouth.distances, 1.0, p);
        let seen = Self::fine(plan, 0, &mouth.bands, 1.0, p);
        let around = Self::fine(plan, 0, &mouth.lows, 4.0, p);
        if away[0] >= 0.006 * size + 1.0 {
            return before;
        }
        let lab = self.lips(away, seen, around, before);
        let share = self.face.mouth[0] * smoothstep([0.38, 0.62], seen[3] * smoothstep([0.10, 0.30], around[3]));
        if share <= 0.0 {
            return lab;
        }
        let (white, warmth) = (tint(self.known[2].rgb()), self.warmth());
        let own = V([white[0].max(warmth[0]), white[1].max(warmth[1])]);
        let most = (1.06 * self.known[2][0]).max(self.known[4][0]);
        let warm = smoothstep([0.04, 0.10], own[1]);
        let yellow = lab[2] - 0.65 * (lab[2] - mix(0.6, 1.15, warm) * own[1] * lab[0]).max(0.0);
        let red = lab[1] - 0.4 * (lab[1] - mix(0.5, 0.8, warm) * own[0] * lab[0]).max(0.0);
        let red = red.min((lab[1] * yellow / lab[2].max(1e-3)).max(0.0));
        lab + share * V([(0.35 * (most - lab[0])).clamp(0.0, 0.055), red - lab[1], yellow - lab[2]])
    }

    fn lip_share(&self, away: V<4>, seen: V<4>, around: f32, lab: V<3>) -> f32 {
        let [size, gap, ..] = self.face.size;
        let (outer, inner) = (away[0] / size, away[1] / size);
        let (skin, lip, white) = (self.known[0].rgb(), self.known[1].rgb(), self.known[2].rgb());
        let (width, narrow) = ((0.75 / size).max(0.004), (0.75 / size).max(0.0025));
        let axis = tint(lip) - tint(skin);
        let off = tint(seen.rgb()) - tint(skin);
        let toward = off.dot(axis) / axis.dot(axis).max(1e-6);
        let beside = (off - toward * axis).length() / axis.length().max(1e-3);
        let contrast = smoothstep([0.03, 0.075], axis.length());
        let trust = contrast * smoothstep([70.0, 140.0], size);
        let light = seen[0] / lip[0];
        let fade = (0.016 * (1.0 - contrast)).max((2.5 * self.known[5][3]).min(0.016));
        let mut share = 1.0 - smoothstep([-width - fade, width], outer - 0.0005);
        let skin_like = (1.0 - smoothstep([0.0, 0.35], toward)) * (1.0 - smoothstep([0.4, 0.9], beside));
        share *= 1.0 - trust * smoothstep([-0.018, 0.002], outer) * skin_like;
        share *= 1.0 - (1.0 - smoothstep([0.38, 0.6], light)) * smoothstep([-0.014, -0.002], outer);
        let lips = tint(lip) - tint(white);
        let red = (tint(seen.rgb()) - tint(white)).dot(lips) / lips.dot(lips).max(1e-5);
        let unlike = (tint(seen.rgb()) - tint(lip)).length() / lips.length().max(0.03);
        let wet = (1.0 - smoothstep([0.35, 0.7], unlike))
            * smoothstep([0.45, 0.8], red)
            * smoothstep([0.5, 0.75], light)
            * (1.0 - smoothstep([0.006, 0.016], -inner))
            * smoothstep([0.015, 0.03], gap)
            * (1.0 - smoothstep([0.05, 0.09], gap));
        share *= 1.0 - (1.0 - smoothstep([-narrow, narrow], inner + 0.004)) * (1.0 - wet);
        let near = (1.0 - smoothstep([0.014, 0.022], inner.abs())) * smoothstep([0.008, 0.02], gap);
        let beside = mix(1.0, 1.0 - smoothstep([0.35, 0.7], red), smoothstep([-0.004, 0.001], inner));
        let pale = beside * (1.0 - smoothstep([0.045, 0.10], tint(lab)[0] - tint(white)[0]));
        let in_opening = (1.0 - smoothstep([0.001, 0.005], inner))
            * smoothstep([0.012, 0.025], gap)
            * smoothstep([60.0, 120.0], size);
        let among = 0.14 * smoothstep([0.10, 0.25], around);
        share
            * (1.0 - smoothstep([0.04, 0.60], seen[3]))
            * (1.0 - in_opening * pale * smoothstep([0.46, 0.66], lab[0] / white[0]))
            * (1.0 - near * (1.0 - smoothstep([0.3 + among, 0.5 + among], lab[0] / lip[0])))
    }

    fn lips(&self, away: V<4>, seen: V<4>, around: V<4>, lab: V<3>) -> V<3> {
        let [cover, contrast, gleam_kept, variety] = self.face.lips;
        let share = cover * self.known[2][3] * self.lip_share(away, seen, around[3], lab);
        if share <= 0.0 {
            return lab;
        }
        let (lip, colour) = (self.known[1], self.lipstick);
        let low = around[0] - lip[0];
        let knee = lip[0] + 1.6 * lip[3] + 0.5 * low.max(0.0);
        let over = (lab[0] - knee).max(0.0);
        let dull = lab[0].min(knee) + 0.6 * lip[3] * (1.0 - (-over / (1.2 * lip[3])).exp());
        let shade = dull - lip[0] - 0.73 * low.max(0.0) - 0.20 * low.min(0.0);
        let lightness =
            (colour[0] + contrast * (colour[0] / lip[0]).clamp(0.90, 1.30) * shade).max(0.35 * lab[0].min(colour[0]));
        let wet = self.face.mouth[1]
            * ((seen[0] - knee).max(0.0) / (0.5 * lip[3])).clamp(0.0, 1.0)
            * (1.4 - 10.0 * self.known[4][3] / lip[3]).clamp(0.0, 1.0);
        let added = gleam_kept * (lab[0] - dull) + wet;
        let white = 1.0 - 0.75 * (added / 0.22).clamp(0.0, 1.0);
        let tint = |k: usize| {
            let own = colour[k] * (lightness / colour[0].max(0.02)).clamp(0.0, 1.10);
            white * (own + 0.5 * variety * (lab[k] - lip[k] * lab[0] / lip[0]))
        };
        mixed(lab, V([lightness + added, tint(1), tint(2)]), share)
    }

    pub(super) fn eye(&self, plan: &PaintPlan, side: usize, eye: &Part, p: [f32; 2], before: V<3>) -> V<3> {
        let part = side + 1;
        let away = Self::fine(plan, part, &eye.distances, 1.0, p);
        let looked_at = Self::fine(plan, part, &eye.bands, 1.0, p).rgb();
        let around = Self::fine(plan, part, &eye.lows, 4.0, p);
        let (size, seen) = (self.face.size[0], self.face.seen[side]);
        let (own, white) = (self.known[0][0], self.known[2]);
        let mut lab = before;
        let (there, skin) = (tint(looked_at), tint(around.rgb()));
        let plain = 1.0 - smoothstep([0.12, 0.20], (there - skin).length());

        let share = 0.75 * self.face.lids[0] * seen * away[3] * smoothstep([0.36, 0.60], looked_at[0] / own) * plain;
        if share > 0.0 {
            let light = (lab[0] / own).max(0.0);
            let root = light.sqrt();
            let colour = self.shadow;
            lab = mixed(lab, V([colour[0] * light.powf(0.8), colour[1] * root, colour[2] * root]), share);
        }

        let amount = self.face.brows[0] * seen * (1.0 - smoothstep([0.20, 0.30], skin[1] - there[1]));
        if amount > 0.0 && away[1] <= 0.03 * size {
            let strength = amount * (1.0 - 0.75 * smoothstep([0.35, 0.8], self.known[4][1]));
            let colour = self.brows;
            let near = 1.0 - smoothstep([0.0, 0.03 * size], away[1]);
            let deep = (around[0] - lab[0]).clamp(0.0, 0.4);
            let hair = smoothstep([0.03, 0.14], deep);
            let darker = (lab[0] - 0.30 * strength * deep * near * hair).max((0.55 * colour[0]).min(lab[0]));
            let mut out = shaded(darker, lab);
            let tint = self.face.brows[1] * amount * near * hair * 0.6;
            for k in 1..3 {
                out.0[k] = mix(out[k], colour[k] * out[0] / colour[0].max(0.05), tint);
            }
            let filled = (around[0] - 0.45 * (around[0] - colour[0]).max(0.0)).min(out[0]);
            let filled = V([filled, mix(around[1], colour[1], 0.45), mix(around[2], colour[2], 0.45)]);
            let within = 1.0 - smoothstep([-0.010 * size, 0.016 * size], away[1]);
            lab = mixed(out, filled, 0.6 * strength * within * (1.0 - hair));
        }

        lab = self.inner_eye(side, p, away[0], around[3], lab);

        let blur = 2.1 * self.known[5][3];
        let edge = (0.0022_f32.hypot(blur).min(0.011) * size).max(0.7);
        let [ox, oy, ix, iy] = self.face.corners[side];
        let (width, end) = (self.face.irises[side][3], self.face.brows[2]);
        let q = ((p[0] - ix) * (ox - ix) + (p[1] - iy) * (oy - iy)) / (width * width);
        let point = ((end - q) / (end - 0.88)).clamp(0.0, 1.0);
        let fill = smoothstep([0.70, 0.95], q) * ((end - q) / (end - 0.95)).clamp(0.0, 1.0);
        let half = width
            * (self.face.lids[3] * smoothstep([0.0, 0.25], q) * (0.3 + 0.7 * q.min(1.0)) * point
                + self.face.brows[3] * fill);
        let line = away[2].abs();
        let cover = smoothstep([-edge, edge], half - line) - smoothstep([-edge, edge], -half - line);
        let share = 0.9 * self.face.lids[1] * seen * cover;
        if share > 0.0 {
            let light = looked_at[0] / around[0].max(0.05);
            let bare = smoothstep([0.42, 0.62], light) * (1.0 - smoothstep([1.20, 1.45], light)) * plain;
            let share = share * (1.0 - 0.6 * smoothstep([0.68, 0.85], lab[0] / white[0]));
            let share = share * mix(1.0, bare, smoothstep([0.98, 1.06], q));
            let colour = self.liner;
            let lightness = lab[0].min(colour[0] + 0.1 * (lab[0] - colour[0]));
            lab = mixed(lab, V([lightness, mix(lab[1], colour[1], 0.8), mix(lab[2], colour[2], 0.8)]), share);
        }

        let off = away[0] / self.face.irises[side][3];
        let amount = self.face.lids[2] * seen;
        if amount > 0.0 && off <= 0.11 {
            let [a, b, c, d] = self.face.corners[side];
            let [ux, uy] =
                if side == 1 { [self.face.ups[2], self.face.ups[3]] } else { [self.face.ups[0], self.face.ups[1]] };
            let is_upper = (p[0] - 0.5 * (a + c)) * ux + (p[1] - 0.5 * (b + d)) * uy > 0.0;
            let far = if is_upper { [0.06, 0.11] } else { [0.04, 0.08] };
            let band = smoothstep([-0.02, 0.02], off) * (1.0 - smoothstep(far, off));
            let dark = 0.9 * amount * band * (around[3] - lab[0] - 0.01).max(0.0);
            lab = shaded((lab[0] - dark).max(0.5 * lab[0]).max(lab[0].min(0.06)), lab);
        }
        lab
    }

    fn inner_eye(&self, side: usize, p: [f32; 2], away: f32, around: f32, lab: V<3>) -> V<3> {
        let size = self.face.size[0];
        let edge = 0.5 * (0.004 * size).max(1.2);
        let blur = self.known[5][3] * size;
        let open = self.face.seen[side + 2] * (1.0 - smoothstep([-edge - 3.0 * blur, edge], away + 0.003 * size));
        if open <= 0.0 {
            return lab;
        }
        let [whites, pattern, lens, _] = self.face.inner;
        let white = self.known[2];
        let [x, y, radius, _] = self.face.irises[side];
        let r = if radius > 0.0 { (p[0] - x).hypot(p[1] - y) / radius.max(0.5) } else { 10.0 };
        let light = lab[0] / white[0];
        let mut out = lab;
        let soft = 2.0 * (1.0 / radius.max(1.0)).max(0.06);
        let clear = open
            * whites
            * smoothstep([1.02, 1.02 + soft], r)
            * smoothstep([0.52, 0.78], light)
            * (1.0 - smoothstep([0.045, 0.085], (lab[1] - white[1]).hypot(lab[2] - white[2])));
        out.0[0] += clear * (0.45 * ((1.04 * white[0]).min(0.92) - lab[0])).clamp(0.0, 0.045);
        let warmth = self.warmth();
        for (k, share) in [0.65, 0.55].into_iter().enumerate() {
            let wanted = lab[k + 1].clamp(0.0, warmth[k] * lab[0].max(0.0));
            out.0[k + 1] = mix(lab[k + 1], wanted, share * clear);
        }
        if radius == 0.0 {
            return out;
        }
        let colour = self.lens;
        let own = self.known[4][2].max(0.05);
        let gleam = (own / white[0] + 0.12).max(0.62);
        let off = (r - 0.95) / 0.09;
        let rim = (-off * off).exp();
        let soft = 0.06 + 1.05 * blur / radius.max(0.5);
        let share = open
            * lens
            * (0.50 + 0.40 * smoothstep([0.25, 0.55], own / white[0]))
            * smoothstep([0.24, 0.58], r)
            * (1.0 - smoothstep([1.0 - soft, 1.0 + soft], r))
            * (1.0 - smoothstep([gleam, gleam + 0.18], light));
        let added = colour[3] * (lab[0] / own).clamp(0.4, 1.4) * (1.0 - smoothstep([0.70, 0.98], r));
        out.0[0] += share * (added - 0.20 * rim * lab[0]);
        let shown = 0.72
            * (0.12 + 0.88 * lab[0] / colour[0].max(0.05)).clamp(0.1, 1.1)
            * (1.0 - 0.7 * smoothstep([0.78, 1.0], r));
        (1..3).for_each(|k| out.0[k] = mix(out[k], shown * colour[k], share));
        let ring = smoothstep([0.3, 0.5], r) * (1.0 - smoothstep([0.92, 1.02], r));
        let dull =
            open * pattern * (1.0 - smoothstep([0.68, 0.85], light)) * (1.0 - smoothstep([0.20, 0.32], lab[0] - own));
        let base = around.clamp(own - 0.06, own + 0.04);
        let change = ring * (0.85 * (lab[0] - base).clamp(-0.08, 0.08) + 0.02) - 0.035 * rim;
        out.0[0] += dull * change.clamp(-0.035, 0.035);
        V([out[0], out[1] * (1.0 + 0.18 * dull * ring), out[2] * (1.0 + 0.18 * dull * ring)])
    }
}
