//! How well each part of a face can be seen: whether it lies in the frame, faces the camera, and looks as it did before.

use super::Face;
use super::mesh_input::{MeshInput, luma};
use super::pose::Pose;
use super::tongue::{self, ramp};
use super::topology::NOSE_TIP;

/// How sure it is that the parts of a face are seen, each 0..=1: 0 for a part that is out of the frame, turned away or hidden.
///
/// Three things lower a number. They are multiplied:
///
/// * The share of the part's landmarks that lies outside the frame.
/// * That the part is turned away from the camera: it begins where its surface is seen at 65° and is complete at 90°. The far
///   eye of a head goes from a yaw of 40° on, mouth and jaw from 65°.
/// * In video, that the part no longer looks as it did in the last seconds: something is in front of it. This compares how
///   light and shade lie on the part with how they lay on this face before. So it needs no idea of hands; but it knows nothing
///   of a hand that was there when the face was seen first, and takes one that stays for the face after about five seconds. The
///   same goes for any other change that stays, such as light from another side.
///
///   Measured: with something painted over a whole part, that part fell to 0.2 or less within half a second. With real hands, an eye
///   behind a fist fell to 0.1, a mouth behind fingertips to 0.4, a chin behind fingers to 0.2; fingers over a corner of a
///   mouth or jaw were told late or not at all. In 1,500 frames of talking without hands, eyes and mouth were at 0.9 and more in
///   all of a clear clip; in one of 176 × 144 pixels an eye fell to 0.56 for a moment, and the jaw of a head that turned far to
///   0.67. Below a half is a good sign that a part is hidden. The light mesh follows lips less closely: with it a mouth that
///   opens wide may count as hidden for a moment.
///
/// Pictures on their own have nothing to compare with: there only the frame and the turn count. All 0 for a face that was
/// just lost.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PartConfidence {
    /// The person's own left eye, with its brow.
    pub left_eye: f32,
    /// The person's own right eye, with its brow.
    pub right_eye: f32,
    /// The lips and what is around them.
    pub mouth: f32,
    /// The chin and the jaw on both sides of it.
    pub jaw: f32,
}

/// What one frame's pixels tell of one face.
#[derive(Debug, Clone, Default)]
pub(crate) struct Appearance {
    /// How far the tongue is out, 0..=1.
    pub(crate) tongue: f32,
    pub(crate) texture: Texture,
}

impl Appearance {
    pub(crate) fn of(crop: &MeshInput<'_>) -> Self {
        Self { tongue: tongue::of(crop), texture: Texture::of(crop) }
    }
}

/// Points of each part, in the order of [`Part::ALL`].
const RIGHT_EYE: [u16; 42] = [
    33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246, 130, 25, 110, 24, 23, 22, 26, 112,
    243, 190, 56, 28, 27, 29, 30, 247, 70, 63, 105, 66, 107, 55, 65, 52, 53, 46,
];
const LEFT_EYE: [u16; 42] = [
    263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466, 359, 255, 339, 254, 253, 252, 256,
    341, 463, 414, 286, 258, 257, 259, 260, 467, 300, 293, 334, 296, 336, 285, 295, 282, 283, 276,
];
const MOUTH: [u16; 65] = [
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409, 76, 77, 90, 180, 85, 16,
    315, 404, 320, 307, 306, 184, 74, 73, 72, 11, 302, 303, 304, 408, 57, 186, 92, 165, 167, 164, 393, 391, 322, 410,
    287, 273, 335, 406, 313, 18, 83, 182, 106, 43, 216, 436, 212, 432, 202,
];
/// The outline first: it is pulled inward, since what lies beside the face would count otherwise.
const JAW: [u16; 55] = [
    152, 148, 176, 149, 150, 136, 172, 377, 400, 378, 379, 365, 397, 175, 199, 200, 208, 428, 201, 421, 194, 418, 32,
    262, 171, 396, 140, 369, 170, 395, 169, 394, 135, 364, 138, 367, 214, 434, 192, 416, 215, 435, 204, 424, 211, 431,
    210, 430, 202, 422, 212, 432, 43, 273, 18,
];
const OUTLINE: usize = 13;
const PULL: f32 = 0.12;
/// Where the person's skin is looked at, to measure brightness by.
const SKIN: [u16; 12] = [50, 280, 101, 330, 151, 9, 108, 337, 4, 5, 205, 425];

/// Most points of a part.
const MOST: usize = 65;

/// A part of the face.
struct Part {
    points: &'static [u16],
    /// To which side it faces, in degrees of yaw from where the face does.
    faces: f32,
    /// How alike what is seen and what was seen before are in their pattern (correlation) where the part is hidden, and where it
    /// is not.
    alike: [f32; 2],
    /// How far the brightness is off, in the mean, where it is not hidden and where it is; with the other, both have to say so.
    off: Option<[f32; 2]>,
}

impl Part {
    /// Right eye, left eye, mouth, jaw.
    const ALL: [Self; 4] = [
        Self { points: &RIGHT_EYE, faces: -25.0, alike: [0.25, 0.5], off: None },
        Self { points: &LEFT_EYE, faces: 25.0, alike: [0.25, 0.5], off: None },
        Self { points: &MOUTH, faces: 0.0, alike: [0.7, 0.9], off: Some([0.09, 0.17]) },
        Self { points: &JAW, faces: 0.0, alike: [0.7, 0.9], off: Some([0.1, 0.19]) },
    ];
}

/// Degrees from the camera at which a surface begins to be seen too obliquely, and at which it is not seen.
const OBLIQUE: [f32; 2] = [90.0, 65.0];

/// Seconds: over which a change of the confidence is spread, over which the look of a part is learnt, and over which it is learnt
/// where it seems to be hidden.
const SETTLE: f32 = 0.06;
const LEARN: f32 = 2.0;
const RELEARN: f32 = 10.0;
/// A face is new for so long, and learnt faster.
const NEW: f32 = 2.0;
const FIRST: f32 = 0.3;
/// From this likeness on a part is surely seen.
const SEEN: f32 = 0.8;

/// How bright a face is at the points of its parts, beside its own skin.
#[derive(Debug, Clone)]
pub(crate) struct Texture([[f32; MOST]; 4]);

impl Default for Texture {
    fn default() -> Self {
        Self([[0.0; MOST]; 4])
    }
}

impl Texture {
    pub(crate) fn of(crop: &MeshInput<'_>) -> Self {
        let place = |index: u16| {
            let [x, y, _] = crop.point(index);
            [x, y]
        };
        let brightness = |place| luma(crop.colour(place));
        let mut skin = SKIN.map(|index| brightness(place(index)));
        skin.sort_unstable_by(f32::total_cmp);
        let skin = ((skin[5] + skin[6]) / 2.0).max(0.02);
        let nose = place(NOSE_TIP);
        let mut texture = Self::default();
        for (part, (values, of)) in texture.0.iter_mut().zip(&Part::ALL).enumerate() {
            for (at, (value, &index)) in values.iter_mut().zip(of.points).enumerate() {
                let mut from = place(index);
                if part == 3 && at < OUTLINE {
                    from = std::array::from_fn(|axis| from[axis] + PULL * (nose[axis] - from[axis]));
                }
                *value = brightness(from) / skin;
            }
        }
        texture
    }
}

/// What is known of a face's parts over time.
#[derive(Debug, Clone, Default)]
pub(crate) struct PartsFilter {
    /// How the face usually looks; nothing before the first frame.
    usual: Texture,
    /// Seconds since the first frame; `None` before.
    age: Option<f32>,
    /// How likely each part is not hidden, and how far the tongue is out, over time.
    clear: [f32; 4],
    tongue: f32,
}

impl PartsFilter {
    /// Says how the parts of a face are seen that now looks so, `seconds` after the last time, in a frame of this size.
    pub(crate) fn update(&mut self, face: &mut Face, seen: &Appearance, frame: [u32; 2], seconds: f32) {
        let Some(age) = self.age else {
            (self.usual, self.age) = (seen.texture.clone(), Some(0.0));
            (self.clear, self.tongue) = ([1.0; 4], seen.tongue);
            return self.tell(face, frame);
        };
        // Where a host gives all frames one timestamp, time passes all the same.
        let seconds = seconds.max(1e-3);
        let passed = |of: f32| seconds / (seconds + of);
        let learn = if age < NEW { FIRST + age } else { LEARN };
        let parts = self.usual.0.iter_mut().zip(&seen.texture.0).zip(&Part::ALL);
        for (clear, ((usual, now), part)) in self.clear.iter_mut().zip(parts) {
            let count = part.points.len();
            let (usual, now) = (usual.get_mut(..count).unwrap_or_default(), now.get(..count).unwrap_or_default());
            let likeness = part.likeness(usual, now);
            *clear += passed(SETTLE) * (likeness - *clear);
            let learnt = passed(if likeness > SEEN { learn } else { RELEARN });
            usual.iter_mut().zip(now).for_each(|(usual, now)| *usual += learnt * (now - *usual));
        }
        self.tongue += passed(SETTLE) * (seen.tongue - self.tongue);
        self.age = Some(age + seconds);
        self.tell(face, frame);
    }

    fn tell(&self, face: &mut Face, frame: [u32; 2]) {
        let [right_eye, left_eye, mouth, jaw] = shown(&face.points, frame);
        let [a, b, c, d] = self.clear;
        face.parts =
            PartConfidence { left_eye: left_eye * b, right_eye: right_eye * a, mouth: mouth * c, jaw: jaw * d };
        // A tongue that is out hides what is below it: that is no hand.
        face.parts.mouth = face.parts.mouth.max(mouth * self.tongue);
        face.parts.jaw = face.parts.jaw.max(jaw * self.tongue);
        face.tongue = self.tongue;
    }

    /// The face was lost: nothing of it is seen.
    pub(crate) fn lose(&mut self, face: &mut Face) {
        self.tongue = 0.0;
        (face.parts, face.tongue) = (PartConfidence::default(), 0.0);
    }
}

/// How the parts of a face in a picture on its own are seen.
pub(crate) fn of_still(face: &mut Face, seen: &Appearance, frame: [u32; 2]) {
    PartsFilter::default().update(face, seen, frame, 0.0);
}

/// The share of each part that lies in the frame and faces the camera.
fn shown(points: &[[f32; 3]], [width, height]: [u32; 2]) -> [f32; 4] {
    let pose = Pose::of(points);
    let (yaw, pitch) = (pose.yaw.to_radians(), pose.pitch.to_radians());
    Part::ALL.each_ref().map(|part| {
        let is_inside = |p: &[f32; 3]| p[0] >= 0.0 && p[1] >= 0.0 && p[0] <= width as f32 && p[1] <= height as f32;
        let inside = part.points.iter().filter_map(|&index| points.get(usize::from(index))).filter(|p| is_inside(p));
        let away = (pitch.cos() * (yaw + part.faces.to_radians()).cos()).clamp(-1.0, 1.0).acos().to_degrees();
        inside.count() as f32 / part.points.len() as f32 * ramp(away, OBLIQUE)
    })
}

impl Part {
    /// How much what is seen now looks as usual, 0..=1.
    fn likeness(&self, usual: &[f32], now: &[f32]) -> f32 {
        let count = usual.len().max(1) as f32;
        let mean = |values: &[f32]| values.iter().sum::<f32>() / count;
        let (usual_mean, now_mean) = (mean(usual), mean(now));
        let (mut both, mut squares, mut off) = (0.0, [0.0; 2], 0.0);
        for (usual, now) in usual.iter().zip(now) {
            off += (now - usual) * (now - usual);
            let (usual, now) = (usual - usual_mean, now - now_mean);
            both += usual * now;
            squares = [squares[0] + usual * usual, squares[1] + now * now];
        }
        let alike = ramp(both / (squares[0] * squares[1]).sqrt().max(1e-6), self.alike);
        match self.off {
            Some(range) => alike.max(1.0 - ramp((off / count).sqrt(), range)),
            None => alike,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::face::net::FaceMesh;
    use crate::{FaceTracker, Frame, TrackerOptions};

    fn portrait() -> Vec<[f32; 3]> {
        let image = image::open("assets/astronaut.png").unwrap().into_rgba8();
        let frame = Frame::rgba8(&image, image.width(), image.height()).unwrap();
        FaceTracker::new(TrackerOptions::default()).unwrap().detect(&frame).unwrap().remove(0).points
    }

    /// The points turned to the person's own left, by so many degrees about the middle of the face.
    fn turned(points: &[[f32; 3]], yaw: f32) -> Vec<[f32; 3]> {
        let (middle, (sin, cos)) = (points[168], yaw.to_radians().sin_cos());
        let turn = |&[x, y, z]: &[f32; 3]| {
            let (x, z) = (x - middle[0], z - middle[2]);
            [x * cos - z * sin + middle[0], y, x * sin + z * cos + middle[2]]
        };
        points.iter().map(turn).collect()
    }

    #[test]
    fn the_far_eye_of_a_turned_head_goes_first() {
        let points = portrait();
        let front = Pose::of(&points).yaw;
        // What is seen at each yaw: right eye, left eye, mouth, jaw.
        for (yaw, expected) in [
            (0.0, [1.0; 4]),
            (35.0, [1.0; 4]),
            (52.0, [1.0, 0.5, 1.0, 1.0]),
            (-52.0, [0.5, 1.0, 1.0, 1.0]),
            (70.0, [1.0, 0.0, 0.8, 0.8]),
            (95.0, [0.8, 0.0, 0.0, 0.0]),
        ] {
            let shown = shown(&turned(&points, yaw - front), [512; 2]);
            assert!(shown.iter().zip(expected).all(|(a, b)| (a - b).abs() < 0.15), "{yaw}: {shown:.2?}");
        }
    }

    #[test]
    fn parts_outside_the_frame_are_counted() {
        let points = portrait();
        let left_edge = points[NOSE_TIP as usize][0] as u32;
        let cut = shown(&points, [left_edge, 512]);
        assert!(cut[0] > 0.9 && cut[1] < 0.1 && (0.3..0.7).contains(&cut[2]), "{cut:.2?}");
        let nowhere = shown(&points.iter().map(|p| [p[0] - 1000.0, p[1], p[2]]).collect::<Vec<_>>(), [512; 2]);
        assert_eq!(nowhere, [0.0; 4]);
    }

    #[test]
    fn meshes_that_are_no_face_have_no_tongue() {
        let pixels = vec![0.5; FaceMesh::SIDE * FaceMesh::SIDE * 3];
        for points in [vec![], vec![f32::NAN; 478 * 3], vec![1e30; 478 * 3], vec![-1e30; 468 * 3]] {
            assert_eq!(Appearance::of(&MeshInput::new(&pixels, &points)).tongue, 0.0);
        }
    }

    #[test]
    fn points_that_are_no_face_do_no_harm() {
        for points in [vec![], vec![[f32::NAN; 3]; 478], vec![[5.0; 3]; 478]] {
            let mut face = Face { points, ..Face::default() };
            let mut filter = PartsFilter::default();
            for _ in 0..3 {
                filter.update(
                    &mut face,
                    &Appearance { tongue: 0.0, texture: Texture([[f32::NAN; MOST]; 4]) },
                    [64; 2],
                    0.0,
                );
                let PartConfidence { left_eye, right_eye, mouth, jaw } = face.parts;
                assert!([left_eye, right_eye, mouth, jaw].iter().all(|value| (0.0..=1.0).contains(value)), "{face:?}");
            }
        }
    }
}
