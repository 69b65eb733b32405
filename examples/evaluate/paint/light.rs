//! The light that a face stands in, and what a product looks like in it: found from the picture before, by this example's own
//! reckoning, so that the shaders are held to something other than themselves.

use glowup::face::topology as mesh;

use crate::figures::lab;
use crate::sample::{Sample, rgb};

fn linear(v: f32) -> f32 {
    if v <= 0.040_45 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
}

fn encoded(v: f32) -> f32 {
    if v <= 0.003_130_8 { v * 12.92 } else { 1.055 * v.powf(1.0 / 2.4) - 0.055 }
}

/// Oklab of linear sRGB (Ottosson 2020).
fn from_linear([r, g, b]: [f32; 3]) -> [f32; 3] {
    let l = (0.412_221_46 * r + 0.536_332_55 * g + 0.051_445_995 * b).cbrt();
    let m = (0.211_903_5 * r + 0.680_699_5 * g + 0.107_396_96 * b).cbrt();
    let s = (0.088_302_46 * r + 0.281_718_85 * g + 0.629_978_7 * b).cbrt();
    [
        0.210_454_26 * l + 0.793_617_8 * m - 0.004_072_047 * s,
        1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_7 * s,
        0.025_904_037 * l + 0.782_771_77 * m - 0.808_675_77 * s,
    ]
}

fn to_linear([l, a, b]: [f32; 3]) -> [f32; 3] {
    let x = (l + 0.396_337_78 * a + 0.215_803_76 * b).powi(3);
    let y = (l - 0.105_561_346 * a - 0.063_854_17 * b).powi(3);
    let z = (l - 0.089_484_18 * a - 1.291_485_5 * b).powi(3);
    [
        4.076_741_7 * x - 3.307_711_6 * y + 0.230_969_94 * z,
        -1.268_438 * x + 2.609_757_4 * y - 0.341_319_38 * z,
        -0.004_196_086_3 * x - 0.703_418_6 * y + 1.707_614_7 * z,
    ]
}

/// Oklab of an sRGB colour, 0..=1.
pub fn oklab(colour: [f32; 3]) -> [f32; 3] {
    from_linear(colour.map(linear))
}

/// CIELAB of a colour in Oklab, as far as sRGB holds it.
pub fn to_lab(colour: [f32; 3]) -> [f32; 3] {
    lab(to_linear(colour).map(|v| encoded(v.clamp(0.0, 1.0))))
}

pub fn mix(a: [f32; 3], b: [f32; 3], share: f32) -> [f32; 3] {
    std::array::from_fn(|c| a[c] + share * (b[c] - a[c]))
}

/// Corners and iris of an eye: outer corner, inner corner, middle of the iris, pairs of points on the lids.
pub struct EyePoints {
    pub contour: [u16; 16],
    corners: [u16; 2],
    iris: [u16; 5],
    gaps: [[u16; 2]; 3],
}

pub const EYES: [EyePoints; 2] = [
    EyePoints {
        contour: mesh::RIGHT_EYE,
        corners: [33, 133],
        iris: mesh::RIGHT_IRIS,
        gaps: [[159, 145], [160, 144], [158, 153]],
    },
    EyePoints {
        contour: mesh::LEFT_EYE,
        corners: [263, 362],
        iris: mesh::LEFT_IRIS,
        gaps: [[386, 374], [387, 373], [385, 380]],
    },
];

pub fn point(sample: &Sample, index: u16) -> [f32; 2] {
    let [x, y, _] = sample.face.points[usize::from(index)];
    [x, y]
}

pub fn distance(a: [f32; 2], b: [f32; 2]) -> f32 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

impl EyePoints {
    /// How far the lids are apart, in widths of the eye.
    pub fn open(&self, sample: &Sample) -> f32 {
        let apart = |[a, b]: [u16; 2]| distance(point(sample, a), point(sample, b));
        self.gaps.map(apart).iter().sum::<f32>() / 3.0 / apart(self.corners).max(1e-3)
    }

    /// Middle and radius of the iris, in pixels.
    pub fn iris(&self, sample: &Sample) -> ([f32; 2], f32) {
        let middle = point(sample, self.iris[0]);
        let rim = self.iris[1..].iter().map(|&index| distance(point(sample, index), middle));
        (middle, rim.sum::<f32>() / 4.0)
    }

    /// The pixels on the lines from the iris to both corners that are most surely white.
    fn whitest(&self, sample: &Sample) -> Vec<usize> {
        let (middle, radius) = self.iris(sample);
        let (width, height) = sample.size();
        let mut places = Vec::new();
        for corner in self.corners.map(|index| point(sample, index)) {
            let length = distance(middle, corner).max(1e-3);
            let rim = 1.1 * radius;
            for share in WHITEST.iter().filter(|_| length > rim) {
                let along = (rim + share * (length - rim)) / length;
                let p: [f32; 2] = std::array::from_fn(|axis| middle[axis] + along * (corner[axis] - middle[axis]));
                // A patch: a single pixel is noise in a large picture.
                let reach = (0.15 * radius) as i64;
                for (dx, dy) in (-reach..=reach).flat_map(|dy| (-reach..=reach).map(move |dx| (dx, dy))) {
                    let (x, y) = (p[0] as i64 + dx, p[1] as i64 + dy);
                    if (0..i64::from(width)).contains(&x) && (0..i64::from(height)).contains(&y) {
                        places.push((y * i64::from(width) + x) as usize);
                    }
                }
            }
        }
        places
    }

    /// Between the lids beside the iris, and away from the corners, where there is red flesh: what is white, and lashes.
    pub fn beside_iris(&self, sample: &Sample) -> Vec<usize> {
        let within = sample.near(&self.contour, f32::NEG_INFINITY, -0.004);
        let (middle, radius) = self.iris(sample);
        let corners = self.corners.map(|index| point(sample, index));
        let spared = 0.13 * distance(corners[0], corners[1]);
        let width = sample.size().0 as usize;
        let is_beside = |at: &usize| {
            let p = [(at % width) as f32 + 0.5, (at / width) as f32 + 0.5];
            distance(p, middle) > 1.15 * radius && corners.iter().all(|corner| distance(p, *corner) > spared)
        };
        super::marked(&within).into_iter().filter(is_beside).collect()
    }
}

/// Where the white of an eye is, from the iris's rim to a corner: lids and lashes shade what lies off that line.
const WHITEST: [f32; 3] = [0.25, 0.4, 0.55];

/// What is white in the picture, in Oklab.
#[derive(Clone, Copy)]
pub struct Light {
    pub white: [f32; 3],
    /// The eye whites' own colour, where an eye is open.
    pub own: Option<[f32; 3]>,
}

impl Light {
    pub fn of(sample: &Sample) -> Self {
        let colour = |at: usize| {
            let width = sample.size().0 as usize;
            oklab(rgb(sample.picture.get_pixel((at % width) as u32, (at / width) as u32)))
        };
        let (width, height) = sample.size();
        let mut bright: Vec<f32> = sample.face.points[..mesh::POINTS]
            .iter()
            .filter(|p| p[0] >= 0.0 && p[1] >= 0.0 && p[0] < width as f32 && p[1] < height as f32)
            .map(|p| colour(p[1] as usize * width as usize + p[0] as usize)[0])
            .collect();
        bright.sort_unstable_by(f32::total_cmp);
        let high = bright.get(bright.len() * 95 / 100).copied().unwrap_or(0.8);
        let open = EYES.iter().filter(|eye| eye.open(sample) >= 0.12);
        let mut whites: Vec<[f32; 3]> = open.flat_map(|eye| eye.whitest(sample)).map(colour).collect();
        whites.sort_unstable_by(|a, b| b[0].total_cmp(&a[0]));
        whites.truncate(whites.len().div_ceil(2));
        if whites.len() < 4 {
            return Self { white: [0.8 * high + 0.05, 0.0, 0.0], own: None };
        }
        let own: [f32; 3] = std::array::from_fn(|c| whites.iter().map(|v| v[c]).sum::<f32>() / whites.len() as f32);
        let chroma = own[1].hypot(own[2]).max(1e-6);
        let within = (0.10 / chroma).min(1.0);
        Self { white: [own[0].max(0.9 * high).clamp(0.25, 0.95), own[1] * within, own[2] * within], own: Some(own) }
    }

    /// A product's colour in this light, in Oklab: six tenths of the light's tint, and its brightness as the whites show it.
    pub fn on(&self, product: u32) -> [f32; 3] {
        let [l, a, b] = self.white;
        let tint = to_linear([1.0, 0.6 * a / l, 0.6 * b / l]).map(|v| v.clamp(0.35, 2.0));
        let luminance = 0.2126 * tint[0] + 0.7152 * tint[1] + 0.0722 * tint[2];
        let colour = [16, 8, 0].map(|shift| linear(f32::from((product >> shift) as u8) / 255.0));
        let lit = from_linear(std::array::from_fn(|c| colour[c] * tint[c] / luminance));
        lit.map(|v| v * (l / 0.84).clamp(0.45, 1.06))
    }

    /// How much redder than white a colour is, free of its shading.
    pub fn redness(&self, [l, a, _]: [f32; 3]) -> f32 {
        a / l.max(0.05) - self.white[1] / self.white[0]
    }
}
