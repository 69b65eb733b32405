//! Reference implementations of the passes, in plain Rust, a few lines each: what the shaders are compared with, on odd sizes, on
//! faces at the frame's border and on faces that overlap. Each has its shader's name and follows it line by line.

mod arithmetic;
mod changes;
mod numbers;
mod paint;
mod products;
mod skin;
mod soft;

use std::collections::{BTreeSet, HashMap};

use super::renderer::Renderer;
use super::stages::makeup::{KnownColours, PaintUniform};
use super::stages::shape::ShapeUniform;
use super::stages::skin::{KnownSlot, SkinUniform};
use super::{Gpu, GpuOptions};
use crate::face::topology::NOSE_TIP;
use crate::retouch::region::TILE;
use crate::retouch::shape::field;
use crate::retouch::skin::{mask, prior};
use crate::retouch::{FacePlan, Plan};
use crate::{FaceTracker, FrameMut, Look, Shape, Skin as SkinAmounts, TrackerOptions};
use arithmetic::{ROUNDINGS, Rounding, Texture, V};
use changes::Corrections;
use paint::Paint;
use skin::Skin;

/// A face's shape, as the passes hand it on.
struct Reference<'a> {
    plan: &'a FacePlan,
    shape: ShapeUniform,
    field: Texture,
}

impl Reference<'_> {
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

/// Which pass finishes a tile.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Still,
    Fine,
    Moved,
    Bare,
}

/// The tiles that are visited, by column and row: how, and a bit for each face that may change their colours.
fn kinds(plan: &Plan) -> HashMap<(u32, u32), (Kind, u32)> {
    let [still, fine, moved, ..] = plan.tiles.ends();
    let kind = |index: usize| match index {
        _ if index < still => Kind::Still,
        _ if index < fine => Kind::Fine,
        _ if index < moved => Kind::Moved,
        _ => Kind::Bare,
    };
    let tiles = plan.tiles.list().iter().enumerate();
    tiles.map(|(index, &[place, _, skin, _])| ((place & 0xffff, place >> 16), (kind(index), skin))).collect()
}

/// The whole way of a frame.
fn compose(input: &Texture, plan: &Plan, references: &[Reference<'_>], skins: &[Option<Corrections>]) -> Vec<u8> {
    let kinds = kinds(plan);
    let mut out = Vec::with_capacity(input.texels.len() * 4);
    for index in 0..input.texels.len() {
        let (column, row) = (index % input.width, index / input.width);
        let (x, y) = (column as f32 + 0.5, row as f32 + 0.5);
        let mut moved = [0.0; 2];
        for reference in references.iter().filter(|reference| reference.moves(x, y)) {
            let by = reference.displacement(x, y);
            moved = [moved[0] + by[0], moved[1] + by[1]];
        }
        let mut colour = input.texels[index];
        if moved != [0.0; 2] {
            colour = fetch(input, x + moved[0], y + moved[1]).map(|v| v.clamp(0.0, 1.0));
        }
        let tile = kinds.get(&(column as u32 / TILE, row as u32 / TILE));
        if let Some(&(kind, faces)) = tile.filter(|(kind, _)| *kind != Kind::Bare) {
            // Four pixels that keep their place may share what is known where they meet.
            let place = match kind {
                Kind::Still => [(column / 2 * 2 + 1) as f32, (row / 2 * 2 + 1) as f32],
                _ => [x + moved[0], y + moved[1]],
            };
            let before = V(colour);
            for skin in skins
                .iter()
                .enumerate()
                .filter(|(face, _)| faces >> face & 1 == 1)
                .filter_map(|(_, skin)| skin.as_ref())
            {
                let change = skin.change(place, before.rgb());
                (0..3).for_each(|c| colour[c] += change[c]);
            }
        }
        out.extend(colour.map(|v| (v.clamp(0.0, 1.0) * 255.0).round() as u8));
    }
    out
}

/// The last of so many frames that were all the same.
fn by_hand(pixels: &[u8], plan: &Plan, frames: usize, round: Rounding) -> Vec<u8> {
    let (width, height) = plan.size;
    let input = Texture::new(width as usize, height as usize, |x, y| {
        let at = (y * width as usize + x) * 4;
        std::array::from_fn(|c| f32::from(pixels[at + c]) / 255.0)
    });
    let references: Vec<Reference<'_>> = plan
        .faces()
        .iter()
        .map(|plan| Reference {
            plan,
            shape: ShapeUniform::new(plan),
            field: Texture::new(field::SIDE, field::SIDE, |x, y| {
                let node = plan.shape.field.nodes().get(y * field::SIDE + x);
                node.map_or([0.0; 4], |node| [node[0].into(), node[1].into(), 0.0, 0.0])
            }),
        })
        .collect();
    let corrections = |(index, face): (u32, &FacePlan)| {
        let bytes = |texels: &[[u8; 4]], side: usize| {
            Texture::new(side, side, |x, y| texels[y * side + x].map(|byte| f32::from(byte) / 255.0))
        };
        let skin_slot = KnownSlot { index, is_new: true, before: [[1.0, 0.0], [0.0, 1.0], [0.0; 2]], blocks: [0; 2] };
        (!face.skin.is_none()).then(|| {
            let slot = KnownColours { index, is_new: true };
            let paint =
                Paint { plan: &face.paint, face: PaintUniform::new(&face.paint, Some(slot)), input: &input, round };
            let makeup = face.paint.has_soft().then(|| paint.makeup(&paint.statistics(None)));
            let skin = Skin {
                makeup,
                face: SkinUniform::new(face, Some(skin_slot), false),
                input: &input,
                mask: bytes(face.skin.mask.texels(), mask::SIDE),
                prior: bytes(face.skin.prior.nodes(), prior::SIDE),
                round,
                keep: KnownSlot { is_new: false, ..skin_slot }.keep(),
            };
            skin.corrections(frames)
        })
    };
    let skins: Vec<_> = (0..).zip(plan.faces()).map(corrections).collect();
    compose(&input, plan, &references, &skins)
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
            ..Look::NONE
        },
        Look {
            skin: SkinAmounts { tone: 0.5, brighten: 0.8, warmth: -0.6, ruddy: 0.7, ..SkinAmounts::NONE },
            ..Look::NONE
        },
        Look { skin: SkinAmounts { smooth: 0.6, ..SkinAmounts::NONE }, ..Look::NONE },
        Look { skin: SkinAmounts { smooth: 1.0, marks: 0.5, ..SkinAmounts::NONE }, ..Look::NONE },
        Look { skin: SkinAmounts { shine: 1.0, dark_circles: 0.8, folds: 1.0, ..SkinAmounts::NONE }, ..Look::NONE },
        Look { skin: SkinAmounts { tone: 0.7, ..SkinAmounts::NONE }, ..Look::NONE },
        Look { shape: Shape { slim: 0.5, ..Shape::NONE }, ..Look::NONE },
        Look {
            makeup: crate::Makeup {
                foundation: 0.8,
                foundation_tint: 0.5,
                contour: 0.8,
                highlight: 1.0,
                blush: 0.7,
                blush_style: "sun",
                ..crate::Makeup::NONE
            },
            ..Look::NONE
        },
    ];
    let face = {
        let frame = crate::Frame::rgba8(&portrait, portrait.width(), portrait.height()).unwrap();
        tracker.detect(&frame).unwrap().remove(0)
    };
    let mut reshaped = false;
    let mut plan = Plan::default();
    let mut sides = BTreeSet::new();
    // The whole face on an odd frame; faces that the frame's borders cut; larger faces, up to cells of 4 pixels and of more;
    // two that overlap, of the same size and a smaller one, so that tiles hold cells of either kind.
    for (x, y, width, height, scale, second) in [
        (120, 3, 251, 243, 1.0, None),
        (205, 91, 133, 67, 1.0, None),
        (100, 40, 101, 301, 1.0, None),
        (130, 20, 190, 190, 2.3, None),
        (140, 30, 181, 171, 3.1, None),
        (205, 61, 101, 101, 3.8, None),
        (205, 61, 101, 101, 4.7, None),
        (120, 3, 251, 243, 1.0, Some(1.0)),
        (120, 13, 181, 173, 3.1, Some(0.7)),
    ] {
        let part = image::imageops::crop_imm(&portrait, x, y, width, height).to_image();
        let size = |side: u32| (side as f32 * scale) as u32;
        let part = image::imageops::resize(&part, size(width), size(height), image::imageops::FilterType::CatmullRom);
        let mut list = vec![face.clone()];
        for point in &mut list[0].points {
            *point = [(point[0] - x as f32) * scale, (point[1] - y as f32) * scale, point[2] * scale];
        }
        if let Some(size) = second {
            let mut other = list[0].clone();
            other.id += 1;
            let middle = other.points[usize::from(NOSE_TIP)];
            for point in &mut other.points {
                *point =
                    std::array::from_fn(|k| middle[k] + size * (point[k] - middle[k]) + [40.0 * scale, 0.0, 0.0][k]);
            }
            list.push(other);
        }
        // What is kept from frame to frame is looked at in one look.
        for (frames, look) in looks.iter().map(|look| (1, look)).chain([(3, &looks[0])]) {
            renderer.reset();
            let mut shaded = part.clone();
            let (width, height) = part.dimensions();
            for _ in 0..frames {
                shaded = part.clone();
                renderer.retouch(&mut FrameMut::rgba8(&mut shaded, width, height).unwrap(), &list, look).unwrap();
            }
            plan.update((width, height), &list, look.into(), false).unwrap();
            sides.extend(plan.faces().iter().filter(|face| !face.skin.is_none()).map(|face| face.skin.cell as u32));
            let by_hand = ROUNDINGS.map(|round| by_hand(&part, &plan, frames, round));
            let off =
                |reference: &[u8]| -> Vec<u8> { shaded.iter().zip(reference).map(|(&a, &b)| a.abs_diff(b)).collect() };
            let sum = |reference: &&Vec<u8>| off(reference).iter().map(|&d| u64::from(d)).sum::<u64>();
            // Whichever way this device rounds.
            let reference = by_hand.iter().min_by_key(sum).unwrap();
            let off: Vec<u8> = off(reference);
            let worst = off.iter().copied().max().unwrap_or_default();
            let mean = off.iter().map(|&d| f64::from(d)).sum::<f64>() / off.len() as f64;
            let changed = part.iter().zip(reference).filter(|(a, b)| a != b).count();
            let far = off.iter().filter(|&&d| d > 1).count();
            println!(
                "{width}×{height}, frame {frames}, {look:?}: worst {worst}, {far} off by more than 1, mean {mean:.4}, {changed} values changed"
            );
            // The shape of a face that the frame cuts stays as it is, and that of two that lie over each other.
            assert!(changed > 500 || look.skin == SkinAmounts::NONE);
            reshaped |= changed > 500 && look.shape != Shape::NONE && look.skin == SkinAmounts::NONE;
            // One step by rounding: the mean says that no pass does anything else. Two in a few values, and up to four in
            // single ones, where rounding tips a colour into the next bin of what was learned, so that a block's skin is
            // another share, or moves the place that a sharp edge is fetched from; where two faces overlap their changes
            // add up, and so do these, to no more than that. Cells of more than three pixels are sampled: Mesa rounds each
            // step of that filter to eight bits, without which the mean there is as low as elsewhere.
            let is_sampled = plan.faces().iter().any(|face| face.skin.cell > 3.0);
            let (most, highest) = match list.len() {
                _ if is_sampled => (600, 0.05),
                // What make-up adds lies between the nodes of a grid, and takes that filter, too.
                _ if look.makeup != crate::Makeup::NONE => (200, 0.05),
                1 => (40, 0.012),
                _ => (200, 0.012),
            };
            assert!(
                worst <= 4 && far < most && mean < highest,
                "{width}×{height}, frame {frames}, {look:?}: worst {worst}, {far} by more than 1, mean {mean}"
            );
        }
    }
    assert!(reshaped);
    assert_eq!(sides, BTreeSet::from([1, 2, 3, 4, 5]), "sides of cells");
}

/// Where paint is compared with what it should be: whole faces, faces that the frame cuts, small ones and large ones; the last of
/// several frames, of which the first ones show another picture.
#[test]
fn paint_is_what_its_reference_paints() {
    let portrait = image::open(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/astronaut.png")).unwrap().into_rgba8();
    let tracker = FaceTracker::new(TrackerOptions::default()).unwrap();
    let face = {
        let frame = crate::Frame::rgba8(&portrait, portrait.width(), portrait.height()).unwrap();
        tracker.detect(&frame).unwrap().remove(0)
    };
    let mut renderer = Renderer::new(&Gpu::new(GpuOptions::default()).unwrap()).unwrap();
    let bare = |look: Look| Look {
        skin: SkinAmounts::NONE,
        makeup: crate::Makeup { foundation: 0.0, contour: 0.0, highlight: 0.0, blush: 0.0, ..look.makeup },
        ..look
    };
    let mut gloss = bare(Look::GLOW);
    (gloss.mouth.teeth, gloss.eyes.lens, gloss.eyes.eye_whites, gloss.makeup.brows_tint) = (1.0, 0.7, 1.0, 0.6);
    for (x, y, width, height, scale, is_pair) in [
        (120, 3, 251, 243, 1.0, false),
        (205, 91, 63, 97, 1.0, false),
        (130, 20, 190, 190, 2.3, false),
        (205, 61, 101, 101, 3.8, false),
        (120, 3, 251, 243, 0.4, false),
        (120, 3, 251, 243, 1.0, true),
    ] {
        let part = image::imageops::crop_imm(&portrait, x, y, width, height).to_image();
        let size = |side: u32| (side as f32 * scale) as u32;
        let part = image::imageops::resize(&part, size(width), size(height), image::imageops::FilterType::CatmullRom);
        let (width, height) = part.dimensions();
        let dark = image::RgbaImage::from_fn(width, height, |x, y| {
            let [r, g, b, a] = part.get_pixel(x, y).0;
            image::Rgba([r / 2, g / 2, b, a])
        });
        let mut list = vec![face.clone()];
        for point in &mut list[0].points {
            *point = [(point[0] - x as f32) * scale, (point[1] - y as f32) * scale, point[2] * scale];
        }
        if is_pair {
            let mut second = crate::Face { id: 1, ..list[0].clone() };
            second.points.iter_mut().for_each(|point| (point[0], point[1]) = (point[0] + 37.0, point[1] + 21.0));
            list.push(second);
        }
        for (look, frames) in [(bare(Look::EVENING), 1), (gloss.clone(), 1), (gloss.clone(), 3)] {
            renderer.reset();
            let mut plan = Plan::default();
            plan.update((width, height), &list, (&look).into(), false).unwrap();
            let (mut shaded, mut known) = (part.clone(), Vec::new());
            let mut wanted = ROUNDINGS.map(|_| Vec::new());
            for frame in 0..frames {
                let picture = if frame + 1 < frames { &dark } else { &part };
                // A software device compiles a pass at its first use, and may not get through in time.
                for _ in 0..5 {
                    shaded = picture.clone();
                    let mut pixels = FrameMut::rgba8(&mut shaded, width, height).unwrap();
                    match renderer.retouch(&mut pixels, &list, &look) {
                        Err(crate::Error::Timeout { .. }) if frame == 0 => renderer.reset(),
                        other => {
                            other.unwrap();
                            break;
                        }
                    }
                }
                let input = Texture::new(width as usize, height as usize, |x, y| {
                    picture.get_pixel(x as u32, y as u32).0.map(|v| f32::from(v) / 255.0)
                });
                let is_new = known.is_empty();
                let faces = ROUNDINGS.map(|round| {
                    let slots = (0..).map(|index| Some(KnownColours { index, is_new }));
                    let plans = plan.faces().iter().map(|face| &face.paint);
                    let paints = plans.zip(slots).map(|(plan, slot)| Paint {
                        plan,
                        face: PaintUniform::new(plan, slot),
                        input: &input,
                        round,
                    });
                    paints.collect::<Vec<_>>()
                });
                let now: Vec<_> =
                    (0..).zip(&faces[0]).map(|(k, face)| face.statistics(known.get::<usize>(k))).collect();
                if frame + 1 == frames {
                    wanted = faces.each_ref().map(|faces| {
                        let changes = paint::changes(faces, &now);
                        let pixels = input.texels.iter().zip(changes).flat_map(|(texel, change)| {
                            std::array::from_fn::<f32, 4, _>(|k| texel[k] + if k < 3 { change[k] } else { 0.0 })
                        });
                        pixels.map(|v| (v.clamp(0.0, 1.0) * 255.0).round() as u8).collect()
                    });
                }
                known = now;
            }
            let off = |wanted: &Vec<u8>| {
                let off: Vec<u8> = shaded.iter().zip(wanted).map(|(a, b)| a.abs_diff(*b)).collect();
                let mean = off.iter().map(|&d| f64::from(d)).sum::<f64>() / off.len() as f64;
                (off.iter().filter(|d| **d > 1).count(), off.iter().copied().max().unwrap_or_default(), mean)
            };
            let (far, worst, mean) = wanted.iter().map(off).min_by(|a, b| a.2.total_cmp(&b.2)).unwrap();
            let painted = shaded.iter().zip(part.iter()).filter(|(a, b)| a != b).count();
            println!(
                "{width}×{height}, {frames} frames: worst {worst}, {far} by more than 1, mean {mean:.4}, {painted} painted"
            );
            assert!(painted > 300);
            // One step by rounding. Texels of more than a pixel are sampled, and Mesa rounds each step of that filter to eight bits:
            // at the edges of teeth, which are narrow, that tells.
            let is_sampled = plan.faces()[0].paint.grids.iter().any(|grid| grid.texel > 1.0);
            let most = if is_sampled { 24 } else { 6 };
            // Of a small face most of what is painted is edge.
            assert!(worst <= most && far * 100 < painted + 1000 && mean < 0.02, "{worst}, {far} of {painted}, {mean}");
        }
    }
}
