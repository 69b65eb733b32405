//! Small pictures of the viewer's own face in every look, made one after another while somebody looks at them. They have a
//! renderer of their own and a few thousand pixels each, so that the picture itself hardly pays for them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use glowup::gpu::Renderer;
use glowup::{Face, FrameMut, Gpu, Look};
use image::ImageBuffer;
use image::imageops::{crop_imm, thumbnail};

use crate::common::Failure;
use crate::source::Picture;

/// Side of a preview, in pixels.
pub const SIDE: u32 = 128;
/// From one preview to the next.
pub const PACE: Duration = Duration::from_millis(120);
/// Side of what is shown around a face, by the face's own longer side.
const AROUND: f32 = 1.35;

/// A face in a look.
pub struct Preview {
    pub look: Look,
    /// RGBA, [`SIDE`] × [`SIDE`] pixels.
    pub pixels: Vec<u8>,
    /// Never given twice.
    pub number: u64,
}

pub struct Previews {
    renderer: Renderer,
    looks: Arc<[Look]>,
    next: usize,
    /// How many are still to be made of a picture that rests.
    left: usize,
    last: Option<Instant>,
    made: u64,
}

impl Previews {
    pub fn new(gpu: &Gpu) -> Result<Self, Failure> {
        let renderer = Renderer::new(gpu)?;
        Ok(Self { renderer, looks: Arc::new([]), next: 0, left: 0, last: None, made: 0 })
    }

    /// A new picture is there, or the same with other faces.
    pub fn begin(&mut self) {
        self.left = self.looks.len();
    }

    /// These are the looks to show.
    pub fn set_looks(&mut self, looks: &Arc<[Look]>) {
        if self.looks != *looks {
            self.looks = Arc::clone(looks);
            self.begin();
        }
    }

    /// Whether there is more to do for the picture that is shown.
    pub fn is_waiting(&self) -> bool {
        self.left > 0
    }

    /// The next look's preview, when its time has come; `None` where there is no face.
    pub fn make<'a>(&mut self, picture: &Picture, faces: impl Iterator<Item = &'a Face>) -> Option<Preview> {
        if self.left == 0 || self.last.is_some_and(|last| last.elapsed() < PACE) {
            return None;
        }
        self.last = Some(Instant::now());
        let (face, [low, high]) = faces
            .map(|face| (face, box_of(face)))
            .max_by(|(_, a), (_, b)| f32::total_cmp(&(a[1][0] - a[0][0]), &(b[1][0] - b[0][0])))?;
        let side = AROUND * (high[0] - low[0]).max(high[1] - low[1]);
        let limit = picture.width.min(picture.height);
        let side = (side.round() as u32).clamp(8.min(limit), limit);
        let corner = |axis: usize, length: u32| {
            let middle = (low[axis] + high[axis]) / 2.0;
            ((middle - side as f32 / 2.0).max(0.0) as u32).min(length - side)
        };
        let (left, top) = (corner(0, picture.width), corner(1, picture.height));
        let whole = ImageBuffer::<image::Rgba<u8>, _>::from_raw(picture.width, picture.height, &picture.pixels[..])?;
        let mut pixels = thumbnail(&*crop_imm(&whole, left, top, side, side), SIDE, SIDE).into_raw();
        let scale = SIDE as f32 / side as f32;
        let mut face = face.clone();
        for [x, y, z] in &mut face.points {
            (*x, *y, *z) = ((*x - left as f32) * scale, (*y - top as f32) * scale, *z * scale);
        }
        let look = self.looks.get(self.next % self.looks.len().max(1))?.clone();
        (self.next, self.left) = ((self.next + 1) % self.looks.len(), self.left - 1);
        self.renderer.reset();
        let mut frame = FrameMut::rgba8(&mut pixels, SIDE, SIDE).ok()?;
        // A preview that cannot be made is the plain face.
        let _ = self.renderer.retouch(&mut frame, &[face], &look);
        self.made += 1;
        Some(Preview { look, pixels, number: self.made })
    }
}

/// The lowest and the highest coordinates of a face.
fn box_of(face: &Face) -> [[f32; 2]; 2] {
    face.points.iter().fold([[f32::INFINITY; 2], [f32::NEG_INFINITY; 2]], |[low, high], point| {
        [[low[0].min(point[0]), low[1].min(point[1])], [high[0].max(point[0]), high[1].max(point[1])]]
    })
}
