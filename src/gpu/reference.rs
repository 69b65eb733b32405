//! Reference implementations of the passes, in plain Rust, a few lines each: what the shaders are compared with, on odd sizes, on
//! faces at the frame's border and on faces that overlap. Each has its shader's name and follows it line by line.

use super::renderer::Renderer;
use super::stages::shape::ShapeUniform;
use super::stages::skin::{SkinUniform, StatisticsSlot};
use super::{Gpu, GpuOptions};
use crate::retouch::shape::field;
use crate::retouch::skin::mask;
use crate::retouch::{FacePlan, Plan};
use crate::{Face, FaceTracker, FrameMut, Look, Shape, Skin as SkinAmounts, TrackerOptions};

type Rgb = [f32; 3];

/// A picture of four values a pixel, read as a texture is: texel by texel, or bilinearly and clamped at its edges.
struct Texture {
    width: usize,
    height: usize,
    texels: Vec<[f32; 4]>,
}

impl Texture {
    fn new(width: usize, height: usize, texel: impl Fn(usize, usize) -> [f32; 4]) -> Self {
        let texels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| texel(x, y)).collect();
        Self { width, height, texels }
    }

    fn load(&self, x: i32, y: i32) -> [f32; 4] {
        let x = x.clamp(0, self.width as i32 - 1) as usize;
        let y = y.clamp(0, self.height as i32 - 1) as usize;
        self.texels[y * self.width + x]
    }

    /// `x` and `y` in texels.
    fn sample(&self, x: f32, y: f32) -> [f32; 4] {
        let (left, top) = ((x - 0.5).floor(), (y - 0.5).floor());
        let (u, v) = (x - 0.5 - left, y - 0.5 - top);
        let (left, top) = (left as i32, top as i32);
        let corners =
            [self.load(left, top), self.load(left + 1, top), self.load(left, top + 1), self.load(left + 1, top + 1)];
        std::array::from_fn(|c| {
            let upper = corners[0][c] + u * (corners[1][c] - corners[0][c]);
            upper + v * (corners[2][c] + u * (corners[3][c] - corners[2][c]) - upper)
        })
    }
}

fn rgb(texel: [f32; 4]) -> Rgb {
    [texel[0], texel[1], texel[2]]
}

fn luma(c: Rgb) -> f32 {
    0.299 * c[0] + 0.587 * c[1] + 0.114 * c[2]
}

fn smoothstep(from: f32, to: f32, x: f32) -> f32 {
    let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

fn features(c: Rgb) -> Rgb {
    let y = luma(c);
    [(y + 0.02).ln(), (c[0] - y) / (y + 0.06), (c[2] - y) / (y + 0.06)]
}

#[derive(Default, Clone, Copy)]
struct Skin {
    mean: Rgb,
    seen: f32,
    sharpness: Rgb,
    colour: Rgb,
}

fn likeness(c: Rgb, skin: &Skin) -> f32 {
    let f = features(c);
    let off: f32 = (0..3).map(|k| ((f[k] - skin.mean[k]) * skin.sharpness[k]).powi(2)).sum();
    skin.seen * (1.0 - smoothstep(12.0, 30.0, off))
}

fn matrix(m: [Rgb; 3], v: Rgb) -> Rgb {
    m.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
}

fn to_oklab(c: Rgb) -> Rgb {
    let linear = c.map(|v| if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) });
    let lms = matrix(
        [
            [0.412_221_46, 0.536_332_55, 0.051_445_995],
            [0.211_903_5, 0.680_699_5, 0.107_396_96],
            [0.088_302_46, 0.281_718_85, 0.629_978_7],
        ],
        linear,
    );
    matrix(
        [
            [0.210_454_26, 0.793_617_8, -0.004_072_047],
            [1.977_998_5, -2.428_592_2, 0.450_593_7],
            [0.025_904_037, 0.782_771_77, -0.808_675_77],
        ],
        lms.map(|v| v.max(0.0).cbrt()),
    )
}

fn from_oklab(lab: Rgb) -> Rgb {
    let lms = matrix(
        [[1.0, 0.396_337_78, 0.215_803_76], [1.0, -0.105_561_346, -0.063_854_17], [1.0, -0.089_484_18, -1.291_485_5]],
        lab,
    )
    .map(|v| v * v * v);
    let linear = matrix(
        [
            [4.076_741_7, -3.307_711_6, 0.230_969_93],
            [-1.268_438, 2.609_757_4, -0.341_319_4],
            [-0.004_196_086_3, -0.703_418_6, 1.707_614_7],
        ],
        lms,
    );
    linear.map(|v| if v <= 0.003_130_8 { v * 12.92 } else { 1.055 * v.max(0.0).powf(1.0 / 2.4) - 0.055 })
}

/// A face's grids, as the passes hand them on.
struct Reference<'a> {
    plan: &'a FacePlan,
    face: SkinUniform,
    shape: ShapeUniform,
    input: &'a Texture,
    mask: Texture,
    field: Texture,
}

impl Reference<'_> {
    fn side(&self) -> f32 {
        self.face.amounts[0]
    }

    fn covered(&self, x: usize, y: usize) -> f32 {
        let texel = |at: usize, length: u32| (at as f32 + 0.5) * self.side() / length as f32 * mask::SIDE as f32;
        self.mask.sample(texel(x, self.face.rect[2]), texel(y, self.face.rect[3]))[0]
    }

    fn cells(&self) -> Texture {
        let [x0, y0, width, height] = self.face.rect.map(|v| v as f32);
        let taps = ((self.side() * 0.5).ceil() as u32).clamp(1, 8);
        let step = self.side() / taps as f32;
        Texture::new(self.face.grid[0] as usize, self.face.grid[1] as usize, |i, j| {
            let mut sum = [0.0; 4];
            for tap in 0..taps * taps {
                let x = x0 + i as f32 * self.side() + ((tap % taps) as f32 + 0.5) * step;
                let y = y0 + j as f32 * self.side() + ((tap / taps) as f32 + 0.5) * step;
                let texel =
                    self.input.sample(x.clamp(x0 + 0.5, x0 + width - 0.5), y.clamp(y0 + 0.5, y0 + height - 0.5));
                (0..3).for_each(|c| sum[c] += texel[c] / (taps * taps) as f32);
            }
            sum
        })
    }

    fn skin(&self, cells: &Texture) -> Skin {
        let mut found = Skin::default();
        for round in 0..3 {
            let (mut weight, mut mean, mut square, mut colour) = (0.0, [0.0; 3], [0.0; 3], [0.0; 3]);
            for k in 0..48 * 48 {
                let place = [((k % 48) as f32 + 0.5) / 48.0, ((k / 48) as f32 + 0.5) / 48.0];
                let at = |length: usize, axis: usize| (place[axis] * length as f32) as i32;
                let sure = self.mask.load(at(mask::SIDE, 0), at(mask::SIDE, 1))[1];
                let c = rgb(cells.load(at(cells.width, 0), at(cells.height, 1)));
                let w = sure * if round > 0 { likeness(c, &found) } else { 1.0 };
                let (f, lab) = (features(c), to_oklab(c));
                weight += w;
                for c in 0..3 {
                    mean[c] += w * f[c];
                    square[c] += w * f[c] * f[c];
                    colour[c] += w * lab[c];
                }
            }
            let n = weight.max(1e-3);
            let (low, high) = ([0.13, 0.035, 0.035], [0.32, 0.09, 0.09]);
            found.mean = mean.map(|v| v / n);
            found.seen = f32::from(u8::from(weight > 4.0));
            found.colour = colour.map(|v| v / n);
            found.sharpness = std::array::from_fn(|c| {
                let variance = (square[c] / n - found.mean[c] * found.mean[c]).max(0.0);
                1.0 / variance.sqrt().clamp(low[c], high[c])
            });
        }
        found
    }

    /// Two values a block: mean colour and weight; variance and likeness.
    fn moments(&self, cells: &Texture, skin: &Skin) -> [Texture; 2] {
        let block = |x: usize, y: usize| {
            let (mut count, mut all, mut weight, mut mean, mut y1, mut y2) = (0.0, [0.0; 3], 0.0, [0.0; 3], 0.0, 0.0);
            for (x, y) in [(2 * x, 2 * y), (2 * x + 1, 2 * y), (2 * x, 2 * y + 1), (2 * x + 1, 2 * y + 1)] {
                if x < cells.width && y < cells.height {
                    let c = rgb(cells.load(x as i32, y as i32));
                    let w = self.covered(x, y);
                    count += 1.0;
                    weight += w;
                    (0..3).for_each(|k| {
                        all[k] += c[k];
                        mean[k] += w * c[k];
                    });
                    y1 += w * luma(c);
                    y2 += w * luma(c) * luma(c);
                }
            }
            let like = likeness(all.map(|v| v / f32::max(count, 1.0)), skin);
            let n = f32::max(weight, 1e-6);
            let mean = mean.map(|v| v / n);
            let variance = f32::max(y2 / n - (y1 / n) * (y1 / n), 0.0);
            ([mean[0], mean[1], mean[2], weight / 4.0 * like], [variance, like, 0.0, 0.0])
        };
        let (width, height) = (self.face.grid[2] as usize, self.face.grid[3] as usize);
        [Texture::new(width, height, |x, y| block(x, y).0), Texture::new(width, height, |x, y| block(x, y).1)]
    }

    /// Two values a block: b and a; shift of colour and likeness.
    fn gate(&self, moments: &[Texture; 2], skin: &Skin) -> [Texture; 2] {
        let block = |x: usize, y: usize| {
            let at = |k: i32| (x as i32 + k % 3 - 1, y as i32 + k / 3 - 1);
            let m: [[f32; 4]; 9] = std::array::from_fn(|k| moments[0].load(at(k as i32).0, at(k as i32).1));
            let v: [[f32; 4]; 9] = std::array::from_fn(|k| moments[1].load(at(k as i32).0, at(k as i32).1));
            let ys = m.map(|m| luma(rgb(m)));
            let weight: f32 = m.iter().map(|m| m[3]).sum();
            if weight <= 0.05 {
                return ([0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 0.0, v[4][1]]);
            }
            let mean: Rgb = std::array::from_fn(|c| m.iter().map(|m| m[3] * m[c]).sum::<f32>() / weight);
            let y1 = (0..9).map(|k| m[k][3] * ys[k]).sum::<f32>() / weight;
            let y2 = (0..9).map(|k| m[k][3] * (ys[k] * ys[k] + v[k][0])).sum::<f32>() / weight;
            let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
            for c in [0, 1, 3, 4] {
                let w = m[c][3].min(m[c + 1][3]).min(m[c + 3][3].min(m[c + 4][3]));
                let dx = ys[c + 1] + ys[c + 4] - ys[c] - ys[c + 3];
                let dy = ys[c + 3] + ys[c + 4] - ys[c] - ys[c + 1];
                (xx, yy, xy) = (xx + w * dx * dx, yy + w * dy * dy, xy + w * dx * dy);
            }
            let coherence = ((xx - yy) * (xx - yy) + 4.0 * xy * xy).sqrt() / (xx + yy + 1e-6);
            let v2 = f32::max(y2 - y1 * y1, 0.0) / (y1 * y1 + 0.01) * (0.12 + 0.88 * coherence * coherence);
            let a = v2 * v2 / (v2 * v2 + 0.0045 * 0.0045);
            let mut shift = [0.0; 3];
            let tint = self.face.tint;
            if self.face.amounts[2] > 0.0 || tint[..3] != [0.0; 3] {
                let (lab, k) = (to_oklab(mean), 0.85 * self.face.amounts[2]);
                let even = [
                    lab[0] + 0.06 * tint[0] * 4.0 * lab[0] * (1.0 - lab[0]),
                    lab[1] + k * (skin.colour[1] - lab[1]) + 0.022 * tint[1],
                    lab[2] + k * (skin.colour[2] - lab[2]) + 0.022 * tint[2],
                ];
                shift = std::array::from_fn(|c| from_oklab(even)[c] - mean[c]);
            }
            let b = mean.map(|v| v * (1.0 - a));
            ([b[0], b[1], b[2], a], [shift[0], shift[1], shift[2], v[4][1]])
        };
        let (width, height) = (self.face.grid[2] as usize, self.face.grid[3] as usize);
        [Texture::new(width, height, |x, y| block(x, y).0), Texture::new(width, height, |x, y| block(x, y).1)]
    }

    fn correct(&self, cells: &Texture, coefficients: &[Texture; 2], skin: &Skin) -> Texture {
        let (width, height) = (self.face.grid[2] as f32, self.face.grid[3] as f32);
        Texture::new(cells.width, cells.height, |x, y| {
            let (c, covered) = (rgb(cells.load(x as i32, y as i32)), self.covered(x, y));
            let (mut q, mut shift) = ([0.0; 4], [0.0; 4]);
            for (dx, dy) in [(-0.75, -0.75), (0.75, -0.75), (-0.75, 0.75), (0.75, 0.75)] {
                let px = ((x as f32 + 0.5) / 2.0 + dx).clamp(0.5, width - 0.5);
                let py = ((y as f32 + 0.5) / 2.0 + dy).clamp(0.5, height - 0.5);
                let (near_q, near_shift) = (coefficients[0].sample(px, py), coefficients[1].sample(px, py));
                (0..4).for_each(|k| {
                    q[k] += 0.25 * near_q[k];
                    shift[k] += 0.25 * near_shift[k];
                });
            }
            let like = shift[3].min(likeness(c, skin));
            let change =
                |k: usize| covered * like * (1.32 * self.face.amounts[1] * (q[3] * c[k] + q[k] - c[k]) + shift[k]);
            [change(0), change(1), change(2), 0.0]
        })
    }

    fn holds(&self, x: f32, y: f32) -> bool {
        let [x0, y0, width, height] = self.face.rect.map(|v| v as f32);
        x >= x0 && y >= y0 && x <= x0 + width && y <= y0 + height
    }

    fn moves(&self, x: f32, y: f32) -> bool {
        let [x0, y0, x1, y1] = self.shape.bounds.map(|v| v as f32);
        !self.plan.shape.is_none() && x >= x0 && y >= y0 && x <= x1 && y <= y1
    }

    fn displacement(&self, x: f32, y: f32) -> [f32; 2] {
        let [x0, y0, width, height] = self.shape.rect.map(|v| v as f32);
        let last = (field::SIDE - 1) as f32;
        let node = self.field.sample((x - x0) / width * last + 0.5, (y - y0) / height * last + 0.5);
        [node[0], node[1]]
    }

    fn change(&self, corrections: &Texture, x: f32, y: f32) -> [f32; 4] {
        let [x0, y0, ..] = self.face.rect.map(|v| v as f32);
        let (cx, cy) = ((x - x0) / self.side(), (y - y0) / self.side());
        let (width, height) = (self.face.grid[0] as f32, self.face.grid[1] as f32);
        corrections.sample(cx.clamp(0.5, width - 0.5), cy.clamp(0.5, height - 0.5))
    }
}

/// Weights of the cubic of Catmull and Rom.
fn cubic(t: f32) -> [f32; 4] {
    [
        t * (t * (1.0 - 0.5 * t) - 0.5),
        1.0 + t * t * (1.5 * t - 2.5),
        t * (t * (2.0 - 1.5 * t) + 0.5),
        t * t * (0.5 * t - 0.5),
    ]
}

fn fetch(input: &Texture, x: f32, y: f32) -> [f32; 4] {
    let (left, top) = ((x - 0.5).floor(), (y - 0.5).floor());
    let (wx, wy) = (cubic(x - 0.5 - left), cubic(y - 0.5 - top));
    let mut sum = [0.0; 4];
    // Without the corners.
    for k in (0..16).filter(|k| ![0, 3, 12, 15].contains(k)) {
        let texel = input.load(left as i32 + k % 4 - 1, top as i32 + k / 4 - 1);
        (0..4).for_each(|c| sum[c] += wx[k as usize % 4] * wy[k as usize / 4] * texel[c]);
    }
    let share = 1.0 - (wx[0] + wx[3]) * (wy[0] + wy[3]);
    [sum[0] / share, sum[1] / share, sum[2] / share, input.sample(x, y)[3]]
}

/// The whole way of a frame.
fn compose(input: &Texture, references: &[Reference<'_>]) -> Vec<u8> {
    let corrections: Vec<Option<Texture>> = references
        .iter()
        .map(|reference| {
            (!reference.plan.skin.is_none()).then(|| {
                let cells = reference.cells();
                let skin = reference.skin(&cells);
                let coefficients = reference.gate(&reference.moments(&cells, &skin), &skin);
                reference.correct(&cells, &coefficients, &skin)
            })
        })
        .collect();
    let mut out = Vec::with_capacity(input.texels.len() * 4);
    for index in 0..input.texels.len() {
        let (x, y) = ((index % input.width) as f32 + 0.5, (index / input.width) as f32 + 0.5);
        let mut moved = [0.0; 2];
        for reference in references.iter().filter(|reference| reference.moves(x, y)) {
            let by = reference.displacement(x, y);
            moved = [moved[0] + by[0], moved[1] + by[1]];
        }
        let mut colour = input.texels[index];
        if moved != [0.0; 2] {
            colour = fetch(input, x + moved[0], y + moved[1]).map(|v| v.clamp(0.0, 1.0));
        }
        if references.iter().any(|reference| reference.holds(x, y) || reference.moves(x, y)) {
            let (x, y) = (x + moved[0], y + moved[1]);
            for (reference, corrections) in references.iter().zip(&corrections) {
                if let Some(corrections) = corrections.as_ref().filter(|_| reference.holds(x, y)) {
                    let change = reference.change(corrections, x, y);
                    (0..3).for_each(|c| colour[c] += change[c]);
                }
            }
        }
        out.extend(colour.map(|v| (v.clamp(0.0, 1.0) * 255.0).round() as u8));
    }
    out
}

fn by_hand(pixels: &[u8], width: u32, height: u32, faces: &[Face], look: &Look) -> Vec<u8> {
    let mut plan = Plan::default();
    plan.update((width, height), faces, look.into(), false).unwrap();
    let input = Texture::new(width as usize, height as usize, |x, y| {
        let at = (y * width as usize + x) * 4;
        std::array::from_fn(|c| f32::from(pixels[at + c]) / 255.0)
    });
    let references: Vec<Reference<'_>> = plan
        .faces()
        .iter()
        .map(|plan| Reference {
            plan,
            face: SkinUniform::new(plan, Some(StatisticsSlot { index: 0, keep: 0.0 }), false),
            shape: ShapeUniform::new(plan),
            input: &input,
            mask: Texture::new(mask::SIDE, mask::SIDE, |x, y| {
                let [skin, sample] = plan.skin.mask.texels().get(y * mask::SIDE + x).copied().unwrap_or_default();
                [f32::from(skin) / 255.0, f32::from(sample) / 255.0, 0.0, 0.0]
            }),
            field: Texture::new(field::SIDE, field::SIDE, |x, y| {
                let node = plan.shape.field.nodes().get(y * field::SIDE + x);
                node.map_or([0.0; 4], |node| [node[0].into(), node[1].into(), 0.0, 0.0])
            }),
        })
        .collect();
    compose(&input, &references)
}

#[test]
fn the_shaders_do_what_their_references_do() {
    let portrait = image::open(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/astronaut.png")).unwrap().into_rgba8();
    let tracker = FaceTracker::new(TrackerOptions::default()).unwrap();
    let mut renderer = Renderer::new(&Gpu::new(GpuOptions::default()).unwrap()).unwrap();
    let looks = [
        Look {
            skin: SkinAmounts { smooth: 1.0, tone: 1.0, ..SkinAmounts::NONE },
            shape: Shape { slim: 1.0, ..Shape::NONE },
        },
        Look {
            skin: SkinAmounts { tone: 0.5, brighten: 0.8, warmth: -0.6, ruddy: 0.7, ..SkinAmounts::NONE },
            ..Look::NONE
        },
        Look { skin: SkinAmounts { smooth: 0.6, ..SkinAmounts::NONE }, ..Look::NONE },
        Look { skin: SkinAmounts { tone: 0.7, ..SkinAmounts::NONE }, ..Look::NONE },
        Look { shape: Shape { slim: 0.5, ..Shape::NONE }, ..Look::NONE },
    ];
    let face = {
        let frame = crate::Frame::rgba8(&portrait, portrait.width(), portrait.height()).unwrap();
        tracker.detect(&frame).unwrap().remove(0)
    };
    // The whole face on an odd frame; faces that the frame's borders cut; a larger face; two that overlap.
    for (x, y, width, height, scale, second) in [
        (120, 3, 251, 243, 1.0, false),
        (205, 91, 133, 67, 1.0, false),
        (100, 40, 101, 301, 1.0, false),
        (130, 20, 190, 190, 2.3, false),
        (120, 3, 251, 243, 1.0, true),
    ] {
        let part = image::imageops::crop_imm(&portrait, x, y, width, height).to_image();
        let size = |side: u32| (side as f32 * scale) as u32;
        let part = image::imageops::resize(&part, size(width), size(height), image::imageops::FilterType::CatmullRom);
        let mut list = vec![face.clone()];
        for point in &mut list[0].points {
            *point = [(point[0] - x as f32) * scale, (point[1] - y as f32) * scale, point[2] * scale];
        }
        if second {
            let mut other = list[0].clone();
            other.id += 1;
            other.points.iter_mut().for_each(|point| point[0] += 40.0);
            list.push(other);
        }
        for look in &looks {
            renderer.reset();
            let mut shaded = part.clone();
            let (width, height) = part.dimensions();
            renderer.retouch(&mut FrameMut::rgba8(&mut shaded, width, height).unwrap(), &list, look).unwrap();
            let reference = by_hand(&part, width, height, &list, look);
            let off: Vec<u8> = shaded.iter().zip(&reference).map(|(&a, &b)| a.abs_diff(b)).collect();
            let worst = off.iter().copied().max().unwrap_or_default();
            let mean = off.iter().map(|&d| f64::from(d)).sum::<f64>() / off.len() as f64;
            let changed = part.iter().zip(&reference).filter(|(a, b)| a != b).count();
            println!("{width}×{height} {look:?}: worst {worst}, mean {mean:.4}, {changed} values changed");
            // The shape of a face that the frame cuts stays as it is.
            assert!(changed > 500 || (look.skin == SkinAmounts::NONE && width < 140));
            // One step by rounding; two in a few pixels, and up to four in single ones, where half-precision grids and eight-bit filter weights tip the
            // balance at the edge of likeness, or move the place that a sharp edge is fetched from; where two faces overlap
            // their changes add up, and so do these, to no more than that.
            let far = off.iter().filter(|&&d| d > 1).count();
            assert!(
                worst <= 4 && far < 60 * list.len() && mean < 0.025,
                "{width}×{height} {look:?}: worst {worst}, mean {mean}"
            );
        }
    }
}
