#![doc = include_str!("../README.md")]
#![warn(unreachable_pub)]
// A library in the middle of a live picture neither panics nor prints.
#![cfg_attr(
    not(test),
    warn(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::indexing_slicing,
        clippy::print_stdout,
        clippy::print_stderr
    )
)]

#[cfg_attr(
    not(test),
    expect(
        clippy::indexing_slicing,
        reason = "indices are axes of a point, or counters below the lengths that a network's layers were checked for when \
                  they were loaded; tests/parity.rs and the fuzz target `frame` run all of them"
    )
)]
pub mod face;
pub mod gpu;

mod beautifier;
mod error;
mod frame;
mod look;
mod pipeline;
#[cfg_attr(
    not(test),
    expect(
        clippy::indexing_slicing,
        reason = "indices are axes of a point or vector, and places in arrays of a constant side; gpu/robustness.rs and the \
                  fuzz target `retouch` run all of them on any landmarks"
    )
)]
mod retouch;

pub use beautifier::{Beautifier, BeautifierOptions, FrameStats};
pub use error::{Error, Result};
pub use face::{Face, FaceTracker, Orientation, Rotation, TrackerOptions};
pub use frame::{Colours, Frame, FrameBuf, FrameMut, Matrix, PixelFormat, Plane, PlaneMut, Range, Transfer};
pub use gpu::{Gpu, GpuOptions};
pub use look::{Color, Eyes, Group, Kind, Look, Looks, Makeup, Mouth, Row, Shape, Skin, Value};
pub use pipeline::{DropPolicy, Picture, Pipeline, PipelineCounts, Retouched};
pub use retouch::Warp;
pub use wgpu;
