//! How a face's shape changes: where each of its pixels comes from.
//!
//! ```text
//! amounts ─ wanted ─→ points go ─ raster ─→ nodes of the face ─ membrane ─→ all nodes ─ rounding, folds ─→ Field
//!             ↑                                                    ↑
//!    pose, room, expression                                      reach
//! ```

mod amounts;
pub(in crate::retouch) mod canonical;
pub(crate) mod field;
mod folds;
pub(in crate::retouch) mod grid;
mod membrane;
mod memory;
pub(in crate::retouch) mod planes;
pub(in crate::retouch) mod pose;
pub(in crate::retouch) mod raster;
mod reach;
mod room;
mod rounding;
mod solver;
#[cfg(test)]
mod tests;
mod wanted;
mod warp;

use super::FaceGeometry;
use super::outline::Others;
use super::region::Rect;
use crate::Shape;
use field::Field;
use memory::Memory;

pub(crate) use solver::ShapeSolver;
pub use warp::Warp;

/// What the GPU shall do to the shape of one face.
#[derive(Debug, Clone, Default)]
pub(crate) struct ShapePlan {
    /// Displacements in pixels; empty where nothing moves.
    pub(crate) field: Field,
    /// What the field's nodes lie over.
    pub(crate) rect: Rect,
    /// The pixels that may move.
    pub(crate) bounds: Rect,
    memory: Memory,
}

impl ShapePlan {
    /// Plans the shape of a face among others, in the frame of that number of a stream; 0 for a frame of its own.
    pub(super) fn update(
        &mut self,
        face: &FaceGeometry<'_>,
        amounts: &Shape,
        others: Others<'_>,
        solver: &mut ShapeSolver,
        frame: u64,
    ) {
        let rect = solver.solve(face, amounts, others, (&mut self.field, &mut self.memory), frame);
        if rect.is_none() {
            self.field.clear();
        }
        self.rect = rect.unwrap_or_default();
        self.bounds = self.field.bounds(self.rect).unwrap_or_default();
    }

    /// Whether no pixel moves.
    pub(crate) fn is_none(&self) -> bool {
        self.field.is_empty()
    }
}
