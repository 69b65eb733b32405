//! Draws the face's triangles, where they shall go, into the lattice: each node then holds how far back it comes from. This is the
//! inverse of the piecewise linear map from triangle to triangle, without a search.

use super::canonical::{CANONICAL, TRIANGLES, VERTICES};
use super::grid::{Grid, SIDE, Span};
use super::planes::Planes;
use super::wanted::Wanted;

/// Kinds of depth that triangles are sorted by.
const DEPTHS: usize = 256;
/// Nodes that a triangle's edges are widened by, so that no node falls between two of them.
const EDGE: f32 = 1e-3;
/// Nodes that are looked at together.
const LANES: usize = 8;
type Lanes = [f32; LANES];
const INDICES: Lanes = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0];
/// Twice the area, in nodes, below which a triangle is not seen.
const LEAST: f32 = 1e-5;

/// Room to sort triangles in.
pub(in crate::retouch) struct Raster {
    order: [u16; TRIANGLES],
}

impl Default for Raster {
    fn default() -> Self {
        Self { order: [0; TRIANGLES] }
    }
}

/// A vertex where it is drawn: its place in nodes, and what is drawn there, a value for each plane.
#[derive(Clone, Copy, Default)]
pub(in crate::retouch) struct Vertex {
    pub(in crate::retouch) place: [f32; 2],
    pub(in crate::retouch) drawn: [f32; 3],
}

impl Raster {
    /// Draws all triangles that face the camera, the farthest first. Returns the nodes that may be covered.
    pub(super) fn draw(&mut self, points: &[[f32; 3]], wanted: &Wanted, grid: &Grid, planes: &mut Planes) -> Span {
        // Displacement back, in pixels, and rounding.
        let vertices: [Vertex; VERTICES] = std::array::from_fn(|index| {
            let ([x, y], [u, v]) = (wanted.places[index], wanted.by[index]);
            Vertex { place: grid.nodes([x + u, y + v]), drawn: [-u, -v, wanted.rounding[index]] }
        });
        self.fill(points, &vertices, wanted.mirrored, planes)
    }

    /// Draws values of the vertices of a face with these points. Returns the nodes that may be covered.
    pub(in crate::retouch) fn fill(
        &mut self,
        points: &[[f32; 3]],
        vertices: &[Vertex; VERTICES],
        mirrored: bool,
        planes: &mut Planes,
    ) -> Span {
        self.sort(points);
        fill_all(&self.order, vertices, mirrored, planes)
    }

    /// The triangles by their mean depth, the farthest first: a counting sort.
    fn sort(&mut self, points: &[[f32; 3]]) {
        let depth = |vertex: u16| points.get(usize::from(vertex)).map_or(0.0, |point| point[2]);
        let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
        for point in points.iter().take(VERTICES) {
            (low, high) = (low.min(point[2]), high.max(point[2]));
        }
        let scale = (DEPTHS - 1) as f32 / (3.0 * (high - low).max(1e-6));
        let kind = |triangle: &[u16; 3]| {
            let depth: f32 = triangle.iter().map(|&vertex| depth(vertex) - low).sum();
            // The cast keeps to what there is.
            (DEPTHS - 1).saturating_sub((depth * scale) as usize)
        };
        let mut kinds = [0_u8; TRIANGLES];
        let mut starts = [0_u16; DEPTHS + 1];
        for (slot, triangle) in kinds.iter_mut().zip(&CANONICAL.triangles) {
            let kind = kind(triangle);
            *slot = kind as u8;
            starts[kind + 1] += 1;
        }
        for kind in 1..starts.len() {
            starts[kind] += starts[kind - 1];
        }
        for (index, &kind) in (0..).zip(&kinds) {
            let start = &mut starts[usize::from(kind)];
            if let Some(slot) = self.order.get_mut(usize::from(*start)) {
                *slot = index;
            }
            *start += 1;
        }
    }
}

fn fill_all(order: &[u16; TRIANGLES], vertices: &[Vertex; VERTICES], mirrored: bool, planes: &mut Planes) -> Span {
    let mut covered = Span { x: [SIDE, 0], y: [SIDE, 0] };
    for &index in order {
        let Some(&[a, b, c]) = CANONICAL.triangles.get(usize::from(index)) else { continue };
        let [b, c] = if mirrored { [b, c] } else { [c, b] };
        let (Some(a), Some(b), Some(c)) =
            (vertices.get(usize::from(a)), vertices.get(usize::from(b)), vertices.get(usize::from(c)))
        else {
            continue;
        };
        fill([a, b, c], planes, &mut covered);
    }
    covered
}

/// Fills a triangle whose corners follow each other clockwise in the picture; one that does not is seen from behind.
#[inline(always)]
fn fill(corners: [&Vertex; 3], planes: &mut Planes, covered: &mut Span) {
    let [a, b, c] = corners.map(|corner| corner.place);
    let (ab, ac) = ([b[0] - a[0], b[1] - a[1]], [c[0] - a[0], c[1] - a[1]]);
    let area = ab[0] * ac[1] - ab[1] * ac[0];
    if area.is_nan() || area < LEAST {
        return;
    }
    let last = (SIDE - 2) as f32;
    // The casts round down and keep to what there is.
    let range = |axis: usize| {
        let (low, high) = (a[axis].min(b[axis]).min(c[axis]) - EDGE, a[axis].max(b[axis]).max(c[axis]) + EDGE);
        (low.max(1.0).ceil() as usize, high.min(last) as usize + 1)
    };
    let ((left, right), (top, bottom)) = (range(0), range(1));
    if left >= right || top >= bottom {
        return;
    }
    // How far to the inner side of each edge a node lies, times the edge's length, and how that changes from node to node.
    let edges: [[f32; 3]; 3] = [(a, b), (b, c), (c, a)].map(|(from, to)| {
        let (x, y) = (to[0] - from[0], to[1] - from[1]);
        [y * from[0] - x * from[1] + EDGE * (x.abs() + y.abs()), -y, x]
    });
    // The same for what is drawn.
    let share = 1.0 / area;
    let drawn: [[f32; 3]; 3] = std::array::from_fn(|k| {
        let [from, to, other] = corners.map(|corner| corner.drawn[k]);
        let (to, other) = (to - from, other - from);
        let (across, down) = ((to * ac[1] - other * ab[1]) * share, (other * ab[0] - to * ac[0]) * share);
        [from - across * a[0] - down * a[1], across, down]
    });
    for row in top..bottom {
        let y = row as f32;
        let [first, second, third] = edges.map(|edge| edge[0] + edge[2] * y);
        let [u, v, rounding] = drawn.map(|drawn| drawn[0] + drawn[2] * y);
        for start in (left..right).step_by(LANES) {
            let node = row * SIDE + start;
            let (Some(us), Some(vs), Some(roundings), Some(free)) = (
                planes.u[node..].first_chunk_mut::<LANES>(),
                planes.v[node..].first_chunk_mut::<LANES>(),
                planes.rounding[node..].first_chunk_mut::<LANES>(),
                planes.free[node..].first_chunk_mut::<LANES>(),
            ) else {
                continue;
            };
            let after = right as f32 - 0.5;
            let x: Lanes = INDICES.map(|k| start as f32 + k);
            let mut inside = [0_u32; LANES];
            for k in 0..LANES {
                let (first, second) = (first + edges[0][1] * x[k], second + edges[1][1] * x[k]);
                let (third, beside) = (third + edges[2][1] * x[k], after - x[k]);
                // Of what is negative the first bit is set. Bits, since a choice would become a branch.
                let outside = first.to_bits() | second.to_bits() | third.to_bits() | beside.to_bits();
                inside[k] = !((outside.cast_signed() >> 31).cast_unsigned());
            }
            draw(us, &inside, &x, u, drawn[0][1]);
            draw(vs, &inside, &x, v, drawn[1][1]);
            draw(roundings, &inside, &x, rounding, drawn[2][1]);
            draw(free, &inside, &x, 0.0, 0.0);
        }
    }
    *covered = Span {
        x: [covered.x[0].min(left), covered.x[1].max(right)],
        y: [covered.y[0].min(top), covered.y[1].max(bottom)],
    };
}

/// Where nodes lie inside, they get what is drawn.
#[inline(always)]
fn draw(nodes: &mut Lanes, inside: &[u32; LANES], x: &Lanes, base: f32, slope: f32) {
    let mut drawn = [0.0; LANES];
    for k in 0..LANES {
        let new = (base + slope * x[k]).to_bits() & inside[k];
        drawn[k] = f32::from_bits(new | (nodes[k].to_bits() & !inside[k]));
    }
    *nodes = drawn;
}

/// One instruction where `f32::min` is several.
#[inline(always)]
pub(super) fn smaller(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}
