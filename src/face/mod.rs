//! Pixels → faces: finds every face of a picture and follows it through a video.
//!
//! ```text
//! frame ─ detect (when needed) ─→ region ─ crop ─ mesh ─→ points ─ filter ─→ Face
//!                                    ↑                      │
//!                                    └── the next frame's ──┘
//! ```

mod bounds;
mod confirm;
pub(crate) mod crop;
mod detect;
mod expression;
mod filter;
mod follow;
mod gesture;
mod inference;
pub mod net;
mod orientation;
mod pose;
pub mod topology;
mod track;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::{Error, Frame, Result};
use bounds::Bounds;
use crop::{CropSource, Region};
pub use expression::Expression;
use follow::TrackerState;
pub use gesture::{Gesture, GestureKind, Gestures};
use inference::{InferenceSession, Networks};
use net::{MeshModel, Workers};
pub use orientation::{Orientation, Rotation};
pub use pose::Pose;

/// A face that the detector is less sure of, at its second look, is none: of what was proposed on a few hundred pictures, faces
/// reached 0.89 and more, and anything else at most 0.45.
const CONFIRMED: f32 = 0.6;
/// Most faces that can be followed.
const MOST_FACES: usize = 32;
/// Most threads that a tracker runs on.
const MOST_THREADS: usize = 16;
/// Smallest tile of a still picture that is searched, in pixels and as a share of its shorter side.
const TILE: (f32, f32) = (120.0, 1.0 / 12.0);
/// A still face is looked at twice: in the detector's region, and in the one that the first points give. Its points are the
/// mean of both; but where the detector is less sure than this, or the face is turned by more than this (in radians), the
/// first look was only a guess.
const SURE: (f32, f32) = (0.9, 0.3);

/// A face as it is seen in one frame.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Face {
    /// The same number for the same face as long as it is followed; never given twice by one tracker. It says nothing
    /// about who it is.
    pub id: u64,
    /// How sure the detector is that this is a face, 0..=1, from when it was confirmed last: faces have 0.6 and more. It sorts
    /// faces from what only looks like one; it is not how well the face can be seen. 0 for a face that was just lost and whose
    /// effect is fading.
    pub score: f32,
    /// How strongly effects shall act on this face, 0..=1: rises when a face appears, falls when it leaves the picture, turns
    /// far away or is hard to make out, and reaches 0 before the face is gone. It changes by at most 0.15 a frame.
    pub visibility: f32,
    /// Landmarks in pixels of the frame, in the order of MediaPipe's face mesh (478 points; 468 where
    /// [`TrackerOptions::mesh`] asks for the light one): x to the right and y down from the top left corner of the picture,
    /// z away from the camera in the same unit, 0 near the head's centre.
    pub points: Vec<[f32; 3]>,
}

impl Face {
    /// How the head is turned.
    #[must_use]
    pub fn pose(&self) -> Pose {
        Pose::of(&self.points)
    }

    /// What its eyes and its mouth do.
    #[must_use]
    pub fn expression(&self) -> Expression {
        Expression::of(&self.points)
    }
}

/// What a [`FaceTracker`] shall do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrackerOptions {
    /// How many faces of a video are followed at most, 1..=32.
    pub max_faces: usize,
    /// How many faces of a picture on its own are found at most, 1..=32.
    pub max_faces_in_stills: usize,
    /// How many threads the networks run on, 1..=16. At 1 they run on the caller's thread; above, on threads of the
    /// tracker's own. The global thread pool is never used.
    pub threads: usize,
    /// Whether landmarks are smoothed over time (one-euro filter). Without, each frame's points are the network's own.
    pub smooth: bool,
    /// Which landmark network: the refined one (478 points with irises; lips and eyes follow more closely), or the light
    /// one (468 points), which takes about a quarter less time.
    pub mesh: MeshModel,
    /// How the pictures lie: a camera's are often turned or mirrored. [`FaceTracker::set_orientation`] changes it.
    pub orientation: Orientation,
}

impl Default for TrackerOptions {
    fn default() -> Self {
        Self {
            max_faces: 4,
            max_faces_in_stills: MOST_FACES,
            threads: 1,
            smooth: true,
            mesh: MeshModel::Refined,
            orientation: Orientation::default(),
        }
    }
}

impl TrackerOptions {
    fn check(&self) -> Result<()> {
        let ranges = [
            ("max_faces", self.max_faces, MOST_FACES),
            ("max_faces_in_stills", self.max_faces_in_stills, MOST_FACES),
            ("threads", self.threads, MOST_THREADS),
        ];
        for (name, value, most) in ranges {
            if !(1..=most).contains(&value) {
                return Err(Error::OutOfRange { name, value: value as f32, min: 1.0, max: most as f32 });
            }
        }
        Ok(())
    }
}

/// What the last call of a [`FaceTracker`] spent its time on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TrackTimes {
    /// Looking for new faces; `None` where it was not needed.
    pub detect: Option<Duration>,
    /// Landmarks of all faces; `None` where there was none.
    pub landmarks: Option<Duration>,
    /// The whole call.
    pub total: Duration,
}

/// Finds faces in pictures and follows them through video.
///
/// A tracker is one stream's session, and may be sent to another thread. All trackers of a process share one copy of the
/// embedded networks.
pub struct FaceTracker {
    options: TrackerOptions,
    networks: Arc<Networks>,
    workers: Arc<Workers>,
    inference: InferenceSession,
    state: TrackerState,
    faces: Vec<Face>,
    times: TrackTimes,
}

impl FaceTracker {
    /// A tracker with the networks that the library embeds.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for options outside their ranges, [`Error::Threads`] where threads cannot be started,
    /// [`Error::BadWeights`] where the program file is damaged.
    pub fn new(options: TrackerOptions) -> Result<Self> {
        options.check()?;
        Self::with_networks(options, Networks::embedded(options.mesh)?)
    }

    /// A tracker with networks read from elsewhere: the contents of `models/face_detection_short_range.safetensors`, of
    /// `models/face_detection_yunet.safetensors` and of the mesh's file that `options.mesh` names ([`net::FaceMesh::from_safetensors`]), the very bytes that this version was built for.
    ///
    /// # Errors
    ///
    /// As [`FaceTracker::new`]; [`Error::BadWeights`] for any other bytes.
    pub fn with_weights(options: TrackerOptions, detector: &[u8], verifier: &[u8], mesh: &[u8]) -> Result<Self> {
        options.check()?;
        Self::with_networks(options, Networks::from_safetensors(options.mesh, detector, verifier, mesh)?)
    }

    fn with_networks(options: TrackerOptions, networks: Arc<Networks>) -> Result<Self> {
        let workers = Arc::new(Workers::new(options.threads)?);
        let inference = networks.session(&workers)?;
        let (state, times) = (TrackerState::new(), TrackTimes::default());
        Ok(Self { options, networks, workers, inference, state, faces: Vec::new(), times })
    }

    /// The faces of one picture on its own: small and turned ones too, for quality comes before time here. They are sorted by
    /// their size times [`Face::score`], largest first, and [`TrackerOptions::max_faces_in_stills`] of them are kept. What is known
    /// of a video's faces stays. Their ids count from 0.
    ///
    /// # Errors
    ///
    /// [`Error::Network`] where a network fails.
    pub fn detect(&self, frame: &Frame<'_>) -> Result<Vec<Face>> {
        let mut inference = self.networks.session(&self.workers)?;
        let (mut squares, mut found) = (Vec::new(), Vec::new());
        let smallest = TILE.0.max(TILE.1 * frame.width().min(frame.height()) as f32);
        let (orientation, mut frame) = (self.options.orientation, *frame);
        let upright = Region::around(frame.width(), frame.height(), orientation);
        detect::squares(frame.size(), orientation, smallest, &mut squares);
        for square in &squares {
            inference.detect(&mut frame, square, &mut found)?;
        }
        // One face seen in several squares is one detection: the mean of its boxes is better than each.
        detect::merge(&mut found, 0);
        let (mut faces, mut first): (Vec<Face>, _) = (Vec::new(), Vec::new());
        for detection in &found {
            let (region, mut points) = (detection.region(), Vec::new());
            if inference.landmarks(&mut frame, &region, &mut first)?.is_none() {
                continue;
            }
            let second = bounds::region(&first, region.mirrored);
            if inference.landmarks(&mut frame, &second, &mut points)?.is_none() {
                continue;
            }
            let verdict = inference.confirm(&mut frame, &points, upright)?;
            let Some(verdict) = verdict.filter(|verdict| verdict.agrees && verdict.score >= CONFIRMED) else {
                continue;
            };
            if detection.score >= SURE.0 && region.lean(orientation) <= SURE.1 {
                for (second, first) in points.as_flattened_mut().iter_mut().zip(first.as_flattened()) {
                    *second = (*second + first) / 2.0;
                }
            }
            let found = Bounds::of(&points);
            if !faces.iter().any(|face| Bounds::of(&face.points).is_same_face(&found)) {
                faces.push(Face { id: 0, score: verdict.score, visibility: 1.0, points });
            }
        }
        let weight = |face: &Face| face.score * Bounds::of(&face.points).mean_size();
        faces.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
        faces.truncate(self.options.max_faces_in_stills);
        for (id, face) in (0..).zip(&mut faces) {
            face.id = id;
        }
        Ok(faces)
    }

    /// The faces of a video's next frame, oldest first. `time` is the frame's timestamp, counted from any moment that the
    /// stream keeps to; a time equal to the last one is taken as no time passed, and after more than a second's gap
    /// motion starts afresh. A frame of another size than the last one starts a new stream.
    ///
    /// # Errors
    ///
    /// [`Error::TimeWentBack`], and nothing is changed; [`Error::Network`] where a network fails.
    pub fn track(&mut self, frame: &Frame<'_>, time: Duration) -> Result<&[Face]> {
        self.track_in(&mut { *frame }, time)
    }

    /// As [`FaceTracker::track`], wherever the frame is.
    pub(crate) fn track_in(&mut self, source: &mut dyn CropSource, time: Duration) -> Result<&[Face]> {
        let start = Instant::now();
        let mut times = TrackTimes::default();
        self.state.step(&mut self.inference, source, time, self.options, &mut times)?;
        self.state.publish(&mut self.faces);
        times.total = start.elapsed();
        self.times = times;
        Ok(&self.faces)
    }

    /// How the next pictures lie. Faces are followed on through a camera's turns; a picture that is mirrored from now on, or
    /// no more, starts a new stream.
    pub fn set_orientation(&mut self, orientation: Orientation) {
        self.options.orientation = orientation;
    }

    /// The faces of the last frame.
    #[must_use]
    pub fn faces(&self) -> &[Face] {
        &self.faces
    }

    /// What the last call of [`FaceTracker::track`] spent its time on.
    #[must_use]
    pub fn times(&self) -> TrackTimes {
        self.times
    }

    /// Forgets every face: the next frame starts a new stream, at any time. Ids go on counting.
    pub fn reset(&mut self) {
        self.state.reset();
        self.faces.clear();
    }
}
