//! Where a face's skin is: a small picture over its rectangle, drawn from the mesh. Eyes, brows, lips and nostrils are
//! left out; every border is feathered. What lies over the skin (hair, glasses) is told apart later, by its colour.

use crate::face::topology::{
    FACE_OVAL, LEFT_EYE, LEFT_EYEBROW, LEFT_NOSTRIL, LIPS, RIGHT_EYE, RIGHT_EYEBROW, RIGHT_NOSTRIL,
};
use crate::retouch::FaceGeometry;
use crate::retouch::region::{Axes, Rect, at, cross, dot, minus};

/// Texels a side.
pub(crate) const SIDE: usize = 160;
/// Scan lines per row of texels, for smooth edges.
const LINES: usize = 4;
/// Most corners of a contour.
const CORNERS: usize = 40;

/// Two values a texel, 0..=255: how much of it is skin, and how surely it is skin that stands for the rest (cheeks,
/// nose, forehead), from which the person's own colour is taken.
#[derive(Default)]
pub(crate) struct Mask {
    texels: Vec<[u8; 2]>,
    /// First and last column and row that hold any skin.
    bounds: Option<[[usize; 2]; 2]>,
    skin: Vec<f32>,
    sample: Vec<f32>,
    scratch: Vec<f32>,
}

/// What is no skin, and by how much its contour is widened before it is left out, in units of the face's width.
const HOLES: [(&[u16], f32); 7] = [
    (&RIGHT_EYE, 0.045),
    (&LEFT_EYE, 0.045),
    (&RIGHT_EYEBROW, 0.040),
    (&LEFT_EYEBROW, 0.040),
    (&LIPS, 0.035),
    (&RIGHT_NOSTRIL, 0.035),
    (&LEFT_NOSTRIL, 0.035),
];

impl Mask {
    /// The texels, row by row, [`SIDE`] × [`SIDE`]. Empty before the first face was drawn.
    pub(crate) fn texels(&self) -> &[[u8; 2]] {
        &self.texels
    }

    /// Draws the skin of a face over its rectangle.
    pub(crate) fn draw(&mut self, face: &FaceGeometry<'_>) {
        let FaceGeometry { points, ref axes, rect, .. } = *face;
        for plane in [&mut self.skin, &mut self.sample, &mut self.scratch] {
            plane.clear();
            plane.resize(SIDE * SIDE, 0.0);
        }
        self.texels.resize(SIDE * SIDE, [0; 2]);
        let contour = Contour { points, axes, rect };
        let mut corners = [[0.0; 2]; CORNERS];
        // The mesh ends below the hairline, so the forehead's edge is raised a little; the rest is pulled in by the
        // width of the feather, so that nothing spills over the jaw.
        let outline = contour.outline(&mut corners, 0.955, 0.05);
        fill(&mut self.skin, outline);
        let inner = contour.outline(&mut corners, 0.80, 0.0);
        fill(&mut self.sample, inner);
        for (indices, border) in HOLES {
            let rows = fill(&mut self.scratch, contour.widened(indices, &mut corners, border));
            let texels = rows.start * SIDE..rows.end * SIDE;
            if let (Some(skin), Some(sample), Some(holes)) =
                (self.skin.get_mut(texels.clone()), self.sample.get_mut(texels.clone()), self.scratch.get_mut(texels))
            {
                for ((skin, sample), hole) in skin.iter_mut().zip(sample).zip(holes) {
                    *skin *= 1.0 - *hole;
                    *sample *= 1.0 - *hole;
                    *hole = 0.0;
                }
            }
        }
        for _ in 0..2 {
            blur(&mut self.skin, &mut self.scratch);
        }
        self.bounds = None;
        for (index, ((texel, &skin), &sample)) in self.texels.iter_mut().zip(&self.skin).zip(&self.sample).enumerate() {
            *texel = [(skin * 255.0).round() as u8, (sample.min(skin) * 255.0).round() as u8];
            if texel[0] > 0 {
                let at = [index % SIDE, index / SIDE];
                let [low, high] = self.bounds.unwrap_or([at, at]);
                self.bounds = Some([[low[0].min(at[0]), low[1]], [high[0].max(at[0]), at[1]]]);
            }
        }
    }

    /// Whether any of the texels from a first to a last column and row is skin.
    pub(crate) fn covers_within(&self, [[left, right], [top, bottom]]: [[usize; 2]; 2]) -> bool {
        let rows = self.texels.chunks_exact(SIDE).take(bottom + 1).skip(top);
        rows.flat_map(|row| row.iter().take(right + 1).skip(left)).any(|texel| texel[0] > 0)
    }

    /// The pixels of `rect` that lie where any skin is, or less than a texel beside; `None` where there is none.
    pub(crate) fn bounds(&self, rect: Rect) -> Option<Rect> {
        let [low, high] = self.bounds?;
        Some(rect.part([low[0].saturating_sub(1), low[1].saturating_sub(1)], [high[0] + 2, high[1] + 2], SIDE))
    }
}

/// What turns indices of the mesh into corners of a polygon, in texels.
struct Contour<'a> {
    points: &'a [[f32; 3]],
    axes: &'a Axes,
    rect: Rect,
}

impl Contour<'_> {
    fn texel(&self, p: [f32; 2]) -> [f32; 2] {
        [
            (p[0] - self.rect.x as f32) * SIDE as f32 / self.rect.width as f32,
            (p[1] - self.rect.y as f32) * SIDE as f32 / self.rect.height as f32,
        ]
    }

    fn centre(&self, indices: &[u16]) -> [f32; 2] {
        let mut low = [f32::INFINITY; 2];
        let mut high = [f32::NEG_INFINITY; 2];
        for &index in indices {
            let p = at(self.points, index);
            for axis in 0..2 {
                low[axis] = low[axis].min(p[axis]);
                high[axis] = high[axis].max(p[axis]);
            }
        }
        [(low[0] + high[0]) / 2.0, (low[1] + high[1]) / 2.0]
    }

    /// The face's outline, scaled about its centre, its upper part raised by `raise` face widths.
    fn outline<'c>(&self, corners: &'c mut [[f32; 2]; CORNERS], scale: f32, raise: f32) -> &'c [[f32; 2]] {
        let centre = self.centre(&FACE_OVAL);
        self.polygon(&FACE_OVAL, corners, |p| {
            let v = minus(p, centre);
            let above = (-dot(v, self.axes.down) / self.axes.length).clamp(0.0, 1.0);
            let up = raise * self.axes.width * above * above;
            std::array::from_fn(|axis| centre[axis] + v[axis] * scale - self.axes.down[axis] * up)
        })
    }

    /// A part's contour, moved outward by a border in face widths.
    fn widened<'c>(&self, indices: &[u16], corners: &'c mut [[f32; 2]; CORNERS], border: f32) -> &'c [[f32; 2]] {
        let count = indices.len();
        let corner = |k: usize| indices.get(k % count.max(1)).map_or([0.0; 2], |&index| at(self.points, index));
        let turn: f32 = (0..count).map(|k| cross(corner(k), corner(k + 1))).sum();
        let border = border * self.axes.width * turn.signum();
        for (k, place) in corners.iter_mut().enumerate().take(count) {
            let (here, along) = (corner(k), minus(corner(k + 1), corner(k + count - 1)));
            let length = dot(along, along).sqrt().max(1e-6);
            *place = self.texel([here[0] + border * along[1] / length, here[1] - border * along[0] / length]);
        }
        corners.get(..count).unwrap_or_default()
    }

    fn polygon<'c>(
        &self,
        indices: &[u16],
        corners: &'c mut [[f32; 2]; CORNERS],
        place: impl Fn([f32; 2]) -> [f32; 2],
    ) -> &'c [[f32; 2]] {
        let mut count = 0;
        for (corner, &index) in corners.iter_mut().zip(indices) {
            *corner = self.texel(place(at(self.points, index)));
            count += 1;
        }
        corners.get(..count).unwrap_or_default()
    }
}

/// Adds a polygon's coverage, 0..=1, to a plane of [`SIDE`] × [`SIDE`] texels: even-odd, exact along rows, [`LINES`]
/// scan lines a row. Returns the rows that it may have touched.
fn fill(plane: &mut [f32], corners: &[[f32; 2]]) -> std::ops::Range<usize> {
    let mut crossings = [0.0_f32; CORNERS];
    let heights = corners.iter().map(|corner| corner[1].clamp(0.0, SIDE as f32));
    let (low, high) = heights.fold((SIDE as f32, 0.0_f32), |(low, high), y| (low.min(y), high.max(y)));
    let rows = (low as usize).min(high.ceil() as usize)..high.ceil() as usize;
    for (y, row) in plane.chunks_exact_mut(SIDE).enumerate().take(rows.end).skip(rows.start) {
        for line in 0..LINES {
            let at = y as f32 + (line as f32 + 0.5) / LINES as f32;
            let mut count = 0;
            let mut previous = corners.last().copied().unwrap_or_default();
            for &corner in corners {
                if (previous[1] <= at) != (corner[1] <= at) {
                    let share = (at - previous[1]) / (corner[1] - previous[1]);
                    if let Some(slot) = crossings.get_mut(count) {
                        *slot = previous[0] + share * (corner[0] - previous[0]);
                        count += 1;
                    }
                }
                previous = corner;
            }
            let Some(found) = crossings.get_mut(..count) else { continue };
            found.sort_unstable_by(f32::total_cmp);
            for span in found.chunks_exact(2) {
                add_span(row, span[0], span[1]);
            }
        }
    }
    rows
}

/// Adds a stretch of a scan line to a row of texels.
fn add_span(row: &mut [f32], from: f32, to: f32) {
    let (from, to) = (from.clamp(0.0, SIDE as f32), to.clamp(0.0, SIDE as f32));
    let (first, last) = (from as usize, (to.ceil() as usize).min(SIDE));
    for (x, texel) in row.iter_mut().enumerate().take(last).skip(first) {
        let covered = (to.min(x as f32 + 1.0) - from.max(x as f32)).max(0.0);
        *texel += covered / LINES as f32;
    }
}

/// One pass of a 3 × 3 box over a plane of [`SIDE`] × [`SIDE`] texels. Beyond the border is nothing, save where the frame
/// itself ends there: the border's own texels are repeated.
fn blur(plane: &mut [f32], scratch: &mut [f32]) {
    for (from, to) in plane.chunks_exact(SIDE).zip(scratch.chunks_exact_mut(SIDE)) {
        for (x, out) in to.iter_mut().enumerate() {
            let (before, after) = (x.saturating_sub(1), (x + 1).min(SIDE - 1));
            *out = (from[before] + from[x] + from[after]) / 3.0;
        }
    }
    for (y, to) in plane.chunks_exact_mut(SIDE).enumerate() {
        let row = |y: usize| scratch.get(y * SIDE..(y + 1) * SIDE).unwrap_or_default();
        let (above, here, below) = (row(y.saturating_sub(1)), row(y), row((y + 1).min(SIDE - 1)));
        for (((out, a), b), c) in to.iter_mut().zip(above).zip(here).zip(below) {
            *out = (a + b + c) / 3.0;
        }
    }
}
