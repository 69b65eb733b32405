//! From amounts to where a face's points shall go: the table, laid onto the face by its head's pose and its own measures, less
//! what there is no room for, what is hidden, and what its expression forbids.

use super::amounts::{EYES, KINDS, MOUTH, Measure, Moves, NOSE};
use super::canonical::{AMOUNTS, CANONICAL, VERTICES};
use super::memory::Anchor;
use super::pose::{HeadPose, distance};
use super::room::{Room, places, shown};
use crate::face::PartConfidence;
use crate::face::topology::FACE_OVAL;
use crate::retouch::FaceGeometry;
use crate::retouch::outline::{Others, Oval, smoothstep};

/// Width of the canonical eye and mouth, in centimetres, and how far a person's may differ.
const EYE: f32 = 2.617;
const EYES_DIFFER: [f32; 2] = [0.8, 1.3];
const LIPS: f32 = 4.91;
const LIPS_DIFFER: [f32; 2] = [0.8, 1.5];
/// Between these ratios of height and width an eye opens, and what this leaves of the eye's movement when it is closed.
const OPENS: [f32; 2] = [0.08, 0.20];
const CLOSED: f32 = 0.25;
/// This ratio of the canonical eye, and how far a person's may differ: lids that are closer together move less up and down, so
/// that the iris between them stays round.
const OPEN: f32 = 0.26;
const LIDS_DIFFER: [f32; 2] = [0.7, 1.4];
/// Between these ratios a mouth opens wide; it then smiles half as much.
const GAPES: [f32; 2] = [0.25, 0.6];
/// Between these distances of a mesh from what a face is like, in centimetres, it is no longer believed.
const UNLIKE: [f32; 2] = [1.1, 1.7];
/// Rounding inside a face, and over which distance (in centimetres) it rises toward the outline, and over which turn from the
/// camera.
const ROUNDING: f32 = 0.5;
const RIM: f32 = 0.07 * 15.3;
const SILHOUETTE: [f32; 2] = [0.1, 0.4];

/// The canonical face's vertices in a picture: where they are, how far they shall move, in pixels, and how much the field is
/// rounded there.
pub(super) struct Wanted {
    pub(super) places: [[f32; 2]; VERTICES],
    pub(super) by: [[f32; 2]; VERTICES],
    pub(super) rounding: [f32; VERTICES],
    /// Whether the face is seen in a mirror.
    pub(super) mirrored: bool,
    pub(super) anchor: Anchor,
}

/// An eye's width and height, or the mouth's, in space, in pixels.
fn sides(points: &[[f32; 3]], [a, b, c, d]: [u16; 4]) -> [f32; 2] {
    [distance(points, a, b), distance(points, c, d)]
}

/// Shares of the amounts for the person's right half and left half.
type Halves = [f32; 2];

/// What the face's own measures and its expression make of an amount.
struct Measures {
    eyes: [Halves; 2],
    lids: Halves,
    mouth: [f32; 2],
}

impl Measures {
    fn of(points: &[[f32; 3]], pose: &HeadPose) -> Self {
        let eyes = [[33, 133, 159, 145], [263, 362, 386, 374]].map(|corners| {
            let [width, height] = sides(points, corners);
            let open = smoothstep(OPENS[0], OPENS[1], height / width.max(1e-6));
            let size = (width / (EYE * pose.scale[0])).clamp(EYES_DIFFER[0], EYES_DIFFER[1]);
            let lids = (height / width.max(1e-6) / OPEN).clamp(LIDS_DIFFER[0], LIDS_DIFFER[1]);
            [size, size * (CLOSED + (1.0 - CLOSED) * open), lids]
        });
        let [width, height] = sides(points, [61, 291, 13, 14]);
        let gape = smoothstep(GAPES[0], GAPES[1], height / width.max(1e-6));
        let size = (width / (LIPS * pose.scale[0])).clamp(LIPS_DIFFER[0], LIPS_DIFFER[1]);
        let [wide, open, lids] = [0, 1, 2].map(|kind: usize| eyes.map(|eye| eye[kind]));
        Self { eyes: [wide, open], lids, mouth: [size, size * (1.0 - 0.5 * gape)] }
    }

    fn share(&self, measure: Measure) -> Halves {
        match measure {
            Measure::Head => [1.0; 2],
            Measure::EyeWidth => self.eyes[0],
            Measure::OpenEye => self.eyes[1],
            Measure::MouthWidth => [self.mouth[0]; 2],
            Measure::ClosedMouth => [self.mouth[1]; 2],
        }
    }

    /// The same for how far something moves up or down, beside how far to the sides.
    fn height(&self, measure: Measure) -> Halves {
        if measure == Measure::OpenEye { self.lids } else { [1.0; 2] }
    }
}

/// What is left of an amount where its part is hidden.
fn seen(parts: PartConfidence, moves: Moves) -> Halves {
    // A face whose parts nobody has looked at.
    if parts == PartConfidence::default() {
        return [1.0; 2];
    }
    match moves {
        Moves::Jaw => [shown(parts.jaw); 2],
        Moves::Eye => [shown(parts.right_eye), shown(parts.left_eye)],
        Moves::Mouth => [shown(parts.mouth); 2],
        Moves::Outline | Moves::Head | Moves::Nose => [1.0; 2],
    }
}

impl Wanted {
    /// `None` where the points are no face or nothing shall move.
    pub(super) fn of(
        face: &FaceGeometry<'_>,
        own: &Oval,
        others: Others<'_>,
        amounts: &[f32; AMOUNTS],
    ) -> Option<Self> {
        let pose = HeadPose::of(face.points)?;
        let strength = face.visibility * (1.0 - smoothstep(UNLIKE[0], UNLIKE[1], pose.off));
        let room = Room::of(face, own, others);
        let measures = Measures::of(face.points, &pose);
        let (mut whole, mut outline) = ([[0.0_f32; 2]; VERTICES], [[0.0_f32; 2]; VERTICES]);
        for ((amount, kind), rows) in amounts.iter().zip(KINDS).zip(CANONICAL.amounts()) {
            if *amount == 0.0 {
                continue;
            }
            let free = match kind.moves {
                Moves::Jaw | Moves::Outline => [room.seen; 2],
                Moves::Head => [room.least(&FACE_OVAL); 2],
                Moves::Eye => EYES.map(|[rim, brow]| room.least(rim).min(room.least(brow))),
                Moves::Nose => [room.least(&NOSE); 2],
                Moves::Mouth => [room.least(MOUTH); 2],
            };
            let (seen, measured) = (seen(face.parts, kind.moves), measures.share(kind.measure));
            let height = measures.height(kind.measure);
            let share: Halves =
                std::array::from_fn(|side| amount * strength * free[side] * seen[side] * measured[side]);
            let sum = if matches!(kind.moves, Moves::Jaw | Moves::Outline) { &mut outline } else { &mut whole };
            for row in rows {
                let vertex = usize::from(row.vertex);
                let left = usize::from(CANONICAL.vertices[vertex][0] >= 0.0);
                sum[vertex][0] += share[left] * row.by[0];
                sum[vertex][1] += share[left] * height[left] * row.by[1];
            }
        }
        let mut by = [[0.0; 2]; VERTICES];
        for (vertex, by) in by.iter_mut().enumerate() {
            let (free, whole, outline) = (room.at(vertex), whole[vertex], outline[vertex]);
            *by = pose.seen([whole[0] + free * outline[0], whole[1] + free * outline[1]]);
        }
        if by.iter().all(|by| *by == [0.0; 2]) {
            return None;
        }
        let rounding = std::array::from_fn(|vertex| {
            let rim = 1.0 - smoothstep(0.0, RIM, CANONICAL.outline[vertex]);
            let edge = 1.0 - smoothstep(SILHOUETTE[0], SILHOUETTE[1], pose.facing(CANONICAL.normals[vertex]));
            ROUNDING.max(rim).max(edge)
        });
        Some(Self { places: places(face.points), by, rounding, mirrored: pose.mirrored, anchor: pose.anchor })
    }

    /// Makes all movements smaller.
    pub(super) fn scale(&mut self, share: f32) {
        self.by.as_flattened_mut().iter_mut().for_each(|by| *by *= share);
    }
}
