//! How sure it is that each part of a face is seen: hands before faces, faces that leave the frame, heads that turn.

use std::time::Duration;

use composite::{Place, add_noise, frame, ground, lay, picture, portrait};
use glowup::face::PartConfidence;
use glowup::{Face, FaceTracker, TrackerOptions};
use image::{Rgba, RgbaImage};

#[path = "support/composite.rs"]
mod composite;

fn tracker() -> FaceTracker {
    FaceTracker::new(TrackerOptions { max_faces: 1, ..TrackerOptions::default() }).unwrap()
}

fn face_of(picture: &RgbaImage) -> Face {
    tracker().detect(&frame(picture)).unwrap().into_iter().next().expect("there is a face")
}

/// Right eye, left eye, mouth, jaw.
fn numbers(parts: PartConfidence) -> [f32; 4] {
    [parts.right_eye, parts.left_eye, parts.mouth, parts.jaw]
}

const NAMES: [&str; 4] = ["right eye", "left eye", "mouth", "jaw"];

/// What is held before a face.
#[derive(Debug, Clone, Copy)]
enum Cover {
    Grey,
    /// Fingers of the person's own colour, side by side.
    Hand,
}

/// Holds something over the points of a part, with some room around them.
fn covered(picture: &RgbaImage, face: &Face, part: usize, cover: Cover) -> RgbaImage {
    let points: &[usize] = match part {
        0 => &[33, 133, 159, 145, 70, 107],
        1 => &[263, 362, 386, 374, 300, 336],
        2 => &[61, 291, 0, 17, 2, 18],
        _ => &[172, 397, 152, 200, 18],
    };
    let (mut low, mut high) = ([f32::MAX; 2], [f32::MIN; 2]);
    for &index in points {
        for axis in 0..2 {
            low[axis] = low[axis].min(face.points[index][axis]);
            high[axis] = high[axis].max(face.points[index][axis]);
        }
    }
    let room = 0.15 * (high[0] - low[0]);
    let cheek = |index: usize| picture.get_pixel(face.points[index][0] as u32, face.points[index][1] as u32).0;
    let (a, b) = (cheek(50), cheek(280));
    let skin: [f32; 3] = std::array::from_fn(|c| (f32::from(a[c]) + f32::from(b[c])) / 2.0);
    let mut covered = picture.clone();
    for y in (low[1] - room).max(0.0) as u32..((high[1] + room) as u32).min(picture.height()) {
        for x in (low[0] - room).max(0.0) as u32..((high[0] + room) as u32).min(picture.width()) {
            let pixel = match cover {
                Cover::Grey => [128.0; 3],
                Cover::Hand => {
                    let finger =
                        ((x as f32 - low[0]) / (high[0] - low[0]) * 3.3 + 0.15 * (y as f32 / 20.0).sin()).fract();
                    skin.map(|value| value * (0.55 + 0.5 * (finger * std::f32::consts::PI).sin()))
                }
            };
            let [r, g, b] = pixel.map(|value| value.clamp(0.0, 255.0) as u8);
            covered.put_pixel(x, y, Rgba([r, g, b, 255]));
        }
    }
    covered
}

/// What is known of a face while it is seen for a second and a half, covered for half a one, and seen again: at the end of each.
fn watch(clear: &RgbaImage, hidden: &RgbaImage) -> [[f32; 4]; 3] {
    let mut tracker = tracker();
    let mut told = Vec::new();
    for index in 0..75_u32 {
        let seconds = index as f32 / 30.0;
        let mut canvas = ground(420, 420);
        let place = Place::at(210.0 + 10.0 * (2.0 * seconds).sin(), 210.0).turned(3.0 * (2.5 * seconds).sin());
        lay(&mut canvas, if (45..60).contains(&index) { hidden } else { clear }, place);
        add_noise(&mut canvas, 2.5, index);
        let faces = tracker.track(&frame(&canvas), Duration::from_secs_f32(seconds)).unwrap();
        told.push(faces.first().map_or([0.0; 4], |face| numbers(face.parts)));
    }
    [44, 59, 74].map(|index| told[index])
}

#[test]
fn what_a_hand_hides_is_told() {
    for name in
        ["assets/astronaut.png", "tests/data/portraits/dark-skin-curls.jpg", "tests/data/portraits/clear-glasses.jpg"]
    {
        let picture = picture(name);
        let face = face_of(&picture);
        for cover in [Cover::Grey, Cover::Hand] {
            for part in 0..4 {
                let [before, during, after] = watch(&picture, &covered(&picture, &face, part, cover));
                println!("{name}, {cover:?} over {}: {before:.2?} {during:.2?} {after:.2?}", NAMES[part]);
                assert!(before.iter().chain(&after).all(|value| *value > 0.9), "{name}: {before:?} {after:?}");
                assert!(during[part] < 0.5, "{name}, {cover:?} over {}: {during:?}", NAMES[part]);
                // A cover of one eye does not hide the other, nor the mouth.
                if part < 2 {
                    assert!(during[1 - part] > 0.8 && during[2] > 0.8, "{name}: {during:?}");
                }
            }
        }
    }
}

#[test]
fn faces_that_nothing_hides_are_seen() {
    for name in ["dark-skin-curls", "tilted", "clear-glasses", "long-hair"] {
        let face = face_of(&picture(&format!("tests/data/portraits/{name}.jpg")));
        assert!(numbers(face.parts).iter().all(|value| *value > 0.95), "{name}: {:?}", face.parts);
    }
}

/// Whoever leaves the frame to one side takes one eye along first; below, the jaw goes before the eyes.
#[test]
fn what_is_out_of_the_frame_is_not_seen() {
    let portrait = portrait();
    let leaving = |way: &dyn Fn(f32) -> Place| {
        let mut tracker = tracker();
        let mut last = None;
        for index in 0..60_u32 {
            let mut canvas = ground(480, 480);
            lay(&mut canvas, &portrait, way((index as f32 / 40.0).min(1.0)));
            let faces = tracker.track(&frame(&canvas), Duration::from_millis(33) * index).unwrap();
            last = faces.first().cloned().or(last);
        }
        last.map(|face| (face.score > 0.0, numbers(face.parts))).expect("there is a face")
    };
    // The face's middle ends at the frame's left edge: the person's right half is gone.
    let face = face_of(&portrait);
    let middle = face.bounds();
    let (x, y) = (middle.x + middle.width / 2.0 - 256.0, middle.y + middle.height / 2.0 - 256.0);
    let (followed, [right, left, mouth, _]) = leaving(&|t| Place::at(240.0 - x - 235.0 * t, 240.0 - y));
    assert!(followed && right < 0.2 && left > 0.6 && (0.2..0.8).contains(&mouth), "{right} {left} {mouth}");
    let (followed, [right, left, _, jaw]) = leaving(&|t| Place::at(240.0 - x, 240.0 - y + 220.0 * t));
    assert!(followed && right > 0.8 && left > 0.8 && jaw < 0.3, "{right} {left} {jaw}");
}

#[test]
fn a_lost_face_has_no_parts() {
    let (mut tracker, portrait, empty) = (tracker(), portrait(), ground(512, 512));
    let mut show = |picture: &RgbaImage, index: u32| {
        tracker
            .track(&frame(picture), Duration::from_millis(33) * index)
            .unwrap()
            .first()
            .map(|face| (face.score, face.parts))
    };
    for index in 0..10 {
        show(&portrait, index);
    }
    let (score, parts) = show(&empty, 10).expect("it fades");
    assert_eq!((score, parts), (0.0, PartConfidence::default()));
}
