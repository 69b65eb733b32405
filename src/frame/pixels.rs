//! Pixels of any format, in and out as RGBA. Of a format with luma and chroma only differences are written, so that what was
//! not changed keeps its bytes.

use super::colour::{Code, Colours, Range, Rgb};
use super::{Frame, FrameMut, PLANES, PixelFormat};

/// The largest value.
const TOP: f32 = 255.0;
/// Bytes of one RGBA pixel.
const PIXEL: usize = 4;

/// Where one of a pixel's three values lies.
#[derive(Clone, Copy)]
struct Part {
    plane: usize,
    /// In a row: of the first column, and from one to the next.
    first: usize,
    step: usize,
    /// By how many bits a column, and a row, is halved: 1 where two of them share a value, else 0.
    across: u32,
    down: u32,
    /// From row to row.
    stride: usize,
}

impl Part {
    fn index(&self, x: u32, y: u32) -> usize {
        (y >> self.down) as usize * self.stride + self.first + (x >> self.across) as usize * self.step
    }
}

impl PixelFormat {
    /// Where red, green and blue lie, or luma, Cb and Cr.
    fn parts(self, strides: [usize; PLANES]) -> [Part; 3] {
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
        };
        parts.map(|(plane, first, step, across, down)| {
            let stride = strides.get(plane).copied().unwrap_or_default();
            Part { plane, first, step, across, down, stride }
        })
    }

    /// Whether a pixel is luma and chroma.
    fn is_coded(self) -> bool {
        use PixelFormat::{I420, I422, I444, Nv12, Nv21, Uyvy, Yuyv};
        matches!(self, Nv12 | Nv21 | I420 | I422 | I444 | Yuyv | Uyvy)
    }
}

/// A frame to look at pixel by pixel.
pub(crate) struct Pixels<'a> {
    parts: [(Part, &'a [u8]); 3],
    code: Option<Code>,
}

impl Pixels<'_> {
    /// The colour of a pixel of the frame.
    #[inline]
    pub(crate) fn rgb(&self, x: u32, y: u32) -> Rgb {
        let values = self.parts.map(|(part, data)| data.get(part.index(x, y)).copied().unwrap_or_default());
        self.code.as_ref().map_or(values, |code| code.rgb(values))
    }
}

impl<'a> Frame<'a> {
    /// The frame to look at pixel by pixel.
    pub(crate) fn pixels(&self) -> Pixels<'a> {
        let parts = self.format.parts(self.planes.map(|plane| plane.stride));
        Pixels {
            parts: parts.map(|part| (part, self.planes.get(part.plane).map_or(&[][..], |plane| plane.data))),
            code: self.format.is_coded().then(|| self.colours.code(TOP)),
        }
    }

    /// Writes pixels of row `y` from column `x` on as RGBA, as many as `out` has room for.
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
            _ => {
                let pixels = self.pixels();
                for (x, to) in (x..).zip(out.as_chunks_mut::<PIXEL>().0) {
                    let [r, g, b] = pixels.rgb(x, y);
                    *to = [r, g, b, u8::MAX];
                }
            }
        }
    }
}

/// A rectangle of pixels that were changed, as RGBA.
pub(crate) struct Changed<'a> {
    /// Column and row of its upper left corner in the frame, width and height.
    pub(crate) place: [u32; 4],
    /// Row by row.
    pub(crate) pixels: &'a [u8],
    /// Bytes from one row to the next.
    pub(crate) pitch: usize,
}

impl Changed<'_> {
    fn row(&self, y: u32) -> &[u8] {
        let start = (y - self.place[1]) as usize * self.pitch;
        self.pixels.get(start..start + self.place[2] as usize * PIXEL).unwrap_or_default()
    }

    /// The colour of a pixel, where it lies in the rectangle.
    #[inline]
    fn rgb(&self, x: u32, y: u32) -> Option<Rgb> {
        let [left, top, width, height] = self.place;
        if x < left || y < top || x - left >= width || y - top >= height {
            return None;
        }
        let start = (y - top) as usize * self.pitch + (x - left) as usize * PIXEL;
        self.pixels.get(start..).and_then(<[u8]>::first_chunk::<3>).copied()
    }
}

impl FrameMut<'_> {
    /// Takes over a rectangle of pixels, save those for which `taken` says that they have been. What is the same as before
    /// keeps its bytes, whatever the format.
    pub(crate) fn write_rgba(&mut self, changed: &Changed<'_>, taken: impl Fn(u32, u32) -> bool) {
        if self.format.is_coded() {
            return self.write_coded(changed, taken);
        }
        if self.format == PixelFormat::Gray8 {
            return self.write_grey(changed, taken);
        }
        let [x, y, _, height] = changed.place;
        let (x, format) = (x as usize, self.format);
        for y in y..y + height {
            let pixels = changed.row(y);
            let row = self.row_mut(y);
            match format {
                PixelFormat::Bgra8 => {
                    let row = row.get_mut(x * PIXEL..).unwrap_or_default();
                    for (&[r, g, b, a], to) in pixels.as_chunks::<PIXEL>().0.iter().zip(row.as_chunks_mut::<PIXEL>().0)
                    {
                        *to = [b, g, r, a];
                    }
                }
                PixelFormat::Bgr8 => {
                    let row = row.get_mut(x * 3..).unwrap_or_default();
                    for (&[r, g, b, _], to) in pixels.as_chunks::<PIXEL>().0.iter().zip(row.as_chunks_mut::<3>().0) {
                        *to = [b, g, r];
                    }
                }
                PixelFormat::Rgb8 => {
                    let row = row.get_mut(x * 3..).unwrap_or_default();
                    for (&[r, g, b, _], to) in pixels.as_chunks::<PIXEL>().0.iter().zip(row.as_chunks_mut::<3>().0) {
                        *to = [r, g, b];
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
        let [left, top, width, height] = changed.place;
        let code = Colours { range: Range::Full, ..self.colours }.code(TOP);
        let [grey, ..] = self.format.parts(self.planes.each_ref().map(|plane| plane.stride));
        for (x, y) in (top..top + height).flat_map(|y| (left..left + width).map(move |x| (x, y))) {
            let value = self.value(grey, x, y);
            if let Some(now) = changed.rgb(x, y).filter(|now| *now != [value; 3] && !taken(x, y)) {
                let [by, ..] = code.difference([f32::from(value); 3], now.map(f32::from));
                self.put(grey, x, y, stepped(value, by));
            }
        }
    }

    /// By squares that share their chroma: each pixel's luma and the square's chroma change by what the colours changed.
    fn write_coded(&mut self, changed: &Changed<'_>, taken: impl Fn(u32, u32) -> bool) {
        let [left, top, width, height] = changed.place;
        let code = self.colours.code(TOP);
        let [luma, cb, cr] = self.format.parts(self.planes.each_ref().map(|plane| plane.stride));
        let (wide, tall) = (1 << cb.across, 1 << cb.down);
        for y in (top / tall * tall..top + height).step_by(tall as usize) {
            for x in (left / wide * wide..left + width).step_by(wide as usize) {
                let chroma = [cb, cr].map(|part| self.value(part, x, y));
                let mut by = [0.0_f32; 2];
                let (mut shared, mut any) = (0.0_f32, false);
                for y in y..(y + tall).min(self.height) {
                    for x in x..(x + wide).min(self.width) {
                        shared += 1.0;
                        let Some(now) = changed.rgb(x, y).filter(|_| !taken(x, y)) else { continue };
                        let light = self.value(luma, x, y);
                        let before = code.rgb([light, chroma[0], chroma[1]]);
                        if now == before {
                            continue;
                        }
                        let [off, cb, cr] = code.difference(before.map(f32::from), now.map(f32::from));
                        by = [by[0] + cb, by[1] + cr];
                        any = true;
                        self.put(luma, x, y, stepped(light, off));
                    }
                }
                if any {
                    self.put(cb, x, y, stepped(chroma[0], by[0] / shared));
                    self.put(cr, x, y, stepped(chroma[1], by[1] / shared));
                }
            }
        }
    }

    #[inline]
    fn value(&self, part: Part, x: u32, y: u32) -> u8 {
        let data = self.planes.get(part.plane).map_or(&[][..], |plane| &*plane.data);
        data.get(part.index(x, y)).copied().unwrap_or_default()
    }

    fn put(&mut self, part: Part, x: u32, y: u32, value: u8) {
        if let Some(place) = self.planes.get_mut(part.plane).and_then(|plane| plane.data.get_mut(part.index(x, y))) {
            *place = value;
        }
    }
}

/// A value moved by a difference, rounded.
fn stepped(value: u8, by: f32) -> u8 {
    // The cast keeps within 0..=255.
    (f32::from(value) + by).round() as u8
}
