//! Colours, contrasts and distances: what the figures are made of.

use image::RgbaImage;

use crate::sample::{Sample, Spot, rgb};

/// CIELAB of an sRGB colour of 0..=1, white of D65.
pub fn lab(colour: [f32; 3]) -> [f32; 3] {
    let [r, g, b] = colour.map(|v| if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) });
    let f = |v: f32| if v > 0.008_856 { v.cbrt() } else { 7.787 * v + 16.0 / 116.0 };
    let x = f((0.412_453 * r + 0.357_580 * g + 0.180_423 * b) / 0.950_456);
    let y = f(0.212_671 * r + 0.715_160 * g + 0.072_169 * b);
    let z = f((0.019_334 * r + 0.119_193 * g + 0.950_227 * b) / 1.088_754);
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// The colour difference CIEDE2000 (Sharma, Wu, Dalal 2005).
pub fn delta_e(a: [f32; 3], b: [f32; 3]) -> f32 {
    let [a, b] = [a, b].map(|c| c.map(f64::from));
    let chroma = |c: [f64; 3]| c[1].hypot(c[2]);
    let seventh = |c: f64| (c.powi(7) / (c.powi(7) + 25.0_f64.powi(7))).sqrt();
    let g = 0.5 * (1.0 - seventh((chroma(a) + chroma(b)) / 2.0));
    let prime = |c: [f64; 3]| {
        let x = (1.0 + g) * c[1];
        let hue = if x == 0.0 && c[2] == 0.0 { 0.0 } else { c[2].atan2(x).to_degrees().rem_euclid(360.0) };
        (x.hypot(c[2]), hue)
    };
    let ((c1, h1), (c2, h2)) = (prime(a), prime(b));
    let flat = c1 * c2 == 0.0;
    let turn = match h2 - h1 {
        _ if flat => 0.0,
        d if d > 180.0 => d - 360.0,
        d if d < -180.0 => d + 360.0,
        d => d,
    };
    let dh = 2.0 * (c1 * c2).sqrt() * (turn / 2.0).to_radians().sin();
    let (l, c) = ((a[0] + b[0]) / 2.0, (c1 + c2) / 2.0);
    let h = match h1 + h2 {
        s if flat => s,
        s if (h1 - h2).abs() <= 180.0 => s / 2.0,
        s if s < 360.0 => (s + 360.0) / 2.0,
        s => (s - 360.0) / 2.0,
    };
    let cos = |degrees: f64| degrees.to_radians().cos();
    let t = 1.0 - 0.17 * cos(h - 30.0) + 0.24 * cos(2.0 * h) + 0.32 * cos(3.0 * h + 6.0) - 0.20 * cos(4.0 * h - 63.0);
    let (sl, sc) = (1.0 + 0.015 * (l - 50.0).powi(2) / (20.0 + (l - 50.0).powi(2)).sqrt(), 1.0 + 0.045 * c);
    let sh = 1.0 + 0.015 * c * t;
    let turned = 60.0 * (-((h - 275.0) / 25.0).powi(2)).exp();
    let rt = -2.0 * seventh(c) * turned.to_radians().sin();
    let (dl, dc, dh) = ((b[0] - a[0]) / sl, (c2 - c1) / sc, dh / sh);
    (dl * dl + dc * dc + dh * dh + rt * dc * dh).sqrt() as f32
}

/// Mean brightness of a picture's channels, 0..=1, pixel by pixel.
pub fn grey(picture: &RgbaImage) -> Vec<f32> {
    picture.pixels().map(|p| rgb(p).iter().sum::<f32>() / 3.0).collect()
}

/// Mean colour in CIELAB where `within` says so.
pub fn mean_lab(picture: &RgbaImage, within: &[bool]) -> [f32; 3] {
    let (mut sum, mut count) = ([0.0_f64; 3], 0.0);
    for (place, _) in picture.pixels().zip(within).filter(|(_, within)| **within) {
        sum.iter_mut().zip(lab(rgb(place))).for_each(|(sum, v)| *sum += f64::from(v));
        count += 1.0;
    }
    sum.map(|sum| (sum / f64::max(count, 1.0)) as f32)
}

/// How much of a painted detail is left: the regression of what it changes afterwards on what it changed before.
pub fn kept(before: [&RgbaImage; 2], after: [&RgbaImage; 2]) -> f32 {
    let [plain, painted] = before.map(grey);
    let [plain_after, painted_after] = after.map(grey);
    let (mut along, mut square) = (0.0_f64, 0.0_f64);
    for k in 0..plain.len() {
        let signal = f64::from(painted[k] - plain[k]);
        along += signal * f64::from(painted_after[k] - plain_after[k]);
        square += signal * signal;
    }
    (along / square.max(1e-12)) as f32
}

/// How much darker spots are than the ring around them, on the whole.
pub fn contrast(sample: &Sample, picture: &RgbaImage, spots: &[Spot]) -> f32 {
    let (w, h) = sample.size();
    let light = grey(picture);
    let mut sum = 0.0;
    for &([x, y], size) in spots {
        let radius = size / 2.0;
        let (inner, from, to) = ((radius * 0.7).max(0.71), radius * 1.5 + 1.0, radius * 2.2 + 2.0);
        let (mut inside, mut around) = ((0.0, 0.0_f32), (0.0, 0.0_f32));
        let span = |at: f32, limit: u32| (at - to - 1.0).max(0.0) as u32..((at + to + 1.0) as u32 + 1).min(limit);
        for row in span(y, h) {
            for column in span(x, w) {
                let off = (column as f32 + 0.5 - x).hypot(row as f32 + 0.5 - y);
                let value = light[(row * w + column) as usize];
                if off < inner {
                    inside = (inside.0 + value, inside.1 + 1.0);
                } else if off > from && off < to {
                    around = (around.0 + value, around.1 + 1.0);
                }
            }
        }
        sum += around.0 / around.1.max(1.0) - inside.0 / inside.1.max(1.0);
    }
    sum
}

/// Lengths of the brightness' gradient (Sobel).
pub fn gradient(picture: &RgbaImage) -> Vec<f32> {
    let (w, h) = picture.dimensions();
    let light = grey(picture);
    let at =
        |x: i64, y: i64| light[(y.clamp(0, i64::from(h) - 1) * i64::from(w) + x.clamp(0, i64::from(w) - 1)) as usize];
    (0..i64::from(h))
        .flat_map(|y| (0..i64::from(w)).map(move |x| (x, y)))
        .map(|(x, y)| {
            let side = |dx| at(x + dx, y - 1) + 2.0 * at(x + dx, y) + at(x + dx, y + 1);
            let level = |dy| at(x - 1, y + dy) + 2.0 * at(x, y + dy) + at(x + 1, y + dy);
            (side(1) - side(-1)).hypot(level(1) - level(-1))
        })
        .collect()
}

/// The sum of one picture's gradients within some pixels over another's.
pub fn edges(after: &[f32], before: &[f32], within: &[bool]) -> f32 {
    let sum =
        |values: &[f32]| -> f32 { values.iter().zip(within).filter(|(_, within)| **within).map(|(v, _)| v).sum() };
    sum(after) / sum(before).max(1e-6)
}

/// Peak signal-to-noise ratio of two pictures within some pixels, in decibels.
pub fn psnr(a: &RgbaImage, b: &RgbaImage, within: &[bool]) -> f32 {
    let (mut square, mut count) = (0.0_f64, 0.0_f64);
    for ((a, b), _) in a.pixels().zip(b.pixels()).zip(within).filter(|(_, within)| **within) {
        square += (0..3).map(|c| (f64::from(a[c]) - f64::from(b[c])).powi(2)).sum::<f64>();
        count += 3.0;
    }
    (10.0 * (255.0_f64.powi(2) / (square / count.max(1.0)).max(1e-9)).log10()) as f32
}
