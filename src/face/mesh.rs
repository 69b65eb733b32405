//! Landmarks of one face: a region of the frame → the mesh in the frame, and the region to look in next.

use super::crop::{Border, Region, cut};
use super::net::{FaceMesh, FaceMeshBuffers, Workers};
use super::topology::{LEFT_EYE_OUTER, RIGHT_EYE_OUTER};
use crate::{Frame, Result};

/// Below this presence the region holds no face.
pub(crate) const PRESENCE: f32 = 0.5;
/// How much larger than the points' box the next region is.
const MARGIN: f32 = 1.5;

/// Runs the network on `region` and writes the points, in pixels of the frame, into `points`. Returns the presence of a
/// face, 0..=1.
pub(crate) fn landmarks(
    network: &FaceMesh,
    buffers: &mut FaceMeshBuffers,
    workers: &Workers,
    frame: &Frame<'_>,
    region: &Region,
    points: &mut Vec<[f32; 3]>,
) -> Result<f32> {
    buffers.write_input(|input| {
        cut(frame, region, FaceMesh::SIDE, Border::Nearest, (1.0 / 255.0, 0.0), input);
    })?;
    network.forward(buffers, workers)?;
    let unit = 1.0 / FaceMesh::SIDE as f32;
    buffers.read_outputs(|values, logit| {
        points.clear();
        points.extend(values.chunks_exact(3).map(|value| {
            let [x, y] = region.place([value[0] * unit, value[1] * unit]);
            [x, y, value[2] * unit * region.side]
        }));
        1.0 / (1.0 + (-logit).exp())
    })
}

/// The upright box around all points: its centre and its size.
pub(crate) fn bounds(points: &[[f32; 3]]) -> ([f32; 2], [f32; 2]) {
    let mut low = [f32::INFINITY; 2];
    let mut high = [f32::NEG_INFINITY; 2];
    for point in points {
        for axis in 0..2 {
            low[axis] = low[axis].min(point[axis]);
            high[axis] = high[axis].max(point[axis]);
        }
    }
    (std::array::from_fn(|axis| (low[axis] + high[axis]) / 2.0), std::array::from_fn(|axis| high[axis] - low[axis]))
}

/// The region around a face's points, turned by the line of its eyes' outer corners.
pub(crate) fn region(points: &[[f32; 3]]) -> Region {
    let at = |index: u16| points.get(usize::from(index)).copied().unwrap_or_default();
    let (right, left) = (at(RIGHT_EYE_OUTER), at(LEFT_EYE_OUTER));
    let (centre, size) = bounds(points);
    Region { centre, side: MARGIN * size[0].max(size[1]), roll: (left[1] - right[1]).atan2(left[0] - right[0]) }
}
