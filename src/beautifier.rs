//! The session: tracker + plan + renderer.

use std::time::Duration;

use crate::gpu::Renderer;
use crate::{Face, FaceTracker, Frame, FrameMut, Gpu, GpuOptions, Look, Result, TrackerOptions};

/// What a [`Beautifier`] shall do.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct BeautifierOptions {
    /// How faces are found and followed.
    pub tracker: TrackerOptions,
    /// Which device retouches them.
    pub gpu: GpuOptions,
}

/// What one frame cost.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct FrameStats {
    /// Looking for new faces; `None` where it did not run.
    pub detect: Option<Duration>,
    /// Landmarks of all faces; `None` where there was none.
    pub landmarks: Option<Duration>,
    /// All of the tracking, the two above included.
    pub track: Duration,
    /// Copying the faces' rectangles to the device; `None` where nothing was to retouch (the next two as well).
    pub upload: Option<Duration>,
    /// The compute passes, from submission until they have finished.
    pub gpu: Option<Duration>,
    /// Copying the faces' rectangles back.
    pub readback: Option<Duration>,
    /// The whole call.
    pub frame: Duration,
    /// Textures, buffers, bind groups and pipelines created since the session began.
    pub gpu_resources_created: u64,
}

/// Finds the faces in each frame and retouches them: the whole of glowup behind one door.
pub struct Beautifier {
    tracker: FaceTracker,
    renderer: Renderer,
    look: Look,
    stats: FrameStats,
}

impl Beautifier {
    /// A session on a device of its own.
    pub fn new(options: BeautifierOptions) -> Result<Self> {
        Self::with_gpu(&Gpu::new(options.gpu)?, options.tracker)
    }

    /// A session on a device that is there already.
    pub fn with_gpu(gpu: &Gpu, tracker: TrackerOptions) -> Result<Self> {
        Ok(Self {
            tracker: FaceTracker::new(tracker)?,
            renderer: Renderer::new(gpu)?,
            look: Look::NATURAL,
            stats: FrameStats::default(),
        })
    }

    /// The look in force; [`Look::NATURAL`] at first.
    pub fn look(&self) -> Look {
        self.look
    }

    /// Changes the look from the next frame on.
    pub fn set_look(&mut self, look: Look) -> Result<()> {
        look.check()?;
        self.look = look;
        Ok(())
    }

    /// Retouches a video's next frame in place. Returns the faces that were found.
    pub fn process(&mut self, frame: &mut FrameMut<'_>, time: Duration) -> Result<&[Face]> {
        self.tracker.track(&frame.as_frame(), time)?;
        self.renderer.retouch(frame, self.tracker.faces(), &self.look)?;
        Ok(self.tracker.faces())
    }

    /// As [`Beautifier::process`], from one picture into another of the same size.
    pub fn process_into(&mut self, input: &Frame<'_>, output: &mut FrameMut<'_>, time: Duration) -> Result<&[Face]> {
        output.copy_from(input)?;
        self.process(output, time)
    }

    /// Retouches a picture on its own in place. Returns the faces that were found.
    pub fn process_still(&mut self, frame: &mut FrameMut<'_>) -> Result<Vec<Face>> {
        let faces = self.tracker.detect(&frame.as_frame())?;
        self.renderer.retouch(frame, &faces, &self.look)?;
        Ok(faces)
    }

    /// What the last frame cost.
    pub fn stats(&self) -> &FrameStats {
        &self.stats
    }

    /// Forgets every face: the next frame starts a new stream.
    pub fn reset(&mut self) {
        self.tracker.reset();
    }
}
