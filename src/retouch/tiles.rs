//! Which tiles of the frame the last pass visits: those that a face changes, and how. Where a frame's tiles lie does not
//! depend on its faces, so that none is visited twice where faces overlap.

use super::FacePlan;
use super::paint::{BOXES, EYES, MOUTH};
use super::region::{Rect, TILE};
use super::shape::field;
use super::skin::prior;

/// Side of a cell, in pixels, from which on neighbouring pixels share what is known of the skin.
const SHARED: f32 = 3.0;

/// Tiles of a row of the list.
pub(crate) const ROW: usize = 256;

/// What a pass is told of a tile: its column (lower half) and row (upper half); and a bit for each face that moves its pixels, for
/// each whose skin they may be, and for each that may be painted there.
pub(crate) type Tile = [u32; 4];

/// Kinds of tiles.
pub(crate) const KINDS: usize = 9;

/// The tiles of one frame.
#[derive(Default)]
pub(crate) struct Tiles {
    /// In whole rows; what is left of the last one is empty.
    list: Vec<Tile>,
    fine: Vec<Tile>,
    moved: Vec<Tile>,
    bare: Vec<Tile>,
    painted: Vec<Tile>,
    painted_moved: Vec<Tile>,
    mouths: Vec<Tile>,
    eyes: Vec<Tile>,
    both: Vec<Tile>,
    ends: [usize; KINDS],
}

impl Tiles {
    /// All tiles: first those that are not painted: those whose pixels keep their place, the same of small faces, those that move and may
    /// hold skin, those that only move. Then those that are painted: those whose pixels keep their place, and those that move. Behind
    /// them what is painted, in the picture that does not move yet: tiles that hold a mouth, an eye, both.
    pub(crate) fn list(&self) -> &[Tile] {
        self.list.get(..self.ends[KINDS - 1]).unwrap_or_default()
    }

    /// The same in whole rows.
    pub(crate) fn rows(&self) -> &[Tile] {
        &self.list
    }

    /// Where in the list each of these kinds ends.
    pub(crate) fn ends(&self) -> [usize; KINDS] {
        self.ends
    }

    /// Lists what the faces change.
    pub(crate) fn update(&mut self, faces: &[FacePlan]) {
        self.list.clear();
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
        self.list_painted(faces);
        let Self { list, fine, moved, bare, painted, painted_moved, mouths, eyes, both, ends } = self;
        ends[0] = list.len();
        for (kind, end) in
            [fine, moved, bare, painted, painted_moved, mouths, eyes, both].into_iter().zip(ends.iter_mut().skip(1))
        {
            list.append(kind);
            *end = list.len();
        }
        self.list.resize(self.list.len().next_multiple_of(ROW), Tile::default());
    }

    /// Lists the tiles that hold a pixel of what is painted, and of those beside them in the boxes the ones that something moved may
    /// come from: there it finds that nothing is painted.
    fn list_painted(&mut self, faces: &[FacePlan]) {
        // As far as anything moves, and one pixel, since what moves is read between pixels.
        let beside = faces.iter().map(|face| reach(face, &face.shape.bounds)).sum::<f32>().ceil() as u32 + 1;
        for (index, face) in faces.iter().enumerate() {
            for (number, area) in face.paint.boxes.iter().enumerate() {
                let (columns, rows) = (span(area.x, area.width), span(area.y, area.height));
                for (row, column) in rows.flat_map(|row| columns.clone().map(move |column| (row, column))) {
                    let tile = Rect { x: column * TILE, y: row * TILE, width: TILE, height: TILE };
                    let around = Rect {
                        x: tile.x.saturating_sub(beside),
                        y: tile.y.saturating_sub(beside),
                        width: TILE + 2 * beside,
                        height: TILE + 2 * beside,
                    };
                    let earlier = faces.iter().take(index).flat_map(|face| &face.paint.boxes);
                    let own = face.paint.boxes.iter().take(number);
                    if !earlier.chain(own).any(|area| visits(area, &tile)) {
                        let skin = bits(faces, |face| !face.skin.is_none() && has_skin(face, &tile, 0.0));
                        let paint = bits(faces, |face| has_paint(face, &tile, 0.0));
                        if paint == 0 && !faces.iter().any(|face| reach(face, &around) > 0.0) {
                            continue;
                        }
                        let (columns, rows) = (column..column + 1, row..row + 1);
                        let holds = |parts: &[usize]| {
                            faces.iter().any(|face| parts.iter().any(|part| face.paint.paints(*part, &columns, &rows)))
                        };
                        let list = match (holds(&[MOUTH]), holds(&EYES)) {
                            (_, false) => &mut self.mouths,
                            (false, true) => &mut self.eyes,
                            (true, true) => &mut self.both,
                        };
                        list.push([column | row << 16, 0, skin, paint]);
                    }
                }
            }
        }
    }

    fn add(&mut self, faces: &[FacePlan], tile: &Rect, [column, row]: [u32; 2]) {
        // What comes from elsewhere may be skin there: so far away, all faces taken together.
        let mut beside = 0.0;
        let moving = bits(faces, |face| {
            let reach = reach(face, tile);
            beside += reach;
            reach > 0.0
        });
        let skin = bits(faces, |face| !face.skin.is_none() && has_skin(face, tile, beside));
        let paint = bits(faces, |face| has_paint(face, tile, beside));
        let is_fine = (0..).zip(faces).any(|(index, face)| skin & (1_u32 << index) != 0 && face.skin.cell < SHARED);
        let place = column | row << 16;
        let list = match (moving, skin, paint) {
            (0, 0, 0) => return,
            (0, _, 0) if is_fine => &mut self.fine,
            (0, _, 0) => &mut self.list,
            (_, 0, 0) => &mut self.bare,
            (_, _, 0) => &mut self.moved,
            (0, ..) => &mut self.painted,
            _ => &mut self.painted_moved,
        };
        list.push([place, moving, skin, paint]);
    }
}

/// A bit for each face of which something holds.
fn bits(faces: &[FacePlan], mut holds: impl FnMut(&FacePlan) -> bool) -> u32 {
    (0..).zip(faces).filter(|(_, face)| holds(face)).fold(0, |bits, (index, _)| bits | (1_u32 << index))
}

/// Whether any pixel of a tile may be painted, or any so many pixels beside it.
fn has_paint(face: &FacePlan, tile: &Rect, beside: f32) -> bool {
    // What comes from elsewhere is read between pixels.
    let beside = if beside > 0.0 { beside.ceil() as u32 + 1 } else { 0 };
    let tiles = |from: u32, length: u32| from.saturating_sub(beside) / TILE..(from + length + beside).div_ceil(TILE);
    let (columns, rows) = (tiles(tile.x, tile.width), tiles(tile.y, tile.height));
    (0..BOXES).any(|part| face.paint.paints(part, &columns, &rows))
}

/// The tiles that hold some of so many pixels from `start` on.
fn span(start: u32, length: u32) -> std::ops::Range<u32> {
    if length == 0 { 0..0 } else { start / TILE..(start + length).div_ceil(TILE) }
}

fn visits(changing: &Rect, tile: &Rect) -> bool {
    span(changing.x, changing.width).contains(&(tile.x / TILE))
        && span(changing.y, changing.height).contains(&(tile.y / TILE))
}

/// The places of a lattice with `steps` steps over a rectangle that lie on a tile or at most `beside` pixels and one
/// step beside it: first and last column and row.
fn places(rect: &Rect, tile: &Rect, steps: usize, beside: f32) -> [[usize; 2]; 2] {
    let range = |from: u32, length: u32, origin: u32, whole: u32| {
        let step = steps as f32 / whole.max(1) as f32;
        let place = |p: f32| ((p - origin as f32) * step).clamp(0.0, steps as f32);
        let (low, high) = (place(from as f32 - beside) - 1.0, place((from + length) as f32 + beside) + 1.0);
        // The casts round down and keep to what there is.
        [low as usize, (high.ceil() as usize).min(steps)]
    };
    [range(tile.x, tile.width, rect.x, rect.width), range(tile.y, tile.height, rect.y, rect.height)]
}

/// How far a face moves any pixel of a tile at most, in pixels.
fn reach(face: &FacePlan, tile: &Rect) -> f32 {
    if face.shape.is_none() || !face.shape.bounds.meets(tile) {
        return 0.0;
    }
    face.shape.field.reach_within(places(&face.shape.rect, tile, field::SIDE - 1, 0.0))
}

/// Whether any pixel of a tile may be skin, or any so many pixels beside it.
fn has_skin(face: &FacePlan, tile: &Rect, beside: f32) -> bool {
    let near = |from: u32, length: u32, skin: u32, extent: u32| {
        from as f32 - beside <= (skin + extent) as f32 && (from + length) as f32 + beside >= skin as f32
    };
    // Most faces of a crowd are told apart by this alone.
    let skin = face.skin.bounds;
    near(tile.x, tile.width, skin.x, skin.width)
        && near(tile.y, tile.height, skin.y, skin.height)
        && face.skin.prior.may_be_within(places(&face.skin.rect, tile, prior::SIDE - 1, beside))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retouch::Plan;
    use crate::{Face, FaceTracker, Frame, Look, Shape, Skin, TrackerOptions};

    /// Every pixel that moves or is skin lies in just one tile, which says so; most of the rectangle is not visited.
    #[test]
    fn tiles_hold_all_that_changes() {
        let picture = image::open(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/astronaut.png")).unwrap().into_rgba8();
        let frame = Frame::rgba8(&picture, picture.width(), picture.height()).unwrap();
        let face = FaceTracker::new(TrackerOptions::default()).unwrap().detect(&frame).unwrap().remove(0);
        let mut second = Face { id: 1, ..face.clone() };
        second.points.iter_mut().for_each(|point| point[0] += 60.0);
        for look in [
            Look { skin: Look::GLAM.skin, shape: Look::GLAM.shape, ..Look::NONE },
            Look { shape: Shape { slim: 0.4, ..Shape::NONE }, ..Look::NONE },
            Look { skin: Skin { smooth: 1.0, ..Skin::NONE }, ..Look::NONE },
        ] {
            let mut plan = Plan::default();
            plan.update((512, 512), &[face.clone(), second.clone()], (&look).into(), false).unwrap();
            let tiles = &plan.tiles;
            let mut seen = std::collections::HashMap::new();
            for (index, &[place, moving, skin, _]) in tiles.list().iter().enumerate() {
                let (column, row) = (place & 0xffff, place >> 16);
                let [still, fine, moved, ..] = tiles.ends();
                assert_eq!((moving == 0, skin == 0), (index < fine, index >= moved));
                let has_fine = |(face, plan): (usize, &FacePlan)| skin >> face & 1 == 1 && plan.skin.cell < SHARED;
                assert!(moving != 0 || plan.faces().iter().enumerate().any(has_fine) == (index >= still));
                assert!(seen.insert((column, row), (moving, skin)).is_none(), "twice");
            }
            for (index, face) in plan.faces().iter().enumerate() {
                let told = |x: u32, y: u32| seen.get(&(x / TILE, y / TILE)).copied().unwrap_or_default();
                for (y, x) in (0..512).flat_map(|y| (0..512).map(move |x| (y, x))) {
                    let place = [x as f32 + 0.5, y as f32 + 0.5];
                    let bit = 1 << index;
                    if face.shape.field.at(place, face.shape.rect) != [0.0; 2] {
                        assert!(told(x, y).0 & bit != 0, "({x}, {y}) moves");
                    }
                    // What is seen here may come from elsewhere.
                    let moved = plan.faces().iter().map(|face| face.shape.field.at(place, face.shape.rect));
                    let [u, v] = moved.fold(place, |[u, v], by| [u + by[0], v + by[1]]);
                    // The four nodes around that place.
                    let skin = face.skin.rect;
                    let node = |at: f32, from: u32, length: u32| {
                        let node = (at - from as f32) / length.max(1) as f32 * (prior::SIDE - 1) as f32;
                        [node, node + 1.0].map(|node| node.clamp(0.0, (prior::SIDE - 1) as f32) as usize)
                    };
                    let nodes = [node(u, skin.x, skin.width), node(v, skin.y, skin.height)];
                    let bounds = face.skin.bounds.corners().map(|v| v as f32);
                    let is_within = (bounds[0]..=bounds[2]).contains(&u) && (bounds[1]..=bounds[3]).contains(&v);
                    if !face.skin.is_none() && is_within && face.skin.prior.may_be_within(nodes) {
                        assert!(told(x, y).1 & bit != 0, "({x}, {y}) is skin");
                    }
                }
            }
            let rects: u32 = plan.faces().iter().map(FacePlan::reading).map(|rect| rect.width * rect.height).sum();
            let visited = tiles.list().len() as u32 * TILE * TILE;
            assert!(visited < rects * 2 / 3, "{visited} pixels of {rects}");
        }
    }
}
