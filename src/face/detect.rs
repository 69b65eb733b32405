//! Where faces are: anchors, decoding and merging of a detector's outputs.
//!
//! Bazarevsky et al., "BlazeFace: Sub-millisecond neural face detection on mobile GPUs" (2019).

use super::bounds::Bounds;
use super::crop::Region;
use super::net::BlazeFace;

/// Detections below this score are no faces.
const SCORE: f32 = 0.5;
/// Boxes that share more than this (intersection over union) are one face.
const OVERLAP: f32 = 0.3;
/// Logits beyond this say no more.
const CLIP: f32 = 100.0;
/// Values of an anchor: a box and six key points.
const VALUES: usize = 16;
/// Grids of anchors: cells a side, anchors a cell.
const GRIDS: [(usize, usize); 2] = [(16, 2), (8, 6)];
/// How much larger than its box the region around a face is.
const MARGIN: f32 = 1.5;

/// A face as the detector sees it. Places are in pixels of the frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Detection {
    pub(crate) score: f32,
    /// Its box; width and height in the axes of the look it was found in.
    pub(crate) bounds: Bounds,
    pub(crate) right_eye: [f32; 2],
    pub(crate) left_eye: [f32; 2],
    /// How far the look that it was found in was turned, in radians.
    pub(crate) roll: f32,
    /// Whether it was seen in a mirrored look.
    pub(crate) mirrored: bool,
}

impl Detection {
    /// The region that landmarks are looked for in.
    pub(crate) fn region(&self) -> Region {
        let along = [self.left_eye[0] - self.right_eye[0], self.left_eye[1] - self.right_eye[1]];
        let side = MARGIN * self.bounds.longer_side();
        Region { centre: self.bounds.centre, side, roll: along[1].atan2(along[0]), mirrored: self.mirrored }
    }
}

/// Appends every anchor whose score is high enough.
pub(crate) fn decode(logits: &[f32], values: &[f32], square: &Region, found: &mut Vec<Detection>) {
    let centres = GRIDS.iter().flat_map(|&(cells, anchors)| {
        (0..cells * cells * anchors).map(move |index| {
            let cell = index / anchors;
            [((cell % cells) as f32 + 0.5) / cells as f32, ((cell / cells) as f32 + 0.5) / cells as f32]
        })
    });
    let scale = BlazeFace::SIDE as f32;
    let turned = square.turned();
    for ((&logit, value), anchor) in logits.iter().zip(values.chunks_exact(VALUES)).zip(centres) {
        let score = 1.0 / (1.0 + (-logit.clamp(-CLIP, CLIP)).exp());
        if score < SCORE {
            continue;
        }
        let at = |index: usize| turned.place([value[index] / scale + anchor[0], value[index + 1] / scale + anchor[1]]);
        found.push(Detection {
            score,
            bounds: Bounds { centre: at(0), size: [value[2] / scale * square.side, value[3] / scale * square.side] },
            right_eye: at(4),
            left_eye: at(6),
            roll: square.roll,
            mirrored: square.mirrored,
        });
    }
}

/// Merges detections of one face from index `first` on: each group becomes their mean, weighted by score (the paper's
/// "blending"), with the best one's score.
pub(crate) fn merge(found: &mut Vec<Detection>, first: usize) {
    let Some(fresh) = found.get_mut(first..) else { return };
    fresh.sort_unstable_by(|a, b| b.score.total_cmp(&a.score));
    let mut done = first;
    while let Some(&best) = found.get(done) {
        let mut total = 0.0;
        let mut sum = Detection { bounds: Bounds::default(), right_eye: [0.0; 2], left_eye: [0.0; 2], ..best };
        let mut kept = done + 1;
        for index in done..found.len() {
            let Some(&other) = found.get(index) else { break };
            if index == done || best.bounds.overlap(&other.bounds) > OVERLAP {
                total += other.score;
                for axis in 0..2 {
                    sum.bounds.centre[axis] += other.score * other.bounds.centre[axis];
                    sum.bounds.size[axis] += other.score * other.bounds.size[axis];
                    sum.right_eye[axis] += other.score * other.right_eye[axis];
                    sum.left_eye[axis] += other.score * other.left_eye[axis];
                }
            } else {
                found.swap(kept, index);
                kept += 1;
            }
        }
        for axis in 0..2 {
            sum.bounds.centre[axis] /= total;
            sum.bounds.size[axis] /= total;
            sum.right_eye[axis] /= total;
            sum.left_eye[axis] /= total;
        }
        if let Some(place) = found.get_mut(done) {
            *place = sum;
        }
        found.truncate(kept);
        if let Some(rest) = found.get_mut(done + 1..) {
            rest.sort_unstable_by(|a, b| b.score.total_cmp(&a.score));
        }
        done += 1;
    }
}

/// Keeps the surest of detections that are one face's, best first. Each may have been seen in another look, turned otherwise.
pub(crate) fn keep_best(found: &mut Vec<Detection>) {
    found.sort_unstable_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept = 0;
    for index in 0..found.len() {
        let Some((best, rest)) = found.split_at_mut_checked(kept) else { break };
        let Some(&next) = rest.get(index - kept) else { break };
        if !best.iter().any(|best| best.bounds.overlap(&next.bounds) > OVERLAP) {
            found.swap(kept, index);
            kept += 1;
        }
    }
    found.truncate(kept);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(score: f32, x: f32, size: f32) -> Detection {
        let bounds = Bounds { centre: [x, 0.0], size: [size; 2] };
        Detection { score, bounds, right_eye: [x - 1.0, 0.0], left_eye: [x + 1.0, 0.0], roll: 0.0, mirrored: false }
    }

    #[test]
    fn detections_of_one_face_become_their_weighted_mean() {
        let mut found = vec![face(0.6, 12.0, 20.0), face(0.9, 10.0, 20.0), face(0.7, 100.0, 20.0)];
        merge(&mut found, 0);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].score, 0.9);
        assert!((found[0].bounds.centre[0] - 10.8).abs() < 1e-5);
        assert_eq!(found[1].bounds.centre[0], 100.0);
    }

    #[test]
    fn of_one_faces_detections_the_surest_is_kept() {
        let mut found =
            vec![face(0.6, 12.0, 20.0), face(0.7, 100.0, 20.0), face(0.9, 10.0, 20.0), face(0.8, 101.0, 20.0)];
        keep_best(&mut found);
        let kept: Vec<_> = found.iter().map(|face| (face.score, face.bounds.centre[0])).collect();
        assert_eq!(kept, [(0.9, 10.0), (0.8, 101.0)]);
    }
}
