//! Pictures to look at.

use std::path::Path;

use glowup::face::topology as mesh;
use glowup::{Look, Shape};
use image::imageops::{FilterType, overlay, resize};
use image::{Rgba, RgbaImage};

use crate::common::Failure;
use crate::common::media::Picture;
use crate::figures::{edges, gradient, lab};
use crate::sample::{Rng, Sample, pixel, rgb};
use crate::{Bench, Table};

/// Writes a picture.
pub fn save(picture: &RgbaImage, path: &Path) -> Result<(), Failure> {
    Picture::new(picture.clone()).write(path)?.keep()
}

/// Rows of pictures, each scaled to one height.
pub fn grid<const N: usize>(rows: &[[RgbaImage; N]], height: u32) -> RgbaImage {
    let scaled: Vec<Vec<RgbaImage>> = rows
        .iter()
        .map(|row| {
            row.iter()
                .map(|p| resize(p, p.width() * height / p.height().max(1), height, FilterType::CatmullRom))
                .collect()
        })
        .collect();
    let width = scaled.iter().map(|row| row.iter().map(RgbaImage::width).sum()).max().unwrap_or(1);
    let mut sheet = RgbaImage::from_pixel(width, height * scaled.len() as u32, Rgba([20, 20, 20, 255]));
    for (y, row) in scaled.iter().enumerate() {
        let mut x = 0;
        for picture in row {
            overlay(&mut sheet, picture, x, y as i64 * i64::from(height));
            x += i64::from(picture.width());
        }
    }
    sheet
}

/// Every face before and after each preset, at full size.
pub fn looks(bench: &mut Bench, out: &Path) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for sample in bench.samples.clone() {
        rows.push([
            sample.picture.clone(),
            bench.retouched(&sample, &Look::NATURAL)?,
            bench.retouched(&sample, &Look::SOFT)?,
            bench.retouched(&sample, &Look::GLAM)?,
        ]);
    }
    save(&grid(&rows, 600), &out.join("sheet.png"))
}

/// What lies over a face, painted.
type Cover = (&'static str, fn(&Sample, [f32; 2], &mut Rng) -> ([f32; 3], f32));

/// A place in the portrait's own units: to the right and down from the nose's root, in face widths.
fn place(sample: &Sample, p: [f32; 2]) -> [f32; 2] {
    let root = sample.face.points[usize::from(mesh::NOSE_ROOT)];
    [(p[0] - root[0]) / sample.width, (p[1] - root[1]) / sample.width]
}

/// A colour and how much of it covers what is below.
const COVERS: [Cover; 4] = [
    ("glasses", |sample, p, _| {
        let [x, y] = place(sample, p);
        let off = ((x.abs() - 0.24) / 0.17).hypot((y - 0.04) / 0.13);
        let rim = ((0.10 - (off - 1.0).abs()) / 0.04).clamp(0.0, 1.0);
        let bridge = if x.abs() < 0.08 { ((0.014 - (y + 0.01).abs()) / 0.006).clamp(0.0, 1.0) } else { 0.0 };
        ([0.10, 0.08, 0.08], rim.max(bridge))
    }),
    ("fringe", |sample, p, rng| {
        let [x, y] = place(sample, p);
        let strand = (x * 90.0 + (y * 14.0).sin()).sin();
        let low = -0.17 + 0.05 * (x * 23.0).sin();
        let grain = rng.between(-0.02, 0.02);
        let colour = [0.20 + 0.06 * strand + grain, 0.14 + 0.045 * strand + grain, 0.09 + 0.03 * strand + grain];
        (colour, if x.abs() < 0.46 && y > -0.6 { ((low - y) / 0.02).clamp(0.0, 0.95) } else { 0.0 })
    }),
    ("beard", |sample, p, rng| {
        let [x, y] = place(sample, p);
        let mouth = sample.face.points[13];
        let [mx, my] = place(sample, [mouth[0], mouth[1]]);
        let jaw = ((0.80 - (x / 0.52).hypot((y - 0.18) / 0.88)) / 0.1).clamp(0.0, 1.0);
        let lips = (((x - mx) / 0.24).hypot((y - my) / 0.11) - 1.0).clamp(0.0, 0.15) / 0.15;
        let low = ((y - 0.42 - 0.35 * (0.3 - x.abs()).max(0.0)) / 0.05).clamp(0.0, 1.0);
        let hair = if rng.between(0.0, 1.0) < 0.6 { 0.75 } else { 0.15 };
        ([0.13, 0.10, 0.08], jaw * lips * low * hair)
    }),
    ("hand", |sample, p, _| {
        let [x, y] = place(sample, p);
        let (x, y) = (x + 0.62, y - 0.62);
        let palm = 1.0 - (x / 0.16).hypot(y / 0.26);
        let finger = |k: f32| {
            let (u, v) = (x - 0.02 - 0.075 * k, y + 0.24 - 0.02 * (k - 1.5).powi(2));
            1.0 - (u / 0.036).hypot(v / 0.20)
        };
        let shape = (0..4).map(|k| finger(k as f32)).fold(palm, f32::max);
        let shade = 0.72 + 0.28 * (shape * 3.0).clamp(0.0, 1.0);
        ([0.83 * shade, 0.58 * shade, 0.47 * shade], (shape / 0.06).clamp(0.0, 1.0))
    }),
];

/// Things over the face: what of them is left, and what the skin's mask makes of them.
pub fn covered(bench: &mut Bench, table: &mut Table, out: &Path) -> Result<(), Failure> {
    table.title("Things over the face, painted on the portrait, with `glam` less its slimming");
    let sample = bench.samples[0].clone();
    let look = Look { shape: Shape { slim: 0.0, ..Shape::NONE }, ..Look::GLAM };
    let bare = bench.skin(&sample)?;
    let mut rows = Vec::new();
    for (name, paint) in COVERS {
        let mut rng = Rng(5);
        let mut picture = sample.picture.clone();
        let mut over = Vec::new();
        for (x, y, place) in picture.enumerate_pixels_mut() {
            let (colour, share) = paint(&sample, [x as f32 + 0.5, y as f32 + 0.5], &mut rng);
            let below = rgb(place);
            *place = pixel(std::array::from_fn(|c| below[c] + share * (colour[c] - below[c])));
            over.push(share > 0.5);
        }
        let shown = sample.with(picture);
        let skin = bench.skin(&shown)?;
        let after = bench.retouched(&shown, &look)?;
        let on_skin = |values: &[u8]| {
            let within: Vec<f32> = values
                .iter()
                .zip(&over)
                .zip(&bare)
                .filter(|((_, over), bare)| **over && **bare > 128)
                .map(|((v, _), _)| f32::from(*v) / 255.0)
                .collect();
            within.iter().sum::<f32>() / within.len().max(1) as f32
        };
        let left = edges(&gradient(&after), &gradient(&shown.picture), &over);
        let shift = shown
            .picture
            .pixels()
            .zip(after.pixels())
            .zip(&over)
            .filter(|(_, over)| **over)
            .map(|((a, b), _)| (lab(rgb(a))[0] - lab(rgb(b))[0]).abs())
            .fold((0.0, 0.0_f32), |(sum, count), off| (sum + off, count + 1.0));
        table.noted(
            &format!("{name}: taken for skin, edges kept, mean change of L*"),
            &format!("{:.2}, {left:.3}, {:.2}", on_skin(&skin), shift.0 / shift.1.max(1.0)),
        );
        let (width, height) = shown.size();
        let mask = RgbaImage::from_fn(width, height, |x, y| {
            let v = skin[(y * width + x) as usize];
            Rgba([v, v, v, 255])
        });
        rows.push([shown.picture, mask, after]);
    }
    save(&grid(&rows, 768), &out.join("covered.png"))
}
