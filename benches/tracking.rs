//! The whole of a tracking call, on one thread: a followed face at rest, two, a still picture, a crowd's search, and
//! frames of growing size, whose cost must not grow.

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use glowup::{FaceTracker, Frame, TrackerOptions};
use image::{RgbaImage, imageops};

fn portrait() -> RgbaImage {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/astronaut.png");
    image::open(path).expect("the portrait is there").into_rgba8()
}

/// The portrait's faces side by side on a plain ground: `count` of them, each `scale` times the original.
fn canvas((width, height): (u32, u32), count: u32, scale: f32) -> RgbaImage {
    let mut canvas = RgbaImage::from_pixel(width, height, image::Rgba([96, 104, 112, 255]));
    let head = imageops::crop_imm(&portrait(), 130, 20, 190, 200).to_image();
    let (w, h) = ((190.0 * scale) as u32, (200.0 * scale) as u32);
    let head = imageops::resize(&head, w, h, imageops::FilterType::Triangle);
    for index in 0..count {
        let x = (2 * index + 1) * width / (2 * count) - w / 2;
        imageops::replace(&mut canvas, &head, i64::from(x), i64::from(height / 2 - h / 2));
    }
    canvas
}

fn frame(picture: &RgbaImage) -> Frame<'_> {
    Frame::rgba8(picture.as_raw(), picture.width(), picture.height()).expect("the size fits")
}

/// A tracker that has found all faces of the picture.
fn warm(picture: &RgbaImage, faces: usize) -> (FaceTracker, u64) {
    let options = TrackerOptions { max_faces: faces, ..TrackerOptions::default() };
    let mut tracker = FaceTracker::new(options).expect("the networks load");
    let mut index = 0;
    while index < 300 && tracker.track(&frame(picture), time(index)).expect("it tracks").len() < faces {
        index += 1;
    }
    assert_eq!(tracker.faces().len(), faces, "all faces are found");
    (tracker, index + 1)
}

fn time(index: u64) -> Duration {
    Duration::from_nanos(33_333_333 * index)
}

fn tracking(c: &mut Criterion) {
    let mut group = c.benchmark_group("track");
    let cases = [
        ("1 face, 720p", (1280, 720), 1, 1.5),
        ("1 face, 1080p", (1920, 1080), 1, 2.2),
        ("1 face, 2160p", (3840, 2160), 1, 4.5),
        ("2 faces, 720p", (1280, 720), 2, 1.5),
        ("4 faces, 720p", (1280, 720), 4, 1.5),
    ];
    for (name, size, faces, scale) in cases {
        let picture = canvas(size, faces, scale);
        let (mut tracker, mut index) = warm(&picture, faces as usize);
        group.bench_function(name, |b| {
            b.iter(|| {
                index += 1;
                tracker.track(&frame(&picture), time(index)).expect("it tracks").len()
            });
        });
    }
    let empty = canvas((1280, 720), 0, 1.0);
    let mut tracker = FaceTracker::new(TrackerOptions::default()).expect("the networks load");
    let mut index = 0;
    group.bench_function("no face, 720p", |b| {
        b.iter(|| {
            index += 1;
            tracker.track(&frame(&empty), time(index)).expect("it tracks").len()
        });
    });
    group.finish();

    let mut group = c.benchmark_group("detect");
    group.sample_size(10);
    let picture = portrait();
    group.bench_function("the portrait", |b| b.iter(|| tracker.detect(&frame(&picture)).expect("it looks").len()));
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2));
    targets = tracking
}
criterion_main!(benches);
