//! Faces + look → a plan: which rectangle of the frame each face can change, where its skin is, and how far each of its
//! pixels moves. Plain numbers; nothing here knows of networks or of the GPU.

pub(crate) mod mask;
pub(crate) mod region;
pub(crate) mod tiles;
pub(crate) mod warp;

use crate::face::topology;
use crate::{Error, Face, Look, Result};
use mask::Mask;
use region::{Axes, Rect};
use tiles::Tiles;
use warp::Field;

pub use warp::Warp;

/// Most faces that one frame's plan retouches. More are left as they are, the smallest first.
pub(crate) const MAX_FACES: usize = 32;
/// Most cells a side of the grid that smoothing works on.
pub(crate) const MAX_CELLS: u32 = 384;
/// Side of a cell in units of the face's width: details smaller than this pass untouched.
const CELL: f32 = 0.0100;
/// Smallest side of a cell, in pixels: on a small face, pores are no larger than a pixel, and blemishes hold several.
const FINEST: f32 = 2.2;
/// Faces narrower than this, in pixels, are left alone: there is nothing to see.
const SMALLEST: f32 = 12.0;

/// What the GPU shall do to one frame. Reused from frame to frame, so that a warm session allocates nothing.
#[derive(Default)]
pub(crate) struct Plan {
    faces: Vec<FacePlan>,
    /// What the last pass visits.
    pub(crate) tiles: Tiles,
    /// Whether where skin is shall be shown, in place of the picture.
    pub(crate) shows_skin: bool,
    used: usize,
    order: Vec<(usize, Axes)>,
}

/// What the GPU shall do to one face.
#[derive(Default)]
pub(crate) struct FacePlan {
    /// The face's id, so that its statistics are carried from frame to frame.
    pub(crate) id: u64,
    /// The pixels that may change.
    pub(crate) rect: Rect,
    /// Side of a cell in pixels.
    pub(crate) cell: f32,
    /// How strongly to smooth and to even the colour, 0..=1, the face's visibility included.
    pub(crate) smooth: f32,
    pub(crate) tone: f32,
    /// How much brighter, rosier and warmer the skin becomes, −1..=1, the same.
    pub(crate) tint: [f32; 3],
    /// Where the skin is.
    pub(crate) mask: Mask,
    /// Displacements in pixels; empty where nothing moves.
    pub(crate) field: Field,
    /// The part of the rectangle whose colours may change, and the part that may move.
    pub(crate) skin: Rect,
    pub(crate) moving: Rect,
}

impl FacePlan {
    /// Whether any pixel changes its colour.
    pub(crate) fn corrects(&self) -> bool {
        self.smooth > 0.0 || self.tone > 0.0 || self.tint != [0.0; 3]
    }

    /// The part of the rectangle outside of which every pixel stays as it is.
    pub(crate) fn changing(&self) -> Rect {
        self.skin.around(&self.moving)
    }

    /// Whether any pixel moves.
    pub(crate) fn warps(&self) -> bool {
        !self.field.is_empty()
    }

    /// Cells across and down.
    pub(crate) fn cells(&self) -> (u32, u32) {
        let count = |side: u32| ((side as f32 / self.cell).ceil() as u32).clamp(1, MAX_CELLS);
        (count(self.rect.width), count(self.rect.height))
    }
}

impl Plan {
    /// Plans a frame of `width` × `height` pixels.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for a look that is not valid, [`Error::BadLandmarks`] for a face that is not.
    pub(crate) fn update(&mut self, width: u32, height: u32, faces: &[Face], look: &Look) -> Result<()> {
        (self.used, self.shows_skin) = (0, false);
        look.check()?;
        for (index, face) in faces.iter().enumerate() {
            check(index, face)?;
        }
        if look.is_none() {
            return Ok(());
        }
        self.order.clear();
        self.order.extend(
            faces
                .iter()
                .enumerate()
                .filter(|(_, face)| face.visibility > 0.0)
                .filter_map(|(index, face)| Some((index, Axes::of(&face.points)?)))
                .filter(|(_, axes)| axes.width >= SMALLEST),
        );
        // The largest faces come first; of equal ones the first given, so that a frame is planned the same way each time.
        self.order.sort_unstable_by(|(i, a), (j, b)| b.width.total_cmp(&a.width).then(i.cmp(j)));
        self.order.truncate(MAX_FACES);
        for &(index, axes) in &self.order {
            let Some(face) = faces.get(index) else { continue };
            let Some(rect) = region::rect(&face.points, &axes, width, height) else { continue };
            if self.used == self.faces.len() {
                self.faces.push(FacePlan::default());
            }
            let Some(plan) = self.faces.get_mut(self.used) else { continue };
            let amount = face.visibility.clamp(0.0, 1.0);
            let longest = rect.width.max(rect.height) as f32;
            plan.id = face.id;
            plan.rect = rect;
            plan.cell = (CELL * axes.width).max(longest / MAX_CELLS as f32).max(FINEST);
            plan.smooth = look.smooth * amount;
            plan.tone = look.tone * amount;
            plan.tint = [look.brighten, look.ruddy, look.warmth].map(|tint| tint * amount);
            if plan.corrects() {
                plan.mask.draw(&face.points, &axes, rect);
            }
            plan.field.compute(&face.points, &axes, rect, (width, height), look.slim * amount);
            plan.skin = if plan.corrects() { plan.mask.bounds(rect).unwrap_or_default() } else { Rect::default() };
            plan.moving = plan.field.bounds(rect).unwrap_or_default();
            self.used += 1;
        }
        self.tiles.update(self.faces.get(..self.used).unwrap_or_default());
        Ok(())
    }

    /// The faces to retouch; empty where the frame stays as it is.
    pub(crate) fn faces(&self) -> &[FacePlan] {
        self.faces.get(..self.used).unwrap_or_default()
    }
}

/// Farthest that a landmark may lie from the frame's corner, in pixels, to be believed.
const FARTHEST: f32 = 1e6;

fn check(index: usize, face: &Face) -> Result<()> {
    let bad = |reason| Err(Error::BadLandmarks { face: index, reason });
    if face.points.len() != topology::POINTS && face.points.len() != topology::POINTS_WITH_IRISES {
        return bad("it has neither 468 nor 478 points");
    }
    if !face.points.iter().flatten().all(|value| value.abs() <= FARTHEST) {
        return bad("a point is not a finite number of pixels, or lies absurdly far from the frame");
    }
    if !face.visibility.is_finite() {
        return bad("its visibility is not a number");
    }
    Ok(())
}
