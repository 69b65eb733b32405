//! What a frame costs from start to end, by its size, by how many faces it has and by how much of it they take: each stage,
//! each pass, and the pipeline against the session. Prints a table; with `--serve`, for `frames.py`, it reads a line
//! `WIDTH HEIGHT FACES SHARE RUNS PICTURE` at a time, writes the picture (RGBA) to that file, and prints the medians as JSON.

use std::io::{BufRead, Write};
use std::time::{Duration, Instant};

use glowup::{
    Beautifier, DropPolicy, FrameBuf, FrameMut, FrameStats, Gpu, GpuOptions, Look, Pipeline, PixelFormat,
    TrackerOptions,
};
use image::{RgbaImage, imageops};

/// Frames before the first that counts.
const WARM: u32 = 8;

/// One kind of frame.
#[derive(Clone, Copy)]
struct Case {
    size: (u32, u32),
    faces: u32,
    /// How much of the frame the faces' surroundings take in all, 0..=1.
    share: f32,
}

impl Case {
    /// The portrait's head so many times on a plain ground.
    fn picture(&self) -> RgbaImage {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/astronaut.png");
        let portrait = image::open(path).expect("the portrait is there").into_rgba8();
        // The face and what its retouch can reach.
        let head = imageops::crop_imm(&portrait, 140, 28, 170, 190).to_image();
        let (width, height) = self.size;
        let mut canvas = RgbaImage::from_pixel(width, height, image::Rgba([96, 104, 112, 255]));
        let area = self.share * (width * height) as f32 / self.faces.max(1) as f32;
        let scale = (area / (170.0 * 190.0)).sqrt();
        let (w, h) = ((170.0 * scale) as u32, (190.0 * scale) as u32);
        let head = imageops::resize(&head, w.max(1), h.max(1), imageops::FilterType::Triangle);
        for index in 0..self.faces {
            let x = i64::from((2 * index + 1) * width / (2 * self.faces)) - i64::from(w / 2);
            imageops::replace(&mut canvas, &head, x, (i64::from(height) - i64::from(h)) / 2);
        }
        canvas
    }
}

fn time(index: u32) -> Duration {
    Duration::from_millis(33) * index
}

fn session(gpu: &Gpu) -> Beautifier {
    let mut session = Beautifier::with_gpu(gpu, TrackerOptions::default()).expect("the networks load");
    session.set_look(Look::NATURAL).expect("it is in range");
    session
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The medians of so many frames, in milliseconds, and the counters of the last one.
struct Cost {
    stages: Vec<(&'static str, f64)>,
    passes: Vec<(&'static str, f64)>,
    /// Milliseconds from frame to frame, one after another and in a pipeline.
    apart: f64,
    piped: f64,
    last: FrameStats,
}

fn measure(gpus: &[Gpu; 2], picture: &RgbaImage, runs: u32) -> Cost {
    let (width, height) = picture.dimensions();
    let step = |session: &mut Beautifier, index: u32, pixels: &mut Vec<u8>| {
        pixels.clone_from(picture.as_raw());
        let mut frame = FrameMut::rgba8(pixels, width, height).expect("the size fits");
        let start = Instant::now();
        session.process(&mut frame, time(index)).expect("it is retouched");
        (start.elapsed(), *session.stats())
    };
    let mut pixels = Vec::new();
    let [mut plain, mut timed] = gpus.each_ref().map(session);
    let warm = (0..WARM).map(|index| (step(&mut plain, index, &mut pixels), step(&mut timed, index, &mut pixels)));
    warm.for_each(drop);
    let frames: Vec<_> = (WARM..WARM + runs).map(|index| step(&mut plain, index, &mut pixels)).collect();
    let of = |pick: fn(&FrameStats) -> Option<Duration>| {
        median(frames.iter().filter_map(|(_, stats)| pick(stats)).map(ms).collect())
    };
    let stages = vec![
        ("track", of(|stats| Some(stats.track))),
        ("upload", of(|stats| stats.upload)),
        ("gpu", of(|stats| stats.gpu)),
        ("readback", of(|stats| stats.readback)),
        ("frame", median(frames.iter().map(|(frame, _)| ms(*frame)).collect())),
    ];
    let tested: Vec<_> =
        (WARM..WARM + runs).filter_map(|index| step(&mut timed, index, &mut pixels).1.passes).collect();
    let names: Vec<_> = tested.first().map(|times| times.iter().map(|(name, _)| name).collect()).unwrap_or_default();
    let pass = |index| tested.iter().filter_map(|times| times.iter().nth(index)).map(|(_, time)| ms(time)).collect();
    let passes = names.into_iter().enumerate().map(|(index, name)| (name, median(pass(index)))).collect();
    let last = *plain.stats();

    // The same session goes on, one frame after another and then in a pipeline, over pictures that lie there already.
    let stock = || -> Vec<FrameBuf> {
        let buffer = || FrameBuf::new(PixelFormat::Rgba8, picture.as_raw().clone(), width, height);
        (0..runs).map(|_| buffer().expect("the size fits")).collect()
    };
    let mut frames = stock();
    let start = Instant::now();
    for (index, frame) in (WARM + runs..).zip(&mut frames) {
        plain.process(&mut frame.as_frame_mut(), time(index)).expect("it is retouched");
    }
    let apart = ms(start.elapsed()) / f64::from(runs);
    let frames = stock();
    let pipeline = Pipeline::new(plain, DropPolicy::Wait).expect("a thread");
    let start = Instant::now();
    for (index, frame) in (WARM + 2 * runs..).zip(frames) {
        pipeline.push(frame, time(index)).expect("it goes on");
        while pipeline.take().is_some() {}
    }
    while pipeline.wait().is_some() {}
    Cost { stages, passes, apart, piped: ms(start.elapsed()) / f64::from(runs), last }
}

fn serve(gpus: &[Gpu; 2]) {
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("text");
        let [width, height, faces, share, runs, path] = line.split_whitespace().collect::<Vec<_>>()[..] else {
            panic!("{line:?} is not WIDTH HEIGHT FACES SHARE RUNS PICTURE");
        };
        let number = |text: &str| text.parse::<u32>().expect("a number");
        let share = share.parse().expect("a number");
        let case = Case { size: (number(width), number(height)), faces: number(faces), share };
        let picture = case.picture();
        std::fs::write(path, picture.as_raw()).expect("the picture can be written");
        let cost = measure(gpus, &picture, number(runs));
        let all: std::collections::BTreeMap<_, _> = cost
            .stages
            .iter()
            .chain(&cost.passes)
            .copied()
            .chain([("apart", cost.apart), ("piped", cost.piped), ("dispatches", f64::from(cost.last.dispatches))])
            .chain([("pixels", cost.last.pixels as f64), ("bytes", cost.last.bytes as f64)])
            .collect();
        println!("{}", serde_json::to_string(&all).expect("numbers"));
        std::io::stdout().flush().expect("somebody listens");
    }
}

fn main() {
    let gpus = [false, true].map(|timestamps| {
        Gpu::new(GpuOptions { timestamps, ..GpuOptions::default() }).expect("a device; mesa-vulkan-drivers has one")
    });
    if std::env::args().any(|argument| argument == "--serve") {
        return serve(&gpus);
    }
    println!("{}; medians in milliseconds", gpus[0].adapter());
    for size in [(640, 360), (1280, 720), (1920, 1080), (3840, 2160)] {
        for (faces, share) in [(0, 0.0), (1, 0.05), (1, 0.25), (1, 0.6), (4, 0.25)] {
            let cost = measure(&gpus, &Case { size, faces, share }.picture(), 20);
            let list = |values: &[(&str, f64)]| {
                values.iter().map(|(name, ms)| format!("{name} {ms:.2}")).collect::<Vec<_>>().join("  ")
            };
            println!("\n{}×{}, {faces} faces on {:.0} %", size.0, size.1, 100.0 * share);
            println!("  {}", list(&cost.stages));
            if faces > 0 {
                println!("  passes, by the device's own clock: {}", list(&cost.passes));
            }
            let FrameStats { dispatches, pixels, bytes, .. } = cost.last;
            println!("  {dispatches} dispatches, {pixels} pixels, {bytes} bytes");
            println!("  pipelined {:.2} a frame, {:.2} times as many", cost.piped, cost.apart / cost.piped);
        }
    }
}
