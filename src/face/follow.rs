//! The state of a tracker: every known face is looked for where it was, new ones in the whole picture.

use std::time::{Duration, Instant};

use super::bounds::{self, Bounds};
use super::confirm;
use super::crop::{Crop, CropSource};
use super::cut::Thumbnail;
use super::detect::{self, Detection};
use super::inference::InferenceSession;
use super::search;
use super::track::Track;
use super::{Face, Orientation, TrackTimes, TrackerOptions};
use crate::{Error, Result};

/// After a longer gap, motion starts afresh.
const GAP: Duration = Duration::from_secs(1);
/// Successive pictures less alike than this may have a cut between them: in clips of talking and moving people they were alike by 0.93
/// and more, pictures of different clips by 0.85 at most.
const SAME_PICTURE: f32 = 0.9;
/// After a cut the whole frame is searched at once; so many frames have to pass until that is done again. Where a camera swings
/// wildly, each frame seems to be a cut.
const BETWEEN_CUTS: u32 = 8;
/// New faces are looked for in each frame while none is followed; beside followed ones, in one frame of so many; and where as many are
/// followed as may be, in one of these.
const BESIDE: u32 = 2;
const FULL: u32 = 8;
/// A face so many times larger than the smallest that is followed takes its place, once it has been there so long.
const LARGER: f32 = 1.3;
const PATIENCE: Duration = Duration::from_millis(500);
/// It has to be seen again within this time.
const FORGOTTEN: Duration = Duration::from_secs(4);
/// Sine of the angle by which a first look may turn a face's region; beyond, there is a second one.
const TURN: f32 = 0.15;
/// A followed face that has become doubtful is kept where the detector is as sure as this: hands may lie over it.
const KEPT: f32 = 0.3;

/// The faces of one stream of frames.
pub(crate) struct TrackerState {
    tracks: Vec<Track>,
    looks: Looks,
    /// What the last frame looked like.
    picture: Option<Thumbnail>,
    /// A face for which there is no room, when it was seen first, and last.
    challenger: Option<(Bounds, Duration, Duration)>,
    found: Vec<Detection>,
    /// What is seen from close by.
    near: Vec<Detection>,
    points: Vec<[f32; 3]>,
    last: Option<Duration>,
    /// Frames since the stream began, and since all of a frame was searched at once.
    frames: u32,
    since_all: u32,
    /// Width and height of the last frame, and how it lay.
    size: [u32; 2],
    orientation: Orientation,
    /// What is cropped next.
    next: Vec<Crop>,
    next_id: u64,
}

/// Looks at frames, each taken in steps, a step a frame.
#[derive(Default)]
struct Looks {
    /// While no face is followed, and beside faces.
    lists: [Vec<Crop>; 2],
    /// Which list the look that goes on is of, its place there, and its next step.
    at: (usize, usize, usize),
}

impl Looks {
    /// The look that goes on, or the next of the list that is asked for; and its next step.
    fn peek(&self, beside: bool) -> Option<(Crop, usize)> {
        let (list, place, step) = self.at;
        let (place, step) = if list == usize::from(beside) { (place, step) } else { (0, 0) };
        self.lists.get(usize::from(beside))?.get(place).map(|look| (*look, step))
    }

    /// The same, and goes on.
    fn next(&mut self, beside: bool) -> Option<(Crop, usize)> {
        let (look, step) = self.peek(beside)?;
        let list = usize::from(beside);
        let place = if list == self.at.0 { self.at.1 } else { 0 };
        let count = self.lists.get(list).map_or(1, Vec::len);
        self.at =
            if step + 1 < InferenceSession::STEPS { (list, place, step + 1) } else { (list, (place + 1) % count, 0) };
        Some((look, step))
    }

    /// The different looks of a frame that is searched at once.
    fn all(&self) -> impl Iterator<Item = &Crop> {
        let [alone, _] = &self.lists;
        alone
            .iter()
            .enumerate()
            .filter(|(index, look)| !alone.iter().take(*index).any(|before| before == *look))
            .map(|(_, look)| look)
    }
}

/// What one frame brings.
struct Step {
    time: Duration,
    size: [u32; 2],
    seconds: f32,
    options: TrackerOptions,
    /// Whether the frame begins a stream: nothing before says anything of it.
    is_new: bool,
    /// Whether the picture has changed as by a cut.
    is_cut: bool,
    /// Whether a face that was followed is not where it was.
    has_lost: bool,
}

impl TrackerState {
    pub(crate) fn new() -> Self {
        Self {
            tracks: Vec::new(),
            looks: Looks::default(),
            picture: None,
            challenger: None,
            found: Vec::new(),
            near: Vec::new(),
            points: Vec::new(),
            last: None,
            frames: 0,
            since_all: 0,
            size: [0; 2],
            orientation: Orientation::default(),
            next: Vec::new(),
            next_id: 0,
        }
    }

    /// Forgets the faces and the time, but not which ids were given.
    pub(crate) fn reset(&mut self) {
        self.tracks.clear();
        self.looks.at = (0, 0, 0);
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
        let is_new = self.last.is_none() || size != self.size || orientation.mirrored != self.orientation.mirrored;
        if is_new {
            self.tracks.clear();
            (self.picture, self.challenger) = (None, None);
            (self.frames, self.since_all) = (0, BETWEEN_CUTS);
        }
        if size != self.size || orientation != self.orientation {
            let lists = [search::alone(size, orientation), search::beside(size, orientation)];
            inference.prepare(lists.iter().flatten())?;
            self.looks = Looks { lists, at: (0, 0, 0) };
            (self.size, self.orientation) = (size, orientation);
        }
        if since > GAP {
            self.tracks.iter_mut().for_each(|track| track.jump(since));
        }
        self.frames = self.frames.wrapping_add(1);
        self.since_all = self.since_all.saturating_add(1);
        self.fetch(source, options.max_faces)?;
        let picture = inference.picture(source)?;
        let is_cut = self.picture.as_ref().is_some_and(|before| before.likeness(&picture) < SAME_PICTURE);
        self.picture = Some(picture);
        let seconds = since.min(GAP).as_secs_f32();
        let mut step = Step { time, size, seconds, options, is_new, is_cut, has_lost: false };
        let before = self.live();
        self.follow(inference, source, &step, times)?;
        step.has_lost = self.live() < before;
        self.search(inference, source, &step, times)?;
        self.last = Some(time);
        self.tracks.retain(|track| !track.is_expired());
        Ok(())
    }

    /// Fetches at once what will be cropped of this frame, as far as that is known.
    fn fetch(&mut self, source: &mut dyn CropSource, max_faces: usize) -> Result<()> {
        self.next.clear();
        self.next.push(InferenceSession::picture_crop(self.size));
        let live = self.tracks.iter().filter(|track| track.is_live() && track.region.is_sound());
        self.next.extend(live.map(|track| InferenceSession::mesh_crop(&track.region)));
        let live = self.live();
        if self.is_due(live, max_faces)
            && let Some((look, 0)) = self.looks.peek(live > 0)
        {
            self.next.push(look);
        }
        source.prefetch(&self.next)
    }

    /// Looks for each face where it was.
    fn follow(
        &mut self,
        inference: &mut InferenceSession,
        source: &mut dyn CropSource,
        step: &Step,
        times: &mut TrackTimes,
    ) -> Result<()> {
        for track in &mut self.tracks {
            track.presence = if track.is_live() {
                let presence = timed(times, || inference.landmarks(source, &track.region, &mut track.fresh))?;
                track.appearance = inference.appearance()?;
                presence
            } else {
                None
            };
            if track.presence.is_some() {
                let thumbnail = inference.face_thumbnail()?;
                if step.is_cut && track.is_replaced(&thumbnail) {
                    track.replace();
                } else {
                    track.thumbnail = thumbnail;
                }
            }
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
                None => {
                    track.missed(step.seconds);
                    if step.is_cut {
                        track.cut();
                    }
                }
            }
        }
        Ok(())
    }

    /// Looks for new faces: in a stream's first frame and after a cut in all of it at once; else a step of the detector a frame, and beside
    /// faces more rarely, so that no single frame takes long.
    fn search(
        &mut self,
        inference: &mut InferenceSession,
        source: &mut dyn CropSource,
        now: &Step,
        times: &mut TrackTimes,
    ) -> Result<()> {
        let live = self.live();
        let is_full = live >= now.options.max_faces;
        let at_once = now.is_new || (now.is_cut && (now.has_lost || self.since_all > BETWEEN_CUTS));
        let lost = self.tracks.iter().filter_map(|track| track.search_square(now.options.orientation)).next_back();
        let lost = lost.filter(|_| !is_full);
        if !at_once && lost.is_none() && !self.is_due(live, now.options.max_faces) {
            return Ok(());
        }
        let start = Instant::now();
        self.found.clear();
        if at_once {
            for look in self.looks.all() {
                inference.look(source, look, &mut self.found)?;
            }
            detect::keep_best(&mut self.found);
            self.since_all = if now.is_new { BETWEEN_CUTS } else { 0 };
        } else if let Some((look, step)) = self.looks.next(live > 0) {
            inference.look_step(step, source, &look, &mut self.found)?;
        }
        for detection in &mut self.found {
            let is_tracked = |track: &Track| track.is_live() && track.bounds.is_same_face(&detection.bounds);
            if !self.tracks.iter().any(is_tracked) {
                *detection = inference.closer(source, detection, detection.roll, &mut self.near)?;
            }
        }
        // A face that was there a moment ago is looked for more closely.
        if let Some(square) = lost {
            inference.detect(source, &square, &mut self.found)?;
        }
        detect::keep_best(&mut self.found);
        times.detect = Some(start.elapsed());
        let known = self.next_id;
        for index in 0..self.found.len() {
            let Some(detection) = self.found.get(index).copied() else { break };
            if self.is_tracked(&detection.bounds) {
                continue;
            }
            if self.live() < now.options.max_faces || self.takes_a_place(&detection, now.time) {
                self.add_track(inference, source, now, &detection, times)?;
            }
        }
        if now.is_cut && self.next_id > known {
            // Others have come: it was a cut, and not somebody hidden for a moment.
            self.tracks.iter_mut().filter(|track| !track.is_live()).for_each(Track::hide);
        }
        Ok(())
    }

    /// Whether a face for which there is no room has been there for a while, and is larger than the smallest that is followed.
    fn takes_a_place(&mut self, detection: &Detection, time: Duration) -> bool {
        let size = detection.bounds.mean_size();
        let live = self.tracks.iter().filter(|track| track.is_live());
        if live.map(|track| track.bounds.mean_size()).fold(f32::INFINITY, f32::min) * LARGER > size {
            return false;
        }
        let same =
            |bounds: &Bounds| bounds.is_same_face(&detection.bounds) || bounds.distance(&detection.bounds) < size;
        let known = self.challenger.filter(|(bounds, _, last)| same(bounds) && time.saturating_sub(*last) < FORGOTTEN);
        let first = known.map_or(time, |(_, first, _)| first);
        self.challenger = Some((detection.bounds, first, time));
        time.saturating_sub(first) >= PATIENCE
    }

    /// Takes in a detection: a new face, or a lost one come back, if it is a face and not one that is followed already. Where
    /// there is no room, the smallest face makes it.
    fn add_track(
        &mut self,
        inference: &mut InferenceSession,
        source: &mut dyn CropSource,
        step: &Step,
        detection: &Detection,
        times: &mut TrackTimes,
    ) -> Result<()> {
        let region = detection.region();
        let look = || inference.landmarks(source, &region, &mut self.points);
        let Some(mut presence) = timed(times, look)? else { return Ok(()) };
        // Where the line of the eyes was a guess, the first look was one too.
        let next = bounds::region(&self.points, detection.mirrored);
        if step.is_cut || (next.roll - region.roll).sin().abs() > TURN {
            let look = || inference.landmarks(source, &next, &mut self.points);
            let Some(again) = timed(times, look)? else { return Ok(()) };
            presence = again;
        }
        let appearance = inference.appearance()?;
        let thumbnail = inference.face_thumbnail()?;
        let confirmed = inference.confirm(source, &self.points, detection.mirrored)?;
        let bounds = Bounds::of(&self.points);
        let lean = bounds::region(&self.points, detection.mirrored).lean(step.options.orientation);
        let Some(confirmed) = confirmed.filter(|score| confirm::is_face(*score, &bounds, lean)) else { return Ok(()) };
        if self.is_tracked(&bounds) {
            return Ok(());
        }
        if self.live() >= step.options.max_faces {
            let live = self.tracks.iter_mut().filter(|track| track.is_live());
            if let Some(smallest) = live.min_by(|a, b| a.bounds.mean_size().total_cmp(&b.bounds.mean_size())) {
                smallest.dismiss();
            }
            self.challenger = None;
        }
        let nearest = self.tracks.iter_mut().filter(|track| track.matches(&bounds, &thumbnail));
        let nearest = nearest.min_by(|a, b| a.bounds.distance(&bounds).total_cmp(&b.bounds.distance(&bounds)));
        let track = match nearest {
            Some(track) => track,
            None => {
                self.next_id += 1;
                let track = Track::new(self.next_id - 1, &self.points, detection.mirrored);
                self.tracks.push_mut(track)
            }
        };
        track.thumbnail = thumbnail;
        track.confirmed(confirmed);
        track.found(presence, &self.points, 0.0, step.size, step.options.smooth);
        track.appearance = appearance;
        track.show_parts(step.size, 0.0);
        Ok(())
    }

    /// Whether this frame is one in which new faces are looked for.
    fn is_due(&self, live: usize, max_faces: usize) -> bool {
        let every = if live == 0 {
            1
        } else if live < max_faces {
            BESIDE
        } else {
            FULL
        };
        self.frames.is_multiple_of(every)
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
