//! The face mesh: 468 points in three dimensions from a square picture of one face, and whether there is one. In the refined
//! network, lips and eyes are looked at again, and ten points of the irises come after the 468.
//!
//! Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs", 2019; Grishchenko et al.,
//! "Attention Mesh", 2020.

mod attention;
mod branch;
pub(super) mod model;
pub(super) mod network;
pub(super) mod parts;
pub(super) mod shapes;

pub use model::MeshModel;
pub use network::{FaceMesh, FaceMeshBuffers};
