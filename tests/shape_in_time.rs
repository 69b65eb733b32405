//! What a shape does to a picture over time: what is behind a resting face rests.

#[path = "support/shapes.rs"]
mod shapes;
mod support;

use std::time::Duration;

use glowup::face::topology::FACE_OVAL;
use glowup::{Face, FaceTracker, Frame, Look, Shape, TrackerOptions, Warp};
use shapes::{Point, Rng};
use support::{Picture, inside, nearest, width};

/// Eight bytes and a bell of spread 4: the sum of eight numbers from 0 to 255 has a spread of 209.
fn noise(rng: &mut Rng) -> f32 {
    let sum: u32 = rng.next().to_le_bytes().into_iter().map(u32::from).sum();
    (sum as f32 - 1020.0) * (4.0 / 209.0)
}

/// Places behind the lower half of a face, as far as shapes reach.
fn behind(face: &Face, frame: (u32, u32)) -> Vec<Point> {
    let eyes = (face.points[33][1] + face.points[263][1]) / 2.0;
    let mut places = Vec::new();
    for y in (0..frame.1).step_by(5) {
        for x in (0..frame.0).step_by(5) {
            let (x, y) = (x as f32 + 0.5, y as f32 + 0.5);
            let off = nearest(face, &FACE_OVAL, x, y) / width(face);
            if y > eyes && !inside(face, &FACE_OVAL, x, y) && (0.03..0.25).contains(&off) {
                places.push([x, y]);
            }
        }
    }
    places
}

#[test]
fn behind_a_still_face_nothing_shimmers() {
    let portrait = image::open(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/astronaut.png")).unwrap();
    let head = portrait.crop_imm(0, 0, 512, 288).resize_exact(1280, 720, image::imageops::FilterType::CatmullRom);
    let still: Picture = head.into_rgba8().into();
    let mut tracker = FaceTracker::new(TrackerOptions::default()).unwrap();
    let mut rng = Rng(1);
    let mut faces = Vec::new();
    for index in 0..75 {
        let mut noisy = still.clone();
        for pixel in noisy.pixels.chunks_exact_mut(4) {
            let pixel = pixel.first_chunk_mut::<3>().unwrap();
            *pixel = pixel.map(|value| (f32::from(value) + noise(&mut rng)).round().clamp(0.0, 255.0) as u8);
        }
        let frame = Frame::rgba8(&noisy.pixels, 1280, 720).unwrap();
        let found = tracker.track(&frame, Duration::from_millis(33 * index)).unwrap();
        if index >= 30 {
            faces.push(found[0].clone());
        }
    }
    let places = behind(&faces[0], (1280, 720));
    println!("face {} wide, {} places", width(&faces[0]), places.len());
    let mut looks = Look::PRESETS[1..].to_vec();
    looks.push(("slim at 1", Look { shape: Shape { slim: 1.0, ..Shape::NONE }, ..Look::NONE }));
    for (name, look) in &looks {
        let warps: Vec<Warp> = faces.iter().map(|face| Warp::new(face, 1280, 720, look).unwrap()).collect();
        let (mut square, mut worst) = (0.0, 0.0_f32);
        for place in &places {
            let by: Vec<Point> = warps.iter().map(|warp| warp.displacement(*place)).collect();
            let count = by.len() as f32;
            let mean = [0, 1].map(|axis: usize| by.iter().map(|by| by[axis]).sum::<f32>() / count);
            let variance =
                by.iter().map(|by| (by[0] - mean[0]).powi(2) + (by[1] - mean[1]).powi(2)).sum::<f32>() / count;
            square += variance / places.len() as f32;
            worst = worst.max(variance.sqrt());
        }
        println!("{name}: {:.3} px rms, {worst:.3} at the worst place", square.sqrt());
        assert!(square.sqrt() <= 0.05, "{name}");
    }
}
