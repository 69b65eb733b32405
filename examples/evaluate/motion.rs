//! What keeps still in time: a still face under a noisy sensor.

use std::time::Duration;

use glowup::face::topology as mesh;
use glowup::gpu::Renderer;
use glowup::{Beautifier, Face, Frame, FrameMut, TrackerOptions, Warp};
use image::RgbaImage;

use crate::common::Failure;
use crate::geometry::slimmed;
use crate::planes::{Plane, luma};
use crate::portraits::{Portrait, above_half};
use crate::sample::{Rng, Sample, pixel, portrait, rgb};
use crate::table::{Series, percentile};
use crate::{Bench, Table, everything};

/// Spread of the sensor's noise, in steps of 255.
const NOISE: f32 = 4.0;
const FRAMES: usize = 12;
/// Portraits are made as small as this: as wide as a face of a call.
const WIDTH: f32 = 240.0;
/// Spread of the landmarks' jitter in face widths: of all together, and of each.
const JITTER: [f32; 2] = [0.004, 0.002];

/// The picture as a noisy sensor sees it.
fn noisy(picture: &RgbaImage, rng: &mut Rng) -> RgbaImage {
    let mut picture = picture.clone();
    for place in picture.pixels_mut() {
        let colour = rgb(place);
        *place = pixel(colour.map(|v| v + rng.normal() * NOISE / 255.0));
    }
    picture
}

/// The face with its landmarks a little elsewhere.
fn jittered(sample: &Sample, rng: &mut Rng) -> Face {
    let [together, each] = JITTER.map(|spread| spread * sample.width);
    let by = [rng.normal() * together, rng.normal() * together];
    let mut face = sample.face.clone();
    face.points.iter_mut().for_each(|p| (0..2).for_each(|axis| p[axis] += by[axis] + rng.normal() * each));
    face
}

/// What changes from frame to frame.
struct Flicker {
    /// Root mean square on skin, output to input.
    change: f32,
    /// 99th percentile of the field's change at its border.
    field: f32,
}

impl Flicker {
    fn of(bench: &mut Bench, portrait: &Portrait, jitters: bool) -> Result<Self, Failure> {
        let sample = &portrait.sample;
        let (width, height) = sample.size();
        let skin = above_half(&portrait.skin(&bench.skin(sample)?));
        let look = everything(|group| group == "skin");
        // The field has a renderer of its own: each keeps what it saw before.
        let mut fields = Renderer::new(&bench.gpu)?;
        bench.renderer.reset();
        let mut rng = Rng(11);
        let (mut last, mut sums): (Option<[Plane; 2]>, [f64; 2]) = (None, [0.0; 2]);
        let mut seen: Vec<Vec<u8>> = Vec::new();
        for _ in 0..FRAMES {
            let mut picture = noisy(&sample.picture, &mut rng);
            let faces = [if jitters { jittered(sample, &mut rng) } else { sample.face.clone() }];
            seen.push(fields.skin(&Frame::rgba8(&picture, width, height)?, &faces)?);
            let before = luma(&picture);
            bench.renderer.retouch(&mut FrameMut::rgba8(&mut picture, width, height)?, &faces, &look)?;
            let now = [before, luma(&picture)];
            if let Some(last) = &last {
                for (sum, (now, then)) in sums.iter_mut().zip(now.iter().zip(last)) {
                    *sum += f64::from(now.minus(then).rms(&skin)).powi(2);
                }
            }
            last = Some(now);
        }
        let count = seen.len() as f32;
        let mean = |at: usize| seen.iter().map(|field| f32::from(field[at]) / 255.0).sum::<f32>() / count;
        let border: Vec<usize> = (0..seen[0].len()).filter(|&at| (0.05..0.95).contains(&mean(at))).collect();
        let steps = seen.windows(2).flat_map(|pair| {
            border.iter().map(|&at| f32::from(pair[0][at].abs_diff(pair[1][at])) / 255.0).collect::<Vec<_>>()
        });
        Ok(Self { change: (sums[1] / sums[0].max(1e-9)).sqrt() as f32, field: percentile(steps.collect(), 0.99) })
    }
}

/// Still portraits with noise, everything that evens the skin at 1.
pub fn noise(bench: &mut Bench, table: &mut Table) -> Result<(), Failure> {
    table.title(&format!(
        "Still portraits with noise of spread {NOISE}, {FRAMES} frames, a face of {WIDTH} px at most, every amount of skin at 1"
    ));
    for (jitters, what) in [(false, ""), (true, ", landmarks jittered")] {
        let (mut change, mut field) = (Series::new(), Series::new());
        for portrait in bench.portraits()?.iter() {
            let portrait = portrait.scaled(WIDTH.min(portrait.sample.width));
            let flicker = Flicker::of(bench, &portrait, jitters)?;
            change.push(&portrait.sample.name, flicker.change);
            field.push(&portrait.sample.name, flicker.field);
        }
        let rows = [
            ("change from frame to frame on skin, output to input", &change, 1.0),
            ("the field's change from frame to frame at its border, 99th percentile", &field, 0.03),
        ];
        for (name, series, limit) in rows {
            let (name, text) = (format!("{name}{what}"), series.up_to(3));
            table.keep(&name, series);
            if jitters {
                table.noted(&name, &text);
            } else {
                table.judged(&name, &text, &format!("worst ≤ {limit}"), series.most() <= limit);
            }
        }
    }
    Ok(())
}

/// A still face under a noisy sensor, found anew in each frame: what its outline does.
pub fn outline(bench: &mut Bench, table: &mut Table) -> Result<(), Failure> {
    table.title(&format!("A still portrait with noise of spread {NOISE}, followed through 90 frames, at slim 1"));
    let still = portrait(512, &bench.tracker)?;
    let (w, h) = still.size();
    let mut session = Beautifier::with_gpu(&bench.gpu, TrackerOptions::default())?;
    session.set_look(slimmed(1.0))?;
    let mut rng = Rng(11);
    let mut jaws: Vec<Vec<[f32; 2]>> = Vec::new();
    for frame in 0..90_u64 {
        let mut picture = noisy(&still.picture, &mut rng);
        let time = Duration::from_millis(frame * 33);
        let faces = session.process(&mut FrameMut::rgba8(&mut picture, w, h)?, time)?;
        let Some(face) = faces.first().filter(|_| frame >= 30) else { continue };
        let warp = Warp::new(face, w, h, &slimmed(1.0))?;
        let jaw = mesh::JAW.iter().map(|&k| face.points[usize::from(k)]).map(|p| warp.moved([p[0], p[1]]));
        jaws.push(jaw.collect());
    }
    let frames = jaws.len().max(1) as f32;
    let mut square = 0.0;
    for k in 0..mesh::JAW.len() {
        let mean: [f32; 2] = std::array::from_fn(|axis| jaws.iter().map(|jaw| jaw[k][axis]).sum::<f32>() / frames);
        square += jaws.iter().map(|jaw| (jaw[k][0] - mean[0]).powi(2) + (jaw[k][1] - mean[1]).powi(2)).sum::<f32>();
    }
    let wander = (square / frames / mesh::JAW.len() as f32).sqrt();
    table.judged(
        &format!("the jaw's outline, a face of {:.0} px: RMS from its mean", still.width),
        &format!("{wander:.3} px"),
        "≤ 0.1 px",
        wander <= 0.1,
    );
    Ok(())
}
