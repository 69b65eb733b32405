//! The skin's passes up to where skin is, for a face of which nothing is known yet. Where a shader only visits the core and a block beside, its
//! twin here works out all of the grid: what a shader reads beyond that is then not what its twin reads.

use super::arithmetic::{Place, Rounding, Texture, V, grids, luma, mix, smoothstep, square, within};
use super::changes::Corrections;
use super::numbers::*;
use crate::gpu::stages::skin::SkinUniform;
use crate::retouch::skin::{mask, prior};

/// What is known of a face before its picture is looked at.
pub(super) struct Skin<'a> {
    pub(super) face: SkinUniform,
    pub(super) input: &'a Texture,
    pub(super) mask: Texture,
    pub(super) prior: Texture,
    /// What make-up adds to it, where there is any.
    pub(super) makeup: Option<Texture>,
    pub(super) round: Rounding,
    /// Shares of likelihood and of colours that are kept from frame to frame.
    pub(super) keep: [f32; 2],
}

/// What is known of a place by itself.
struct Known {
    skin: V<4>,
    other: f32,
    brow: f32,
}

/// What is learned of a face's colours.
pub(super) struct Colours {
    pub(super) brightness: f32,
    roughness: f32,
    /// Brightness where hair is unlikely.
    bare: f32,
    ratios: Vec<f32>,
    /// Shares of skin and of everything else.
    bins: Vec<[f32; 2]>,
}

/// Bins of a histogram, as a 3-D texture has them.
fn bin([x, y, z]: [usize; 3]) -> usize {
    (x * BINS[1] + y) * BINS[2] + z
}

fn skin_features(rgb: V<3>, brightness: f32) -> V<3> {
    let y = luma(rgb);
    let n = y + CHROMA_FLOOR * brightness;
    V([(y / brightness + BRIGHTNESS_FLOOR).ln(), (rgb[0] - y) / n, (rgb[2] - y) / n])
}

fn skin_bin(features: V<3>) -> [f32; 3] {
    std::array::from_fn(|k| {
        let bins = BINS[k] as f32;
        ((features[k] - LOW[k]) / (HIGH[k] - LOW[k]) * bins).clamp(0.5, bins - 0.5)
    })
}

pub(super) fn skin_guide(rgb: V<3>, brightness: f32) -> V<3> {
    (1.0 / (GUIDE * brightness)) * rgb
}

/// Whether a place is below the chin.
pub(super) fn skin_below(place: V<4>) -> f32 {
    smoothstep(NECK[0], place[3]) * (1.0 - smoothstep(NECK[1], place[3])) * (1.0 - place[1])
}

/// How much like a fringe's hair a block is.
fn skin_fringe(place: V<4>, seen: V<4>, [roughness, bare]: [f32; 2]) -> f32 {
    let darker = smoothstep(FRINGE_DARKER, (bare / luma(seen.rgb()).max(1e-4)).ln());
    let rougher = smoothstep(FRINGE_ROUGHER, seen[3].max(1e-4).ln() - roughness);
    (-place[3]).max(0.0) * darker * rougher
}

impl Colours {
    fn nearest(&self, at: [f32; 3]) -> f32 {
        self.ratios[bin(at.map(|v| v as usize))]
    }

    fn between(&self, at: [f32; 3]) -> f32 {
        let low = at.map(|v| (v - 0.5).floor());
        (0..8_usize)
            .map(|corner| {
                let upper = [corner & 1, corner >> 1 & 1, corner >> 2];
                let share = |k: usize| 1.0 - (at[k] - 0.5 - low[k] - upper[k] as f32).abs();
                let place = std::array::from_fn(|k| (low[k] as usize + upper[k]).min(BINS[k] - 1));
                share(0) * share(1) * share(2) * self.ratios[bin(place)]
            })
            .sum()
    }
}

impl Skin<'_> {
    /// After so many frames that were all the same.
    pub(super) fn corrections(self, frames: usize) -> Corrections {
        let cells = self.cells();
        let [blocks, places, mut likelihoods, mut history] = self.first(&cells);
        for _ in 0..2 {
            let colours = self.learn(&blocks, &likelihoods, &places, None);
            [likelihoods] = self.likelihood(&cells, &colours, &history, 0.0);
            history = Texture { texels: likelihoods.texels.clone(), ..likelihoods };
        }
        // The third time once more: the pass over all faces looks at those again that were new.
        let mut colours = self.learn(&blocks, &likelihoods, &places, None);
        for frame in 0..frames {
            [likelihoods] = self.likelihood(&cells, &colours, &history, if frame == 0 { 0.0 } else { self.keep[0] });
            colours = self.learn(&blocks, &likelihoods, &places, Some(&colours).filter(|_| frame > 0));
            history = Texture { texels: likelihoods.texels.clone(), ..likelihoods };
        }
        let slopes = self.regress(&blocks, &places, &likelihoods, &colours);
        let [slopes, skins] = self.field(&cells, &places, &slopes, &colours);
        let halved = self.halve(&skins);
        let surround = self.surround(&halved);
        let changes = self.gate(&cells, &places, &skins, &halved, &surround, colours.brightness);
        let [corrections, details] = self.correct(&cells, &slopes, &skins, &changes, &colours);
        Corrections { face: self.face, corrections, details }
    }

    pub(super) fn cell_count(&self) -> Place {
        [self.face.grid[0] as i32, self.face.grid[1] as i32]
    }

    pub(super) fn block_count(&self) -> Place {
        [self.face.grid[2] as i32, self.face.grid[3] as i32]
    }

    /// First and last block of the core.
    pub(super) fn core(&self) -> [Place; 2] {
        let [left, top, right, bottom] = self.face.core.map(|v| v as i32);
        [[left, top], [right - 1, bottom - 1]]
    }

    /// The same with a block beside.
    pub(super) fn wider(&self) -> [Place; 2] {
        let [low, high] = self.core();
        let last = self.block_count().map(|count| count - 1);
        [low.map(|v| (v - 1).max(0)), [(high[0] + 1).min(last[0]), (high[1] + 1).min(last[1])]]
    }

    /// A block's cells, row by row; the grid's last ones again where it has no more.
    pub(super) fn cells_of(&self, [x, y]: Place) -> impl Iterator<Item = Place> {
        let last = self.cell_count().map(|count| count - 1);
        square([2 * x, 2 * y], 2).map(move |cell| within(cell, [0; 2], last))
    }

    pub(super) fn skin_place(&self, block: Place) -> [f32; 2] {
        std::array::from_fn(|k| (block[k] as f32 + 0.5) * 2.0 * self.face.amounts[0] / self.face.rect[2 + k] as f32)
    }

    fn cells(&self) -> Texture {
        let [x, y, width, height] = self.face.rect.map(|v| v as i32);
        let side = self.face.amounts[0] as i32;
        let last = [(x + width).min(self.input.width as i32) - 1, (y + height).min(self.input.height as i32) - 1];
        let [cells] = grids(self.cell_count(), self.round, |cell| {
            let corner = [x + cell[0] * side, y + cell[1] * side];
            let taps = match side {
                ..=3 => side,
                4 => 2,
                _ => 3,
            };
            let step = side as f32 / taps as f32;
            let mut sum = V::default();
            for k in square([0; 2], taps) {
                sum += if side <= 3 {
                    self.input.at([(corner[0] + k[0]).min(last[0]), (corner[1] + k[1]).min(last[1])])
                } else {
                    let p = |axis: usize| corner[axis] as f32 + (k[axis] as f32 + 0.5) * step;
                    self.input.between([p(0).min(last[0] as f32 + 0.5), p(1).min(last[1] as f32 + 0.5)])
                };
            }
            [(1.0 / (taps * taps) as f32) * sum]
        });
        cells
    }

    fn blocks_seen(&self, cells: &Texture, [x, y]: Place) -> V<4> {
        let ring: Vec<V<3>> = square([2 * x - 1, 2 * y - 1], 4).map(|cell| cells.at(cell).rgb()).collect();
        let ys: Vec<f32> = ring.iter().copied().map(luma).collect();
        let (mut mean, mut rough) = (V::default(), 0.0);
        for c in [5, 6, 9, 10] {
            mean += 0.25 * ring[c];
            rough += 0.25 * (ys[c] - 0.25 * (ys[c - 1] + ys[c + 1] + ys[c - 4] + ys[c + 4])).abs();
        }
        mean.with(rough / (luma(mean) + ROUGH_FLOOR))
    }

    fn blocks_place(&self, block: Place) -> Known {
        let place = self.skin_place(block);
        let part = self.mask.between(place.map(|v| v * mask::SIDE as f32));
        let node = self.prior.between(place.map(|v| v * (prior::SIDE - 1) as f32 + 0.5));
        let depth = (2.0 * node[1] - 1.0) * FARTHEST;
        let open = (1.0 - part[0]) * (1.0 - part[1]);
        let likely = (node[0] * node[0]).max(LIKELY_INSIDE * smoothstep(LIKELY_DEPTH, depth));
        let sure = smoothstep(SURE_DEPTH, depth) * open;
        Known { skin: V([likely, sure, open, 2.0 * node[3] - 1.0]), other: node[2], brow: part[1] }
    }

    /// Blocks, places, likelihoods, history.
    fn first(&self, cells: &Texture) -> [Texture; 4] {
        grids(self.block_count(), self.round, |block| {
            let place = self.blocks_place(block);
            let skin = place.skin[1] * mix(SURE, SURE_BEARDED, place.skin[3].max(0.0));
            let likelihood = V([0.5, skin, place.other.max(BROW * place.brow), 0.0]);
            [self.blocks_seen(cells, block), place.skin, likelihood, V([0.5; 4])]
        })
    }

    fn learn(&self, blocks: &Texture, weights: &Texture, places: &Texture, before: Option<&Colours>) -> Colours {
        let [width, height] = self.block_count();
        let across = (width + 1) / 2;
        let chessboard = || (0..across * height).map(|k| [2 * (k % across) + (k / across) % 2, k / across]);
        // Summed up as the lanes do.
        let (mut sums, mut totals) = ([V([0.0; 4]); LANES], [V([0.0; 4]); LANES]);
        for (k, block) in chessboard().enumerate().filter(|(_, block)| block[0] < width) {
            let (weight, seen, place) = (weights.at(block), blocks.at(block), places.at(block));
            let (bright, upper) = (luma(seen.rgb()), place[1] * (1.0 - place[3].max(0.0)));
            let bare = place[1] * (1.0 - place[3].abs());
            totals[k % LANES] += V([weight[1], weight[2], bare * bright, bare]);
            sums[k % LANES] += V([place[1] * bright, place[1], upper * seen[3].max(1e-4).ln(), upper]);
        }
        let sum = sums.into_iter().fold(V::default(), |sum, lane| sum + lane);
        let total = totals.into_iter().fold(V::default(), |sum, lane| sum + lane);
        let mut keep = before.map_or(0.0, |_| self.keep[1]);
        let kept = |new: f32, of: fn(&Colours) -> f32, keep: f32| mix(new, before.map_or(0.0, of), keep);
        if sum[1] < 4.0 && before.is_some() {
            keep = 1.0;
        }
        let brightness = kept(sum[0] / sum[1].max(1e-3), |before| before.brightness, keep).max(DARKEST);
        let roughness = kept(sum[2] / sum[3].max(1e-3), |before| before.roughness, keep);
        let bare = kept(total[2] / total[3].max(1e-3), |before| before.bare, keep).max(DARKEST);
        let total = V([total[0], total[1]]);
        let scale = total.map(|total| (STEPS / total.max(1.0)).min(MOST_STEPS));
        let mut bins = vec![[0_u32; 2]; BINS.iter().product()];
        for block in chessboard().filter(|block| block[0] < width) {
            let (weight, seen) = (weights.at(block), blocks.at(block));
            let fringe = skin_fringe(places.at(block), seen, [roughness, bare]);
            let at = skin_bin(skin_features(seen.rgb(), brightness));
            let bin = &mut bins[bin(at.map(|v| v as usize))];
            bin[0] += ((1.0 - fringe) * weight[1] * scale[0]) as u32;
            bin[1] += (weight[2] * scale[1]) as u32;
        }
        for (stride, count) in [(BINS[1] * BINS[2], BINS[0]), (BINS[2], BINS[1]), (1, BINS[2])] {
            let smoothed = |bin: usize| {
                let at = bin / stride % count;
                let beside = [bin - if at > 0 { stride } else { 0 }, bin + if at + 1 < count { stride } else { 0 }];
                std::array::from_fn(|k| (bins[beside[0]][k] + 2 * bins[bin][k] + bins[beside[1]][k] + 2) / 4)
            };
            bins = (0..bins.len()).map(smoothed).collect();
        }
        let shares = (total * scale).map(|total| 1.0 / total.max(1.0));
        let least = 1.0 / bins.len() as f32;
        let share = |(k, bin): (usize, &[u32; 2])| {
            let old = before.map_or([0.0; 2], |before| before.bins[k]);
            std::array::from_fn(|n| mix(bin[n] as f32 * shares[n], old[n], keep))
        };
        let bins: Vec<[f32; 2]> = bins.iter().enumerate().map(share).collect();
        let ratio = |&[skin, other]: &[f32; 2]| {
            let [skin, other] =
                [(SKIN_SHARE, skin), (OTHER_SHARE, other)].map(|(share, found)| share[0] * found + share[1] * least);
            (self.round)((skin / other).ln())
        };
        Colours { brightness, roughness, bare, ratios: bins.iter().map(ratio).collect(), bins }
    }

    fn likelihood(&self, cells: &Texture, colours: &Colours, history: &Texture, keep: f32) -> [Texture; 1] {
        grids(self.block_count(), self.round, |block| {
            let (seen, place) = (self.blocks_seen(cells, block), self.blocks_place(block));
            let features = skin_features(seen.rgb(), colours.brightness);
            let limited = |ratio: f32| ratio.clamp(-MOST_RATIO, MOST_RATIO);
            let below = skin_below(place.skin);
            let most = mix(HIGH[0], NOT_GLEAMING, below);
            let told = |V([bright, red, blue]): V<3>| skin_bin(V([bright.min(most), red, blue]));
            let mut colour = COLOUR_BETWEEN * limited(colours.between(told(features)));
            for cell in self.cells_of(block) {
                let own = told(skin_features(cells.at(cell).rgb(), colours.brightness));
                colour += COLOUR_NEAREST * limited(colours.nearest(own));
            }
            let coarse = smoothstep(COARSE, seen[3].max(1e-4).ln() - colours.roughness - NECK_ROUGHER * below);
            let dark_and_rough = coarse * smoothstep(DARK, -features[0]) * (place.skin[3].max(0.0) + 0.5 * below)
                + skin_fringe(place.skin, seen, [colours.roughness, colours.bare]);
            let before = |x: f32, y: f32| {
                history.sample(block[0] as f32 + 0.5 + x * AROUND, block[1] as f32 + 0.5 + y * AROUND)[0]
            };
            let own = before(0.0, 0.0);
            let around = 0.25 * (before(1.0, 0.0) + before(-1.0, 0.0) + before(0.0, 1.0) + before(0.0, -1.0));
            let rough = dark_and_rough * (1.0 - AMID_SKIN.0 * smoothstep(AMID_SKIN.1, around));
            let near = OWN * own + OTHERS * around;
            let likely = place.skin[0].max(LEAST_LIKELY);
            let odds = (likely / (1.0 - likely)).ln() + colour - ROUGH_ODDS * rough
                + NEAR_ODDS * (near - 0.5)
                + AROUND_ODDS * (around - 0.5);
            let p = mix(place.skin[2] / (1.0 + (-odds).exp()), own, keep);
            let skin = p * p * likely.max(place.skin[1]);
            let open = (1.0 - p) * (1.0 - p) * place.skin[2] * smoothstep(OPEN.0, OPEN.1 - likely);
            [V([p, skin, open.max(OPEN_BROW * place.brow), 0.0])]
        })
    }

    fn regress(&self, blocks: &Texture, places: &Texture, likelihoods: &Texture, colours: &Colours) -> Texture {
        let [slopes] = grids(self.block_count(), self.round, |[x, y]| {
            let (mut mean, mut skin, mut with_skin) = (V::default(), 0.0, V::default());
            let (mut square_of, mut cross) = (V::default(), V::default());
            for block in square([x - 1, y - 1], 3) {
                let (c, place) = (skin_guide(blocks.at(block).rgb(), colours.brightness), places.at(block));
                let p = smoothstep(SKIN_LIKELY, likelihoods.at(block)[0]) * place[2] * smoothstep(ALLOWED, place[0]);
                mean += 1.0 / 9.0 * c;
                skin += p / 9.0;
                with_skin += p / 9.0 * c;
                square_of += 1.0 / 9.0 * (c * c);
                cross += 1.0 / 9.0 * (V([c[0], c[0], c[1]]) * V([c[1], c[2], c[2]]));
            }
            let v = square_of - mean * mean + V([EPSILON; 3]);
            let w = cross - V([mean[0], mean[0], mean[1]]) * V([mean[1], mean[2], mean[2]]);
            let covariance = with_skin - skin * mean;
            let c0 = V([v[1] * v[2] - w[2] * w[2], w[1] * w[2] - w[0] * v[2], w[0] * w[2] - w[1] * v[1]]);
            let c1 = V([c0[1], v[0] * v[2] - w[1] * w[1], w[0] * w[1] - v[0] * w[2]]);
            let c2 = V([c0[2], c1[2], v[0] * v[1] - w[0] * w[0]]);
            let determinant = V([v[0], w[0], w[1]]).dot(c0).max(1e-13);
            let a = V([c0, c1, c2].map(|c| c.dot(covariance) / determinant));
            [a.with(skin - a.dot(mean))]
        });
        slopes
    }

    /// Slopes and skins.
    fn field(&self, cells: &Texture, places: &Texture, slopes: &Texture, colours: &Colours) -> [Texture; 2] {
        let [low, high] = self.wider();
        grids(self.block_count(), self.round, |block| {
            let mut slope = V::default();
            for (place, share) in binomial(block) {
                slope += share * slopes.at(within(place, low, high));
            }
            let place = places.at(block);
            let allowed = place[2] * smoothstep(ALLOWED, place[0]);
            let (mut mean, mut all, mut weight) = (V::default(), V::default(), 0.0);
            for cell in self.cells_of(block) {
                let rgb = cells.at(cell).rgb();
                let found = slope.rgb().dot(skin_guide(rgb, colours.brightness)) + slope[3];
                let w = found.clamp(0.0, 1.0) * allowed;
                mean += w * rgb;
                all += rgb;
                weight += w;
            }
            let mean = 1.0 / (weight + 0.004) * (mean + 0.001 * all);
            [slope, mean.with(weight / 4.0)]
        })
    }
}

/// The 3 × 3 places around one, row by row, with their binomial shares.
pub(super) fn binomial([x, y]: Place) -> impl Iterator<Item = (Place, f32)> {
    let share = |from: i32, to: i32| (2 - (to - from).abs()) as f32;
    square([x - 1, y - 1], 3).map(move |place| (place, share(x, place[0]) * share(y, place[1]) / 16.0))
}
