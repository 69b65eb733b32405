//! The neural networks: [`BlazeFace`] finds faces in a square, [`YuNet`] in a picture of any shape, [`FaceMesh`] places 468
//! or 478 points on one, [`Blendshapes`] tells its expression from such points.
//!
//! A network is immutable and shared; what changes from frame to frame lies in its buffers. Its layers are candle ops of
//! our own ([`ops`]), which use the best instructions of the machine that loads the network. [`mod@reference`] has the same
//! networks on candle's own operations. Weights come from `models/` and are part of the library.

mod blazeface;
mod blendshapes;
mod errors;
mod loader;
mod mesh;
pub mod ops;
pub mod reference;
mod sequence;
mod weights;
mod workers;
mod yunet;
mod yunet_level;

pub use blazeface::{BlazeFace, BlazeFaceBuffers};
pub use blendshapes::{Blendshape, Blendshapes, BlendshapesBuffers};
pub use mesh::{FaceMesh, FaceMeshBuffers, MeshModel};
pub use workers::Workers;
pub use yunet::{YuNet, YuNetBuffers};
pub use yunet_level::{YuNetFace, YuNetLevel};
