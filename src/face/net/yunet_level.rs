//! YuNet's output at one level of detail, and what its numbers mean: faces with scores, boxes and points in pixels.

/// What a pass of a [`YuNet`](super::YuNet) has found at one level of detail.
#[derive(Debug, Clone, Copy)]
pub struct YuNetLevel<'a> {
    /// Distance between cells: 8, 16 or 32 pixels of the input.
    pub stride: usize,
    /// Cells in a row.
    pub columns: usize,
    /// Rows.
    pub rows: usize,
    /// The cells, row by row. Each has the logit of the class face, the logit of an object being there, the box as four
    /// numbers (offset of its centre x, y from the cell's corner, logarithms of its width and height), and the offsets x, y of
    /// five points from the cell's corner: the person's right eye, left eye, nose tip, right and left corner of the mouth. The
    /// unit of length is the stride.
    pub cells: &'a [[f32; 16]],
}

/// A face as one cell of a [`YuNet`](super::YuNet) sees it. Places and lengths are in pixels of the network's input.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct YuNetFace {
    /// How sure the network is, 0..=1: the geometric mean of how sure it is of an object and of that being a face.
    pub score: f32,
    /// Centre of the box.
    pub centre: [f32; 2],
    /// Width and height of the box.
    pub size: [f32; 2],
    /// The person's right eye, left eye, nose tip, right and left corner of the mouth.
    pub points: [[f32; 2]; 5],
}

impl<'a> YuNetLevel<'a> {
    /// The cells whose score is at least `least`, row by row. Neighbours see the same face: the caller merges them.
    pub fn faces(self, least: f32) -> impl Iterator<Item = YuNetFace> + 'a {
        let Self { stride, columns, cells, .. } = self;
        // Where one of the two logits is below this, their mean cannot reach the least score. That sorts out nearly all cells.
        let bar = logit(least.clamp(0.0, 1.0).powi(2));
        let cells = cells.iter().enumerate().filter(move |(_, cell)| cell[0] >= bar && cell[1] >= bar);
        let faces = cells.map(move |(index, cell)| face(cell, [index % columns, index / columns], stride as f32));
        faces.filter(move |face| face.score >= least)
    }
}

fn face(cell: &[f32; 16], at: [usize; 2], stride: f32) -> YuNetFace {
    let &[class, object, x, y, width, height, ref points @ ..] = cell;
    let [left, top] = at.map(|at| at as f32);
    let mut places = [[0.0; 2]; 5];
    for (place, offset) in places.iter_mut().zip(points.as_chunks::<2>().0) {
        *place = [(left + offset[0]) * stride, (top + offset[1]) * stride];
    }
    YuNetFace {
        score: (sigmoid(class) * sigmoid(object)).sqrt(),
        centre: [(left + x) * stride, (top + y) * stride],
        size: [width.exp() * stride, height.exp() * stride],
        points: places,
    }
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// The inverse of [`sigmoid`], minus a little, so that rounding drops no cell that reaches the score.
fn logit(p: f32) -> f32 {
    (p / (1.0 - p)).ln() - 1e-3
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One row of two cells: nothing, and a face in the middle of the second, two cells wide and one high.
    fn cells() -> [[f32; 16]; 2] {
        let mut cells = [[-9.0; 16]; 2];
        cells[1] = [2.0, 3.0, 0.5, 0.5, 2_f32.ln(), 0.0, 0.1, 0.2, 0.9, 0.2, 0.5, 0.5, 0.2, 0.8, 0.8, 0.8];
        cells
    }

    #[test]
    fn a_cell_becomes_a_face() {
        let cells = cells();
        let level = YuNetLevel { stride: 16, columns: 2, rows: 1, cells: &cells };
        let [face] = level.faces(0.5).collect::<Vec<_>>()[..] else { panic!("one face") };
        assert!((face.score - 0.9159).abs() < 1e-3, "{face:?}");
        assert_eq!(face.centre, [24.0, 8.0]);
        assert!((face.size[0] - 32.0).abs() < 1e-3 && face.size[1] == 16.0);
        assert!((face.points[1][0] - 30.4).abs() < 1e-3 && (face.points[1][1] - 3.2).abs() < 1e-3);
    }

    #[test]
    fn any_least_score_gives_exactly_the_cells_that_reach_it() {
        let mut cells = [[0.0; 16]; 200];
        for (index, cell) in cells.iter_mut().enumerate() {
            cell[0] = (index * 37 % 200) as f32 / 10.0 - 10.0;
            cell[1] = (index * 71 % 200) as f32 / 10.0 - 10.0;
        }
        cells[7][0] = f32::NAN;
        let level = YuNetLevel { stride: 8, columns: 20, rows: 10, cells: &cells };
        let reaches = |cell: &[f32; 16], least| (sigmoid(cell[0]) * sigmoid(cell[1])).sqrt() >= least;
        for least in [-1.0, 0.0, 0.001, 0.3, 0.5, 0.73, 0.99, 1.0, 2.0, f32::NAN] {
            let expected = cells.iter().filter(|cell| reaches(cell, least)).count();
            assert_eq!(level.faces(least).count(), expected, "{least}");
        }
    }
}
