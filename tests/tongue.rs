//! Tongues out, painted onto real faces, and mouths that are only open: what `Expression::tongue` says of each, and the gesture
//! in clips made of them.

use std::time::Duration;

use composite::{Place, add_noise, frame, ground, lay, picture, portrait};
use glowup::face::{GestureKind, Gestures, topology};
use glowup::{Face, FaceTracker, TrackerOptions};
use image::RgbaImage;
use tongue::{Tongue, with_tongue};

#[path = "support/composite.rs"]
mod composite;
#[path = "support/tongue.rs"]
mod tongue;

fn tracker() -> FaceTracker {
    FaceTracker::new(TrackerOptions { max_faces: 1, ..TrackerOptions::default() }).unwrap()
}

fn face_of(picture: &RgbaImage) -> Face {
    let faces = tracker().detect(&frame(picture)).unwrap();
    faces.into_iter().next().expect("there is a face")
}

/// What is painted, and between which values the tongue has to be.
type Case = (&'static str, Option<Tongue>, [f32; 2]);

const IN: [f32; 2] = [0.0, 0.3];
const OUT: [f32; 2] = [0.5, 1.0];

/// Faces, each with what is painted onto it.
fn table() -> Vec<(&'static str, RgbaImage, Vec<Case>)> {
    let long = Tongue::OUT.long(0.65);
    let pink = Tongue { lips: 0.0, ..long };
    let wide = Tongue { width: 0.8, open: 0.5, ..Tongue::OUT };
    let open = |open| Some(Tongue::OUT.long(0.0).opened(open));
    // A mouth that is open already needs to open less for it.
    let out = |open: f32| {
        vec![
            ("as it is", None, IN),
            ("jaw down", Some(Tongue::OUT.long(0.0).opened(open + 0.1)), IN),
            ("long", Some(long.opened(open)), OUT),
            ("long and pink", Some(pink.opened(open)), OUT),
            ("long and dark", Some(Tongue { light: 0.85, ..long.opened(open) }), OUT),
            ("long, to one side", Some(Tongue { aside: 0.3, ..long.opened(open) }), OUT),
            ("wide", Some(Tongue { open: open + 0.2, ..wide }), OUT),
        ]
    };
    let only_open = || vec![("as it is", None, IN), ("jaw down", open(0.2), IN), ("far down", open(0.4), IN)];
    let portraits = |name| picture(&format!("tests/data/portraits/{name}.jpg"));
    vec![
        ("astronaut", portrait(), out(0.13)),
        ("dark skin, smiles", portraits("dark-skin-curls"), out(0.13)),
        ("tilted, laughs", portraits("tilted"), out(0.1)),
        ("glasses, earnest", portraits("clear-glasses"), out(0.27)),
        ("long hair", portraits("long-hair"), vec![("as it is", None, IN), ("long", Some(long), OUT)]),
        (
            "webcam 240: talks",
            picture("tests/data/webcam_240.png"),
            vec![("as it is", None, IN), ("long", Some(long.opened(0.05)), OUT)],
        ),
        (
            "webcam 290: mouth wide open, tongue in it",
            picture("tests/data/webcam_290.png"),
            vec![("as it is", None, IN), ("long", Some(long.opened(0.0)), OUT)],
        ),
        ("webcam 0", picture("tests/data/webcam_000.png"), only_open()),
        ("webcam 639", picture("tests/data/webcam_639.png"), only_open()),
        ("carphone 0", picture("tests/data/carphone_000.png"), only_open()),
        ("carphone 59: sings, tongue in the mouth", picture("tests/data/carphone_059.png"), only_open()),
        ("carphone 119", picture("tests/data/carphone_119.png"), only_open()),
    ]
}

#[test]
fn tongues_out_are_told_from_open_mouths() {
    let mut wrong = Vec::new();
    for (name, picture, cases) in table() {
        let face = face_of(&picture);
        for (kind, painted, [low, high]) in cases {
            let picture = painted.map_or_else(|| picture.clone(), |tongue| with_tongue(&picture, &face, tongue));
            let value = face_of(&picture).expression().tongue;
            let line = format!("{name}, {kind}: {value:.2}, expected {low} to {high}");
            println!("{line}");
            if !(low..=high).contains(&value) {
                wrong.push(line);
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Lips as red as lipstick makes them, and redder than most tongues.
fn painted_lips(picture: &RgbaImage, face: &Face) -> RgbaImage {
    let inside = |contour: &[u16], x: f32, y: f32| {
        let corner = |index: &u16| face.points[usize::from(*index)];
        let pairs = contour.iter().zip(contour.iter().cycle().skip(1)).map(|(a, b)| (corner(a), corner(b)));
        pairs
            .filter(|(a, b)| (a[1] <= y) != (b[1] <= y) && a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0]) > x)
            .count()
            % 2
            == 1
    };
    let mut painted = picture.clone();
    for (x, y, pixel) in painted.enumerate_pixels_mut() {
        let (px, py) = (x as f32, y as f32);
        if inside(&topology::LIPS, px, py) && !inside(&topology::MOUTH, px, py) {
            let [r, g, b, a] = pixel.0;
            *pixel = image::Rgba([r, (f32::from(g) * 0.45) as u8, (f32::from(b) * 0.55) as u8, a]);
        }
    }
    painted
}

#[test]
fn lipstick_is_no_tongue() {
    for name in ["dark-skin-curls", "clear-glasses", "tilted", "long-hair"] {
        let picture = picture(&format!("tests/data/portraits/{name}.jpg"));
        let face = face_of(&picture);
        let painted = painted_lips(&picture, &face);
        for open in [0.0, 0.15, 0.3, 0.5] {
            let value = face_of(&with_tongue(&painted, &face, Tongue::OUT.long(0.0).opened(open))).expression().tongue;
            println!("{name}, lipstick, jaw down by {open}: {value:.2}");
            assert!(value < 0.3, "{name}, lipstick, jaw down by {open}: {value}");
        }
    }
}

/// Tongue values and gestures of a clip of the face, 30 frames a second; `mouth` says how far the jaw is down and the tongue
/// out in each frame.
fn watch(picture: &RgbaImage, mouth: &dyn Fn(f32) -> [f32; 2]) -> (Vec<f32>, Vec<GestureKind>) {
    let face = face_of(picture);
    let (mut tracker, mut gestures, mut kinds, mut values) = (tracker(), Gestures::new(), Vec::new(), Vec::new());
    for index in 0..75_u32 {
        let seconds = index as f32 / 30.0;
        let [open, length] = mouth(seconds);
        let painted = with_tongue(picture, &face, Tongue::OUT.long(length).opened(open));
        let mut canvas = ground(640, 480);
        let place = Place::at(320.0 + 12.0 * (2.0 * seconds).sin(), 240.0).turned(4.0 * (3.0 * seconds).sin());
        lay(&mut canvas, &painted, place);
        add_noise(&mut canvas, 2.5, index);
        let time = Duration::from_secs_f32(seconds);
        let faces = tracker.track(&frame(&canvas), time).unwrap();
        kinds.extend(gestures.watch(faces, time).iter().map(|gesture| gesture.kind));
        values.push(faces[0].expression().tongue);
    }
    kinds.retain(|kind| *kind == GestureKind::TongueOut);
    (values, kinds)
}

#[test]
fn a_tongue_put_out_is_a_gesture_once() {
    let picture = picture("tests/data/portraits/dark-skin-curls.jpg");
    // Out within a fifth of a second, there for one, and in again.
    let way = |t: f32| ((t - 0.7) / 0.2).clamp(0.0, 1.0).min(((2.0 - t) / 0.2).clamp(0.0, 1.0));
    let (values, kinds) = watch(&picture, &|t| [0.18 * way(t), 0.65 * way(t)]);
    assert_eq!(kinds, [GestureKind::TongueOut], "{values:.2?}");
    assert!(values[..18].iter().chain(&values[69..]).all(|value| *value < 0.1), "{values:.2?}");
    let held = &values[36..54];
    assert!(held.iter().all(|value| *value > 0.8), "steady while it is out: {held:.2?}");
}

#[test]
fn talking_is_no_tongue() {
    for name in ["dark-skin-curls", "clear-glasses"] {
        let picture = picture(&format!("tests/data/portraits/{name}.jpg"));
        let (values, kinds) = watch(&picture, &|t| [0.25 + 0.25 * (9.0 * t).sin(), 0.0]);
        assert!(kinds.is_empty() && values.iter().all(|value| *value < 0.3), "{name}: {kinds:?} {values:.2?}");
    }
}
