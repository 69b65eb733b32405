//! Hours of running in minutes: many small frames through a session and a renderer, while memory, threads and GPU objects are
//! counted. Ends with status 1 where a promise is broken.

mod common;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Parser, ValueEnum};
use common::{Failure, say};
use glowup::gpu::Renderer;
use glowup::{
    Beautifier, BeautifierOptions, Error, Face, FaceTracker, Frame, FrameMut, Gpu, Look, TrackerOptions, wgpu,
};
use image::RgbaImage;
use image::imageops::{FilterType, crop_imm, resize};

/// Frames of an hour at 30 a second.
const HOUR: u64 = 108_000;
/// Share of the frames after which a session is warm.
const WARM: f64 = 0.1;
/// Frames between two looks at the memory.
const SAMPLE: u64 = 50;
/// Megabytes that may come and go at any time.
const PAGES: f64 = 0.3;
/// Frames after which the size changes.
const CHANGE: u64 = 10;
/// Most faces that one frame's retouch takes on, and more than that.
const CROWD: (usize, usize) = (32, 50);

/// Runs many small frames and checks what is promised of hours: memory that does not grow, GPU objects that stay as many,
/// 50 faces at the cost of 32, a lost device made whole within a second.
#[derive(Parser)]
struct Arguments {
    /// Frames in all
    #[arg(long, value_name = "N", default_value_t = HOUR, value_parser = clap::value_parser!(u64).range(600..))]
    frames: u64,
    /// Run this alone
    #[arg(long, value_enum)]
    only: Option<Part>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Part {
    /// One size, a face that moves about
    Steady,
    /// Another size every ten frames, faces that come, go and strobe
    Changes,
    /// From 0 to 50 faces by landmarks, half of them out of the frame
    Faces,
    /// What 50 faces cost beside 32
    Crowd,
    /// A device that is lost again and again
    Loss,
}

fn main() -> ExitCode {
    common::main(run)
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    let wanted = |part| arguments.only.is_none_or(|only| only == part);
    let host = Host::new()?;
    let portrait = image::open(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/astronaut.png"))?.into_rgba8();
    let mut table = Table::default();
    say(format_args!("{} frames on {}", arguments.frames, host.gpu.adapter()));
    let long = [Part::Steady, Part::Changes, Part::Faces].map(wanted).iter().filter(|&&wanted| wanted).count() as u64;
    let frames = arguments.frames / long.max(1);
    if wanted(Part::Steady) {
        steady(&host, &portrait, frames, &mut table)?;
    }
    if wanted(Part::Changes) {
        changes(&host, &portrait, frames, &mut table)?;
    }
    if wanted(Part::Faces) {
        faces(&host, &portrait, frames, &mut table)?;
    }
    if wanted(Part::Crowd) {
        crowd(&host, &portrait, (frames / 200).clamp(15, 200) as usize, &mut table)?;
    }
    if wanted(Part::Loss) {
        loss(&portrait, (frames / 500).clamp(5, 50), &mut table)?;
    }
    if table.broken > 0 { Err(format!("{} promises are broken", table.broken).into()) } else { Ok(()) }
}

/// What was found, a line each.
#[derive(Default)]
struct Table {
    broken: u32,
}

impl Table {
    fn row(&mut self, what: &str, found: f64, unit: &str, most: f64) {
        let kept = found <= most;
        self.broken += u32::from(!kept);
        let verdict = if kept { "kept" } else { "BROKEN" };
        say(format_args!("{what:<46} {found:>9.3} {unit:<14} at most {most:<7} {verdict}"));
    }
}

/// A device as a host has it, and the instance that counts what lives on it.
struct Host {
    instance: wgpu::Instance,
    gpu: Gpu,
}

impl Host {
    fn new() -> Result<Self, Failure> {
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
        let (device, queue) = pollster::block_on(async {
            let adapter = instance.request_adapter(&wgpu::RequestAdapterOptions::default()).await?;
            Ok::<_, Failure>(adapter.request_device(&wgpu::DeviceDescriptor::default()).await?)
        })?;
        Ok(Self { instance, gpu: Gpu::from_device(device, queue) })
    }

    /// How many GPU objects are alive.
    fn objects(&self) -> usize {
        let Some(report) = self.instance.generate_report() else { return 0 };
        let hub = report.hub_report();
        [
            &hub.bind_groups,
            &hub.bind_group_layouts,
            &hub.pipeline_layouts,
            &hub.compute_pipelines,
            &hub.shader_modules,
            &hub.buffers,
            &hub.textures,
            &hub.texture_views,
            &hub.samplers,
            &hub.command_encoders,
            &hub.command_buffers,
        ]
        .iter()
        .map(|kind| kind.num_kept_from_user)
        .sum()
    }
}

/// What is looked at over many frames.
#[derive(Default)]
struct Watch {
    /// Frame and megabytes.
    memory: Vec<(f64, f64)>,
    /// GPU objects alive at the same place of each cycle.
    objects: Vec<usize>,
    threads: Vec<usize>,
}

impl Watch {
    fn look(&mut self, frame: u64, host: &Host) {
        self.memory.extend(resident().map(|megabytes| (frame as f64, megabytes)));
        self.objects.push(host.objects());
        self.threads.extend(std::fs::read_dir("/proc/self/task").ok().map(Iterator::count));
    }

    fn report(&self, part: &str, frames: u64, table: &mut Table) {
        // The first look is before anything has come round.
        let warm = |length: usize| (length as f64 * WARM).ceil() as usize;
        let spread = |values: &[usize]| {
            let settled = values.get(warm(values.len())..).unwrap_or_default();
            settled.iter().max().copied().unwrap_or(0) - settled.iter().min().copied().unwrap_or(0)
        };
        if let (Some(first), Some(last)) = (self.memory.get(warm(self.memory.len())), self.memory.last()) {
            let slope = slope(self.memory.get(warm(self.memory.len())..).unwrap_or_default()) * HOUR as f64;
            // A few pages more or less are no slope: in a short run they would look like one.
            let most = (PAGES * HOUR as f64 / frames as f64).max(1.0);
            table.row(&format!("{part}: resident memory grows by"), slope, "MB an hour", most);
            say(format_args!("    {:.1} MB when warm, {:.1} MB after {frames} frames", first.1, last.1));
        }
        table.row(&format!("{part}: GPU objects alive vary by"), spread(&self.objects) as f64, "", 0.0);
        table.row(&format!("{part}: threads vary by"), spread(&self.threads) as f64, "", 0.0);
    }
}

/// Megabytes of memory in use, where the system says.
fn resident() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<f64>().ok()? / 1024.0)
}

/// The slope of the straight line that is nearest to some points (least squares).
fn slope(points: &[(f64, f64)]) -> f64 {
    let n = points.len().max(1) as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |sum, point| (sum.0 + point.0 / n, sum.1 + point.1 / n));
    let (over, under) = points.iter().fold((0.0, 0.0), |(over, under), point| {
        (over + (point.0 - x) * (point.1 - y), under + (point.0 - x) * (point.0 - x))
    });
    if under > 0.0 { over / under } else { 0.0 }
}

/// The portrait's head, moved about and scaled: frame `index` of a clip without end.
fn clip(portrait: &RgbaImage, width: u32, height: u32, index: u64) -> RgbaImage {
    let way = (index % 60).abs_diff(30) as u32;
    let part = crop_imm(portrait, 115 + way, 5 + way / 3, 230, 230 * height / width).to_image();
    resize(&part, width, height, FilterType::Triangle)
}

fn session(gpu: &Gpu) -> Result<Beautifier, Error> {
    let mut session = Beautifier::with_gpu(gpu, TrackerOptions::default())?;
    session.set_look(Look::GLAM)?;
    Ok(session)
}

fn at(index: u64) -> Duration {
    Duration::from_millis(index * 100 / 3)
}

fn steady(host: &Host, portrait: &RgbaImage, frames: u64, table: &mut Table) -> Result<(), Failure> {
    let pictures: Vec<RgbaImage> = (0..60).map(|index| clip(portrait, 128, 96, index)).collect();
    let (mut session, mut watch) = (session(&host.gpu)?, Watch::default());
    let (mut created, mut seen) = (0, 0);
    let mut picture = RgbaImage::new(128, 96);
    for index in 0..frames {
        picture.copy_from_slice(&pictures[index as usize % 60]);
        let faces = session.process(&mut FrameMut::rgba8(&mut picture, 128, 96)?, at(index))?;
        seen += u64::from(!faces.is_empty());
        if index == (frames as f64 * WARM) as u64 {
            created = session.stats().gpu_resources_created;
        }
        if index % SAMPLE == 0 {
            watch.look(index, host);
        }
    }
    watch.report("steady", frames, table);
    let created = session.stats().gpu_resources_created - created;
    table.row("steady: GPU objects created once warm", created as f64, "", 0.0);
    table.row("steady: frames without the face", (frames - seen) as f64 * 100.0 / frames as f64, "%", 1.0);
    Ok(())
}

fn changes(host: &Host, portrait: &RgbaImage, frames: u64, table: &mut Table) -> Result<(), Failure> {
    const SIZES: [(u32, u32); 5] = [(128, 96), (97, 131), (160, 90), (64, 64), (33, 47)];
    let clips = SIZES.map(|(width, height)| {
        (0..CHANGE).map(|index| clip(portrait, width, height, 6 * index)).collect::<Vec<RgbaImage>>()
    });
    let (mut session, mut watch) = (session(&host.gpu)?, Watch::default());
    let mut seen = 0_u64;
    for index in 0..frames {
        let round = index / CHANGE;
        let size = round as usize % SIZES.len();
        let (width, height) = SIZES[size];
        // There for a round; there every other frame; there in the second half; gone.
        let there = match round % 7 {
            0..=2 => true,
            3 | 4 => index % 2 == 0,
            5 => index % CHANGE >= CHANGE / 2,
            _ => false,
        };
        let mut picture = if there {
            clips[size][(index % CHANGE) as usize].clone()
        } else {
            RgbaImage::from_pixel(width, height, image::Rgba([90, 100, 110, 255]))
        };
        let faces = session.process(&mut FrameMut::rgba8(&mut picture, width, height)?, at(index))?;
        seen += u64::from(!faces.is_empty());
        // Once in each cycle of sizes and faces, at the same place of it.
        let cycle = CHANGE * SIZES.len() as u64 * 7;
        if index % cycle == 2 * CHANGE - 1 {
            watch.look(index, host);
        }
    }
    watch.report("changes", frames, table);
    say(format_args!("    a face in {:.0} % of the frames", seen as f64 * 100.0 / frames as f64));
    Ok(())
}

/// As many faces as wanted, made of one: a grid of them, each scaled to `width` pixels.
fn many(face: &Face, count: usize, width: f32, columns: usize, pitch: [f32; 2], shift: f32) -> Vec<Face> {
    let (left, right) = (face.points[234], face.points[454]);
    let scale = width / (right[0] - left[0]).hypot(right[1] - left[1]);
    let centre = face.points[4];
    let one = |index: usize| {
        let place = [index % columns, index / columns].map(|step| step as f32 + 0.5);
        let points = face.points.iter().map(|point| {
            [
                (point[0] - centre[0]) * scale + place[0] * pitch[0] + shift,
                (point[1] - centre[1]) * scale + place[1] * pitch[1],
                point[2] * scale,
            ]
        });
        Face { id: index as u64, score: 1.0, visibility: 1.0, points: points.collect(), ..Face::default() }
    };
    (0..count).map(one).collect()
}

fn portraits_face(portrait: &RgbaImage) -> Result<Face, Failure> {
    let frame = Frame::rgba8(portrait, portrait.width(), portrait.height())?;
    let faces = FaceTracker::new(TrackerOptions::default())?.detect(&frame)?;
    faces.into_iter().next().ok_or_else(|| "the portrait's face was not found".into())
}

fn faces(host: &Host, portrait: &RgbaImage, frames: u64, table: &mut Table) -> Result<(), Failure> {
    let face = portraits_face(portrait)?;
    let original = resize(portrait, 160, 120, FilterType::Triangle);
    let mut picture = original.clone();
    let (mut renderer, mut watch) = (Renderer::new(&host.gpu)?, Watch::default());
    // The most that there will be come first, so that what follows needs nothing new.
    let counts = [50, 0, 1, 2, 0, 4, 1, 3, 0, 0, 5, 1, 2, 1, 0, 1, 1, 6, 0, 2];
    let lists: Vec<Vec<Face>> = (0..)
        .zip(counts)
        .map(|(index, count)| many(&face, count, 24.0, 6, [32.0, 24.0], 9.0 * index as f32 - 90.0))
        .collect();
    let mut created = 0;
    for index in 0..frames {
        let round = (index % lists.len() as u64) as usize;
        // A crowd is dear; it comes back now and then.
        let list = if round == 0 && index % 400 != 0 { &lists[1] } else { &lists[round] };
        picture.copy_from_slice(&original);
        renderer.retouch(&mut FrameMut::rgba8(&mut picture, 160, 120)?, list, &Look::GLAM)?;
        if index == (frames as f64 * WARM) as u64 {
            created = renderer.stats().resources_created;
        }
        if index % SAMPLE == 0 {
            watch.look(index, host);
        }
    }
    watch.report("faces", frames, table);
    let created = renderer.stats().resources_created - created;
    table.row("faces: GPU objects created once warm", created as f64, "", 0.0);
    Ok(())
}

fn crowd(host: &Host, portrait: &RgbaImage, rounds: usize, table: &mut Table) -> Result<(), Failure> {
    let face = portraits_face(portrait)?;
    let (columns, pitch) = (10, [60.0, 66.0]);
    let (width, height) = (600, 330);
    let original = resize(portrait, width, height, FilterType::Triangle);
    let mut picture = original.clone();
    let mut renderer = Renderer::new(&host.gpu)?;
    let lists = [CROWD.0, CROWD.1].map(|count| many(&face, count, 30.0, columns, pitch, 0.0));
    let mut times = [Vec::new(), Vec::new()];
    // By turns, so that whatever else the machine does strikes both alike.
    for round in 0..rounds + 3 {
        for (list, times) in lists.iter().zip(&mut times) {
            picture.copy_from_slice(&original);
            let start = Instant::now();
            renderer.retouch(&mut FrameMut::rgba8(&mut picture, width, height)?, list, &Look::GLAM)?;
            if round >= 3 {
                times.push(start.elapsed());
            }
        }
    }
    let [cap, more] = times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64() * 1e3
    });
    table.row("crowd: 50 faces cost more than 32 by", (more / cap - 1.0) * 100.0, "%", 10.0);
    say(format_args!("    {cap:.1} ms and {more:.1} ms, medians of {rounds}"));
    Ok(())
}

fn loss(portrait: &RgbaImage, rounds: u64, table: &mut Table) -> Result<(), Failure> {
    let mut session = Beautifier::new(BeautifierOptions::default())?;
    session.set_look(Look::GLAM)?;
    let original = clip(portrait, 128, 96, 0);
    let mut first = None;
    let (mut slowest, mut stale, mut other) = (Duration::ZERO, 0, 0);
    for _ in 0..rounds {
        let mut picture = original.clone();
        session.process_still(&mut FrameMut::rgba8(&mut picture, 128, 96)?)?;
        other += u32::from(*first.get_or_insert_with(|| picture.clone()) != picture);
        session.gpu().device().destroy();
        let outcome = session.process_still(&mut FrameMut::rgba8(&mut picture, 128, 96)?);
        stale += u32::from(!matches!(outcome, Err(Error::DeviceLost { .. })));
        let start = Instant::now();
        session.recover()?;
        slowest = slowest.max(start.elapsed());
    }
    table.row("loss: frames that did not hear of it", f64::from(stale), "", 0.0);
    table.row("loss: frames that came out differently after", f64::from(other), "", 0.0);
    table.row("loss: slowest recovery", slowest.as_secs_f64(), "s", 1.0);
    say(format_args!("    {rounds} devices lost and made anew"));
    Ok(())
}
