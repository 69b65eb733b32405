#![doc = include_str!("../README.md")]
#![warn(unreachable_pub)]
// A library in the middle of a live picture neither panics nor prints.
#![cfg_attr(
    not(test),
    warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)
)]

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
