//! Where faces are: anchors, decoding and merging of the detector's outputs, and the tiles it is run over.
//!
//! Bazarevsky et al., "BlazeFace: Sub-millisecond neural face detection on mobile GPUs" (2019).

use super::Orientation;
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
    /// Its box; width and height in the axes of the square it was found in.
    pub(crate) bounds: Bounds,
    pub(crate) right_eye: [f32; 2],
    pub(crate) left_eye: [f32; 2],
    /// Whether it was seen in a mirrored square.
    pub(crate) mirrored: bool,
}

impl Detection {
    /// The region that landmarks are looked for in.
    pub(crate) fn region(&self) -> Region {
        let along = [self.left_eye[0] - self.right_eye[0], self.left_eye[1] - self.right_eye[1]];
        let side = MARGIN * self.bounds.size[0].max(self.bounds.size[1]);
        Region { centre: self.bounds.centre, side, roll: along[1].atan2(along[0]), mirrored: self.mirrored }
    }
}

/// Drops the detections from index `first` on that an edge of their square cuts.
pub(crate) fn drop_cut(found: &mut Vec<Detection>, first: usize, square: &Region, frame: [u32; 2]) {
    let mut index = 0;
    found.retain(|detection| {
        index += 1;
        index <= first || !is_cut(detection, square, frame)
    });
}

/// Whether a face reaches beyond an upright square on a side where the frame goes on.
fn is_cut(detection: &Detection, square: &Region, frame: [u32; 2]) -> bool {
    (0..2).any(|axis| {
        let ends = |centre: f32, size: f32| (centre - size / 2.0, centre + size / 2.0);
        let (low, high) = ends(detection.bounds.centre[axis], detection.bounds.size[axis]);
        let (start, end) = ends(square.centre[axis], square.side);
        (low < start && start > 1.0) || (high > end && end < frame[axis] as f32 - 1.0)
    })
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

/// Tiles of one size lie this share of their side apart: a face that the next larger size is too coarse for is whole in
/// one of them.
const TILE_STEP: f32 = 0.65;

/// Lists the squares that a picture is searched in, and returns how many of them are the coarse ones: the whole picture,
/// the largest tiles, the whole picture turned by a quarter to either side. The rest are overlapping tiles whose side
/// halves from size to size down to `smallest` pixels.
///
/// The detector finds faces whose eyes are farther apart than about a twelfth of the square's side.
pub(crate) fn squares(
    [width, height]: [u32; 2],
    orientation: Orientation,
    smallest: f32,
    squares: &mut Vec<Region>,
) -> usize {
    squares.clear();
    let whole = Region::around(width, height, orientation);
    squares.push(whole);
    let turned = [1.0, -1.0].map(|sign| Region { roll: whole.roll + sign * std::f32::consts::FRAC_PI_2, ..whole });
    let (width, height) = (width as f32, height as f32);
    let mut side = width.min(height);
    if side >= 0.95 * whole.side {
        side *= 0.5;
    }
    let mut coarse = None;
    while side >= smallest {
        let count = |length: f32| ((length - side) / (side * TILE_STEP)).ceil().max(0.0) as usize + 1;
        let (columns, rows) = (count(width), count(height));
        let place = |index: usize, count: usize, length: f32| {
            if count == 1 { length / 2.0 } else { side / 2.0 + (length - side) * index as f32 / (count - 1) as f32 }
        };
        for row in 0..rows {
            for column in 0..columns {
                let centre = [place(column, columns, width), place(row, rows, height)];
                squares.push(Region::upright(centre, side, orientation));
            }
        }
        if coarse.is_none() {
            squares.extend(turned);
            coarse = Some(squares.len());
        }
        side *= 0.5;
    }
    coarse.unwrap_or_else(|| {
        squares.extend(turned);
        squares.len()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(score: f32, x: f32, size: f32) -> Detection {
        let bounds = Bounds { centre: [x, 0.0], size: [size; 2] };
        Detection { score, bounds, right_eye: [x - 1.0, 0.0], left_eye: [x + 1.0, 0.0], mirrored: false }
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
    fn the_tiles_of_each_size_cover_the_whole_picture() {
        let mut list = Vec::new();
        for (width, height) in [(640, 480), (1920, 1080), (300, 900), (200, 200), (1, 1), (4000, 2)] {
            squares([width, height], Orientation::default(), 90.0, &mut list);
            assert_eq!(list[0], Region::around(width, height, Orientation::default()));
            for tile in &list {
                let alike = || list.iter().filter(|other| other.side == tile.side);
                for [x, y] in [[0, 0], [width, 0], [0, height], [width, height], [width / 3, height / 3]] {
                    let covers = |tile: &Region| {
                        let reach = tile.side / 2.0 + 0.01;
                        (x as f32 - tile.centre[0]).abs() <= reach && (y as f32 - tile.centre[1]).abs() <= reach
                    };
                    assert!(alike().any(covers), "({x}, {y}) of {width}×{height} at {}", tile.side);
                }
            }
        }
    }

    #[test]
    fn a_face_cut_by_a_tiles_edge_is_left_to_another_tile() {
        let tile = Region::upright([50.0, 50.0], 100.0, Orientation::default());
        let at = |x, y| Detection { bounds: Bounds { centre: [x, y], size: [20.0; 2] }, ..face(1.0, x, 20.0) };
        assert!(is_cut(&at(95.0, 50.0), &tile, [200, 100]));
        assert!(!is_cut(&at(5.0, 95.0), &tile, [200, 100]), "the frame itself ends there");
        assert!(!is_cut(&at(50.0, 50.0), &tile, [200, 100]));
    }
}
