//! Which tiles of the frame the last pass visits: those that a face changes, and how. Where a frame's tiles lie does not
//! depend on its faces, so that none is visited twice where faces overlap.

use super::FacePlan;
use super::region::Rect;
use super::{mask, warp};

/// Pixels a side.
pub(crate) const TILE: u32 = 16;

/// Tiles of a row of the list.
pub(crate) const ROW: usize = 256;

/// What the last pass is told of a tile: its column and row, and a bit for each face that moves its pixels, and for each that
/// may change their colours.
pub(crate) type Tile = [u32; 4];

/// The tiles of one frame.
#[derive(Default)]
pub(crate) struct Tiles {
    /// In whole rows; what is left of the last one is empty.
    list: Vec<Tile>,
    moving: Vec<Tile>,
    still: usize,
    count: usize,
}

impl Tiles {
    /// All tiles: first those whose pixels keep their place.
    pub(crate) fn list(&self) -> &[Tile] {
        self.list.get(..self.count).unwrap_or_default()
    }

    /// The same in whole rows.
    pub(crate) fn rows(&self) -> &[Tile] {
        &self.list
    }

    /// How many keep their place.
    pub(crate) fn still(&self) -> usize {
        self.still
    }

    /// Lists what the faces change.
    pub(crate) fn update(&mut self, faces: &[FacePlan]) {
        self.list.clear();
        self.moving.clear();
        for (index, face) in faces.iter().enumerate() {
            let changing = face.changing();
            let (columns, rows) = (span(changing.x, changing.width), span(changing.y, changing.height));
            for (row, column) in rows.flat_map(|row| columns.clone().map(move |column| (row, column))) {
                let tile = Rect { x: column * TILE, y: row * TILE, width: TILE, height: TILE };
                if !faces.iter().take(index).any(|earlier| visits(&earlier.changing(), &tile)) {
                    self.add(faces, &tile, [column, row]);
                }
            }
        }
        self.still = self.list.len();
        self.list.append(&mut self.moving);
        self.count = self.list.len();
        self.list.resize(self.count.next_multiple_of(ROW), Tile::default());
    }

    fn add(&mut self, faces: &[FacePlan], tile: &Rect, [column, row]: [u32; 2]) {
        let bits = |holds: &dyn Fn(&FacePlan) -> bool| {
            (0..).zip(faces).filter(|(_, face)| holds(face)).fold(0, |bits, (index, _)| bits | (1_u32 << index))
        };
        let moving = bits(&|face| face.warps() && face.moving.meets(tile) && moves(face, tile));
        if moving == 0 {
            let skin = bits(&|face| face.corrects() && face.skin.meets(tile) && has_skin(face, tile));
            if skin != 0 {
                self.list.push([column, row, 0, skin]);
            }
            return;
        }
        // What comes from elsewhere may be skin there.
        let skin = bits(&|face| face.corrects() && face.rect.meets(tile));
        self.moving.push([column, row, moving, skin]);
    }
}

/// The tiles that hold some of so many pixels from `start` on.
fn span(start: u32, length: u32) -> std::ops::Range<u32> {
    if length == 0 { 0..0 } else { start / TILE..(start + length).div_ceil(TILE) }
}

fn visits(changing: &Rect, tile: &Rect) -> bool {
    span(changing.x, changing.width).contains(&(tile.x / TILE))
        && span(changing.y, changing.height).contains(&(tile.y / TILE))
}

/// The places of a lattice with `steps` steps over the face's rectangle that lie on a tile or at most `beside` pixels and one
/// step beside it: first and last column and row.
fn places(face: &FacePlan, tile: &Rect, steps: usize, beside: f32) -> [[usize; 2]; 2] {
    let range = |from: u32, length: u32, origin: u32, whole: u32| {
        let step = steps as f32 / whole.max(1) as f32;
        let place = |p: f32| ((p - origin as f32) * step).clamp(0.0, steps as f32);
        let (low, high) = (place(from as f32 - beside) - 1.0, place((from + length) as f32 + beside) + 1.0);
        // The casts round down and keep to what there is.
        [low as usize, (high.ceil() as usize).min(steps)]
    };
    [range(tile.x, tile.width, face.rect.x, face.rect.width), range(tile.y, tile.height, face.rect.y, face.rect.height)]
}

/// Whether any pixel of a tile may move.
fn moves(face: &FacePlan, tile: &Rect) -> bool {
    face.field.moves_within(places(face, tile, warp::SIDE - 1, 0.0))
}

/// Whether any pixel of a tile may be skin.
fn has_skin(face: &FacePlan, tile: &Rect) -> bool {
    face.mask.covers_within(places(face, tile, mask::SIDE, face.cell))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retouch::Plan;
    use crate::{Face, FaceTracker, Frame, Look, TrackerOptions};

    /// Every pixel that moves or is skin lies in just one tile, which says so; most of the rectangle is not visited.
    #[test]
    fn tiles_hold_all_that_changes() {
        let picture = image::open(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/astronaut.png")).unwrap().into_rgba8();
        let frame = Frame::rgba8(&picture, picture.width(), picture.height()).unwrap();
        let face = FaceTracker::new(TrackerOptions::default()).unwrap().detect(&frame).unwrap().remove(0);
        let mut second = Face { id: 1, ..face.clone() };
        second.points.iter_mut().for_each(|point| point[0] += 60.0);
        for look in [Look::GLAM, Look { slim: 0.4, ..Look::NONE }, Look { smooth: 1.0, ..Look::NONE }] {
            let mut plan = Plan::default();
            plan.update(512, 512, &[face.clone(), second.clone()], &look).unwrap();
            let tiles = &plan.tiles;
            let mut seen = std::collections::HashMap::new();
            for (index, &[column, row, moving, skin]) in tiles.list().iter().enumerate() {
                assert_eq!(moving == 0, index < tiles.still());
                assert!(seen.insert((column, row), (moving, skin)).is_none(), "twice");
            }
            for (index, face) in plan.faces().iter().enumerate() {
                let told = |x: u32, y: u32| seen.get(&(x / TILE, y / TILE)).copied().unwrap_or_default();
                for (y, x) in (0..512).flat_map(|y| (0..512).map(move |x| (y, x))) {
                    let inside = face.rect.meets(&Rect { x, y, width: 1, height: 1 });
                    let bit = 1 << index;
                    if inside && face.field.at([x as f32 + 0.5, y as f32 + 0.5], face.rect) != [0.0; 2] {
                        assert!(told(x, y).0 & bit != 0, "({x}, {y}) moves");
                    }
                    let texel = |at: u32, from: u32, length: u32| {
                        ((at as f32 + 0.5 - from as f32) / length as f32 * mask::SIDE as f32) as usize
                    };
                    let (u, v) = (texel(x, face.rect.x, face.rect.width), texel(y, face.rect.y, face.rect.height));
                    let texel = face.mask.texels().get(v * mask::SIDE + u).copied().unwrap_or_default();
                    if inside && face.corrects() && texel[0] > 0 {
                        assert!(told(x, y).1 & bit != 0, "({x}, {y}) is skin");
                    }
                }
            }
            let rects: u32 = plan.faces().iter().map(|face| face.rect.width * face.rect.height).sum();
            let visited = tiles.list().len() as u32 * TILE * TILE;
            assert!(visited < rects * 2 / 3, "{visited} pixels of {rects}");
        }
    }
}
