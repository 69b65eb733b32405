//! From a face and amounts to its field of displacements: each step in its turn, with the room that all of them need. What is here is
//! used face by face, so that a warm session allocates nothing.

use super::amounts::{amounts, moves_hair};
use super::field::Field;
use super::folds::Folds;
use super::grid::{Grid, MARGIN, SIDE, Span};
use super::membrane::Membrane;
use super::memory::{Memory, Past};
use super::planes::Planes;
use super::raster::Raster;
use super::reach::{Reach, hold_inside};
use super::room::fade;
use super::rounding::Rounding;
use super::wanted::Wanted;
use crate::Shape;
use crate::retouch::FaceGeometry;
use crate::retouch::outline::{Others, oval};
use crate::retouch::region::Rect;

/// Room for all steps.
pub(crate) struct ShapeSolver {
    raster: Raster,
    planes: Planes,
    reach: Reach,
    membrane: Membrane,
    rounding: Rounding,
    folds: Folds,
    past: Past,
}

impl Default for ShapeSolver {
    fn default() -> Self {
        Self {
            raster: Raster::default(),
            planes: Planes::new(),
            reach: Reach::new(),
            membrane: Membrane::new(),
            rounding: Rounding::new(),
            folds: Folds::new(),
            past: Past::new(),
        }
    }
}

impl ShapeSolver {
    /// Computes the field of a face among others, in the frame of that number of a stream: where the last frame's field and memory
    /// are this face's, it follows them. Returns the rectangle that its nodes lie over; `None` where nothing moves.
    pub(super) fn solve(
        &mut self,
        face: &FaceGeometry<'_>,
        shape: &Shape,
        others: Others<'_>,
        (field, memory): (&mut Field, &mut Memory),
        frame: u64,
    ) -> Option<Rect> {
        let amounts = amounts(shape);
        if face.visibility <= 0.0 || amounts.iter().all(|amount| *amount == 0.0) {
            return None;
        }
        let own = oval(face.points);
        let grid = Grid::around(&own, &face.axes, face.frame)?;
        let mut wanted = Wanted::of(face, &own, others, &amounts)?;
        let (unit, hair) = (face.axes.width, moves_hair(shape));
        let beyond = Reach::beyond(&wanted, &own, unit);
        wanted.scale(Reach::share(beyond));
        self.planes.clear();
        let covered = self.raster.draw(face.points, &wanted, &grid, &mut self.planes);
        if covered.is_empty() {
            return None;
        }
        let length = Reach::length(beyond, unit, hair);
        let span = Reach::span(&covered, &grid, unit, length);
        self.reach.limit(&mut self.planes, &span, &grid, unit, length);
        // The outlines that this lattice may hold.
        for (_, other) in others.near(&own, 2.0 * MARGIN * unit).filter(|(face, _)| face.visibility > 0.0) {
            hold_inside(&mut self.planes, &other, &grid);
        }
        self.membrane.solve(&mut self.planes, &span, &grid);
        self.rounding.round(&mut self.planes, &span);
        self.fade_at_the_border(&span, &grid, face.frame, unit);
        let now = (&wanted.anchor, shape, unit, frame);
        self.past.follow((memory, field.nodes()), now, &mut self.planes, &span, &grid);
        self.folds.repair(&mut self.planes, &span, &grid, &mut self.rounding);
        field.store(&self.planes, &span);
        memory.update(wanted.anchor, shape, grid.rect, frame);
        (!field.is_empty()).then_some(grid.rect)
    }

    /// Nothing comes from outside the frame.
    fn fade_at_the_border(&mut self, span: &Span, grid: &Grid, frame: (u32, u32), unit: f32) {
        let across: [f32; SIDE] = std::array::from_fn(|node| fade(grid.place(node, 0), frame.0 as f32, unit));
        let down: [f32; SIDE] = std::array::from_fn(|node| fade(grid.place(node, 1), frame.1 as f32, unit));
        if span.columns().all(|column| across[column] >= 1.0) && span.rows().all(|row| down[row] >= 1.0) {
            return;
        }
        for row in span.rows() {
            let nodes = row * SIDE + span.x[0]..row * SIDE + span.x[1];
            let (u, v) = (&mut self.planes.u[nodes.clone()], &mut self.planes.v[nodes]);
            for ((u, v), across) in u.iter_mut().zip(v).zip(&across[span.columns()]) {
                let share = across.min(down[row]);
                (*u, *v) = (*u * share, *v * share);
            }
        }
    }
}
