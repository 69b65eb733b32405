//! Whose knowledge lies where: what stages carry from frame to frame is found again by the face's id.

use crate::retouch::{FacePlan, MAX_FACES};

/// Which face's knowledge lies in which slot, with what else is kept of the face.
pub(super) struct Slots<T> {
    owners: [Option<(u64, T)>; MAX_FACES],
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { owners: [const { None }; MAX_FACES] }
    }
}

/// Where a face's knowledge lies, with what was kept of it in the frame before; `None` where nothing is known of it yet.
pub(super) type Place<T> = (u32, Option<T>);

impl<T: Copy> Slots<T> {
    /// Finds each face's slot by its id, or gives it a free one. `of` gives what to keep of a face, and `None` for one that
    /// needs no slot.
    pub(super) fn assign(
        &mut self,
        faces: &[FacePlan],
        of: impl Fn(&FacePlan) -> Option<T>,
    ) -> [Option<Place<T>>; MAX_FACES] {
        let mut assigned = [None; MAX_FACES];
        let mut owners = [None; MAX_FACES];
        for known in [true, false] {
            for (place, face) in assigned.iter_mut().zip(faces).filter(|(place, _)| place.is_none()) {
                let Some(kept) = of(face) else { continue };
                let owner = |index: usize| self.owners.get(index).copied().flatten();
                let is_free = |(index, taken): (usize, &Option<_>)| {
                    taken.is_none() && (!known || owner(index).is_some_and(|(id, _)| id == face.id))
                };
                let Some(index) = owners.iter().enumerate().position(is_free) else { continue };
                if let Some(owner) = owners.get_mut(index) {
                    *owner = Some((face.id, kept));
                }
                *place = Some((index as u32, owner(index).filter(|_| known).map(|(_, before)| before)));
            }
        }
        self.owners = owners;
        assigned
    }
}
