//! Clips that are cut, cross-faded and lit by flashes: another person is another face, and nobody else is lost.

use std::time::Duration;

use composite::{Place, frame, ground, lay, picture, portrait};
use glowup::{Face, FaceTracker, TrackerOptions};
use image::{Rgba, RgbaImage};

#[path = "support/composite.rs"]
mod composite;

const SIZE: (u32, u32) = (640, 480);

/// The astronaut, who slowly moves to the right: the middle of her face begins at that place.
fn first(index: u32, at: [f32; 2]) -> RgbaImage {
    let mut canvas = ground(SIZE.0, SIZE.1);
    // The middle of her face lies at (226, 118) of 512 × 512.
    let drift = 0.4 * index as f32;
    lay(&mut canvas, &portrait(), Place::at(at[0] + 30.0 + drift, at[1] + 138.0));
    canvas
}

/// The man at his desk, his face in the middle of the picture and about as large.
fn second(index: u32) -> RgbaImage {
    let mut canvas = ground(SIZE.0, SIZE.1);
    // His face lies at (207, 155) of 400 × 300.
    let drift = 0.4 * index as f32;
    lay(&mut canvas, &picture("tests/data/webcam_000.png"), Place::at(320.0 - 7.0 + drift, 240.0 - 5.0));
    canvas
}

const MIDDLE: [f32; 2] = [320.0, 240.0];

fn follow(tracker: &mut FaceTracker, index: u32, picture: &RgbaImage) -> Vec<Face> {
    tracker.track(&frame(picture), Duration::from_secs(1) * index / 30).unwrap().to_vec()
}

fn tracker() -> FaceTracker {
    FaceTracker::new(TrackerOptions::default()).unwrap()
}

/// The faces that are there, not those that fade.
fn ids(faces: &[Face]) -> Vec<u64> {
    faces.iter().filter(|face| face.score > 0.0).map(|face| face.id).collect()
}

/// How far the points of two faces are apart, in the mean, in eye distances of the first.
fn apart(a: &Face, b: &Face) -> f32 {
    let distance = |a: &[f32; 3], b: &[f32; 3]| (a[0] - b[0]).hypot(a[1] - b[1]);
    let sum: f32 = a.points.iter().zip(&b.points).map(|(a, b)| distance(a, b)).sum();
    sum / a.points.len() as f32 / distance(&a.points[33], &a.points[263])
}

#[test]
fn after_a_cut_the_face_in_the_same_place_is_another_one() {
    let (mut joined, mut alone) = (tracker(), tracker());
    for index in 0..15 {
        assert_eq!(ids(&follow(&mut joined, index, &first(index, MIDDLE))), [0], "frame {index}");
    }
    for index in 0..15 {
        let faces = follow(&mut joined, 15 + index, &second(index));
        let own = follow(&mut alone, index, &second(index));
        assert_eq!((ids(&faces), faces.len()), (vec![1], 1), "frame {index} after the cut");
        if index > 0 {
            assert!(apart(&own[0], &faces[0]) < 0.03, "frame {index}: {}", apart(&own[0], &faces[0]));
        }
        assert!(faces[0].visibility <= 0.151 * (index + 1) as f32, "it fades in as any new face");
    }
}

#[test]
fn somebody_who_is_still_there_keeps_their_number() {
    let mut tracker = tracker();
    let head = image::imageops::crop_imm(&portrait(), 150, 20, 150, 190).to_image();
    for index in 0..20 {
        // Another background behind her, from one frame to the next.
        let mut canvas = ground(SIZE.0, SIZE.1);
        if index >= 10 {
            for (x, y, pixel) in canvas.enumerate_pixels_mut() {
                *pixel = Rgba([(x / 40 * 16) as u8, 255 - (y / 3) as u8, 90 + (x / 60 % 2 * 120) as u8, 255]);
            }
        }
        lay(&mut canvas, &head, Place::at(320.0 + index as f32, 240.0));
        assert_eq!(ids(&follow(&mut tracker, index, &canvas)), [0], "frame {index}");
    }
    // The camera jumps, and she is on the other side of the picture.
    let mut canvas = ground(SIZE.0, SIZE.1);
    lay(&mut canvas, &head, Place::at(120.0, 330.0).scaled(1.2));
    assert_eq!(ids(&follow(&mut tracker, 20, &canvas)), [0], "elsewhere");
}

#[test]
fn a_cross_fade_loses_nobody() {
    let mut tracker = tracker();
    for index in 0..50 {
        let share = ((index as f32 - 10.0) / 30.0).clamp(0.0, 1.0);
        let (from, to) = (first(index, MIDDLE), second(index));
        let mut mixed = from.clone();
        for (mixed, (a, b)) in mixed.iter_mut().zip(from.iter().zip(to.iter())) {
            *mixed = (f32::from(*a) * (1.0 - share) + f32::from(*b) * share) as u8;
        }
        assert_eq!(ids(&follow(&mut tracker, index, &mixed)).len(), 1, "frame {index}");
    }
}

#[test]
fn a_flash_loses_nobody() {
    for (gain, offset) in [(1.6, 20.0), (2.2, 40.0), (0.2, 0.0), (0.0, 250.0)] {
        let mut tracker = tracker();
        for index in 0..40 {
            let mut picture = first(index, MIDDLE);
            if (15..17).contains(&index) {
                for Rgba([r, g, b, _]) in picture.pixels_mut() {
                    [r, g, b].into_iter().for_each(|value| *value = (f32::from(*value) * gain + offset) as u8);
                }
            }
            let faces = follow(&mut tracker, index, &picture);
            assert!(faces.iter().all(|face| face.id == 0), "{gain}, frame {index}: {:?}", ids(&faces));
            assert!(!(16 + 8..).contains(&index) || ids(&faces) == [0], "{gain}, frame {index}");
        }
    }
}

#[test]
fn a_larger_face_takes_the_place_of_the_smallest_after_a_while() {
    let mut tracker = FaceTracker::new(TrackerOptions { max_faces: 1, ..TrackerOptions::default() }).unwrap();
    let (small, large) = (first(0, [150.0, 150.0]), portrait());
    let mut seen = Vec::new();
    for index in 0..180 {
        let mut canvas = image::imageops::resize(&small, 320, 240, image::imageops::FilterType::Triangle);
        canvas = {
            let mut wide = ground(SIZE.0, SIZE.1);
            lay(&mut wide, &canvas, Place::at(160.0, 120.0));
            wide
        };
        if index >= 20 {
            let head = image::imageops::crop_imm(&large, 150, 20, 150, 190).to_image();
            lay(&mut canvas, &head, Place::at(470.0, 300.0).scaled(1.4));
        }
        let faces = follow(&mut tracker, index, &canvas);
        assert!(ids(&faces).len() <= 1, "frame {index}");
        seen.push(faces.iter().map(|face| (face.id, face.visibility)).collect::<Vec<_>>());
    }
    let visibility = |faces: &[(u64, f32)], id| faces.iter().find(|face| face.0 == id).map_or(0.0, |face| face.1);
    assert_eq!((visibility(&seen[19], 0), visibility(&seen[34], 0)), (1.0, 1.0), "not at once");
    let last = seen.last().unwrap();
    assert_eq!((last.len(), visibility(last, 1)), (1, 1.0), "{last:?}");
    for (pair, id) in seen.windows(2).flat_map(|pair| [(pair, 0), (pair, 1)]) {
        let step = (visibility(&pair[0], id) - visibility(&pair[1], id)).abs();
        assert!(step <= 0.1501, "both fade: {pair:?}");
    }
}
