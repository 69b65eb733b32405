//! What make-up does, as a user sees it.

mod support;

use std::sync::{Mutex, PoisonError};

use glowup::face::topology::{FACE_OVAL, LIPS, MOUTH, POINTS};
use glowup::gpu::Renderer;
use glowup::{Color, Error, Eyes, Face, FrameMut, Gpu, GpuOptions, Look, Makeup, Mouth, Shape};
use support::{Picture, close_up, faces, inside, nearest, portrait, width};

/// One for all tests: a software device compiles each pass at its first use, and all tests at once would be too much for it.
static RENDERER: Mutex<Option<Renderer>> = Mutex::new(None);

fn render(picture: &Picture, faces: &[Face], look: &Look) -> Picture {
    let mut renderer = RENDERER.lock().unwrap_or_else(PoisonError::into_inner);
    let renderer = renderer.get_or_insert_with(|| Renderer::new(&Gpu::new(GpuOptions::default()).unwrap()).unwrap());
    for _ in 0..5 {
        let mut out = picture.clone();
        let mut frame = FrameMut::rgba8(&mut out.pixels, picture.width, picture.height).unwrap();
        renderer.reset();
        match renderer.retouch(&mut frame, faces, look) {
            Ok(()) => return out,
            Err(Error::Timeout { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    panic!("the device does not get through");
}

fn red() -> Look {
    let mouth =
        Mouth { lipstick: 1.0, lipstick_color: Color::new(0xb0_10_20), lipstick_finish: "satin", ..Mouth::NONE };
    Look { mouth, ..Look::NONE }
}

/// Everything that is painted.
fn everything() -> Look {
    let mut look = Look { shape: Shape::NONE, ..Look::EVENING };
    look.skin = glowup::Skin::NONE;
    look.eyes.lens = 0.5;
    look.makeup.brows_tint = 0.5;
    look
}

/// A face whose mouth and eyes are shut: each lower row of points is laid onto the upper one.
fn shut(face: &Face) -> Face {
    let mut face = face.clone();
    let pairs: [[u16; 2]; 23] = [
        [13, 14],
        [82, 87],
        [312, 317],
        [81, 178],
        [311, 402],
        [80, 88],
        [310, 318],
        [191, 95],
        [415, 324],
        [159, 145],
        [158, 153],
        [160, 144],
        [161, 163],
        [246, 7],
        [157, 154],
        [173, 155],
        [386, 374],
        [385, 380],
        [387, 373],
        [388, 390],
        [466, 249],
        [384, 381],
        [398, 382],
    ];
    for [upper, lower] in pairs {
        face.points[usize::from(lower)] = face.points[usize::from(upper)];
    }
    face
}

/// How far a place lies from a closed contour of a face's points.
fn away(face: &Face, contour: &[u16], x: f32, y: f32) -> f32 {
    let corner = |k: usize| face.points[usize::from(contour[k % contour.len()])];
    let edges = (0..contour.len()).map(|k| {
        let ([ax, ay, _], [bx, by, _]) = (corner(k), corner(k + 1));
        let (u, v) = (bx - ax, by - ay);
        let t = (((x - ax) * u + (y - ay) * v) / (u * u + v * v).max(1e-9)).clamp(0.0, 1.0);
        (x - ax - t * u).hypot(y - ay - t * v)
    });
    edges.fold(f32::INFINITY, f32::min)
}

fn changed(before: &Picture, after: &Picture) -> usize {
    before.pixels.chunks(4).zip(after.pixels.chunks(4)).filter(|(a, b)| a != b).count()
}

#[test]
fn lipstick_lies_on_the_lips_and_nowhere_else() {
    for picture in [portrait(), close_up()] {
        let face = &faces(&picture)[0];
        let after = render(&picture, std::slice::from_ref(face), &red());
        let (mut lips, mut painted) = (0, 0);
        for y in 0..picture.height {
            for x in 0..picture.width {
                let (px, py) = (x as f32 + 0.5, y as f32 + 0.5);
                let is_lip = inside(face, &LIPS, px, py) && !inside(face, &MOUTH, px, py);
                let outer = away(face, &LIPS, px, py);
                let (a, b) = (picture.at(x, y), after.at(x, y));
                if is_lip && outer.min(away(face, &MOUTH, px, py)) > 0.006 * width(face) {
                    lips += 1;
                    let red = |p: [u8; 4]| i32::from(p[0]) - i32::from(p[1]).max(i32::from(p[2]));
                    painted += u32::from(red(b) > red(a) + 15);
                } else if !inside(face, &LIPS, px, py) && outer > 0.02 * width(face) + 1.0 {
                    assert_eq!(a, b, "{x}, {y}");
                }
            }
        }
        assert!(painted * 10 > lips * 8, "{painted} of {lips}");
    }
}

#[test]
fn shut_mouths_and_eyes_stay_as_they_are() {
    let picture = portrait();
    let face = &faces(&picture)[0];
    let look = Look {
        mouth: Mouth { teeth: 1.0, ..Mouth::NONE },
        eyes: Eyes { eye_whites: 1.0, iris: 1.0, lens: 1.0, ..Eyes::NONE },
        ..Look::NONE
    };
    assert!(changed(&picture, &render(&picture, std::slice::from_ref(face), &look)) > 100);
    assert_eq!(changed(&picture, &render(&picture, &[shut(face)], &look)), 0);
}

#[test]
fn nothing_is_painted_beside_the_face() {
    let picture = portrait();
    let face = &faces(&picture)[0];
    let after = render(&picture, std::slice::from_ref(face), &everything());
    assert!(changed(&picture, &after) > 2_000);
    for y in 0..picture.height {
        for x in 0..picture.width {
            let (px, py) = (x as f32 + 0.5, y as f32 + 0.5);
            if !inside(face, &FACE_OVAL, px, py) && nearest(face, &FACE_OVAL, px, py) > 0.08 * width(face) {
                assert_eq!(picture.at(x, y), after.at(x, y), "{x}, {y}");
            }
        }
    }
}

#[test]
fn the_same_comes_out_each_time() {
    let picture = portrait();
    let faces = faces(&picture);
    let first = render(&picture, &faces, &everything());
    assert!(render(&picture, &faces, &Look::NATURAL) != first);
    assert!(render(&picture, &faces, &everything()) == first);
}

/// What moves comes from beside the tiles that are painted, too: nothing of another frame's paint may be there.
#[test]
fn paint_of_a_frame_before_is_not_seen() {
    let picture = portrait();
    let faces = faces(&picture);
    let shape = Shape { slim: 0.5, eye_size: 1.0, mouth_size: 1.0, brow_height: 1.0, smile: 1.0, ..Shape::NONE };
    let looks = [
        Look { shape: shape.clone(), ..everything() },
        Look { shape: shape.clone(), ..red() },
        Look { shape, mouth: Mouth { teeth: 1.0, ..Mouth::NONE }, ..Look::NONE },
    ];
    let wanted = looks.each_ref().map(|look| render(&picture, &faces, look));
    for shift in [[11.0, 0.0], [-16.0, 5.0], [0.0, 16.0], [8.0, -24.0]] {
        let mut others = faces.clone();
        let points = others.iter_mut().flat_map(|face| &mut face.points);
        points.for_each(|point| (point[0], point[1]) = (point[0] + shift[0], point[1] + shift[1]));
        for (look, wanted) in looks.iter().zip(&wanted) {
            render(&picture, &others, &everything());
            assert!(render(&picture, &faces, look) == *wanted, "{shift:?}");
        }
    }
}

#[test]
fn a_mesh_without_irises_is_painted_but_for_them() {
    let picture = portrait();
    let mut face = faces(&picture).remove(0);
    face.points.truncate(POINTS);
    let faces = [face];
    let irises = Look { eyes: Eyes { iris: 1.0, lens: 1.0, ..Eyes::NONE }, ..Look::NONE };
    assert_eq!(changed(&picture, &render(&picture, &faces, &irises)), 0);
    for look in [red(), everything(), Look { eyes: Eyes { eye_whites: 1.0, ..Eyes::NONE }, ..Look::NONE }] {
        assert!(changed(&picture, &render(&picture, &faces, &look)) > 20);
    }
}

#[test]
fn each_face_has_its_own_paint() {
    let picture = portrait();
    let first = faces(&picture).remove(0);
    let shift = 1.4 * width(&first);
    let mut wide = Picture::flat(picture.width + shift as u32, picture.height, [90, 90, 90, 255]);
    for y in 0..picture.height {
        for x in 0..wide.width {
            let from = if x < shift as u32 { x } else { x - shift as u32 };
            let to = ((y * wide.width + x) * 4) as usize;
            wide.pixels[to..to + 4].copy_from_slice(&picture.at(from.min(picture.width - 1), y));
        }
    }
    let mut second = Face { id: 1, ..first.clone() };
    second.points.iter_mut().for_each(|point| point[0] += shift.floor());
    let alone = render(&wide, std::slice::from_ref(&second), &red());
    let both = render(&wide, &[first, second], &red());
    let mut painted = 0;
    for y in 0..wide.height {
        for x in (shift as u32).max(picture.width * 3 / 5)..wide.width {
            assert_eq!(alone.at(x, y), both.at(x, y), "{x}, {y}");
            painted += u32::from(alone.at(x, y) != wide.at(x, y));
        }
    }
    assert!(painted > 100 && changed(&alone, &both) > 100);
}

#[test]
fn paint_goes_where_a_shape_moves_the_face() {
    let picture = portrait();
    let faces = faces(&picture);
    let shape = Shape { mouth_position: 1.0, ..Shape::NONE };
    let moved = render(&picture, &faces, &Look { shape: shape.clone(), ..Look::NONE });
    let painted = render(&picture, &faces, &Look { shape, ..red() });
    let middle = |before: &Picture, after: &Picture| {
        let (mut sum, mut count) = (0, 0);
        for y in 0..before.height {
            let row = (0..before.width).filter(|&x| before.at(x, y) != after.at(x, y)).count();
            (sum, count) = (sum + row * y as usize, count + row);
        }
        sum as f32 / count.max(1) as f32
    };
    let up = middle(&picture, &render(&picture, &faces, &red())) - middle(&moved, &painted);
    assert!(up > 0.015 * width(&faces[0]), "{up}");
}

#[test]
fn words_and_colours_that_are_none_are_refused() {
    let mut look = red();
    look.mouth.lipstick_finish = "glossy";
    assert!(matches!(look.check(), Err(Error::WrongValue { .. })), "{:?}", look.check());
    assert!(matches!(Look::row("blush_color").unwrap().parse("red"), Err(Error::WrongValue { .. })));
    let look = Look { makeup: Makeup { blush: f32::NAN, ..Makeup::NONE }, ..Look::NONE };
    assert!(matches!(look.check(), Err(Error::OutOfRange { .. })));
}

#[test]
fn landmarks_that_are_no_face_do_no_harm() {
    let picture = portrait();
    let face = faces(&picture).remove(0);
    let bent = |bend: &dyn Fn(usize, [f32; 3]) -> [f32; 3]| {
        let points = face.points.iter().enumerate().map(|(index, point)| bend(index, *point)).collect();
        Face { points, ..face.clone() }
    };
    for face in [
        bent(&|_, _| [100.0, 100.0, 0.0]),
        bent(&|_, [x, y, z]| [x * 50.0, y * 50.0, z]),
        bent(&|index, [x, y, z]| if index % 7 == 0 { [1e6, -1e6, 1e6] } else { [x, y, z] }),
        bent(&|index, _| [(index * 37 % 512) as f32, (index * 91 % 512) as f32, (index % 9) as f32]),
        bent(&|_, [x, y, z]| [x - 500.0, y, z]),
        bent(&|_, [x, y, z]| [y, x, z]),
    ] {
        render(&picture, &[face], &everything());
    }
}
