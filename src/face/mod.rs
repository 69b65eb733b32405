//! Pixels → faces: finds every face of a picture and follows it through a video.

pub mod net;
pub mod topology;

use std::time::Duration;

use crate::{Frame, Result};

/// A face as it is seen in one frame.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Face {
    /// The same number for the same face as long as it is followed; never given twice by one tracker.
    pub id: u64,
    /// How sure the network is that this is a face, 0..=1.
    pub score: f32,
    /// How strongly effects shall act on this face, 0..=1: rises when a face appears, falls to 0 before it is gone.
    pub visibility: f32,
    /// Landmarks in pixels of the frame, in the order of MediaPipe's face mesh (468 points): x to the right and y down
    /// from the top left corner of the picture, z toward the scene in the same unit, 0 at the head's centre.
    pub points: Vec<[f32; 3]>,
}

/// What a [`FaceTracker`] shall do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrackerOptions {
    /// How many faces are followed at most, 1..=32.
    pub max_faces: usize,
    /// How many threads the networks run on, 1..=16. At 1 they run on the caller's thread; above, on threads of the
    /// tracker's own. The global thread pool is never used.
    pub threads: usize,
    /// Whether landmarks are smoothed over time (one-euro filter). Without, each frame's points are the network's own.
    pub smooth: bool,
}

impl Default for TrackerOptions {
    fn default() -> Self {
        Self { max_faces: 4, threads: 1, smooth: true }
    }
}

/// What the last call of a [`FaceTracker`] spent its time on.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct TrackTimes {
    /// Looking for new faces; `None` where it was not needed.
    pub detect: Option<Duration>,
    /// Landmarks of all faces; `None` where there was none.
    pub landmarks: Option<Duration>,
    /// The whole call.
    pub total: Duration,
}

/// Finds faces in pictures and follows them through video.
pub struct FaceTracker {
    faces: Vec<Face>,
    times: TrackTimes,
}

impl FaceTracker {
    /// A tracker with the embedded networks.
    pub fn new(_options: TrackerOptions) -> Result<Self> {
        Ok(Self { faces: Vec::new(), times: TrackTimes::default() })
    }

    /// The faces of one picture on its own, best first.
    pub fn detect(&self, _frame: &Frame<'_>) -> Result<Vec<Face>> {
        Ok(Vec::new())
    }

    /// The faces of a video's next frame.
    pub fn track(&mut self, _frame: &Frame<'_>, _time: Duration) -> Result<&[Face]> {
        Ok(&self.faces)
    }

    /// The faces of the last frame.
    pub fn faces(&self) -> &[Face] {
        &self.faces
    }

    /// What the last call spent its time on.
    pub fn times(&self) -> TrackTimes {
        self.times
    }

    /// Forgets every face: the next frame starts a new stream.
    pub fn reset(&mut self) {
        self.faces.clear();
    }
}
