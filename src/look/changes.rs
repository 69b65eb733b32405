//! Shapes that follow a changed look over time, so that nothing jumps.

use std::time::Duration;

use super::{FaceLooks, Look, Looks, Shape, Value};
use crate::{Error, Face, Result};

/// Fastest change, in amounts a second: from one end to the other within a frame.
const FASTEST: f32 = 1000.0;

/// How the shapes of a stream's faces follow their looks.
#[derive(Debug, Default)]
pub(crate) struct ShapeChanges {
    /// How much each amount changes in a second at most; `None` where it does at once.
    rate: Option<f32>,
    last: Option<Duration>,
    /// The shapes of the last frame's faces, by id.
    shapes: Vec<(u64, Shape)>,
    /// The looks of this frame's faces.
    looks: Vec<Look>,
}

impl ShapeChanges {
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for a rate that is not above 0 and at most 1000; the one in force stays.
    pub(crate) fn set_rate(&mut self, rate: Option<f32>) -> Result<()> {
        if let Some(value) = rate.filter(|rate| !(*rate > 0.0 && *rate <= FASTEST)) {
            return Err(Error::OutOfRange { name: "change_rate", value, min: 0.0, max: FASTEST });
        }
        if rate.is_none() {
            self.reset();
        }
        self.rate = rate;
        Ok(())
    }

    /// Forgets the faces.
    pub(crate) fn reset(&mut self) {
        (self.last, self.shapes) = (None, Vec::new());
    }

    /// The looks of a frame's faces: their own, with shapes that have come as far as the time since the last frame lets them.
    pub(crate) fn step<'a>(&'a mut self, faces: &[Face], looks: &'a FaceLooks, time: Duration) -> Looks<'a> {
        let Some(rate) = self.rate else { return looks.into() };
        let passed = self.last.map_or(Duration::ZERO, |last| time.saturating_sub(last));
        self.last = Some(time);
        let most = rate * passed.as_secs_f32();
        self.looks.truncate(faces.len());
        for (index, face) in faces.iter().enumerate() {
            let wanted = looks.of(face.id);
            match self.looks.get_mut(index) {
                Some(look) => look.clone_from(wanted),
                None => self.looks.push(wanted.clone()),
            }
            // A face that comes begins as it is.
            let shape =
                self.shapes.iter().find(|(id, _)| *id == face.id).map_or(Shape::NONE, |(_, shape)| shape.clone());
            if let Some(look) = self.looks.get_mut(index) {
                approach(look, Look { shape, ..Look::NONE }, most);
            }
        }
        self.shapes.clear();
        self.shapes.extend(faces.iter().zip(&self.looks).map(|(face, look)| (face.id, look.shape.clone())));
        self.looks.as_slice().into()
    }
}

/// Takes the shape of `look` no farther from that of `from` than by so much an amount.
fn approach(look: &mut Look, from: Look, most: f32) {
    for row in Look::ROWS.iter().filter(|row| row.group.name == "shape") {
        if let (Value::Amount(wanted), Value::Amount(before)) = (row.get(look), row.get(&from)) {
            // Between two amounts in range, so it is in range.
            let _ = row.set(look, wanted.max(before - most).min(before + most));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(id: u64) -> Face {
        Face { id, visibility: 1.0, ..Face::default() }
    }

    fn slims(changes: &mut ShapeChanges, ids: &[u64], looks: &FaceLooks, millis: u64) -> Vec<f32> {
        let faces: Vec<Face> = ids.iter().map(|&id| face(id)).collect();
        let stepped = changes.step(&faces, looks, Duration::from_millis(millis));
        faces.iter().enumerate().map(|(index, face)| stepped.of(index, face).shape.slim).collect()
    }

    #[test]
    fn shapes_follow_their_looks_at_the_rate() {
        let look = |slim| Look { shape: Shape { slim, ..Shape::NONE }, ..Look::GLAM };
        let mut looks = FaceLooks::new(look(1.0));
        let mut changes = ShapeChanges::default();
        assert_eq!(slims(&mut changes, &[1], &looks, 0), [1.0], "at once, unless a rate is set");
        changes.set_rate(Some(2.0)).unwrap();
        let near = |found: Vec<f32>, expected: &[f32]| {
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{found:?}, not {expected:?}");
        };
        near(slims(&mut changes, &[1], &looks, 1000), &[0.0]);
        near(slims(&mut changes, &[1], &looks, 1100), &[0.2]);
        near(slims(&mut changes, &[2, 1], &looks, 1200), &[0.2, 0.4]);
        near(slims(&mut changes, &[2, 1], &looks, 1900), &[1.0, 1.0]);
        looks.set_default(look(0.5)).unwrap();
        near(slims(&mut changes, &[2], &looks, 2000), &[0.8]);
        near(slims(&mut changes, &[2, 1], &looks, 2500), &[0.5, 0.5]);
        assert_eq!(changes.looks[0].skin, Look::GLAM.skin, "only shapes take time");
        changes.reset();
        near(slims(&mut changes, &[2], &looks, 10), &[0.0]);
        for bad in [0.0, -1.0, f32::NAN, f32::INFINITY] {
            assert!(matches!(changes.set_rate(Some(bad)), Err(Error::OutOfRange { name: "change_rate", .. })));
        }
    }
}
