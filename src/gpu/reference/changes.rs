//! The second half of the skin's passes: what is added to the picture where skin is.

use super::arithmetic::{Place, Texture, V, from_oklab, grids, luma, mix, sign, smoothstep, square, to_oklab, within};
use super::numbers::*;
use super::skin::{Colours, Skin, binomial, skin_below, skin_guide};
use crate::gpu::stages::skin::SkinUniform;
use crate::retouch::skin::mask;

/// What the last pass reads of a face.
pub(super) struct Corrections {
    pub(super) face: SkinUniform,
    pub(super) corrections: Texture,
    pub(super) details: Texture,
}

impl Skin<'_> {
    pub(super) fn halve(&self, skins: &Texture) -> Texture {
        let [low, high] = self.wider();
        let [halved] = grids(self.block_count().map(|count| (count + 1) / 2), self.round, |[x, y]| {
            let mut sum = V::default();
            for block in square([2 * x, 2 * y], 2) {
                let skin = skins.at(within(block, low, high));
                sum += (skin[3] + 0.001) * skin.rgb().with(1.0);
            }
            [(1.0 / sum[3] * sum.rgb()).with(sum[3] / 4.0 - 0.001)]
        });
        halved
    }

    /// The mean, the colour without blotches, the same without shine.
    pub(super) fn surround(&self, halved_skins: &Texture) -> [Texture; 3] {
        let [low, high] = self.wider().map(|place| place.map(|v| v / 2));
        let [origin, last] = [low, high].map(|place| place.map(|v| v / 2));
        let inside = |[x, y]: Place| (origin[0]..=last[0]).contains(&x) && (origin[1]..=last[1]).contains(&y);
        let size = last.map(|last| last + 1);
        let squares =
            |[x, y]: Place| square([2 * x, 2 * y], 2).map(move |place| halved_skins.at(within(place, low, high)));
        // A Gaussian of one place over what was stored.
        let mean_of = |stored: &Texture, [x, y]: Place| {
            let shares = [1.0, 4.0, 6.0, 4.0, 1.0];
            let mut sum = V::default();
            for place in square([x - 2, y - 2], 5).filter(|&place| inside(place)) {
                sum += shares[(place[0] - x + 2) as usize] * shares[(place[1] - y + 2) as usize] * stored.at(place);
            }
            1.0 / sum[3].max(1e-6) * sum.rgb()
        };
        let [mean, weight] = grids(
            size,
            |v| v,
            |place| {
                let sum = squares(place).fold(V::default(), |sum, skin| sum + (skin[3] + 0.001) * skin.rgb().with(1.0));
                [(1.0 / sum[3] * sum.rgb()).with(sum[3] / 4.0 - 0.001), V([sum[3] / 4.0; 4])]
            },
        );
        let [stored] = grids(size, packed, |place| [weight.at(place)[0] * to_oklab(mean.at(place).rgb()).with(1.0)]);
        let means =
            Texture::new(size[0] as usize, size[1] as usize, |x, y| mean_of(&stored, [x as i32, y as i32]).with(0.0).0);
        let [alike, dull] = grids(size, packed, |place| {
            let mut sums = [V::default(); 2];
            let around = means.at(place);
            for skin in squares(place) {
                let lab = to_oklab(skin.rgb());
                let off = 1.0 / ALIKE * V([lab[1] - around[1], lab[2] - around[2]]);
                let alike = (-off.dot(off)).exp() + 0.001;
                let dull = 1.0 - DULL.0 * smoothstep(DULL.1, lab[0] - around[0]);
                let weighed = (skin[3] + 0.001) * lab.with(1.0);
                sums[0] += 0.25 * alike * weighed;
                sums[1] += 0.25 * dull * weighed;
            }
            sums
        });
        grids(size, self.round, |place| {
            let [even, dull] = [mean_of(&alike, place), mean_of(&dull, place)];
            [mean.at(place), V([means.at(place)[0], even[1], even[2], 0.0]), dull.with(0.0)]
        })
    }

    pub(super) fn gate(
        &self,
        cells: &Texture,
        places: &Texture,
        skins: &Texture,
        halved_skins: &Texture,
        surround: &[Texture; 3],
        brightness: f32,
    ) -> Texture {
        let face = &self.face;
        let [low, high] = self.wider();
        let light = to_oklab(V([brightness; 3]))[0];
        let raised = |grid: &Texture, block: Place, blocks: i32| {
            grid.between(std::array::from_fn(|k| {
                let place = (block[k] as f32 + 0.5) / blocks as f32;
                place.clamp((low[k] / blocks) as f32 + 0.5, (high[k] / blocks) as f32 + 0.5)
            }))
            .rgb()
        };
        let [changes] = grids(self.block_count(), self.round, |block| {
            let around: Vec<V<4>> = binomial(block).map(|(place, _)| skins.at(within(place, low, high))).collect();
            let ys: Vec<f32> = around.iter().map(|skin| luma(skin.rgb())).collect();
            let (mut mean, mut squares) = (V::default(), 0.0);
            for (k, (_, share)) in binomial(block).enumerate() {
                let share = share * (around[k][3] + 0.001);
                mean += share * around[k].rgb().with(1.0);
                squares += share * ys[k] * ys[k];
            }
            let own = around[4].rgb();
            let local = 1.0 / mean[3] * mean.rgb();
            let base = BASE[0] * local + BASE[1] * own;
            let coarse = raised(halved_skins, block, 2);
            let coarsest = raised(&surround[0], block, 4);
            let reference = luma(coarsest) + CONTRAST_FLOOR;

            let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
            for c in [0, 1, 3, 4] {
                let w = around[c][3].min(around[c + 1][3]).min(around[c + 3][3].min(around[c + 4][3]));
                let dx = ys[c + 1] + ys[c + 4] - ys[c] - ys[c + 3];
                let dy = ys[c + 3] + ys[c + 4] - ys[c] - ys[c + 1];
                (xx, yy, xy) = (xx + w * dx * dx, yy + w * dy * dy, xy + w * dx * dy);
            }
            let directed = ((xx - yy) * (xx - yy) + 4.0 * xy * xy) / ((xx + yy) * (xx + yy) + 1e-9);

            let (mut finest, mut dark) = (0.0, 0.0_f32);
            for (k, cell) in self.cells_of(block).enumerate() {
                let (beside, above) = (if k & 1 == 1 { 5 } else { 3 }, if k > 1 { 7 } else { 1 });
                let corner = beside + above - 4;
                let raised = 0.5625 * ys[4] + 0.1875 * (ys[beside] + ys[above]) + 0.0625 * ys[corner];
                let y = luma(cells.at(cell).rgb());
                finest += 0.25 * (y - raised) * (y - raised);
                dark = dark.max(0.5 * (raised + luma(coarse)) - y);
            }
            let depth = dark / (luma(coarsest) + SPOT_FLOOR);
            let spot = smoothstep(SPOT.0, depth)
                * (1.0 - smoothstep(SPOT.1, depth))
                * gate_round(&ys)
                * smoothstep(SPOT_SKIN, mean[3]);
            let free = 1.0 - BOUND * directed;
            let middle = (squares / mean[3] - luma(local) * luma(local)).max(0.0).sqrt();
            let amount = face.extra[2];
            let edge = mix(ROUND, DIRECTED, directed) / reference;
            let (second, third) = (own - coarse, coarse - coarsest);
            let contrasts = edge * V([finest.sqrt(), middle, luma(third).abs()]);
            let strength = self.gate_strength(free, spot, contrasts);
            let mut change = -1.0 * details_removed(second, strength[1], face.fading[2], amount);
            change += -1.0 * details_removed(third, strength[2], face.fading[3], amount);

            let smoothed = base + change;
            let lab = to_oklab(smoothed);
            let [even, dull] = [1, 2].map(|layer: usize| raised(&surround[layer], block, 4));
            let part = self.mask.between(self.skin_place(block).map(|v| v * mask::SIDE as f32));
            let glossy = 1.0 - COLLAR * skin_below(places.at(block));
            let shift = self.gate_colour([lab, even, dull], part, light, glossy);
            change += from_oklab(lab + shift) - smoothed;
            [change.with(strength[0])]
        });
        changes
    }

    fn gate_strength(&self, free: f32, spot: f32, contrasts: V<3>) -> V<3> {
        let face = &self.face;
        let spots = [face.extra[3], face.extra[3], face.extra[2]];
        V(std::array::from_fn(|k| {
            let gate = 1.0 / (1.0 + (contrasts[k] / face.cores[k + 1]).powi(4));
            let removed = mix(free * gate, spots[k] / face.fading[k + 1].max(1e-3), spot);
            mix(removed, free * gate * (1.0 - spot), face.amounts[1])
        }))
    }

    fn gate_colour(&self, [lab, even, dull]: [V<3>; 3], part: V<4>, light: f32, glossy: f32) -> V<3> {
        let SkinUniform { amounts, tint, extra, .. } = self.face;
        let ab = |lab: V<3>| V([lab[1], lab[2]]);
        let (own, even_ab, dull_ab) = (ab(lab), ab(even), ab(dull));
        let off = own - even_ab;
        let far = 1.0 / TONE_FAR * off;
        let mut change = (-amounts[2] * TONE * (-far.dot(far)).exp()) * off;
        let (before, after) = (own.length(), (own + change).length());
        let most = before + (after - before).min(CHROMA_RISE.0) * smoothstep(CHROMA_RISE.1, lab[0] / light);
        if after > before {
            change = most / after.max(1e-5) * (own + change) - own;
        }
        let up = lab[0] - dull[0];
        let grey = 1.0 - own.length() / dull_ab.length().max(1e-4);
        let (edges, least, rest) = GLOSS_GREY;
        let gloss = glossy * amounts[3] * smoothstep(GLOSS_UP, up) * (least + rest * smoothstep(edges, grey));
        let mut lightness = GLOSS_DOWN.0 * gloss * (up - GLOSS_DOWN.1).max(0.0);
        change += GLOSS_CHROMA * gloss * (dull_ab - own);
        let circle = tint[3] * part[2];
        lightness += circle * (CIRCLE_SHADE.0 * (even[0] - lab[0])).clamp(0.0, CIRCLE_SHADE.1);
        change += circle * (CIRCLE_CHROMA.0 * (even_ab - own)).map(|v| v.clamp(-CIRCLE_CHROMA.1, CIRCLE_CHROMA.1));
        lightness += FOLD.0 * extra[0] * part[3] * (even[0] - lab[0]).clamp(0.0, FOLD.1);
        lightness += TINT[0] * tint[0] * 4.0 * lab[0] * (1.0 - lab[0]);
        V([lightness, change[0] + TINT[1] * tint[1], change[1] + TINT[2] * tint[2]])
    }

    /// What make-up adds to a cell.
    fn makeup(&self, cell: Place) -> V<3> {
        let (Some(makeup), [x, y, width, height]) = (&self.makeup, self.face.makeup) else { return V::default() };
        let place = |k: usize, origin: f32, length: f32| {
            let p = self.face.rect[k] as f32 + (cell[k] as f32 + 0.5) * self.face.amounts[0];
            (p - origin) / length
        };
        let place = [place(0, x, width), place(1, y, height)];
        if place.iter().any(|share| !(0.0..=1.0).contains(share)) {
            return V::default();
        }
        makeup.between(place.map(|share| share * (makeup.width - 1) as f32 + 0.5)).rgb()
    }

    /// Corrections and details.
    pub(super) fn correct(
        &self,
        cells: &Texture,
        slopes: &Texture,
        skins: &Texture,
        changes: &Texture,
        colours: &Colours,
    ) -> [Texture; 2] {
        let (core, wider, face) = (self.core(), self.wider(), &self.face);
        grids(self.cell_count(), self.round, |cell| {
            let block = cell.map(|v| v / 2);
            let raised = |grid: &Texture, [low, high]: [Place; 2]| {
                let beside = [block[0] + 2 * (cell[0] % 2) - 1, block[1] + 2 * (cell[1] % 2) - 1];
                let at = |x: i32, y: i32| grid.at(within([x, y], low, high));
                let row = |y: i32| 0.25 * at(beside[0], y) + 0.75 * at(block[0], y);
                0.25 * row(beside[1]) + 0.75 * row(block[1])
            };
            let (slope, skin, change) = (raised(slopes, wider), raised(skins, wider), raised(changes, core));
            let here = changes.at(block)[3];
            let mean = self.cells_of(block).fold(V::default(), |mean, cell| mean + 0.25 * cells.at(cell).rgb());
            let rgb = cells.at(cell).rgb();
            let off = slope.rgb().dot(skin_guide(rgb - mean, colours.brightness));
            let found = slope.rgb().dot(skin_guide(mean, colours.brightness))
                + slope[3]
                + sign(off) * (off.abs() - LEAST).max(0.0);
            let share = smoothstep(SHARE.0, found.min(SHARE.1 * skin[3] + SHARE.2));
            let strength = if here > 1.0 { change[3].max(here) } else { change[3] };
            let finest = details_removed(rgb - skin.rgb(), strength, face.fading[1], face.extra[2]);
            let correction = change.rgb() - finest + self.makeup(cell);
            let steepness = (slope[0] + slope[1] + slope[2]) / (GUIDE * colours.brightness);
            [correction.with(share), rgb.with(steepness)]
        })
    }
}

/// What is left of a number in sixteen bits (`surround_put` and `surround_get`).
fn packed(v: f32) -> f32 {
    let least = 97 << 23;
    let bits = ((v.to_bits() & 0x7fff_ffff).max(least) - least + 0x1000) >> 13;
    f32::from_bits(v.to_bits() & 0x8000_0000 | ((bits << 13) + least))
}

fn gate_round(ys: &[f32]) -> f32 {
    let xx = ys[3] - 2.0 * ys[4] + ys[5];
    let yy = ys[1] - 2.0 * ys[4] + ys[7];
    let xy = 0.25 * (ys[0] + ys[8] - ys[2] - ys[6]);
    let half = 0.5 * (xx + yy);
    let off = (0.25 * (xx - yy) * (xx - yy) + xy * xy).sqrt();
    smoothstep(ROUNDNESS, (half - off) / (half + off).max(1e-5))
}

fn details_removed(band: V<3>, strength: f32, fading: f32, amount: f32) -> V<3> {
    let grey = luma(band);
    let colour = band - V([grey; 3]);
    let (a, b) = (band.dot(V(A)), band.dot(V(B)));
    let red = smoothstep(RED, a - RED_OVER_YELLOW * b.abs());
    let share = strength * fading;
    let most = share.max(amount);
    let coloured = strength * (COLOUR_FADES * fading + RED_FADES * (amount - fading) * red);
    V([share * grey; 3]) + coloured.min(most) * colour
}

impl Corrections {
    /// What is added to a colour at a place in the frame (`skin_sample` and `skin_added`).
    pub(super) fn change(&self, p: [f32; 2], rgb: V<3>) -> V<4> {
        let [left, top, right, bottom] = self.face.cells;
        let cell: [f32; 2] = std::array::from_fn(|k| (p[k] - self.face.rect[k] as f32) / self.face.amounts[0]);
        let place = [cell[0].clamp(left + 0.5, right - 0.5), cell[1].clamp(top + 0.5, bottom - 0.5)];
        let (correction, around) = (self.corrections.between(place), self.details.between(place));
        let is_within = (left..=right).contains(&cell[0]) && (top..=bottom).contains(&cell[1]);
        let skin = if is_within { correction[3] } else { 0.0 };
        let detail = rgb - around.rgb();
        let y = luma(detail);
        let sharper = y * around[3];
        let strand = sign(sharper) * (sharper.abs() - CHANGE_LEAST).max(0.0);
        let most = (CHANGE_MOST.0 * skin + CHANGE_MOST.1 * sign(skin)).min(1.0);
        let share = (skin + strand).clamp(0.0, most);
        let contrast = y / (CHANGE_CORE * (luma(around.rgb()) + CHANGE_FLOOR));
        share * (correction.rgb() - self.face.fading[0] / (1.0 + contrast.powi(4)) * detail).with(1.0)
    }
}
