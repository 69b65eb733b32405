//! Pixels → faces: finds every face of a picture and follows it through a video.
//!
//! ```text
//! frame ─ detect (when needed) ─→ region ─ crop ─ mesh ─→ points ─ filter ─→ Face
//!                                    ↑                      │
//!                                    └── the next frame's ──┘
//! ```

mod bounds;
mod coefficients;
mod confirm;
pub(crate) mod crop;
mod cut;
mod detect;
mod expression;
mod filter;
mod follow;
mod gesture;
mod inference;
mod mesh_input;
pub mod net;
mod orientation;
mod parts;
pub(crate) mod pose;
mod rect;
mod search;
mod shared;
mod still;
mod tongue;
pub mod topology;
mod track;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::{Error, Frame, Result};
pub use coefficients::BlendshapeCoefficients;
use coefficients::BlendshapesSession;
use crop::CropSource;
pub use expression::Expression;
use follow::TrackerState;
pub use gesture::{Gesture, GestureKind, Gestures};
use inference::{InferenceSession, Networks};
pub use net::Blendshape;
use net::{MeshModel, Workers};
pub use orientation::{Orientation, Rotation};
pub use parts::PartConfidence;
pub use pose::Pose;
pub use rect::Rect;

/// Most faces that can be followed.
const MOST_FACES: usize = 32;
/// Most threads that a tracker runs on.
const MOST_THREADS: usize = 16;
/// A face as it is seen in one frame.
///
/// A host with landmarks of its own makes one with `Face { points, visibility: 1.0, ..Face::default() }`.
#[derive(Debug, Clone, PartialEq, Default)]
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
    /// far away or is hard to make out, and reaches 0 before the face is gone. It changes by at most 0.15 a frame, but for a hard cut, at
    /// which it falls at once. 0 in a picture on its own: there is a face, such as a profile, but where its landmarks are is only guessed.
    pub visibility: f32,
    /// Landmarks in pixels of the frame, in the order of MediaPipe's face mesh (478 points; 468 where
    /// [`TrackerOptions::mesh`] asks for the light one): x to the right and y down from the top left corner of the picture,
    /// z away from the camera in the same unit, 0 near the head's centre.
    pub points: Vec<[f32; 3]>,
    /// How sure it is that eyes, mouth and jaw are seen, and not hidden or out of the frame.
    #[cfg_attr(feature = "serde", serde(default))]
    pub parts: PartConfidence,
    /// How far the tongue is out, 0..=1, as [`Expression::tongue`] says.
    #[cfg_attr(feature = "serde", serde(default))]
    pub tongue: f32,
    /// The expression as 52 coefficients, where [`TrackerOptions::blendshapes`] asks for them; `None` otherwise.
    #[cfg_attr(feature = "serde", serde(default))]
    pub blendshapes: Option<BlendshapeCoefficients>,
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
        Expression { tongue: self.tongue, ..Expression::of(&self.points) }
    }

    /// The smallest upright rectangle around all landmarks, in pixels of the frame: from the upper edge of the forehead, below
    /// the hair, to the chin, and from cheek to cheek without the ears. Face detectors' boxes are about the same, and begin
    /// higher, at the hairline: YuNet's by an eighth of the height (intersection over union 0.83 in the median of 72 faces).
    /// It is not cut at the frame's edges, and is upright in the frame however the head is tilted. Empty for a face without
    /// points.
    #[must_use]
    pub fn bounds(&self) -> Rect {
        Rect::around(&self.points)
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
    /// Whether each face carries its [`BlendshapeCoefficients`], about half a millisecond a face. They need the irises' points, so the
    /// refined mesh. Without, their network is not even loaded.
    pub blendshapes: bool,
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
            blendshapes: false,
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
        if self.blendshapes && self.mesh != MeshModel::Refined {
            let expected = "Refined where blendshapes are asked for".to_owned();
            return Err(Error::WrongValue { name: "mesh", given: format!("{:?}", self.mesh), expected });
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
///
/// A face is what the detector takes for one at a second look, in a crop of its own: people, and with them the faces of statues,
/// dolls, paintings and prints that are as plain as a person's. These are followed like people; whoever does not want that can tell them
/// from people by nothing that is here. Animals are not found, nor faces of less than 16 pixels. In a video, faces up to about 45 degrees from upright are found,
/// and those that lie on either side where they are large; a picture on its own is searched at any roll.
///
/// A hard cut is told from the picture. Whoever is still there keeps the id, wherever they are; anybody else is a new face.
pub struct FaceTracker {
    options: TrackerOptions,
    networks: Arc<Networks>,
    workers: Arc<Workers>,
    inference: InferenceSession,
    blendshapes: Option<BlendshapesSession>,
    state: TrackerState,
    faces: Vec<Face>,
    times: TrackTimes,
}

impl FaceTracker {
    /// A tracker with the networks that the library embeds.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for options outside their ranges, [`Error::WrongValue`] for blendshapes of the light mesh, [`Error::Threads`] where threads cannot be started,
    /// [`Error::BadWeights`] where the program file is damaged.
    pub fn new(options: TrackerOptions) -> Result<Self> {
        options.check()?;
        Self::with_networks(options, Networks::embedded(options.mesh)?)
    }

    /// A tracker with networks read from elsewhere: the contents of `models/face_detection_short_range.safetensors`, of
    /// `models/face_detection_yunet.safetensors` and of the mesh's file that `options.mesh` names ([`net::FaceMesh::from_safetensors`]), the very bytes that this version was built for.
    /// Blendshapes come from the embedded network.
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
        let blendshapes = options.blendshapes.then(BlendshapesSession::new).transpose()?;
        let (state, times) = (TrackerState::new(), TrackTimes::default());
        Ok(Self { options, networks, workers, inference, blendshapes, state, faces: Vec::new(), times })
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
        let mut faces = still::faces(&mut inference, &mut { *frame }, &self.options)?;
        if let Some(blendshapes) = &self.blendshapes {
            let mut blendshapes = blendshapes.fresh()?;
            faces.iter_mut().try_for_each(|face| blendshapes.read(face, &self.workers))?;
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
        if let Some(blendshapes) = &mut self.blendshapes {
            self.faces.iter_mut().try_for_each(|face| blendshapes.read(face, &self.workers))?;
        }
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
