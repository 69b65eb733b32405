//! Whose skin's statistics lie where: they are carried from frame to frame by the face's id.

use crate::retouch::{FacePlan, MAX_FACES};

/// Bytes of `SkinStatistics` in shaders/skin/common.wgsl.
pub(super) const STATISTICS_BYTES: u64 = 48;
/// Share of a face's statistics that each frame takes over from the last: they follow within about ten frames.
const KEEP: f32 = 0.8;

/// Where a face's statistics lie, and how much of what lies there is kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct StatisticsSlot {
    pub(crate) index: u32,
    pub(crate) keep: f32,
}

/// Which face's statistics lie in which slot.
#[derive(Default)]
pub(super) struct StatisticsSlots {
    owners: [Option<u64>; MAX_FACES],
}

impl StatisticsSlots {
    /// Finds each face's slot by its id, or gives it a free one; `None` for a face whose skin stays as it is.
    pub(super) fn assign(&mut self, faces: &[FacePlan]) -> [Option<StatisticsSlot>; MAX_FACES] {
        let mut assigned = [None; MAX_FACES];
        let mut owners = [None; MAX_FACES];
        let wanted = || faces.iter().enumerate().filter(|(_, face)| !face.skin.is_none());
        for known in [true, false] {
            for (place, face) in wanted() {
                let Some(slot) = assigned.get_mut(place).filter(|slot| slot.is_none()) else { continue };
                let is_free = |(index, owner): (usize, &Option<u64>)| {
                    owner.is_none() && (!known || self.owners.get(index) == Some(&Some(face.id)))
                };
                let Some(index) = owners.iter().enumerate().position(is_free) else { continue };
                if let Some(owner) = owners.get_mut(index) {
                    *owner = Some(face.id);
                    *slot = Some(StatisticsSlot { index: index as u32, keep: if known { KEEP } else { 0.0 } });
                }
            }
        }
        self.owners = owners;
        assigned
    }
}
