//! The turned square around a face → a network's input.

use super::Orientation;
use crate::frame::Pixels;
use crate::{Frame, PixelFormat, Result};

/// A square of the frame, turned about its centre.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Region {
    /// Centre in pixels of the frame.
    pub(crate) centre: [f32; 2],
    /// Side in pixels of the frame.
    pub(crate) side: f32,
    /// How far it is turned, in radians, clockwise in the picture.
    pub(crate) roll: f32,
    /// Whether what it holds is a mirror image: its second side lies to the other side of its first.
    pub(crate) mirrored: bool,
}

/// Where network inputs are cropped from: a picture in memory, or one on a device.
pub(crate) trait CropSource {
    /// Width and height in pixels.
    fn size(&self) -> [u32; 2];

    /// Says what will be cropped next, so that it can be fetched at once.
    fn prefetch(&mut self, _crops: &[Crop]) -> Result<()> {
        Ok(())
    }

    /// Crops into RGB pixels, row by row, by bilinear interpolation. A channel's value `v` of 0..=255 becomes
    /// `v * scale + offset`; `levels` are these two.
    fn crop(&mut self, crop: &Crop, levels: (f32, f32), out: &mut [f32]) -> Result<()>;
}

/// What is cropped, and into how many pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Crop {
    pub(crate) region: Region,
    /// Pixels across and down. Their pitch is that of the region's side across; where there are more or fewer rows than columns,
    /// what is cropped is that much higher or lower than it is wide.
    pub(crate) size: [usize; 2],
    pub(crate) border: Border,
}

impl Crop {
    /// A square crop, so many pixels a side.
    pub(crate) fn square(region: &Region, side: usize, border: Border) -> Self {
        Self { region: *region, size: [side; 2], border }
    }
}

impl CropSource for Frame<'_> {
    fn size(&self) -> [u32; 2] {
        [self.width(), self.height()]
    }

    fn crop(&mut self, what: &Crop, levels: (f32, f32), out: &mut [f32]) -> Result<()> {
        crop(self, what, levels, out);
        Ok(())
    }
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
    /// A square in which things are upright.
    pub(crate) fn upright(centre: [f32; 2], side: f32, orientation: Orientation) -> Self {
        Self { centre, side, roll: orientation.roll(), mirrored: orientation.mirrored }
    }

    /// The smallest upright square around a whole frame.
    pub(crate) fn around(width: u32, height: u32, orientation: Orientation) -> Self {
        let (width, height) = (width as f32, height as f32);
        Self::upright([width / 2.0, height / 2.0], width.max(height), orientation)
    }

    /// How far what it holds leans to either side, in radians.
    pub(crate) fn lean(&self, orientation: Orientation) -> f32 {
        let (sin, cos) = (self.roll - orientation.roll()).sin_cos();
        sin.atan2(cos).abs()
    }

    /// The square with its axes worked out.
    pub(crate) fn turned(&self) -> TurnedRegion {
        self.turned_to([1, 1])
    }

    /// The same for a region with so many pixels across and down.
    pub(crate) fn turned_to(&self, [columns, rows]: [usize; 2]) -> TurnedRegion {
        let (sin, cos) = self.roll.sin_cos();
        let height = self.side * (rows as f32 / columns.max(1) as f32);
        let below = if self.mirrored { -height } else { height };
        let (across, down) = ([cos * self.side, sin * self.side], [-sin * below, cos * below]);
        let corner = std::array::from_fn(|axis| self.centre[axis] - (across[axis] + down[axis]) / 2.0);
        TurnedRegion { corner, across, down }
    }

    /// Whether it can be cropped at all.
    pub(crate) fn is_sound(&self) -> bool {
        let sane = |value: f32| value.abs() < 1e6;
        self.centre.iter().all(|&value| sane(value)) && sane(self.roll) && self.side >= 2.0 && sane(self.side)
    }
}

/// A region as its upper left corner and the two sides that begin there, in pixels of the frame.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TurnedRegion {
    corner: [f32; 2],
    across: [f32; 2],
    down: [f32; 2],
}

impl TurnedRegion {
    /// Its corner and the sides.
    pub(crate) fn sides(&self) -> ([f32; 2], [f32; 2], [f32; 2]) {
        (self.corner, self.across, self.down)
    }

    /// The place in the frame of a point given in units of the square's side, from its upper left corner. Whole numbers
    /// are pixels' centres here as there: the convention of the pipeline that the networks were made for.
    pub(crate) fn place(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        std::array::from_fn(|axis| self.corner[axis] + x * self.across[axis] + y * self.down[axis])
    }
}

/// [`CropSource::crop`] of a frame in memory. What it costs depends on the number of pixels alone.
fn crop(frame: &Frame<'_>, &Crop { region, size, border }: &Crop, (scale, offset): (f32, f32), out: &mut [f32]) {
    let job = Job { picture: Picture::new(frame, border), region: region.turned_to(size), size, scale, offset };
    job.run_best(out);
    if frame.format() == PixelFormat::Bgra8 {
        out.as_chunks_mut::<3>().0.iter_mut().take(size[0] * size[1]).for_each(|pixel| pixel.swap(0, 2));
    }
}

/// What is cropped from which picture.
struct Job<'a> {
    picture: Picture<'a>,
    region: TurnedRegion,
    size: [usize; 2],
    scale: f32,
    offset: f32,
}

/// A row of samples: where column 0 lies in the frame, and how far the next ones.
#[derive(Clone, Copy)]
struct Row {
    from: [f32; 2],
    across: [f32; 2],
}

impl Row {
    #[inline(always)]
    fn place(&self, column: usize) -> [f32; 2] {
        std::array::from_fn(|axis| self.from[axis] + column as f32 * self.across[axis])
    }
}

impl Job<'_> {
    /// With the instructions that this machine has, where they serve.
    fn run_best(&self, out: &mut [f32]) {
        #[cfg(target_arch = "x86_64")]
        if self.picture.is_addressed_by_i32() && std::is_x86_feature_detected!("avx2") {
            // SAFETY: the machine was just found to have these instructions, and the picture was just looked at.
            return unsafe { self.run_avx2(out) };
        }
        #[cfg(target_arch = "x86_64")]
        if self.picture.data.is_none() && std::is_x86_feature_detected!("avx2") {
            // SAFETY: the machine was just found to have these instructions.
            return unsafe { self.run_any_avx2(out) };
        }
        self.run::<false>(out);
    }

    #[inline(always)]
    fn run<const AVX2: bool>(&self, out: &mut [f32]) {
        let TurnedRegion { corner, across, down } = self.region;
        let [columns, rows] = self.size;
        let [step, below] = self.size.map(|count| 1.0 / count as f32);
        for index in 0..rows {
            let share = index as f32 * below;
            let row = Row {
                from: std::array::from_fn(|axis| corner[axis] + share * down[axis]),
                across: across.map(|length| length * step),
            };
            let mut column = 0;
            while column < columns {
                let at = (index * columns + column) * 3;
                #[cfg(target_arch = "x86_64")]
                if AVX2
                    && column + BATCH <= columns
                    && [column, column + BATCH - 1].iter().all(|&end| self.picture.holds(row.place(end)))
                    && let Some(pixels) = out.get_mut(at..).and_then(<[f32]>::first_chunk_mut)
                {
                    // SAFETY: whoever chose this path has the instructions and a picture of suitable size. The first and
                    // the last sample lie in the picture, and so do those between.
                    unsafe { self.batch(&row, column, pixels) };
                    column += BATCH;
                    continue;
                }
                let Some(pixel) = out.get_mut(at..at + 3) else { return };
                for (value, sample) in pixel.iter_mut().zip(self.picture.sample(row.place(column))) {
                    *value = sample * self.scale + self.offset;
                }
                column += 1;
            }
        }
    }
}

/// Pixels of a row that are made at once.
#[cfg(target_arch = "x86_64")]
const BATCH: usize = 8;

#[cfg(target_arch = "x86_64")]
impl Job<'_> {
    /// # Safety
    ///
    /// [`Picture::is_addressed_by_i32`]. (Of the instructions, the compiler makes sure.)
    #[target_feature(enable = "avx2")]
    unsafe fn run_avx2(&self, out: &mut [f32]) {
        self.run::<true>(out);
    }

    /// Of any format. (Of the instructions, the compiler makes sure.)
    #[target_feature(enable = "avx2")]
    fn run_any_avx2(&self, out: &mut [f32]) {
        self.run::<false>(out);
    }

    /// Makes the pixels from `column` on. `out` has room for one float more, which is overwritten later.
    ///
    /// # Safety
    ///
    /// The picture holds all samples, and [`Picture::is_addressed_by_i32`].
    #[target_feature(enable = "avx2")]
    #[inline]
    unsafe fn batch(&self, row: &Row, column: usize, out: &mut [f32; 3 * BATCH + 1]) {
        use std::arch::x86_64::*;

        let Some(data) = self.picture.data else { return };
        let columns =
            _mm256_add_ps(_mm256_set1_ps(column as f32), _mm256_setr_ps(0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0));
        let place = |axis: usize| {
            let way = _mm256_mul_ps(columns, _mm256_set1_ps(row.across[axis]));
            let place = _mm256_add_ps(_mm256_set1_ps(row.from[axis]), way);
            let whole = _mm256_cvttps_epi32(place);
            (whole, _mm256_sub_ps(place, _mm256_cvtepi32_ps(whole)))
        };
        let ((left, u), (top, v)) = (place(0), place(1));
        let rows = _mm256_mullo_epi32(top, _mm256_set1_epi32(self.picture.stride as i32));
        let start = _mm256_add_epi32(rows, _mm256_slli_epi32::<2>(left));
        let (mut starts, mut us, mut vs) = ([0_i32; BATCH], [0.0_f32; BATCH], [0.0_f32; BATCH]);
        // SAFETY: the arrays are as long as a register.
        unsafe {
            _mm256_storeu_si256(starts.as_mut_ptr().cast(), start);
            _mm256_storeu_ps(us.as_mut_ptr(), u);
            _mm256_storeu_ps(vs.as_mut_ptr(), v);
        }
        let (scale, offset) = (_mm_set1_ps(self.scale), _mm_set1_ps(self.offset));
        for index in 0..BATCH {
            // SAFETY: the caller's promise: both pairs of pixels lie in the picture. The last store ends with `out`.
            unsafe {
                let above = data.as_ptr().add(starts[index] as usize);
                let pair = |at: *const u8| _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(at.cast())));
                let (above, below) = (pair(above), pair(above.add(self.picture.stride)));
                let down = _mm256_mul_ps(_mm256_set1_ps(vs[index]), _mm256_sub_ps(below, above));
                let both = _mm256_add_ps(above, down);
                let (near, far) = (_mm256_castps256_ps128(both), _mm256_extractf128_ps::<1>(both));
                let across = _mm_mul_ps(_mm_set1_ps(us[index]), _mm_sub_ps(far, near));
                let sample = _mm_add_ps(near, across);
                _mm_storeu_ps(out.as_mut_ptr().add(3 * index), _mm_add_ps(_mm_mul_ps(sample, scale), offset));
            }
        }
    }
}

struct Picture<'a> {
    /// Of pixels with four bytes, of which the first three are taken as they come; `None` for any other format.
    data: Option<&'a [u8]>,
    stride: usize,
    pixels: Pixels<'a>,
    width: i32,
    height: i32,
    border: Border,
}

impl<'a> Picture<'a> {
    fn new(frame: &Frame<'a>, border: Border) -> Self {
        Self {
            data: matches!(frame.format(), PixelFormat::Rgba8 | PixelFormat::Bgra8).then(|| frame.data()),
            stride: frame.stride(),
            pixels: frame.pixels(),
            width: frame.width() as i32,
            height: frame.height() as i32,
            border,
        }
    }

    /// Whether its pixels have four bytes, places and offsets can be counted in 32 bits, and its sides in floats.
    #[cfg(target_arch = "x86_64")]
    fn is_addressed_by_i32(&self) -> bool {
        self.data.is_some_and(|data| i32::try_from(data.len()).is_ok()) && self.width < 1 << 24 && self.height < 1 << 24
    }

    /// The colour of a pixel of the frame.
    fn pixel(&self, x: usize, y: usize) -> [f32; 3] {
        let Some(data) = self.data else { return self.pixels.colour(self.pixels.values(x as u32, y as u32)) };
        let pixel: [u8; 3] =
            data.get(y * self.stride + x * 4..).and_then(<[u8]>::first_chunk).copied().unwrap_or_default();
        pixel.map(f32::from)
    }

    /// A pixel and the one beside it, four bytes each.
    #[inline(always)]
    fn pair(&self, data: &[u8], x: usize, y: usize) -> [u8; 8] {
        data.get(y * self.stride + x * 4..).and_then(<[u8]>::first_chunk).copied().unwrap_or_default()
    }

    /// Whether all four pixels around a place lie in the frame.
    #[inline(always)]
    fn holds(&self, [x, y]: [f32; 2]) -> bool {
        x >= 0.0 && y >= 0.0 && x < (self.width - 1) as f32 && y < (self.height - 1) as f32
    }

    /// Interpolates between the four pixels around a place.
    #[inline(always)]
    fn sample(&self, place: [f32; 2]) -> [f32; 3] {
        if !self.holds(place) {
            return self.sample_border(place);
        }
        let (left, top) = (place[0] as i32, place[1] as i32);
        let (u, v) = (place[0] - left as f32, place[1] - top as f32);
        let (column, row) = (left as usize, top as usize);
        let Some(data) = self.data else {
            // One colour is converted in place of four: between values lies the colour between them, near enough.
            return self.pixels.colour(self.pixels.values_between([left as u32, top as u32], [u, v]));
        };
        let (above, below) = (self.pair(data, column, row), self.pair(data, column, row + 1));
        let mix = |i: usize| f32::from(above[i]) + v * (f32::from(below[i]) - f32::from(above[i]));
        std::array::from_fn(|c| mix(c) + u * (mix(c + 4) - mix(c)))
    }

    /// As [`Picture::sample`], where some of the four pixels lie outside.
    #[cold]
    fn sample_border(&self, [x, y]: [f32; 2]) -> [f32; 3] {
        let (u, v) = (x - x.floor(), y - y.floor());
        let (left, top) = (x.floor() as i32, y.floor() as i32);
        let mut sum = [0.0; 3];
        for (y, wy) in [(top, 1.0 - v), (top.saturating_add(1), v)] {
            for (x, wx) in [(left, 1.0 - u), (left.saturating_add(1), u)] {
                let outside = x < 0 || y < 0 || x >= self.width || y >= self.height;
                if outside && self.border == Border::Black {
                    continue;
                }
                let (x, y) = (x.clamp(0, self.width - 1) as usize, y.clamp(0, self.height - 1) as usize);
                for (sum, value) in sum.iter_mut().zip(self.pixel(x, y)) {
                    *sum += wx * wy * value;
                }
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The instructions that this machine has and plain Rust make the same picture, in the frame and across its borders.
    #[test]
    fn both_flavours_agree() {
        let (width, height, stride) = (61, 47, 61 * 4 + 12);
        let data: Vec<u8> = (0..stride * height).map(|i| ((i * 7919) >> 3) as u8).collect();
        let data = &data[..stride * (height - 1) + width * 4];
        let frame = Frame::rgba8_with_stride(data, width as u32, height as u32, stride).unwrap();
        let regions =
            [(30.0, 23.0, 20.0, 0.3), (30.0, 23.0, 60.0, -1.2), (5.0, 40.0, 90.0, 3.0), (30.0, 23.0, 46.0, 0.0)];
        for (x, y, length, roll) in regions {
            let region = Region { centre: [x, y], side: length, roll, mirrored: roll > 2.0 };
            for side in [1, 7, 8, 19, 64] {
                let (mut best, mut plain) = (vec![0.0; side * side * 3], vec![1.0; side * side * 3]);
                crop(&frame, &Crop::square(&region, side, Border::Nearest), (0.5, -1.0), &mut best);
                let picture = Picture::new(&frame, Border::Nearest);
                Job { picture, region: region.turned(), size: [side; 2], scale: 0.5, offset: -1.0 }
                    .run::<false>(&mut plain);
                assert_eq!(best, plain, "{region:?} at {side}");
            }
        }
    }

    /// What is not square shows the same pixels as the square that it is a part of.
    #[test]
    fn a_wide_region_is_part_of_a_square() {
        let data = ramp(40, 40);
        let frame = Frame::rgba8(&data, 40, 40).unwrap();
        let region = Region { centre: [20.0, 20.0], side: 32.0, roll: 0.4, mirrored: false };
        let (mut wide, mut square) = (vec![0.0; 32 * 16 * 3], vec![0.0; 32 * 32 * 3]);
        crop(&frame, &Crop { region, size: [32, 16], border: Border::Nearest }, (1.0, 0.0), &mut wide);
        crop(&frame, &Crop::square(&region, 32, Border::Nearest), (1.0, 0.0), &mut square);
        let worst = wide.iter().zip(&square[32 * 8 * 3..]).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst < 1e-3, "{worst}");
    }

    fn ramp(width: u32, height: u32) -> Vec<u8> {
        (0..height).flat_map(|y| (0..width).flat_map(move |x| [x as u8, y as u8, (x + y) as u8, 255])).collect()
    }

    #[test]
    fn a_region_of_the_networks_own_size_is_copied() {
        let data = ramp(8, 8);
        let frame = Frame::rgba8(&data, 8, 8).unwrap();
        let region = Region { centre: [4.0, 4.0], side: 4.0, roll: 0.0, mirrored: false };
        let mut out = vec![0.0; 4 * 4 * 3];
        crop(&frame, &Crop::square(&region, 4, Border::Black), (1.0, 0.0), &mut out);
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
        let region = Region { centre: [4.0, 4.0], side: 4.0, roll: std::f32::consts::FRAC_PI_2, mirrored: false };
        let mut out = vec![0.0; 4 * 4 * 3];
        crop(&frame, &Crop::square(&region, 4, Border::Black), (1.0, 0.0), &mut out);
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
        let region = Region { centre: [100.0, -50.0], side: 4.0, roll: 0.3, mirrored: false };
        let mut out = vec![9.0; 4 * 4 * 3];
        crop(&frame, &Crop::square(&region, 4, Border::Black), (1.0, 0.0), &mut out);
        assert!(out.iter().all(|&v| v == 0.0));
        crop(&frame, &Crop::square(&region, 4, Border::Nearest), (1.0, 0.0), &mut out);
        assert!(out.iter().all(|&v| (v - 200.0).abs() < 1e-3));
    }
}
