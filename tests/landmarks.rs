//! Landmarks on real faces against MediaPipe's own, in units of the distance between the eyes' outer corners.

use std::time::Duration;

use composite::{frame, picture};
use glowup::face::net::MeshModel;
use glowup::{Face, FaceTracker, TrackerOptions};

#[path = "support/composite.rs"]
mod composite;

/// What MediaPipe says of a picture.
#[derive(serde::Deserialize)]
struct Reference {
    picture: String,
    /// Of the light network, 468.
    points: Vec<[f32; 2]>,
    /// Of the refined network, 478.
    refined: Vec<[f32; 2]>,
}

const MODELS: [MeshModel; 2] = [MeshModel::Light, MeshModel::Refined];

fn tracker(mesh: MeshModel) -> FaceTracker {
    FaceTracker::new(TrackerOptions { mesh, ..TrackerOptions::default() }).unwrap()
}

/// The references whose picture's path holds `name`.
fn references(name: &str) -> Vec<Reference> {
    let lines = include_str!("data/landmarks.jsonl").lines();
    let all = lines.map(|line| serde_json::from_str::<Reference>(line).unwrap());
    all.filter(|reference| reference.picture.contains(name)).collect()
}

/// The mean and the largest distance between a face's points and the reference's, in eye distances.
fn distances(face: &Face, reference: &Reference) -> (f32, f32) {
    let distance = |a: [f32; 2], b: [f32; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
    let reference = if face.points.len() == 468 { &reference.points } else { &reference.refined };
    assert_eq!(face.points.len(), reference.len());
    let eyes = distance(reference[33], reference[263]);
    let (mut sum, mut worst) = (0.0, 0.0_f32);
    for (&[x, y, _], &point) in face.points.iter().zip(reference) {
        let off = distance([x, y], point) / eyes;
        sum += off;
        worst = worst.max(off);
    }
    (sum / face.points.len() as f32, worst)
}

#[test]
fn the_portraits_points_are_mediapipes() {
    for model in MODELS {
        let [reference] = &references("astronaut")[..] else { panic!("one portrait") };
        let portrait = picture(&reference.picture);
        let faces = tracker(model).detect(&frame(&portrait)).unwrap();
        assert_eq!(faces.len(), 1);
        let face = &faces[0];
        assert_eq!((face.points.len(), face.visibility), (model.points(), 1.0));
        assert!(face.score > 0.85);
        let (mean, worst) = distances(face, reference);
        println!("{model:?}, portrait: mean {:.3} %, worst {:.2} %", 100.0 * mean, 100.0 * worst);
        assert!(mean <= 0.01 && worst <= 0.03, "{mean} {worst}");
        let pose = face.pose();
        assert!(pose.yaw.abs() < 5.0 && pose.pitch.abs() < 12.0 && (pose.roll - 3.0).abs() < 2.0, "{pose:?}");
    }
}

#[test]
fn the_first_frame_of_a_video_has_mediapipes_points() {
    for model in MODELS {
        let [reference] = &references("astronaut")[..] else { panic!("one portrait") };
        let (mut tracker, portrait) = (tracker(model), picture(&reference.picture));
        let faces = tracker.track(&frame(&portrait), Duration::ZERO).unwrap();
        let (mean, worst) = distances(&faces[0], reference);
        println!("{model:?}, portrait as video: mean {:.3} %, worst {:.2} %", 100.0 * mean, 100.0 * worst);
        assert!(mean <= 0.01 && worst <= 0.03, "{mean} {worst}");
    }
}

/// Each frame on its own, where MediaPipe had the frames before it as well.
#[test]
fn single_frames_of_clips_have_nearly_mediapipes_points() {
    for (model, name, most) in MODELS.into_iter().flat_map(|model| [(model, "webcam", 0.02), (model, "carphone", 0.04)])
    {
        let references = references(name);
        assert_eq!(references.len(), 3);
        let means = references.iter().map(|reference| {
            let picture = picture(&reference.picture);
            let faces = tracker(model).detect(&frame(&picture)).unwrap();
            assert_eq!(faces.len(), 1, "{}", reference.picture);
            let (mean, worst) = distances(&faces[0], reference);
            println!("{model:?}, {}: mean {:.3} %, worst {:.2} %", reference.picture, 100.0 * mean, 100.0 * worst);
            mean
        });
        let mean = means.sum::<f32>() / 3.0;
        assert!(mean <= most, "{name}: {mean}");
    }
}

/// Seen again and again, a picture gives the points that a video converges to.
#[test]
fn a_video_at_rest_comes_to_mediapipes_points() {
    for model in MODELS {
        for reference in references("webcam").iter().chain(&references("carphone")) {
            let (mut tracker, picture) = (tracker(model), picture(&reference.picture));
            for index in 0..8 {
                tracker.track(&frame(&picture), Duration::from_millis(40) * index).unwrap();
            }
            let (mean, worst) = distances(&tracker.faces()[0], reference);
            println!("{model:?}, {}: mean {:.3} %, worst {:.2} %", reference.picture, 100.0 * mean, 100.0 * worst);
            assert!(mean <= 0.025, "{}: {mean}", reference.picture);
        }
    }
}
