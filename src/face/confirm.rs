//! Whether a mesh lies on a face: a second detector's look at it, in a crop of its own.
//!
//! No property of a mesh tells faces from pebbles, since the landmark network draws a plausible face on anything. YuNet
//! ([`YuNet`]) on a small crop around a candidate does, and its five points show whether the mesh lies on the face the right way.

use super::bounds::{Bounds, point};
use super::crop::{Region, TurnedRegion};
use super::net::YuNetLevel;
use super::topology::{LEFT_EYE, LEFT_MOUTH_CORNER, NOSE_TIP, RIGHT_EYE, RIGHT_MOUTH_CORNER};

/// Side of the detector's input, in pixels.
pub(crate) const SIDE: usize = 160;
/// Side of the crop, in sizes of the face.
const MARGIN: f32 = 2.6;
/// Farthest that the middle of what is found may lie from the mesh's, in sizes of the face; least and most of its size.
const FARTHEST: f32 = 0.45;
const SIZES: [f32; 2] = [0.5, 2.0];
/// Most that the mesh's eyes, nose and mouth may lie off the detector's in the mean, in sizes of the face.
const MOST_OFF: f32 = 0.16;

/// What the detector makes of a face that was found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Verdict {
    /// How sure it is that this is a face, 0..=1.
    pub(crate) score: f32,
    /// Whether the mesh's eyes, nose and mouth are where it sees them.
    pub(crate) agrees: bool,
}

/// The crops in which a mesh is looked at: one in which the mesh is upright, and one in which the picture is.
pub(crate) fn regions(points: &[[f32; 3]], upright: Region) -> [Region; 2] {
    let bounds = Bounds::of(points);
    let side = MARGIN * bounds.size[0].max(bounds.size[1]);
    let turned = super::bounds::region(points, upright.mirrored);
    [Region { side, ..turned }, Region { centre: turned.centre, side, ..upright }]
}

/// What the detector has found in a crop of a mesh, read from its outputs: the best that lies on the mesh; `None` where nothing
/// does.
pub(crate) fn judge(levels: [YuNetLevel<'_>; 3], region: &Region, points: &[[f32; 3]]) -> Option<Verdict> {
    let bounds = Bounds::of(points);
    let size = bounds.size[0].max(bounds.size[1]).max(1e-3);
    let turned = region.turned();
    let unit = region.side / SIDE as f32;
    let mut best: Option<Verdict> = None;
    for level in levels {
        for found in decode(&level) {
            let centre = place(&turned, found.centre);
            let off = (centre[0] - bounds.centre[0]).hypot(centre[1] - bounds.centre[1]) / size;
            let ratio = found.size[0].max(found.size[1]) * unit / size;
            let lies_on_it = off < FARTHEST && (SIZES[0]..SIZES[1]).contains(&ratio);
            if lies_on_it && best.is_none_or(|best| best.score < found.score) {
                let off = disagreement(&turned, &found.points, points) / size;
                best = Some(Verdict { score: found.score, agrees: off < MOST_OFF });
            }
        }
    }
    best
}

/// A place in the network's input as a place in the frame.
fn place(turned: &TurnedRegion, place: [f32; 2]) -> [f32; 2] {
    turned.place(place.map(|length| length / SIDE as f32))
}

/// The mean distance between the detector's points and the mesh's, in pixels of the frame.
fn disagreement(turned: &TurnedRegion, found: &[[f32; 2]; 5], points: &[[f32; 3]]) -> f32 {
    let mean = |indices: &[u16]| {
        let sum = indices.iter().map(|&index| point(points, index)).fold([0.0; 2], |s, p| [s[0] + p[0], s[1] + p[1]]);
        sum.map(|length| length / indices.len().max(1) as f32)
    };
    let mesh =
        [mean(&RIGHT_EYE), mean(&LEFT_EYE), mean(&[NOSE_TIP]), mean(&[RIGHT_MOUTH_CORNER]), mean(&[LEFT_MOUTH_CORNER])];
    let far = mesh.iter().zip(found).map(|(mesh, found)| {
        let seen = place(turned, *found);
        (seen[0] - mesh[0]).hypot(seen[1] - mesh[1])
    });
    far.sum::<f32>() / mesh.len() as f32
}

/// A face as YuNet sees it, in pixels of its input.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Found {
    pub(crate) score: f32,
    pub(crate) centre: [f32; 2],
    pub(crate) size: [f32; 2],
    /// The person's right eye, left eye, nose tip, right and left corner of the mouth.
    pub(crate) points: [[f32; 2]; 5],
}

/// Detections below this score say nothing.
const LEAST: f32 = 0.1;

/// What a level's cells say, without merging what several say of one face.
fn decode<'a>(level: &YuNetLevel<'a>) -> impl Iterator<Item = Found> + use<'a> {
    let (columns, stride) = (level.columns.max(1), level.stride as f32);
    level.cells.iter().enumerate().filter_map(move |(index, cell)| {
        let &[class, object, x, y, width, height, ref points @ ..] = cell;
        let sigmoid = |logit: f32| 1.0 / (1.0 + (-logit).exp());
        let score = (sigmoid(class) * sigmoid(object)).sqrt();
        if score.is_nan() || score < LEAST {
            return None;
        }
        let corner = [(index % columns) as f32, (index / columns) as f32];
        let place = |x: f32, y: f32| [(corner[0] + x) * stride, (corner[1] + y) * stride];
        let mut five = [[0.0; 2]; 5];
        for (slot, &[x, y]) in five.iter_mut().zip(points.as_chunks().0) {
            *slot = place(x, y);
        }
        Some(Found { score, centre: place(x, y), size: [width, height].map(|log| log.exp() * stride), points: five })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_decoded() {
        let mut cells = vec![[-9.0_f32; 16]; 6];
        let big = 40.0;
        cells[4] =
            [big, big, 0.5, 0.25, 2.0_f32.ln(), 3.0_f32.ln(), -1.0, -1.0, 1.0, -1.0, 0.0, 0.0, -1.0, 1.0, 1.0, 1.0];
        let level = YuNetLevel { stride: 8, columns: 3, rows: 2, cells: &cells };
        let found: Vec<Found> = decode(&level).collect();
        assert_eq!(found.len(), 1);
        let face = found[0];
        assert_eq!((face.score, face.centre), (1.0, [12.0, 10.0]));
        assert!((face.size[0] - 16.0).abs() < 1e-4 && (face.size[1] - 24.0).abs() < 1e-4);
        assert_eq!(face.points, [[0.0, 0.0], [16.0, 0.0], [8.0, 8.0], [0.0, 16.0], [16.0, 16.0]]);
    }
}
