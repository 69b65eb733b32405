//! What is drawn over a retouched picture: points and lines, each where that picture shows it.

use glowup::{Face, Look, Warp};

use crate::settings::Overlay;

/// Lines of a grid in each direction, and points of each line.
const LINES: usize = 17;
const STEPS: usize = 33;
/// How far a grid reaches beyond its face, in widths of the face.
const MARGIN: f32 = 0.35;

/// The drawing of one picture. Empty where nobody wants to see it.
#[derive(Clone, Default)]
pub struct Drawing {
    /// The points of each face.
    pub meshes: Vec<Vec<[f32; 2]>>,
    /// The lines of a grid around each face.
    pub grid: Vec<Vec<[f32; 2]>>,
}

impl Drawing {
    /// For the faces of a picture of that size, which that look was put on.
    pub fn new<'a>(
        overlay: Overlay,
        faces: impl Iterator<Item = &'a Face>,
        [width, height]: [u32; 2],
        look: &Look,
    ) -> Self {
        let mut drawing = Self::default();
        if matches!(overlay, Overlay::None | Overlay::Skin) {
            return drawing;
        }
        for face in faces {
            let Ok(warp) = Warp::new(face, width, height, look) else { continue };
            if overlay == Overlay::Warp {
                add_grid(face, &warp, &mut drawing.grid);
            } else {
                drawing.meshes.push(face.points.iter().map(|&[x, y, _]| warp.moved([x, y])).collect());
            }
        }
        drawing
    }
}

fn add_grid(face: &Face, warp: &Warp, lines: &mut Vec<Vec<[f32; 2]>>) {
    let mut low = [f32::INFINITY; 2];
    let mut high = [f32::NEG_INFINITY; 2];
    for point in &face.points {
        for axis in 0..2 {
            low[axis] = low[axis].min(point[axis]);
            high[axis] = high[axis].max(point[axis]);
        }
    }
    let margin = MARGIN * (high[0] - low[0]);
    let share = |k: usize, of: usize| k as f32 / (of - 1) as f32;
    let at = |u: f32, v: f32| {
        let place = [(u, 0), (v, 1)].map(|(t, axis)| low[axis] - margin + t * (high[axis] - low[axis] + 2.0 * margin));
        warp.moved(place)
    };
    for line in 0..LINES {
        let fixed = share(line, LINES);
        lines.push((0..STEPS).map(|k| at(fixed, share(k, STEPS))).collect());
        lines.push((0..STEPS).map(|k| at(share(k, STEPS), fixed)).collect());
    }
}
