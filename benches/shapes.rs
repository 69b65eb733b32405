//! What the shape costs: the field of a face on one core, and whole frames of 720p with one amount, three and all. Prints a table.

use std::hint::black_box;
use std::time::{Duration, Instant};

use glowup::gpu::Renderer;
use glowup::{Face, FrameMut, Gpu, GpuOptions, Look, Shape, Warp};

const SIZE: (u32, u32) = (1280, 720);
const RUNS: usize = 200;

/// The faces that `tests/shape.rs` measures on, so wide and with their middles so far across and down the frame.
fn faces(width: f32, middles: &[[f32; 2]]) -> Vec<Face> {
    let lines = include_str!("../tests/data/shape_faces.jsonl").lines();
    let face = |(line, middle): (&str, &[f32; 2])| {
        let value: serde_json::Value = serde_json::from_str(line).expect("a line is an object");
        let mut points: Vec<[f32; 3]> = serde_json::from_value(value["points"].clone()).expect("it has points");
        for point in &mut points {
            *point = point.map(|value| value * width / 300.0);
            (point[0], point[1]) = (point[0] + middle[0], point[1] + middle[1]);
        }
        Face { points, visibility: 1.0, ..Face::default() }
    };
    let faces = lines.zip(middles).map(face);
    (0..).zip(faces).map(|(id, face)| Face { id, ..face }).collect()
}

/// The least and the median of many runs, in microseconds.
fn measure(mut run: impl FnMut()) -> [f64; 2] {
    (0..10).for_each(|_| run());
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    [0, RUNS / 2].map(|at| times.get(at).map_or(0.0, |time| time.as_secs_f64() * 1e6))
}

fn main() {
    let slim = Shape { slim: 1.0, ..Shape::NONE };
    let three = Shape { eye_size: 0.5, nose_width: 0.5, ..slim };
    let mut all = Look::NONE;
    for row in Look::ROWS.iter().filter(|row| row.group.name == "shape") {
        row.set(&mut all, 0.5).expect("a half is in range");
    }
    let looks = [
        ("slim", Look { shape: slim, ..Look::NONE }),
        ("slim, eye_size, nose_width", Look { shape: three, ..Look::NONE }),
        ("all at a half", all),
    ];
    let one = faces(300.0, &[[640.0, 360.0]]);
    let four = faces(150.0, &[[320.0, 180.0], [960.0, 180.0], [320.0, 540.0], [960.0, 540.0]]);
    println!("least and median of {RUNS} runs, in microseconds\n");
    println!("| fields, memory for them included | least | median | median a face |\n| --- | --- | --- | --- |");
    for (name, look) in &looks {
        for faces in [&one, &four] {
            let [least, median] =
                measure(|| drop(black_box(Warp::all(faces, SIZE.0, SIZE.1, look).expect("all is in range"))));
            let count = faces.len();
            println!("| {name}, faces: {count} | {least:.0} | {median:.0} | {:.0} |", median / count as f64);
        }
    }
    let gpu = Gpu::new(GpuOptions::default()).expect("there is a device");
    let mut renderer = Renderer::new(&gpu).expect("the shaders compile");
    let mut pixels: Vec<u8> = (0..SIZE.0 * SIZE.1 * 4).map(|index| (index * 37 % 251) as u8).collect();
    println!("\n| whole frames of 720p, retouched in memory | least | median |\n| --- | --- | --- |");
    for (name, look) in &looks {
        for faces in [&one, &four] {
            let [least, median] = measure(|| {
                let mut frame = FrameMut::rgba8(&mut pixels, SIZE.0, SIZE.1).expect("the size fits");
                renderer.retouch(&mut frame, faces, look).expect("the device is there");
            });
            println!("| {name}, faces: {} | {least:.0} | {median:.0} |", faces.len());
        }
    }
}
