//! Paint in time: what flickers on clips, and what pumps on a still face with noise on its landmarks.

use std::path::{Path, PathBuf};

use glowup::face::topology as mesh;
use glowup::gpu::Renderer;
use glowup::{Beautifier, Face, FrameMut, TrackerOptions};
use image::RgbaImage;

use super::light::oklab;
use super::mouth::Parts;
use super::{PRODUCT, lipstick};
use crate::common::Failure;
use crate::common::media::Clip;
use crate::figures::lab;
use crate::hands::clips;
use crate::portraits::scaled;
use crate::sample::{Rng, Sample, apart, pixel, rgb, signed};
use crate::table::{Series, percentile};
use crate::{Bench, Table};

/// Points of the outer and the inner row of the lips whose middle is on the lip: seven above, seven below.
const PAIRS: [[u16; 2]; 14] = [
    [40, 80],
    [39, 81],
    [37, 82],
    [0, 13],
    [267, 312],
    [269, 311],
    [270, 310],
    [91, 88],
    [181, 178],
    [84, 87],
    [17, 14],
    [314, 317],
    [405, 402],
    [321, 318],
];
/// How far around such a point its colour is taken, in face widths.
const REACH: f32 = 0.012;
/// Paint is seen where lips are at least this far from their own colour in CIELAB.
const PAINTED: f32 = 5.0;
/// Clips are followed for as many frames at most.
const FRAMES: usize = 400;
/// A still face is made as wide as this, and its landmarks moved by noise of this spread, in pixels.
const STILL: (f32, f32) = (60.0, 1.0 / 3.0);

/// Two lipsticks of one lightness and opposite hues.
const OPPOSITE: [u32; 2] = [0x8a_58_67, 0x34_76_6a];
/// So many frames pass before anything is measured.
const SETTLING: usize = 8;

type Colours = [[f32; 3]; 14];

/// The lips' colours.
fn colours(pixels: &[u8], (width, height): (u32, u32), face: &Face) -> Colours {
    let reach = (REACH * apart(face, mesh::RIGHT_CHEEK, mesh::LEFT_CHEEK)).max(1.0);
    PAIRS.map(|pair| {
        let [a, b] = pair.map(|index| face.points[usize::from(index)]);
        let middle = [(a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0];
        let (mut sum, mut count) = ([0.0; 3], 0.0_f32);
        let span = |at: f32, limit: u32| {
            (at - reach - 1.0).max(0.0) as u32..((at + reach + 1.0).max(0.0) as u32 + 1).min(limit)
        };
        for y in span(middle[1], height) {
            for x in span(middle[0], width) {
                // Each pixel by how much of the disc's edge it covers: what hops from pixel to pixel would flicker by itself.
                let off = (x as f32 + 0.5 - middle[0]).hypot(y as f32 + 0.5 - middle[1]);
                let weight = (reach + 0.5 - off).clamp(0.0, 1.0);
                let at = (y * width + x) as usize * 4;
                let colour = lab([0, 1, 2].map(|c| f32::from(pixels[at + c]) / 255.0));
                sum.iter_mut().zip(colour).for_each(|(sum, v)| *sum += weight * v);
                count += weight;
            }
        }
        sum.map(|v| v / count.max(1e-3))
    })
}

fn between(a: [f32; 3], b: [f32; 3]) -> f32 {
    (0..3).map(|c| (a[c] - b[c]).powi(2)).sum::<f32>().sqrt()
}

/// How far the middle one of three frames lies from the mean of its neighbours.
fn bend(of: &[Colours]) -> f32 {
    let each = (0..14).map(|k| {
        let mean: [f32; 3] = std::array::from_fn(|c| (of[0][k][c] + of[2][k][c]) / 2.0);
        between(of[1][k], mean)
    });
    each.sum::<f32>() / 14.0
}

/// What lips do in a clip.
#[derive(Default)]
struct Found {
    /// Sums of the bends before and after.
    bends: [f32; 2],
    count: usize,
    /// How strongly each frame is painted.
    paint: Vec<f32>,
    faces: u32,
}

impl Found {
    fn of(bench: &Bench, path: &Path) -> Result<Self, Failure> {
        let mut session = Beautifier::with_gpu(&bench.gpu, TrackerOptions::default())?;
        session.set_look(lipstick("satin", PRODUCT))?;
        let mut clip = Clip::open(path, None)?;
        let size = (clip.info.width, clip.info.height);
        let mut found = Self::default();
        let mut seen: [Vec<Colours>; 2] = [Vec::new(), Vec::new()];
        let (mut frames, mut last) = (0, None);
        while let Some((pixels, time)) = clip.next_frame()?.filter(|_| frames < FRAMES) {
            frames += 1;
            let before = pixels.to_vec();
            let faces = session.process(&mut FrameMut::rgba8(pixels, size.0, size.1)?, time)?;
            // Of a face that is just found paint fades in, and only what is followed can flicker.
            let face = faces.first().filter(|face| face.visibility >= super::SEEN);
            if face.map(|face| face.id) != last {
                seen.iter_mut().for_each(Vec::clear);
                last = face.map(|face| face.id);
            }
            let Some(face) = face else { continue };
            let now = [colours(&before, size, face), colours(pixels, size, face)];
            found.paint.push((0..14).map(|k| between(now[0][k], now[1][k])).sum::<f32>() / 14.0);
            found.faces += 1;
            for ((seen, now), sum) in seen.iter_mut().zip(now).zip(&mut found.bends) {
                seen.push(now);
                if let Some(three) = seen.len().checked_sub(3) {
                    *sum += bend(&seen[three..]);
                }
            }
            found.count += usize::from(seen[0].len() >= 3);
        }
        Ok(found)
    }

    fn ratio(&self) -> f32 {
        self.bends[1] / self.bends[0].max(1e-6)
    }
}

/// Flicker on clips.
pub fn flicker(bench: &mut Bench, table: &mut Table) -> Result<(), Failure> {
    table.title(&format!("Lipstick 1 on clips, the first {FRAMES} frames: flicker of 14 points on the lips (CIELAB)"));
    let bundled = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/webcam.mp4"));
    let mut all = match &bench.clips {
        Some(folder) => clips(folder)?.into_iter().map(|path| (path, 1.0)).collect(),
        None => vec![(bundled, 1.0)],
    };
    if let Some(folder) = &bench.hands {
        all.extend(clips(folder)?.into_iter().map(|path| (path, 1.5)));
    }
    for (path, limit) in &all {
        let found = Found::of(bench, path)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let frames = found.count.max(1) as f32;
        let [before, after] = found.bends.map(|sum| sum / frames);
        let ratio = found.ratio();
        table.judged(
            &format!("{name}: output to input ({} frames with a face)", found.faces),
            &format!("{ratio:.2} ({after:.2} to {before:.2})"),
            &format!("≤ {limit:.1}"),
            ratio <= *limit && found.count > 0,
        );
        let there = found.paint.iter().filter(|paint| **paint >= PAINTED).count() as f32 * 100.0;
        let there = there / found.paint.len().max(1) as f32;
        table.judged(
            &format!("{name}: frames in which paint is seen"),
            &format!("{there:.0} %"),
            "≥ 60 %",
            there >= 60.0,
        );
        let steps = found.paint.windows(2).map(|pair| (pair[1] - pair[0]).abs());
        let [least, most] = [f32::min, f32::max].map(|of| found.paint.iter().copied().reduce(of).unwrap_or_default());
        table.noted(
            &format!(
                "{name}: how far the paint is from the lips' own colour: mean, range, largest step between frames"
            ),
            &format!("{:.1}, {least:.1} … {most:.1}, {:.1}", super::mean(&found.paint), steps.fold(0.0, f32::max)),
        );
    }
    Ok(())
}

/// How much of a picture two lipsticks of one lightness and opposite hues cover, in pixels, and how strongly: what they differ
/// by hangs on how much of a pixel is covered and on how light it is, not on what is below.
fn covered([a, b]: [&RgbaImage; 2], lips: &[usize]) -> [f32; 2] {
    let apart = |(a, b): (&image::Rgba<u8>, &image::Rgba<u8>)| if a == b { 0.0 } else { tint_apart(rgb(a), rgb(b)) };
    let shares: Vec<f32> = a.pixels().zip(b.pixels()).map(apart).collect();
    let full = percentile(lips.iter().map(|&at| shares[at]).collect(), 0.8).max(1e-3);
    [shares.iter().sum::<f32>() / full, full]
}

/// How far two colours' shares of hue lie apart, free of their lightness.
fn tint_apart(a: [f32; 3], b: [f32; 3]) -> f32 {
    let tint = |colour| {
        let [l, a, b] = oklab(colour);
        [a / l.max(0.05), b / l.max(0.05)]
    };
    let (a, b) = (tint(a), tint(b));
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// The picture with lips of one colour inside a plain soft outline: what the measure says of paint that knows nothing but
/// landmarks.
fn outlined(sample: &Sample, contour: &[[f32; 2]], colour: u32) -> RgbaImage {
    let paint = [16, 8, 0].map(|shift| f32::from((colour >> shift) as u8) / 255.0);
    let mut picture = sample.picture.clone();
    for (x, y, place) in picture.enumerate_pixels_mut() {
        let off = signed(contour, [x as f32 + 0.5, y as f32 + 0.5]);
        let share = (0.5 - off / 1.5).clamp(0.0, 1.0);
        let share = share * share * (3.0 - 2.0 * share);
        let below = rgb(place);
        *place = pixel(std::array::from_fn(|c| below[c] + share * (paint[c] - below[c])));
    }
    picture
}

/// Spread of values to their mean, in percent.
fn spread(values: &[f32]) -> f32 {
    let mean = super::mean(values);
    super::mean(&values.iter().map(|v| (v - mean).powi(2)).collect::<Vec<_>>()).sqrt() * 100.0 / mean.max(1e-3)
}

/// The painted area and the paint's strength on still faces whose landmarks tremble.
pub fn pumping(bench: &mut Bench, table: &mut Table) -> Result<(), Failure> {
    let (wide, noise) = STILL;
    table.title(&format!(
        "Lipstick 1 on still faces of {wide} px with noise of {noise:.2} px on their landmarks: spread to the mean, %"
    ));
    let looks = OPPOSITE.map(|colour| lipstick("satin", colour));
    let mut renderers = [Renderer::new(&bench.gpu)?, Renderer::new(&bench.gpu)?];
    for (what, moves_each) in [("all landmarks moved together", false), ("each landmark moved by itself", true)] {
        let [mut area, mut strength, mut plain] = [const { Series::new() }; 3];
        for portrait in bench.faces()?.iter().filter(|portrait| portrait.sample.face.visibility >= super::SEEN) {
            let sample = scaled(&portrait.sample, wide / portrait.sample.width);
            let (width, height) = sample.size();
            let lips = Parts::of(&sample).lips;
            renderers.iter_mut().for_each(Renderer::reset);
            let mut rng = Rng(7);
            let (mut areas, mut strengths, mut plains) = (Vec::new(), Vec::new(), Vec::new());
            for frame in 0..SETTLING + 30 {
                let mut face = sample.face.clone();
                let by = [rng.normal() * noise, rng.normal() * noise];
                for p in &mut face.points {
                    (0..2).for_each(|axis| p[axis] += if moves_each { rng.normal() * noise } else { by[axis] });
                }
                let mut painted = [sample.picture.clone(), sample.picture.clone()];
                for ((renderer, picture), look) in renderers.iter_mut().zip(&mut painted).zip(&looks) {
                    let faces = std::slice::from_ref(&face);
                    renderer.retouch(&mut FrameMut::rgba8(picture, width, height)?, faces, look)?;
                }
                if frame < SETTLING {
                    continue;
                }
                let [area, strength] = covered(painted.each_ref(), &lips);
                areas.push(area);
                strengths.push(strength);
                let contour = Sample { face, ..sample.clone() }.contour(&mesh::LIPS);
                let outlines = OPPOSITE.map(|colour| outlined(&sample, &contour, colour));
                plains.push(covered(outlines.each_ref(), &lips)[0]);
            }
            area.push(&sample.name, spread(&areas));
            strength.push(&sample.name, spread(&strengths));
            plain.push(&sample.name, spread(&plains));
        }
        table.noted(&format!("area of a plain soft outline, to compare: {what}"), &plain.up_to(2));
        for (of, series, limit) in [("painted area", &area, 0.6), ("strength of the paint", &strength, 2.0)] {
            let what = format!("{of}: {what}");
            table.keep(&what, series);
            let text = format!("{}; beyond: {}", series.up_to(2), super::beyond(series, limit, 2));
            if moves_each {
                table.noted(&what, &series.up_to(2));
            } else {
                table.judged(&what, &text, &format!("mean ≤ {limit} %"), series.mean() <= limit);
            }
        }
    }
    Ok(())
}
