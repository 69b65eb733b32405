//! The turned square around a face → a network's input.

use crate::Frame;

/// A square of the frame, turned about its centre.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Region {
    /// Centre in pixels of the frame.
    pub(crate) centre: [f32; 2],
    /// Side in pixels of the frame.
    pub(crate) side: f32,
    /// How far it is turned, in radians, clockwise in the picture.
    pub(crate) roll: f32,
}

/// What lies outside the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Border {
    /// Black.
    Black,
    /// The nearest pixel of the frame.
    Nearest,
}

impl Region {
    /// The smallest upright square around a whole frame.
    pub(crate) fn around(width: u32, height: u32) -> Self {
        let (width, height) = (width as f32, height as f32);
        Self { centre: [width / 2.0, height / 2.0], side: width.max(height), roll: 0.0 }
    }

    /// The square with its axes worked out.
    pub(crate) fn turned(&self) -> Turned {
        let (sin, cos) = self.roll.sin_cos();
        let (across, down) = ([cos * self.side, sin * self.side], [-sin * self.side, cos * self.side]);
        let corner = std::array::from_fn(|axis| self.centre[axis] - (across[axis] + down[axis]) / 2.0);
        Turned { corner, across, down }
    }

    /// Whether it can be cut out at all.
    pub(crate) fn is_sound(&self) -> bool {
        let sane = |value: f32| value.abs() < 1e6;
        self.centre.iter().all(|&value| sane(value)) && sane(self.roll) && self.side >= 2.0 && sane(self.side)
    }
}

/// A region as its upper left corner and the two sides that begin there, in pixels of the frame.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turned {
    corner: [f32; 2],
    across: [f32; 2],
    down: [f32; 2],
}

impl Turned {
    /// The place in the frame of a point given in units of the square's side, from its upper left corner. Whole numbers
    /// are pixels' centres here as there: the convention of the pipeline that the networks were made for.
    pub(crate) fn place(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        std::array::from_fn(|axis| self.corner[axis] + x * self.across[axis] + y * self.down[axis])
    }
}

/// Cuts `region` out of the frame into `side` × `side` RGB pixels, row by row, by bilinear interpolation; a channel's
/// value `v` of 0..=255 becomes `v * scale + offset`. What it costs depends on `side` alone.
pub(crate) fn cut(
    frame: &Frame<'_>,
    region: &Region,
    side: usize,
    border: Border,
    (scale, offset): (f32, f32),
    out: &mut [f32],
) {
    let Turned { corner: start, across, down } = region.turned();
    let (across, down) = (across.map(|step| step / side as f32), down.map(|step| step / side as f32));
    let (width, height) = (frame.width() as i32, frame.height() as i32);
    let picture = Picture { data: frame.data(), stride: frame.stride(), width, height };
    for (row, line) in out.chunks_exact_mut(side * 3).take(side).enumerate() {
        let from = [start[0] + row as f32 * down[0], start[1] + row as f32 * down[1]];
        for (column, pixel) in line.chunks_exact_mut(3).enumerate() {
            let x = from[0] + column as f32 * across[0];
            let y = from[1] + column as f32 * across[1];
            let (left, top) = (x.floor(), y.floor());
            let (u, v) = (x - left, y - top);
            let (left, top) = (left as i32, top as i32);
            let sum = if left >= 0 && top >= 0 && left + 1 < width && top + 1 < height {
                picture.inside(left as usize, top as usize, u, v)
            } else {
                picture.border(left, top, u, v, border)
            };
            for (value, sum) in pixel.iter_mut().zip(sum) {
                *value = sum * scale + offset;
            }
        }
    }
}

struct Picture<'a> {
    data: &'a [u8],
    stride: usize,
    width: i32,
    height: i32,
}

impl Picture<'_> {
    /// Interpolates between four pixels that all lie in the frame.
    #[inline(always)]
    fn inside(&self, left: usize, top: usize, u: f32, v: f32) -> [f32; 3] {
        let at = top * self.stride + left * 4;
        let (Some(above), Some(below)) =
            (self.data.get(at..at + 8), self.data.get(at + self.stride..at + self.stride + 8))
        else {
            return [0.0; 3];
        };
        std::array::from_fn(|c| {
            let upper = f32::from(above[c]) + u * (f32::from(above[c + 4]) - f32::from(above[c]));
            let lower = f32::from(below[c]) + u * (f32::from(below[c + 4]) - f32::from(below[c]));
            upper + v * (lower - upper)
        })
    }

    #[cold]
    fn border(&self, left: i32, top: i32, u: f32, v: f32, border: Border) -> [f32; 3] {
        let mut sum = [0.0; 3];
        for (y, wy) in [(top, 1.0 - v), (top.saturating_add(1), v)] {
            for (x, wx) in [(left, 1.0 - u), (left.saturating_add(1), u)] {
                let outside = x < 0 || y < 0 || x >= self.width || y >= self.height;
                if outside && border == Border::Black {
                    continue;
                }
                let (x, y) = (x.clamp(0, self.width - 1) as usize, y.clamp(0, self.height - 1) as usize);
                let at = y * self.stride + x * 4;
                if let Some(pixel) = self.data.get(at..at + 3) {
                    for (sum, &value) in sum.iter_mut().zip(pixel) {
                        *sum += wx * wy * f32::from(value);
                    }
                }
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(width: u32, height: u32) -> Vec<u8> {
        (0..height).flat_map(|y| (0..width).flat_map(move |x| [x as u8, y as u8, (x + y) as u8, 255])).collect()
    }

    #[test]
    fn a_region_of_the_networks_own_size_is_copied() {
        let data = ramp(8, 8);
        let frame = Frame::rgba8(&data, 8, 8).unwrap();
        let region = Region { centre: [4.0, 4.0], side: 4.0, roll: 0.0 };
        let mut out = vec![0.0; 4 * 4 * 3];
        cut(&frame, &region, 4, Border::Black, (1.0, 0.0), &mut out);
        for y in 0..4 {
            for x in 0..4 {
                assert_eq!(out[(y * 4 + x) * 3], (x + 2) as f32);
                assert_eq!(out[(y * 4 + x) * 3 + 1], (y + 2) as f32);
            }
        }
    }

    #[test]
    fn a_quarter_turn_swaps_the_axes() {
        let data = ramp(9, 9);
        let frame = Frame::rgba8(&data, 9, 9).unwrap();
        let region = Region { centre: [4.0, 4.0], side: 4.0, roll: std::f32::consts::FRAC_PI_2 };
        let mut out = vec![0.0; 4 * 4 * 3];
        cut(&frame, &region, 4, Border::Black, (1.0, 0.0), &mut out);
        // Along a row of the turned square one walks down the frame.
        for x in 0..4 {
            assert!((out[x * 3] - 6.0).abs() < 1e-4, "{}", out[x * 3]);
            assert!((out[x * 3 + 1] - (x + 2) as f32).abs() < 1e-4);
        }
    }

    #[test]
    fn outside_the_frame_is_black_or_the_nearest_pixel() {
        let data = [200_u8; 3 * 3 * 4];
        let frame = Frame::rgba8(&data, 3, 3).unwrap();
        let region = Region { centre: [100.0, -50.0], side: 4.0, roll: 0.3 };
        let mut out = vec![9.0; 4 * 4 * 3];
        cut(&frame, &region, 4, Border::Black, (1.0, 0.0), &mut out);
        assert!(out.iter().all(|&v| v == 0.0));
        cut(&frame, &region, 4, Border::Nearest, (1.0, 0.0), &mut out);
        assert!(out.iter().all(|&v| (v - 200.0).abs() < 1e-3));
    }
}
