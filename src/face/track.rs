//! One face over time: its region, its filter, how visible it is, and how it goes.

use std::time::Duration;

use super::Face;
use super::crop::Region;
use super::filter::Filter;
use super::mesh::{bounds, region};
use super::topology::FACE_OVAL;

/// Most that a face's visibility changes from frame to frame.
const STEP: f32 = 0.15;
/// How long a lost face's id is kept for it to come back, in seconds.
const MEMORY: f32 = 0.7;
/// What is left of a lost face's speed after each frame.
const DRAG: f32 = 0.8;
/// A face of which less than this share lies in the frame is not retouched; one of which more than the second, in full.
const SEEN: [f32; 2] = [0.45, 0.85];

/// A face that is followed.
pub(crate) struct Track {
    /// What users see of it.
    pub(crate) face: Face,
    /// Where it is looked for in the next frame.
    pub(crate) region: Region,
    /// The network's own points of the last frame in which it was found.
    pub(crate) raw: Vec<[f32; 3]>,
    filter: Filter,
    /// Pixels a second, of the points' centre.
    speed: [f32; 2],
    /// Seconds since it was lost; `None` while it is there.
    lost: Option<f32>,
}

impl Track {
    /// A face seen for the first time, with the network's points.
    pub(crate) fn new(id: u64, score: f32, raw: Vec<[f32; 3]>) -> Self {
        Self {
            face: Face { id, score, visibility: 0.0, points: Vec::with_capacity(raw.len()) },
            region: region(&raw),
            raw,
            filter: Filter::default(),
            speed: [0.0; 2],
            lost: None,
        }
    }

    /// Whether it was found in the last frame.
    pub(crate) fn is_live(&self) -> bool {
        self.lost.is_none()
    }

    /// Whether nothing is left of it, not even its id.
    pub(crate) fn is_over(&self) -> bool {
        self.lost.is_some_and(|seconds| seconds > MEMORY)
    }

    /// The box of the points that users see.
    pub(crate) fn bounds(&self) -> ([f32; 2], [f32; 2]) {
        bounds(if self.face.points.is_empty() { &self.raw } else { &self.face.points })
    }

    /// Whether a face at these bounds is this lost one come back: about as large, and not farther than its own size.
    pub(crate) fn recognises(&self, (centre, size): ([f32; 2], [f32; 2])) -> bool {
        let (own_centre, own_size) = self.bounds();
        let width = own_size[0].max(size[0]).max(1.0);
        let off = (centre[0] - own_centre[0]).hypot(centre[1] - own_centre[1]);
        off < width && (0.6..1.7).contains(&(size[0] / own_size[0].max(1.0)))
    }

    /// A lost face has been found again, or a live one in the next frame: `self.raw` holds its points. `filtered` says
    /// whether they are smoothed over time.
    pub(crate) fn found(&mut self, score: f32, since: Duration, frame: (u32, u32), filtered: bool) {
        let seconds = since.as_secs_f32();
        if self.lost.take().is_some() || !filtered {
            self.filter.reset();
        }
        let (centre, size) = bounds(&self.raw);
        let before = self.bounds().0;
        self.face.score = score;
        self.face.points.clear();
        self.face.points.extend_from_slice(&self.raw);
        if filtered {
            self.filter.apply(&mut self.face.points, seconds, (size[0] + size[1]) / 2.0);
        }
        if seconds > 0.0 {
            self.speed = std::array::from_fn(|axis| (centre[axis] - before[axis]) / seconds);
        }
        self.region = region(&self.raw);
        let share = share_inside(&self.face.points, frame);
        let target = ((share - SEEN[0]) / (SEEN[1] - SEEN[0])).clamp(0.0, 1.0);
        let change = (target - self.face.visibility).clamp(-STEP, STEP);
        self.face.visibility += change;
    }

    /// It was not found in this frame: its effect fades while its points go on as they last moved, slower and slower.
    pub(crate) fn missed(&mut self, since: Duration) {
        let seconds = since.as_secs_f32();
        let lost = self.lost.unwrap_or(0.0) + seconds.max(1e-3);
        self.lost = Some(lost);
        self.face.score = 0.0;
        self.face.visibility = (self.face.visibility - STEP).max(0.0);
        for point in &mut self.face.points {
            point[0] += self.speed[0] * seconds;
            point[1] += self.speed[1] * seconds;
        }
        self.speed = self.speed.map(|speed| speed * DRAG);
    }

    /// Time has jumped: what was known of its motion means nothing any more.
    pub(crate) fn jump(&mut self) {
        self.filter.reset();
        self.speed = [0.0; 2];
    }
}

/// The share of a face's outline that lies in the frame, 0..=1.
fn share_inside(points: &[[f32; 3]], (width, height): (u32, u32)) -> f32 {
    let inside = FACE_OVAL
        .iter()
        .filter_map(|&index| points.get(usize::from(index)))
        .filter(|p| p[0] >= 0.0 && p[1] >= 0.0 && p[0] <= width as f32 && p[1] <= height as f32)
        .count();
    inside as f32 / FACE_OVAL.len() as f32
}
