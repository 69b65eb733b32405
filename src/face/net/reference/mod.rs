//! The reference implementation: the same networks on candle's own operations. They are slower by an order of magnitude on a
//! CPU, but run on every device that candle knows, and the library's own layers are tested against them.

mod blazeface;
mod layers;
mod loader;
mod mesh;
mod yunet;

pub use blazeface::BlazeFace;
pub use mesh::FaceMesh;
pub use yunet::YuNet;
