//! What must not change does not, bit for bit.

mod support;

use glowup::face::topology::FACE_OVAL;
use glowup::gpu::Renderer;
use glowup::{FrameMut, Gpu, GpuOptions, Look, Shape, Skin};
use support::{Picture, beautifier, close_up, faces, inside, nearest, portrait, retouched, width};

const ALL: Look = Look {
    skin: Skin {
        smooth: 1.0,
        marks: 0.0,
        tone: 1.0,
        shine: 1.0,
        dark_circles: 1.0,
        folds: 1.0,
        brighten: 1.0,
        warmth: 1.0,
        ruddy: -1.0,
    },
    shape: Shape { slim: 1.0 },
};

#[test]
fn a_picture_without_a_face_comes_out_as_it_went_in() {
    let mut noise = Picture::flat(321, 243, [90, 120, 60, 255]);
    let mut seed = 1_u32;
    for value in &mut noise.pixels {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *value = (seed >> 24) as u8;
    }
    for picture in [Picture::flat(640, 480, [200, 160, 140, 255]), Picture::flat(1, 1, [9, 8, 7, 6]), noise] {
        assert!(retouched(&picture, ALL) == picture);
    }
}

#[test]
fn amounts_of_zero_change_nothing() {
    let picture = portrait();
    assert!(retouched(&picture, Look::NONE) == picture);
}

#[test]
fn half_a_face_beside_a_face_nothing_changes() {
    for picture in [portrait(), close_up()] {
        let face = &faces(&picture)[0];
        let reach = width(face) / 2.0;
        for look in [ALL, Look { shape: Shape { slim: 1.0 }, ..Look::NONE }] {
            let after = retouched(&picture, look);
            let (mut far, mut changed) = (0, 0);
            for y in 0..picture.height {
                for x in 0..picture.width {
                    let (cx, cy) = (x as f32 + 0.5, y as f32 + 0.5);
                    if inside(face, &FACE_OVAL, cx, cy) {
                        changed += u32::from(picture.at(x, y) != after.at(x, y));
                    } else if nearest(face, &FACE_OVAL, cx, cy) > reach {
                        assert_eq!(picture.at(x, y), after.at(x, y), "{x}, {y}");
                        far += 1;
                    }
                }
            }
            assert!(far > 10_000 && changed > 1_000, "{far} {changed}");
        }
    }
}

#[test]
fn alpha_is_carried_along() {
    let mut picture = portrait();
    for (index, pixel) in picture.pixels.chunks_exact_mut(4).enumerate() {
        pixel[3] = (index % 251) as u8;
    }
    let after = retouched(&picture, Look { skin: Skin { smooth: 1.0, tone: 1.0, ..Skin::NONE }, ..Look::NONE });
    assert!(after != picture);
    for (before, after) in picture.pixels.chunks_exact(4).zip(after.pixels.chunks_exact(4)) {
        assert_eq!(before[3], after[3]);
    }
}

#[test]
fn padded_rows_give_the_pixels_of_tight_ones_and_keep_their_padding() {
    let picture = portrait();
    let tight = retouched(&picture, ALL);
    let row = picture.width as usize * 4;
    let stride = row + 52;
    let mut padded = vec![0xAB; stride * (picture.height as usize - 1) + row];
    for (to, from) in padded.chunks_mut(stride).zip(picture.pixels.chunks(row)) {
        to[..row].copy_from_slice(from);
    }
    let mut frame = FrameMut::rgba8_with_stride(&mut padded, picture.width, picture.height, stride).unwrap();
    beautifier(ALL).process_still(&mut frame).unwrap();
    for (padded, tight) in padded.chunks(stride).zip(tight.pixels.chunks(row)) {
        assert!(padded[..row] == *tight);
        assert!(padded[row..].iter().all(|&byte| byte == 0xAB));
    }
}

#[test]
fn a_face_at_visibility_zero_is_left_alone() {
    let picture = portrait();
    let mut list = faces(&picture);
    let mut renderer = Renderer::new(&Gpu::new(GpuOptions::default()).unwrap()).unwrap();
    list[0].visibility = 0.0;
    let mut after = picture.clone();
    renderer.retouch(&mut after.frame_mut(), &list, &ALL).unwrap();
    assert!(after == picture);
}

#[test]
fn a_face_at_the_border_changes_the_same_pixels_and_no_others() {
    // The left half of the face is cut off by the frame.
    let whole = portrait();
    let list = faces(&whole);
    let cut = 225_u32;
    let mut part = Picture::flat(whole.width - cut, whole.height, [0; 4]);
    for y in 0..part.height {
        for x in 0..part.width {
            part.set(x, y, whole.at(x + cut, y));
        }
    }
    let mut moved = list[0].clone();
    moved.points.iter_mut().for_each(|point| point[0] -= cut as f32);
    let mut after = part.clone();
    let mut renderer = Renderer::new(&Gpu::new(GpuOptions::default()).unwrap()).unwrap();
    renderer.retouch(&mut after.frame_mut(), std::slice::from_ref(&moved), &ALL).unwrap();
    assert!(after != part);
    for y in 0..part.height {
        for x in 0..part.width {
            let far = nearest(&moved, &FACE_OVAL, x as f32 + 0.5, y as f32 + 0.5) > width(&moved) / 2.0;
            if far && !inside(&moved, &FACE_OVAL, x as f32, y as f32) {
                assert_eq!(part.at(x, y), after.at(x, y));
            }
        }
    }
}
