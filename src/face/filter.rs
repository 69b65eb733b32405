//! Landmarks over time: still when the head is still, without lag when it moves.
//!
//! Casiez, Roussel, Vogel, "1€ filter: a simple speed-based low-pass filter for noisy input in interactive systems" (2012).

use std::f32::consts::TAU;

/// Cut-off frequency at rest, in hertz.
const MIN_CUTOFF: f32 = 0.025;
/// How fast the cut-off frequency rises with the speed, in hertz per face size a second.
const BETA: f32 = 80.0;
/// Speeds well below these, in face sizes a second, are mostly the network's answer to noise: that of the face as a whole,
/// which many points tell, and a single point's own. So are those well below these multiples of what speeds jump about by.
const DOUBTFUL: [f32; 2] = [0.02, 0.03];
const UNREST: [f32; 2] = [0.6, 2.5];
/// A filtered point that is off by more than about this, in face sizes, on average over some frames, lags: its cut-off
/// frequency rises with how far it is off, in hertz per face size. Whatever moves too slowly for its speed to tell is
/// followed so.
const LAG: f32 = 0.004;
const HASTE: f32 = 400.0;
/// Cut-off frequencies in hertz: of both speeds, and of what is known about their unrest and about errors.
const SPEED_CUTOFF: [f32; 2] = [3.5, 3.0];
const SLOW_CUTOFF: f32 = 1.0;
/// So long after a start, in seconds, a point at rest is the mean of all that was seen of it: the first frame's noise
/// would stay for seconds otherwise.
const WARM_UP: f32 = 1.0;
/// Shorter steps, in seconds, count as this long: where a host gives all frames one timestamp, the points still follow.
const SHORTEST: f32 = 1e-3;

/// A one-euro filter over all coordinates of a face's points. Each point's speed is that of the face, which moves, turns and
/// grows as a whole, and what it has of its own: the former is known far better, and neither hides the other.
#[derive(Default)]
pub(crate) struct Filter {
    values: Vec<[f32; 3]>,
    /// The speed of the face as a whole, and how it jumps about.
    whole: Motion,
    unrest: f32,
    /// Each point's own speed.
    speeds: Vec<[f32; 3]>,
    /// How each point's own speed jumps about.
    unrests: Vec<f32>,
    /// How far each point has been off lately.
    errors: Vec<[f32; 3]>,
    /// The last points as they came.
    raw: Vec<[f32; 3]>,
    /// Seconds since the start.
    age: f32,
}

/// How the points of a face move together: a shift, and a turn with growth in the picture's plane about their centre.
#[derive(Debug, Clone, Copy, Default)]
struct Motion {
    shift: [f32; 3],
    growth: f32,
    turn: f32,
}

impl Motion {
    /// The motion from some points to others, with the least squared error, and the first ones' centre.
    fn between(from: &[[f32; 3]], to: &[[f32; 3]]) -> (Self, [f32; 2]) {
        let count = from.len().max(1) as f32;
        let mut centre = [0.0; 2];
        let mut shift = [0.0; 3];
        for (a, b) in from.iter().zip(to) {
            for axis in 0..3 {
                shift[axis] += (b[axis] - a[axis]) / count;
            }
            for axis in 0..2 {
                centre[axis] += a[axis] / count;
            }
        }
        let (mut growth, mut turn, mut spread) = (0.0, 0.0, 0.0);
        for (a, b) in from.iter().zip(to) {
            let [x, y] = [a[0] - centre[0], a[1] - centre[1]];
            let [dx, dy] = [b[0] - a[0] - shift[0], b[1] - a[1] - shift[1]];
            growth += x * dx + y * dy;
            turn += x * dy - y * dx;
            spread += x * x + y * y;
        }
        let spread = spread.max(1e-6);
        (Self { shift, growth: growth / spread, turn: turn / spread }, centre)
    }

    /// How a point moves with the rest.
    fn of(&self, point: [f32; 3], centre: [f32; 2]) -> [f32; 3] {
        let [x, y] = [point[0] - centre[0], point[1] - centre[1]];
        let [dx, dy, dz] = self.shift;
        [dx + self.growth * x - self.turn * y, dy + self.growth * y + self.turn * x, dz]
    }

    fn plus(self, other: Self) -> Self {
        let shift = std::array::from_fn(|axis| self.shift[axis] + other.shift[axis]);
        Self { shift, growth: self.growth + other.growth, turn: self.turn + other.turn }
    }

    fn times(self, factor: f32) -> Self {
        let Self { shift, growth, turn } = self;
        Self { shift: shift.map(|way| way * factor), growth: growth * factor, turn: turn * factor }
    }
}

/// How much of a new value passes a low-pass of `cutoff` hertz after `seconds`.
fn passed(cutoff: f32, seconds: f32) -> f32 {
    let r = TAU * cutoff * seconds;
    r / (r + 1.0)
}

/// What a value counts of which less than `doubtful` is noise.
fn beyond(value: f32, doubtful: f32) -> f32 {
    let ratio = (value / doubtful).powi(4);
    if ratio.is_finite() { value * ratio / (ratio + 1.0) } else { value }
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
            (self.age, self.whole, self.unrest) = (0.0, Motion::default(), 0.0);
            self.unrests.clear();
            self.unrests.resize(points.len(), 0.0);
            for list in [&mut self.speeds, &mut self.errors] {
                list.clear();
                list.resize(points.len(), [0.0; 3]);
            }
            return;
        }
        let (seconds, size) = (seconds.max(SHORTEST), size.max(1.0));
        self.age += seconds;
        let least = if self.age <= WARM_UP { seconds / (self.age + seconds) } else { 0.0 };
        let [whole, own] = SPEED_CUTOFF.map(|cutoff| passed(cutoff, seconds));
        let learn = passed(SLOW_CUTOFF, seconds);
        let rate = 1.0 / (size * seconds);
        let (step, centre) = Motion::between(&self.raw, points);
        // Shifts in face sizes a second. What turns and grows does so about the centre, half a face away at most.
        let step = step.times(rate);
        let jump = step.plus(self.whole.times(-1.0));
        let turned = (jump.turn.abs() + jump.growth.abs()) * size / 2.0;
        self.unrest += learn * (jump.shift[0].hypot(jump.shift[1]) + turned - self.unrest);
        self.whole = self.whole.plus(jump.times(whole));
        let doubtful = DOUBTFUL[0].max(UNREST[0] * self.unrest);
        let state = self.values.iter_mut().zip(&mut self.raw).zip(&mut self.speeds).zip(&mut self.errors);
        for (point, ((((value, raw), speed), error), unrest)) in points.iter_mut().zip(state.zip(&mut self.unrests)) {
            let (together, common) = (step.of(*raw, centre), self.whole.of(*raw, centre));
            let alone: [f32; 3] = std::array::from_fn(|axis| (point[axis] - raw[axis]) * rate - together[axis]);
            *unrest += learn * ((alone[0] - speed[0]).hypot(alone[1] - speed[1]) - *unrest);
            let doubtful_own = DOUBTFUL[1].max(UNREST[1] * *unrest);
            for axis in 0..3 {
                let off = point[axis] - value[axis];
                speed[axis] += own * (alone[axis] - speed[axis]);
                error[axis] += learn * (off / size - error[axis]);
                let sure = beyond(common[axis].abs(), doubtful) + beyond(speed[axis].abs(), doubtful_own);
                let cutoff = MIN_CUTOFF + BETA * sure + HASTE * beyond(error[axis].abs(), LAG);
                value[axis] += passed(cutoff, seconds).max(least) * off;
            }
            *raw = *point;
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
