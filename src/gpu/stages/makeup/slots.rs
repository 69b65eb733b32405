//! What is known of whose colours lies where: it is carried from frame to frame by the face's id.

use crate::retouch::{FacePlan, MAX_FACES};

/// Where a face's colours are kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Slot {
    pub(crate) index: u32,
    /// Whether nothing is known of it yet.
    pub(crate) is_new: bool,
}

/// Which face's knowledge lies in which slot.
#[derive(Default)]
pub(super) struct Slots {
    owners: [Option<u64>; MAX_FACES],
}

impl Slots {
    /// Finds each face's slot by its id, or gives it a free one; `None` for a face that is not painted.
    pub(super) fn assign(&mut self, faces: &[FacePlan]) -> [Option<Slot>; MAX_FACES] {
        let mut assigned = [None; MAX_FACES];
        let mut owners = [None; MAX_FACES];
        for known in [true, false] {
            for (slot, face) in assigned.iter_mut().zip(faces).filter(|(_, face)| !face.paint.is_none()) {
                let owner = |index: usize| self.owners.get(index).copied().flatten();
                let is_free = |(index, taken): (usize, &Option<u64>)| {
                    taken.is_none() && (!known || owner(index) == Some(face.id))
                };
                if slot.is_none()
                    && let Some(index) = owners.iter().enumerate().position(is_free)
                    && let Some(owner) = owners.get_mut(index)
                {
                    *owner = Some(face.id);
                    *slot = Some(Slot { index: index as u32, is_new: !known });
                }
            }
        }
        self.owners = owners;
        assigned
    }
}
