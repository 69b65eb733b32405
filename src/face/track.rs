//! One face over time: where it is looked for, its filter, how visible it is, and how it goes.

use std::time::Duration;

use super::bounds::{Bounds, region, share_inside};
use super::crop::Region;
use super::cut::Thumbnail;
use super::filter::Filter;
use super::parts::{Appearance, PartsFilter};
use super::{Face, Orientation};

/// Most that a face's visibility changes from frame to frame.
const STEP: f32 = 0.15;
/// How long a lost face's id is kept for it to come back, in seconds.
const MEMORY: f32 = 0.7;
/// Side of the square that a lost face is looked for in, in its sizes.
const SEARCH_SIDE: f32 = 3.0;
/// What is left of the speed of a lost face's points after each frame.
const DRAG: f32 = 0.8;
/// A face of which less than this share lies in the frame is not retouched; one of which more than the second, in full.
const SEEN: [f32; 2] = [0.45, 0.85];
/// A face that looks farther away from the camera than the first, in degrees, fades; at the second, it is not retouched: the
/// mesh is a guess there.
const AWAY: [f32; 2] = [55.0, 80.0];
/// After a cut, a face less alike than this to the one before, and off by more than this share of its size, is another one: in successive
/// frames of clips faces were alike by 0.83 and more, different people's by 0.82 at most, and 0.76 in 99 of 100 pairs.
const ALIKE: f32 = 0.85;
const OFF: f32 = 0.02;
/// How sure the network is of a face that is retouched in full; at a half there is none.
const SURE: [f32; 2] = [0.5, 0.8];

/// A face that is followed.
pub(crate) struct Track {
    /// What users see of it.
    pub(crate) face: Face,
    /// Where it is looked for in the next frame.
    pub(crate) region: Region,
    /// The network's points in the newest frame, and how sure it is; `None` where it found no face.
    pub(crate) fresh: Vec<[f32; 3]>,
    pub(crate) presence: Option<f32>,
    /// What the pixels told in the newest frame.
    pub(crate) appearance: Appearance,
    parts: PartsFilter,
    /// The box of the points that users see; of a lost face, where it may be by now.
    pub(crate) bounds: Bounds,
    /// What it looked like when it was seen last.
    pub(crate) thumbnail: Thumbnail,
    filter: Filter,
    /// Pixels a second, of the box's centre.
    speed: [f32; 2],
    /// The same of a lost face's points, which come to rest while they fade.
    drift: [f32; 2],
    /// How sure the detector was that it is a face, when it was asked last.
    confirmed: f32,
    /// In how many frames running the landmark network has hardly believed in it.
    doubtful: u32,
    /// Seconds since it was lost; `None` while it is there.
    lost: Option<f32>,
    /// Whether there was a cut since it was lost.
    was_cut: bool,
}

impl Track {
    /// A face seen for the first time, with the network's points.
    pub(crate) fn new(id: u64, points: &[[f32; 3]], mirrored: bool) -> Self {
        Self {
            face: Face { id, points: Vec::with_capacity(points.len()), ..Face::default() },
            region: region(points, mirrored),
            fresh: Vec::with_capacity(points.len()),
            presence: None,
            appearance: Appearance::default(),
            parts: PartsFilter::default(),
            bounds: Bounds::of(points),
            thumbnail: Thumbnail::BLANK,
            filter: Filter::default(),
            speed: [0.0; 2],
            drift: [0.0; 2],
            confirmed: 0.0,
            doubtful: 0,
            lost: None,
            was_cut: false,
        }
    }

    /// Whether it was found in the last frame.
    pub(crate) fn is_live(&self) -> bool {
        self.lost.is_none()
    }

    /// Whether nothing is left of it, not even its id.
    pub(crate) fn is_expired(&self) -> bool {
        self.face.visibility == 0.0 && self.lost.is_some_and(|seconds| seconds > MEMORY)
    }

    /// Whether users see it.
    pub(crate) fn is_shown(&self) -> bool {
        self.is_live() || self.face.visibility > 0.0
    }

    /// Whether a face at these bounds is this lost one come back: about as large, and not farther than its own size; after a cut, one
    /// that looks the same, wherever it is.
    pub(crate) fn matches(&self, bounds: &Bounds, thumbnail: &Thumbnail) -> bool {
        if self.is_live() || self.is_dismissed() {
            return false;
        }
        if self.was_cut {
            return self.thumbnail.likeness(thumbnail) >= ALIKE;
        }
        let larger = self.bounds.mean_size().max(bounds.mean_size()).max(1.0);
        self.bounds.distance(bounds) < larger
            && (0.6..1.7).contains(&(bounds.mean_size() / self.bounds.mean_size().max(1.0)))
    }

    /// Whether, after a cut, what was just found where this face was is another one.
    pub(crate) fn is_replaced(&self, thumbnail: &Thumbnail) -> bool {
        let off = |(a, b): (&[f32; 3], &[f32; 3])| (a[0] - b[0]).hypot(a[1] - b[1]);
        let sum: f32 = self.face.points.iter().zip(&self.fresh).map(off).sum();
        let is_off = sum > OFF * self.bounds.mean_size() * self.fresh.len() as f32;
        is_off && self.thumbnail.likeness(thumbnail) < ALIKE
    }

    /// It is gone, and another face is where it was.
    pub(crate) fn replace(&mut self) {
        self.presence = None;
        self.dismiss();
        self.hide();
    }

    /// It has to go, and does not come back under its number.
    pub(crate) fn dismiss(&mut self) {
        self.lost = Some(f32::INFINITY);
        self.face.score = 0.0;
    }

    fn is_dismissed(&self) -> bool {
        self.lost == Some(f32::INFINITY)
    }

    /// There was a cut, and it is not where it was.
    pub(crate) fn cut(&mut self) {
        self.was_cut = true;
    }

    /// Its effect ends at once: the picture that it fades in is another one.
    pub(crate) fn hide(&mut self) {
        self.face.visibility = 0.0;
    }

    /// The square to look for it in first, when it is lost.
    pub(crate) fn search_square(&self, orientation: Orientation) -> Option<Region> {
        let side = SEARCH_SIDE * self.bounds.mean_size();
        self.lost.filter(|lost| *lost <= MEMORY).map(|_| Region::upright(self.bounds.centre, side, orientation))
    }

    /// Its box after some seconds, if it moves on as it does.
    pub(crate) fn expected(&self, seconds: f32) -> Bounds {
        let centre = std::array::from_fn(|axis| self.bounds.centre[axis] + seconds * self.speed[axis]);
        Bounds { centre, ..self.bounds }
    }

    /// The detector has said how sure it is that this is a face.
    pub(crate) fn confirmed(&mut self, score: f32) {
        self.confirmed = score;
    }

    /// Whether the detector shall be asked again, now that the landmark network is as sure as this: in every sixth of
    /// successive doubtful frames.
    pub(crate) fn is_to_be_confirmed(&mut self, presence: f32) -> bool {
        self.doubtful = if presence < SURE[1] { self.doubtful + 1 } else { 0 };
        self.doubtful % 6 == 5
    }

    /// The landmark network has found it at `points`; `presence` is how sure it is.
    pub(crate) fn found(&mut self, presence: f32, points: &[[f32; 3]], seconds: f32, frame: [u32; 2], smooth: bool) {
        let was_lost = self.lost.take().is_some();
        self.was_cut = false;
        if was_lost {
            self.filter.reset();
        }
        self.region = region(points, self.region.mirrored);
        self.face.score = self.confirmed;
        self.face.points.clear();
        self.face.points.extend_from_slice(points);
        if smooth {
            self.filter.apply(&mut self.face.points, seconds, Bounds::of(points).mean_size());
        }
        let bounds = Bounds::of(&self.face.points);
        self.speed = if was_lost || seconds <= 0.0 {
            [0.0; 2]
        } else {
            std::array::from_fn(|axis| (bounds.centre[axis] - self.bounds.centre[axis]) / seconds)
        };
        self.bounds = bounds;
        self.drift = self.speed;
        let ramp = |value: f32, [none, all]: [f32; 2]| ((value - none) / (all - none)).clamp(0.0, 1.0);
        let seen = ramp(share_inside(&self.face.points, frame), SEEN);
        let facing = 1.0 - ramp(self.face.pose().away(), AWAY);
        self.fade_to(seen.min(facing).min(ramp(presence, SURE)));
    }

    /// Once it was found: says how well its parts are seen in a frame of this size.
    pub(crate) fn show_parts(&mut self, frame: [u32; 2], seconds: f32) {
        self.parts.update(&mut self.face, &self.appearance, frame, seconds);
    }

    /// It was not found in this frame: its effect fades while its points go on as they last moved, slower and slower.
    pub(crate) fn missed(&mut self, seconds: f32) {
        // Where a host gives all frames one timestamp, a lost face is forgotten all the same.
        self.lost = Some(self.lost.unwrap_or(0.0) + seconds.max(1e-3));
        self.face.score = 0.0;
        self.parts.lose(&mut self.face);
        self.fade_to(0.0);
        let way = self.drift.map(|speed| speed * seconds);
        for point in &mut self.face.points {
            point[0] += way[0];
            point[1] += way[1];
        }
        self.drift = self.drift.map(|speed| speed * DRAG);
        // Behind what hides it, it may go on.
        self.bounds = self.expected(seconds);
    }

    fn fade_to(&mut self, visibility: f32) {
        self.face.visibility += (visibility - self.face.visibility).clamp(-STEP, STEP);
    }

    /// Time has jumped: what was known of its motion means nothing any more.
    pub(crate) fn jump(&mut self, gap: Duration) {
        self.filter.reset();
        (self.speed, self.drift) = ([0.0; 2], [0.0; 2]);
        if let Some(lost) = &mut self.lost {
            *lost += gap.as_secs_f32();
        }
    }
}
