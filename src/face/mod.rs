//! Pixels → faces: finds every face of a picture and follows it through a video.
//!
//! ```text
//! frame ─ detect (when needed) ─→ region ─ crop ─ mesh ─→ points ─ filter ─→ Face
//!                                    ↑                      │
//!                                    └── the next frame's ──┘
//! ```

mod crop;
mod detect;
mod filter;
mod mesh;
pub mod net;
mod pose;
pub mod topology;
mod track;

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::{Error, Frame, Result};
use crop::Region;
use detect::{Detection, overlap};
use net::{BlazeFace, BlazeFaceBuffers, FaceMesh, FaceMeshBuffers, Workers};
pub use pose::Pose;
use track::Track;

/// Most faces that can be followed.
const MOST_FACES: usize = 32;
/// Most threads that a tracker runs on.
const MOST_THREADS: usize = 16;
/// Two faces that share more than this of their boxes are one.
const SAME: f32 = 0.4;
/// Where the detector is less sure than this, its box is only a first guess: the landmarks are looked for once more, in the
/// region that the first ones give.
const SURE: f32 = 0.9;
/// After a gap longer than this, motion starts afresh.
const GAP: Duration = Duration::from_secs(1);
/// While faces are followed and there is room for more, every so many frames one square of the picture is searched.
const LEISURE: u32 = 4;
/// Smallest tile of a video's frame that is searched, as a share of its shorter side and in pixels.
const VIDEO_TILE: (f32, f32) = (0.4, 160.0);
/// Smallest tile of a still picture that is searched, in pixels.
const STILL_TILE: f32 = 120.0;

/// A face as it is seen in one frame.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Face {
    /// The same number for the same face as long as it is followed; never given twice by one tracker. It says nothing
    /// about who it is.
    pub id: u64,
    /// How sure the network is that this is a face, 0..=1. 0 for a face that was just lost and whose effect is fading.
    pub score: f32,
    /// How strongly effects shall act on this face, 0..=1: rises when a face appears, falls when it leaves the picture,
    /// and reaches 0 before the face is gone. It changes by at most 0.15 a frame.
    pub visibility: f32,
    /// Landmarks in pixels of the frame, in the order of MediaPipe's face mesh (468 points): x to the right and y down
    /// from the top left corner of the picture, z away from the camera in the same unit, 0 near the head's centre.
    pub points: Vec<[f32; 3]>,
}

impl Face {
    /// How the head is turned.
    #[must_use]
    pub fn pose(&self) -> Pose {
        Pose::of(&self.points)
    }
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
/// The networks are loaded once and shared by clones of [`Arc`]; a tracker is one stream's session and may be sent to
/// another thread.
pub struct FaceTracker {
    options: TrackerOptions,
    networks: Arc<Networks>,
    workers: Workers,
    buffers: Buffers,
    tracks: Vec<Track>,
    faces: Vec<Face>,
    times: TrackTimes,
    last: Option<Duration>,
    next_id: u64,
    squares: Squares,
}

struct Networks {
    detector: BlazeFace,
    mesh: FaceMesh,
}

/// What the networks write to, and lists that are used again each frame.
struct Buffers {
    detector: BlazeFaceBuffers,
    mesh: FaceMeshBuffers,
    found: Vec<Detection>,
    points: Vec<[f32; 3]>,
}

/// Where new faces are looked for: a list of squares for the frame's size, gone through one after the other.
#[derive(Default)]
struct Squares {
    size: (u32, u32),
    list: Vec<Region>,
    next: usize,
    rest: u32,
}

impl Buffers {
    fn new(networks: &Networks) -> Result<Self> {
        Ok(Self {
            detector: networks.detector.buffers()?,
            mesh: networks.mesh.buffers()?,
            found: Vec::new(),
            points: Vec::new(),
        })
    }
}

impl FaceTracker {
    /// A tracker with the networks that the library embeds.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] for options outside their ranges, [`Error::Threads`] where threads cannot be started,
    /// [`Error::BadWeights`] where the program file is damaged.
    pub fn new(options: TrackerOptions) -> Result<Self> {
        Self::with_networks(options, Networks { detector: BlazeFace::embedded()?, mesh: FaceMesh::embedded()? })
    }

    /// A tracker with networks read from elsewhere: the contents of `models/face_detection_short_range.safetensors` and
    /// `models/face_landmark.safetensors`, of the very bytes that this version was built for.
    ///
    /// # Errors
    ///
    /// As [`FaceTracker::new`]; [`Error::BadWeights`] for any other bytes.
    pub fn with_weights(options: TrackerOptions, detector: &[u8], mesh: &[u8]) -> Result<Self> {
        let detector = BlazeFace::from_safetensors(detector)?;
        Self::with_networks(options, Networks { detector, mesh: FaceMesh::from_safetensors(mesh)? })
    }

    fn with_networks(options: TrackerOptions, networks: Networks) -> Result<Self> {
        check("max_faces", options.max_faces, MOST_FACES)?;
        check("threads", options.threads, MOST_THREADS)?;
        let buffers = Buffers::new(&networks)?;
        Ok(Self {
            options,
            networks: Arc::new(networks),
            workers: Workers::new(options.threads)?,
            buffers,
            tracks: Vec::new(),
            faces: Vec::new(),
            times: TrackTimes::default(),
            last: None,
            next_id: 0,
            squares: Squares::default(),
        })
    }

    /// The faces of one picture on its own, the surest first: small and turned ones too, for quality comes before time
    /// here. What is known of a video's faces stays. Their ids count from 0.
    ///
    /// # Errors
    ///
    /// [`Error::Network`] where a network fails.
    pub fn detect(&self, frame: &Frame<'_>) -> Result<Vec<Face>> {
        let mut buffers = Buffers::new(&self.networks)?;
        let mut squares = Vec::new();
        detect::squares(frame.width(), frame.height(), STILL_TILE, &mut squares);
        let mut found = Vec::new();
        for square in &squares {
            let network = &self.networks.detector;
            detect::detect(network, &mut buffers.detector, &self.workers, frame, square, &mut found)?;
        }
        // One face seen in several squares is one detection: the mean of its boxes is better than each.
        detect::merge(&mut found, 0);
        let mut faces: Vec<Face> = Vec::new();
        for detection in &found {
            let rounds = if detection.score < SURE { 2 } else { 1 };
            let Some(score) = self.landmarks(&mut buffers, frame, detection.region(), rounds)? else { continue };
            let bounds = mesh::bounds(&buffers.points);
            if faces.iter().all(|face| overlap(mesh::bounds(&face.points), bounds) <= SAME) {
                faces.push(Face { id: 0, score, visibility: 1.0, points: buffers.points.clone() });
            }
        }
        faces.sort_by(|a, b| b.score.total_cmp(&a.score));
        faces.truncate(self.options.max_faces);
        for (id, face) in (0..).zip(&mut faces) {
            face.id = id;
        }
        Ok(faces)
    }

    /// The faces of a video's next frame, oldest first. `time` is the frame's timestamp, counted from any moment that the
    /// stream keeps to; a time equal to the last one is taken as no time passed, and after more than a second's gap
    /// motion starts afresh.
    ///
    /// # Errors
    ///
    /// [`Error::TimeWentBack`], and nothing is changed; [`Error::Network`] where a network fails.
    pub fn track(&mut self, frame: &Frame<'_>, time: Duration) -> Result<&[Face]> {
        let start = Instant::now();
        let since = match self.last {
            Some(last) => time.checked_sub(last).ok_or(Error::TimeWentBack { last, given: time })?,
            None => Duration::ZERO,
        };
        if since > GAP {
            self.tracks.iter_mut().for_each(Track::jump);
        }
        self.times = TrackTimes::default();
        let size = (frame.width(), frame.height());
        self.follow(frame, since, size)?;
        self.search(frame, since, size)?;
        self.last = Some(time);
        self.tracks.retain(|track| !track.is_over());
        self.publish();
        self.times.total = start.elapsed();
        Ok(&self.faces)
    }

    /// Looks for each face where it was.
    fn follow(&mut self, frame: &Frame<'_>, since: Duration, size: (u32, u32)) -> Result<()> {
        let mut tracks = std::mem::take(&mut self.tracks);
        let outcome = tracks.iter_mut().try_for_each(|track| {
            if !track.is_live() {
                track.missed(since);
                return Ok(());
            }
            match self.timed_landmarks(frame, track.region, 1)? {
                Some(score) => {
                    std::mem::swap(&mut track.raw, &mut self.buffers.points);
                    track.found(score, since, size, self.options.smooth);
                }
                None => track.missed(since),
            }
            Ok(())
        });
        self.tracks = tracks;
        outcome?;
        // Two tracks on one face: the older one stays.
        let mut index = 0;
        while let Some(track) = self.tracks.get(index) {
            let bounds = mesh::bounds(&track.raw);
            let twin = track.is_live()
                && self
                    .tracks
                    .iter()
                    .take(index)
                    .any(|older| older.is_live() && overlap(mesh::bounds(&older.raw), bounds) > SAME);
            if twin {
                self.tracks.remove(index);
            } else {
                index += 1;
            }
        }
        Ok(())
    }

    /// Looks for new faces where there is room for them: in the whole picture while none is followed, and beside that in
    /// one square a frame, or now and then, so that no single frame takes long.
    fn search(&mut self, frame: &Frame<'_>, since: Duration, size: (u32, u32)) -> Result<()> {
        let live = self.tracks.iter().filter(|track| track.is_live()).count();
        if live >= self.options.max_faces {
            return Ok(());
        }
        if self.squares.size != size {
            let smallest = (VIDEO_TILE.0 * size.0.min(size.1) as f32).max(VIDEO_TILE.1);
            detect::squares(size.0, size.1, smallest, &mut self.squares.list);
            self.squares = Squares { size, list: std::mem::take(&mut self.squares.list), next: 0, rest: LEISURE };
        }
        self.squares.rest = self.squares.rest.saturating_sub(1);
        if live > 0 && self.squares.rest > 0 {
            return Ok(());
        }
        self.squares.rest = LEISURE;
        let start = Instant::now();
        self.buffers.found.clear();
        let next = self.squares.next % self.squares.list.len().max(1);
        self.squares.next = next + 1;
        // The first of the list is the whole picture, upright.
        for index in if live == 0 && next != 0 { [Some(0), Some(next)] } else { [Some(next), None] } {
            let Some(square) = index.and_then(|index| self.squares.list.get(index)) else { continue };
            let (network, buffers) = (&self.networks.detector, &mut self.buffers);
            detect::detect(network, &mut buffers.detector, &self.workers, frame, square, &mut buffers.found)?;
        }
        detect::merge(&mut self.buffers.found, 0);
        self.times.detect = Some(start.elapsed());
        let found = std::mem::take(&mut self.buffers.found);
        let outcome = found.iter().try_for_each(|detection| self.welcome(frame, detection, since, size));
        self.buffers.found = found;
        outcome
    }

    /// Takes in a detection: a new face, or a lost one come back, if it is a face and not one that is followed already.
    fn welcome(&mut self, frame: &Frame<'_>, detection: &Detection, since: Duration, size: (u32, u32)) -> Result<()> {
        let known = |tracks: &[Track], bounds| {
            tracks.iter().any(|track| track.is_live() && overlap(mesh::bounds(&track.raw), bounds) > SAME)
        };
        let live = self.tracks.iter().filter(|track| track.is_live()).count();
        if live >= self.options.max_faces || known(&self.tracks, (detection.centre, detection.size)) {
            return Ok(());
        }
        let Some(score) = self.timed_landmarks(frame, detection.region(), 1)? else { return Ok(()) };
        let bounds = mesh::bounds(&self.buffers.points);
        if known(&self.tracks, bounds) {
            return Ok(());
        }
        let points = self.buffers.points.clone();
        if let Some(track) = self.tracks.iter_mut().find(|track| !track.is_live() && track.recognises(bounds)) {
            track.raw = points;
            track.found(score, since, size, self.options.smooth);
        } else {
            let mut track = Track::new(self.next_id, score, points);
            self.next_id += 1;
            track.found(score, Duration::ZERO, size, self.options.smooth);
            self.tracks.push(track);
        }
        Ok(())
    }

    fn timed_landmarks(&mut self, frame: &Frame<'_>, region: Region, rounds: usize) -> Result<Option<f32>> {
        let start = Instant::now();
        let (network, buffers) = (&self.networks.mesh, &mut self.buffers);
        let outcome = landmarks(network, buffers, &self.workers, frame, region, rounds);
        self.times.landmarks = Some(self.times.landmarks.unwrap_or_default() + start.elapsed());
        outcome
    }

    fn landmarks(
        &self,
        buffers: &mut Buffers,
        frame: &Frame<'_>,
        region: Region,
        rounds: usize,
    ) -> Result<Option<f32>> {
        landmarks(&self.networks.mesh, buffers, &self.workers, frame, region, rounds)
    }

    /// Copies what users shall see into the list they are given, without allocating.
    fn publish(&mut self) {
        let shown = |track: &&Track| track.is_live() || track.face.visibility > 0.0;
        let count = self.tracks.iter().filter(shown).count();
        self.faces.truncate(count);
        let mut tracks = self.tracks.iter().filter(shown);
        for face in &mut self.faces {
            let Some(track) = tracks.next() else { break };
            (face.id, face.score, face.visibility) = (track.face.id, track.face.score, track.face.visibility);
            face.points.clone_from(&track.face.points);
        }
        self.faces.extend(tracks.map(|track| track.face.clone()));
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
        self.tracks.clear();
        self.faces.clear();
        self.last = None;
        self.squares.next = 0;
    }
}

/// Landmarks from a region, each further round from the region of the last one's points. `None` where there is no face.
fn landmarks(
    network: &FaceMesh,
    buffers: &mut Buffers,
    workers: &Workers,
    frame: &Frame<'_>,
    mut region: Region,
    rounds: usize,
) -> Result<Option<f32>> {
    let mut score = 0.0;
    for _ in 0..rounds {
        if !region.is_sound() {
            return Ok(None);
        }
        score = mesh::landmarks(network, &mut buffers.mesh, workers, frame, &region, &mut buffers.points)?;
        if score < mesh::PRESENCE || score.is_nan() {
            return Ok(None);
        }
        region = mesh::region(&buffers.points);
    }
    Ok(Some(score))
}

fn check(name: &'static str, value: usize, max: usize) -> Result<()> {
    if (1..=max).contains(&value) {
        return Ok(());
    }
    Err(Error::OutOfRange { name, value: value as f32, min: 1.0, max: max as f32 })
}
