//! A look for each face: nobody's look reaches another's face.

mod support;

use std::time::Duration;

use glowup::gpu::Renderer;
use glowup::{Beautifier, DropPolicy, Error, Face, FrameBuf, Gpu, GpuOptions, Look, Pipeline, PixelFormat};
use support::Picture;

/// The portrait twice, side by side; so far apart that neither face's rectangle reaches the other's.
fn two_people() -> (Picture, Vec<Face>) {
    let one = support::portrait();
    let (width, height) = (one.width as usize, one.height as usize);
    let rows = one.pixels.chunks_exact(width * 4);
    let pixels: Vec<u8> = rows.flat_map(|row| row.iter().chain(row).copied().collect::<Vec<u8>>()).collect();
    let picture = Picture { pixels, width: 2 * width as u32, height: height as u32 };
    let mut faces = support::faces(&one);
    let mut second = faces[0].clone();
    second.id = 1;
    second.points.iter_mut().for_each(|point| point[0] += width as f32);
    faces.truncate(1);
    faces.push(second);
    (picture, faces)
}

fn renderer() -> Renderer {
    Renderer::new(&Gpu::new(GpuOptions::default()).unwrap()).unwrap()
}

fn halves(picture: &Picture) -> [Vec<u8>; 2] {
    let row = picture.width as usize * 4;
    let half = |right: bool| {
        let part = if right { row / 2..row } else { 0..row / 2 };
        picture.pixels.chunks_exact(row).flat_map(|row| row[part.clone()].to_vec()).collect()
    };
    [half(false), half(true)]
}

#[test]
fn each_face_equals_the_picture_with_that_look_alone() {
    let (picture, faces) = two_people();
    let with_one = |look: &Look| {
        let mut after = picture.clone();
        renderer().retouch(&mut after.frame_mut(), &faces, look).unwrap();
        halves(&after)
    };
    for looks in [
        [Look::GLAM, Look::SOFT],
        [Look::NONE, Look::GLAM],
        [Look { shape: Look::GLAM.shape, ..Look::NONE }, Look { skin: Look::GLAM.skin, ..Look::NONE }],
        [Look { skin: Look::SOFT.skin, ..Look::NONE }, Look::NONE],
    ] {
        let mut renderer = renderer();
        let mut after = picture.clone();
        // Twice, so that statistics which are carried over are looked at too.
        for _ in 0..2 {
            renderer.reset();
            after = picture.clone();
            renderer.retouch(&mut after.frame_mut(), &faces, &looks).unwrap();
        }
        let after = halves(&after);
        assert!(after[0] == with_one(&looks[0])[0], "{:?}", looks[0]);
        assert!(after[1] == with_one(&looks[1])[1], "{:?}", looks[1]);
        assert_eq!(after[0] == halves(&picture)[0], looks[0].is_none());
        assert_eq!(after[1] == halves(&picture)[1], looks[1].is_none());
    }
}

#[test]
fn as_many_looks_as_faces() {
    let (picture, faces) = two_people();
    let mut after = picture.clone();
    let refused = renderer().retouch(&mut after.frame_mut(), &faces, &[Look::GLAM]);
    assert_eq!(refused, Err(Error::LookCount { faces: 2, looks: 1 }));
    let mut bad = Look::GLAM;
    bad.shape.slim = f32::NAN;
    let refused = renderer().retouch(&mut after.frame_mut(), &faces, &[Look::GLAM, bad]);
    assert!(matches!(refused, Err(Error::OutOfRange { name: "slim", .. })));
    assert!(after == picture);
}

#[test]
fn a_session_retouches_one_person_only() {
    let (picture, _) = two_people();
    let mut session = support::beautifier(Look::NONE);
    let mut untouched = picture.clone();
    let found: Vec<(u64, f32)> = {
        let faces = session.process(&mut untouched.frame_mut(), Duration::ZERO).unwrap();
        faces.iter().map(|face| (face.id, face.points[1][0])).collect()
    };
    assert!(found.len() == 2 && untouched == picture);
    let right = found.iter().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap().0;
    session.set_face_look(right, Some(Look::GLAM)).unwrap();
    assert_eq!((session.face_look(right), session.look()), (&Look::GLAM, &Look::NONE));
    let frames = |session: &mut Beautifier, first: u64| {
        let mut after = picture.clone();
        for index in first..first + 8 {
            after = picture.clone();
            session.process(&mut after.frame_mut(), Duration::from_millis(33 * index)).unwrap();
        }
        halves(&after)
    };
    let before = halves(&picture);
    let after = frames(&mut session, 1);
    assert!(after[0] == before[0] && after[1] != before[1]);
    // The look of all does not change hers; without one of her own she gets it too.
    session.set_look(Look::SOFT).unwrap();
    let both = frames(&mut session, 9);
    assert!(both[0] != before[0] && both[1] != before[1]);
    session.set_face_look(right, None).unwrap();
    session.set_look(Look::NONE).unwrap();
    assert!(frames(&mut session, 17) == before);
    let mut bad = Look::NONE;
    bad.skin.tone = 2.0;
    assert!(session.set_face_look(right, Some(bad)).is_err());
    assert_eq!(session.face_look(right), &Look::NONE);
}

#[test]
fn a_pipeline_does_too() {
    let (picture, _) = two_people();
    let pipeline = Pipeline::new(support::beautifier(Look::NONE), DropPolicy::Wait).unwrap();
    let frame = || FrameBuf::new(PixelFormat::Rgba8, picture.pixels.clone(), picture.width, picture.height).unwrap();
    let mut changed = Vec::new();
    for index in 0..12 {
        pipeline.push(frame(), Duration::from_millis(33 * index)).unwrap();
        let done = pipeline.wait().unwrap();
        assert_eq!(done.outcome, Ok(()));
        let left = done.faces.iter().min_by(|a, b| a.points[1][0].total_cmp(&b.points[1][0])).unwrap().id;
        pipeline.set_face_look(left, Some(Look::GLAM)).unwrap();
        let after = Picture { pixels: done.picture.data().to_vec(), ..picture.clone() };
        changed.push([0, 1].map(|side| halves(&after)[side] != halves(&picture)[side]));
    }
    assert_eq!((changed[0], changed[11]), ([false, false], [true, false]));
}
