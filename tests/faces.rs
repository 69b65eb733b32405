//! What else a face carries: its bounds, its blendshapes where they are asked for, and all of it through JSON.

use std::time::Duration;

use composite::{Place, frame, ground, lay, picture, portrait};
use glowup::face::net::MeshModel;
use glowup::face::{Blendshape, BlendshapeCoefficients, Rect};
use glowup::{Error, Face, FaceTracker, TrackerOptions};

#[path = "support/composite.rs"]
mod composite;

fn with_blendshapes() -> FaceTracker {
    FaceTracker::new(TrackerOptions { max_faces: 1, blendshapes: true, ..TrackerOptions::default() }).unwrap()
}

#[test]
fn bounds_hold_all_landmarks_and_move_with_the_face() {
    let mut rects = Vec::new();
    for way in [[0.0, 0.0], [70.0, -20.0]] {
        let mut canvas = ground(700, 600);
        lay(&mut canvas, &portrait(), Place::at(330.0 + way[0], 300.0 + way[1]));
        let faces = with_blendshapes().detect(&frame(&canvas)).unwrap();
        let (face, rect) = (&faces[0], faces[0].bounds());
        let holds = |p: &[f32; 3]| {
            let inside = |value: f32, from: f32, length: f32| value >= from - 0.01 && value <= from + length + 0.01;
            inside(p[0], rect.x, rect.width) && inside(p[1], rect.y, rect.height)
        };
        assert!(face.points.iter().all(holds), "{rect:?}");
        // From the forehead to the chin, and not far beyond the cheeks.
        let (top, chin) = (face.points[10][1], face.points[152][1]);
        assert!((rect.y - top).abs() < 3.0 && (rect.y + rect.height - chin).abs() < 3.0, "{rect:?} {top} {chin}");
        rects.push(rect);
    }
    let moved = [rects[1].x - rects[0].x - 70.0, rects[1].y - rects[0].y + 20.0];
    assert!(moved.iter().all(|off| off.abs() < 2.0), "{rects:?}");
    assert_eq!(Face::default().bounds(), Rect::default());
}

#[test]
fn blendshapes_are_there_when_asked_for() {
    let portrait = portrait();
    let without = FaceTracker::new(TrackerOptions::default()).unwrap().detect(&frame(&portrait)).unwrap();
    assert!(without[0].blendshapes.is_none());
    let mut tracker = with_blendshapes();
    let still = tracker.detect(&frame(&portrait)).unwrap()[0].clone();
    let smile = still.blendshapes.unwrap();
    assert!(smile[Blendshape::MouthSmileLeft] > 0.6 && smile.get(Blendshape::MouthSmileRight) > 0.6, "{smile:?}");
    assert!(smile.as_array().iter().all(|value| (0.0..=1.0).contains(value)));
    for index in 0..5 {
        let faces = tracker.track(&frame(&portrait), Duration::from_millis(33) * index).unwrap();
        let tracked = faces[0].blendshapes.unwrap();
        let off = tracked.iter().zip(smile.as_array()).map(|((_, a), b)| (a - b).abs()).sum::<f32>() / 52.0;
        assert!(off < 0.05, "in the mean by {off}");
    }
    // Eyes that are open, and the same man's that are shut; a mouth that is shut, and one that is open.
    let of = |name: &str| {
        let faces = with_blendshapes().detect(&frame(&picture(&format!("tests/data/webcam_{name}.png")))).unwrap();
        faces[0].blendshapes.unwrap()
    };
    let (open, shut, wide) = (of("639"), of("641"), of("290"));
    for eye in [Blendshape::EyeBlinkLeft, Blendshape::EyeBlinkRight] {
        assert!(shut[eye] > open[eye] + 0.2, "{}: {} {}", eye.name(), shut[eye], open[eye]);
    }
    assert!(wide[Blendshape::JawOpen] > open[Blendshape::JawOpen] + 0.2);
}

#[test]
fn blendshapes_of_a_face_that_fades_are_its_last_ones() {
    let (mut tracker, portrait, empty) = (with_blendshapes(), portrait(), ground(512, 512));
    let mut last = None;
    for index in 0..10 {
        last = tracker.track(&frame(&portrait), Duration::from_millis(33) * index).unwrap()[0].blendshapes;
    }
    let faded = tracker.track(&frame(&empty), Duration::from_millis(330)).unwrap();
    assert_eq!(faded[0].score, 0.0);
    let (last, faded) = (last.unwrap(), faded[0].blendshapes.unwrap());
    assert!(last.iter().zip(faded.as_array()).all(|((_, a), b)| (a - b).abs() < 0.05));
}

#[test]
fn the_light_mesh_has_no_blendshapes() {
    let options = TrackerOptions { blendshapes: true, mesh: MeshModel::Light, ..TrackerOptions::default() };
    let error = FaceTracker::new(options).err().unwrap();
    assert!(matches!(error, Error::WrongValue { name: "mesh", .. }), "{error}");
    assert!(error.to_string().contains("Refined"), "{error}");
}

#[test]
fn faces_go_through_json() {
    let face = with_blendshapes().detect(&frame(&portrait())).unwrap().remove(0);
    let json = serde_json::to_value(&face).unwrap();
    assert!(json["blendshapes"]["mouthSmileLeft"].as_f64().unwrap() > 0.6);
    assert!(json["parts"]["left_eye"].as_f64().unwrap() > 0.9);
    assert_eq!(serde_json::from_value::<Face>(json.clone()).unwrap(), face);
    // What an older version has written lacks the new fields.
    let mut old = json.clone();
    old.as_object_mut().unwrap().retain(|name, _| ["id", "score", "visibility", "points"].contains(&name.as_str()));
    let old: Face = serde_json::from_value(old).unwrap();
    assert_eq!((old.points, old.blendshapes), (face.points, None));
    let coefficients = |change: &dyn Fn(&mut serde_json::Map<String, serde_json::Value>)| {
        let mut changed = json["blendshapes"].clone();
        change(changed.as_object_mut().unwrap());
        serde_json::from_value::<BlendshapeCoefficients>(changed).map_err(|error| error.to_string())
    };
    assert!(coefficients(&|_| ()).is_ok());
    let missing = coefficients(&|shapes| drop(shapes.remove("jawOpen"))).unwrap_err();
    let unknown = coefficients(&|shapes| drop(shapes.insert("tongueOut".to_owned(), 1.into()))).unwrap_err();
    assert!(missing.contains("jawOpen") && unknown.contains("tongueOut"), "{missing}, {unknown}");
}
