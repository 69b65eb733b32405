#![doc = include_str!("../README.md")]
#![warn(unreachable_pub)]

pub mod face;
pub mod gpu;

mod beautifier;
mod error;
mod frame;
mod look;
mod retouch;

pub use beautifier::{Beautifier, BeautifierOptions, FrameStats};
pub use error::{Error, Result};
pub use face::{Face, FaceTracker, TrackerOptions};
pub use frame::{Frame, FrameMut};
pub use gpu::{Gpu, GpuOptions};
pub use look::Look;
pub use wgpu;
