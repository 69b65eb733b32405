//! What a call of the renderer did.

use std::time::Duration;

use super::timer::PassTimes;

/// What one call of a [`Renderer`](super::Renderer) did. The counters are exact; a frame without a face leaves them at 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RenderStats {
    /// Copying the faces' rectangles to the device. `None`, like the next two, where nothing had to be done, or where
    /// the host submits the work itself.
    pub upload: Option<Duration>,
    /// From submission until the device has finished.
    pub gpu: Option<Duration>,
    /// Copying the finished rectangles into the picture.
    pub readback: Option<Duration>,
    /// Dispatches recorded.
    pub dispatches: u32,
    /// Pixels that the passes at full size visit: tiles of 16 × 16 that hold skin or paint or move.
    pub pixels: u64,
    /// Bytes copied to the device and back.
    pub bytes: u64,
    /// What each pass took on the device, where it is timed: [`Gpu::with_timestamps`](super::Gpu::with_timestamps). Not of work that the host submits.
    pub passes: Option<PassTimes>,
    /// Textures, buffers, samplers, pipelines and bind groups created since this renderer was made.
    pub resources_created: u64,
}

impl RenderStats {
    /// Adds what was done for another part of the same picture.
    pub(super) fn add(&mut self, other: &Self) {
        for (total, own) in
            [(&mut self.upload, other.upload), (&mut self.gpu, other.gpu), (&mut self.readback, other.readback)]
        {
            *total = total.map_or(own, |total| Some(total + own.unwrap_or_default()));
        }
        self.dispatches += other.dispatches;
        self.pixels += other.pixels;
        self.bytes += other.bytes;
        self.passes = other.passes;
        self.resources_created = other.resources_created;
    }
}
