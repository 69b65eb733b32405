//! A picture in memory, borrowed from the caller, in the format that cameras, decoders and windows have it: sizes and
//! strides are checked once, and trusted after.

mod colour;
mod deep;
mod format;
mod pixels;
mod tone;
mod write;

pub use colour::{Colours, Matrix, Range, Transfer};
pub use format::PixelFormat;
pub(crate) use pixels::Pixels;
pub(crate) use write::Changed;

use crate::{Error, Result};

/// Most planes of a format.
const PLANES: usize = 3;

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
    /// Row by row. The last row may end without its padding.
    pub data: &'a mut [u8],
    /// Bytes from the start of one row to the next.
    pub stride: usize,
}

/// A picture to read: `height` rows of `width` pixels. Colours are encoded as sRGB is, as cameras and files give them, or as their
/// [`Colours::transfer`] says.
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

/// A picture that owns its pixels, without padding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameBuf {
    data: Vec<u8>,
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

/// The planes of a buffer that holds them one after another without padding.
fn parted(format: PixelFormat, data: &mut [u8], width: u32, height: u32) -> [PlaneMut<'_>; PLANES] {
    let mut rest = data;
    tight(format, width, height).map(|(_, length, stride)| {
        let whole = std::mem::take(&mut rest);
        let (own, later) = whole.split_at_mut(length.min(whole.len()));
        rest = later;
        PlaneMut { data: own, stride }
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

    /// The same picture with values that mean these colours; [`Colours::default`] otherwise. Matrix and range are of no account to
    /// the formats that have red, green and blue.
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
        Ok(Self { planes: parted(format, data, width, height), format, colours: Colours::default(), width, height })
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

    /// A part of the picture: from a column and a row on, both of which are even, so wide and so high.
    pub(crate) fn part(&mut self, [x, y, width, height]: [u32; 4]) -> FrameMut<'_> {
        let parts = self.format.parts(self.planes.each_ref().map(|plane| plane.stride));
        let mut number = 0;
        let planes = self.planes.each_mut().map(|PlaneMut { data, stride }| {
            let start = parts.iter().find(|part| part.plane == number).map_or(0, |part| part.corner(x, y));
            number += 1;
            PlaneMut { data: data.get_mut(start..).unwrap_or_default(), stride: *stride }
        });
        FrameMut { planes, format: self.format, colours: self.colours, width, height }
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
}

impl FrameBuf {
    /// A picture of any format whose rows and planes follow each other without padding.
    ///
    /// # Errors
    ///
    /// As [`Frame::new`].
    pub fn new(format: PixelFormat, data: Vec<u8>, width: u32, height: u32) -> Result<Self> {
        Frame::new(format, &data, width, height)?;
        Ok(Self { data, format, colours: Colours::default(), width, height })
    }

    /// As [`Frame::with_colours`].
    #[must_use]
    pub fn with_colours(mut self, colours: Colours) -> Self {
        self.colours = colours;
        self
    }

    /// The picture, to read.
    #[must_use]
    pub fn as_frame(&self) -> Frame<'_> {
        let Self { ref data, format, colours, width, height } = *self;
        let planes = tight(format, width, height)
            .map(|(start, _, stride)| Plane { data: data.get(start..).unwrap_or_default(), stride });
        Frame { planes, format, colours, width, height }
    }

    /// The picture, to read and change.
    #[must_use]
    pub fn as_frame_mut(&mut self) -> FrameMut<'_> {
        let Self { format, colours, width, height, .. } = *self;
        FrameMut { planes: parted(format, &mut self.data, width, height), format, colours, width, height }
    }

    /// Its pixels.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Its memory, to be used again.
    #[must_use]
    pub fn into_data(self) -> Vec<u8> {
        self.data
    }
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
