//! The field of displacements that narrows the lower face: coarse, smooth, exactly 0 away from the jaw and at the frame's
//! borders, and nowhere steep enough to fold.

use half::f16;

use super::region::{self, Axes, Rect, at, dot, minus};
use crate::face::topology::{FACE_OVAL, JAW};
use crate::{Face, Look, Result};

/// How slimming a face moves the picture: for hosts that draw over it (glasses, stickers, landmarks), and to look at.
///
/// ```
/// # fn show(face: &glowup::Face, width: u32, height: u32) -> glowup::Result<()> {
/// let warp = glowup::Warp::new(face, width, height, 0.5)?;
/// // The retouched picture shows at (120, 80) what was at (120, 80) + displacement.
/// let displacement = warp.displacement([120.0, 80.0]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Warp {
    rect: Rect,
    field: Field,
}

impl Warp {
    /// The warp of `face` in a frame of `width` × `height` pixels at an amount of [`Look::slim`].
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for an amount that is not in 0..=1, [`Error::BadLandmarks`] for a face that is not valid.
    pub fn new(face: &Face, width: u32, height: u32, slim: f32) -> Result<Self> {
        Look { slim, ..Look::NONE }.check()?;
        super::check(0, face)?;
        let mut warp = Self { rect: Rect::default(), field: Field { nodes: Vec::new(), still: true } };
        if let Some(axes) = Axes::of(&face.points)
            && axes.width >= super::SMALLEST
            && let Some(rect) = region::rect(&face.points, &axes, width, height)
        {
            warp.rect = rect;
            warp.field.compute(&face.points, &axes, rect, (width, height), slim * face.visibility.clamp(0.0, 1.0));
        }
        Ok(warp)
    }

    /// The displacement at a place of the retouched picture, both in pixels, x and y: what is seen there was at the place
    /// plus this. Zero wherever nothing moves.
    #[must_use]
    pub fn displacement(&self, place: [f32; 2]) -> [f32; 2] {
        self.field.at(place, self.rect)
    }

    /// Where the retouched picture shows what was at `place`: what a host draws over the face moves along. The inverse of
    /// `p + displacement(p)`, to a hundredth of a pixel.
    #[must_use]
    pub fn moved(&self, place: [f32; 2]) -> [f32; 2] {
        // Where the field is gentle (it falls by less than 1 a pixel) this comes closer with each step.
        let mut to = place;
        for _ in 0..STEPS {
            let [x, y] = self.displacement(to);
            let next = [place[0] - x, place[1] - y];
            let step = minus(next, to);
            to = next;
            if dot(step, step) < 1e-6 {
                break;
            }
        }
        to
    }
}

/// Most steps of [`Warp::moved`].
const STEPS: usize = 40;

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
#[derive(Debug, Clone, Default)]
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

    /// The displacement at a place in the frame, as the last pass reads it.
    fn at(&self, place: [f32; 2], rect: Rect) -> [f32; 2] {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FaceTracker, Frame, TrackerOptions};

    #[test]
    fn what_a_host_draws_moves_with_the_face() {
        let picture = image::open(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/astronaut.png")).unwrap().into_rgba8();
        let (width, height) = picture.dimensions();
        let frame = Frame::rgba8(&picture, width, height).unwrap();
        let faces = FaceTracker::new(TrackerOptions::default()).unwrap().detect(&frame).unwrap();
        let warp = Warp::new(&faces[0], width, height, 1.0).unwrap();
        let mut farthest = 0.0_f32;
        for point in &faces[0].points {
            let to = warp.moved([point[0], point[1]]);
            let [x, y] = warp.displacement(to);
            assert!((to[0] + x - point[0]).hypot(to[1] + y - point[1]) < 0.01, "{point:?}");
            farthest = farthest.max((to[0] - point[0]).hypot(to[1] - point[1]));
        }
        assert!(farthest > 2.0, "the jaw moves");
        assert_eq!(warp.displacement([2.0, 2.0]), [0.0; 2]);
        assert_eq!(warp.displacement([f32::NAN, 1e30]), [0.0; 2]);
        assert_eq!(Warp::new(&faces[0], width, height, 0.0).unwrap().moved([5.0, 6.0]), [5.0, 6.0]);
        assert!(Warp::new(&faces[0], width, height, f32::NAN).is_err());
    }
}
