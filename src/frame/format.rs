//! The formats that a picture can have in memory.

/// How a picture's pixels lie in memory. Values of more than eight bits are little-endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PixelFormat {
    /// Red, green, blue, alpha. Alpha is carried along untouched.
    Rgba8,
    /// Blue, green, red, alpha: what windows and many capture interfaces have.
    Bgra8,
    /// Red, green, blue.
    Rgb8,
    /// Blue, green, red: what OpenCV has.
    Bgr8,
    /// Grey, 0 for black and 255 for white. Of what is changed, its luma is.
    Gray8,
    /// A plane of luma, and one of pairs of chroma (Cb, Cr) for each square of 2 × 2 pixels: what hardware decoders and
    /// phones' cameras have.
    Nv12,
    /// The same with pairs of Cr, Cb: what Android's cameras have.
    Nv21,
    /// A plane of luma and one of either chroma, for each square of 2 × 2 pixels: what calls and software decoders have.
    I420,
    /// The same with chroma for each two pixels of a row: what editing formats have.
    I422,
    /// The same with chroma for each pixel.
    I444,
    /// Luma, Cb, luma, Cr for each two pixels of a row: what USB cameras have. Also called YUY2.
    Yuyv,
    /// Cb, luma, Cr, luma for each two pixels of a row: what capture cards have.
    Uyvy,
    /// As [`PixelFormat::Nv12`], ten bits a value, in the upper ten of sixteen: what hardware decoders have of HDR.
    P010,
    /// As [`PixelFormat::I420`], ten bits a value, in the lower ten of sixteen.
    I010,
    /// As [`PixelFormat::I422`], ten bits a value, in the lower ten of sixteen.
    I210,
    /// As [`PixelFormat::I444`], ten bits a value, in the lower ten of sixteen.
    I410,
    /// Grey of sixteen bits.
    Gray16,
    /// Red, green, blue, sixteen bits each.
    Rgb16,
    /// Red, green, blue, alpha, sixteen bits each.
    Rgba16,
    /// Red, green, blue, alpha as floats of sixteen bits: 0 for black, 1 for white, encoded as sRGB is, or as
    /// [`Colours::transfer`](super::Colours::transfer) says.
    Rgba16Float,
}

impl PixelFormat {
    /// Every format.
    pub const ALL: [Self; 20] = [
        Self::Rgba8,
        Self::Bgra8,
        Self::Rgb8,
        Self::Bgr8,
        Self::Gray8,
        Self::Nv12,
        Self::Nv21,
        Self::I420,
        Self::I422,
        Self::I444,
        Self::Yuyv,
        Self::Uyvy,
        Self::P010,
        Self::I010,
        Self::I210,
        Self::I410,
        Self::Gray16,
        Self::Rgb16,
        Self::Rgba16,
        Self::Rgba16Float,
    ];

    /// How many planes a picture of this format has, 1 to 3.
    #[must_use]
    pub fn planes(self) -> usize {
        match self {
            Self::Nv12 | Self::Nv21 | Self::P010 => 2,
            Self::I420 | Self::I422 | Self::I444 | Self::I010 | Self::I210 | Self::I410 => 3,
            _ => 1,
        }
    }

    /// Bytes of a row and number of rows of a plane.
    pub(super) fn layout(self, plane: usize, width: u32, height: u32) -> Option<(usize, u32)> {
        let (whole, half) = (usize::try_from(width).ok()?, usize::try_from(width.div_ceil(2)).ok()?);
        let halved = height.div_ceil(2);
        let (values, bytes, rows) = match (self, plane) {
            (Self::Rgba8 | Self::Bgra8, _) => (whole, 4, height),
            (Self::Rgb8 | Self::Bgr8, _) => (whole, 3, height),
            (Self::Yuyv | Self::Uyvy, _) => (half, 4, height),
            (Self::Rgba16 | Self::Rgba16Float, _) => (whole, 8, height),
            (Self::Rgb16, _) => (whole, 6, height),
            (Self::P010 | Self::I010 | Self::I210, 0) | (Self::Gray16 | Self::I410, _) => (whole, 2, height),
            (Self::Nv12 | Self::Nv21 | Self::I420 | Self::I422, 0) | (Self::Gray8 | Self::I444, _) => {
                (whole, 1, height)
            }
            (Self::Nv12 | Self::Nv21, _) => (half, 2, halved),
            (Self::P010, _) => (half, 4, halved),
            (Self::I420, _) => (half, 1, halved),
            (Self::I010, _) => (half, 2, halved),
            (Self::I422, _) => (half, 1, height),
            (Self::I210, _) => (half, 2, height),
        };
        Some((values.checked_mul(bytes)?, rows))
    }
}
