//! What is wrong is refused with an error that names it, and nothing panics or is half done.

#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::time::Duration;

use glowup::gpu::Renderer;
use glowup::{
    Beautifier, BeautifierOptions, Error, Face, FaceTracker, Frame, FrameMut, Gpu, GpuOptions, Look, Shape, Skin,
    TrackerOptions, wgpu,
};
use support::Picture;

/// A face that a renderer takes: the portrait's.
fn face() -> Face {
    let mut found = support::faces(&support::portrait());
    found.remove(0)
}

fn renderer() -> Renderer {
    Renderer::new(&Gpu::new(GpuOptions::default()).unwrap()).unwrap()
}

#[test]
fn frames_that_do_not_fit_their_buffer() {
    let mut data = vec![0; 64];
    for (width, height) in [(0, 0), (0, 4), (4, 0), (0, u32::MAX)] {
        assert_eq!(Frame::rgba8(&data, width, height).unwrap_err(), Error::EmptyFrame { width, height });
        assert_eq!(FrameMut::rgba8(&mut data, width, height).unwrap_err(), Error::EmptyFrame { width, height });
    }
    let (width, height, stride) = (4, 4, 16);
    let short = Error::ShortBuffer { width, height, stride, given: 63, needed: 64 };
    assert_eq!(Frame::rgba8(&data[..63], width, height).unwrap_err(), short);
    assert_eq!(FrameMut::rgba8(&mut data[..63], width, height).unwrap_err(), short);
    let stride = 15;
    let short = Error::ShortStride { width, stride, needed: 16 };
    assert_eq!(Frame::rgba8_with_stride(&data, width, height, stride).unwrap_err(), short);
    assert_eq!(FrameMut::rgba8_with_stride(&mut data, width, height, stride).unwrap_err(), short);
    assert!(matches!(Frame::rgba8(&data, u32::MAX, 1), Err(Error::ShortBuffer { .. } | Error::SizeOverflow { .. })));
    assert!(matches!(Frame::rgba8(&data, u32::MAX, u32::MAX), Err(Error::SizeOverflow { .. })));
    let (width, height, stride) = (1, u32::MAX, usize::MAX);
    let overflow = Error::SizeOverflow { width, height, stride };
    assert_eq!(Frame::rgba8_with_stride(&data, width, height, stride).unwrap_err(), overflow);
}

#[test]
fn the_last_row_needs_no_padding() {
    // Three rows of two pixels, 12 bytes apart: 12 + 12 + 8.
    let mut data: Vec<u8> = (0..32).collect();
    assert!(Frame::rgba8_with_stride(&data[..31], 2, 3, 12).is_err());
    let frame = Frame::rgba8_with_stride(&data, 2, 3, 12).unwrap();
    assert_eq!(frame.row(2), &[24, 25, 26, 27, 28, 29, 30, 31]);
    assert!(frame.row(3).is_empty() && frame.row(u32::MAX).is_empty());
    let mut frame = FrameMut::rgba8_with_stride(&mut data, 2, 3, 12).unwrap();
    frame.row_mut(1).fill(0);
    assert!(frame.row_mut(3).is_empty());
    assert_eq!(data[8..24], [8, 9, 10, 11, 0, 0, 0, 0, 0, 0, 0, 0, 20, 21, 22, 23].map(|byte: u8| byte));
}

#[test]
fn a_padded_frame_is_retouched_like_a_tight_one() {
    let portrait = support::portrait();
    let tight = support::retouched(&portrait, Look::GLAM);
    let row = portrait.width as usize * 4;
    let stride = row + 52;
    let mut padded = vec![0xA5; stride * (portrait.height as usize - 1) + row];
    for (to, from) in padded.chunks_mut(stride).zip(portrait.pixels.chunks(row)) {
        to[..row].copy_from_slice(from);
    }
    let mut frame = FrameMut::rgba8_with_stride(&mut padded, portrait.width, portrait.height, stride).unwrap();
    support::beautifier(Look::GLAM).process_still(&mut frame).unwrap();
    for (row_after, expected) in padded.chunks(stride).zip(tight.pixels.chunks(row)) {
        assert!(row_after[..row] == *expected);
        assert!(row_after[row..].iter().all(|&byte| byte == 0xA5), "padding was written to");
    }
}

#[test]
fn frames_of_two_sizes() {
    let (input, mut output) = (Picture::flat(8, 4, [9; 4]), Picture::flat(8, 5, [1; 4]));
    let refused = Error::SizeMismatch { input: (8, 4), output: (8, 5) };
    assert_eq!(output.frame_mut().copy_from(&input.frame()).unwrap_err(), refused);
    let mut beautifier = support::beautifier(Look::GLAM);
    let outcome = beautifier.process_into(&input.frame(), &mut output.frame_mut(), Duration::ZERO);
    assert_eq!(outcome.unwrap_err(), refused);
    assert!(output.pixels.iter().all(|&byte| byte == 1));
}

#[test]
fn amounts_out_of_range() {
    let mut beautifier = support::beautifier(Look::SOFT);
    let mut renderer = renderer();
    let (mut picture, faces) = (support::portrait(), [face()]);
    let before = picture.clone();
    for bad in [-0.1, 1.1, 1e30, -1e30, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX] {
        // Of those that go both ways, what is beyond −1 too.
        let both_ways = if bad < 0.0 { bad - 1.0 } else { bad };
        for (field, look) in [
            ("slim", Look { shape: Shape { slim: bad, ..Shape::NONE }, ..Look::NONE }),
            ("smooth", Look { skin: Skin { smooth: bad, ..Look::NATURAL.skin }, ..Look::NATURAL }),
            ("tone", Look { skin: Skin { tone: bad, ..Look::GLAM.skin }, ..Look::GLAM }),
            ("brighten", Look { skin: Skin { brighten: both_ways, ..Look::GLAM.skin }, ..Look::GLAM }),
            ("warmth", Look { skin: Skin { warmth: both_ways, ..Look::SOFT.skin }, ..Look::SOFT }),
            ("ruddy", Look { skin: Skin { ruddy: both_ways, ..Skin::NONE }, ..Look::NONE }),
        ] {
            let refused = |outcome: Result<(), Error>| {
                let Err(Error::OutOfRange { name, value, min, max: 1.0 }) = outcome else { panic!("{outcome:?}") };
                assert_eq!(name, field);
                assert!(value.to_bits() == if min < 0.0 { both_ways.to_bits() } else { bad.to_bits() });
            };
            refused(look.check());
            refused(beautifier.set_look(look.clone()));
            refused(renderer.retouch(&mut picture.frame_mut(), &faces, &look));
        }
    }
    assert_eq!(*beautifier.look(), Look::SOFT);
    assert!(picture == before);
    assert!(matches!(Look::preset("Natural"), Err(Error::UnknownLook { name, .. }) if name == "Natural"));
}

#[test]
fn options_out_of_range() {
    for (max_faces, threads, what) in
        [(0, 1, "max_faces"), (33, 1, "max_faces"), (usize::MAX, 1, "max_faces"), (1, 0, "threads"), (1, 17, "threads")]
    {
        let options = TrackerOptions { max_faces, threads, ..TrackerOptions::default() };
        let outcome = FaceTracker::new(options).map(|_| ());
        assert!(matches!(outcome, Err(Error::OutOfRange { name, .. }) if name == what), "{outcome:?}");
    }
}

/// Faces that no renderer takes, each with a part of what it is told.
fn bad_faces() -> Vec<(Face, &'static str)> {
    let good = face();
    let with = |change: &dyn Fn(&mut Face)| {
        let mut face = good.clone();
        change(&mut face);
        face
    };
    let mut bad = vec![
        (with(&|face| face.points.clear()), "468"),
        (with(&|face| face.points.truncate(467)), "468"),
        (with(&|face| face.points.resize(470, [0.0; 3])), "478"),
        (with(&|face| face.visibility = f32::NAN), "visibility"),
        (with(&|face| face.visibility = f32::INFINITY), "visibility"),
    ];
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, f32::MAX] {
        for axis in 0..3 {
            bad.push((with(&|face| face.points[467][axis] = value), "finite"));
        }
    }
    bad
}

#[test]
fn landmarks_that_are_none() {
    let mut renderer = renderer();
    let mut picture = support::portrait();
    let before = picture.clone();
    for (bad, words) in bad_faces() {
        // The second of two: the first must not have been worked on either.
        let outcome = renderer.retouch(&mut picture.frame_mut(), &[face(), bad], &Look::GLAM);
        let error = outcome.unwrap_err();
        assert!(matches!(error, Error::BadLandmarks { face: 1, .. }), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    assert!(picture == before);
    // And it goes on working.
    renderer.retouch(&mut picture.frame_mut(), &[face()], &Look::GLAM).unwrap();
    assert!(picture != before);
}

#[test]
fn degenerate_landmarks_that_are_numbers() {
    let mut renderer = renderer();
    let good = face();
    let moved = |change: &dyn Fn(usize, &mut [f32; 3])| {
        let mut face = good.clone();
        face.points.iter_mut().enumerate().for_each(|(index, point)| change(index, point));
        face
    };
    let degenerate = [
        moved(&|_, point| *point = [0.0; 3]),
        moved(&|_, point| *point = [100.0, 100.0, 0.0]),
        moved(&|_, point| point[0] = 200.0),
        moved(&|_, point| point[1] = 200.0),
        moved(&|_, point| point[1] = point[0]),
        moved(&|_, point| point[0] = -point[0]),
        moved(&|_, point| point[0] = 450.0 - point[0]),
        moved(&|_, point| point[1] = 260.0 - point[1]),
        moved(&|_, point| point[0] += 1e5),
        moved(&|_, point| *point = point.map(|x| x * 1000.0)),
        moved(&|_, point| *point = point.map(|x| x / 1000.0)),
        moved(&|index, point| point[0] = if index % 2 == 0 { 1e6 } else { -1e6 }),
        moved(&|index, point| *point = [(index * 7919 % 512) as f32, (index * 104_729 % 512) as f32, 0.0]),
        Face { visibility: -1.0, ..good.clone() },
        Face { visibility: 1e9, ..good.clone() },
        Face { points: good.points[..468].to_vec(), ..good.clone() },
    ];
    let mut picture = support::portrait();
    for (index, face) in degenerate.iter().enumerate() {
        let outcome = renderer.retouch(&mut picture.frame_mut(), std::slice::from_ref(face), &Look::GLAM);
        assert!(outcome.is_ok(), "face {index}: {outcome:?}");
    }
    // All at once, twice the most faces that there can be, with ids that repeat.
    let crowd: Vec<Face> = degenerate.iter().cycle().take(64).cloned().collect();
    renderer.retouch(&mut picture.frame_mut(), &crowd, &Look::GLAM).unwrap();
}

#[test]
fn a_frame_larger_than_the_device_takes() {
    let mut renderer = renderer();
    let max = renderer.gpu().max_side();
    let mut face = face();
    let top = face.points.iter().map(|point| point[1]).sum::<f32>() / face.points.len() as f32;
    face.points.iter_mut().for_each(|point| point[1] -= top);
    for (width, height) in [(max + 1, 1), (1, max + 1)] {
        if width == 1 {
            face.points.iter_mut().for_each(|point| *point = [point[1], point[0], point[2]]);
        }
        let mut picture = Picture::flat(width, height, [100, 90, 80, 255]);
        let before = picture.clone();
        // A face as long as the picture needs a texture as long.
        let mut long = face.clone();
        for (axis, side) in [width, height].into_iter().enumerate() {
            let mean = long.points.iter().map(|point| point[axis]).sum::<f32>() / long.points.len() as f32;
            let stretched = |value: f32| (value - mean) * max as f32 / 100.0 + side as f32 / 2.0;
            long.points.iter_mut().for_each(|point| point[axis] = stretched(point[axis]));
        }
        let outcome = renderer.retouch(&mut picture.frame_mut(), &[long], &Look::GLAM);
        assert_eq!(outcome.unwrap_err(), Error::FrameTooLarge { width, height, max });
        assert!(picture == before);
        // One that is smaller needs a texture for what surrounds it only.
        renderer.retouch(&mut picture.frame_mut(), &[face.clone()], &Look::GLAM).unwrap();
        // The widest that it takes goes through.
        let mut picture = Picture::flat(width.min(max), height.min(max), [100, 90, 80, 255]);
        renderer.retouch(&mut picture.frame_mut(), &[face.clone()], &Look::GLAM).unwrap();
    }
}

#[test]
fn frames_too_small_for_a_face() {
    let mut beautifier = support::beautifier(Look::GLAM);
    for (width, height) in [(1, 1), (1, 2), (2, 1), (3, 3), (1, 700), (700, 1), (15, 17)] {
        let mut picture = Picture::flat(width, height, [200, 150, 130, 255]);
        let before = picture.clone();
        assert!(beautifier.process(&mut picture.frame_mut(), Duration::ZERO).unwrap().is_empty());
        assert!(beautifier.process_still(&mut picture.frame_mut()).unwrap().is_empty());
        assert!(picture == before, "{width}×{height}");
    }
}

#[test]
fn times_that_go_back() {
    let mut tracker = support::tracker();
    let portrait = support::portrait();
    let at = Duration::from_millis;
    tracker.track(&portrait.frame(), at(100)).unwrap();
    let refused = Error::TimeWentBack { last: at(100), given: at(99) };
    assert_eq!(tracker.track(&portrait.frame(), at(99)).unwrap_err(), refused);
    // The stream goes on as if nothing had been, the same time twice is no time passed, and any time may follow.
    let before = tracker.faces().to_vec();
    assert_eq!(tracker.track(&portrait.frame(), at(100)).unwrap()[0].id, before[0].id);
    assert!(tracker.track(&portrait.frame(), Duration::MAX).is_ok());
    tracker.reset();
    assert!(tracker.track(&portrait.frame(), Duration::ZERO).is_ok());

    let mut beautifier = support::beautifier(Look::GLAM);
    let mut picture = portrait.clone();
    beautifier.process(&mut picture.frame_mut(), at(100)).unwrap();
    let after = picture.clone();
    let outcome = beautifier.process(&mut picture.frame_mut(), at(50));
    assert_eq!(outcome.unwrap_err(), Error::TimeWentBack { last: at(100), given: at(50) });
    assert!(picture == after);
}

#[test]
fn textures_that_do_not_fit() {
    let mut renderer = renderer();
    let device = renderer.gpu().device().clone();
    let texture = |width, format, usage| {
        let size = wgpu::Extent3d { width, height: 64, depth_or_array_layers: 1 };
        let texture = device.create_texture(&wgpu::TextureDescriptor {
            label: None,
            size,
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format,
            usage,
            view_formats: &[],
        });
        texture.create_view(&wgpu::TextureViewDescriptor::default())
    };
    use wgpu::TextureFormat::{Bgra8Unorm, R8Unorm, Rgba8Unorm};
    use wgpu::TextureUsages as Usage;
    let read = Usage::TEXTURE_BINDING | Usage::COPY_SRC;
    let write = Usage::STORAGE_BINDING | Usage::COPY_DST;
    let (input, output) = (texture(64, Rgba8Unorm, read), texture(64, Rgba8Unorm, write));
    let mut face = face();
    let (left, top) = (face.points[234][0] - 4.0, face.points[10][1] - 4.0);
    face.points.iter_mut().for_each(|point| *point = [(point[0] - left) / 2.0, (point[1] - top) / 2.0, point[2] / 2.0]);
    let mut render = |input: &wgpu::TextureView, output: &wgpu::TextureView, face: &Face, look: &Look| {
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        renderer.render(&mut encoder, input, output, std::slice::from_ref(face), look)
    };
    render(&input, &output, &face, &Look::GLAM).unwrap();
    let wider = texture(65, Rgba8Unorm, write);
    let refused = Error::SizeMismatch { input: (64, 64), output: (65, 64) };
    assert_eq!(render(&input, &wider, &face, &Look::GLAM).unwrap_err(), refused);
    for (input, output) in [
        (&texture(64, R8Unorm, read), &output),
        (&texture(64, Rgba8Unorm, Usage::COPY_SRC), &output),
        (&texture(64, Rgba8Unorm, Usage::TEXTURE_BINDING), &output),
        (&input, &texture(64, Bgra8Unorm, Usage::COPY_DST | Usage::TEXTURE_BINDING)),
        (&input, &texture(64, Rgba8Unorm, Usage::STORAGE_BINDING)),
        (&input, &texture(64, Rgba8Unorm, Usage::COPY_DST)),
    ] {
        let outcome = render(input, output, &face, &Look::GLAM);
        assert!(matches!(outcome, Err(Error::BadTexture { .. })), "{outcome:?}");
    }
    for (bad, _) in bad_faces() {
        assert!(matches!(render(&input, &output, &bad, &Look::GLAM), Err(Error::BadLandmarks { face: 0, .. })));
    }
    let outcome = render(&input, &output, &face, &Look { skin: Skin { tone: f32::NAN, ..Skin::NONE }, ..Look::NONE });
    assert!(matches!(outcome, Err(Error::OutOfRange { name: "tone", .. })), "{outcome:?}");
    // After all that, it still works.
    render(&input, &output, &face, &Look::GLAM).unwrap();
}

#[test]
fn sessions_share_a_device() {
    let gpu = Gpu::new(GpuOptions::default()).unwrap();
    let session = || Beautifier::with_gpu(&gpu, BeautifierOptions::default().tracker).unwrap();
    let (mut first, mut second) = (session(), session());
    let (mut a, mut b) = (support::portrait(), support::portrait());
    std::thread::scope(|scope| {
        scope.spawn(|| first.process_still(&mut a.frame_mut()).unwrap());
        scope.spawn(|| second.process_still(&mut b.frame_mut()).unwrap());
    });
    assert!(a == b);
}

/// What is wrong is said before the device is so much as asked: on one that is gone, it is still this that is said.
#[test]
fn bad_input_never_reaches_the_device() {
    let mut renderer = renderer();
    let mut picture = support::portrait();
    let good = face();
    renderer.gpu().device().destroy();
    let mut retouch = |face: &Face, look: &Look| {
        renderer.retouch(&mut picture.frame_mut(), std::slice::from_ref(face), look).unwrap_err()
    };
    for (bad, _) in bad_faces() {
        assert!(matches!(retouch(&bad, &Look::GLAM), Error::BadLandmarks { .. }));
    }
    for slim in [f32::NAN, f32::INFINITY, -1e30, 1e30] {
        assert!(matches!(
            retouch(&good, &Look { shape: Shape { slim, ..Shape::NONE }, ..Look::NONE }),
            Error::OutOfRange { .. }
        ));
    }
    assert!(matches!(retouch(&good, &Look::GLAM), Error::DeviceLost { .. }));
}

#[test]
fn an_amount_of_zero_is_zero_of_either_sign() {
    let picture = support::portrait();
    let none = Look {
        skin: Skin {
            smooth: -0.0,
            marks: -0.0,
            tone: -0.0,
            shine: -0.0,
            dark_circles: -0.0,
            folds: -0.0,
            brighten: -0.0,
            warmth: -0.0,
            ruddy: -0.0,
        },
        shape: Shape { slim: -0.0, ..Shape::NONE },
        ..Look::NONE
    };
    assert!(support::retouched(&picture, none) == picture);
}

/// Timestamps as streams give them: on, equal, back, a year ahead.
#[test]
fn any_time_is_refused_or_a_step_forward() {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
    let mut tracker = support::tracker();
    // One flat picture is enough: what time does to a face is told in tests/tracking.rs.
    let picture = Picture::flat(32, 32, [120, 110, 100, 255]);
    let (mut seed, mut last, mut refused) = (1_u64, Duration::ZERO, 0);
    for _ in 0..400 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let step = Duration::from_nanos(seed >> 30);
        let given = match seed % 5 {
            0 => last,
            1 => last.saturating_sub(step),
            2 => last.saturating_add(YEAR),
            _ => last.saturating_add(step),
        };
        match tracker.track(&picture.frame(), given) {
            Ok(_) => {
                assert!(given >= last);
                last = given;
            }
            Err(error) => {
                assert!(given < last);
                assert_eq!(error, Error::TimeWentBack { last, given });
                refused += 1;
            }
        }
    }
    assert!(refused > 40, "{refused}");
    tracker.track(&picture.frame(), Duration::MAX).unwrap();
    tracker.track(&picture.frame(), Duration::MAX).unwrap();
}
