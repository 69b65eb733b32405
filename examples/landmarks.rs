//! The faces of a picture or of every frame of a clip. Needs no GPU.

mod common;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use common::Failure;
use common::media::{Clip, is_picture, read_picture, write_picture};
use common::report::{Landmarks, Stats};
use glowup::face::topology;
use glowup::{Face, FaceTracker, Frame, TrackerOptions};
use image::{Rgba, RgbaImage};

/// Finds the faces of a picture or of every frame of a clip.
#[derive(Parser)]
struct Arguments {
    /// A picture (PNG, JPEG, WebP) or any clip that ffmpeg reads
    input: PathBuf,
    /// Write the landmarks: JSON lines, one a frame
    #[arg(long, value_name = "OUT")]
    json: Option<PathBuf>,
    /// Most faces to find, 1 to 32
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=32))]
    faces: u8,
    /// Draw the landmarks over the picture, or over a clip's last frame
    #[arg(long, value_name = "OUT.png")]
    draw: Option<PathBuf>,
    /// Write what each stage cost: one JSON object
    #[arg(long, value_name = "OUT")]
    stats: Option<PathBuf>,
    /// Scale each frame of a clip to that height first
    #[arg(long, value_name = "H", value_parser = clap::value_parser!(u32).range(16..=8192))]
    scale_height: Option<u32>,
    /// Stop after that many frames
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_frames: Option<u64>,
}

fn main() -> ExitCode {
    common::main(run)
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    let options = TrackerOptions { max_faces: usize::from(arguments.faces), ..TrackerOptions::default() };
    let mut tracker = FaceTracker::new(options)?;
    let mut json = arguments.json.as_deref().map(Landmarks::create).transpose()?;
    let mut stats = Stats::default();
    let (picture, faces) = if is_picture(&arguments.input) {
        still(&arguments, &tracker, &mut json, &mut stats)?
    } else {
        clip(&arguments, &mut tracker, &mut json, &mut stats)?
    };
    if let Some(json) = json {
        json.finish()?;
    }
    if let Some(path) = &arguments.stats {
        stats.write(path, None)?;
    }
    if let Some(path) = &arguments.draw {
        draw(path, picture, &faces)?;
    }
    Ok(())
}

type Last = (RgbaImage, Vec<Face>);

fn still(
    arguments: &Arguments,
    tracker: &FaceTracker,
    json: &mut Option<Landmarks>,
    stats: &mut Stats,
) -> Result<Last, Failure> {
    let mut picture = read_picture(&arguments.input)?;
    if let Some(height) = arguments.scale_height {
        let width = (f64::from(picture.width()) * f64::from(height) / f64::from(picture.height())).round() as u32;
        picture = image::imageops::resize(&picture, width.max(1), height, image::imageops::FilterType::CatmullRom);
    }
    let (width, height) = picture.dimensions();
    let start = Instant::now();
    let faces = tracker.detect(&Frame::rgba8(&picture, width, height)?)?;
    let time = Some(start.elapsed());
    stats.add_times([time, None, time, None, None, None, time]);
    if let Some(json) = json {
        json.write(width, height, &faces)?;
    }
    println!("{}: {} in {width}×{height} pixels", arguments.input.display(), count(faces.len()));
    for face in &faces {
        let pose = face.pose();
        println!(
            "  face {}: score {:.2}, yaw {:.0}°, pitch {:.0}°, roll {:.0}°",
            face.id, face.score, pose.yaw, pose.pitch, pose.roll
        );
    }
    Ok((picture, faces))
}

fn clip(
    arguments: &Arguments,
    tracker: &mut FaceTracker,
    json: &mut Option<Landmarks>,
    stats: &mut Stats,
) -> Result<Last, Failure> {
    let mut clip = Clip::open(&arguments.input, arguments.scale_height)?;
    let (width, height) = (clip.info.width, clip.info.height);
    let mut last = RgbaImage::new(width, height);
    let (mut frames, mut with_face, mut total) = (0_u64, 0_u64, Duration::ZERO);
    while arguments.max_frames.is_none_or(|most| frames < most)
        && let Some((pixels, time)) = clip.next_frame()?
    {
        let faces = tracker.track(&Frame::rgba8(pixels, width, height)?, time)?;
        if let Some(json) = json {
            json.write(width, height, faces)?;
        }
        frames += 1;
        with_face += u64::from(faces.iter().any(|face| face.score > 0.0));
        let times = tracker.times();
        total += times.total;
        stats.add_times([times.detect, times.landmarks, Some(times.total), None, None, None, Some(times.total)]);
        if arguments.draw.is_some() {
            last.copy_from_slice(pixels);
        }
    }
    let mean = total.as_secs_f64() * 1e3 / frames.max(1) as f64;
    println!("{}: a face in {with_face} of {frames} frames, {mean:.1} ms a frame", arguments.input.display());
    Ok((last, tracker.faces().to_vec()))
}

fn count(faces: usize) -> String {
    match faces {
        0 => "no face".to_owned(),
        1 => "1 face".to_owned(),
        _ => format!("{faces} faces"),
    }
}

/// Draws each point, the contours' in other colours.
fn draw(path: &Path, mut picture: RgbaImage, faces: &[Face]) -> Result<(), Failure> {
    let contours: [(&[u16], [u8; 4]); 4] = [
        (&topology::FACE_OVAL, [255, 200, 0, 255]),
        (&topology::LEFT_EYE, [0, 200, 255, 255]),
        (&topology::RIGHT_EYE, [0, 200, 255, 255]),
        (&topology::LIPS, [255, 80, 120, 255]),
    ];
    for face in faces {
        for (index, point) in (0_u16..).zip(&face.points) {
            let colour = contours.iter().find(|(list, _)| list.contains(&index)).map_or([80, 255, 80, 255], |c| c.1);
            let (x, y) = (point[0].floor(), point[1].floor());
            if x >= 0.0 && y >= 0.0 && x < picture.width() as f32 && y < picture.height() as f32 {
                picture.put_pixel(x as u32, y as u32, Rgba(colour));
            }
        }
    }
    write_picture(path, &picture)
}
