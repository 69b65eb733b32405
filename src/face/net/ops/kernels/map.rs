//! A feature map in memory, as the kernels see it.

/// A feature map or a picture: row by row, pixel by pixel, channel by channel (NHWC).
#[derive(Clone, Copy)]
pub(crate) struct Map {
    /// The first pixel; of a map with a border, the first inside.
    pub(crate) data: *mut f32,
    /// Floats from one row to the next.
    pub(crate) row_stride: usize,
    /// Floats of a pixel: its channels with their padding.
    pub(crate) channels: usize,
    /// Rows, without the border.
    pub(crate) height: usize,
    /// Pixels of a row, without the border.
    pub(crate) width: usize,
}

// SAFETY: only a pointer with sizes. The kernels that get it write disjoint parts, and read maps that no thread writes.
unsafe impl Send for Map {}
// SAFETY: as above.
unsafe impl Sync for Map {}

impl Map {
    /// The first channel of a pixel.
    ///
    /// # Safety
    ///
    /// The pixel lies in the map.
    #[inline(always)]
    pub(super) unsafe fn at(&self, y: usize, x: usize) -> *mut f32 {
        // SAFETY: the caller promises a pixel of the allocation.
        unsafe { self.data.add(y * self.row_stride + x * self.channels) }
    }

    /// The first channel of a pixel, which may also be one of the border: row or column −1, `height` or `width`.
    ///
    /// # Safety
    ///
    /// The pixel lies in the map or its border.
    #[inline(always)]
    pub(super) unsafe fn at_or_border(&self, y: isize, x: isize) -> *mut f32 {
        // SAFETY: the caller promises a pixel of the allocation.
        unsafe { self.data.offset(y * self.row_stride as isize + x * self.channels as isize) }
    }
}
