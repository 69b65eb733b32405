//! A picture in memory, borrowed from the caller, in the format that cameras, decoders and windows have it: sizes and
//! strides are checked once, and trusted after.
//!
//! Whatever reads pixels asks for them as RGBA; whatever changes them hands RGBA back. Of a format with luma and chroma only
//! the differences are written, so that what was not changed keeps its bytes.

mod colour;

pub use colour::{Colours, Matrix, Range};

use crate::{Error, Result};
use colour::Rgb;

/// Bytes of one RGBA pixel.
const PIXEL: usize = 4;
/// Most planes of a format.
const PLANES: usize = 3;

/// How a picture's pixels lie in memory, eight bits a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PixelFormat {
    /// Red, green, blue, alpha. Alpha is carried along untouched.
    Rgba8,
    /// Blue, green, red, alpha: what windows and many capture interfaces have.
    Bgra8,
    /// Red, green, blue.
    Rgb8,
    /// A plane of luma, and one of pairs of chroma (Cb, Cr) for each square of 2 × 2 pixels: what hardware decoders and
    /// phones' cameras have.
    Nv12,
    /// A plane of luma and one of either chroma, for each square of 2 × 2 pixels: what calls and software decoders have.
    I420,
    /// Luma, Cb, luma, Cr for each two pixels of a row: what USB cameras have. Also called YUY2.
    Yuyv,
}

impl PixelFormat {
    /// How many planes a picture of this format has, 1 to 3.
    #[must_use]
    pub fn planes(self) -> usize {
        match self {
            Self::Rgba8 | Self::Bgra8 | Self::Rgb8 | Self::Yuyv => 1,
            Self::Nv12 => 2,
            Self::I420 => 3,
        }
    }

    /// Bytes of a row and number of rows of a plane.
    fn layout(self, plane: usize, width: u32, height: u32) -> Option<(usize, u32)> {
        let (whole, half) = (usize::try_from(width).ok()?, usize::try_from(width.div_ceil(2)).ok()?);
        let halved = height.div_ceil(2);
        Some(match (self, plane) {
            (Self::Rgba8 | Self::Bgra8, _) => (whole.checked_mul(4)?, height),
            (Self::Rgb8, _) => (whole.checked_mul(3)?, height),
            (Self::Yuyv, _) => (half.checked_mul(4)?, height),
            (Self::Nv12 | Self::I420, 0) => (whole, height),
            (Self::Nv12, _) => (half.checked_mul(2)?, halved),
            (Self::I420, _) => (half, halved),
        })
    }
}

/// One plane of a picture to read: its bytes, and how many lie between the starts of two rows.
#[derive(Debug, Clone, Copy)]
pub struct Plane<'a> {
    /// Row by row. The last row may end without its padding.
    pub data: &'a [u8],
    /// Bytes from the start of one row to the next.
    pub stride: usize,
}

/// One plane of a picture to read and change, laid out like [`Plane`].
#[derive(Debug)]
pub struct PlaneMut<'a> {
    /// Row by row.
    pub data: &'a mut [u8],
    /// Bytes from the start of one row to the next.
    pub stride: usize,
}

/// A picture to read: `height` rows of `width` pixels. Colours are encoded as sRGB is, as cameras and files give them.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    planes: [Plane<'a>; PLANES],
    format: PixelFormat,
    colours: Colours,
    width: u32,
    height: u32,
}

/// A picture to read and change, laid out like [`Frame`].
pub struct FrameMut<'a> {
    planes: [PlaneMut<'a>; PLANES],
    format: PixelFormat,
    colours: Colours,
    width: u32,
    height: u32,
}

/// Checks one plane: returns nothing, or says what is wrong with it.
fn check(format: PixelFormat, plane: usize, len: usize, stride: usize, size: (u32, u32)) -> Result<()> {
    let (width, height) = size;
    if width == 0 || height == 0 {
        return Err(Error::EmptyFrame { width, height });
    }
    let overflow = || Error::SizeOverflow { width, height, stride };
    let (row, rows) = format.layout(plane, width, height).ok_or_else(overflow)?;
    if stride < row {
        return Err(Error::ShortStride { width, stride, needed: row });
    }
    let needed = usize::try_from(rows - 1)
        .ok()
        .and_then(|rows| rows.checked_mul(stride))
        .and_then(|bytes| bytes.checked_add(row))
        .filter(|&bytes| isize::try_from(bytes).is_ok())
        .ok_or_else(overflow)?;
    if len < needed {
        return Err(Error::ShortBuffer { width, height, stride, given: len, needed });
    }
    Ok(())
}

/// Where each plane begins in a buffer that holds them one after another without padding, how long it is, and its stride. An
/// absurd size saturates, and `check` then says so.
fn tight(format: PixelFormat, width: u32, height: u32) -> [(usize, usize, usize); PLANES] {
    let mut start = 0_usize;
    std::array::from_fn(|plane| {
        if plane >= format.planes() {
            return (start, 0, 0);
        }
        let (row, rows) = format.layout(plane, width, height).unwrap_or((usize::MAX, 0));
        let here = start;
        let length = row.saturating_mul(usize::try_from(rows).unwrap_or(usize::MAX));
        start = start.saturating_add(length);
        (here, length, row)
    })
}

impl<'a> Frame<'a> {
    /// A picture of any format whose rows and planes follow each other without padding.
    ///
    /// # Errors
    ///
    /// [`Error::EmptyFrame`], [`Error::ShortBuffer`] or [`Error::SizeOverflow`] where size and buffer do not fit.
    pub fn new(format: PixelFormat, data: &'a [u8], width: u32, height: u32) -> Result<Self> {
        let planes = tight(format, width, height)
            .map(|(start, _, stride)| Plane { data: data.get(start..).unwrap_or_default(), stride });
        Self::of(format, planes, width, height)
    }

    /// A picture of any format, plane by plane; the format says how many there are ([`PixelFormat::planes`]).
    ///
    /// # Errors
    ///
    /// As [`Frame::new`], [`Error::ShortStride`] where rows would overlap, and [`Error::WrongPlanes`] for another number of
    /// planes.
    pub fn from_planes<const N: usize>(
        format: PixelFormat,
        planes: [Plane<'a>; N],
        width: u32,
        height: u32,
    ) -> Result<Self> {
        check_count(format, N)?;
        let mut all = [Plane { data: &[], stride: 0 }; PLANES];
        for (slot, plane) in all.iter_mut().zip(planes) {
            *slot = plane;
        }
        Self::of(format, all, width, height)
    }

    fn of(format: PixelFormat, planes: [Plane<'a>; PLANES], width: u32, height: u32) -> Result<Self> {
        for (index, plane) in planes.iter().enumerate().take(format.planes()) {
            check(format, index, plane.data.len(), plane.stride, (width, height))?;
        }
        Ok(Self { planes, format, colours: Colours::default(), width, height })
    }

    /// An RGBA picture whose rows follow each other without padding. `data` holds at least `width * height * 4` bytes.
    ///
    /// # Errors
    ///
    /// As [`Frame::new`].
    pub fn rgba8(data: &'a [u8], width: u32, height: u32) -> Result<Self> {
        Self::new(PixelFormat::Rgba8, data, width, height)
    }

    /// An RGBA picture whose rows start `stride` bytes apart. The last row may end without its padding.
    ///
    /// # Errors
    ///
    /// As [`Frame::from_planes`].
    pub fn rgba8_with_stride(data: &'a [u8], width: u32, height: u32, stride: usize) -> Result<Self> {
        Self::from_planes(PixelFormat::Rgba8, [Plane { data, stride }], width, height)
    }

    /// The same picture with luma and chroma that mean these colours; [`Colours::default`] otherwise. Of no account to the
    /// formats that have red, green and blue.
    #[must_use]
    pub fn with_colours(mut self, colours: Colours) -> Self {
        self.colours = colours;
        self
    }

    /// Width in pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// How its pixels lie in memory.
    #[must_use]
    pub fn format(&self) -> PixelFormat {
        self.format
    }

    /// What its luma and chroma mean.
    #[must_use]
    pub fn colours(&self) -> Colours {
        self.colours
    }

    /// Bytes from the start of one row of the first plane to the next.
    #[must_use]
    pub fn stride(&self) -> usize {
        self.planes[0].stride
    }

    /// The whole buffer of the first plane, padding included.
    #[must_use]
    pub fn data(&self) -> &'a [u8] {
        self.planes[0].data
    }

    /// The bytes of row `y` (from 0 at the top) of the first plane, without padding: whole pixels, or luma where the format
    /// has planes. Empty where there is no such row.
    #[must_use]
    pub fn row(&self, y: u32) -> &'a [u8] {
        self.plane_row(0, y)
    }

    /// The bytes of a row of a plane. Empty where there is none.
    fn plane_row(&self, plane: usize, y: u32) -> &'a [u8] {
        let Some((row, rows)) = self.format.layout(plane, self.width, self.height) else { return &[] };
        let Some(from) = self.planes.get(plane).filter(|_| plane < self.format.planes() && y < rows) else {
            return &[];
        };
        let start = y as usize * from.stride;
        from.data.get(start..start + row).unwrap_or_default()
    }

    /// Where row `y` has its luma and chroma. Of use only where the format has those.
    fn yuv_row(&self, y: u32) -> YuvRow<'a> {
        let luma = self.row(y);
        let from = |row: &'a [u8], start: usize| row.get(start..).unwrap_or_default();
        match self.format {
            PixelFormat::I420 => {
                let (cb, cr) = (self.plane_row(1, y / 2), self.plane_row(2, y / 2));
                YuvRow { luma, luma_step: 1, cb, cr, step: 1 }
            }
            PixelFormat::Yuyv => YuvRow { luma, luma_step: 2, cb: from(luma, 1), cr: from(luma, 3), step: 4 },
            _ => {
                let pairs = self.plane_row(1, y / 2);
                YuvRow { luma, luma_step: 1, cb: pairs, cr: from(pairs, 1), step: 2 }
            }
        }
    }

    /// The colour of a pixel; black outside of the frame.
    pub(crate) fn rgb(&self, x: u32, y: u32) -> Rgb {
        let column = x as usize;
        let part =
            |start: usize| self.row(y).get(start..).and_then(<[u8]>::first_chunk::<3>).copied().unwrap_or_default();
        match self.format {
            PixelFormat::Rgba8 => part(4 * column),
            PixelFormat::Bgra8 => {
                let [b, g, r] = part(4 * column);
                [r, g, b]
            }
            PixelFormat::Rgb8 => part(3 * column),
            PixelFormat::Nv12 | PixelFormat::I420 | PixelFormat::Yuyv => self.colours.rgb(self.yuv_row(y).at(x)),
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
            PixelFormat::Rgb8 => {
                let row = self.row(y).get(x as usize * 3..).unwrap_or_default();
                for (&[r, g, b], to) in row.as_chunks::<3>().0.iter().zip(out.as_chunks_mut::<PIXEL>().0) {
                    *to = [r, g, b, u8::MAX];
                }
            }
            PixelFormat::Nv12 | PixelFormat::I420 | PixelFormat::Yuyv => {
                let row = self.yuv_row(y);
                for (x, to) in (x..).zip(out.as_chunks_mut::<PIXEL>().0) {
                    let [r, g, b] = self.colours.rgb(row.at(x));
                    *to = [r, g, b, u8::MAX];
                }
            }
        }
    }
}

/// A row's luma and chroma: chroma of column `x` lies at `x / 2 * step`.
#[derive(Clone, Copy)]
struct YuvRow<'a> {
    luma: &'a [u8],
    luma_step: usize,
    cb: &'a [u8],
    cr: &'a [u8],
    step: usize,
}

impl YuvRow<'_> {
    fn at(&self, x: u32) -> [u8; 3] {
        let at = |row: &[u8], index: usize| row.get(index).copied().unwrap_or_default();
        let (x, half) = (x as usize, x as usize / 2 * self.step);
        [at(self.luma, x * self.luma_step), at(self.cb, half), at(self.cr, half)]
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
    fn rgb(&self, x: u32, y: u32) -> Option<Rgb> {
        let [left, top, width, height] = self.place;
        if x < left || y < top || x - left >= width || y - top >= height {
            return None;
        }
        self.row(y).get((x - left) as usize * PIXEL..).and_then(<[u8]>::first_chunk::<3>).copied()
    }
}

fn is_yuv(format: PixelFormat) -> bool {
    matches!(format, PixelFormat::Nv12 | PixelFormat::I420 | PixelFormat::Yuyv)
}

fn check_count(format: PixelFormat, given: usize) -> Result<()> {
    if given == format.planes() { Ok(()) } else { Err(Error::WrongPlanes { format, given, needed: format.planes() }) }
}

impl<'a> FrameMut<'a> {
    /// A picture of any format whose rows and planes follow each other without padding.
    ///
    /// # Errors
    ///
    /// As [`Frame::new`].
    pub fn new(format: PixelFormat, data: &'a mut [u8], width: u32, height: u32) -> Result<Self> {
        Frame::new(format, data, width, height)?;
        let mut rest = data;
        let planes = tight(format, width, height).map(|(_, length, stride)| {
            let whole = std::mem::take(&mut rest);
            let (own, later) = whole.split_at_mut(length.min(whole.len()));
            rest = later;
            PlaneMut { data: own, stride }
        });
        Ok(Self { planes, format, colours: Colours::default(), width, height })
    }

    /// A picture of any format, plane by plane; the format says how many there are ([`PixelFormat::planes`]).
    ///
    /// # Errors
    ///
    /// As [`Frame::from_planes`].
    pub fn from_planes<const N: usize>(
        format: PixelFormat,
        planes: [PlaneMut<'a>; N],
        width: u32,
        height: u32,
    ) -> Result<Self> {
        check_count(format, N)?;
        for (index, plane) in planes.iter().enumerate() {
            check(format, index, plane.data.len(), plane.stride, (width, height))?;
        }
        let mut given = planes.into_iter();
        let planes = std::array::from_fn(|_| given.next().unwrap_or(PlaneMut { data: &mut [], stride: 0 }));
        Ok(Self { planes, format, colours: Colours::default(), width, height })
    }

    /// An RGBA picture whose rows follow each other without padding. `data` holds at least `width * height * 4` bytes.
    ///
    /// # Errors
    ///
    /// As [`Frame::rgba8`].
    pub fn rgba8(data: &'a mut [u8], width: u32, height: u32) -> Result<Self> {
        Self::new(PixelFormat::Rgba8, data, width, height)
    }

    /// An RGBA picture whose rows start `stride` bytes apart. The last row may end without its padding.
    ///
    /// # Errors
    ///
    /// As [`Frame::rgba8_with_stride`].
    pub fn rgba8_with_stride(data: &'a mut [u8], width: u32, height: u32, stride: usize) -> Result<Self> {
        Self::from_planes(PixelFormat::Rgba8, [PlaneMut { data, stride }], width, height)
    }

    /// As [`Frame::with_colours`].
    #[must_use]
    pub fn with_colours(mut self, colours: Colours) -> Self {
        self.colours = colours;
        self
    }

    /// The same picture, to read.
    #[must_use]
    pub fn as_frame(&self) -> Frame<'_> {
        let planes = self.planes.each_ref().map(|PlaneMut { data, stride }| Plane { data, stride: *stride });
        Frame { planes, format: self.format, colours: self.colours, width: self.width, height: self.height }
    }

    /// Width in pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// How its pixels lie in memory.
    #[must_use]
    pub fn format(&self) -> PixelFormat {
        self.format
    }

    /// The bytes of row `y` (from 0 at the top) of the first plane, as [`Frame::row`] has them.
    pub fn row_mut(&mut self, y: u32) -> &mut [u8] {
        self.plane_row_mut(0, y)
    }

    fn plane_row_mut(&mut self, plane: usize, y: u32) -> &mut [u8] {
        let Some((row, rows)) = self.format.layout(plane, self.width, self.height) else { return &mut [] };
        if plane >= self.format.planes() || y >= rows {
            return &mut [];
        }
        let Some(to) = self.planes.get_mut(plane) else { return &mut [] };
        let start = y as usize * to.stride;
        to.data.get_mut(start..start + row).unwrap_or_default()
    }

    /// Copies another picture of the same size and format into this one. Padding is left alone.
    ///
    /// # Errors
    ///
    /// [`Error::SizeMismatch`] where the sizes differ, [`Error::FormatMismatch`] where the formats do.
    pub fn copy_from(&mut self, other: &Frame<'_>) -> Result<()> {
        if (self.width, self.height) != (other.width, other.height) {
            return Err(Error::SizeMismatch { input: (other.width, other.height), output: (self.width, self.height) });
        }
        if (self.format, self.colours) != (other.format, other.colours) {
            return Err(Error::FormatMismatch { input: other.format, output: self.format });
        }
        for plane in 0..self.format.planes() {
            for y in 0..self.height {
                self.plane_row_mut(plane, y).copy_from_slice(other.plane_row(plane, y));
            }
        }
        Ok(())
    }

    /// Takes over a rectangle of pixels, save those for which `taken` says that they have been. What is the same as before
    /// keeps its bytes, whatever the format.
    pub(crate) fn write_rgba(&mut self, changed: &Changed<'_>, taken: impl Fn(u32, u32) -> bool) {
        if is_yuv(self.format) {
            return self.write_yuv(changed, taken);
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

    /// By squares that share their chroma: each pixel's luma and the square's chroma change by what the colours changed.
    fn write_yuv(&mut self, changed: &Changed<'_>, taken: impl Fn(u32, u32) -> bool) {
        let [left, top, width, height] = changed.place;
        let tall = if self.format == PixelFormat::Yuyv { 1 } else { 2 };
        for y in (top / tall * tall..top + height).step_by(tall as usize) {
            for x in (left / 2 * 2..left + width).step_by(2) {
                let mut chroma = [0.0; 2];
                let (mut shared, mut any) = (0.0_f32, false);
                for y in y..(y + tall).min(self.height) {
                    for x in x..(x + 2).min(self.width) {
                        shared += 1.0;
                        let Some(now) = changed.rgb(x, y).filter(|_| !taken(x, y)) else { continue };
                        let values = self.as_frame().yuv_row(y).at(x);
                        let before = self.colours.rgb(values);
                        if now == before {
                            continue;
                        }
                        let [luma, cb, cr] = self.colours.difference(before, now);
                        chroma = [chroma[0] + cb, chroma[1] + cr];
                        any = true;
                        self.put_luma(x, y, stepped(values[0], luma));
                    }
                }
                if any {
                    let [_, cb, cr] = self.as_frame().yuv_row(y).at(x);
                    self.put_chroma(x, y, [stepped(cb, chroma[0] / shared), stepped(cr, chroma[1] / shared)]);
                }
            }
        }
    }

    fn put_luma(&mut self, x: u32, y: u32, value: u8) {
        let step = if self.format == PixelFormat::Yuyv { 2 } else { 1 };
        if let Some(luma) = self.row_mut(y).get_mut(x as usize * step) {
            *luma = value;
        }
    }

    fn put_chroma(&mut self, x: u32, y: u32, values: [u8; 2]) {
        let half = x as usize / 2;
        let places = match self.format {
            PixelFormat::Yuyv => [(0, y, 4 * half + 1), (0, y, 4 * half + 3)],
            PixelFormat::I420 => [(1, y / 2, half), (2, y / 2, half)],
            _ => [(1, y / 2, 2 * half), (1, y / 2, 2 * half + 1)],
        };
        for ((plane, y, index), value) in places.into_iter().zip(values) {
            if let Some(place) = self.plane_row_mut(plane, y).get_mut(index) {
                *place = value;
            }
        }
    }
}

/// A value moved by a difference, rounded.
fn stepped(value: u8, by: f32) -> u8 {
    // The cast keeps within 0..=255.
    (f32::from(value) + by).round() as u8
}

impl std::fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Frame({}×{}, {:?}, stride {})", self.width, self.height, self.format, self.stride())
    }
}

impl std::fmt::Debug for FrameMut<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FrameMut({}×{}, {:?}, stride {})", self.width, self.height, self.format, self.planes[0].stride)
    }
}
