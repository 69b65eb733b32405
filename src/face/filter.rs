//! Landmarks over time: still when the head is still, without lag when it moves.
//!
//! Casiez, Roussel, Vogel, "1€ filter: a simple speed-based low-pass filter for noisy input in interactive systems" (2012).

use std::f32::consts::TAU;

/// Cut-off frequency at rest, in hertz.
const MIN_CUTOFF: f32 = 0.05;
/// How fast the cut-off frequency rises with the speed, in hertz per face size a second.
const BETA: f32 = 80.0;
/// Cut-off frequency of the speed itself, in hertz.
const SPEED_CUTOFF: f32 = 1.0;

/// A one-euro filter over all coordinates of a face's points.
#[derive(Default)]
pub(crate) struct Filter {
    values: Vec<[f32; 3]>,
    speeds: Vec<[f32; 3]>,
}

/// How much of a new value passes a low-pass of `cutoff` hertz after `seconds`.
fn passed(cutoff: f32, seconds: f32) -> f32 {
    let r = TAU * cutoff * seconds;
    r / (r + 1.0)
}

impl Filter {
    /// Forgets the past: the next points pass as they are.
    pub(crate) fn reset(&mut self) {
        self.values.clear();
    }

    /// Filters `points` in place. `seconds` have passed since the last call; `size` is the face's size in pixels, by
    /// which speeds are divided, so that near and far faces are filtered alike.
    pub(crate) fn apply(&mut self, points: &mut [[f32; 3]], seconds: f32, size: f32) {
        if self.values.len() != points.len() {
            self.values.clear();
            self.values.extend_from_slice(points);
            self.speeds.clear();
            self.speeds.resize(points.len(), [0.0; 3]);
            return;
        }
        if seconds <= 0.0 {
            points.copy_from_slice(&self.values);
            return;
        }
        let size = size.max(1.0);
        let follow = passed(SPEED_CUTOFF, seconds);
        for ((point, value), speed) in points.iter_mut().zip(&mut self.values).zip(&mut self.speeds) {
            for ((point, value), speed) in point.iter_mut().zip(value).zip(speed) {
                let now = (*point - *value) / (size * seconds);
                *speed += follow * (now - *speed);
                *value += passed(MIN_CUTOFF + BETA * speed.abs(), seconds) * (*point - *value);
                *point = *value;
            }
        }
    }
}
