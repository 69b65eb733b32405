//! Whose colours and likelihoods lie where: they are carried from frame to frame by the face's id.

use std::time::Duration;

use crate::gpu::stages::slots::{FRAME_SECONDS, elapsed};
use crate::retouch::FacePlan;
use crate::retouch::region::{Axes, Rect};

/// Shares that a frame takes over from the last, where that was a thirtieth of a second ago: of a face's colours, and of how likely
/// a place is skin. Both follow within about a third of a second.
const KEEP_COLOURS: f32 = 0.8;
const KEEP_LIKELIHOOD: f32 = 0.97;
/// Cells of a block.
const BLOCK: f32 = super::BLOCK as f32;

/// Where a face's grid lay.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid {
    axes: Axes,
    rect: Rect,
    cell: f32,
    blocks: [u32; 2],
    /// Its frame's time.
    time: Option<Duration>,
}

impl Grid {
    pub(super) fn of(face: &FacePlan, time: Option<Duration>) -> Self {
        let (rect, cell, (across, down)) = (face.skin.rect, face.skin.cell, face.skin.cells);
        let blocks = [across, down].map(|cells| cells.div_ceil(super::BLOCK));
        Self { axes: face.skin.axes, rect, cell, blocks, time }
    }

    /// The place among this grid's blocks that lies where a place among another's lay on the face.
    fn from(&self, other: &Self, [x, y]: [f32; 2]) -> [f32; 2] {
        let step = |grid: &Self| BLOCK * grid.cell;
        let there = [other.rect.x as f32 + x * step(other), other.rect.y as f32 + y * step(other)];
        let [x, y] = self.axes.place(other.axes.in_widths(there));
        [(x - self.rect.x as f32) / step(self), (y - self.rect.y as f32) / step(self)]
    }
}

/// Where what is known of a face lies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Slot {
    pub(crate) index: u32,
    /// Whether nothing is known of it yet.
    pub(crate) is_new: bool,
    /// From a place among this frame's blocks to that place in the frame before: two columns and a shift.
    pub(crate) before: [[f32; 2]; 3],
    /// Blocks across and down in the frame before.
    pub(crate) blocks: [u32; 2],
    /// Seconds since that frame.
    pub(crate) elapsed: f32,
}

impl Slot {
    /// That of a face whose grid lies so, and lay there in the frame before; `None` where nothing is known of it yet.
    pub(super) fn new(index: u32, grid: &Grid, before: Option<Grid>) -> Self {
        let is_new = before.is_none();
        let before = before.unwrap_or(*grid);
        let elapsed = elapsed(before.time, grid.time);
        let [origin, right, down] = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]].map(|place| before.from(grid, place));
        let column = |to: [f32; 2]| [to[0] - origin[0], to[1] - origin[1]];
        Self { index, is_new, before: [column(right), column(down), origin], blocks: before.blocks, elapsed }
    }

    /// Shares of likelihood and of colours to keep.
    pub(crate) fn keep(&self) -> [f32; 2] {
        let keep = |share: f32| share.powf(self.elapsed / FRAME_SECONDS);
        if self.is_new { [0.0; 2] } else { [keep(KEEP_LIKELIHOOD), keep(KEEP_COLOURS)] }
    }
}
