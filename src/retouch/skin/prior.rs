//! Where a face's skin may be, before its colours are looked at: from the hairline to the neck, by the mesh alone. Values on a
//! lattice over the skin's rectangle, far enough apart to be cheap and near enough to be smooth between them.

use crate::face::topology::{CHIN, NOSE_BASE, NOSE_TIP};
use crate::retouch::outline::{Others, Oval, box_of, depth, oval, smoothstep};
use crate::retouch::region::{Axes, Rect, at};

/// Nodes a side.
pub(crate) const SIDE: usize = 40;
/// Farthest distance to the outline that a node can say, in units of the face's width.
pub(crate) const FARTHEST: f32 = 0.25;
/// Below this a place is not looked at.
const LEAST: f32 = 0.04;

/// Other faces that lie farther from the outline, in units of the face's width, change nothing.
const NEAR: f32 = 2.5;

/// Four values a node, 0..=255: the square root of how likely skin is outside of the outline (forehead, ears, neck), 0..=1;
/// the distance to the outline, from −[`FARTHEST`] outside to [`FARTHEST`] inside; how surely something else than skin is
/// there (hair, background); whether hair may lie over the skin, from 0 where a fringe surely may, by 1/2 where nothing does, to
/// 1 where a beard may.
pub(crate) type Node = [u8; 4];

/// The lattice of a face.
#[derive(Default)]
pub(crate) struct Prior {
    nodes: Vec<Node>,
    /// Whether skin may be at a node or beside it.
    near: Vec<bool>,
    /// Distances to the outline, in units of the face's width, inside > 0; how likely skin is outside of it.
    depths: Vec<f32>,
    beyond: Vec<f32>,
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
    fn of(points: &[[f32; 3]], own: &Oval, axes: &Axes) -> Self {
        let local = |index: u16| axes.in_widths(at(points, index));
        let [[low, top], [high, _]] = box_of(&own.map(|place| axes.in_widths(place)));
        let middle = (low + high) / 2.0;
        let turn = local(NOSE_TIP)[0] - middle;
        Self {
            middle,
            half: ((high - low) / 2.0).max(0.05),
            top: top.min(0.0),
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
        let forehead = if v < 0.05 { (1.0 - smoothstep(0.85, 1.05, self.crown(place))) * 0.62 } else { 0.0 };
        let ear = |k: f32| (-((off - self.half - 0.05 - 0.5 * k) / (0.10 + 0.4 * k)).powi(2)).exp();
        let turned = (-(u - self.middle).signum() * self.turn).max(0.0);
        let ears = ear(0.0).max(ear(turned)) * smoothstep(-0.16, -0.02, v) * (1.0 - smoothstep(0.36, 0.50, v)) * 0.60;
        let neck = (1.0 - smoothstep(0.40, 0.62, (u - self.neck).abs()))
            * smoothstep(0.6 * self.length, self.length, v)
            * (1.0 - smoothstep(self.length + 0.5, self.length + 0.8, v))
            * 0.55;
        forehead.max(ears).max(neck)
    }

    /// How surely there is something else than skin.
    fn other(&self, place: [f32; 2]) -> f32 {
        let [u, v] = place;
        let above = if v < 0.0 { 0.8 * smoothstep(1.05, 1.25, self.crown(place)) } else { 0.0 };
        let beside = (u - self.middle).abs() > self.half + 0.22 && v < 0.9 * self.length;
        let below = v > self.length + 0.15 && (u - self.neck).abs() > 0.6;
        above.max(if beside { 0.8 } else { 0.0 }).max(if below { 0.5 } else { 0.0 })
    }

    /// Whether hair may lie over the face there, so deep inside the outline. Above 0 a beard: below the nose, and at the cheeks
    /// from farther up; and whatever lies over a neck. Below 0 a fringe: above the brows.
    fn hairy(&self, [u, v]: [f32; 2], depth: f32) -> f32 {
        let cheek = 0.25 * smoothstep(0.18, 0.42, (u - self.middle).abs());
        let beard = smoothstep(self.nose_base - 0.06, self.nose_base + 0.02, v + cheek);
        let up = (v / self.top.min(-0.05)).max(0.0);
        let neck = smoothstep(0.75 * self.length, 0.95 * self.length, v);
        (beard - smoothstep(0.35, 0.6, up)) * smoothstep(-0.10, -0.03, depth).max(0.5 * neck)
    }
}

impl Prior {
    /// The nodes, row by row, [`SIDE`] × [`SIDE`]; the first and the last lie on the rectangle's borders.
    pub(crate) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Works out the lattice of a face over a rectangle. Where other faces are, whether they are retouched or not, their skin is
    /// theirs.
    pub(crate) fn update(&mut self, points: &[[f32; 3]], axes: &Axes, rect: Rect, others: Others<'_>) {
        let own = oval(points);
        let head = Head::of(points, &own, axes);
        let step_of = |length: u32| length as f32 / (SIDE - 1) as f32;
        let (across, down) = (step_of(rect.width), step_of(rect.height));
        let places = (0..SIDE * SIDE).map(|index| {
            [rect.x as f32 + (index % SIDE) as f32 * across, rect.y as f32 + (index / SIDE) as f32 * down]
        });
        self.depths.clear();
        self.depths.extend(places.clone().map(|place| depth(&own, place) / axes.width));
        self.beyond.clear();
        self.beyond.extend(places.clone().map(|place| head.beyond(axes.in_widths(place))));
        for (other, outline) in others.near(&own, NEAR * axes.width) {
            let Some(width) = Axes::of(&other.points).map(|axes| axes.width) else { continue };
            for ((place, depth_here), beyond) in places.clone().zip(&mut self.depths).zip(&mut self.beyond) {
                let theirs = depth(&outline, place) / width;
                *depth_here = depth_here.min((*depth_here - theirs) / 2.0);
                *beyond *= 1.0 - smoothstep(-0.05, 0.05, theirs);
            }
        }
        self.nodes.clear();
        self.near.clear();
        for ((place, &depth), &beyond) in places.zip(&self.depths).zip(&self.beyond) {
            let local = axes.in_widths(place);
            let likely = beyond.max(smoothstep(-0.05, 0.02, depth));
            let byte = |value: f32| (value.clamp(0.0, 1.0) * 255.0 + 0.5) as u8;
            self.nodes.push([
                byte(beyond.sqrt()),
                byte(0.5 + 0.5 * depth / FARTHEST),
                byte(head.other(local)),
                byte(0.5 + 0.5 * head.hairy(local, depth)),
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
