//! Frames with more than eight bits a value: read as floats of two bytes, as the device has them, and written by differences, a run of
//! pixels at a time.

use half::f16;
use half::slice::HalfFloatSliceExt;

use super::colour::{Code, whole};
use super::pixels::{DEEP, Meaning, Part, RUN, Sample};
use super::write::{Changed, means};
use super::{Frame, FrameMut};

/// Red, green, blue and alpha of a run.
type Run = [[f16; 4]; RUN];
/// The same without alpha, colour by colour.
type Colours = [[f32; RUN]; 3];

/// What a run's values are made of and mean.
struct Deep {
    meaning: Meaning,
    parts: [Part; 3],
    alpha: Option<Part>,
    /// Of a grey frame: what makes luma of a colour.
    grey: Option<Code>,
}

impl Deep {
    fn of(frame: &Frame<'_>) -> Self {
        let strides = frame.planes.map(|plane| plane.stride);
        let meaning = Meaning::of(frame.format, frame.colours);
        let grey = frame.format.is_grey().then(|| meaning.grey_code(frame.colours));
        Self { meaning, parts: frame.format.parts(strides), alpha: frame.format.alpha(strides), grey }
    }

    /// A part's values in row `y` from column `x` on.
    #[inline(always)]
    fn values(&self, frame: &Frame<'_>, part: &Part, x: u32, y: u32) -> [f32; RUN] {
        let data = frame.planes.get(part.plane).map_or(&[][..], |plane| plane.data);
        part.deep_run(self.meaning.sample, data, x, y)
    }

    /// Pixels of row `y` from column `x` on, which is even.
    #[inline(always)]
    fn run(&self, frame: &Frame<'_>, x: u32, y: u32) -> Run {
        let [first, second, third] = &self.parts;
        let (first, second, third) =
            (self.values(frame, first, x, y), self.values(frame, second, x, y), self.values(frame, third, x, y));
        let [red, green, blue] = self.meaning.run(&first, &second, &third);
        let mut alpha = [1.0; RUN];
        if let Some(part) = &self.alpha {
            alpha = self.values(frame, part, x, y);
            alpha.iter_mut().for_each(|value| *value /= self.meaning.top);
        }
        let mut all = [[0.0_f32; 4]; RUN];
        for ((((all, &r), &g), &b), &a) in all.iter_mut().zip(&red).zip(&green).zip(&blue).zip(&alpha) {
            *all = [r, g, b, a];
        }
        let mut run = [[f16::ZERO; 4]; RUN];
        run.as_flattened_mut().convert_from_f32_slice(all.as_flattened());
        run
    }

    /// By how much each part's values differ between two runs; nothing where the pixels are the same, whatever they are.
    #[inline(always)]
    fn differences(&self, before: &Run, now: &Run) -> Colours {
        let (from, to) = (self.signal(before), self.signal(now));
        let mut off = match self.meaning.code.as_ref().or(self.grey.as_ref()) {
            Some(code) => code.differences_of(&from, &to),
            None => {
                let mut off = [[0.0; RUN]; 3];
                let share = self.meaning.top / 255.0;
                for ((off, from), to) in
                    off.as_flattened_mut().iter_mut().zip(from.as_flattened()).zip(to.as_flattened())
                {
                    *off = (to - from) * share;
                }
                off
            }
        };
        let [first, second, third] = &mut off;
        for (((before, now), first), (second, third)) in
            before.iter().zip(now).zip(first).zip(second.iter_mut().zip(third))
        {
            if bytemuck::bytes_of(before) == bytemuck::bytes_of(now) {
                (*first, *second, *third) = (0.0, 0.0, 0.0);
            }
        }
        off
    }

    /// The signal of a run's colours, 0..=255.
    #[inline(always)]
    fn signal(&self, run: &Run) -> Colours {
        let mut all = [[0.0_f32; 4]; RUN];
        run.as_flattened().convert_to_f32_slice(all.as_flattened_mut());
        let (mut red, mut green, mut blue) = ([0.0; RUN], [0.0; RUN], [0.0; RUN]);
        for (((all, r), g), b) in all.iter().zip(&mut red).zip(&mut green).zip(&mut blue) {
            (*r, *g, *b) = (all[0], all[1], all[2]);
        }
        let mut colours = [red, green, blue];
        if let Some(tone) = self.meaning.tone {
            colours = tone.to_hdr(&colours);
        }
        colours.as_flattened_mut().iter_mut().for_each(|value| *value *= 255.0);
        colours
    }
}

impl Frame<'_> {
    /// Writes pixels of row `y` from column `x` on as floats of two bytes, as many as `out` has room for.
    pub(super) fn read_deep(&self, x: u32, y: u32, out: &mut [u8]) {
        #[cfg(target_arch = "x86_64")]
        if std::is_x86_feature_detected!("avx2") {
            // SAFETY: the machine was just found to have these instructions.
            return unsafe { self.read_deep_avx2(x, y, out) };
        }
        self.read_deep_plain(x, y, out);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn read_deep_avx2(&self, x: u32, y: u32, out: &mut [u8]) {
        self.read_deep_plain(x, y, out);
    }

    #[inline(always)]
    fn read_deep_plain(&self, x: u32, y: u32, out: &mut [u8]) {
        let deep = Deep::of(self);
        // Runs begin at even columns.
        let odd = (x % 2) as usize;
        let (first, rest) = out.split_at_mut(out.len().min((RUN - odd) * DEEP));
        copy(&deep.run(self, x - x % 2, y), odd, first);
        for (start, chunk) in (x - x % 2 + RUN as u32..).step_by(RUN).zip(rest.chunks_mut(RUN * DEEP)) {
            copy(&deep.run(self, start, y), 0, chunk);
        }
    }
}

/// Writes a run, less its first pixels, as far as there is room.
#[inline(always)]
fn copy(run: &Run, skipped: usize, out: &mut [u8]) {
    let values = run.as_flattened().get(skipped * 4..).unwrap_or_default();
    out.as_chunks_mut::<2>().0.iter_mut().zip(values).for_each(|(to, value)| *to = value.to_le_bytes());
}

impl Changed<'_> {
    /// Takes over the pixels of row `y` from column `x` on that lie in the rectangle.
    #[inline(always)]
    fn overlay_deep(&self, x: u32, y: u32, run: &mut Run) {
        let (skipped, row) = self.row_from(x, y, DEEP);
        let values = run.get_mut(skipped..).unwrap_or_default().as_flattened_mut();
        for (to, now) in values.iter_mut().zip(row.as_chunks::<2>().0) {
            *to = f16::from_le_bytes(*now);
        }
    }
}

impl FrameMut<'_> {
    /// As [`Self::write_rgba`].
    pub(super) fn write_deep(&mut self, changed: &Changed<'_>, taken: impl Fn(u32, u32) -> bool) {
        #[cfg(target_arch = "x86_64")]
        if std::is_x86_feature_detected!("avx2") {
            // SAFETY: the machine was just found to have these instructions.
            return unsafe { self.write_deep_avx2(changed, taken) };
        }
        self.write_deep_plain(changed, taken);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn write_deep_avx2(&mut self, changed: &Changed<'_>, taken: impl Fn(u32, u32) -> bool) {
        self.write_deep_plain(changed, taken);
    }

    /// By squares that share their chroma, where there is any.
    #[inline(always)]
    fn write_deep_plain(&mut self, changed: &Changed<'_>, taken: impl Fn(u32, u32) -> bool) {
        let [left, top, width, height] = changed.place;
        let deep = Deep::of(&self.as_frame());
        let [first, cb, cr] = deep.parts;
        let (is_coded, is_grey) = (deep.meaning.code.is_some(), deep.grey.is_some());
        let (wide, tall) = (1_u32 << cb.across, 1_u32 << cb.down);
        for y in (top / tall * tall..top + height).step_by(tall as usize) {
            let rows = tall.min(self.height - y);
            for start in (left / 2 * 2..left + width).step_by(RUN) {
                // How much chroma changes, summed over the pixels that share it.
                let (mut by_cb, mut by_cr) = ([0.0_f32; RUN], [0.0_f32; RUN]);
                let mut any = false;
                for row in y..y + rows {
                    let before = deep.run(&self.as_frame(), start, row);
                    let mut now = before;
                    changed.overlay_deep(start, row, &mut now);
                    changed.restore([start, row], &before, &mut now, &taken);
                    if bytemuck::bytes_of(&now) == bytemuck::bytes_of(&before) {
                        continue;
                    }
                    any = true;
                    let off = deep.differences(&before, &now);
                    self.step_deep(&deep.meaning, first, [start, row], &off[0]);
                    if is_coded {
                        by_cb.iter_mut().zip(&off[1]).for_each(|(sum, off)| *sum += off);
                        by_cr.iter_mut().zip(&off[2]).for_each(|(sum, off)| *sum += off);
                    } else if !is_grey {
                        self.step_deep(&deep.meaning, cb, [start, row], &off[1]);
                        self.step_deep(&deep.meaning, cr, [start, row], &off[2]);
                    }
                    if let Some(alpha) = deep.alpha {
                        let mut off = [0.0; RUN];
                        for ((off, before), now) in off.iter_mut().zip(&before).zip(&now) {
                            if now[3] != before[3] {
                                *off = (now[3].to_f32() - before[3].to_f32()) * deep.meaning.top;
                            }
                        }
                        self.step_deep(&deep.meaning, alpha, [start, row], &off);
                    }
                }
                if any && is_coded {
                    for (part, sums) in [(cb, &by_cb), (cr, &by_cr)] {
                        let means = means(sums, [wide, rows], self.width - start);
                        let means = means.get(..RUN >> part.across).unwrap_or_default();
                        self.step_deep(&deep.meaning, part, [start, y], means);
                    }
                }
            }
        }
    }

    /// Moves the values of a part of row `y` from column `x` on by differences, one after another.
    #[inline(always)]
    fn step_deep(&mut self, meaning: &Meaning, part: Part, [x, y]: [u32; 2], by: &[f32]) {
        let (values, last) = self.values_from(part, x, y);
        let by = by.get(..last).unwrap_or(by);
        match (meaning.sample, part.step) {
            (Sample::Word { shift }, 2) if by.len() == RUN => step_words::<RUN>(values, by, shift, meaning.top),
            (Sample::Word { shift }, 2) if by.len() == RUN / 2 => {
                step_words::<{ RUN / 2 }>(values, by, shift, meaning.top);
            }
            (sample, step) => {
                for (column, &by) in by.iter().enumerate().filter(|(_, by)| **by != 0.0) {
                    sample.step(values, column * step, by, meaning.top);
                }
            }
        }
    }
}

/// Moves words that lie side by side, all at once.
#[inline(always)]
fn step_words<const N: usize>(values: &mut [u8], by: &[f32], shift: u32, top: f32) {
    let values = values.as_chunks_mut::<2>().0.first_chunk_mut::<N>();
    if let (Some(values), Some(by)) = (values, by.first_chunk::<N>()) {
        for (value, &by) in values.iter_mut().zip(by) {
            let old = u16::from_le_bytes(*value);
            let moved = (whole(f32::from(old >> shift) + by, top) as u16) << shift;
            *value = if by == 0.0 { old } else { moved }.to_le_bytes();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PixelFormat;

    /// One pixel of a run changes: what lies beside it keeps its bits, be they a number or none, in use or not.
    #[test]
    fn beside_a_changed_pixel_all_keep_their_bits() {
        let strange = [0x7C00_u16, 0xFC00, 0x7E01, 0xFE55, 0x0001, 0x3C00];
        let floats: Vec<u8> = (0..5 * 3 * 4).flat_map(|k: usize| strange[k % strange.len()].to_le_bytes()).collect();
        // The low six bits of P010 mean nothing.
        let words: Vec<u8> = (0..15 + 2 * 6_u16).flat_map(|k| (20_000 + 64 * k + 7).to_le_bytes()).collect();
        for (format, before) in [(PixelFormat::Rgba16Float, floats), (PixelFormat::P010, words)] {
            let mut seen = vec![0; 5 * 3 * DEEP];
            let frame = Frame::new(format, &before, 5, 3).unwrap();
            for (y, row) in seen.chunks_exact_mut(5 * DEEP).enumerate() {
                frame.read_deep(0, y as u32, row);
            }
            // Red, green and blue of the last pixel.
            let last = seen.len() - DEEP..seen.len() - 2;
            seen[last].as_chunks_mut::<2>().0.fill(f16::from_f32(0.25).to_le_bytes());
            let mut after = before.clone();
            let changed = Changed { place: [0, 0, 5, 3], pixels: &seen, pitch: 5 * DEEP, overlaps: false };
            FrameMut::new(format, &mut after, 5, 3).unwrap().write_deep(&changed, |_, _| false);
            let own: &[usize] = if format == PixelFormat::P010 { &[14, 25, 26] } else { &[56, 57, 58] };
            for (k, (before, after)) in before.chunks_exact(2).zip(after.chunks_exact(2)).enumerate() {
                assert!(own.contains(&k) || before == after, "{format:?}, value {k}: {before:?} became {after:?}");
            }
            assert_ne!(before, after, "{format:?}");
        }
    }
}
