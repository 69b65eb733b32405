//! Large portraits, and polygons on them that say what is surely skin and what surely is not.

use std::collections::BTreeMap;
use std::path::Path;

use glowup::face::topology as mesh;
use glowup::{FaceTracker, Frame};
use image::RgbaImage;
use image::imageops::{FilterType, crop_imm, resize};
use serde::Deserialize;

use crate::common::Failure;
use crate::common::media::Picture;
use crate::planes::Plane;
use crate::sample::{Sample, apart};

/// How far around the face's outline a portrait is kept, in face widths: left and right, above, below. No filter reads or
/// changes anything farther away.
const KEPT: [f32; 3] = [0.7, 0.7, 0.95];

/// A polygon as `skin_polygons.json` has it.
#[derive(Deserialize, Clone)]
pub struct Polygon {
    kind: PolygonKind,
    pub label: String,
    points: Vec<[f32; 2]>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum PolygonKind {
    Skin,
    Non,
}

/// What labels begin with, and what is said for them all. The first that fits counts.
const GROUPS: [(&str, &str); 22] = [
    ("forehead", "forehead"),
    ("scalp", "scalp"),
    ("temple", "temple"),
    ("cheek", "cheek"),
    ("jaw", "jaw"),
    ("chin", "chin"),
    ("nose", "nose"),
    ("ear", "ear"),
    ("neck", "neck"),
    ("chest", "neck"),
    ("hair", "hair"),
    ("brow", "brow"),
    ("lips", "lips"),
    ("teeth", "lips"),
    ("beard", "beard"),
    ("goatee", "beard"),
    ("moustache", "beard"),
    ("glasses", "glasses"),
    ("cloth", "cloth"),
    ("collar", "cloth"),
    ("shirt", "cloth"),
    ("scarf", "cloth"),
];

impl Polygon {
    pub fn is_skin(&self) -> bool {
        self.kind == PolygonKind::Skin
    }

    /// What it lies on: `ear` for `ear_left`.
    pub fn group(&self) -> &'static str {
        GROUPS.iter().find(|(label, _)| self.label.starts_with(label)).map_or("background", |(_, group)| group)
    }

    /// The pixels whose middles lie in it (even-odd rule), of a picture of that size.
    pub fn places(&self, (width, height): (u32, u32)) -> Vec<usize> {
        let mut places = Vec::new();
        for row in 0..height {
            let y = row as f32 + 0.5;
            let mut crossings: Vec<f32> = Vec::new();
            let mut a = self.points[self.points.len() - 1];
            for &b in &self.points {
                if (a[1] <= y) != (b[1] <= y) {
                    crossings.push(a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0]));
                }
                a = b;
            }
            crossings.sort_unstable_by(f32::total_cmp);
            for pair in crossings.chunks_exact(2) {
                let [from, to] = [pair[0], pair[1]].map(|x| (x + 0.5).floor().clamp(0.0, width as f32) as usize);
                places.extend((from..to).map(|x| row as usize * width as usize + x));
            }
        }
        places
    }

    fn moved(&self, by: [f32; 2], factor: f32) -> Self {
        let points = self.points.iter().map(|p| [0, 1].map(|axis| (p[axis] + by[axis]) * factor)).collect();
        Self { points, ..self.clone() }
    }
}

/// A portrait's largest face with what surrounds it, and the polygons on it.
#[derive(Clone)]
pub struct Portrait {
    pub sample: Sample,
    pub polygons: Vec<Polygon>,
}

impl Portrait {
    /// Each picture of a folder that its `skin_polygons.json` names.
    pub fn all(folder: &Path, tracker: &FaceTracker) -> Result<Vec<Self>, Failure> {
        let path = folder.join("skin_polygons.json");
        let fail = |error: &dyn std::fmt::Display| format!("cannot read {}: {error}", path.display());
        let text = std::fs::read_to_string(&path).map_err(|error| fail(&error))?;
        let known: BTreeMap<String, Vec<Polygon>> = serde_json::from_str(&text).map_err(|error| fail(&error))?;
        known.into_iter().map(|(name, polygons)| Self::read(&folder.join(name), polygons, tracker)).collect()
    }

    /// Each of a folder's other pictures, by name, without polygons; those without a face are left out.
    pub fn others(folder: &Path, tracker: &FaceTracker) -> Result<Vec<Self>, Failure> {
        let path = folder.join("skin_polygons.json");
        let fail = |error: &dyn std::fmt::Display| format!("cannot read {}: {error}", folder.display());
        let text = std::fs::read_to_string(&path).map_err(|error| fail(&error))?;
        let known: BTreeMap<String, serde_json::Value> = serde_json::from_str(&text).map_err(|error| fail(&error))?;
        let entries = std::fs::read_dir(folder).map_err(|error| fail(&error))?;
        let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, std::io::Error>>()?;
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "jpg" || ending == "png"));
        paths.retain(|path| path.file_name().is_some_and(|name| !known.contains_key(&*name.to_string_lossy())));
        paths.sort();
        Ok(paths.iter().filter_map(|path| Self::read(path, Vec::new(), tracker).ok()).collect())
    }

    fn read(path: &Path, mut polygons: Vec<Polygon>, tracker: &FaceTracker) -> Result<Self, Failure> {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        polygons.retain(|polygon| polygon.points.len() > 2);
        let whole = Picture::read(path)?.pixels;
        let (width, height) = whole.dimensions();
        let found = tracker.detect(&Frame::rgba8(&whole, width, height)?)?;
        let across = |face: &glowup::Face| apart(face, mesh::RIGHT_CHEEK, mesh::LEFT_CHEEK);
        let mut face = found
            .into_iter()
            .max_by(|a, b| across(a).total_cmp(&across(b)))
            .ok_or_else(|| format!("no face is found in {}", path.display()))?;
        let wide = across(&face);
        let outline = mesh::FACE_OVAL.map(|index| face.points[usize::from(index)]);
        let part = |axis: usize, before: f32, after: f32, limit: u32| {
            let (low, high) =
                outline.iter().fold((f32::INFINITY, 0.0_f32), |(low, high), p| (low.min(p[axis]), high.max(p[axis])));
            let from = (low - before * wide).clamp(0.0, limit as f32 - 1.0) as u32;
            (from, ((high + after * wide).clamp(0.0, limit as f32) as u32 - from).max(1))
        };
        let ((x, w), (y, h)) = (part(0, KEPT[0], KEPT[0], width), part(1, KEPT[1], KEPT[2], height));
        let by = [-(x as f32), -(y as f32)];
        face.points.iter_mut().for_each(|p| (0..2).for_each(|axis| p[axis] += by[axis]));
        let picture = crop_imm(&whole, x, y, w, h).to_image();
        let polygons = polygons.iter().map(|polygon| polygon.moved(by, 1.0)).collect();
        Ok(Self { sample: Sample { name, picture, width: wide, face }, polygons })
    }

    /// The same portrait, smaller: its face is so many pixels wide.
    pub fn scaled(&self, face_width: f32) -> Self {
        let factor = face_width / self.sample.width;
        let polygons = self.polygons.iter().map(|polygon| polygon.moved([0.0; 2], factor)).collect();
        Self { sample: scaled(&self.sample, factor), polygons }
    }

    /// The pixels of the polygons on these parts.
    pub fn places(&self, groups: &[&str]) -> Vec<usize> {
        let of = self.polygons.iter().filter(|polygon| groups.contains(&polygon.group()));
        of.flat_map(|polygon| polygon.places(self.sample.size())).collect()
    }

    /// How much of each pixel is skin, 0..=1: what the renderer takes for it and what is drawn as skin, without what is
    /// drawn as anything else.
    pub fn skin(&self, field: &[u8]) -> Plane {
        let mut values: Vec<f32> = field.iter().map(|v| f32::from(*v) / 255.0).collect();
        for is_skin in [true, false] {
            for polygon in self.polygons.iter().filter(|polygon| polygon.is_skin() == is_skin) {
                let value = if is_skin { 1.0 } else { 0.0 };
                polygon.places(self.sample.size()).into_iter().for_each(|at| values[at] = value);
            }
        }
        Plane::new(self.sample.size().0 as usize, values)
    }
}

/// A sample at another size.
pub fn scaled(sample: &Sample, factor: f32) -> Sample {
    let (width, height) = sample.size();
    let [w, h] = [width, height].map(|side| ((side as f32 * factor).round() as u32).max(1));
    let picture: RgbaImage = resize(&sample.picture, w, h, FilterType::Lanczos3);
    let mut face = sample.face.clone();
    let by = [w as f32 / width as f32, h as f32 / height as f32, factor];
    face.points.iter_mut().for_each(|p| (0..3).for_each(|axis| p[axis] *= by[axis]));
    Sample { picture, face, width: sample.width * factor, ..sample.clone() }
}

/// Places where a plane is more than a half.
pub fn above_half(plane: &Plane) -> Vec<usize> {
    plane.values.iter().enumerate().filter(|(_, v)| **v > 0.5).map(|(at, _)| at).collect()
}
