//! What more faces cost, as ratios measured in turn: four faces against one, and looking for new ones beside a followed face
//! against not looking, in the dearest of the frames that a search is spread over.

use std::time::{Duration, Instant};

use glowup::{FaceTracker, Frame, TrackerOptions};
use image::{RgbaImage, imageops};

const ROUNDS: usize = 400;

/// The portrait's head so many times on a plain ground.
fn heads(count: u32) -> RgbaImage {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/astronaut.png");
    let portrait = image::open(path).expect("the portrait is there").into_rgba8();
    let head = imageops::crop_imm(&portrait, 130, 20, 190, 200).to_image();
    let mut canvas = RgbaImage::from_pixel(1280, 720, image::Rgba([96, 104, 112, 255]));
    for index in 0..count {
        imageops::replace(&mut canvas, &head, 60 + 300 * i64::from(index), 200);
    }
    canvas
}

struct Case {
    tracker: FaceTracker,
    picture: RgbaImage,
    frames: u32,
}

impl Case {
    fn new(faces: u32, max_faces: usize) -> Self {
        let options = TrackerOptions { max_faces, ..TrackerOptions::default() };
        let tracker = FaceTracker::new(options).expect("the networks load");
        let mut case = Self { tracker, picture: heads(faces), frames: 0 };
        while case.frames < 400 && case.tracker.faces().len() < faces as usize {
            case.step();
        }
        assert_eq!(case.tracker.faces().len(), faces as usize, "all faces are found");
        case
    }

    /// Milliseconds of one frame.
    fn step(&mut self) -> f64 {
        let frame = Frame::rgba8(self.picture.as_raw(), 1280, 720).expect("the size fits");
        let start = Instant::now();
        self.tracker.track(&frame, Duration::from_millis(33) * self.frames).expect("it tracks");
        self.frames += 1;
        start.elapsed().as_secs_f64() * 1e3
    }
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() {
    let (mut one, mut four, mut seeking) = (Case::new(1, 1), Case::new(4, 4), Case::new(1, 4));
    let mut times = [Vec::new(), Vec::new()];
    let mut steps = [const { Vec::new() }; 4];
    for round in 0..ROUNDS {
        times[0].push(one.step());
        times[1].push(four.step());
        steps[round % 4].push(seeking.step());
    }
    let [one, four] = times.map(median);
    let steps = steps.map(median);
    let dearest = steps.iter().copied().fold(0.0, f64::max);
    println!("one face {one:.2} ms, four faces {four:.2} ms: {:.2} times", four / one);
    println!(
        "one face and looking for others, by step {steps:.2?} ms: at most {:+.0} %",
        100.0 * (dearest / one - 1.0)
    );
}
