//! The field of displacements that narrows the lower face: coarse, smooth, exactly 0 away from the jaw and at the frame's
//! borders, and nowhere steep enough to fold.

use half::f16;

use crate::face::topology::FACE_OVAL;
use crate::retouch::FaceGeometry;
use crate::retouch::region::{Rect, at, cross, dot, minus};

/// Nodes a side.
pub(crate) const SIDE: usize = 64;
/// Largest displacement at amount 1, in units of the face's width as it is seen.
const REACH: f32 = 0.17;
/// Outside the jaw it falls to 0 within this distance, in units of the head's width ...
const OUTSIDE: f32 = 0.31;
/// ... and at the latest this far beside the face's widest point, in the same unit: lines farther away stay straight.
const BESIDE: f32 = 0.14;
/// Inside the jaw it falls to 0 this far beside the eyes, nose and mouth, which keep their place.
const MARGIN: f32 = 0.012;
/// Between these heights (0 the eyes, 1 the chin) the effect sets in.
const ONSET: [f32; 2] = [-0.4, 0.22];
/// At this distance of the midline, in units of the head's width, it acts in full; the chin is drawn in less.
const JOWL: f32 = 0.42;
/// How soon it does so.
const BEND: f32 = 0.3;
/// Over this distance from the frame's border it falls to 0, in units of the head's width.
const BORDER: f32 = 0.15;
/// Most that is taken of the room between jaw and the outer end: what is behind the jaw is stretched to twice its width.
const STRETCH: f32 = 0.4;
/// Most that is taken of the room between jaw and eyes, nose and mouth.
const SQUEEZE: f32 = 0.9;
/// Where two of these limits meet, one goes over into the other within this, in units of the head's width.
const BLEND: f32 = 0.03;

/// The part of the outline that moves: from temple to temple.
const BELOW_THE_FOREHEAD: std::ops::Range<usize> = 4..33;

/// What keeps its place: the corners of the eyes and the mouth, the lower lip, the wings of the nose.
const CORE: [u16; 11] = [33, 263, 61, 291, 84, 17, 314, 48, 278, 102, 331];

/// Steepest fall of a displacement along its own direction, in pixels a pixel: at 1 the picture would fold over itself.
/// A whole face's field falls by about 0.5 at amount 1; one that the frame's border or bad landmarks cut short by more.
const STEEPEST: f32 = 0.65;

/// Backward displacements: the pixel at `p` shows what was at `p + field(p)`. Nodes lie evenly over the face's
/// rectangle, the first and last on its borders' outermost pixel edges; between them it is read bilinearly.
#[derive(Debug, Clone, Default)]
pub(crate) struct Field {
    nodes: Vec<[f16; 2]>,
    still: bool,
}

fn moves(node: &[f16; 2]) -> bool {
    node[0] != f16::ZERO || node[1] != f16::ZERO
}

impl Field {
    /// Displacements in pixels, `[x, y]` a node, row by row. Empty where nothing moves.
    pub(crate) fn nodes(&self) -> &[[f16; 2]] {
        if self.still { &[] } else { &self.nodes }
    }

    /// Whether nothing moves.
    pub(crate) fn is_empty(&self) -> bool {
        self.nodes().is_empty()
    }

    /// The displacement at a place in the frame, as the last pass reads it.
    pub(crate) fn at(&self, place: [f32; 2], rect: Rect) -> [f32; 2] {
        let nodes = self.nodes();
        let last = (SIDE - 1) as f32;
        let x = (place[0] - rect.x as f32) / rect.width.max(1) as f32 * last;
        let y = (place[1] - rect.y as f32) / rect.height.max(1) as f32 * last;
        if !((0.0..=last).contains(&x) && (0.0..=last).contains(&y)) {
            return [0.0; 2];
        }
        let (column, row) = ((x as usize).min(SIDE - 2), (y as usize).min(SIDE - 2));
        let (u, v) = (x - column as f32, y - row as f32);
        let node = |dx: usize, dy: usize| nodes.get((row + dy) * SIDE + column + dx).copied().unwrap_or_default();
        let corners = [node(0, 0), node(1, 0), node(0, 1), node(1, 1)];
        let weights = [(1.0 - u) * (1.0 - v), u * (1.0 - v), (1.0 - u) * v, u * v];
        std::array::from_fn(|axis| {
            corners.iter().zip(weights).map(|(node, weight)| weight * node.get(axis).map_or(0.0, |v| v.to_f32())).sum()
        })
    }

    /// The pixels of `rect` that move; `None` where none does.
    pub(crate) fn bounds(&self, rect: Rect) -> Option<Rect> {
        let mut found: Option<[[usize; 2]; 2]> = None;
        for (row, nodes) in self.nodes().chunks_exact(SIDE).enumerate() {
            let Some(first) = nodes.iter().position(moves) else { continue };
            let last = nodes.iter().rposition(moves).unwrap_or(first);
            let [low, high] = found.unwrap_or([[first, row], [last, row]]);
            found = Some([[low[0].min(first), low[1]], [high[0].max(last), row]]);
        }
        // Between a node that moves and one that does not, the picture moves too.
        found.map(|[low, high]| {
            rect.part([low[0].saturating_sub(1), low[1].saturating_sub(1)], [high[0] + 1, high[1] + 1], SIDE - 1)
        })
    }

    /// How far the nodes from a first to a last column and row move at most, in pixels.
    pub(crate) fn reach_within(&self, [[left, right], [top, bottom]]: [[usize; 2]; 2]) -> f32 {
        let rows = self.nodes().chunks_exact(SIDE).take(bottom + 1).skip(top);
        // Bits of such numbers, without the sign's, are in the numbers' order.
        let [x, y] = rows.flat_map(|row| row.iter().take(right + 1).skip(left)).fold([0; 2], |most: [u16; 2], node| {
            std::array::from_fn(|axis| most[axis].max(node[axis].to_bits() & 0x7fff))
        });
        f16::from_bits(x).to_f32().hypot(f16::from_bits(y).to_f32())
    }

    /// Computes the field of a face for an amount of slimming, 0..=1.
    pub(crate) fn compute(&mut self, face: &FaceGeometry<'_>, amount: f32) {
        let FaceGeometry { points, ref axes, rect, frame, .. } = *face;
        self.still = amount <= 0.0;
        if self.still {
            return;
        }
        self.nodes.clear();
        self.nodes.resize(SIDE * SIDE, [f16::ZERO; 2]);
        let oval: [[f32; 2]; FACE_OVAL.len()] = FACE_OVAL.map(|index| at(points, index));
        let jaw = Chain::new(oval.get(BELOW_THE_FOREHEAD).unwrap_or_default());
        let across = |p: [f32; 2]| dot(minus(p, axes.eyes), axes.left);
        let (low, high) = oval
            .iter()
            .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &p| (low.min(across(p)), high.max(across(p))));
        let mut hull = [[0.0; 2]; CORE.len() + 1];
        let core = hull_of(CORE.map(|index| at(points, index)), &mut hull);
        let rim = Chain::new(core);
        let reach = REACH * axes.seen_width / axes.width;
        let full = (JOWL / BEND).tanh();
        let beside = |p: [f32; 2]| (high - across(p)).min(across(p) - low) / axes.width + BESIDE;
        // How far each point of the jaw may move, given the room on both of its sides.
        let most = oval.map(|p| {
            let inner = if inside(core, p) { 0.0 } else { rim.distance(p).0 / axes.width };
            lesser(STRETCH * beside(p).min(OUTSIDE), SQUEEZE * (inner - MARGIN).max(0.0))
        });
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
                let beside = beside(p);
                if onset == 0.0 || beside <= 0.0 {
                    continue;
                }
                let (beyond, nearest) = jaw.distance(p);
                let beyond = beyond / axes.width;
                // How much of the jaw's displacement is left here.
                let profile = if inside(&oval, p) {
                    let room = if inside(core, p) { 0.0 } else { (rim.distance(p).0 / axes.width - MARGIN).max(0.0) };
                    rounded_ramp(room / (beyond + room).max(1e-6), 0.3).sqrt()
                } else {
                    1.0 - rounded_ramp((beyond / OUTSIDE).max(beyond / (beyond + beside)), 0.08)
                };
                let wanted = reach * onset * (x.abs() / BEND).tanh() / full;
                let limit = {
                    let (from, share) = (BELOW_THE_FOREHEAD.start + nearest as usize, nearest.fract());
                    let to = (from + 1).min(oval.len() - 1);
                    most[from] + share * (most[to] - most[from])
                };
                let border = (p[0].min(p[1]).min(frame.0 as f32 - p[0]).min(frame.1 as f32 - p[1])) / axes.width;
                let size = lesser(wanted, limit).max(0.0) * profile * smoothstep(0.0, BORDER, border);
                let size = (size * amount * axes.width).copysign(x);
                *node = [f16::from_f32(size * axes.left[0]), f16::from_f32(size * axes.left[1])];
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
        let along = |node: &[f16; 2]| node[0].to_f32() * left[0] + node[1].to_f32() * left[1];
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

/// The smaller of two, rounded where they meet.
fn lesser(a: f32, b: f32) -> f32 {
    let near = (BLEND - (a - b).abs()).max(0.0);
    a.min(b) - near * near / (4.0 * BLEND)
}

/// The convex hull of some points, closed: the first corner once more at the end (Andrew 1979).
fn hull_of(mut points: [[f32; 2]; CORE.len()], hull: &mut [[f32; 2]; CORE.len() + 1]) -> &[[f32; 2]] {
    points.sort_unstable_by(|a, b| a[0].total_cmp(&b[0]).then(a[1].total_cmp(&b[1])));
    let (mut count, mut turned) = (0, 1);
    let last = points.len() - 1;
    // One side from left to right, then the other one back.
    for (k, p) in (0..=last).chain((0..last).rev()).map(|k| points[k]).enumerate() {
        let kept = if k <= last { 1 } else { turned };
        while count > kept && cross(minus(hull[count - 1], hull[count - 2]), minus(p, hull[count - 1])) <= 0.0 {
            count -= 1;
        }
        // There is room for all of them; rounding shall not be able to say otherwise.
        let Some(slot) = hull.get_mut(count) else { break };
        *slot = p;
        count += 1;
        if k == last {
            turned = count;
        }
    }
    hull.get(..count).unwrap_or_default()
}

/// An open chain of segments: where each begins, where it leads, and one over the square of its length.
struct Chain {
    segments: [([f32; 2], [f32; 2], f32); FACE_OVAL.len()],
    count: usize,
}

impl Chain {
    fn new(points: &[[f32; 2]]) -> Self {
        let mut chain = Self { segments: [([0.0; 2], [0.0; 2], 0.0); FACE_OVAL.len()], count: 0 };
        for (slot, pair) in chain.segments.iter_mut().zip(points.windows(2)) {
            let along = minus(pair[1], pair[0]);
            *slot = (pair[0], along, 1.0 / dot(along, along).max(1e-9));
            chain.count += 1;
        }
        chain
    }

    /// Distance of a point, and where along the chain the nearest of its points lies, in segments.
    fn distance(&self, p: [f32; 2]) -> (f32, f32) {
        let mut nearest = (f32::INFINITY, 0.0);
        for (k, (from, along, scale)) in self.segments.iter().take(self.count).enumerate() {
            let to = minus(p, *from);
            let share = (dot(to, *along) * scale).clamp(0.0, 1.0);
            let off = [to[0] - share * along[0], to[1] - share * along[1]];
            let square = dot(off, off);
            if square < nearest.0 {
                nearest = (square, k as f32 + share);
            }
        }
        (nearest.0.sqrt(), nearest.1)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hull_holds_all_its_points() {
        let place = |k: usize| [(k * 7 % 11) as f32, (k * k * 5 % 11) as f32];
        for turn in 0..40 {
            let points: [[f32; 2]; CORE.len()] = std::array::from_fn(|k| match turn {
                0 => [3.0, 4.0],
                1 => [k as f32, 2.0 * k as f32],
                _ => place(k * turn + turn),
            });
            let mut room = [[0.0; 2]; CORE.len() + 1];
            let hull = hull_of(points, &mut room);
            assert_eq!(hull.first(), hull.last(), "closed");
            for p in points {
                assert!(inside(hull, p) || Chain::new(hull).distance(p).0 < 1e-4, "{turn}: {p:?} in {hull:?}");
            }
            assert!(
                hull.windows(2)
                    .all(|side| points.iter().all(|p| { cross(minus(side[1], side[0]), minus(*p, side[0])) >= -1e-4 }))
            );
        }
    }
}
