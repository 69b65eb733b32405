//! The faces of a picture or of every frame of a clip. Needs no GPU.

mod common;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use common::media::{Clip, Output, Picture, is_picture, keep, picture_format, read_picture, writable};
use common::report::{Landmarks, Stats};
use common::{ClipArgs, FacesArgs, Failure, count, say};
use glowup::face::{Gestures, topology};
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
    #[command(flatten)]
    faces: FacesArgs,
    /// Draw the landmarks over the picture, or over a clip's last frame
    #[arg(long, value_name = "OUT.png")]
    draw: Option<PathBuf>,
    /// Write what each stage cost: one JSON object
    #[arg(long, value_name = "OUT")]
    stats: Option<PathBuf>,
    /// Say which gestures a clip shows: blinks, winks, nods, turns, opened mouths, tongues
    #[arg(long)]
    gestures: bool,
    /// Add each face's 52 blendshapes to the JSON, by ARKit's names
    #[arg(long, requires = "json")]
    blendshapes: bool,
    #[command(flatten)]
    clip: ClipArgs,
}

fn main() -> ExitCode {
    common::main(run)
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    arguments.draw.as_deref().map(picture_format).transpose()?;
    writable([&arguments.draw, &arguments.json, &arguments.stats].map(Option::as_deref))?;
    let mut tracker =
        FaceTracker::new(TrackerOptions { blendshapes: arguments.blendshapes, ..arguments.faces.options() })?;
    let mut json = arguments.json.as_deref().map(Landmarks::create).transpose()?;
    let mut stats = Stats::default();
    let seen = if is_picture(&arguments.input) {
        still(&arguments, &tracker, &mut json, &mut stats)?
    } else {
        clip(&arguments, &mut tracker, &mut json, &mut stats)?
    };
    let mut outputs = Vec::new();
    if let Some(path) = &arguments.draw {
        outputs.push(draw(path, seen.picture, &seen.faces)?);
    }
    if let Some(json) = json {
        outputs.push(json.finish()?);
    }
    if let Some(path) = &arguments.stats {
        outputs.push(stats.write(path, None)?);
    }
    keep(outputs)?;
    say(format_args!("{}: {}", arguments.input.display(), seen.summary));
    Ok(())
}

/// What was seen last, and what there is to say about it all.
struct Seen {
    picture: RgbaImage,
    faces: Vec<Face>,
    summary: String,
}

fn still(
    arguments: &Arguments,
    tracker: &FaceTracker,
    json: &mut Option<Landmarks>,
    stats: &mut Stats,
) -> Result<Seen, Failure> {
    let mut picture = read_picture(&arguments.input)?;
    if let Some(height) = arguments.clip.scale_height {
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
    let mut summary = format!("{} in {width}×{height} pixels", count(faces.len()));
    for face in &faces {
        let (id, score, pose) = (face.id, face.score, face.pose());
        let turn = format!("yaw {:.0}°, pitch {:.0}°, roll {:.0}°", pose.yaw, pose.pitch, pose.roll);
        let look = face.expression();
        let eyes = format!("eyes {:.1} and {:.1} open", look.right_eye, look.left_eye);
        let mouth = format!("mouth {:.1} open, smile {:.1}, tongue {:.1} out", look.mouth, look.smile, look.tongue);
        summary += &format!("\n  face {id}: score {score:.2}, {turn}, {eyes}, {mouth}");
    }
    Ok(Seen { picture, faces, summary })
}

fn clip(
    arguments: &Arguments,
    tracker: &mut FaceTracker,
    json: &mut Option<Landmarks>,
    stats: &mut Stats,
) -> Result<Seen, Failure> {
    let mut clip = Clip::open(&arguments.input, arguments.clip.scale_height)?;
    let (width, height) = (clip.info.width, clip.info.height);
    let mut last = RgbaImage::new(width, height);
    let (mut gestures, mut told) = (Gestures::new(), String::new());
    let (mut frames, mut with_face, mut total) = (0_u64, 0_u64, Duration::ZERO);
    while arguments.clip.max_frames.is_none_or(|most| frames < most)
        && let Some((pixels, time)) = clip.next_frame()?
    {
        let faces = tracker.track(&Frame::rgba8(pixels, width, height)?, time)?;
        if let Some(json) = json {
            json.write(width, height, faces)?;
        }
        if arguments.gestures {
            for gesture in gestures.watch(faces, time) {
                let [start, end] = [gesture.start, gesture.end].map(|time| time.as_secs_f64());
                told += &format!("\n  {start:.2} to {end:.2} s: face {}, {:?}", gesture.face, gesture.kind);
            }
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
    let summary = format!("a face in {with_face} of {frames} frames, {mean:.1} ms a frame{told}");
    Ok(Seen { picture: last, faces: tracker.faces().to_vec(), summary })
}

/// Draws each point as a dot, the contours' in other colours.
fn draw(path: &Path, mut picture: RgbaImage, faces: &[Face]) -> Result<Output, Failure> {
    let contours: [(&[u16], [u8; 4]); 4] = [
        (&topology::FACE_OVAL, [255, 200, 0, 255]),
        (&topology::LEFT_EYE, [0, 200, 255, 255]),
        (&topology::RIGHT_EYE, [0, 200, 255, 255]),
        (&topology::LIPS, [255, 80, 120, 255]),
    ];
    for face in faces.iter().filter(|face| face.score > 0.0) {
        let (left, right) = face.points.iter().fold((f32::MAX, f32::MIN), |(l, r), p| (l.min(p[0]), r.max(p[0])));
        let radius = ((right - left) / 300.0).max(0.5);
        for (index, point) in (0_u16..).zip(&face.points) {
            let colour = contours.iter().find(|(list, _)| list.contains(&index)).map_or([80, 255, 80, 255], |c| c.1);
            dot(&mut picture, [point[0], point[1]], radius, Rgba(colour));
        }
    }
    Picture::new(picture).write(path)
}

/// Paints every pixel whose centre is no farther than `radius` from a place, and the one that the place lies in.
fn dot(picture: &mut RgbaImage, [x, y]: [f32; 2], radius: f32, colour: Rgba<u8>) {
    for row in (y - radius).floor() as i64..=(y + radius).floor() as i64 {
        for column in (x - radius).floor() as i64..=(x + radius).floor() as i64 {
            let near = (column as f32 + 0.5 - x).hypot(row as f32 + 0.5 - y) <= radius;
            let inside = (row, column) == (y.floor() as i64, x.floor() as i64);
            if let (Ok(column), Ok(row)) = (u32::try_from(column), u32::try_from(row))
                && (near || inside)
                && let Some(pixel) = picture.get_pixel_mut_checked(column, row)
            {
                *pixel = colour;
            }
        }
    }
}
