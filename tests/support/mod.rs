//! What several tests share: pictures of real faces, sessions, distances.

// Each test uses its own part of this.
#![allow(dead_code)]

use glowup::{Beautifier, BeautifierOptions, Face, FaceTracker, Frame, FrameMut, Look, TrackerOptions};

/// A picture in memory, RGBA without padding.
#[derive(Clone, PartialEq)]
pub struct Picture {
    pub pixels: Vec<u8>,
    pub width: u32,
    pub height: u32,
}

impl Picture {
    pub fn flat(width: u32, height: u32, colour: [u8; 4]) -> Self {
        Self { pixels: colour.repeat((width * height) as usize), width, height }
    }

    pub fn frame(&self) -> Frame<'_> {
        Frame::rgba8(&self.pixels, self.width, self.height).unwrap()
    }

    pub fn frame_mut(&mut self) -> FrameMut<'_> {
        FrameMut::rgba8(&mut self.pixels, self.width, self.height).unwrap()
    }

    pub fn at(&self, x: u32, y: u32) -> [u8; 4] {
        let start = ((y * self.width + x) * 4) as usize;
        self.pixels[start..start + 4].try_into().unwrap()
    }

    pub fn set(&mut self, x: u32, y: u32, pixel: [u8; 4]) {
        let start = ((y * self.width + x) * 4) as usize;
        self.pixels[start..start + 4].copy_from_slice(&pixel);
    }

    /// Brightness of a pixel, 0..=255.
    pub fn luma(&self, x: u32, y: u32) -> f32 {
        let [r, g, b, _] = self.at(x, y);
        0.299 * f32::from(r) + 0.587 * f32::from(g) + 0.114 * f32::from(b)
    }
}

impl From<image::RgbaImage> for Picture {
    fn from(image: image::RgbaImage) -> Self {
        Self { width: image.width(), height: image.height(), pixels: image.into_raw() }
    }
}

/// The bundled portrait, 512 × 512, its face 93 pixels wide.
pub fn portrait() -> Picture {
    image::open(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/astronaut.png")).unwrap().into_rgba8().into()
}

/// The portrait's head at three times its size: 768 × 768, the face 278 pixels wide.
pub fn close_up() -> Picture {
    let portrait = image::open(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/astronaut.png")).unwrap();
    portrait.crop_imm(100, 0, 256, 256).resize(768, 768, image::imageops::FilterType::CatmullRom).into_rgba8().into()
}

pub fn tracker() -> FaceTracker {
    FaceTracker::new(TrackerOptions::default()).unwrap()
}

/// The faces of a picture.
pub fn faces(picture: &Picture) -> Vec<Face> {
    tracker().detect(&picture.frame()).unwrap()
}

pub fn beautifier(look: Look) -> Beautifier {
    let mut beautifier = Beautifier::new(BeautifierOptions::default()).unwrap();
    beautifier.set_look(look).unwrap();
    beautifier
}

/// A picture, retouched.
pub fn retouched(picture: &Picture, look: Look) -> Picture {
    let mut after = picture.clone();
    beautifier(look).process_still(&mut after.frame_mut()).unwrap();
    after
}

/// Distance of two of a face's points in the picture.
pub fn distance(face: &Face, a: usize, b: usize) -> f32 {
    between(face.points[a], face.points[b])
}

/// Distance of two points in the picture.
pub fn between(a: [f32; 3], b: [f32; 3]) -> f32 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// The face's width, from cheek to cheek.
pub fn width(face: &Face) -> f32 {
    distance(face, 234, 454)
}

/// Whether a place lies inside a closed contour of a face's points.
pub fn inside(face: &Face, contour: &[u16], x: f32, y: f32) -> bool {
    let mut inside = false;
    let mut previous = face.points[contour[contour.len() - 1] as usize];
    for &index in contour {
        let corner = face.points[index as usize];
        if (previous[1] <= y) != (corner[1] <= y)
            && previous[0] + (y - previous[1]) / (corner[1] - previous[1]) * (corner[0] - previous[0]) > x
        {
            inside = !inside;
        }
        previous = corner;
    }
    inside
}

/// Distance of a place to the nearest of a contour's points.
pub fn nearest(face: &Face, contour: &[u16], x: f32, y: f32) -> f32 {
    contour
        .iter()
        .map(|&index| face.points[index as usize])
        .map(|p| (p[0] - x).hypot(p[1] - y))
        .fold(f32::INFINITY, f32::min)
}
