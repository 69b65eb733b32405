//! What faces do: eyes, mouth, smile and gaze on real faces and on one whose eyes were shut by hand, and the gestures of clips made
//! of them.

use std::time::Duration;

use composite::{frame, picture, portrait};
use glowup::face::{Expression, GestureKind, Gestures};
use glowup::{Face, FaceTracker, TrackerOptions};
use image::RgbaImage;

#[path = "support/composite.rs"]
mod composite;

fn tracker() -> FaceTracker {
    FaceTracker::new(TrackerOptions { max_faces: 1, ..TrackerOptions::default() }).unwrap()
}

fn face_of(picture: &RgbaImage) -> Face {
    let faces = tracker().detect(&frame(picture)).unwrap();
    assert_eq!(faces.len(), 1);
    faces[0].clone()
}

/// Rims of an eye from its outer to its inner corner: above, below.
type Rims = [[u16; 9]; 2];
const RIGHT: Rims = [[33, 246, 161, 160, 159, 158, 157, 173, 133], [33, 7, 163, 144, 145, 153, 154, 155, 133]];
const LEFT: Rims = [[263, 466, 388, 387, 386, 385, 384, 398, 362], [263, 249, 390, 373, 374, 380, 381, 382, 362]];

/// Shuts an eye: the lid above it is stretched down over it.
fn shut(picture: &RgbaImage, face: &Face, rims: Rims) -> RgbaImage {
    let mut shut = picture.clone();
    let height = |rim: [u16; 9], x: f32| {
        let mut points = rim.map(|index| face.points[usize::from(index)]);
        points.sort_by(|a, b| a[0].total_cmp(&b[0]));
        let pair = points.windows(2).find(|pair| (pair[0][0]..=pair[1][0]).contains(&x))?;
        let share = (x - pair[0][0]) / (pair[1][0] - pair[0][0]).max(1e-3);
        Some(pair[0][1] + share * (pair[1][1] - pair[0][1]))
    };
    for x in 0..picture.width() {
        let (Some(above), Some(below)) = (height(rims[0], x as f32), height(rims[1], x as f32)) else { continue };
        // The lashes of the upper lid come to lie on the lower one; the skin begins to stretch well below the brow.
        let top = above - 9.0;
        for y in top as u32..=(below + 1.0) as u32 {
            let from = top + (y as f32 - top) * (above - top) / (below + 1.0 - top);
            let (low, share) = (from.floor() as u32, from.fract());
            let (a, b) = (picture.get_pixel(x, low).0, picture.get_pixel(x, low + 1).0);
            let mixed = std::array::from_fn(|c| (f32::from(a[c]) * (1.0 - share) + f32::from(b[c]) * share) as u8);
            shut.put_pixel(x, y, image::Rgba(mixed));
        }
    }
    shut
}

/// What a face on a picture does: eyes (right, left), mouth, smile, each between two numbers.
type Row<'a> = (&'a str, RgbaImage, [[f32; 2]; 4]);

#[test]
fn expressions_of_known_faces() {
    let face = face_of(&portrait());
    let winks = [shut(&portrait(), &face, RIGHT), shut(&portrait(), &face, LEFT)];
    let blink = shut(&winks[0], &face, LEFT);
    let [right, left] = winks;
    let (open, closed, any) = ([0.8, 1.0], [0.0, 0.45], [0.0, 1.0]);
    let (still, wide) = ([0.0, 0.1], [0.8, 1.0]);
    let table: [Row<'_>; 9] = [
        ("portrait: smiles with her teeth", portrait(), [open, open, [0.2, 0.5], [0.8, 1.0]]),
        ("portrait, right eye shut by hand", right, [closed, [0.6, 1.0], any, any]),
        ("portrait, left eye shut by hand", left, [[0.6, 1.0], closed, any, any]),
        ("portrait, both shut by hand", blink, [closed, closed, any, any]),
        ("webcam 0: earnest", picture("tests/data/webcam_000.png"), [open, open, still, [0.0, 0.2]]),
        ("webcam 240: talks", picture("tests/data/webcam_240.png"), [open, open, [0.1, 0.9], any]),
        ("webcam 290: mouth wide open", picture("tests/data/webcam_290.png"), [open, open, wide, [0.0, 0.3]]),
        (
            "webcam 639: just before a blink",
            picture("tests/data/webcam_639.png"),
            [[0.7, 1.0], open, still, [0.0, 0.2]],
        ),
        ("webcam 641: eyes shut", picture("tests/data/webcam_641.png"), [closed, closed, still, [0.0, 0.2]]),
    ];
    for (name, picture, ranges) in &table {
        let Expression { left_eye, right_eye, mouth, smile, tongue, gaze } = face_of(picture).expression();
        println!("{name}: eyes {right_eye:.2} {left_eye:.2}, mouth {mouth:.2}, smile {smile:.2}, gaze {gaze:.2?}");
        assert!(tongue < 0.2, "{name}: a tongue in the mouth is {tongue} out");
        for (value, [low, high]) in [right_eye, left_eye, mouth, smile].into_iter().zip(ranges) {
            assert!((*low..=*high).contains(&value), "{name}: {value} is not in {low}..={high}");
        }
        assert!(gaze.is_some_and(|gaze| gaze.iter().all(|x| (0.0..=1.0).contains(x))));
    }
}

/// Shows pictures for so many frames each, 25 a second, and returns the gestures seen.
fn gestures_of(clip: &[(&RgbaImage, u32)]) -> Vec<GestureKind> {
    let (mut tracker, mut gestures, mut seen, mut index) = (tracker(), Gestures::new(), Vec::new(), 0);
    for (picture, frames) in clip {
        for _ in 0..*frames {
            let time = Duration::from_millis(40 * index);
            index += 1;
            let faces = tracker.track(&frame(picture), time).unwrap();
            let found = gestures.watch(faces, time);
            assert!(found.iter().all(|gesture| gesture.start <= gesture.end && gesture.end == time));
            seen.extend(found.iter().map(|gesture| gesture.kind));
        }
    }
    seen
}

#[test]
fn blinks_winks_and_opened_mouths_are_told_apart() {
    let portrait = portrait();
    let face = face_of(&portrait);
    let (right, left) = (shut(&portrait, &face, RIGHT), shut(&portrait, &face, LEFT));
    let both = shut(&right, &face, LEFT);
    assert_eq!(gestures_of(&[(&portrait, 20), (&both, 4), (&portrait, 20)]), [GestureKind::Blink]);
    assert_eq!(gestures_of(&[(&portrait, 20), (&right, 8), (&portrait, 20)]), [GestureKind::WinkRight]);
    assert_eq!(gestures_of(&[(&portrait, 20), (&left, 8), (&portrait, 20)]), [GestureKind::WinkLeft]);
    assert_eq!(gestures_of(&[(&portrait, 20), (&both, 60), (&portrait, 20)]), [], "asleep is no blink");
    assert_eq!(gestures_of(&[(&portrait, 60)]), []);
    let desk = ["639", "641", "290"].map(|index| picture(&format!("tests/data/webcam_{index}.png")));
    assert_eq!(gestures_of(&[(&desk[0], 20), (&desk[1], 5), (&desk[0], 20)]), [GestureKind::Blink]);
    assert_eq!(gestures_of(&[(&desk[0], 20), (&desk[2], 10)]), [GestureKind::MouthOpened]);
}

/// The portrait's face, turned by yaw and pitch in degrees about its middle.
fn turned(face: &Face, yaw: f32, pitch: f32) -> Face {
    let mut face = face.clone();
    let middle = face.points[168];
    for point in &mut face.points {
        let [x, y, z]: [f32; 3] = std::array::from_fn(|axis| point[axis] - middle[axis]);
        let (s, c) = yaw.to_radians().sin_cos();
        let [x, y, z] = [x * c - z * s, y, x * s + z * c];
        let (s, c) = pitch.to_radians().sin_cos();
        *point = [x + middle[0], y * c + z * s + middle[1], -y * s + z * c + middle[2]];
    }
    face
}

#[test]
fn turns_and_nods_of_a_head() {
    let face = face_of(&portrait());
    let base = face.pose();
    let watch = |way: &dyn Fn(f32) -> [f32; 2]| {
        let mut gestures = Gestures::new();
        let frames = (0..75).map(|index| (Duration::from_millis(40 * index), way(index as f32 / 25.0)));
        let seen = frames.flat_map(|(time, [yaw, pitch])| gestures.watch(&[turned(&face, yaw, pitch)], time).to_vec());
        seen.map(|gesture| gesture.kind).collect::<Vec<_>>()
    };
    let known = turned(&face, 30.0, 0.0).pose();
    assert!((known.yaw - base.yaw - 30.0).abs() < 3.0, "{known:?}");
    let once = |t: f32| (-(t - 1.5).powi(2) / 0.05).exp();
    assert_eq!(watch(&|t| [30.0 * once(t), 0.0]), [GestureKind::TurnedLeft]);
    assert_eq!(watch(&|t| [-30.0 * once(t), 0.0]), [GestureKind::TurnedRight]);
    assert_eq!(watch(&|t| [0.0, -14.0 * once(t)]), [GestureKind::Nod]);
    assert_eq!(watch(&|t| [8.0 * (3.0 * t).sin(), 3.0 * (5.0 * t).sin()]), [], "a head is never quite still");
    assert_eq!(watch(&|t| [0.0, -4.0 * t]), [], "slowly looking down is no nod");
}

#[test]
fn a_clock_that_goes_back_starts_afresh() {
    let (mut gestures, face) = (Gestures::new(), face_of(&portrait()));
    for (time, yaw) in [(100, 0.0), (101, 0.0), (5, 30.0), (6, 30.0), (60_000, 0.0), (60_001, 0.0)] {
        assert!(gestures.watch(&[turned(&face, yaw, 0.0)], Duration::from_millis(time)).is_empty());
    }
    assert_eq!(
        gestures.watch(&[turned(&face, 30.0, 0.0)], Duration::from_millis(60_050))[0].kind,
        GestureKind::TurnedLeft
    );
    assert!(gestures.watch(&[], Duration::MAX).is_empty());
}
