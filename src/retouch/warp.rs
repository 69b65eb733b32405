//! The field of displacements that narrows the lower face: coarse, smooth, exactly 0 away from the jaw and at the frame's
//! borders, and nowhere steep enough to fold.

use half::f16;

use super::region::{Axes, Rect, at, dot, minus};
use crate::face::topology::{FACE_OVAL, JAW};

/// Nodes a side.
pub(crate) const SIDE: usize = 64;
/// Largest displacement at amount 1, in units of the face's width as it is seen.
const REACH: f32 = 0.126;
/// Width of the fall to 0 inside the jaw, in units of the head's width: short of the mouth and the nose.
const INSIDE: f32 = 0.24;
/// Width of the fall to 0 outside the jaw, in the same unit. Narrower smears what is behind the jaw, wider bends it.
const OUTSIDE: f32 = 0.31;
/// Between these heights (0 the eyes, 1 the chin) the effect sets in.
const ONSET: [f32; 2] = [-0.3, 0.3];
/// From this distance of the midline on, in units of the head's width, it acts in full.
const MIDLINE: f32 = 0.22;
/// Over this distance from the frame's border it falls to 0, in units of the head's width.
const BORDER: f32 = 0.15;

/// Steepest fall of a displacement along its own direction, in pixels a pixel: at 1 the picture would fold over itself.
/// A whole face's field falls by 0.56 at amount 1; one that the frame's border or bad landmarks cut short would by more.
const STEEPEST: f32 = 0.65;

/// Backward displacements: the pixel at `p` shows what was at `p + field(p)`. Nodes lie evenly over the face's
/// rectangle, the first and last on its borders' outermost pixel edges; between them it is read bilinearly.
#[derive(Default)]
pub(crate) struct Field {
    nodes: Vec<[f16; 4]>,
    still: bool,
}

impl Field {
    /// Displacements in pixels, `[x, y, 0, 0]` a node, row by row. Empty where nothing moves.
    pub(crate) fn nodes(&self) -> &[[f16; 4]] {
        if self.still { &[] } else { &self.nodes }
    }

    /// Whether nothing moves.
    pub(crate) fn is_empty(&self) -> bool {
        self.nodes().is_empty()
    }

    /// Computes the field of a face over `rect` in a frame of `frame` pixels, for an amount of 0..=1.
    pub(crate) fn compute(&mut self, points: &[[f32; 3]], axes: &Axes, rect: Rect, frame: (u32, u32), amount: f32) {
        self.still = amount <= 0.0;
        if self.still {
            return;
        }
        self.nodes.clear();
        self.nodes.resize(SIDE * SIDE, [f16::ZERO; 4]);
        let jaw: [[f32; 2]; JAW.len()] = JAW.map(|index| at(points, index));
        let oval: [[f32; 2]; FACE_OVAL.len()] = FACE_OVAL.map(|index| at(points, index));
        let reach = REACH * amount * axes.seen_width;
        let last = SIDE - 1;
        for (row, nodes) in self.nodes.chunks_exact_mut(SIDE).enumerate() {
            for (column, node) in nodes.iter_mut().enumerate() {
                if row == 0 || column == 0 || row == last || column == last {
                    continue;
                }
                let p = [
                    rect.x as f32 + rect.width as f32 * column as f32 / last as f32,
                    rect.y as f32 + rect.height as f32 * row as f32 / last as f32,
                ];
                let [x, t] = axes.local(points, p);
                let onset = smoothstep(ONSET[0], ONSET[1], t);
                if onset == 0.0 {
                    continue;
                }
                let beyond = distance(&jaw, p) / axes.width;
                let profile = if inside(&oval, p) {
                    rounded_ramp(1.0 - beyond / INSIDE, 0.3)
                } else {
                    1.0 - rounded_ramp(beyond / OUTSIDE, 0.2)
                };
                let border = (p[0].min(p[1]).min(frame.0 as f32 - p[0]).min(frame.1 as f32 - p[1])) / axes.width;
                let size = reach * onset * profile * (x / MIDLINE).tanh() * smoothstep(0.0, BORDER, border);
                *node = [f16::from_f32(size * axes.left[0]), f16::from_f32(size * axes.left[1]), f16::ZERO, f16::ZERO];
            }
        }
        let steepest = self.steepest(axes.left, rect);
        if steepest > STEEPEST {
            let share = STEEPEST / steepest;
            for value in self.nodes.as_flattened_mut() {
                *value = f16::from_f32(value.to_f32() * share);
            }
        }
    }

    /// The steepest fall of the displacements along `left`, which all of them follow. The area that a pixel comes from is 1
    /// less this (the determinant of 1 + left ∇sᵀ, for a displacement s · left), so what is below 1 does not fold.
    fn steepest(&self, left: [f32; 2], rect: Rect) -> f32 {
        let along = |node: &[f16; 4]| node[0].to_f32() * left[0] + node[1].to_f32() * left[1];
        let last = (SIDE - 1) as f32;
        let pace = [left[0] * last / rect.width as f32, left[1] * last / rect.height as f32];
        let mut steepest = 0.0_f32;
        for (upper, lower) in self.nodes.chunks_exact(SIDE).zip(self.nodes.chunks_exact(SIDE).skip(1)) {
            for (upper, lower) in upper.windows(2).zip(lower.windows(2)) {
                let ([a, b], [c, d]) = (upper, lower) else { continue };
                let [a, b, c, d] = [a, b, c, d].map(along);
                // Between its nodes the field is bilinear: its slopes' extremes are those of the four sides.
                let across = (pace[0] * (a - b)).max(pace[0] * (c - d));
                let down = (pace[1] * (a - c)).max(pace[1] * (b - d));
                steepest = steepest.max(across + down);
            }
        }
        steepest
    }
}

fn smoothstep(from: f32, to: f32, x: f32) -> f32 {
    let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// From 0 at 0 to 1 at 1, straight but for its two ends, which are rounded over `round` each: the gentlest slope that
/// still begins and ends level, `1 / (1 - round)` at most.
fn rounded_ramp(x: f32, round: f32) -> f32 {
    let x = x.clamp(0.0, 1.0);
    let slope = 1.0 / (1.0 - round);
    if x < round {
        slope * x * x / (2.0 * round)
    } else if x > 1.0 - round {
        1.0 - slope * (1.0 - x) * (1.0 - x) / (2.0 * round)
    } else {
        slope * (x - round / 2.0)
    }
}

/// Distance of a point to an open chain of segments.
fn distance(chain: &[[f32; 2]], p: [f32; 2]) -> f32 {
    let nearest = chain.windows(2).fold(f32::INFINITY, |nearest, segment| {
        let along = minus(segment[1], segment[0]);
        let to = minus(p, segment[0]);
        let share = (dot(to, along) / dot(along, along).max(1e-9)).clamp(0.0, 1.0);
        let off = [to[0] - share * along[0], to[1] - share * along[1]];
        nearest.min(dot(off, off))
    });
    nearest.sqrt()
}

/// Whether a point lies inside a closed contour (even-odd).
fn inside(contour: &[[f32; 2]], p: [f32; 2]) -> bool {
    let mut inside = false;
    let mut previous = contour.last().copied().unwrap_or_default();
    for &corner in contour {
        if (previous[1] <= p[1]) != (corner[1] <= p[1]) {
            let share = (p[1] - previous[1]) / (corner[1] - previous[1]);
            if previous[0] + share * (corner[0] - previous[0]) > p[0] {
                inside = !inside;
            }
        }
        previous = corner;
    }
    inside
}
