//! What is painted onto a face: eyes, teeth, lips, make-up. How strongly, where, in which colours.
//!
//! Lengths are in units of the face's size F: the larger of its height from the hairline to the chin and 1.15 times its width in the
//! picture, which stays as it is however the head turns.

pub(crate) mod amounts;
pub(crate) mod contours;
pub(crate) mod distances;
pub(crate) mod samples;
pub(crate) mod soft;

use std::ops::Range;

use super::FaceGeometry;
use super::outline::{box_of, oval, smoothstep};
use super::region::{Rect, at, clipped, minus};
use crate::Look;
use crate::face::topology::{CHIN, FOREHEAD, LEFT_CHEEK, LEFT_IRIS, POINTS_WITH_IRISES, RIGHT_CHEEK, RIGHT_IRIS};
use amounts::{Amounts, Colours};
use contours::Contours;
use distances::{Distances, Reach};
use samples::Samples;
use soft::{Soft, SoftRaster};

/// Texels a side of a grid of distances, and how many of them a face's size has: half a texel is less than what its landmarks
/// tremble by.
pub(crate) const SIDE: u32 = 128;
const TEXELS: f32 = 160.0;

/// The boxes of a face, where something with edges may be painted: mouth, right eye, left eye.
pub(crate) const BOXES: usize = 3;
pub(crate) const MOUTH: usize = 0;
pub(crate) const EYES: [usize; 2] = [1, 2];

/// Beside what is painted, in units of the face's size and in pixels: room for soft edges, and for a ring where nothing is
/// painted, so that what moves is read between pixels that are all known.
const BESIDE: f32 = 0.016;
const RING: f32 = 3.0;
/// No distance is less.
const NOWHERE: f32 = -1e9;

/// A grid over one of the boxes, whose first texel begins at its corner.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct PaintGrid {
    pub(crate) origin: [f32; 2],
    /// Side of a texel in pixels; of small faces a texel is a pixel, so nothing is lost between them.
    pub(crate) texel: f32,
    /// Texels across and down; none where the box is empty.
    pub(crate) texels: [u32; 2],
}

impl PaintGrid {
    fn over(area: Rect, size: f32) -> Self {
        let longest = area.width.max(area.height) as f32;
        let texel = 1.0_f32.max(size / TEXELS).max(longest / SIDE as f32);
        let count = |side: u32| ((side as f32 / texel).ceil() as u32).min(SIDE);
        Self { origin: [area.x as f32, area.y as f32], texel, texels: [count(area.width), count(area.height)] }
    }
}

/// An eye in the picture.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Eye {
    /// Outer and inner corner.
    pub(crate) corners: [[f32; 2]; 2],
    /// Unit vector to the brow, from the line between the corners.
    pub(crate) up: [f32; 2],
    /// From corner to corner, in pixels.
    pub(crate) width: f32,
    /// Middle of the iris and its radius, in pixels; a radius of 0 where the mesh has no irises.
    pub(crate) iris: [f32; 2],
    pub(crate) radius: f32,
    /// How much of what is painted on it is seen, and how much of what is painted into it, between its lids.
    pub(crate) seen: f32,
    pub(crate) open: f32,
}

/// Corners (outer, inner), pairs of points over each other on the lids, and a point of the brow.
const EYE_POINTS: [([u16; 2], [[u16; 2]; 3], u16); 2] =
    [([33, 133], [[159, 145], [158, 153], [160, 144]], 105), ([263, 362], [[386, 374], [385, 380], [387, 373]], 334)];
/// Between these ratios of height and width an eye opens.
const OPENS: [f32; 2] = [0.10, 0.20];
/// Between these ratios of the eyes' widths the farther one comes into sight.
const FAR: [f32; 2] = [0.35, 0.60];

pub(crate) fn length(v: [f32; 2]) -> f32 {
    v[0].hypot(v[1])
}

fn distance(points: &[[f32; 3]], a: u16, b: u16) -> f32 {
    length(minus(at(points, a), at(points, b)))
}

impl Eye {
    fn of(points: &[[f32; 3]], side: usize) -> Self {
        let Some(&(corners, lids, brow)) = EYE_POINTS.get(side) else { return Self::default() };
        let corners = corners.map(|index| at(points, index));
        let along = minus(corners[0], corners[1]);
        let width = length(along).max(1e-3);
        let mut up = [-along[1] / width, along[0] / width];
        let brow = minus(at(points, brow), corners[1]);
        if up[0] * brow[0] + up[1] * brow[1] < 0.0 {
            up = up.map(|v| -v);
        }
        let gap = lids.iter().map(|&[a, b]| distance(points, a, b)).sum::<f32>() / lids.len() as f32;
        let open = smoothstep(OPENS[0], OPENS[1], gap / width);
        let [middle, rim @ ..] = if side == 0 { RIGHT_IRIS } else { LEFT_IRIS };
        let has_irises = points.len() >= POINTS_WITH_IRISES;
        let radius = rim.iter().map(|&index| distance(points, middle, index)).sum::<f32>() / rim.len() as f32;
        let radius = if has_irises { radius } else { 0.0 };
        Self { corners, up, width, iris: at(points, middle), radius, seen: 1.0, open }
    }
}

/// What the GPU shall paint onto one face.
#[derive(Default)]
pub(crate) struct PaintPlan {
    /// The pixels that may be painted, by box; empty ones hold nothing.
    pub(crate) boxes: [Rect; BOXES],
    /// The smallest rectangle around them.
    pub(crate) bounds: Rect,
    /// What soft shapes lie over, on the skin; empty where there are none.
    pub(crate) soft_rect: Rect,
    /// What is looked at.
    pub(crate) reading: Rect,
    /// The face's size, in pixels.
    pub(crate) size: f32,
    pub(crate) grids: [PaintGrid; BOXES],
    pub(crate) eyes: [Eye; 2],
    /// How far the mouth is open, in units of the face's size.
    pub(crate) gap: f32,
    pub(crate) amounts: Amounts,
    pub(crate) colours: Colours,
    pub(crate) distances: [Distances; BOXES],
    contours: Contours,
    pub(crate) samples: Samples,
    pub(crate) soft: Soft,
}

/// From which distances to its contours on nothing is painted on a mouth: shaders/paint/lips.wgsl and mouth_bands.wgsl.
fn mouth_reach(amounts: &Amounts, size: f32) -> Reach {
    let lips = if amounts.lipstick > 0.0 { 0.006 * size + 1.0 } else { NOWHERE };
    [lips, 0.003 * size + (0.002 * size).max(0.7), NOWHERE]
}

/// The same of an eye: shaders/paint/eyes.wgsl.
fn eye_reach(amounts: &Amounts, size: f32, eye: &Eye, side: usize) -> Reach {
    let [half, _, fill] = contours::line_shape(amounts);
    let on = |is_on: bool, reach: f32| if is_on { reach } else { NOWHERE };
    let within = on(amounts.has_inner_eye(side), 0.5 * (0.004 * size).max(1.2));
    [
        within.max(on(amounts.lashes > 0.0, 0.11 * eye.width)),
        on(amounts.brows > 0.0, 0.03 * size),
        on(amounts.liner > 0.0, (half + fill) * eye.width + (0.011 * size).max(0.7)),
    ]
}

/// Mean height of the mouth's opening.
fn gap(points: &[[f32; 3]]) -> f32 {
    [[13, 14], [82, 87], [312, 317]].iter().map(|&[a, b]| distance(points, a, b)).sum::<f32>() / 3.0
}

impl PaintPlan {
    /// Plans the paint of a face.
    pub(super) fn update(&mut self, face: &FaceGeometry<'_>, look: &Look, raster: &mut Option<Box<SoftRaster>>) {
        let points = face.points;
        (self.boxes, self.grids) = Default::default();
        (self.bounds, self.soft_rect) = Default::default();
        self.amounts = Amounts::none();
        if !amounts::is_asked_for(look) {
            return;
        }
        self.size = distance(points, FOREHEAD, CHIN).max(1.15 * distance(points, RIGHT_CHEEK, LEFT_CHEEK)).max(1.0);
        self.gap = gap(points) / self.size;
        self.eyes = [Eye::of(points, 0), Eye::of(points, 1)];
        let widths = self.eyes.map(|eye| eye.width);
        for (eye, other) in self.eyes.iter_mut().zip([widths[1], widths[0]]) {
            eye.seen = smoothstep(FAR[0], FAR[1], eye.width / other.max(1e-3));
        }
        self.amounts = Amounts::new(face, look, self);
        if self.amounts.is_none() {
            return;
        }
        self.colours = Colours::of(look);
        self.contours.update(points, self.size, &self.eyes, &self.amounts);
        self.place(face);
        if self.is_none() {
            return;
        }
        for (part, distances) in self.distances.iter_mut().enumerate().filter(|(part, _)| self.boxes[*part].width > 0) {
            let side = EYES.iter().position(|eye| *eye == part);
            let eye = side.and_then(|side| self.eyes.get(side));
            let reach = match side {
                Some(side) => eye_reach(&self.amounts, self.size, &self.eyes[side], side),
                None => mouth_reach(&self.amounts, self.size),
            };
            distances.update(&self.grids[part], self.contours.of(part), self.size, reach, eye);
        }
        self.samples.update(points, self.size, &self.eyes);
        if self.has_soft() {
            self.soft.update(points, self.soft_rect, raster.get_or_insert_default());
        }
    }

    /// Lays out the boxes.
    fn place(&mut self, face: &FaceGeometry<'_>) {
        let margin = BESIDE * self.size + RING;
        let around = |[low, high]: [[f32; 2]; 2], beside: f32| {
            clipped(low.map(|v| v - beside), high.map(|v| v + beside), face.frame).unwrap_or_default()
        };
        let outline = box_of(&oval(face.points));
        if self.amounts.has_mouth() {
            self.boxes[MOUTH] = self.contours.mouth().map(|found| around(found, margin)).unwrap_or_default();
        }
        for (side, slot) in EYES.into_iter().enumerate() {
            if let Some((found, beside)) = self.contours.eye(side, self)
                && let Some(slot) = self.boxes.get_mut(slot)
            {
                *slot = around(found, beside + margin);
            }
        }
        if self.amounts.has_soft() {
            self.soft_rect = around(outline, RING);
        }
        self.bounds = self.boxes.iter().fold(Rect::default(), |sum, next| sum.around(next));
        self.reading = around(outline, 0.05 * self.size + RING).around(&self.bounds);
        for (grid, area) in self.grids.iter_mut().zip(self.boxes) {
            *grid = if area.width == 0 { PaintGrid::default() } else { PaintGrid::over(area, self.size) };
        }
    }

    /// Whether anything may be painted in a box, in any tile of some columns and rows.
    pub(crate) fn paints(&self, part: usize, columns: &Range<u32>, rows: &Range<u32>) -> bool {
        let has_box = self.boxes.get(part).is_some_and(|area| area.width > 0);
        has_box && self.distances.get(part).is_some_and(|distances| distances.tiles.holds_any(columns, rows))
    }

    /// Whether nothing is painted.
    pub(crate) fn is_none(&self) -> bool {
        self.bounds.width == 0 && !self.has_soft()
    }

    /// Whether soft shapes are painted on the skin.
    pub(crate) fn has_soft(&self) -> bool {
        self.soft_rect.width > 0
    }
}
