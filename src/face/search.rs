//! Where new faces are looked for: the whole frame by one run of the detector ([`YuNet`]), as it stands and turned.
//!
//! The detector sees faces that lean by up to 45 degrees and are wider than about 16 pixels of its input.

use std::f32::consts::{FRAC_PI_2, FRAC_PI_4};

use super::Orientation;
use super::bounds::Bounds;
use super::crop::{Border, Crop, Region};
use super::detect::Detection;
use super::net::{YuNet, YuNetLevel};

/// Longest side of the detector's input, in pixels.
const LONGEST: usize = 640;
/// Of a video's frame of more than 1280 pixels, while no face is followed: one pixel for two of the frame, up to this many.
const LONGEST_ALONE: usize = 960;
/// Of a frame that is looked at in passing, beside faces that are followed, or turned by a quarter.
const IN_PASSING: usize = 320;
/// Of a still picture, for its small faces.
const LONGEST_STILL: usize = 1280;
/// So much do tiles reach beyond the middle of the frame, in pixels of the input: faces that are too small for a look at the whole frame
/// in passing are whole in one of them.
const REACH: f32 = 32.0;
/// Looks may be so much coarser to be smaller.
const ROUNDING: f32 = 1.04;
/// Detections below this score are no faces.
const SCORE: f32 = 0.6;

/// The looks that find every face of a still picture, whatever its roll.
pub(crate) fn still(frame: [u32; 2], orientation: Orientation) -> Vec<Crop> {
    // Between two quarter turns, faces that are small and lie across are rare.
    let coarse = (0..8).map(|turn| whole(frame, orientation, turn as f32 * FRAC_PI_4, LONGEST));
    let fine = (0..4).map(|turn| whole(frame, orientation, turn as f32 * FRAC_PI_2, LONGEST_STILL));
    let has_more = frame.iter().any(|&side| side as usize > LONGEST);
    coarse.chain(fine.filter(|_| has_more)).collect()
}

/// The looks at a video's frames while no face is followed, in turn.
pub(crate) fn alone(frame: [u32; 2], orientation: Orientation) -> Vec<Crop> {
    let half = frame[0].max(frame[1]) as usize / 2;
    let upright = whole(frame, orientation, 0.0, half.clamp(LONGEST, LONGEST_ALONE));
    let [left, right] = turned(frame, orientation);
    vec![upright, upright, left, upright, upright, right]
}

/// The looks at a video's frames beside faces that are followed, in turn: of the whole frame for large faces, of its parts for small
/// ones, each at about a third of the cost of one of [`alone`].
pub(crate) fn beside(frame: [u32; 2], orientation: Orientation) -> Vec<Crop> {
    let coarse = whole(frame, orientation, 0.0, IN_PASSING);
    let parts = tiles(&whole(frame, orientation, 0.0, LONGEST));
    parts.into_iter().chain(turned(frame, orientation)).flat_map(|other| [coarse, other]).collect()
}

/// The frame turned by a quarter to either side. Faces so turned are near, as a rule.
fn turned(frame: [u32; 2], orientation: Orientation) -> [Crop; 2] {
    [1.0, -1.0].map(|sign| whole(frame, orientation, sign * FRAC_PI_2, IN_PASSING))
}

/// The whole frame, turned by `turn` beyond upright, with so many pixels along its longer side at most.
fn whole(frame: [u32; 2], orientation: Orientation, turn: f32, longest: usize) -> Crop {
    let [width, height] = frame.map(|side| side.max(1) as f32);
    let around = Region::around(frame[0], frame[1], orientation);
    let roll = around.roll + turn;
    let (sin, cos) = (roll.sin().abs(), roll.cos().abs());
    let extent = [width * cos + height * sin, width * sin + height * cos];
    let step = YuNet::MULTIPLE as f32;
    let finest = (width.max(height) / longest as f32).max(1.0);
    // A little coarser, if that saves a row or column of the network's steps.
    let coarser = extent.map(|length| length / (length / finest / step).floor().max(1.0) / step);
    let pitch = coarser.into_iter().filter(|pitch| *pitch <= finest * ROUNDING).fold(finest, f32::max);
    // A little less, lest rounding adds a column.
    let count = |length: f32| ((length / pitch - 0.01).ceil() as usize).max(1).next_multiple_of(YuNet::MULTIPLE);
    let size = extent.map(count);
    // Centres of pixels lie in the middle of the frame's pixels that each stands for.
    let centre = around.centre.map(|place| place + (pitch - 1.0) / 2.0);
    Crop { region: Region { centre, side: size[0] as f32 * pitch, roll, ..around }, size, border: Border::Black }
}

/// The quarters of a look, which overlap; none of a look that is small anyway.
fn tiles(look: &Crop) -> Vec<Crop> {
    if look.size.iter().all(|&side| side <= IN_PASSING) {
        return Vec::new();
    }
    let half = |side: usize| ((side as f32 / 2.0 + REACH) as usize).next_multiple_of(YuNet::MULTIPLE).min(side);
    let size = look.size.map(half);
    let turned = look.region.turned_to(look.size);
    let corners = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]];
    let tile = |corner: [f32; 2]| {
        let share: [f32; 2] = std::array::from_fn(|axis| {
            let [part, all] = [size[axis] as f32, look.size[axis] as f32];
            (part / 2.0 + corner[axis] * (all - part)) / all
        });
        let side = look.region.side * size[0] as f32 / look.size[0] as f32;
        Crop { region: Region { centre: turned.place(share), side, ..look.region }, size, border: look.border }
    };
    corners.map(tile).to_vec()
}

/// Appends the faces that the detector has seen in a look. Neighbouring cells may have seen the same one.
pub(crate) fn decode(levels: [YuNetLevel<'_>; 3], look: &Crop, found: &mut Vec<Detection>) {
    let turned = look.region.turned_to(look.size);
    let [width, height] = look.size.map(|side| side as f32);
    let unit = look.region.side / width;
    for face in levels.into_iter().flat_map(|level| level.faces(SCORE)) {
        let place = |[x, y]: [f32; 2]| turned.place([x / width, y / height]);
        found.push(Detection {
            score: face.score,
            bounds: Bounds { centre: place(face.centre), size: face.size.map(|length| length * unit) },
            right_eye: place(face.points[0]),
            left_eye: place(face.points[1]),
            roll: look.region.roll,
            mirrored: look.region.mirrored,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rotation;

    const FRAMES: [[u32; 2]; 7] =
        [[1280, 720], [1920, 1080], [176, 144], [400, 300], [480, 854], [3000, 100], [64, 64]];

    /// Where a place in the frame lies in a look, in shares of its sides.
    fn share(look: &Crop, place: [f32; 2]) -> [f32; 2] {
        let (corner, across, down) = look.region.turned_to(look.size).sides();
        let to = [place[0] - corner[0], place[1] - corner[1]];
        [across, down].map(|side| (to[0] * side[0] + to[1] * side[1]) / (side[0] * side[0] + side[1] * side[1]))
    }

    fn holds(look: &Crop, place: [f32; 2]) -> bool {
        // The frame's border may lie half a pixel of the look outside.
        share(look, place).iter().zip(look.size).all(|(share, size)| {
            let edge = 1.0 / size as f32;
            (-edge..=1.0 + edge).contains(share)
        })
    }

    #[test]
    fn looks_cover_the_frame() {
        for frame in FRAMES {
            for rotation in [Rotation::None, Rotation::Quarter] {
                let orientation = Orientation { rotation, ..Orientation::default() };
                for look in still(frame, orientation).into_iter().chain(alone(frame, orientation)) {
                    assert!(look.size.iter().all(|side| side % YuNet::MULTIPLE == 0));
                    let [width, height] = frame.map(|side| side as f32);
                    for corner in [[0.0, 0.0], [width, 0.0], [0.0, height], [width, height]] {
                        assert!(holds(&look, corner), "{frame:?} {rotation:?} {look:?}: {:?}", share(&look, corner));
                    }
                }
            }
        }
    }

    /// A face that is too small for the look at the whole frame is whole in one of its parts.
    #[test]
    fn looks_in_passing_cover_the_frame_too() {
        for frame in [[1280, 720], [1920, 1080], [480, 854]] {
            let looks = beside(frame, Orientation::default());
            let coarse = looks[0];
            let small = 18.0 * coarse.region.side / coarse.size[0] as f32;
            let tiles: Vec<_> = looks.iter().filter(|look| look.region.side < coarse.region.side * 0.9).collect();
            for step in 0..400 {
                let place = [step % 20, step / 20].map(|part| part as f32 / 19.0);
                let middle: [f32; 2] =
                    std::array::from_fn(|axis| small / 2.0 + place[axis] * (frame[axis] as f32 - small));
                let ends = [[-0.5, -0.5], [0.5, 0.5]]
                    .map(|end: [f32; 2]| -> [f32; 2] { std::array::from_fn(|axis| middle[axis] + end[axis] * small) });
                assert!(tiles.iter().any(|tile| ends.iter().all(|end| holds(tile, *end))), "{frame:?} {middle:?}");
            }
        }
    }

    #[test]
    fn looks_are_as_small_as_they_can_be() {
        assert_eq!(alone([1280, 720], Orientation::default())[0].size, [640, 352]);
        assert_eq!(alone([640, 480], Orientation::default())[0].size, [640, 480]);
        assert_eq!(alone([64, 64], Orientation::default())[0].size, [64, 64]);
    }
}
