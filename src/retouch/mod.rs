//! Faces + looks → a plan: which rectangle of the frame each face can change, and what each stage shall do there. Plain
//! numbers; nothing here knows of networks or of the GPU.

pub(crate) mod outline;
pub(crate) mod paint;
pub(crate) mod region;
pub(crate) mod shape;
pub(crate) mod skin;
pub(crate) mod tiles;

use std::time::Duration;

use crate::face::{PartConfidence, topology};
use crate::{Error, Face, Look, Looks, Result, Skin};
use outline::Others;
use paint::PaintPlan;
use paint::soft::SoftRaster;
use region::{Axes, Rect};
use shape::{ShapePlan, ShapeSolver};
use skin::SkinPlan;
use tiles::Tiles;

pub use shape::Warp;

/// Most faces that one frame's plan retouches. More are left as they are, the smallest first.
pub(crate) const MAX_FACES: usize = 32;
/// Faces narrower than this, in pixels, are left alone: there is nothing to see.
const SMALLEST: f32 = 12.0;

/// What makes the passes look for skin, where it shall be shown.
const SHOWN: Skin = Skin { smooth: 1.0, ..Skin::NONE };

/// What the GPU shall do to one frame. Reused from frame to frame, so that a warm session allocates nothing.
#[derive(Default)]
pub(crate) struct Plan {
    faces: Vec<FacePlan>,
    /// What the passes at full size visit.
    pub(crate) tiles: Tiles,
    /// Width and height of the frame, in pixels.
    pub(crate) size: (u32, u32),
    /// Whether where skin is shall be shown, in place of the picture.
    pub(crate) shows_skin: bool,
    /// The frame's time, where it is told.
    pub(crate) time: Option<Duration>,
    /// Counts frames, so that shapes know the last one.
    frame: u64,
    /// Made with the first face that a shape moves.
    solver: Option<Box<ShapeSolver>>,
    /// Made with the first face that is made up.
    raster: Option<Box<SoftRaster>>,
    used: usize,
    order: Vec<(usize, Axes)>,
}

/// What the GPU shall do to one face: a plan for each stage.
#[derive(Default)]
pub(crate) struct FacePlan {
    /// The face's id, so that what is known of it is carried from frame to frame.
    pub(crate) id: u64,
    pub(crate) skin: SkinPlan,
    pub(crate) shape: ShapePlan,
    pub(crate) paint: PaintPlan,
}

impl FacePlan {
    /// The pixels outside of which every pixel stays as it is.
    pub(crate) fn changing(&self) -> Rect {
        self.skin.bounds.around(&self.shape.bounds).around(&self.paint.bounds)
    }

    /// The pixels that the stages read, but for a few beside them: what a shape moves may come from all around what moves.
    pub(crate) fn reading(&self) -> Rect {
        let skin = if self.skin.is_none() { Rect::default() } else { self.skin.rect };
        let painted = if self.paint.is_none() { Rect::default() } else { self.paint.reading };
        let moving = if self.shape.is_none() { Rect::default() } else { self.shape.rect.around(&self.shape.bounds) };
        skin.around(&moving).around(&painted)
    }
}

/// A face in a frame, as the stages' plans see it.
pub(crate) struct FaceGeometry<'a> {
    /// Landmarks in pixels.
    points: &'a [[f32; 3]],
    axes: Axes,
    /// Width and height of the frame.
    frame: (u32, u32),
    /// How strongly effects shall act, 0..=1.
    visibility: f32,
    /// How surely its parts are seen.
    parts: PartConfidence,
}

impl<'a> FaceGeometry<'a> {
    /// `None` for a face that is too small or that has collapsed.
    fn of(face: &'a Face, frame: (u32, u32)) -> Option<Self> {
        Self::new(face, Axes::of(&face.points)?, frame)
    }

    fn new(face: &'a Face, axes: Axes, frame: (u32, u32)) -> Option<Self> {
        if axes.width < SMALLEST {
            return None;
        }
        let visibility = face.visibility.clamp(0.0, 1.0);
        Some(Self { points: &face.points, axes, frame, visibility, parts: face.parts })
    }
}

impl Plan {
    /// Plans a frame of so many pixels across and down. With `shows_skin`, where the skin is shall be shown: then the looks
    /// only count for where shapes move it.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for a look that is not valid, [`Error::LookCount`] for another number of looks than faces,
    /// [`Error::BadLandmarks`] for a face that is not valid.
    pub(crate) fn update(
        &mut self,
        size: (u32, u32),
        faces: &[Face],
        looks: Looks<'_>,
        shows_skin: bool,
    ) -> Result<()> {
        (self.used, self.size, self.shows_skin) = (0, size, shows_skin);
        self.frame += 1;
        looks.check(faces.len())?;
        for (index, face) in faces.iter().enumerate() {
            check(index, face)?;
        }
        self.order.clear();
        self.order.extend(
            faces
                .iter()
                .enumerate()
                .filter(|(index, face)| face.visibility > 0.0 && (shows_skin || !looks.of(*index, face).is_none()))
                .filter_map(|(index, face)| Some((index, Axes::of(&face.points)?)))
                .filter(|(_, axes)| axes.width >= SMALLEST),
        );
        // The largest faces come first; of equal ones the first given, so that a frame is planned the same way each time.
        self.order.sort_unstable_by(|(i, a), (j, b)| b.width.total_cmp(&a.width).then(i.cmp(j)));
        self.order.truncate(MAX_FACES);
        for &(index, axes) in &self.order {
            let Some(face) = faces.get(index) else { continue };
            let Some(geometry) = FaceGeometry::new(face, axes, self.size) else { continue };
            if self.used == self.faces.len() {
                self.faces.push(FacePlan::default());
            }
            // The one that remembers this face, if there is one.
            let own = self.faces.iter().skip(self.used).position(|plan| plan.id == face.id);
            self.faces.swap(self.used, self.used + own.unwrap_or_default());
            let Some(plan) = self.faces.get_mut(self.used) else { continue };
            let look = looks.of(index, face);
            plan.id = face.id;
            let others = Others { faces, own: Some(index) };
            plan.paint.update(&geometry, if shows_skin { &Look::NONE } else { look }, &mut self.raster);
            let skin = if shows_skin { &SHOWN } else { &look.skin };
            plan.skin.update(&geometry, skin, plan.paint.has_soft(), others);
            let solver = self.solver.get_or_insert_default();
            plan.shape.update(&geometry, &look.shape, others, solver, self.frame);
            self.used += usize::from(!plan.skin.is_none() || !plan.shape.is_none() || !plan.paint.is_none());
        }
        self.tiles.update(self.faces.get(..self.used).unwrap_or_default());
        Ok(())
    }

    /// Forgets the faces' last frame.
    pub(crate) fn reset(&mut self) {
        self.frame += 1;
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
