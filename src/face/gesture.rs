//! What faces have done: blinks, winks, nods, turns, opened mouths, tongues, as events with times. For effects that a face triggers, and
//! to ask somebody to prove that they are alive.

use std::time::Duration;

use super::Face;
use super::expression::eyes;

/// What a face has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum GestureKind {
    /// Both eyes were shut for a moment.
    Blink,
    /// The person's own left eye was shut for a moment, and the right one was not.
    WinkLeft,
    /// The person's own right eye was shut for a moment, and the left one was not.
    WinkRight,
    /// The mouth was opened.
    MouthOpened,
    /// The head was turned to the person's own left.
    TurnedLeft,
    /// The head was turned to the person's own right.
    TurnedRight,
    /// The head was lowered and raised again.
    Nod,
    /// The tongue was put out ([`Expression::tongue`](super::Expression::tongue)), for a moment at least.
    TongueOut,
}

/// Something that a face has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Gesture {
    /// The face's [`Face::id`].
    pub face: u64,
    /// What it has done.
    pub kind: GestureKind,
    /// Timestamp of the frame in which it began.
    pub start: Duration,
    /// Timestamp of the frame in which it was complete.
    pub end: Duration,
}

/// Shares of an eye's usual opening: below the first it may be shutting, below the second it is shut, and above the third it
/// is open. The usual opening is each person's own: some squint when they laugh, and some have narrow eyes.
const SHUTTING: f32 = 0.65;
const SHUT: f32 = 0.45;
const OPEN: f32 = 0.75;
/// Below this, an eye is never taken to be usually open.
const NARROWEST: f32 = 0.4;
/// An eye that was shut for longer, in seconds, has not blinked; one that winks may take longer.
const LONGEST: [f32; 2] = [0.7, 1.5];
/// An eye that winks is shut for so long at least, in seconds: shorter is noise.
const SHORTEST_WINK: f32 = 0.07;
/// Degrees of yaw beyond which the far eye is not looked at.
const FAR: f32 = 15.0;
/// How fast the usual opening of an eye is learnt, in seconds.
const HABIT: f32 = 2.0;
/// A mouth this open is open, and one that is less open than the other is shut again.
const MOUTH: [f32; 2] = [0.2, 0.45];
/// Degrees of yaw: a head that comes from below the first and gets beyond the second has been turned.
const TURN: [f32; 2] = [10.0, 20.0];
/// Degrees of pitch below the head's usual one: back, and nodding.
const NOD: [f32; 2] = [3.0, 7.0];
/// A nod takes so long at most, in seconds.
const LONGEST_NOD: f32 = 1.2;
/// A tongue this far out is out, once it has been for so long, in seconds; and one that is less far out than the other is in again.
const TONGUE: [f32; 2] = [0.25, 0.55];
const SHORTEST_TONGUE: f32 = 0.12;
/// After a longer gap in the time, what was known of a face means nothing any more.
const GAP: Duration = Duration::from_secs(1);

/// Watches faces for gestures: to be shown each frame's faces in turn.
///
/// ```
/// # use glowup::{Face, face::Gestures};
/// # use std::time::Duration;
/// let mut gestures = Gestures::new();
/// # let faces: Vec<Face> = Vec::new();
/// // in each frame, with what the tracker has found in it:
/// for gesture in gestures.watch(&faces, Duration::from_millis(33)) {
///     println!("face {} has done: {:?}", gesture.face, gesture.kind);
/// }
/// ```
#[derive(Debug, Default)]
pub struct Gestures {
    faces: Vec<Watched>,
    seen: Vec<Gesture>,
    last: Option<Duration>,
}

/// One face over time.
#[derive(Debug)]
struct Watched {
    id: u64,
    /// How far each eye (right, left) usually is open.
    usual: [f32; 2],
    /// While an eye is shut: since when.
    shut: Option<Shut>,
    mouth_open: bool,
    turned: bool,
    usual_pitch: f32,
    /// Since when the head is lowered, while it is.
    lowered: Option<Duration>,
    tongue: Tongue,
}

/// Where a tongue is.
#[derive(Debug, Clone, Copy)]
enum Tongue {
    In,
    /// It has been out since then, not long enough yet to be sure.
    Coming(Duration),
    Out,
}

/// One or both eyes are shut.
#[derive(Debug, Clone, Copy)]
struct Shut {
    since: Duration,
    /// The least opening of each eye since then, as a share of the usual one.
    least: [f32; 2],
}

impl Gestures {
    /// Watches from now on.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What the faces of the next frame have now done. A time before the last one, or long after it, starts afresh.
    pub fn watch(&mut self, faces: &[Face], time: Duration) -> &[Gesture] {
        let passed = self.last.map(|last| time.checked_sub(last));
        let passed = match passed {
            None => Duration::ZERO,
            Some(Some(passed)) if passed <= GAP => passed,
            Some(_) => {
                self.faces.clear();
                Duration::ZERO
            }
        };
        self.last = Some(time);
        self.seen.clear();
        self.faces.retain(|watched| faces.iter().any(|face| face.id == watched.id && face.score > 0.0));
        for face in faces.iter().filter(|face| face.score > 0.0) {
            match self.faces.iter_mut().find(|watched| watched.id == face.id) {
                Some(watched) => watched.watch(face, time, passed.as_secs_f32(), &mut self.seen),
                None => self.faces.push(Watched::new(face)),
            }
        }
        &self.seen
    }
}

impl Watched {
    fn new(face: &Face) -> Self {
        let (expression, pose) = (face.expression(), face.pose());
        Self {
            id: face.id,
            usual: eyes(&face.points).map(|open| open.max(NARROWEST)),
            shut: None,
            mouth_open: expression.mouth > MOUTH[0],
            turned: pose.yaw.abs() > TURN[0],
            usual_pitch: pose.pitch,
            lowered: None,
            tongue: if expression.tongue > TONGUE[1] { Tongue::Out } else { Tongue::In },
        }
    }

    fn watch(&mut self, face: &Face, time: Duration, passed: f32, seen: &mut Vec<Gesture>) {
        let (expression, pose) = (face.expression(), face.pose());
        let mut tell = |kind, start| seen.push(Gesture { face: face.id, kind, start, end: time });
        // The far eye of a turned head is half hidden: the near one speaks for both.
        let open = match (pose.yaw, eyes(&face.points)) {
            (yaw, [right, _]) if yaw > FAR => [right; 2],
            (yaw, [_, left]) if yaw < -FAR => [left; 2],
            (_, both) => both,
        };
        if let Some((kind, start)) = self.eyes(open, time, passed) {
            tell(kind, start);
        }
        if !self.mouth_open && expression.mouth > MOUTH[1] {
            self.mouth_open = true;
            tell(GestureKind::MouthOpened, time);
        } else if expression.mouth < MOUTH[0] {
            self.mouth_open = false;
        }
        if !self.turned && pose.yaw.abs() > TURN[1] {
            self.turned = true;
            tell(if pose.yaw > 0.0 { GestureKind::TurnedLeft } else { GestureKind::TurnedRight }, time);
        } else if pose.yaw.abs() < TURN[0] {
            self.turned = false;
        }
        if let Some(start) = self.tongue(expression.tongue, time) {
            tell(GestureKind::TongueOut, start);
        }
        if let Some(start) = self.nod(pose.pitch, time, passed) {
            tell(GestureKind::Nod, start);
        }
    }

    fn eyes(&mut self, open: [f32; 2], time: Duration, passed: f32) -> Option<(GestureKind, Duration)> {
        let share: [f32; 2] = std::array::from_fn(|eye| open[eye] / self.usual[eye]);
        if let Some(shut) = &mut self.shut {
            shut.least = std::array::from_fn(|eye| shut.least[eye].min(share[eye]));
            let (since, least) = (shut.since, shut.least);
            let seconds = time.saturating_sub(since).as_secs_f32();
            if share.iter().all(|&share| share > OPEN) {
                self.shut = None;
                let winked = (SHORTEST_WINK..=LONGEST[1]).contains(&seconds);
                let kind = match least {
                    [right, left] if right.min(left) > SHUT => return None,
                    [right, left] if right.max(left) < SHUTTING => {
                        (seconds <= LONGEST[0]).then_some(GestureKind::Blink)
                    }
                    [right, left] if right.max(left) < OPEN || !winked => return None,
                    [right, left] => Some(if right < left { GestureKind::WinkRight } else { GestureKind::WinkLeft }),
                };
                return kind.map(|kind| (kind, since));
            }
            // So long is how the person looks now.
            if seconds > LONGEST[1] {
                self.shut = None;
                self.usual = open.map(|open| open.max(NARROWEST));
            }
            return None;
        }
        if share.iter().any(|&share| share < SHUTTING) {
            self.shut = Some(Shut { since: time, least: share });
        } else {
            let learnt = passed / (passed + HABIT);
            for (usual, open) in self.usual.iter_mut().zip(open) {
                *usual += learnt * (open.max(NARROWEST) - *usual);
            }
        }
        None
    }

    /// Since when the tongue has been out that is now surely so.
    fn tongue(&mut self, out: f32, time: Duration) -> Option<Duration> {
        match self.tongue {
            Tongue::In if out > TONGUE[1] => self.tongue = Tongue::Coming(time),
            Tongue::Coming(_) if out <= TONGUE[1] => self.tongue = Tongue::In,
            Tongue::Coming(since) if time.saturating_sub(since).as_secs_f32() >= SHORTEST_TONGUE => {
                self.tongue = Tongue::Out;
                return Some(since);
            }
            Tongue::Out if out < TONGUE[0] => self.tongue = Tongue::In,
            _ => {}
        }
        None
    }

    /// When the nod began that is complete now.
    fn nod(&mut self, pitch: f32, time: Duration, passed: f32) -> Option<Duration> {
        match self.lowered {
            None if pitch < self.usual_pitch - NOD[1] => self.lowered = Some(time),
            None => self.usual_pitch += passed / (passed + HABIT) * (pitch - self.usual_pitch),
            Some(since) if pitch > self.usual_pitch - NOD[0] => {
                self.lowered = None;
                return Some(since);
            }
            Some(since) if time.saturating_sub(since).as_secs_f32() > LONGEST_NOD => {
                self.lowered = None;
                self.usual_pitch = pitch;
            }
            Some(_) => {}
        }
        None
    }
}
