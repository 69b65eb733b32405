//! Contours of lips, lids and brows, smoothed, and the line along the lashes: what distances are measured from.

use super::amounts::Amounts;
use super::{Eye, PaintPlan};
use crate::face::topology::{LEFT_EYE, LEFT_EYEBROW, LIPS, MOUTH, RIGHT_EYE, RIGHT_EYEBROW};
use crate::retouch::outline::box_of;
use crate::retouch::region::at;

/// Corners of a row at most.
const CORNERS: usize = 64;
/// Rows: the lips' outer and inner contour; then for each eye its lids, its brow, its line and the lid's surface up to the brow.
const ROWS: usize = 10;
const LID: usize = 0;
const BROW: usize = 1;
const LINE: usize = 2;
const SHADOW: usize = 3;

/// From these sizes of a face, in pixels, on a contour has two and three corners a landmark.
const FINER: [f32; 2] = [150.0, 400.0];

/// The upper lids from the inner corner to the outer, and the brows' lower edges from the nose outward.
const UPPER: [[u16; 9]; 2] =
    [[133, 173, 157, 158, 159, 160, 161, 246, 33], [362, 398, 384, 385, 386, 387, 388, 466, 263]];
const BELOW_BROW: [[u16; 5]; 2] = [[55, 65, 52, 53, 46], [285, 295, 282, 283, 276]];

/// Half the line's width, in units of the eye's: at the least and what the amount adds; how far a wing goes, and how much of that
/// outward and up; how far a line without a wing reaches past the outer corner.
const THICKNESS: [f32; 2] = [0.0083, 0.0417];
const WING: f32 = 0.333;
const WING_SLOPE: [f32; 2] = [0.80, 0.66];
const PAST_CORNER: f32 = 0.03;
/// What half the width grows by at the outer corner for a wing that is long enough, and from which length on it is: or there would
/// be a gap of skin between wing and corner.
const FILL: f32 = 0.028;
const LONG: f32 = 0.10;

/// Half the width of the line along the lashes where it is widest; where it ends, from the inner corner (0) to the outer (1); what
/// half the width grows by at the outer corner: all in units of the eye's width.
pub(crate) fn line_shape(amounts: &Amounts) -> [f32; 3] {
    let half = THICKNESS[0] + THICKNESS[1] * amounts.liner_width;
    let wing = WING * amounts.liner_wing;
    [half, 1.0 + (WING_SLOPE[0] * wing).max(PAST_CORNER), FILL * (wing / LONG).min(1.0)]
}

/// Rows of corners, each a closed contour but for the lines along the lashes.
pub(super) struct Contours {
    rows: [[[f32; 2]; CORNERS]; ROWS],
    counts: [usize; ROWS],
}

impl Default for Contours {
    fn default() -> Self {
        Self { rows: [[[0.0; 2]; CORNERS]; ROWS], counts: [0; ROWS] }
    }
}

impl Contours {
    /// Those of a box: of the mouth two, of an eye four.
    pub(super) fn of(&self, part: usize) -> [&[[f32; 2]]; 4] {
        let (first, count) = if part == 0 { (0, 2) } else { (4 * part - 2, 4) };
        std::array::from_fn(|k| if k < count { self.row(first + k) } else { &[] })
    }

    fn row(&self, row: usize) -> &[[f32; 2]] {
        let count = self.counts.get(row).copied().unwrap_or_default();
        self.rows.get(row).and_then(|corners| corners.get(..count)).unwrap_or_default()
    }

    /// Draws those that a face's paint needs; the others have no corners.
    pub(super) fn update(&mut self, points: &[[f32; 3]], size: f32, eyes: &[Eye; 2], amounts: &Amounts) {
        let steps = 1 + FINER.iter().filter(|from| size >= **from).count();
        self.counts = [0; ROWS];
        if amounts.has_mouth() {
            self.close(0, &LIPS, points, steps);
            self.close(1, &MOUTH, points, steps);
        }
        for (side, (lid, brow)) in [(&RIGHT_EYE, &RIGHT_EYEBROW), (&LEFT_EYE, &LEFT_EYEBROW)].into_iter().enumerate() {
            let first = 2 + 4 * side;
            let is_seen = amounts.seen.get(side).is_some_and(|seen| *seen > 0.0);
            if !is_seen {
                continue;
            }
            let (Some(upper), Some(below), Some(eye)) = (UPPER.get(side), BELOW_BROW.get(side), eyes.get(side)) else {
                continue;
            };
            self.close(first + LID, lid, points, steps);
            // What is around the eye is told from its brow, too.
            self.close(first + BROW, brow, points, steps);
            if amounts.liner > 0.0 {
                self.line(side, &upper.map(|index| at(points, index)), eye, amounts, steps);
            }
            if amounts.shadow > 0.0 {
                self.lid_surface(first + SHADOW, points, (upper, below), eye);
            }
        }
    }

    fn set(&mut self, row: usize, corners: impl Iterator<Item = [f32; 2]>) {
        let (Some(row_corners), Some(count)) = (self.rows.get_mut(row), self.counts.get_mut(row)) else { return };
        *count = 0;
        for (slot, corner) in row_corners.iter_mut().zip(corners) {
            *slot = corner;
            *count += 1;
        }
    }

    /// A closed contour through landmarks (Catmull and Rom 1974), with so many corners a landmark.
    fn close(&mut self, row: usize, indices: &[u16], points: &[[f32; 3]], steps: usize) {
        let count = indices.len();
        let corner = |k: usize| indices.get(k % count.max(1)).map_or([0.0; 2], |&index| at(points, index));
        self.set(
            row,
            (0..count * steps).map(|k| {
                let (k, t) = (k / steps, (k % steps) as f32 / steps as f32);
                between([corner(k + count - 1), corner(k), corner(k + 1), corner(k + 2)], t)
            }),
        );
    }

    /// The middle of the line along the upper lashes, from the inner corner outward.
    fn line(&mut self, side: usize, lid: &[[f32; 2]; 9], eye: &Eye, amounts: &Amounts, steps: usize) {
        let [outer, inner] = eye.corners;
        let [half, ..] = line_shape(amounts);
        let wing = WING * amounts.liner_wing;
        let lift = 0.6 * half * eye.width;
        let out = [outer[0] - inner[0], outer[1] - inner[1]];
        let tip: [f32; 2] = std::array::from_fn(|axis| {
            let past = (WING_SLOPE[0] * wing).max(PAST_CORNER);
            outer[axis] + past * out[axis] + (lift + WING_SLOPE[1] * wing * eye.width) * eye.up[axis]
        });
        let mut nodes = [tip; 10];
        // It lies on the lid and hardly reaches into the eye.
        for (k, (node, p)) in (0_u8..).zip(nodes.iter_mut().zip(lid)) {
            let lift = lift * (0.2 + 0.8 * f32::from(k) / 8.0);
            *node = [p[0] + lift * eye.up[0], p[1] + lift * eye.up[1]];
        }
        // A wing leaves the lid before the corner, half-way between lid and tip: nearer to the lid it would be a hook.
        let share = (wing / LONG).min(1.0);
        let [.., from, before, corner, tip] = &mut nodes;
        for axis in 0..2 {
            let step = tip[axis] - from[axis];
            before[axis] += share * 0.7 * (from[axis] + 0.34 * step - before[axis]);
            corner[axis] += share * 0.72 * (from[axis] + 0.66 * step - corner[axis]);
        }
        let last = nodes.len() - 1;
        let node = |k: usize| nodes.get(k.min(last)).copied().unwrap_or_default();
        self.set(
            2 + 4 * side + LINE,
            (0..=last * steps).map(|k| {
                let (k, t) = (k / steps, (k % steps) as f32 / steps as f32);
                between([node(k.saturating_sub(1)), node(k), node(k + 1), node(k + 2)], t)
            }),
        );
    }

    /// What eyeshadow covers: from the upper lid to the brow, out to a tip beside the outer corner.
    fn lid_surface(&mut self, row: usize, points: &[[f32; 3]], (upper, below): (&[u16; 9], &[u16; 5]), eye: &Eye) {
        let [outer, inner] = eye.corners;
        let out = |by: f32| -> [f32; 2] { [by * (outer[0] - inner[0]), by * (outer[1] - inner[1])] };
        let (far, near) = (out(0.30), out(-0.10));
        let tip: [f32; 2] = std::array::from_fn(|axis| outer[axis] + far[axis] + 0.16 * eye.width * eye.up[axis]);
        let begin = [inner[0] + near[0], inner[1] + near[1]];
        let lid = upper.iter().map(|&index| at(points, index));
        let brow = below.iter().rev().map(|&index| at(points, index));
        let corners = std::iter::once(begin).chain(lid).chain(std::iter::once(tip)).chain(brow);
        self.set(row, corners);
    }

    /// The box of a row.
    fn bounds(&self, row: usize) -> Option<[[f32; 2]; 2]> {
        let corners = self.row(row);
        (!corners.is_empty()).then(|| box_of(corners))
    }

    pub(super) fn mouth(&self) -> Option<[[f32; 2]; 2]> {
        self.bounds(0)
    }

    /// The box of all that is painted on and around an eye, and how far beside it that reaches; `None` where nothing is.
    pub(super) fn eye(&self, side: usize, plan: &PaintPlan) -> Option<([[f32; 2]; 2], f32)> {
        let (amounts, eye) = (&plan.amounts, plan.eyes.get(side)?);
        let seen = amounts.seen.get(side).copied().unwrap_or_default() > 0.0;
        let wanted = [
            (amounts.has_inner_eye(side), LID, 0.0),
            (seen && amounts.lashes > 0.0, LID, 0.11 * eye.width),
            (seen && amounts.brows > 0.0, BROW, 0.03 * plan.size),
            (seen && amounts.liner > 0.0, LINE, 0.06 * eye.width),
            (seen && amounts.shadow > 0.0, SHADOW, 0.012 * plan.size),
        ];
        let mut found: Option<([[f32; 2]; 2], f32)> = None;
        for (_, row, beside) in wanted.into_iter().filter(|(is_wanted, ..)| *is_wanted) {
            let [low, high] = self.bounds(2 + 4 * side + row)?;
            let (low, high) = (low.map(|v| v - beside), high.map(|v| v + beside));
            let [least, most] = found.map_or([low, high], |(bounds, _)| bounds);
            let least = [least[0].min(low[0]), least[1].min(low[1])];
            found = Some(([least, [most[0].max(high[0]), most[1].max(high[1])]], 0.0));
        }
        found
    }
}

/// The curve through the inner two of four places, at the share `t` between them.
fn between([a, b, c, d]: [[f32; 2]; 4], t: f32) -> [f32; 2] {
    std::array::from_fn(|axis| {
        let (a, b, c, d) = (a[axis], b[axis], c[axis], d[axis]);
        let cubic = (3.0 * (b - c) + d - a) * t + 2.0 * a - 5.0 * b + 4.0 * c - d;
        b + 0.5 * t * (c - a + t * cubic)
    })
}
