//! Where the places of a face lie in the canonical face's flat picture, and how far they face the camera: what soft shapes are
//! drawn by.

use half::f16;
use half::slice::HalfFloatSliceExt;

use crate::retouch::region::{Rect, at};
use crate::retouch::shape::canonical::{CANONICAL, VERTICES};
use crate::retouch::shape::grid::Grid;
pub(crate) use crate::retouch::shape::grid::SIDE;
use crate::retouch::shape::planes::Planes;
use crate::retouch::shape::pose::HeadPose;
use crate::retouch::shape::raster::{Raster, Vertex};

/// What `models/face_shape.py` packed; there the layout is told.
const BYTES: &[u8; 4 * VERTICES] = include_bytes!("../../../models/face_uv.bin");

/// Texture coordinates of the canonical face's vertices: to the person's left, and down.
static UV: [[f32; 2]; VERTICES] = {
    let mut uv = [[0.0; 2]; VERTICES];
    let mut k = 0;
    while k < VERTICES {
        let mut axis = 0;
        while axis < 2 {
            let byte = 4 * k + 2 * axis;
            uv[k][axis] = u16::from_le_bytes([BYTES[byte], BYTES[byte + 1]]) as f32 / 65535.0;
            axis += 1;
        }
        k += 1;
    }
    uv
};

/// Room to draw in.
pub(crate) struct SoftRaster {
    raster: Raster,
    planes: Planes,
    values: Vec<f32>,
}

impl Default for SoftRaster {
    fn default() -> Self {
        Self { raster: Raster::default(), planes: Planes::new(), values: vec![0.0; 4 * SIDE * SIDE] }
    }
}

/// A face's nodes, evenly over a rectangle, the first and last on its edges.
#[derive(Default)]
pub(crate) struct Soft {
    /// Place in the flat picture, across and down, how far the surface faces the camera, and nothing, row by row; all 0 where there is no
    /// face.
    nodes: Vec<[f16; 4]>,
}

impl Soft {
    pub(crate) fn nodes(&self) -> &[[f16; 4]] {
        &self.nodes
    }

    /// Draws a face over a rectangle.
    pub(super) fn update(&mut self, points: &[[f32; 3]], rect: Rect, room: &mut SoftRaster) {
        self.nodes.clear();
        self.nodes.resize(SIDE * SIDE, [f16::ZERO; 4]);
        let Some(pose) = HeadPose::of(points) else { return };
        let SoftRaster { raster, planes, values } = room;
        planes.clear();
        planes.rounding.fill(0.0);
        let grid = Grid { rect, step: [rect.width, rect.height].map(|side| side as f32 / (SIDE - 1) as f32) };
        let vertices: [Vertex; VERTICES] = std::array::from_fn(|index| {
            let [u, v] = UV.get(index).copied().unwrap_or_default();
            let facing = CANONICAL.normals.get(index).map_or(0.0, |normal| pose.facing(*normal));
            Vertex { place: grid.nodes(at(points, index as u16)), drawn: [u, v, facing] }
        });
        raster.fill(points, &vertices, pose.mirrored, planes);
        let drawn = planes.u.iter().zip(&planes.v).zip(&planes.rounding);
        for (node, ((u, v), facing)) in values.chunks_exact_mut(4).zip(drawn) {
            node.copy_from_slice(&[*u, *v, *facing, 0.0]);
        }
        self.nodes.as_flattened_mut().convert_from_f32_slice(values);
    }
}
