//! What was retouched, back into a frame. Of a format with luma and chroma, and of one with more than eight bits a value, only
//! differences are written: what was not changed keeps its values, and what was keeps its depth.

use super::colour::whole;
use super::pixels::{Meaning, PIXEL, Part, RUN, rgba_run};
use super::{FrameMut, PixelFormat};

/// The highest byte of a pixel, where its alpha is.
const OPAQUE: u32 = 0xFF00_0000;

/// A rectangle of pixels that were changed, as [`Frame::read_rgba`](super::Frame::read_rgba) gives them.
pub(crate) struct Changed<'a> {
    /// Column and row of its upper left corner in the frame, width and height.
    pub(crate) place: [u32; 4],
    /// Row by row.
    pub(crate) pixels: &'a [u8],
    /// Bytes from one row to the next.
    pub(crate) pitch: usize,
    /// Whether some of it may have been taken over before, with another rectangle.
    pub(crate) overlaps: bool,
}

impl Changed<'_> {
    fn row(&self, y: u32, pixel: usize) -> &[u8] {
        let start = (y - self.place[1]) as usize * self.pitch;
        self.pixels.get(start..start + self.place[2] as usize * pixel).unwrap_or_default()
    }

    /// What row `y` has from column `x` on, of so many bytes a pixel, and how many columns lie between.
    #[inline(always)]
    pub(super) fn row_from(&self, x: u32, y: u32, pixel: usize) -> (usize, &[u8]) {
        let [left, top, _, height] = self.place;
        if y < top || y - top >= height {
            return (0, &[]);
        }
        let row = self.row(y, pixel).get(x.saturating_sub(left) as usize * pixel..);
        (left.saturating_sub(x) as usize, row.unwrap_or_default())
    }

    /// Gives those pixels of row `y` from column `x` on back that were taken over before.
    #[inline(always)]
    pub(super) fn restore<T: Copy + PartialEq>(
        &self,
        [x, y]: [u32; 2],
        before: &[T; RUN],
        now: &mut [T; RUN],
        taken: &impl Fn(u32, u32) -> bool,
    ) {
        if self.overlaps {
            for ((x, before), now) in (x..).zip(before).zip(now) {
                if now != before && taken(x, y) {
                    *now = *before;
                }
            }
        }
    }

    /// Takes over the colours of pixels of row `y` from column `x` on, where they lie in the rectangle.
    #[inline(always)]
    fn overlay(&self, x: u32, y: u32, run: &mut [u32; RUN]) {
        let (skipped, row) = self.row_from(x, y, PIXEL);
        let row = row.as_chunks::<PIXEL>().0;
        if let (0, Some(row)) = (skipped, row.first_chunk::<RUN>()) {
            run.iter_mut().zip(row).for_each(|(to, now)| *to = u32::from_le_bytes(*now) | OPAQUE);
            return;
        }
        for (to, now) in run.iter_mut().skip(skipped).zip(row) {
            *to = u32::from_le_bytes(*now) | OPAQUE;
        }
    }
}

#[inline(always)]
fn step_byte(value: &mut u8, by: f32) {
    *value = whole(f32::from(*value) + by, 255.0) as u8;
}

/// Moves bytes that lie side by side, all at once.
#[inline(always)]
fn step_all<const N: usize>(values: &mut [u8], by: &[f32]) {
    if let (Some(values), Some(by)) = (values.first_chunk_mut::<N>(), by.first_chunk::<N>()) {
        let mut moved = [0; N];
        for ((moved, &value), by) in moved.iter_mut().zip(&*values).zip(by) {
            *moved = whole(f32::from(value) + by, 255.0);
        }
        values.iter_mut().zip(&moved).for_each(|(value, &moved)| *value = moved as u8);
    }
}

/// What is summed up over the rows, for each value that so many columns and rows share, of which the frame has `columns` more.
#[inline(always)]
pub(super) fn means(sums: &[f32; RUN], [wide, rows]: [u32; 2], columns: u32) -> [f32; RUN] {
    let mut means = [0.0; RUN];
    let share = 1.0 / (rows * wide) as f32;
    if wide == 1 {
        means.iter_mut().zip(sums).for_each(|(mean, sum)| *mean = sum * share);
    } else {
        means.iter_mut().zip(sums.as_chunks::<2>().0).for_each(|(mean, [a, b])| *mean = (a + b) * share);
        // The last column of a frame with an odd number of them has its value for itself.
        if let Some(last) = means.get_mut(columns as usize / 2).filter(|_| columns % 2 == 1) {
            *last *= 2.0;
        }
    }
    means
}

impl FrameMut<'_> {
    /// Takes over a rectangle of pixels, save those for which `taken` says that they have been. What is the same as before
    /// keeps its bytes, whatever the format.
    pub(crate) fn write_rgba(&mut self, changed: &Changed<'_>, taken: impl Fn(u32, u32) -> bool) {
        if self.format.is_deep() {
            return self.write_deep(changed, taken);
        }
        if self.format.is_coded() {
            return self.write_coded(changed, taken);
        }
        if self.format.is_grey() {
            return self.write_grey(changed, taken);
        }
        let [x, y, _, height] = changed.place;
        let (x, format) = (x as usize, self.format);
        for y in y..y + height {
            let pixels = changed.row(y, PIXEL);
            let row = self.row_mut(y);
            match format {
                PixelFormat::Bgra8 => {
                    let row = row.get_mut(x * PIXEL..).unwrap_or_default();
                    for (&[r, g, b, a], to) in pixels.as_chunks::<PIXEL>().0.iter().zip(row.as_chunks_mut::<PIXEL>().0)
                    {
                        *to = [b, g, r, a];
                    }
                }
                PixelFormat::Rgb8 | PixelFormat::Bgr8 => {
                    let row = row.get_mut(x * 3..).unwrap_or_default();
                    for (&[r, g, b, _], to) in pixels.as_chunks::<PIXEL>().0.iter().zip(row.as_chunks_mut::<3>().0) {
                        *to = if format == PixelFormat::Rgb8 { [r, g, b] } else { [b, g, r] };
                    }
                }
                _ => {
                    if let Some(row) = row.get_mut(x * PIXEL..x * PIXEL + pixels.len()) {
                        row.copy_from_slice(pixels);
                    }
                }
            }
        }
    }

    /// Each grey changes by what the colour's luma changed.
    fn write_grey(&mut self, changed: &Changed<'_>, taken: impl Fn(u32, u32) -> bool) {
        let [left, top, ..] = changed.place;
        let meaning = Meaning::of(self.format, self.colours);
        let code = meaning.grey_code(self.colours);
        for y in top..top + changed.place[3] {
            let row = changed.row(y, PIXEL);
            let greys = self.row_mut(y).get_mut(left as usize..).unwrap_or_default();
            for ((x, now), grey) in (left..).zip(row.as_chunks::<PIXEL>().0).zip(greys) {
                let now = [now[0], now[1], now[2]];
                if now != [*grey; 3] && !taken(x, y) {
                    let [by, ..] = code.difference([f32::from(*grey); 3], now.map(f32::from));
                    // The cast keeps within 0..=255.
                    *grey = (f32::from(*grey) + by).round() as u8;
                }
            }
        }
    }

    /// With the instructions that this machine has.
    fn write_coded(&mut self, changed: &Changed<'_>, taken: impl Fn(u32, u32) -> bool) {
        #[cfg(target_arch = "x86_64")]
        if std::is_x86_feature_detected!("avx2") {
            // SAFETY: the machine was just found to have these instructions.
            return unsafe { self.write_coded_avx2(changed, taken) };
        }
        self.write_coded_plain(changed, taken);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn write_coded_avx2(&mut self, changed: &Changed<'_>, taken: impl Fn(u32, u32) -> bool) {
        self.write_coded_plain(changed, taken);
    }

    /// By squares that share their chroma: each pixel's luma and the square's chroma change by what the colours changed. Runs of
    /// pixels that are all as they were are passed over at once.
    #[inline(always)]
    fn write_coded_plain(&mut self, changed: &Changed<'_>, taken: impl Fn(u32, u32) -> bool) {
        let [left, top, width, height] = changed.place;
        let meaning = Meaning::of(self.format, self.colours);
        let Some(code) = &meaning.code else { return };
        let parts = self.format.parts(self.planes.each_ref().map(|plane| plane.stride));
        let [luma, cb, cr] = parts;
        let (wide, tall) = (1_u32 << cb.across, 1_u32 << cb.down);
        for y in (top / tall * tall..top + height).step_by(tall as usize) {
            let rows = tall.min(self.height - y);
            for start in (left / 2 * 2..left + width).step_by(RUN) {
                let mut before = [[0; RUN]; 2];
                let planes =
                    parts.map(|part| (part, self.planes.get(part.plane).map_or(&[][..], |plane| &*plane.data)));
                for (row, before) in (y..y + rows).zip(&mut before) {
                    *before = rgba_run(&planes, code, start, row);
                }
                let mut now = before;
                (y..y + rows).zip(&mut now).for_each(|(row, now)| changed.overlay(start, row, now));
                if now == before {
                    continue;
                }
                // How much chroma changes, summed over the pixels that share it.
                let mut by = [[0.0_f32; RUN]; 2];
                for (row, (before, now)) in (y..y + rows).zip(before.iter().zip(&mut now)) {
                    changed.restore([start, row], before, now, &taken);
                    let off = code.differences(before, now);
                    let [by_cb, by_cr] = &mut by;
                    by_cb.iter_mut().zip(&off[1]).for_each(|(sum, off)| *sum += off);
                    by_cr.iter_mut().zip(&off[2]).for_each(|(sum, off)| *sum += off);
                    self.step_run(luma, start, row, &off[0]);
                }
                for (part, sums) in [cb, cr].into_iter().zip(&by) {
                    let means = means(sums, [wide, rows], self.width - start);
                    self.step_run(part, start, y, means.get(..RUN >> part.across).unwrap_or_default());
                }
            }
        }
    }

    /// The bytes of a part of row `y` from column `x` on, and how many values the row still has.
    #[inline(always)]
    pub(super) fn values_from(&mut self, part: Part, x: u32, y: u32) -> (&mut [u8], usize) {
        let last = (self.width - x).div_ceil(1 << part.across) as usize;
        let data = self.planes.get_mut(part.plane).and_then(|plane| plane.data.get_mut(part.index(x, y)..));
        (data.unwrap_or_default(), last)
    }

    /// Moves the bytes of a part of row `y` from column `x` on by differences, one after another.
    #[inline(always)]
    fn step_run(&mut self, part: Part, x: u32, y: u32, by: &[f32]) {
        let (values, last) = self.values_from(part, x, y);
        let by = by.get(..last).unwrap_or(by);
        match part.step {
            1 if by.len() == RUN => step_all::<RUN>(values, by),
            1 if by.len() == RUN / 2 => step_all::<{ RUN / 2 }>(values, by),
            step => values.iter_mut().step_by(step).zip(by).for_each(|(value, by)| step_byte(value, *by)),
        }
    }
}
