//! A picture in memory, borrowed from the caller: its size and the distance between its rows are checked once, and
//! trusted after.

use crate::{Error, Result};

/// Bytes of one RGBA pixel.
const PIXEL: usize = 4;

/// A picture to read: 8-bit RGBA, `height` rows of `width` pixels, `stride` bytes apart. Colours are sRGB-encoded, as
/// cameras and files give them; alpha is carried along untouched.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    data: &'a [u8],
    width: u32,
    height: u32,
    stride: usize,
}

/// A picture to read and change: 8-bit RGBA, laid out like [`Frame`].
pub struct FrameMut<'a> {
    data: &'a mut [u8],
    width: u32,
    height: u32,
    stride: usize,
}

/// Checks a layout: returns nothing, or says what is wrong with it.
fn check(len: usize, width: u32, height: u32, stride: usize) -> Result<()> {
    if width == 0 || height == 0 {
        return Err(Error::EmptyFrame { width, height });
    }
    let overflow = || Error::SizeOverflow { width, height, stride };
    let row = usize::try_from(width).ok().and_then(|w| w.checked_mul(PIXEL)).ok_or_else(overflow)?;
    if stride < row {
        return Err(Error::ShortStride { width, stride, needed: row });
    }
    let needed = usize::try_from(height - 1)
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

/// The stride of rows without padding. An absurd width saturates, and `check` then says so.
fn tight(width: u32) -> usize {
    usize::try_from(width).map_or(usize::MAX, |w| w.saturating_mul(PIXEL))
}

impl<'a> Frame<'a> {
    /// A picture whose rows follow each other without padding. `data` holds at least `width * height * 4` bytes.
    ///
    /// # Errors
    ///
    /// [`Error::EmptyFrame`], [`Error::ShortBuffer`] or [`Error::SizeOverflow`] where size and buffer do not fit.
    pub fn rgba8(data: &'a [u8], width: u32, height: u32) -> Result<Self> {
        Self::rgba8_with_stride(data, width, height, tight(width))
    }

    /// A picture whose rows start `stride` bytes apart. The last row may end without its padding.
    ///
    /// # Errors
    ///
    /// As [`Frame::rgba8`], and [`Error::ShortStride`] where rows would overlap.
    pub fn rgba8_with_stride(data: &'a [u8], width: u32, height: u32, stride: usize) -> Result<Self> {
        check(data.len(), width, height, stride)?;
        Ok(Self { data, width, height, stride })
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

    /// Bytes from the start of one row to the next.
    #[must_use]
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// The whole buffer, padding included.
    #[must_use]
    pub fn data(&self) -> &'a [u8] {
        self.data
    }

    /// The pixels of row `y` (from 0 at the top), 4 bytes each, without padding. Empty where there is no such row.
    #[must_use]
    pub fn row(&self, y: u32) -> &'a [u8] {
        if y >= self.height {
            return &[];
        }
        let start = y as usize * self.stride;
        self.data.get(start..start + self.width as usize * PIXEL).unwrap_or_default()
    }
}

impl<'a> FrameMut<'a> {
    /// A picture whose rows follow each other without padding. `data` holds at least `width * height * 4` bytes.
    ///
    /// # Errors
    ///
    /// As [`Frame::rgba8`].
    pub fn rgba8(data: &'a mut [u8], width: u32, height: u32) -> Result<Self> {
        Self::rgba8_with_stride(data, width, height, tight(width))
    }

    /// A picture whose rows start `stride` bytes apart. The last row may end without its padding.
    ///
    /// # Errors
    ///
    /// As [`Frame::rgba8_with_stride`].
    pub fn rgba8_with_stride(data: &'a mut [u8], width: u32, height: u32, stride: usize) -> Result<Self> {
        check(data.len(), width, height, stride)?;
        Ok(Self { data, width, height, stride })
    }

    /// The same picture, to read.
    #[must_use]
    pub fn as_frame(&self) -> Frame<'_> {
        Frame { data: self.data, width: self.width, height: self.height, stride: self.stride }
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

    /// The pixels of row `y` (from 0 at the top), 4 bytes each, without padding. Empty where there is no such row.
    pub fn row_mut(&mut self, y: u32) -> &mut [u8] {
        if y >= self.height {
            return &mut [];
        }
        let start = y as usize * self.stride;
        self.data.get_mut(start..start + self.width as usize * PIXEL).unwrap_or_default()
    }

    /// Copies another picture of the same size into this one. Padding is left alone.
    ///
    /// # Errors
    ///
    /// [`Error::SizeMismatch`] where the sizes differ.
    pub fn copy_from(&mut self, other: &Frame<'_>) -> Result<()> {
        if (self.width, self.height) != (other.width, other.height) {
            return Err(Error::SizeMismatch { input: (other.width, other.height), output: (self.width, self.height) });
        }
        for y in 0..self.height {
            self.row_mut(y).copy_from_slice(other.row(y));
        }
        Ok(())
    }
}

impl std::fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Frame({}×{}, stride {})", self.width, self.height, self.stride)
    }
}

impl std::fmt::Debug for FrameMut<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FrameMut({}×{}, stride {})", self.width, self.height, self.stride)
    }
}
