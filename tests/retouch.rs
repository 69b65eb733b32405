//! The amounts do what is promised of them, measured on real faces at 0, ½ and 1.

mod support;

use glowup::face::topology::{FACE_OVAL, LEFT_EYE, LEFT_EYEBROW, LIPS, RIGHT_EYE, RIGHT_EYEBROW};
use glowup::gpu::Renderer;
use glowup::{Face, Gpu, GpuOptions, Look, Shape, Skin};
use support::{Picture, close_up, faces, inside, nearest, portrait, width};

fn renderer() -> Renderer {
    Renderer::new(&Gpu::new(GpuOptions::default()).unwrap()).unwrap()
}

/// A picture retouched with given faces, so that two pictures that differ in a few spots are treated alike.
fn with_faces(picture: &Picture, list: &[Face], look: Look) -> Picture {
    let mut after = picture.clone();
    renderer().retouch(&mut after.frame_mut(), list, &look).unwrap();
    after
}

/// Dark discs on the skin: where, and how wide in pixels.
fn discs(face: &Face, share: f32) -> Vec<([f32; 2], f32)> {
    // Middles of cheeks, forehead and chin, away from every feature.
    [50, 280, 101, 330, 205, 425, 187, 411, 151, 108, 337, 199, 118, 347]
        .iter()
        .map(|&i| ([face.points[i][0], face.points[i][1]], share * width(face)))
        .collect()
}

fn painted(picture: &Picture, discs: &[([f32; 2], f32)]) -> Picture {
    let mut painted = picture.clone();
    for &([cx, cy], diameter) in discs {
        let reach = diameter.ceil() as i32 + 2;
        for y in cy as i32 - reach..=cy as i32 + reach {
            for x in cx as i32 - reach..=cx as i32 + reach {
                let off = (x as f32 + 0.5 - cx).hypot(y as f32 + 0.5 - cy);
                let cover = (diameter / 2.0 - off + 0.5).clamp(0.0, 1.0);
                let [r, g, b, a] = picture.at(x as u32, y as u32);
                let dark = |v: u8, by: f32| (f32::from(v) * (1.0 - by * cover)).round() as u8;
                painted.set(x as u32, y as u32, [dark(r, 0.10), dark(g, 0.14), dark(b, 0.14), a]);
            }
        }
    }
    painted
}

/// How much darker the discs are than what surrounds them, compared with the same places of `clean`.
fn contrast(picture: &Picture, clean: &Picture, discs: &[([f32; 2], f32)]) -> f32 {
    let mut sum = 0.0;
    for &([cx, cy], diameter) in discs {
        let reach = (2.5 * diameter).ceil() as i32 + 3;
        let (mut disc, mut n, mut ring, mut m) = (0.0, 0.0, 0.0, 0.0);
        for y in cy as i32 - reach..=cy as i32 + reach {
            for x in cx as i32 - reach..=cx as i32 + reach {
                let off = (x as f32 + 0.5 - cx).hypot(y as f32 + 0.5 - cy);
                let darker = clean.luma(x as u32, y as u32) - picture.luma(x as u32, y as u32);
                if off < (0.35 * diameter).max(0.8) {
                    (disc, n) = (disc + darker, n + 1.0);
                } else if off > 0.75 * diameter + 1.0 && off < 1.1 * diameter + 2.0 {
                    (ring, m) = (ring + darker, m + 1.0);
                }
            }
        }
        sum += disc / n - ring / m;
    }
    sum / discs.len() as f32
}

/// Share of the discs' contrast that is left.
fn kept(picture: &Picture, list: &[Face], share: f32, look: Look) -> f32 {
    let discs = discs(&list[0], share);
    let painted = painted(picture, &discs);
    let clean = with_faces(picture, list, look.clone());
    contrast(&with_faces(&painted, list, look), &clean, &discs) / contrast(&painted, picture, &discs)
}

#[test]
fn smooth_fades_blemishes_and_keeps_pores() {
    let picture = close_up();
    let list = faces(&picture);
    let look = |smooth| Look { skin: Skin { smooth, ..Skin::NONE }, ..Look::NONE };
    let blemishes = |smooth| {
        let each = [0.01, 0.015, 0.02, 0.025, 0.03].map(|share| kept(&picture, &list, share, look(smooth)));
        each.iter().sum::<f32>() / 5.0
    };
    let (half, full) = (blemishes(0.5), blemishes(1.0));
    let pores = kept(&picture, &list, 0.005, look(1.0));
    println!("blemishes kept: {half} at ½, {full} at 1; pores kept: {pores} at 1");
    assert!((0.35..0.5).contains(&full), "{full}");
    assert!((full + 0.1..0.8).contains(&half), "{half}");
    assert!((0.7..0.9).contains(&pores), "{pores}");
}

/// Sums of the brightness's gradient along a contour, over a band of `reach` pixels to either side, before and after: of
/// places where it is at least `least` before.
fn edges([before, after]: [&Picture; 2], face: &Face, contour: &[u16], reach: f32, least: f32) -> [f32; 2] {
    let gradient = |picture: &Picture, x: u32, y: u32| {
        let across = picture.luma(x + 1, y) - picture.luma(x - 1, y);
        across.hypot(picture.luma(x, y + 1) - picture.luma(x, y - 1))
    };
    let mut sums = [0.0; 2];
    for y in 1..before.height - 1 {
        for x in 1..before.width - 1 {
            let edge = gradient(before, x, y);
            if edge >= least && nearest(face, contour, x as f32 + 0.5, y as f32 + 0.5) < reach {
                sums = [sums[0] + edge, sums[1] + gradient(after, x, y)];
            }
        }
    }
    sums
}

#[test]
fn smooth_keeps_edges() {
    let picture = close_up();
    let list = faces(&picture);
    let after = with_faces(&picture, &list, Look { skin: Skin { smooth: 1.0, tone: 1.0, ..Skin::NONE }, ..Look::NONE });
    // Along the outline there is skin on both sides, forehead and neck, whose surface shall be evened: only edges count.
    let contours: [(&str, &[u16], f32); 6] = [
        ("right eye", &RIGHT_EYE, 0.0),
        ("left eye", &LEFT_EYE, 0.0),
        ("right brow", &RIGHT_EYEBROW, 0.0),
        ("left brow", &LEFT_EYEBROW, 0.0),
        ("lips", &LIPS, 0.0),
        ("outline", &FACE_OVAL, 20.0),
    ];
    for (name, contour, least) in contours {
        let reach = 0.02 * width(&list[0]);
        let [before, after] = edges([&picture, &after], &list[0], contour, reach, least);
        let kept = after / before;
        println!("{name}: {kept}");
        assert!(kept >= 0.97, "{name}: {kept}");
    }
}

/// CIELAB (D65) of an sRGB pixel.
fn lab([r, g, b, _]: [u8; 4]) -> [f32; 3] {
    let linear = |v: u8| {
        let v = f32::from(v) / 255.0;
        if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
    };
    let (r, g, b) = (linear(r), linear(g), linear(b));
    let f = |t: f32| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
    let x = f((0.412_45 * r + 0.357_58 * g + 0.180_42 * b) / 0.950_47);
    let y = f(0.212_67 * r + 0.715_16 * g + 0.072_17 * b);
    let z = f((0.019_33 * r + 0.119_19 * g + 0.950_23 * b) / 1.088_83);
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// Mean lightness and hue (in degrees) of the skin, and how uneven its colour is at low frequencies: the spread of a* and
/// b* over blocks of a twentieth of the face's width.
fn skin(picture: &Picture, face: &Face) -> (f32, f32, f32) {
    let block = (width(face) / 20.0).round() as u32;
    let holes: [&[u16]; 5] = [&RIGHT_EYE, &LEFT_EYE, &RIGHT_EYEBROW, &LEFT_EYEBROW, &LIPS];
    let mut blocks = Vec::new();
    for top in (0..picture.height - block).step_by(block as usize) {
        for left in (0..picture.width - block).step_by(block as usize) {
            let (x, y) = (left as f32 + block as f32 / 2.0, top as f32 + block as f32 / 2.0);
            // Above the middle of the forehead this picture's fringe lies over the outline.
            let skin = top as f32 > face.points[151][1]
                && inside(face, &FACE_OVAL, x, y)
                && nearest(face, &FACE_OVAL, x, y) > 0.12 * width(face)
                && holes.iter().all(|hole| !inside(face, hole, x, y) && nearest(face, hole, x, y) > 0.09 * width(face));
            if !skin {
                continue;
            }
            let mut mean = [0.0; 3];
            for y in top..top + block {
                for x in left..left + block {
                    let lab = lab(picture.at(x, y));
                    (0..3).for_each(|c| mean[c] += lab[c] / (block * block) as f32);
                }
            }
            blocks.push(mean);
        }
    }
    let n = blocks.len() as f32;
    assert!(n > 20.0);
    let mean: [f32; 3] = std::array::from_fn(|c| blocks.iter().map(|b| b[c]).sum::<f32>() / n);
    let spread = |c: usize| blocks.iter().map(|b| (b[c] - mean[c]).powi(2)).sum::<f32>() / n;
    (mean[0], mean[2].atan2(mean[1]).to_degrees(), (spread(1) + spread(2)).sqrt())
}

#[test]
fn tone_evens_the_colour_and_neither_lightens_nor_shifts_it() {
    let picture = close_up();
    let list = faces(&picture);
    let (light, hue, uneven) = skin(&picture, &list[0]);
    let mut last = uneven;
    for tone in [0.5, 1.0] {
        let after = with_faces(&picture, &list, Look { skin: Skin { tone, ..Skin::NONE }, ..Look::NONE });
        let (after_light, after_hue, after_uneven) = skin(&after, &list[0]);
        println!(
            "tone {tone}: uneven {uneven} -> {after_uneven}, L* {light} -> {after_light}, hue {hue} -> {after_hue}"
        );
        assert!(after_uneven < last);
        assert!((after_light - light).abs() < 0.3);
        assert!((after_hue - hue).abs() < 3.0);
        last = after_uneven;
    }
    assert!(last <= 0.6 * uneven, "{last} of {uneven}");
}

#[test]
fn tints_go_where_they_say_and_only_on_skin() {
    let picture = close_up();
    let list = faces(&picture);
    let (light, hue, _) = skin(&picture, &list[0]);
    let tinted = |look: Look| {
        let after = with_faces(&picture, &list, look.clone());
        let (after_light, after_hue, _) = skin(&after, &list[0]);
        println!("{look:?}: L* {:+.1}, hue {:+.1}", after_light - light, after_hue - hue);
        (after_light - light, after_hue - hue)
    };
    for sign in [-1.0, 1.0] {
        let (lighter, turned) = tinted(Look { skin: Skin { brighten: sign, ..Skin::NONE }, ..Look::NONE });
        assert!((2.0..7.0).contains(&(sign * lighter)) && turned.abs() < 3.0);
        let (lighter, turned) = tinted(Look { skin: Skin { warmth: sign, ..Skin::NONE }, ..Look::NONE });
        assert!(lighter.abs() < 1.0 && sign * turned > 3.0, "toward yellow is warmer");
        let (lighter, turned) = tinted(Look { skin: Skin { ruddy: sign, ..Skin::NONE }, ..Look::NONE });
        assert!(lighter.abs() < 1.0 && sign * turned < -3.0, "toward red is rosier");
    }
}

#[test]
fn every_preset_and_the_strongest_look_give_the_same_bytes_each_time() {
    let picture = portrait();
    let list = faces(&picture);
    for (_, look) in Look::PRESETS {
        assert!(with_faces(&picture, &list, look.clone()) == with_faces(&picture, &list, look));
    }
}

#[test]
fn two_faces_that_overlap_are_both_retouched_and_leave_no_seam() {
    // The same face twice, half a face apart: where the rectangles meet, each pixel is written once.
    let picture = close_up();
    let one = faces(&picture).remove(0);
    let mut two = one.clone();
    two.id += 1;
    two.points.iter_mut().for_each(|point| point[0] += 0.5 * width(&one));
    let look = Look { shape: Shape { slim: 1.0, ..Shape::NONE }, ..Look::NONE };
    let after = with_faces(&picture, &[one.clone(), two.clone()], look.clone());
    let swapped = with_faces(&picture, &[two, one], look);
    assert!(after == swapped, "the order of the faces must not matter");
    assert!(after != picture);
}

#[test]
fn skin_is_where_skin_is() {
    use glowup::face::topology;
    let picture = close_up();
    let face = faces(&picture).remove(0);
    let mut renderer = Renderer::new(&Gpu::new(GpuOptions::default()).unwrap()).unwrap();
    let frame = picture.frame();
    let skin = renderer.skin(&frame, std::slice::from_ref(&face)).unwrap();
    assert_eq!(skin.len(), (picture.width * picture.height) as usize);
    let at = |[x, y]: [f32; 2]| skin[y as usize * picture.width as usize + x as usize];
    let point = |index: u16| [face.points[usize::from(index)][0], face.points[usize::from(index)][1]];
    let middle = |list: &[u16]| {
        let sum = list.iter().map(|&index| point(index)).fold([0.0; 2], |a, b| [a[0] + b[0], a[1] + b[1]]);
        sum.map(|x| x / list.len() as f32)
    };
    for (what, place) in
        [("right cheek", point(50)), ("left cheek", point(280)), ("forehead", point(151)), ("nose", point(5))]
    {
        assert!(at(place) > 127, "{what}: {}", at(place));
    }
    for (what, place) in [
        ("right eye", middle(&topology::RIGHT_EYE)),
        ("left eye", middle(&topology::LEFT_EYE)),
        ("mouth", middle(&topology::MOUTH)),
        ("lower lip", point(16)),
    ] {
        assert!(at(place) < 30, "{what}: {}", at(place));
    }
    assert_eq!(skin[0], 0, "the picture's corner");
    assert!(renderer.skin(&frame, &[]).unwrap().iter().all(|&skin| skin == 0));
}
