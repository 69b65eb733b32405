//! The state of a tracker: every known face is looked for where it was, new ones in the rest of the picture.

use std::time::{Duration, Instant};

use super::bounds::Bounds;
use super::confirm::CONFIRMED;
use super::crop::{CropSource, Region};
use super::detect::{self, Detection};
use super::inference::InferenceSession;
use super::track::Track;
use super::{Face, Orientation, TrackTimes, TrackerOptions};
use crate::{Error, Result};

/// After a longer gap, motion starts afresh.
const GAP: Duration = Duration::from_secs(1);
/// While none is followed, so many of the coarse and of the fine squares are searched in each frame.
const COARSE: usize = 2;
const FINE: usize = 5;
/// A followed face that has become doubtful is kept where the detector is as sure as this: hands may lie over it.
const KEPT: f32 = 0.3;
/// Smallest tile of a frame that is searched, in pixels and as a share of its shorter side.
const TILE: (f32, f32) = (160.0, 0.24);

/// The faces of one stream of frames.
pub(crate) struct TrackerState {
    tracks: Vec<Track>,
    squares: Squares,
    found: Vec<Detection>,
    points: Vec<[f32; 3]>,
    last: Option<Duration>,
    /// Width and height of the last frame, and how it lay.
    size: [u32; 2],
    orientation: Orientation,
    /// Regions that are looked at next.
    next: Vec<Region>,
    next_id: u64,
}

/// Where new faces are looked for: the squares of a frame, coarse ones first, gone through in turn.
#[derive(Default)]
struct Squares {
    list: Vec<Region>,
    /// How many of them are coarse.
    coarse: usize,
    /// How many of either kind have been searched.
    done: [usize; 2],
    /// The square that is being searched beside followed faces, a step a frame, and the next step.
    begun: Option<(Region, usize)>,
    /// How many squares were searched so.
    aside: usize,
}

impl Squares {
    fn restart(&mut self) {
        (self.done, self.begun, self.aside) = ([0; 2], None, 0);
    }

    /// The next square, a coarse or a fine one.
    fn next(&mut self, fine: bool) -> Option<Region> {
        let (coarse, rest) = self.list.split_at_checked(self.coarse)?;
        let squares = if fine { rest } else { coarse };
        let done = &mut self.done[usize::from(fine)];
        let square = squares.get(*done % squares.len().max(1)).copied();
        *done = done.wrapping_add(1);
        square
    }
}

/// What one frame brings.
struct Step {
    size: [u32; 2],
    seconds: f32,
    options: TrackerOptions,
}

impl TrackerState {
    pub(crate) fn new() -> Self {
        Self {
            tracks: Vec::new(),
            squares: Squares::default(),
            found: Vec::new(),
            points: Vec::new(),
            last: None,
            size: [0; 2],
            orientation: Orientation::default(),
            next: Vec::new(),
            next_id: 0,
        }
    }

    /// Forgets the faces and the time, but not which ids were given.
    pub(crate) fn reset(&mut self) {
        self.tracks.clear();
        self.squares.restart();
        self.last = None;
    }

    /// Goes on to the next frame. What it spends its time on is added to `times`.
    pub(crate) fn step(
        &mut self,
        inference: &mut InferenceSession,
        source: &mut dyn CropSource,
        time: Duration,
        options: TrackerOptions,
        times: &mut TrackTimes,
    ) -> Result<()> {
        let since = match self.last {
            Some(last) => time.checked_sub(last).ok_or(Error::TimeWentBack { last, given: time })?,
            None => Duration::ZERO,
        };
        let (size, orientation) = (source.size(), options.orientation);
        if size != self.size || orientation.mirrored != self.orientation.mirrored {
            self.tracks.clear();
        }
        if size != self.size || orientation != self.orientation {
            let smallest = TILE.0.max(TILE.1 * size[0].min(size[1]) as f32);
            self.squares.coarse = detect::squares(size, orientation, smallest, &mut self.squares.list);
            self.squares.restart();
            (self.size, self.orientation) = (size, orientation);
        }
        if since > GAP {
            self.tracks.iter_mut().for_each(|track| track.jump(since));
        }
        let step = Step { size, seconds: since.min(GAP).as_secs_f32(), options };
        self.follow(inference, source, &step, times)?;
        self.search(inference, source, &step, times)?;
        self.last = Some(time);
        self.tracks.retain(|track| !track.is_expired());
        Ok(())
    }

    /// Looks for each face where it was.
    fn follow(
        &mut self,
        inference: &mut InferenceSession,
        source: &mut dyn CropSource,
        step: &Step,
        times: &mut TrackTimes,
    ) -> Result<()> {
        self.next.clear();
        self.next.extend(self.tracks.iter().filter(|track| track.is_live()).map(|track| track.region));
        self.next.retain(Region::is_sound);
        InferenceSession::prefetch(source, &[], &self.next)?;
        for track in &mut self.tracks {
            track.presence = if track.is_live() {
                let presence = timed(times, || inference.landmarks(source, &track.region, &mut track.fresh))?;
                track.appearance = inference.appearance()?;
                presence
            } else {
                None
            };
        }
        // Where two come out at one face, it belongs to the one that was nearer to it; the other has lost its own.
        for index in 1..self.tracks.len() {
            let (older, rest) = self.tracks.split_at_mut(index);
            let Some(track) = rest.first_mut() else { break };
            let bounds = Bounds::of(&track.fresh);
            for other in older.iter_mut().filter(|other| other.presence.is_some()) {
                if track.presence.is_some() && Bounds::of(&other.fresh).is_same_face(&bounds) {
                    let off = |track: &Track| track.expected(step.seconds).distance(&bounds);
                    let loser = if off(track) < off(other) { &mut *other } else { &mut *track };
                    loser.presence = None;
                }
            }
        }
        for track in &mut self.tracks {
            // A mesh that hardly believes in itself is asked about again from time to time.
            if let Some(presence) = track.presence
                && track.is_to_be_confirmed(presence)
            {
                match inference.confirm(source, &track.fresh, track.region.mirrored)? {
                    Some(score) if score >= KEPT => track.confirmed(score),
                    _ => track.presence = None,
                }
            }
            match track.presence {
                Some(presence) => {
                    let fresh = std::mem::take(&mut track.fresh);
                    track.found(presence, &fresh, step.seconds, step.size, step.options.smooth);
                    track.show_parts(step.size, step.seconds);
                    track.fresh = fresh;
                }
                None => track.missed(step.seconds),
            }
        }
        Ok(())
    }

    /// Looks for new faces where there is room for them. In a stream's first frame, in all coarse squares; while no face
    /// is followed, in some coarse and some fine ones of each frame; beside faces in one square over several frames, a step
    /// of the network in each: so no single frame takes long.
    fn search(
        &mut self,
        inference: &mut InferenceSession,
        source: &mut dyn CropSource,
        now: &Step,
        times: &mut TrackTimes,
    ) -> Result<()> {
        let live = self.live();
        if live >= now.options.max_faces {
            return Ok(());
        }
        let start = Instant::now();
        self.found.clear();
        let squares = &mut self.squares;
        if live > 0 && self.last.is_some() {
            let begun = squares.begun.take().or_else(|| {
                squares.aside += 1;
                let lost =
                    self.tracks.iter().filter_map(|track| track.search_square(now.options.orientation)).next_back();
                let lost = lost.filter(|_| squares.aside.is_multiple_of(2));
                lost.or_else(|| squares.next(squares.aside.is_multiple_of(2))).map(|square| (square, 0))
            });
            if let Some((square, step)) = begun {
                inference.detect_step(step, source, &square, &mut self.found)?;
                squares.begun = (step + 1 < InferenceSession::STEPS).then_some((square, step + 1));
            }
        } else {
            squares.begun = None;
            let (coarse, fine) =
                if self.last.is_none() { (squares.coarse, 0) } else { (squares.coarse.min(COARSE), FINE) };
            self.next.clear();
            self.next.extend((0..coarse + fine).filter_map(|index| squares.next(index >= coarse)));
            InferenceSession::prefetch(source, &self.next, &[])?;
            for square in &self.next {
                inference.detect(source, square, &mut self.found)?;
            }
        }
        detect::merge(&mut self.found, 0);
        times.detect = Some(start.elapsed());
        for index in 0..self.found.len() {
            if let Some(detection) = self.found.get(index).copied() {
                self.add_track(inference, source, now, &detection, times)?;
            }
        }
        Ok(())
    }

    /// Takes in a detection: a new face, or a lost one come back, if it is a face and not one that is followed already.
    fn add_track(
        &mut self,
        inference: &mut InferenceSession,
        source: &mut dyn CropSource,
        step: &Step,
        detection: &Detection,
        times: &mut TrackTimes,
    ) -> Result<()> {
        if self.live() >= step.options.max_faces || self.is_tracked(&detection.bounds) {
            return Ok(());
        }
        let look = || inference.landmarks(source, &detection.region(), &mut self.points);
        let Some(presence) = timed(times, look)? else { return Ok(()) };
        let appearance = inference.appearance()?;
        let confirmed = inference.confirm(source, &self.points, detection.mirrored)?;
        let Some(confirmed) = confirmed.filter(|score| *score >= CONFIRMED) else { return Ok(()) };
        let bounds = Bounds::of(&self.points);
        if self.is_tracked(&bounds) {
            return Ok(());
        }
        let nearest = self.tracks.iter_mut().filter(|track| track.matches(&bounds));
        let nearest = nearest.min_by(|a, b| a.bounds.distance(&bounds).total_cmp(&b.bounds.distance(&bounds)));
        let track = match nearest {
            Some(track) => track,
            None => {
                self.next_id += 1;
                self.tracks.push_mut(Track::new(self.next_id - 1, &self.points, detection.mirrored))
            }
        };
        track.confirmed(confirmed);
        track.found(presence, &self.points, 0.0, step.size, step.options.smooth);
        track.appearance = appearance;
        track.show_parts(step.size, 0.0);
        Ok(())
    }

    fn live(&self) -> usize {
        self.tracks.iter().filter(|track| track.is_live()).count()
    }

    fn is_tracked(&self, bounds: &Bounds) -> bool {
        self.tracks.iter().any(|track| track.is_live() && track.bounds.is_same_face(bounds))
    }

    /// Copies what users shall see into the list they are given; its memory is used again.
    pub(crate) fn publish(&self, faces: &mut Vec<Face>) {
        let shown = || self.tracks.iter().filter(|track| track.is_shown());
        faces.resize_with(shown().count(), Face::default);
        for (face, track) in faces.iter_mut().zip(shown()) {
            (face.id, face.score, face.visibility) = (track.face.id, track.face.score, track.face.visibility);
            (face.parts, face.tongue) = (track.face.parts, track.face.tongue);
            face.points.clone_from(&track.face.points);
        }
    }
}

/// Adds the time that `look` takes to the landmarks' share.
fn timed<T>(times: &mut TrackTimes, look: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let outcome = look();
    times.landmarks = Some(times.landmarks.unwrap_or_default() + start.elapsed());
    outcome
}
