//! How a face's shape changes: where each of its pixels comes from.

pub(crate) mod field;
mod warp;

use super::FaceGeometry;
use super::region::Rect;
use crate::Shape;
use field::Field;

pub use warp::Warp;

/// What the GPU shall do to the shape of one face.
#[derive(Debug, Clone, Default)]
pub(crate) struct ShapePlan {
    /// Displacements in pixels; empty where nothing moves.
    pub(crate) field: Field,
    /// The pixels that may move.
    pub(crate) bounds: Rect,
}

impl ShapePlan {
    /// Plans the shape of a face.
    pub(super) fn update(&mut self, face: &FaceGeometry<'_>, amounts: &Shape) {
        self.field.compute(face, amounts.slim * face.visibility);
        self.bounds = self.field.bounds(face.rect).unwrap_or_default();
    }

    /// Whether no pixel moves.
    pub(crate) fn is_none(&self) -> bool {
        self.field.is_empty()
    }
}
