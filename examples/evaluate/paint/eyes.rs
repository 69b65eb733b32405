//! Eyes: whites clear without a glow, irises with more of their pattern, shut lids as they are.

use std::path::PathBuf;

use glowup::{Eyes, FaceTracker, Frame, Look, TrackerOptions};
use image::RgbaImage;

use super::light::{EYES, EyePoints, Light, distance, oklab, to_lab};
use super::sheets::around;
use super::{SEEN, beyond, changed, changes, detail_kept, eyes_look, lab_at, marked, mean, mean_at, share_above};
use crate::common::Failure;
use crate::common::media::Clip;
use crate::hands::clips;
use crate::sample::{Sample, rgb};
use crate::sheet::{grid, save};
use crate::table::{Series, percentile};
use crate::{Bench, Table};

/// Below this opening, in widths of the eye, an eye is shut.
const SHUT: f32 = 0.10;
/// What is shown of a face around its eyes.
const SHOWN: [u16; 4] = [33, 133, 263, 362];
/// From this opening on, it is open enough to be measured.
const OPEN: f32 = 0.20;
/// A white is at least as bright as this share of the whites' own brightness, and its colour no farther from theirs.
const WHITE: [f32; 2] = [0.72, 0.05];
/// Eyes with fewer pixels of white are too small.
const FEW: usize = 30;

/// The whites of an eye.
fn whites(sample: &Sample, eye: &EyePoints, own: [f32; 3]) -> Vec<usize> {
    let width = sample.size().0 as usize;
    let is_white = |at: &usize| {
        let [l, a, b] = oklab(rgb(sample.picture.get_pixel((*at % width) as u32, (*at / width) as u32)));
        l > WHITE[0] * own[0] && (a - own[1]).hypot(b - own[2]) < WHITE[1]
    };
    eye.beside_iris(sample).into_iter().filter(is_white).collect()
}

/// The iris between the lids: from the pupil's edge to its own.
fn iris(sample: &Sample, eye: &EyePoints) -> Vec<usize> {
    let (middle, radius) = eye.iris(sample);
    let width = sample.size().0 as usize;
    let within = sample.near(&eye.contour, f32::NEG_INFINITY, -0.006);
    let is_ring = |at: &usize| {
        let p = [(at % width) as f32 + 0.5, (at / width) as f32 + 0.5];
        (0.45..0.9).contains(&(distance(p, middle) / radius.max(1e-3)))
    };
    marked(&within).into_iter().filter(is_ring).collect()
}

/// What is measured on open eyes.
#[derive(Default)]
struct Found {
    light: Series,
    chroma: Series,
    glow: Series,
    pattern: Series,
    dark: Series,
    glints: Series,
    lids: Series,
}

impl Found {
    fn add(&mut self, sample: &Sample, eye: &EyePoints, name: &str, own: [f32; 3], after: [&RgbaImage; 2]) {
        let before = &sample.picture;
        let white = whites(sample, eye, own);
        if white.len() >= FEW {
            let (from, to) = (mean_at(before, &white), mean_at(after[0], &white));
            self.light.push(name, to[0] - from[0]);
            self.chroma.push(name, to[1].hypot(to[2]) - from[1].hypot(from[2]));
            let high = |picture| percentile(white.iter().map(|&at| lab_at(picture, at)[0]).collect(), 0.98);
            self.glow.push(name, high(after[0]) - high(before));
        }
        let (_, radius) = eye.iris(sample);
        let ring = iris(sample, eye);
        if radius >= 6.0 && ring.len() >= 40 {
            self.pattern.push(name, detail_kept(sample, after[1], &ring, 0.3 * radius));
            self.dark.push(name, mean_at(after[1], &ring)[0] - mean_at(before, &ring)[0]);
        }
        // Catch-lights: what is far brighter than the iris, and as bright as the whites.
        let limit = to_lab(own)[0].max(mean_at(before, &ring)[0] + 30.0);
        let within = marked(&sample.near(&eye.contour, f32::NEG_INFINITY, -0.006));
        let (middle, width) = (eye.iris(sample).0, before.width() as usize);
        let near = |at: &usize| {
            distance([(at % width) as f32 + 0.5, (at / width) as f32 + 0.5], middle) < 0.8 * radius
                && lab_at(before, *at)[0] > limit
        };
        let glints: Vec<usize> = within.into_iter().filter(near).collect();
        if glints.len() >= 4 {
            self.glints.push(name, mean(&changes(before, after[1], &glints)));
        }
        let around = marked(&sample.near(&eye.contour, 0.015, 0.08));
        let off = after.map(|after| share_above(&changes(before, after, &around), 2.0));
        self.lids.push(name, off[0].max(off[1]));
    }
}

pub fn eyes(bench: &mut Bench, table: &mut Table) -> Result<(), Failure> {
    let faces = bench.faces()?;
    table.title("Eyes: eye_whites 1, iris 1 (CIELAB)");
    let mut found = Found::default();
    let mut shut = Series::new();
    let lens = Look { eyes: Eyes { eye_whites: 1.0, iris: 1.0, lens: 1.0, ..Eyes::NONE }, ..Look::NONE };
    for portrait in faces.iter() {
        let (sample, name) = (&portrait.sample, &portrait.sample.name);
        // Few pictures show shut eyes, but any face can be said to have them: the upper lids are laid on the lower ones.
        let with_shut = with_lids_shut(sample);
        shut.push(name, changed(&sample.picture, &bench.retouched(&with_shut, &lens)?) as f32);
        let open = EYES.iter().map(|eye| eye.open(sample));
        let Some(own) = Light::of(sample).own else { continue };
        if sample.face.visibility < SEEN || open.clone().all(|open| open < OPEN) {
            continue;
        }
        let after = [bench.retouched(sample, &eyes_look(1.0, 0.0))?, bench.retouched(sample, &eyes_look(0.0, 1.0))?];
        for (side, eye) in ["right", "left"].iter().zip(&EYES).filter(|(_, eye)| eye.open(sample) >= OPEN) {
            found.add(sample, eye, &format!("{name}, {side}"), own, [&after[0], &after[1]]);
        }
    }
    for (what, series) in [
        ("whites: L*", &found.light),
        ("whites: chroma", &found.chroma),
        ("whites: brightest", &found.glow),
        ("iris: pattern", &found.pattern),
        ("iris: L*", &found.dark),
        ("catch-lights", &found.glints),
        ("lids", &found.lids),
    ] {
        table.keep(what, series);
    }
    let text = format!("{}, least {:.1}", found.light.up_to(1), found.light.least());
    let holds = found.light.values().all(|v| (-0.3..=6.0).contains(&v));
    table.judged("whites: change of L*", &text, "each 0 … 6", holds);
    let holds = found.chroma.mean() < -1.0 && found.chroma.most() <= 0.1;
    table.judged("whites: change of chroma", &found.chroma.up_to(1), "mean < -1, each ≤ 0.1", holds);
    let glow = found.glow.most() <= 6.0;
    table.judged("whites: change of L* of their brightest 2 %", &found.glow.up_to(1), "each ≤ 6", glow);
    let text = format!("{}, least {:.2}", found.pattern.up_to(2), found.pattern.least());
    let holds = (1.05..=1.45).contains(&found.pattern.mean()) && found.pattern.least() >= 0.8;
    table.judged("iris: its pattern, after to before", &text, "mean 1.05 … 1.45, each ≥ 0.8", holds);
    let text = format!("{}, least {:.1}", found.dark.up_to(1), found.dark.least());
    table.judged("iris: change of L*", &text, "each ± 4", found.dark.values().all(|v| v.abs() <= 4.0));
    table.judged("catch-lights: mean ΔE00", &found.glints.up_to(1), "each ≤ 2", found.glints.most() <= 2.0);
    let text = format!("{}; beyond: {}", found.lids.up_to(2), beyond(&found.lids, 1.0, 2));
    table.judged("skin around the lids with ΔE > 2, %", &text, "each ≤ 1 %", found.lids.most() <= 1.0);
    let text = format!("changed: {}", beyond(&shut, 0.0, 0));
    table.judged("pixels changed where both eyes are said to be shut, lens 1 too", &text, "0", shut.most() <= 0.0);
    blinks(bench, table, &lens)
}

/// The sample's face with its upper lids on its lower ones.
fn with_lids_shut(sample: &Sample) -> Sample {
    let mut shut = sample.clone();
    for eye in &EYES {
        // Contours run along the lower lid from the outer corner to the inner one, and back along the upper lid.
        for k in 1..8 {
            let (low, high) = (usize::from(eye.contour[k]), usize::from(eye.contour[16 - k]));
            shut.face.points[high] = shut.face.points[low];
        }
    }
    shut
}

/// Frames of clips in which both eyes are shut, as far as their landmarks say so.
fn blinks(bench: &mut Bench, table: &mut Table, look: &Look) -> Result<(), Failure> {
    let paths = match &bench.clips {
        Some(folder) => clips(folder)?,
        None => vec![PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/webcam.mp4"))],
    };
    for path in paths {
        let mut tracker = FaceTracker::new(TrackerOptions::default())?;
        let mut clip = Clip::open(&path, None)?;
        let (width, height) = (clip.info.width, clip.info.height);
        let (mut frames, mut found, mut pixels_changed, mut least) = (0, 0, 0, f32::INFINITY);
        let mut narrowest = None;
        while let Some((pixels, time)) = clip.next_frame()? {
            frames += 1;
            let faces = tracker.track(&Frame::rgba8(pixels, width, height)?, time)?.to_vec();
            let Some(face) = faces.first() else { continue };
            let Some(picture) = RgbaImage::from_raw(width, height, pixels.to_vec()) else { continue };
            let sample = Sample { name: String::new(), picture, face: face.clone(), width: 1.0 };
            let open = EYES.iter().map(|eye| eye.open(&sample)).fold(0.0, f32::max);
            if open < SHUT {
                found += 1;
                pixels_changed += changed(&sample.picture, &bench.retouched(&sample, look)?);
            }
            if open < least {
                (least, narrowest) = (open, Some(sample));
            }
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let text = format!("{pixels_changed} in {found} of {frames} frames; the least opening is {least:.2}");
        let what = format!("{name}: pixels changed while both eyes are shut");
        if found > 0 {
            table.judged(&what, &text, "0", pixels_changed == 0);
        } else {
            table.noted(&what, &text);
        }
        let Some(sample) = narrowest else { continue };
        let after = bench.retouched(&sample, look)?;
        let every: Vec<usize> = (0..after.pixels().len()).collect();
        let off = changes(&sample.picture, &after, &every);
        table.noted(
            &format!("{name}: where they are narrowest: pixels with ΔE00 > 2, the largest"),
            &format!("{}, {:.1}", off.iter().filter(|v| **v > 2.0).count(), off.iter().copied().fold(0.0, f32::max)),
        );
        let made_up = bench.retouched(&sample, &Look::EVENING)?;
        let eyes = [sample.picture.clone(), after, made_up].map(|p| around(&p, &sample.face, &SHOWN, [0.2, 0.4]));
        save(&grid(&[eyes], 300), &bench.out.join(format!("blink-{name}.png")))?;
    }
    Ok(())
}
