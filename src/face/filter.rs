//! Landmarks over time: still when the head is still, without lag when it moves.
//!
//! Casiez, Roussel, Vogel, "1€ filter: a simple speed-based low-pass filter for noisy input in interactive systems" (2012).

use std::f32::consts::TAU;

/// Cut-off frequency at rest, in hertz.
const MIN_CUTOFF: f32 = 0.05;
/// How fast the cut-off frequency rises with the speed, in hertz per face size a second.
const BETA: f32 = 80.0;
/// Speeds well below this, in face sizes a second, are mostly the network's answer to noise: they count in part, v²/(v + it).
const DOUBTFUL_SPEED: f32 = 0.02;
/// Cut-off frequency of the speed itself, in hertz.
const SPEED_CUTOFF: f32 = 1.0;
/// So long after a start, in seconds, a point at rest is the mean of all that was seen of it: the first frame's noise
/// would stay for seconds otherwise.
const WARM_UP: f32 = 1.0;
/// Shorter steps, in seconds, count as this long: where a host gives all frames one timestamp, the points still follow.
const SHORTEST: f32 = 1e-3;

/// A one-euro filter over all coordinates of a face's points.
#[derive(Default)]
pub(crate) struct Filter {
    values: Vec<[f32; 3]>,
    speeds: Vec<[f32; 3]>,
    /// The last points as they came.
    raw: Vec<[f32; 3]>,
    /// Seconds since the start.
    age: f32,
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
            for list in [&mut self.values, &mut self.raw] {
                list.clear();
                list.extend_from_slice(points);
            }
            self.age = 0.0;
            self.speeds.clear();
            self.speeds.resize(points.len(), [0.0; 3]);
            return;
        }
        let seconds = seconds.max(SHORTEST);
        self.age += seconds;
        let least = if self.age <= WARM_UP { seconds / (self.age + seconds) } else { 0.0 };
        let (rate, follow) = (1.0 / (size.max(1.0) * seconds), passed(SPEED_CUTOFF, seconds));
        let state = self.values.as_flattened_mut().iter_mut().zip(self.raw.as_flattened_mut());
        let state = state.zip(self.speeds.as_flattened_mut());
        for (point, ((value, raw), speed)) in points.as_flattened_mut().iter_mut().zip(state) {
            *speed += follow * ((*point - *raw) * rate - *speed);
            *raw = *point;
            let sure = *speed * *speed / (speed.abs() + DOUBTFUL_SPEED);
            *value += passed(MIN_CUTOFF + BETA * sure, seconds).max(least) * (*point - *value);
            *point = *value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where a point that moves by `x(t)` comes out, at 30 frames a second.
    fn run(seconds: f32, x: impl Fn(f32) -> f32) -> Vec<f32> {
        let mut filter = Filter::default();
        let frames = (seconds * 30.0) as usize;
        (0..frames)
            .map(|frame| {
                let mut points = [[x(frame as f32 / 30.0), 0.0, 0.0]];
                filter.apply(&mut points, 1.0 / 30.0, 100.0);
                points[0][0]
            })
            .collect()
    }

    #[test]
    fn a_point_at_rest_is_left_alone() {
        assert!(run(1.0, |_| 7.0).iter().all(|&x| x == 7.0));
    }

    #[test]
    fn noise_is_held_back_and_motion_is_not() {
        let noise = run(4.0, |t| if ((t * 30.0).round() as u32).is_multiple_of(2) { 0.2 } else { -0.2 });
        assert!(noise[60..].iter().all(|x| x.abs() < 0.03), "{:?}", &noise[110..]);
        let moved = run(2.0, |t| 100.0 * t);
        let lag = 100.0 * 59.0 / 30.0 - moved[59];
        assert!((0.0..0.3).contains(&lag), "{lag} of a face of 100");
    }

    #[test]
    fn after_a_reset_the_next_points_pass() {
        let mut filter = Filter::default();
        filter.apply(&mut [[0.0; 3]], 0.1, 10.0);
        filter.reset();
        let mut points = [[50.0; 3]];
        filter.apply(&mut points, 0.1, 10.0);
        assert_eq!(points, [[50.0; 3]]);
    }

    #[test]
    fn without_time_points_still_follow() {
        let mut filter = Filter::default();
        let mut points = [[0.0; 3]];
        for _ in 0..200 {
            points = [[50.0; 3]];
            filter.apply(&mut points, 0.0, 10.0);
        }
        assert!(points[0][0] == 50.0);
        filter.apply(&mut [[0.0; 3]], 0.0, 10.0);
        for _ in 0..200 {
            points = [[0.0; 3]];
            filter.apply(&mut points, 0.0, 10.0);
        }
        assert!(points[0][0] < 1.0, "{points:?}");
    }
}
