//! What moves and what stays: slimming, lines beside the face, sizes, what is far away.

use glowup::face::topology as mesh;
use glowup::{Face, Look, Skin, Warp};
use image::imageops::{FilterType, resize};
use image::{Rgba, RgbaImage};
use rayon::prelude::*;

use crate::common::Failure;
use crate::figures::{grey, psnr};
use crate::sample::{Rng, Sample, portrait};
use crate::{Bench, Table, everything, sheet, skin_look};

/// One picture at three sizes.
pub fn scale(bench: &mut Bench, table: &mut Table) -> Result<(), Failure> {
    table.title("The same portrait at 360, 720 and 1080 lines, brought to 360");
    let whole = portrait(1080, &bench.tracker)?;
    let mut look = skin_look(1.0, 1.0);
    look.shape.slim = 0.5;
    let (mut plain, mut done) = (Vec::new(), Vec::new());
    let mut inside = Vec::new();
    for lines in [360, 720, 1080] {
        let factor = lines as f32 / 1080.0;
        let mut face = whole.face.clone();
        face.points.as_flattened_mut().iter_mut().for_each(|v| *v *= factor);
        let picture = resize(&whole.picture, lines, lines, FilterType::Lanczos3);
        let sized = Sample { picture, face, width: whole.width * factor, ..whole.clone() };
        if inside.is_empty() {
            inside = sized.near(&mesh::FACE_OVAL, f32::NEG_INFINITY, 0.0);
        }
        let small = |picture: &RgbaImage| resize(picture, 360, 360, FilterType::Lanczos3);
        done.push(small(&bench.retouched(&sized, &look)?));
        plain.push(small(&sized.picture));
    }
    for (a, b, names) in [(0, 1, "360 and 720"), (1, 2, "720 and 1080"), (0, 2, "360 and 1080")] {
        let (after, before) = (psnr(&done[a], &done[b], &inside), psnr(&plain[a], &plain[b], &inside));
        table.judged(
            &format!("{names}: PSNR inside the face (untouched pictures: {before:.1} dB)"),
            &format!("{after:.1} dB"),
            "≥ 38 dB",
            after >= 38.0,
        );
    }
    Ok(())
}

/// Distance of two points in the picture.
fn span(points: &[[f32; 2]], a: u16, b: u16) -> f32 {
    let (a, b) = (points[usize::from(a)], points[usize::from(b)]);
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// The corners of the jaw.
const JAW: [u16; 2] = [172, 397];

fn flat(face: &Face) -> Vec<[f32; 2]> {
    face.points.iter().map(|p| [p[0], p[1]]).collect()
}

/// Parts that shall keep their width: the two points that span each.
const SPANS: [(&str, u16, u16); 5] =
    [("right eye", 33, 133), ("left eye", 362, 263), ("both eyes", 33, 263), ("nose", 48, 278), ("mouth", 61, 291)];

/// How much narrower the lower face becomes, and what else moves.
pub fn slimmed(slim: f32) -> Look {
    let mut look = Look::NONE;
    look.shape.slim = slim;
    look
}

pub fn slimming(bench: &mut Bench, table: &mut Table) -> Result<(), Failure> {
    table.title("Slimming at 1");
    let (samples, mut mean) = (bench.samples()?, 0.0);
    for before in samples.iter() {
        let (w, h) = before.size();
        let from = flat(&before.face);
        let moved = |slim: f32| -> Result<Vec<[f32; 2]>, Failure> {
            let warp = Warp::new(&before.face, w, h, &slimmed(slim))?;
            Ok(from.iter().map(|p| warp.moved(*p)).collect())
        };
        let drawn: Vec<(&str, f32)> = {
            let to = moved(1.0)?;
            SPANS.iter().map(|&(name, a, b)| (name, 100.0 * (span(&to, a, b) / span(&from, a, b) - 1.0))).collect()
        };
        let text: Vec<String> = drawn.iter().map(|(name, by)| format!("{name} {by:+.1} %")).collect();
        let most = drawn.iter().map(|(_, by)| by.abs()).fold(0.0, f32::max);
        table.judged(&format!("{}: other widths, drawn", before.name), &text.join(", "), "± 2 %", most <= 2.0);
        let jaw = |slim: f32| -> Result<f32, Failure> {
            let (to, [right, left]) = (moved(slim)?, JAW);
            Ok(100.0 * (1.0 - span(&to, right, left) / span(&from, right, left)))
        };
        mean += jaw(1.0)? / samples.len() as f32;
        let by: Vec<String> = [0.25, 0.5, 0.75, 1.0]
            .iter()
            .map(|&slim| Ok(format!("{:.1} %", jaw(slim)?)))
            .collect::<Result<_, Failure>>()?;
        table.noted(&format!("{}: the jaw narrower, drawn, at 0.25, 0.5, 0.75, 1", before.name), &by.join(", "));
    }
    let holds = (10.2..=13.8).contains(&mean);
    table.judged("mean: the jaw narrower at 1, drawn", &format!("{mean:.1} %"), "12 % ± 15 % of it", holds);
    Ok(())
}

/// Derivatives of `p + displacement(p)`: the determinant and the smaller singular value.
fn jacobian(warp: &Warp, [x, y]: [f32; 2]) -> (f32, f32) {
    const STEP: f32 = 0.5;
    let side = |dx: f32, dy: f32| warp.displacement([x + dx, y + dy]);
    let (l, r, u, d) = (side(-STEP, 0.0), side(STEP, 0.0), side(0.0, -STEP), side(0.0, STEP));
    let (xx, yx) = (1.0 + (r[0] - l[0]) / (2.0 * STEP), (r[1] - l[1]) / (2.0 * STEP));
    let (xy, yy) = ((d[0] - u[0]) / (2.0 * STEP), 1.0 + (d[1] - u[1]) / (2.0 * STEP));
    let (area, squares) = (xx * yy - xy * yx, xx * xx + xy * xy + yx * yx + yy * yy);
    let least = (squares / 2.0 - (squares * squares / 4.0 - area * area).max(0.0).sqrt()).max(0.0).sqrt();
    (area, least)
}

/// A face turned in space by yaw, pitch and roll, scaled, and moved.
fn turned(face: &Face, turns: [f32; 3], factor: f32, centre: [f32; 2]) -> Face {
    let count = face.points.len() as f32;
    let middle: [f32; 3] = std::array::from_fn(|axis| face.points.iter().map(|p| p[axis]).sum::<f32>() / count);
    let [yaw, pitch, roll] = turns.map(f32::sin_cos);
    let points = face.points.iter().map(|point| {
        let [x, y, z]: [f32; 3] = std::array::from_fn(|axis| (point[axis] - middle[axis]) * factor);
        let (x, z) = (x * yaw.1 + z * yaw.0, z * yaw.1 - x * yaw.0);
        let (y, z) = (y * pitch.1 - z * pitch.0, z * pitch.1 + y * pitch.0);
        [centre[0] + x * roll.1 - y * roll.0, centre[1] + x * roll.0 + y * roll.1, z]
    });
    Face { points: points.collect(), ..face.clone() }
}

/// Whether the warp folds or tears anything.
pub fn folding(bench: &mut Bench, table: &mut Table) -> Result<(), Failure> {
    table.title("Folding and stretching at 1");
    let (width, height) = (640, 480);
    let samples = bench.samples()?;
    let mut rng = Rng(3);
    let sets: Vec<Face> = (0..1000)
        .map(|k| {
            let face = &samples[k % samples.len()];
            let factor = 200.0 / face.width * rng.between(-1.3, 1.0).exp2();
            let mut within = |most: f32| rng.between(-most, most);
            let turns = [within(1.05), within(0.52), within(std::f32::consts::PI)];
            let centre = [320.0 + within(380.0), 240.0 + within(300.0)];
            turned(&face.face, turns, factor, centre)
        })
        .collect();
    let least = sets
        .par_iter()
        .map(|face| {
            let warp = Warp::new(face, width, height, &slimmed(1.0))?;
            let places = (0..height).step_by(2).flat_map(|y| (0..width).step_by(2).map(move |x| (x, y)));
            Ok(places.map(|(x, y)| jacobian(&warp, [x as f32, y as f32]).0).fold(1.0, f32::min))
        })
        .collect::<glowup::Result<Vec<f32>>>()?;
    let flattest = least.iter().copied().fold(1.0, f32::min);
    table.judged(
        "least Jacobian over 1,000 landmark sets: moved, turned, partly outside",
        &format!("{flattest:.3}"),
        "> 0.3",
        flattest > 0.3,
    );
    for before in bench.samples()?.iter() {
        let (w, h) = before.size();
        let warp = Warp::new(&before.face, w, h, &slimmed(1.0))?;
        let outside = before.near(&mesh::FACE_OVAL, 0.0, 0.6);
        let places = before.each(|p| p);
        let widest = places
            .iter()
            .zip(outside)
            .filter(|(_, outside)| *outside)
            .map(|(p, _)| 1.0 / jacobian(&warp, *p).1.max(1e-3))
            .fold(1.0, f32::max);
        table.judged(
            &format!("{}: greatest stretch behind the jaw", before.name),
            &format!("{widest:.2} ×"),
            "≤ 2 ×",
            widest <= 2.0,
        );
    }
    Ok(())
}

/// Vertical lines beside a face 300 pixels wide.
pub fn lines(bench: &mut Bench, table: &mut Table) -> Result<(), Failure> {
    table.title("A vertical line beside a face 300 pixels wide, at slim 1");
    let first = portrait(768, &bench.tracker)?;
    let points = flat(&first.face);
    let wide = span(&points, mesh::RIGHT_CHEEK, mesh::LEFT_CHEEK);
    let whole = portrait((768.0 * 300.0 / wide).round() as u32, &bench.tracker)?;
    let (left, right) =
        whole.contour(&mesh::FACE_OVAL).iter().fold((f32::INFINITY, 0.0_f32), |(l, r), p| (l.min(p[0]), r.max(p[0])));
    let mut rows = Vec::new();
    for (share, limit) in [(0.05, None), (0.15, Some(3.0)), (0.25, Some(0.5))] {
        let lines = [left - share * 300.0, right + share * 300.0];
        let mut picture = whole.picture.clone();
        for (x, _, place) in picture.enumerate_pixels_mut() {
            for line in lines {
                let off = (x as f32 + 0.5 - line).abs();
                if off < 24.0 {
                    let dark = ((3.0 - off) / 1.5).clamp(0.0, 1.0);
                    let v = (225.0 - 190.0 * dark) as u8;
                    *place = Rgba([v, v, v, 255]);
                }
            }
        }
        let shown = whole.with(picture);
        let after = bench.retouched(&shown, &slimmed(1.0))?;
        let light = grey(&after);
        let (w, h) = shown.size();
        let mut farthest = 0.0_f32;
        for line in lines {
            for y in 0..h {
                let (mut sum, mut weight) = (0.0, 0.0_f32);
                for x in (line - 23.0) as u32..((line + 23.0) as u32).min(w) {
                    let dark = (0.82 - light[(y * w + x) as usize]).max(0.0);
                    sum += dark * (x as f32 + 0.5);
                    weight += dark;
                }
                if weight > 0.0 {
                    farthest = farthest.max((sum / weight - line).abs());
                }
            }
        }
        let (what, figure) = (format!("{share} face widths beside its widest point"), format!("{farthest:.2} px"));
        match limit {
            Some(limit) => table.judged(&what, &figure, &format!("≤ {limit} px"), farthest <= limit),
            None => table.noted(&what, &figure),
        }
        rows.push([shown.picture, after]);
    }
    // The same with a grid over everything, to look at.
    let mut picture = whole.picture.clone();
    for (x, y, place) in picture.enumerate_pixels_mut() {
        if x % 24 == 0 || y % 24 == 0 {
            *place = Rgba([30, 60, 160, 255]);
        }
    }
    let shown = whole.with(picture);
    let after = bench.retouched(&shown, &slimmed(1.0))?;
    rows.push([shown.picture, after]);
    sheet::save(&sheet::grid(&rows, 640), &bench.out.join("lines.png"))
}

/// Whether anything changes farther than half a face's width from every face.
pub fn outside(bench: &mut Bench, table: &mut Table) -> Result<(), Failure> {
    table.title("Farther than half a face's width from the face (0.8 below the chin), everything at 1");
    let mut all = everything(|_| true);
    all.skin = Skin { brighten: 1.0, warmth: 1.0, ruddy: 1.0, ..all.skin };
    let (mut changed, mut spared) = (0_u64, 0_u64);
    for before in bench.samples()?.iter() {
        let after = bench.retouched(before, &all)?;
        let mut near = before.near(&mesh::FACE_OVAL, f32::NEG_INFINITY, 0.5);
        // The neck's skin reaches farther down.
        let chin = before.face.points[usize::from(mesh::CHIN)];
        let neck = before.each(|[x, y]| {
            let (across, down) = ((x - chin[0]).abs() / before.width, (y - chin[1]) / before.width);
            across < 0.5 && (0.0..0.8).contains(&down)
        });
        near.iter_mut().zip(neck).for_each(|(near, neck)| *near |= neck);
        for ((a, b), _) in before.picture.pixels().zip(after.pixels()).zip(near).filter(|(_, near)| !near) {
            changed += u64::from(a != b);
            spared += 1;
        }
    }
    table.judged(&format!("pixels changed, of {spared}"), &changed.to_string(), "0", changed == 0);
    Ok(())
}
