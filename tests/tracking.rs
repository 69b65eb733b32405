//! Faces over time: still when still, quick when quick, each with its own number, fading in and out.

use std::time::Duration;

use glowup::{Face, FaceTracker, TrackerOptions};
use scene::{Place, add_noise, frame, ground, lay, portrait};

#[path = "support/scene.rs"]
mod scene;

/// The width and height of the clips.
const SIZE: (u32, u32) = (1280, 720);

fn tracker(options: TrackerOptions) -> FaceTracker {
    FaceTracker::new(options).unwrap()
}

/// The time of a frame at 30 frames a second.
fn time(frame: u32) -> Duration {
    Duration::from_secs(1) * frame / 30
}

fn xy(face: &Face) -> Vec<[f32; 2]> {
    face.points.iter().map(|&[x, y, _]| [x, y]).collect()
}

fn distance(a: [f32; 2], b: [f32; 2]) -> f32 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// Between the outer corners of the eyes.
fn eye_distance(points: &[[f32; 2]]) -> f32 {
    distance(points[33], points[263])
}

#[test]
fn a_face_at_rest_stays_at_rest_under_noise() {
    let mut clean = ground(SIZE.0, SIZE.1);
    lay(&mut clean, &portrait(), Place::at(640.0, 360.0).scaled(1.4));
    let wander = |smooth| {
        let mut tracker = tracker(TrackerOptions { smooth, ..TrackerOptions::default() });
        let mut seen = Vec::new();
        for index in 0..90 {
            let mut picture = clean.clone();
            add_noise(&mut picture, 4.0, index);
            let faces = tracker.track(&frame(&picture), time(index)).unwrap();
            assert_eq!(faces.len(), 1);
            if index >= 30 {
                seen.push(xy(&faces[0]));
            }
        }
        let count = seen.len() as f32;
        let mean = |point: usize, axis: usize| seen.iter().map(|points| points[point][axis]).sum::<f32>() / count;
        let mut sum = 0.0;
        for point in 0..468 {
            let centre = [mean(point, 0), mean(point, 1)];
            sum += seen.iter().map(|points| distance(points[point], centre).powi(2)).sum::<f32>();
        }
        (sum / (468.0 * count)).sqrt() / eye_distance(&seen[0])
    };
    let (raw, smooth) = (wander(false), wander(true));
    println!("wander: {:.4} % of the eye distance, unfiltered {:.4} %", 100.0 * smooth, 100.0 * raw);
    assert!(smooth <= 0.0003, "{smooth}");
    assert!(raw > smooth);
}

/// Runs a smoothing and a plain tracker over the portrait that moves by `way(seconds)` face widths to the right, and
/// returns how far the smoothed points are ahead of the plain ones, in eye distances, frame by frame.
fn lead(frames: u32, scale: f32, way: impl Fn(f32) -> f32) -> Vec<f32> {
    let mut smooth = tracker(TrackerOptions::default());
    let mut plain = tracker(TrackerOptions { smooth: false, ..TrackerOptions::default() });
    let picture = portrait();
    let width = 95.0 * scale;
    (0..frames)
        .map(|index| {
            let mut canvas = ground(SIZE.0, SIZE.1);
            let x = 400.0 + width * way(index as f32 / 30.0);
            lay(&mut canvas, &picture, Place::at(x, 360.0).scaled(scale));
            let faces = smooth.track(&frame(&canvas), time(index)).unwrap();
            let points = xy(&faces[0]);
            let faces = plain.track(&frame(&canvas), time(index)).unwrap();
            let true_points = xy(&faces[0]);
            let sum: f32 = points.iter().zip(&true_points).map(|(a, b)| a[0] - b[0]).sum();
            sum / 468.0 / eye_distance(&true_points)
        })
        .collect()
}

#[test]
fn a_moving_face_is_followed_without_lag() {
    let lead = lead(60, 1.0, |t| t);
    let lag = -lead[30..].iter().sum::<f32>() / 30.0;
    let worst = lead[15..].iter().copied().fold(0.0, |worst: f32, lead| worst.max(-lead));
    println!("lag: {:.3} % of the eye distance, worst {:.3} %", 100.0 * lag, 100.0 * worst);
    assert!(lag <= 0.005, "{lag}");
}

#[test]
fn a_sudden_stop_does_not_overshoot() {
    let lead = lead(60, 1.0, |t| t.min(1.0));
    let overshoot = lead[30..].iter().copied().fold(0.0, f32::max);
    println!("overshoot: {:.3} % of the eye distance", 100.0 * overshoot);
    assert!(overshoot <= 0.005, "{overshoot}");
}

/// The eyes' outer corners of the portrait, and where they come to lie.
fn portrait_eyes(place: Place) -> [[f32; 2]; 2] {
    let picture = portrait();
    [[190.0, 111.0], [252.0, 113.0]].map(|corner| place.map(&picture, corner))
}

/// Whether the face's eyes are the portrait's at that place, within a tenth of their distance.
fn is_at(face: &Face, place: Place) -> bool {
    let eyes = portrait_eyes(place);
    let points = xy(face);
    let near = 0.15 * distance(eyes[0], eyes[1]);
    distance(points[33], eyes[0]) < near && distance(points[263], eyes[1]) < near
}
