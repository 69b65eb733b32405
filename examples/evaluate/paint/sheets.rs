//! Pictures to look at: whole faces with each preset, mouths in each finish, eyes, and hands before painted lips.

use glowup::face::topology as mesh;
use glowup::{Beautifier, Eyes, Face, FrameMut, Look, Makeup, Mouth, TrackerOptions};
use image::imageops::{FilterType, crop_imm, resize};
use image::{Rgba, RgbaImage};

use super::{PRODUCT, lipstick};
use crate::common::Failure;
use crate::common::media::Clip;
use crate::hands::clips;
use crate::sample::Sample;
use crate::sheet::{grid, save};
use crate::{Bench, Table};

/// Faces on one sheet.
const ROWS: usize = 4;
/// How high a face is shown, and how wide a mouth and a pair of eyes, in pixels.
const FACE: u32 = 440;
const PART: u32 = 500;

/// The part of a picture around some landmarks: wider than they are by these shares of their width and height.
pub fn around(picture: &RgbaImage, face: &Face, indices: &[u16], by: [f32; 2]) -> RgbaImage {
    let size = [picture.width() as f32, picture.height() as f32];
    let range = |axis: usize| {
        let places = indices.iter().map(|&index| face.points[usize::from(index)][axis]);
        let (low, high) = places.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        (low, high)
    };
    let ranges = [range(0), range(1)];
    let wide = ranges[0].1 - ranges[0].0;
    let [(x, w), (y, h)] = [0, 1].map(|axis| {
        let from = (ranges[axis].0 - by[axis] * wide).clamp(0.0, size[axis] - 2.0);
        let to = (ranges[axis].1 + by[axis] * wide).clamp(from + 1.0, size[axis]);
        (from as u32, ((to - from) as u32).max(1))
    });
    crop_imm(picture, x, y, w, h).to_image()
}

/// Scaled to one width.
fn shown(part: &RgbaImage) -> RgbaImage {
    resize(part, PART, (part.height() * PART / part.width().max(1)).max(1), FilterType::CatmullRom)
}

/// Pictures side by side, one below the other, each at its own size.
fn stacked(rows: Vec<Vec<RgbaImage>>) -> RgbaImage {
    let width = rows.iter().map(|row| row.iter().map(|p| p.width() + 4).sum::<u32>()).max().unwrap_or(1);
    let heights: Vec<u32> = rows.iter().map(|row| row.iter().map(RgbaImage::height).max().unwrap_or(0) + 4).collect();
    let mut sheet = RgbaImage::from_pixel(width.max(1), heights.iter().sum::<u32>().max(1), Rgba([20, 20, 20, 255]));
    let mut y = 0;
    for (row, height) in rows.iter().zip(heights) {
        let mut x = 0;
        for picture in row {
            image::imageops::overlay(&mut sheet, picture, x, y);
            x += i64::from(picture.width()) + 4;
        }
        y += i64::from(height);
    }
    sheet
}

pub fn sheets(bench: &mut Bench, _: &mut Table) -> Result<(), Failure> {
    eprintln!("Sheets of make-up ...");
    looks(bench)?;
    mouths(bench)?;
    eyes(bench)?;
    hands(bench)
}

/// Every face before and with each preset that paints.
fn looks(bench: &mut Bench) -> Result<(), Failure> {
    let faces = bench.faces()?;
    for (number, faces) in faces.chunks(ROWS).enumerate() {
        let mut rows = Vec::new();
        for portrait in faces {
            let sample = &portrait.sample;
            let crop = |picture: &RgbaImage| around(picture, &sample.face, &mesh::FACE_OVAL, [0.12, 0.12]);
            let mut row =
                [Look::NONE, Look::OFFICE, Look::GLOW, Look::EVENING, Look::RED].map(|_| RgbaImage::new(1, 1));
            row[0] = crop(&sample.picture);
            for (slot, look) in row[1..].iter_mut().zip([Look::OFFICE, Look::GLOW, Look::EVENING, Look::RED]) {
                *slot = crop(&bench.retouched(sample, &look)?);
            }
            rows.push(row);
        }
        let names: Vec<_> = faces.iter().map(|portrait| portrait.sample.name.as_str()).collect();
        eprintln!("    looks-{number}.png: {}", names.join("; "));
        save(&grid(&rows, FACE), &bench.out.join(format!("looks-{number}.png")))?;
    }
    Ok(())
}

/// Every mouth before and in each finish, and with its teeth cleared.
fn mouths(bench: &mut Bench) -> Result<(), Failure> {
    let faces = bench.faces()?;
    let teeth = Look { mouth: Mouth { teeth: 1.0, ..Mouth::NONE }, ..Look::NONE };
    let finishes = ["sheer", "satin", "matte", "gloss"].map(|finish| lipstick(finish, PRODUCT));
    parts(
        bench,
        &faces.iter().map(|p| p.sample.clone()).collect::<Vec<_>>(),
        ("mouths", 3),
        &[&mesh::LIPS],
        |bench, sample| finishes.iter().chain([&teeth]).map(|look| bench.retouched(sample, look)).collect(),
    )
}

/// Every pair of eyes before, cleared, with lenses, and made up.
fn eyes(bench: &mut Bench) -> Result<(), Failure> {
    let faces = bench.faces()?;
    let cleared = Look { eyes: Eyes { eye_whites: 1.0, iris: 1.0, ..Eyes::NONE }, ..Look::NONE };
    let lenses = Look { eyes: Eyes { lens: 0.7, ..Eyes::NONE }, ..Look::NONE };
    let painted = Look { makeup: Makeup { foundation: 0.0, blush: 0.0, ..Look::EVENING.makeup }, ..Look::NONE };
    let contours: [&[u16]; 4] = [&mesh::RIGHT_EYE, &mesh::RIGHT_EYEBROW, &mesh::LEFT_EYE, &mesh::LEFT_EYEBROW];
    parts(
        bench,
        &faces.iter().map(|p| p.sample.clone()).collect::<Vec<_>>(),
        ("eyes", 2),
        &contours,
        |bench, sample| [&cleared, &lenses, &painted].into_iter().map(|look| bench.retouched(sample, look)).collect(),
    )
}

/// Parts of faces before and after.
fn parts(
    bench: &mut Bench,
    faces: &[Sample],
    (name, columns): (&str, usize),
    contours: &[&[u16]],
    after: impl Fn(&mut Bench, &Sample) -> Result<Vec<RgbaImage>, Failure>,
) -> Result<(), Failure> {
    let indices: Vec<u16> = contours.iter().flat_map(|contour| contour.iter().copied()).collect();
    for (number, faces) in faces.chunks(ROWS).enumerate() {
        let mut rows = Vec::new();
        for sample in faces {
            let pictures = std::iter::once(sample.picture.clone()).chain(after(bench, sample)?);
            let crop = |picture: RgbaImage| shown(&around(&picture, &sample.face, &indices, [0.18, 0.14]));
            let crops: Vec<_> = pictures.map(crop).collect();
            rows.extend(crops.chunks(columns).map(<[_]>::to_vec));
        }
        let names: Vec<_> = faces.iter().map(|sample| sample.name.as_str()).collect();
        eprintln!("    {name}-{number}.png: {}", names.join("; "));
        save(&stacked(rows), &bench.out.join(format!("{name}-{number}.png")))?;
    }
    Ok(())
}

/// Some frames of each clip with hands, before and with `red`.
fn hands(bench: &mut Bench) -> Result<(), Failure> {
    let Some(folder) = bench.hands.clone() else { return Ok(()) };
    for path in clips(&folder)? {
        let mut session = Beautifier::with_gpu(&bench.gpu, TrackerOptions::default())?;
        session.set_look(Look::RED)?;
        let mut clip = Clip::open(&path, None)?;
        let (width, height) = (clip.info.width, clip.info.height);
        let every = (clip.info.times.len() / 12).max(1);
        let mut rows: Vec<Vec<RgbaImage>> = Vec::new();
        let mut frame = 0;
        while let Some((pixels, time)) = clip.next_frame()? {
            let before = pixels.to_vec();
            let faces = session.process(&mut FrameMut::rgba8(pixels, width, height)?, time)?;
            frame += 1;
            let (Some(face), true) = (faces.first(), frame % every == 0) else { continue };
            let crops = [before, pixels.to_vec()]
                .into_iter()
                .filter_map(|pixels| RgbaImage::from_raw(width, height, pixels))
                .map(|picture| {
                    resize(&around(&picture, face, &mesh::FACE_OVAL, [0.2, 0.2]), 260, 320, FilterType::CatmullRom)
                });
            if rows.last().is_none_or(|row| row.len() >= 8) {
                rows.push(Vec::new());
            }
            rows.last_mut().into_iter().for_each(|row| row.extend(crops.clone()));
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        save(&stacked(rows), &bench.out.join(format!("hands-{name}.png")))?;
    }
    Ok(())
}
