//! Whose knowledge lies where: what stages carry from frame to frame is found again by the face's id.

use std::time::Duration;

use crate::retouch::{FacePlan, MAX_FACES};

/// Seconds between frames whose times nobody tells.
pub(crate) const FRAME_SECONDS: f32 = 1.0 / 30.0;
/// Least and most seconds that count between a face's frames.
const LIMITS: [f32; 2] = [1.0 / 240.0, 1.0];

/// Seconds between two frames of a face.
pub(super) fn elapsed(before: Option<Duration>, now: Option<Duration>) -> f32 {
    let [least, most] = LIMITS;
    let between = now.zip(before).and_then(|(now, before)| now.checked_sub(before));
    between.map_or(FRAME_SECONDS, |between| between.as_secs_f32().clamp(least, most))
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_between_frames_is_believed_within_limits() {
        let millis = |now| Some(Duration::from_millis(now));
        assert_eq!(elapsed(millis(1000), millis(1040)), 0.04);
        assert_eq!(elapsed(millis(1000), millis(1000)), 1.0 / 240.0);
        assert_eq!(elapsed(millis(1000), millis(9000)), 1.0);
        for (before, now) in [(None, None), (None, millis(5)), (millis(5), None), (millis(9), millis(5))] {
            assert_eq!(elapsed(before, now), FRAME_SECONDS);
        }
    }
}
