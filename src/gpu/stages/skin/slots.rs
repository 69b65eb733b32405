//! Whose colours and likelihoods lie where: they are carried from frame to frame by the face's id.

use crate::retouch::region::{Axes, Rect};
use crate::retouch::{FacePlan, MAX_FACES};

/// Shares that each frame takes over from the last: of a face's colours, and of how likely a place is skin. Both follow
/// within about ten frames.
const KEEP_COLOURS: f32 = 0.8;
const KEEP_LIKELIHOOD: f32 = 0.955;
/// Cells of a block.
const BLOCK: f32 = 2.0;

/// Where a face's grid lay.
#[derive(Debug, Clone, Copy)]
struct Grid {
    axes: Axes,
    rect: Rect,
    cell: f32,
}

impl Grid {
    fn of(face: &FacePlan) -> Option<Self> {
        face.skin.axes.map(|axes| Self { axes, rect: face.skin.rect, cell: face.skin.cell })
    }

    /// The place among this grid's blocks that lies where a place among another's lay on the face.
    fn from(&self, other: &Self, block: [f32; 2]) -> [f32; 2] {
        let origin = |grid: &Self| [grid.rect.x as f32, grid.rect.y as f32];
        let there: [f32; 2] = std::array::from_fn(|axis| origin(other)[axis] + block[axis] * BLOCK * other.cell);
        let here = self.axes.place(other.axes.in_widths(there));
        std::array::from_fn(|axis| (here[axis] - origin(self)[axis]) / (BLOCK * self.cell))
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
}

impl Slot {
    /// Shares of likelihood and of colours to keep.
    pub(crate) fn keep(&self) -> [f32; 2] {
        if self.is_new { [0.0; 2] } else { [KEEP_LIKELIHOOD, KEEP_COLOURS] }
    }
}

/// Which face's knowledge lies in which slot.
#[derive(Default)]
pub(super) struct Slots {
    owners: [Option<(u64, Grid)>; MAX_FACES],
}

impl Slots {
    /// Finds each face's slot by its id, or gives it a free one; `None` for a face whose skin stays as it is.
    pub(super) fn assign(&mut self, faces: &[FacePlan]) -> [Option<Slot>; MAX_FACES] {
        let mut assigned = [None; MAX_FACES];
        let mut owners = [None; MAX_FACES];
        let wanted = || faces.iter().enumerate().filter(|(_, face)| !face.skin.is_none());
        for known in [true, false] {
            for (place, face) in wanted() {
                let Some(slot) = assigned.get_mut(place).filter(|slot| slot.is_none()) else { continue };
                let Some(grid) = Grid::of(face) else { continue };
                let owner = |index: usize| self.owners.get(index).copied().flatten();
                let is_free = |(index, owned): (usize, &Option<_>)| {
                    owned.is_none() && (!known || owner(index).is_some_and(|(id, _)| id == face.id))
                };
                let Some(index) = owners.iter().enumerate().position(is_free) else { continue };
                let before = owner(index).filter(|_| known).map_or(grid, |(_, before)| before);
                let [origin, right, down] = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]].map(|place| before.from(&grid, place));
                let column = |to: [f32; 2]| [to[0] - origin[0], to[1] - origin[1]];
                if let Some(owner) = owners.get_mut(index) {
                    *owner = Some((face.id, grid));
                    let before = [column(right), column(down), origin];
                    *slot = Some(Slot { index: index as u32, is_new: !known, before });
                }
            }
        }
        self.owners = owners;
        assigned
    }
}
