//! A mouth's parts in pixels: lips, the skin around them, and what is in the opening.

use glowup::face::topology as mesh;

use super::light::{Light, distance, oklab, point};
use super::marked;
use crate::sample::{Sample, apart, rgb};

/// Below this gap between the lips, in heights of the face, a mouth is shut.
const SHUT: f32 = 0.012;
/// Above it, there is room for teeth to be seen.
const OPEN: f32 = 0.028;
/// A pixel of a tooth is at least as bright as this share of white, and no redder than white by this.
const TOOTH: [f32; 2] = [0.62, 0.05];
/// What is redder than white by this is gum, tongue or lip.
const RED: f32 = 0.075;

pub struct Parts {
    /// The lips, well inside their edges.
    pub lips: Vec<usize>,
    /// The skin around them: at 2 to 12 % of their width.
    pub ring: Vec<usize>,
    /// What is in the opening, bright and hardly red.
    pub teeth: Vec<usize>,
    /// What is in the opening and red.
    pub gums: Vec<usize>,
    pub light: Light,
    /// The gap between the lips, in heights of the face.
    gap: f32,
}

/// The face's height, or what it would be by its width: it stays as it is when the head turns.
pub fn height(sample: &Sample) -> f32 {
    let across = 1.15 * apart(&sample.face, mesh::RIGHT_CHEEK, mesh::LEFT_CHEEK);
    apart(&sample.face, mesh::FOREHEAD, mesh::CHIN).max(across)
}

fn colour(sample: &Sample, at: usize) -> [f32; 3] {
    let width = sample.size().0 as usize;
    oklab(rgb(sample.picture.get_pixel((at % width) as u32, (at / width) as u32)))
}

/// Whether a pixel in or near a mouth is bright and hardly red.
pub fn is_tooth(sample: &Sample, light: &Light, at: usize) -> bool {
    let colour = colour(sample, at);
    colour[0] > TOOTH[0] * light.white[0] && light.redness(colour) < TOOTH[1]
}

impl Parts {
    pub fn of(sample: &Sample) -> Self {
        let light = Light::of(sample);
        let lip_width = distance(point(sample, mesh::RIGHT_MOUTH_CORNER), point(sample, mesh::LEFT_MOUTH_CORNER));
        let share = lip_width / sample.width;
        let inside = sample.near(&mesh::MOUTH, f32::NEG_INFINITY, -0.003);
        let mut lips = sample.near(&mesh::LIPS, f32::NEG_INFINITY, -0.015);
        let opening = sample.near(&mesh::MOUTH, f32::NEG_INFINITY, 0.010);
        lips.iter_mut().zip(opening).for_each(|(lips, opening)| *lips &= !opening);
        let gap = [[13, 14], [82, 87], [312, 317]].map(|[a, b]| distance(point(sample, a), point(sample, b)));
        let gap = gap.iter().sum::<f32>() / 3.0 / height(sample);
        let (mut teeth, mut gums) = (Vec::new(), Vec::new());
        for at in marked(&inside) {
            if is_tooth(sample, &light, at) {
                teeth.push(at);
            } else if light.redness(colour(sample, at)) > RED {
                gums.push(at);
            }
        }
        let ring = marked(&sample.near(&mesh::LIPS, 0.02 * share, 0.12 * share));
        Self { lips: marked(&lips), ring, teeth, gums, light, gap }
    }

    pub fn is_shut(&self) -> bool {
        self.gap < SHUT
    }

    /// Whether the mouth is so far open that teeth are seen, and that there are enough pixels of them.
    pub fn shows_teeth(&self) -> bool {
        self.gap > OPEN && self.teeth.len() >= 30
    }
}
