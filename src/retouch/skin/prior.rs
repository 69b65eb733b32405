//! Where a face's skin may be, before its colours are looked at: from the hairline to the neck, by the mesh alone. Values on a
//! lattice over the skin's rectangle, far enough apart to be cheap and near enough to be smooth between them.

use crate::face::topology::{CHIN, FACE_OVAL, NOSE_BASE, NOSE_TIP};
use crate::retouch::region::{Axes, Rect, at, dot, minus};

/// Nodes a side.
pub(crate) const SIDE: usize = 40;
/// Farthest distance to the outline that a node can say, in units of the face's width.
pub(crate) const FARTHEST: f32 = 0.25;
/// Below this a place is not looked at.
const LEAST: f32 = 0.04;

/// Four values a node, 0..=255: the square root of how likely skin is outside of the outline (forehead, ears, neck), 0..=1;
/// the distance to the outline, from −[`FARTHEST`] outside to [`FARTHEST`] inside; how surely something else than skin is
/// there (hair, background); how surely a beard may be.
pub(crate) type Node = [u8; 4];

/// The lattice of a face.
#[derive(Default)]
pub(crate) struct Prior {
    nodes: Vec<Node>,
    /// Whether skin may be at a node or beside it.
    near: Vec<bool>,
}

/// Another face in the frame: its outline and its width.
pub(crate) struct Neighbour<'a> {
    pub(crate) points: &'a [[f32; 3]],
    pub(crate) width: f32,
}

/// The Hermite step between two edges.
fn step(from: f32, to: f32, x: f32) -> f32 {
    let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// What the prior is made of, along the face's own axes in units of its width, from between the eyes.
struct Head {
    /// Middle, half width and upper end of the outline.
    middle: f32,
    half: f32,
    top: f32,
    /// From the eyes to the chin.
    length: f32,
    /// How far the nose's tip lies beside the middle: the head's turn.
    turn: f32,
    /// The middle of the neck.
    neck: f32,
    nose_base: f32,
}

impl Head {
    fn of(points: &[[f32; 3]], axes: &Axes) -> Self {
        let local = |index: u16| axes.in_widths(at(points, index));
        let (mut low, mut high, mut top) = (f32::INFINITY, f32::NEG_INFINITY, 0.0_f32);
        for &index in &FACE_OVAL {
            let [u, v] = local(index);
            (low, high, top) = (low.min(u), high.max(u), top.min(v));
        }
        let middle = (low + high) / 2.0;
        let turn = local(NOSE_TIP)[0] - middle;
        Self {
            middle,
            half: ((high - low) / 2.0).max(0.05),
            top,
            length: axes.length / axes.width,
            turn,
            neck: 0.6 * middle + 0.4 * local(CHIN)[0] - 0.5 * turn,
            nose_base: local(NOSE_BASE)[1],
        }
    }

    /// How far out of the ellipse around forehead and crown; 1 on it.
    fn crown(&self, [u, v]: [f32; 2]) -> f32 {
        let across = (u - self.middle) / (1.04 * self.half);
        let up = (v + 0.02).min(0.0) / (self.top.abs() + 0.28);
        (across * across + up * up).sqrt()
    }

    /// How likely skin is at a place outside of the outline.
    fn beyond(&self, place: [f32; 2]) -> f32 {
        let [u, v] = place;
        let off = (u - self.middle).abs();
        let forehead = if v < 0.05 { (1.0 - step(0.85, 1.05, self.crown(place))) * 0.62 } else { 0.0 };
        let ear = |k: f32| (-((off - self.half - 0.05 - 0.5 * k) / (0.10 + 0.4 * k)).powi(2)).exp();
        let turned = (-(u - self.middle).signum() * self.turn).max(0.0);
        let ears = ear(0.0).max(ear(turned)) * step(-0.16, -0.02, v) * (1.0 - step(0.36, 0.50, v)) * 0.60;
        let neck = (1.0 - step(0.40, 0.62, (u - self.neck).abs()))
            * step(0.6 * self.length, self.length, v)
            * (1.0 - step(self.length + 0.5, self.length + 0.8, v))
            * 0.55;
        forehead.max(ears).max(neck)
    }

    /// How surely there is something else than skin.
    fn other(&self, place: [f32; 2]) -> f32 {
        let [u, v] = place;
        let above = if v < 0.0 { 0.8 * step(1.05, 1.25, self.crown(place)) } else { 0.0 };
        let beside = (u - self.middle).abs() > self.half + 0.22 && v < 0.9 * self.length;
        let below = v > self.length + 0.15 && (u - self.neck).abs() > 0.6;
        above.max(if beside { 0.8 } else { 0.0 }).max(if below { 0.5 } else { 0.0 })
    }

    /// Whether a beard may be there: below the nose, and at the cheeks from farther up.
    fn bearded(&self, [u, v]: [f32; 2]) -> f32 {
        let cheek = 0.25 * step(0.18, 0.42, (u - self.middle).abs());
        step(self.nose_base - 0.06, self.nose_base + 0.02, v + cheek)
    }
}

/// Distance of a place to a face's outline in pixels, inside > 0.
fn distance(outline: &[[f32; 2]; FACE_OVAL.len()], place: [f32; 2]) -> f32 {
    let mut nearest = f32::INFINITY;
    let mut inside = false;
    let mut from = outline[FACE_OVAL.len() - 1];
    for &to in outline {
        let (along, off) = (minus(to, from), minus(place, from));
        let share = (dot(off, along) / dot(along, along).max(1e-12)).clamp(0.0, 1.0);
        let away = [off[0] - share * along[0], off[1] - share * along[1]];
        nearest = nearest.min(dot(away, away));
        if (from[1] <= place[1]) != (to[1] <= place[1]) {
            inside ^= from[0] + off[1] / along[1] * along[0] > place[0];
        }
        from = to;
    }
    if inside { nearest.sqrt() } else { -nearest.sqrt() }
}

impl Prior {
    /// The nodes, row by row, [`SIDE`] × [`SIDE`]; the first and the last lie on the rectangle's borders.
    pub(crate) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Works out the lattice of a face over a rectangle. Where other faces are, their skin is theirs.
    pub(crate) fn update<'a>(
        &mut self,
        points: &[[f32; 3]],
        axes: &Axes,
        rect: Rect,
        others: impl Iterator<Item = Neighbour<'a>> + Clone,
    ) {
        let head = Head::of(points, axes);
        let outline = |points: &[[f32; 3]]| FACE_OVAL.map(|index| at(points, index));
        let own = outline(points);
        let step_of = |length: u32| length as f32 / (SIDE - 1) as f32;
        let (across, down) = (step_of(rect.width), step_of(rect.height));
        self.nodes.clear();
        self.near.clear();
        for index in 0..SIDE * SIDE {
            let place = [rect.x as f32 + (index % SIDE) as f32 * across, rect.y as f32 + (index / SIDE) as f32 * down];
            let local = axes.in_widths(place);
            let mut depth = distance(&own, place) / axes.width;
            let mut beyond = head.beyond(local);
            for other in others.clone() {
                let theirs = distance(&outline(other.points), place) / other.width;
                depth = depth.min((depth - theirs) / 2.0);
                beyond *= 1.0 - step(-0.05, 0.05, theirs);
            }
            let likely = beyond.max(step(-0.05, 0.02, depth));
            let byte = |value: f32| (value.clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
            self.nodes.push([
                byte(beyond.sqrt()),
                byte(0.5 + 0.5 * depth / FARTHEST),
                byte(head.other(local)),
                byte(head.bearded(local) * step(-0.10, -0.03, depth)),
            ]);
            self.near.push(likely > LEAST);
        }
    }

    /// Whether skin may be anywhere from a first to a last column and row of nodes.
    pub(crate) fn may_be_within(&self, [[left, right], [top, bottom]]: [[usize; 2]; 2]) -> bool {
        let rows = self.near.chunks_exact(SIDE).take(bottom + 1).skip(top);
        rows.flat_map(|row| row.iter().take(right + 1).skip(left)).any(|&near| near)
    }

    /// The pixels of `rect` where skin may be; `None` where there are none.
    pub(crate) fn bounds(&self, rect: Rect) -> Option<Rect> {
        let mut bounds: Option<[[usize; 2]; 2]> = None;
        for (index, _) in self.near.iter().enumerate().filter(|(_, near)| **near) {
            let at = [index % SIDE, index / SIDE];
            let [low, high] = bounds.unwrap_or([at, at]);
            bounds = Some([[low[0].min(at[0]), low[1]], [high[0].max(at[0]), at[1]]]);
        }
        let [low, high] = bounds?;
        Some(rect.part([low[0].saturating_sub(1), low[1].saturating_sub(1)], [high[0] + 1, high[1] + 1], SIDE - 1))
    }
}
