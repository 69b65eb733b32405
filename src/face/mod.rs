//! Pixels → faces: finds every face of a picture and follows it through a video.
//!
//! ```text
//! frame ─ detect (when needed) ─→ region ─ crop ─ mesh ─→ points ─ filter ─→ Face
//!                                    ↑                      │
//!                                    └── the next frame's ──┘
//! ```

mod appearance;
mod bounds;
mod coefficients;
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
mod parts;
mod pose;
mod rect;
mod tongue;
pub mod topology;
mod track;

use std::f32::consts::FRAC_PI_2;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::{Error, Frame, Result};
use bounds::Bounds;
pub use coefficients::BlendshapeCoefficients;
use coefficients::BlendshapesSession;
use confirm::CONFIRMED;
use crop::CropSource;
use detect::Detection;
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
/// Smallest tile of a still picture that is searched, in pixels and as a share of its shorter side.
const TILE: (f32, f32) = (120.0, 1.0 / 12.0);
/// A still face is looked at twice: in the detector's region, and in the one that the first points give. Its points are the
/// mean of both; but where the detector is less sure than this, or the face is turned by more than this (in radians), the
/// first look was only a guess.
const SURE: (f32, f32) = (0.9, 0.3);
/// Where the second detector is as sure as this, a face is upright in its crop.
const UPRIGHT: f32 = 0.9;
/// Most looks that a mesh is refined in after the first, and the sine of the turn of its region from which on one more is worth it.
const LOOKS: usize = 4;
const STEADY: f32 = 0.25;

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
    /// far away or is hard to make out, and reaches 0 before the face is gone. It changes by at most 0.15 a frame.
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
        let (mut squares, mut found) = (Vec::new(), Vec::new());
        let smallest = TILE.0.max(TILE.1 * frame.width().min(frame.height()) as f32);
        let (orientation, mut frame) = (self.options.orientation, *frame);
        detect::squares(frame.size(), orientation, smallest, &mut squares);
        for square in &squares {
            inference.detect(&mut frame, square, &mut found)?;
        }
        // One face seen in several squares is one detection: the mean of its boxes is better than each.
        detect::merge(&mut found, 0);
        let mut faces: Vec<Face> = Vec::new();
        for detection in &found {
            if let Some(face) = place_mesh(&mut inference, &mut frame, detection, orientation)? {
                let found = Bounds::of(&face.points);
                if !faces.iter().any(|face| Bounds::of(&face.points).is_same_face(&found)) {
                    faces.push(face);
                }
            }
        }
        let weight = |face: &Face| face.score * Bounds::of(&face.points).mean_size();
        faces.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
        faces.truncate(self.options.max_faces_in_stills);
        let mut blendshapes = self.blendshapes.as_ref().map(BlendshapesSession::fresh).transpose()?;
        for (id, face) in (0..).zip(&mut faces) {
            face.id = id;
            if let Some(blendshapes) = &mut blendshapes {
                blendshapes.read(face, &self.workers)?;
            }
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

/// The face of a detection in a picture on its own, with its landmarks, however it is turned; `None` where there is none.
fn place_mesh(
    inference: &mut InferenceSession,
    frame: &mut Frame<'_>,
    detection: &Detection,
    orientation: Orientation,
) -> Result<Option<Face>> {
    // The line of the eyes is a guess where a face is turned far. Of the quarter turns, the one where the second detector is
    // surest is right to within a half of one.
    let mut region = detection.region();
    let mut surest = 0.0;
    for quarter in 0..4 {
        let roll = detection.region().roll + quarter as f32 * FRAC_PI_2;
        let score = inference.find_at(frame, &detection.bounds, roll, region.mirrored)?.map_or(0.0, |face| face.score);
        if score > surest {
            (surest, region.roll) = (score, roll);
        }
        if surest >= UPRIGHT {
            break;
        }
    }
    if surest < CONFIRMED {
        return Ok(None);
    }
    let (mut first, mut points) = (Vec::new(), Vec::new());
    if inference.landmarks(frame, &region, &mut first)?.is_none() {
        return Ok(None);
    }
    let mut lean = region.roll;
    for look in 0..LOOKS {
        let next = bounds::region(if look == 0 { &first } else { &points }, region.mirrored);
        if inference.landmarks(frame, &next, &mut points)?.is_none() {
            return Ok(None);
        }
        // Once a look does not turn the region any more, the next one would not either.
        let turn = (next.roll - lean).sin().abs();
        lean = next.roll;
        if turn < STEADY {
            break;
        }
    }
    if detection.score >= SURE.0 && region.lean(orientation) <= SURE.1 {
        for (second, first) in points.as_flattened_mut().iter_mut().zip(first.as_flattened()) {
            *second = (*second + first) / 2.0;
        }
    }
    let appearance = inference.appearance()?;
    let confirmed = inference.confirm(frame, &points, region.mirrored)?.filter(|score| *score >= CONFIRMED);
    Ok(confirmed.map(|score| {
        let mut face = Face { score, visibility: 1.0, points, ..Face::default() };
        parts::of_still(&mut face, &appearance, [frame.width(), frame.height()]);
        face
    }))
}
