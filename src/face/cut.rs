//! Hard cuts: what a face or a whole picture looks like, coarsely. It is enough to tell a cut from motion, and kept no longer than a
//! track's memory of a lost face.

use super::bounds;
use super::crop::Region;
use super::mesh_input::{MeshInput, luma};
use super::net::FaceMesh;

/// Side of the square that a face is seen in, in sizes of its box.
const AROUND: f32 = 1.3;
/// Cells a side.
const SIDE: usize = 16;
/// Pixels a side that a cell of a face is the mean of.
const SPREAD: usize = 2;
/// Values of cells that are neither black nor blown out. Where fewer than a half are such in both, nothing can be said.
const SOUND: std::ops::Range<f32> = 0.02..0.95;
const LEAST: usize = SIDE * SIDE / 2;
/// Variance of a picture that is as good as flat.
const FLAT: f32 = 6e-5;

/// Mean luma, 0..=1, of 16 × 16 cells.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Thumbnail([f32; SIDE * SIDE]);

impl Thumbnail {
    /// Cells along a side.
    pub(crate) const SIDE: usize = SIDE;
    /// Of nothing yet.
    pub(crate) const BLANK: Self = Self([0.0; SIDE * SIDE]);

    /// Of a picture: RGB, 0..=1, row by row, `columns` pixels wide.
    pub(crate) fn of_picture(pixels: &[f32], columns: usize) -> Self {
        let columns = columns.max(1);
        let rows = pixels.len() / 3 / columns;
        let (mut sums, mut counts) = ([0.0; SIDE * SIDE], [0.0_f32; SIDE * SIDE]);
        for (index, pixel) in pixels.as_chunks().0.iter().enumerate() {
            let (row, column) = (index / columns * SIDE / rows.max(1), index % columns * SIDE / columns);
            if let Some((sum, count)) = sums.get_mut(row * SIDE + column).zip(counts.get_mut(row * SIDE + column)) {
                *sum += luma(*pixel);
                *count += 1.0;
            }
        }
        sums.iter_mut().zip(&counts).for_each(|(sum, count)| *sum /= count.max(1.0));
        Self(sums)
    }

    /// Of the face that a mesh lies on, in its own axes.
    pub(crate) fn of_face(input: &MeshInput<'_>) -> Self {
        let Region { centre, side, roll, .. } = input.region();
        Self::of_square(input.pixels(), FaceMesh::SIDE, centre, side * AROUND / bounds::MARGIN, roll)
    }

    /// Of a face in a square picture, `side` pixels a side: what lies in a square of that centre, side and turn, in pixels of the
    /// picture. What is outside counts as the nearest pixel.
    fn of_square(pixels: &[[f32; 3]], side: usize, centre: [f32; 2], length: f32, roll: f32) -> Self {
        let (sin, cos) = roll.sin_cos();
        let last = side.saturating_sub(1);
        let along = |index: usize| ((index as f32 + 0.5) / (SIDE * SPREAD) as f32 - 0.5) * length;
        let mut cells = [0.0; SIDE * SIDE];
        for y in 0..SIDE * SPREAD {
            for x in 0..SIDE * SPREAD {
                let (across, down) = (along(x), along(y));
                let place = [centre[0] + across * cos - down * sin, centre[1] + across * sin + down * cos];
                let [x_at, y_at] = place.map(|place| (place.max(0.0) as usize).min(last));
                if let Some((cell, pixel)) =
                    cells.get_mut(y / SPREAD * SIDE + x / SPREAD).zip(pixels.get(y_at * side + x_at))
                {
                    *cell += luma(*pixel) / (SPREAD * SPREAD) as f32;
                }
            }
        }
        Self(cells)
    }

    /// How alike two are, −1..=1, however bright and however contrasty either is: the correlation of their cells. 1 where nothing
    /// can be said, since too much of one is black or blown out, or both are flat.
    pub(crate) fn likeness(&self, other: &Self) -> f32 {
        let pairs = || self.0.iter().zip(&other.0).filter(|(a, b)| SOUND.contains(*a) && SOUND.contains(*b));
        let count = pairs().count();
        if count < LEAST {
            return 1.0;
        }
        let mean = |sum: f32| sum / count as f32;
        let (a_mean, b_mean) = (mean(pairs().map(|(a, _)| a).sum()), mean(pairs().map(|(_, b)| b).sum()));
        let product = |f: fn(f32, f32) -> f32| mean(pairs().map(|(a, b)| f(a - a_mean, b - b_mean)).sum());
        let (a_spread, b_spread) = (product(|a, _| a * a), product(|_, b| b * b));
        if a_spread < FLAT && b_spread < FLAT {
            return 1.0;
        }
        product(|a, b| a * b) / (a_spread * b_spread).sqrt().max(FLAT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(side: usize, value: impl Fn(f32, f32) -> f32) -> Vec<f32> {
        let at = |index: usize| (index as f32 + 0.5) / side as f32;
        (0..side * side).flat_map(|index| [value(at(index % side), at(index / side)); 3]).collect()
    }

    fn waves(x: f32, y: f32) -> f32 {
        0.4 + 0.2 * (9.0 * x).sin() * (7.0 * y).cos()
    }

    #[test]
    fn brightness_and_contrast_do_not_matter() {
        let of = |value: &dyn Fn(f32, f32) -> f32| Thumbnail::of_picture(&picture(64, value), 64);
        let plain = of(&waves);
        assert!(plain.likeness(&of(&|x, y| 1.4 * waves(x, y) + 0.1)) > 0.99);
        assert!(plain.likeness(&of(&|x, y| (2.2 * waves(x, y)).min(1.0))) > 0.9, "half of it blown out");
        assert!(plain.likeness(&of(&|x, y| waves(1.0 - x, y * y))) < 0.6);
        let flat = of(&|_, _| 0.5);
        assert_eq!((flat.likeness(&of(&|_, _| 0.6)), flat.likeness(&of(&|_, _| 1.0))), (1.0, 1.0));
        assert!(flat.likeness(&plain) < 0.1);
    }

    /// A face that has moved, turned and come nearer looks the same in its own square.
    #[test]
    fn a_face_looks_the_same_wherever_it_is() {
        let still = picture(192, waves);
        let (sin, cos) = 0.3_f32.sin_cos();
        let moved = picture(192, |x, y| {
            let [x, y] = [(x - 0.55) / 1.2, (y - 0.45) / 1.2];
            waves(x * cos + y * sin + 0.5, -x * sin + y * cos + 0.5)
        });
        let before = Thumbnail::of_square(still.as_chunks().0, 192, [96.0, 96.0], 100.0, 0.0);
        let after = Thumbnail::of_square(moved.as_chunks().0, 192, [0.55 * 192.0, 0.45 * 192.0], 120.0, 0.3);
        assert!(before.likeness(&after) > 0.99, "{}", before.likeness(&after));
    }
}
