//! Pictures as a turned camera gives them, or one beside a screen: the same faces, where they stand in the picture as it lies.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use glowup::{Beautifier, BeautifierOptions, Face, FaceTracker, Look, Orientation, Rotation, TrackerOptions};
use support::Picture;

/// The portrait's upper left part, not square, so that sides cannot be mixed up unseen.
fn upright() -> Picture {
    let whole = support::portrait();
    let mut part = Picture::flat(400, 280, [0; 4]);
    for (x, y) in (0..280).flat_map(|y| (0..400).map(move |x| (x, y))) {
        part.set(x, y, whole.at(40 + x, y));
    }
    part
}

/// Where a place of the upright picture lies in the picture as the camera gives it, and that one's size.
fn place([x, y]: [f32; 2], [w, h]: [f32; 2], lies: Orientation) -> ([f32; 2], [f32; 2]) {
    let x = if lies.mirrored { w - x } else { x };
    match lies.rotation {
        Rotation::None => ([x, y], [w, h]),
        Rotation::Quarter => ([y, w - x], [h, w]),
        Rotation::Half => ([w - x, h - y], [w, h]),
        Rotation::ThreeQuarters => ([h - y, x], [h, w]),
    }
}

fn as_it_lies(upright: &Picture, lies: Orientation) -> Picture {
    let size = [upright.width as f32, upright.height as f32];
    let (_, [w, h]) = place([0.0; 2], size, lies);
    let mut out = Picture::flat(w as u32, h as u32, [0; 4]);
    for (x, y) in (0..upright.height).flat_map(|y| (0..upright.width).map(move |x| (x, y))) {
        let ([u, v], _) = place([x as f32 + 0.5, y as f32 + 0.5], size, lies);
        out.set(u as u32, v as u32, upright.at(x, y));
    }
    out
}

fn every_orientation() -> impl Iterator<Item = Orientation> {
    let rotations = [Rotation::None, Rotation::Quarter, Rotation::Half, Rotation::ThreeQuarters];
    rotations.into_iter().flat_map(|rotation| [false, true].map(|mirrored| Orientation { rotation, mirrored }))
}

/// The mean distance between a face and the upright one, in distances between the eyes' outer corners.
fn off(face: &Face, upright: &Face, lies: Orientation) -> f32 {
    let far = |a: [f32; 2], b: [f32; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
    let flat = |face: &Face, index: usize| [face.points[index][0], face.points[index][1]];
    let eyes = far(flat(upright, 33), flat(upright, 263));
    let count = upright.points.len();
    let sum: f32 =
        (0..count).map(|index| far(flat(face, index), place(flat(upright, index), [400.0, 280.0], lies).0)).sum();
    sum / count as f32 / eyes
}

#[test]
fn a_still_has_the_same_face_however_it_lies() {
    let upright = upright();
    let alone = FaceTracker::new(TrackerOptions::default()).unwrap().detect(&upright.frame()).unwrap().remove(0);
    for lies in every_orientation() {
        let picture = as_it_lies(&upright, lies);
        let options = TrackerOptions { orientation: lies, ..TrackerOptions::default() };
        let faces = FaceTracker::new(options).unwrap().detect(&picture.frame()).unwrap();
        assert_eq!(faces.len(), 1, "{lies:?}");
        // Half a pixel, which is what whole numbers mean in the networks' pictures, and a little noise.
        let off = off(&faces[0], &alone, lies);
        assert!(off < 0.03, "{lies:?}: {off}");
        let (pose, before) = (faces[0].pose(), alone.pose());
        assert!((pose.yaw - before.yaw).abs() < 3.0 && (pose.pitch - before.pitch).abs() < 3.0, "{lies:?}: {pose:?}");
        let (left, right) = (faces[0].expression().left_eye, alone.expression().left_eye);
        assert!((left - right).abs() < 0.1, "{lies:?}");
    }
}

#[test]
fn a_stream_goes_on_while_the_camera_is_turned() {
    let upright = upright();
    let mut tracker = FaceTracker::new(TrackerOptions::default()).unwrap();
    for (index, lies) in (0..).zip(every_orientation().flat_map(|lies| [lies; 3])) {
        let picture = as_it_lies(&upright, lies);
        tracker.set_orientation(lies);
        let faces = tracker.track(&picture.frame(), Duration::from_millis(33 * index)).unwrap();
        let seen = faces.iter().filter(|face| face.score > 0.0).count();
        assert_eq!(seen, 1, "{lies:?}");
    }
}

#[test]
fn the_retouch_is_the_same_however_the_picture_lies() {
    let upright = upright();
    let retouched = |picture: &Picture, orientation: Orientation| {
        let tracker = TrackerOptions { orientation, ..TrackerOptions::default() };
        let mut session = Beautifier::new(BeautifierOptions { tracker, ..BeautifierOptions::default() }).unwrap();
        session.set_look(Look::GLAM).unwrap();
        let mut out = picture.clone();
        assert_eq!(session.process_still(&mut out.frame_mut()).unwrap().len(), 1);
        out
    };
    let expected = retouched(&upright, Orientation::default());
    let changed: f64 = difference(&upright, &expected);
    for lies in every_orientation() {
        let out = retouched(&as_it_lies(&upright, lies), lies);
        let off = difference(&out, &as_it_lies(&expected, lies));
        // The grids of the skin begin at another corner of the face, so that their places lie between those of the upright one.
        assert!(off < 0.25 * changed, "{lies:?}: {off} of {changed}");
    }
}

fn difference(a: &Picture, b: &Picture) -> f64 {
    a.pixels.iter().zip(&b.pixels).map(|(&a, &b)| f64::from(a.abs_diff(b))).sum()
}
