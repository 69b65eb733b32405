//! A face's pixels, read in the landmark network's input, which is at hand wherever the frame lies, and costs no look at the frame.

use super::bounds::{self, point};
use super::crop::Region;
use super::net::FaceMesh;

/// The landmark network's input, and the mesh that the network has laid over it.
pub(crate) struct MeshInput<'a> {
    /// Red, green, blue, each 0..=1, row by row.
    pixels: &'a [[f32; 3]],
    /// In pixels of the input.
    points: &'a [[f32; 3]],
}

impl<'a> MeshInput<'a> {
    pub(crate) fn new(pixels: &'a [f32], points: &'a [f32]) -> Self {
        Self { pixels: pixels.as_chunks().0, points: points.as_chunks().0 }
    }

    pub(crate) fn point(&self, index: u16) -> [f32; 3] {
        point(self.points, index)
    }

    /// The pixels, 0..=1, row by row.
    pub(crate) fn pixels(&self) -> &'a [[f32; 3]] {
        self.pixels
    }

    /// The face's own square, as [`bounds::region`] has it, in pixels of the input.
    pub(crate) fn region(&self) -> Region {
        bounds::region(self.points, false)
    }

    /// Interpolates between the four pixels around a place; outside, the nearest ones count. Black where there are none.
    pub(crate) fn colour(&self, place: [f32; 2]) -> [f32; 3] {
        let last = (FaceMesh::SIDE - 2) as f32;
        // What is no number becomes 0.
        let [x, y] = place.map(|length| length.max(0.0).min(last + 0.999));
        let (left, top) = (x as usize, y as usize);
        let (u, v) = (x - left as f32, y - top as f32);
        let at = |row: usize, column: usize| {
            self.pixels.get((top + row) * FaceMesh::SIDE + left + column).copied().unwrap_or_default()
        };
        let (above, below) = ([at(0, 0), at(0, 1)], [at(1, 0), at(1, 1)]);
        std::array::from_fn(|c| {
            let mix = |[a, b]: [[f32; 3]; 2]| a[c] + u * (b[c] - a[c]);
            mix(above) + v * (mix(below) - mix(above))
        })
    }
}

/// How bright a colour is: BT.601's weights, near enough for both matrices.
pub(crate) fn luma([red, green, blue]: [f32; 3]) -> f32 {
    0.299 * red + 0.587 * green + 0.114 * blue
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_outside_do_no_harm() {
        let pixels = vec![0.5; FaceMesh::SIDE * FaceMesh::SIDE * 3];
        for points in [vec![], vec![f32::NAN; 478 * 3], vec![1e30; 478 * 3], vec![-1e30; 468 * 3]] {
            let crop = MeshInput::new(&pixels, &points);
            let far = [[f32::NAN; 2], [f32::INFINITY; 2], [-1e9, 1e9], [191.9; 2]];
            assert!(far.iter().all(|&place| crop.colour(place).iter().all(|value| (value - 0.5).abs() < 1e-6)));
        }
        assert_eq!(MeshInput::new(&[], &[]).colour([3.0, 3.0]), [0.0; 3]);
    }

    #[test]
    fn colours_are_interpolated() {
        let mut pixels = vec![0.0; FaceMesh::SIDE * FaceMesh::SIDE * 3];
        pixels[3 * (FaceMesh::SIDE + 2)] = 1.0;
        let crop = MeshInput::new(&pixels, &[]);
        assert_eq!(crop.colour([2.0, 1.0]), [1.0, 0.0, 0.0]);
        assert_eq!(crop.colour([2.5, 0.5]), [0.25, 0.0, 0.0]);
    }
}
