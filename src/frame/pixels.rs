//! Pixels of any format: where their values lie in memory, and what colours these are.

use half::f16;

use super::colour::{Code, Colours, Range, Rgb, rounded, whole};
use super::tone::Tone;
use super::{Frame, PLANES, PixelFormat};

/// Bytes of one RGBA pixel, and of one whose values are floats of two bytes.
pub(super) const PIXEL: usize = 4;
pub(super) const DEEP: usize = 8;
/// Pixels of a row that are converted at once.
pub(super) const RUN: usize = 16;

/// Where one of a pixel's three values lies.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub(super) plane: usize,
    /// In a row, in bytes: of the first column, and from one to the next.
    first: usize,
    pub(super) step: usize,
    /// By how many bits a column, and a row, is halved: 1 where two of them share a value, else 0.
    pub(super) across: u32,
    pub(super) down: u32,
    /// From row to row.
    stride: usize,
}

impl Part {
    #[inline(always)]
    pub(super) fn index(&self, x: u32, y: u32) -> usize {
        (y >> self.down) as usize * self.stride + self.first + (x >> self.across) as usize * self.step
    }

    /// Where a part of the frame begins in the plane.
    pub(super) fn corner(&self, x: u32, y: u32) -> usize {
        self.index(x, y) - self.first
    }

    /// Values of a row from column `x` on.
    #[inline(always)]
    fn run(&self, data: &[u8], x: u32, y: u32) -> [f32; RUN] {
        let start = self.index(x, y);
        let mut run = [0.0; RUN];
        let row = data.get(start..).unwrap_or_default();
        match (self.step, self.across, row.first_chunk::<RUN>(), row.first_chunk::<{ RUN / 2 }>()) {
            (1, 0, Some(row), _) => run.iter_mut().zip(row).for_each(|(to, &value)| *to = f32::from(value)),
            // `x` is even wherever a run begins in a format whose columns share values.
            (1, 1, _, Some(row)) => {
                let pairs = run.as_chunks_mut::<2>().0;
                pairs.iter_mut().zip(row).for_each(|(to, &value)| *to = [f32::from(value); 2]);
            }
            _ => {
                for (column, to) in run.iter_mut().enumerate() {
                    *to = row.get((column >> self.across) * self.step).copied().map_or(0.0, f32::from);
                }
            }
        }
        run
    }

    /// The same of values that have more than eight bits.
    #[inline(always)]
    pub(super) fn deep_run(&self, sample: Sample, data: &[u8], x: u32, y: u32) -> [f32; RUN] {
        let row = data.get(self.index(x, y)..).unwrap_or_default();
        let words = row.as_chunks::<2>().0;
        let mut run = [0.0; RUN];
        match (sample, self.step, self.across, words.first_chunk::<RUN>(), words.first_chunk::<{ RUN / 2 }>()) {
            (Sample::Word { shift }, 2, 0, Some(words), _) => {
                for (to, &word) in run.iter_mut().zip(words) {
                    *to = f32::from(u16::from_le_bytes(word) >> shift);
                }
            }
            (Sample::Word { shift }, 2, 1, _, Some(words)) => {
                for (to, &word) in run.as_chunks_mut::<2>().0.iter_mut().zip(words) {
                    *to = [f32::from(u16::from_le_bytes(word) >> shift); 2];
                }
            }
            _ => {
                for (column, to) in run.iter_mut().enumerate() {
                    *to = sample.get(row, (column >> self.across) * self.step);
                }
            }
        }
        run
    }
}

/// How a value lies in memory.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sample {
    Byte,
    /// A little-endian number, so many bits to the left.
    Word {
        shift: u32,
    },
    /// A little-endian float of two bytes.
    Half,
}

impl Sample {
    #[inline(always)]
    pub(super) fn get(self, data: &[u8], at: usize) -> f32 {
        if self == Self::Byte {
            return data.get(at).copied().map_or(0.0, f32::from);
        }
        let bytes = data.get(at..).and_then(<[u8]>::first_chunk).copied().unwrap_or_default();
        match self {
            Self::Half => f16::from_le_bytes(bytes).to_f32(),
            Self::Word { shift } => f32::from(u16::from_le_bytes(bytes) >> shift),
            Self::Byte => 0.0,
        }
    }

    /// Moves a value by a difference, rounded and kept within 0 and `top` where it is a whole number.
    pub(super) fn step(self, data: &mut [u8], at: usize, by: f32, top: f32) {
        let value = self.get(data, at) + by;
        match self {
            Self::Byte => {
                if let Some(place) = data.get_mut(at) {
                    *place = whole(value, top) as u8;
                }
            }
            Self::Word { shift } => {
                if let Some(place) = data.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
                    *place = ((whole(value, top) as u16) << shift).to_le_bytes();
                }
            }
            Self::Half => {
                if let Some(place) = data.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
                    *place = f16::from_f32(value).to_le_bytes();
                }
            }
        }
    }
}

impl PixelFormat {
    /// Where red, green and blue lie, or luma, Cb and Cr.
    pub(super) fn parts(self, strides: [usize; PLANES]) -> [Part; 3] {
        let parts = match self {
            Self::Rgba8 => [(0, 0, 4, 0, 0), (0, 1, 4, 0, 0), (0, 2, 4, 0, 0)],
            Self::Bgra8 => [(0, 2, 4, 0, 0), (0, 1, 4, 0, 0), (0, 0, 4, 0, 0)],
            Self::Rgb8 => [(0, 0, 3, 0, 0), (0, 1, 3, 0, 0), (0, 2, 3, 0, 0)],
            Self::Bgr8 => [(0, 2, 3, 0, 0), (0, 1, 3, 0, 0), (0, 0, 3, 0, 0)],
            Self::Gray8 => [(0, 0, 1, 0, 0); 3],
            Self::Nv12 => [(0, 0, 1, 0, 0), (1, 0, 2, 1, 1), (1, 1, 2, 1, 1)],
            Self::Nv21 => [(0, 0, 1, 0, 0), (1, 1, 2, 1, 1), (1, 0, 2, 1, 1)],
            Self::I420 => [(0, 0, 1, 0, 0), (1, 0, 1, 1, 1), (2, 0, 1, 1, 1)],
            Self::I422 => [(0, 0, 1, 0, 0), (1, 0, 1, 1, 0), (2, 0, 1, 1, 0)],
            Self::I444 => [(0, 0, 1, 0, 0), (1, 0, 1, 0, 0), (2, 0, 1, 0, 0)],
            Self::Yuyv => [(0, 0, 2, 0, 0), (0, 1, 4, 1, 0), (0, 3, 4, 1, 0)],
            Self::Uyvy => [(0, 1, 2, 0, 0), (0, 0, 4, 1, 0), (0, 2, 4, 1, 0)],
            Self::P010 => [(0, 0, 2, 0, 0), (1, 0, 4, 1, 1), (1, 2, 4, 1, 1)],
            Self::I010 => [(0, 0, 2, 0, 0), (1, 0, 2, 1, 1), (2, 0, 2, 1, 1)],
            Self::I210 => [(0, 0, 2, 0, 0), (1, 0, 2, 1, 0), (2, 0, 2, 1, 0)],
            Self::I410 => [(0, 0, 2, 0, 0), (1, 0, 2, 0, 0), (2, 0, 2, 0, 0)],
            Self::Gray16 => [(0, 0, 2, 0, 0); 3],
            Self::Rgb16 => [(0, 0, 6, 0, 0), (0, 2, 6, 0, 0), (0, 4, 6, 0, 0)],
            Self::Rgba16 | Self::Rgba16Float => [(0, 0, 8, 0, 0), (0, 2, 8, 0, 0), (0, 4, 8, 0, 0)],
        };
        parts.map(|(plane, first, step, across, down)| {
            let stride = strides.get(plane).copied().unwrap_or_default();
            Part { plane, first, step, across, down, stride }
        })
    }

    /// Where alpha lies, of values with more than eight bits.
    pub(super) fn alpha(self, [stride, ..]: [usize; PLANES]) -> Option<Part> {
        matches!(self, Self::Rgba16 | Self::Rgba16Float).then_some(Part {
            plane: 0,
            first: 6,
            step: DEEP,
            across: 0,
            down: 0,
            stride,
        })
    }

    /// Whether a pixel is luma and chroma.
    pub(super) fn is_coded(self) -> bool {
        use PixelFormat::{I010, I210, I410, I420, I422, I444, Nv12, Nv21, P010, Uyvy, Yuyv};
        matches!(self, Nv12 | Nv21 | I420 | I422 | I444 | Yuyv | Uyvy | P010 | I010 | I210 | I410)
    }

    /// Whether a pixel is grey.
    pub(super) fn is_grey(self) -> bool {
        matches!(self, Self::Gray8 | Self::Gray16)
    }

    /// Whether values have more than eight bits.
    pub(crate) fn is_deep(self) -> bool {
        self.sample() != Sample::Byte
    }

    pub(super) fn sample(self) -> Sample {
        match self {
            Self::P010 => Sample::Word { shift: 6 },
            Self::I010 | Self::I210 | Self::I410 | Self::Gray16 | Self::Rgb16 | Self::Rgba16 => {
                Sample::Word { shift: 0 }
            }
            Self::Rgba16Float => Sample::Half,
            _ => Sample::Byte,
        }
    }

    /// The largest value.
    pub(super) fn top(self) -> f32 {
        match self {
            Self::P010 | Self::I010 | Self::I210 | Self::I410 => 1023.0,
            Self::Gray16 | Self::Rgb16 | Self::Rgba16 => 65535.0,
            Self::Rgba16Float => 1.0,
            _ => 255.0,
        }
    }
}

/// What the values of a frame mean.
pub(super) struct Meaning {
    pub(super) sample: Sample,
    pub(super) top: f32,
    /// Of luma and chroma.
    pub(super) code: Option<Code>,
    /// Of HDR.
    pub(super) tone: Option<&'static Tone>,
}

impl Meaning {
    pub(super) fn of(format: PixelFormat, colours: Colours) -> Self {
        let (top, tone) = (format.top(), format.is_deep().then(|| Tone::of(colours.transfer)).flatten());
        let sample = format.sample();
        Self { sample, top, tone, code: format.is_coded().then(|| colours.code(top)) }
    }

    /// What makes luma of a grey's or a colour's difference.
    pub(super) fn grey_code(&self, colours: Colours) -> Code {
        Colours { range: Range::Full, ..colours }.code(self.top)
    }

    /// The signal of values as red, green and blue, 0..=255, however many values there are.
    #[inline(always)]
    pub(super) fn signal(&self, values: [f32; 3]) -> [f32; 3] {
        match &self.code {
            Some(code) => code.colour(values),
            None if self.sample == Sample::Byte => values,
            None => values.map(|value| value * (255.0 / self.top)),
        }
    }

    /// The colour of values as SDR shows it, 0..=255.
    #[inline(always)]
    pub(super) fn colour(&self, values: [f32; 3]) -> [f32; 3] {
        let signal = self.signal(values);
        match self.tone {
            Some(tone) => tone.to_sdr(&signal.map(|v| [v / 255.0])).map(|[v]| v * 255.0),
            None => signal,
        }
    }

    /// The colours of a run of values as SDR shows them, 0..=1.
    #[inline(always)]
    pub(super) fn run(&self, a: &[f32; RUN], b: &[f32; RUN], c: &[f32; RUN]) -> [[f32; RUN]; 3] {
        let mut colours = match &self.code {
            Some(code) => code.colours(a, b, c),
            None => [*a, *b, *c],
        };
        let top = if self.code.is_some() { 255.0 } else { self.top };
        colours.as_flattened_mut().iter_mut().for_each(|value| *value /= top);
        match self.tone {
            Some(tone) => tone.to_sdr(&colours),
            None => colours,
        }
    }
}

/// A value at a place between pixels; of one that pixels share, the nearest.
#[inline(always)]
fn between(sample: Sample, (part, data): &(Part, &[u8]), [x, y]: [u32; 2], [u, v]: [f32; 2]) -> f32 {
    let at = |x: u32, y: u32| sample.get(data, part.index(x, y));
    if part.across > 0 {
        return at(x + u32::from(u >= 0.5), y + u32::from(v >= 0.5));
    }
    let down = |x: u32| {
        let (above, below) = (at(x, y), at(x, y + 1));
        above + v * (below - above)
    };
    let (near, far) = (down(x), down(x + 1));
    near + u * (far - near)
}

/// A frame to look at pixel by pixel.
pub(crate) struct Pixels<'a> {
    parts: [(Part, &'a [u8]); 3],
    meaning: Meaning,
}

impl Pixels<'_> {
    /// The values of a pixel of the frame, whatever they mean.
    #[inline]
    pub(crate) fn values(&self, x: u32, y: u32) -> [f32; 3] {
        self.parts.map(|(part, data)| self.meaning.sample.get(data, part.index(x, y)))
    }

    /// The values at a place between a pixel and the three to its right and below, by bilinear interpolation; of those that pixels
    /// share, the nearest.
    #[inline(always)]
    pub(crate) fn values_between(&self, place: [u32; 2], shares: [f32; 2]) -> [f32; 3] {
        let (sample, [first, second, third]) = (self.meaning.sample, &self.parts);
        [
            between(sample, first, place, shares),
            between(sample, second, place, shares),
            between(sample, third, place, shares),
        ]
    }

    /// The colour of such values, or of any between them, as SDR shows it: 0..=255.
    #[inline(always)]
    pub(crate) fn colour(&self, values: [f32; 3]) -> [f32; 3] {
        let [r, g, b] = self.meaning.colour(values);
        [r.clamp(0.0, 255.0), g.clamp(0.0, 255.0), b.clamp(0.0, 255.0)]
    }
}

/// Luma and chroma of bytes as RGBA: pixels of row `y` from column `x` on, which is even.
#[inline(always)]
pub(super) fn rgba_run(parts: &[(Part, &[u8]); 3], code: &Code, x: u32, y: u32) -> [u32; RUN] {
    let [luma, cb, cr] = parts;
    code.run(&luma.0.run(luma.1, x, y), &cb.0.run(cb.1, x, y), &cr.0.run(cr.1, x, y))
}

impl<'a> Frame<'a> {
    /// The frame to look at pixel by pixel.
    pub(crate) fn pixels(&self) -> Pixels<'a> {
        let parts = self.format.parts(self.planes.map(|plane| plane.stride));
        Pixels {
            parts: parts.map(|part| (part, self.planes.get(part.plane).map_or(&[][..], |plane| plane.data))),
            meaning: Meaning::of(self.format, self.colours),
        }
    }

    /// Writes pixels of row `y` from column `x` on as RGBA, as many as `out` has room for: floats of two bytes where the format
    /// has more than eight bits a value, and bytes otherwise.
    pub(crate) fn read_rgba(&self, x: u32, y: u32, out: &mut [u8]) {
        let from = x as usize * PIXEL;
        match self.format {
            PixelFormat::Rgba8 => {
                if let Some(row) = self.row(y).get(from..from + out.len()) {
                    out.copy_from_slice(row);
                }
            }
            PixelFormat::Bgra8 => {
                let row = self.row(y).get(from..).unwrap_or_default();
                for (&[b, g, r, a], to) in row.as_chunks::<PIXEL>().0.iter().zip(out.as_chunks_mut::<PIXEL>().0) {
                    *to = [r, g, b, a];
                }
            }
            format if format.is_deep() => self.read_deep(x, y, out),
            format if format.is_coded() => self.read_coded(x, y, out.as_chunks_mut::<PIXEL>().0),
            _ => {
                let pixels = self.pixels();
                for (x, to) in (x..).zip(out.as_chunks_mut::<PIXEL>().0) {
                    let [r, g, b]: Rgb = rounded(pixels.values(x, y));
                    *to = [r, g, b, u8::MAX];
                }
            }
        }
    }

    /// With the instructions that this machine has.
    fn read_coded(&self, x: u32, y: u32, out: &mut [[u8; PIXEL]]) {
        #[cfg(target_arch = "x86_64")]
        if std::is_x86_feature_detected!("avx2") {
            // SAFETY: the machine was just found to have these instructions.
            return unsafe { self.read_coded_avx2(x, y, out) };
        }
        self.read_coded_plain(x, y, out);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn read_coded_avx2(&self, x: u32, y: u32, out: &mut [[u8; PIXEL]]) {
        self.read_coded_plain(x, y, out);
    }

    #[inline(always)]
    fn read_coded_plain(&self, x: u32, y: u32, out: &mut [[u8; PIXEL]]) {
        let Pixels { parts, meaning } = self.pixels();
        let Some(code) = &meaning.code else { return };
        // Runs begin at even columns.
        let odd = x % 2;
        let mut start = x - odd;
        let (first, rest) = out.split_at_mut(out.len().min(RUN - odd as usize));
        let run = rgba_run(&parts, code, start, y);
        first.iter_mut().zip(run.iter().skip(odd as usize)).for_each(|(to, pixel)| *to = pixel.to_le_bytes());
        for chunk in rest.chunks_mut(RUN) {
            start += RUN as u32;
            let run = rgba_run(&parts, code, start, y).map(u32::to_le_bytes);
            if let Some(own) = run.get(..chunk.len()) {
                chunk.copy_from_slice(own);
            }
        }
    }

    /// Writes row `y` as RGBA of bytes, as SDR shows it.
    pub(crate) fn read_sdr(&self, y: u32, out: &mut [u8]) {
        if !self.format.is_deep() {
            return self.read_rgba(0, y, out);
        }
        let pixels = self.pixels();
        for (x, to) in (0..).zip(out.as_chunks_mut::<PIXEL>().0) {
            let [r, g, b] = rounded(pixels.colour(pixels.values(x, y)));
            *to = [r, g, b, u8::MAX];
        }
    }
}
