//! Feature maps as tensors, and the views of them that the kernels get. Both kinds lie row by row, pixel by pixel, channel by
//! channel (NHWC).

use candle_core::{Layout, Result, Tensor, bail};

use super::kernels::map::Map;
use super::simd::lanes::LANES;
use super::tensor::aligned_zeros;

/// `channels` rounded up to whole vectors.
pub(super) fn padded(channels: usize) -> usize {
    channels.next_multiple_of(LANES)
}

/// A feature map with a border: a tensor of zeros on the CPU for `height`×`width` pixels of `channels` channels, of shape
/// [height + 2, width + 2, channels rounded up to a multiple of 8], its memory aligned to cache lines. Ops write the inside
/// only: the border and the left-over channels stay zero.
///
/// # Errors
///
/// candle's, where the tensor cannot be made.
pub fn feature_map(height: usize, width: usize, channels: usize) -> Result<Tensor> {
    aligned_zeros(&[height + 2, width + 2, padded(channels)])
}

/// A feature map without a border: a tensor of zeros on the CPU of shape [height, width, channels], its memory aligned to cache
/// lines.
///
/// # Errors
///
/// candle's, where the tensor cannot be made.
pub fn plain_map(height: usize, width: usize, channels: usize) -> Result<Tensor> {
    aligned_zeros(&[height, width, channels])
}

/// The view of a tensor that [`feature_map`] has made, or of one of the same shape.
pub(super) fn bordered_view(data: *mut f32, layout: &Layout, channels: usize) -> Result<Map> {
    let &[height, width, pixel] = layout.dims() else {
        bail!("a feature map has 3 dimensions, not {:?}", layout.dims())
    };
    if height < 3 || width < 3 || pixel != padded(channels) {
        bail!("a feature map of {channels} channels cannot have the shape {:?}", layout.dims());
    }
    let row_stride = width * pixel;
    // The first pixel inside: one row and one pixel on.
    let data = data.wrapping_add(row_stride + pixel);
    Ok(Map { data, row_stride, channels: pixel, height: height - 2, width: width - 2 })
}

/// The view of a map or a picture without a border: a tensor of shape [height, width, channels].
pub(super) fn plain_view(data: *mut f32, layout: &Layout, channels: usize) -> Result<Map> {
    match *layout.dims() {
        [height, width, pixel] if height > 0 && width > 0 && pixel == channels => {
            Ok(Map { data, row_stride: width * channels, channels, height, width })
        }
        _ => bail!("a map of {channels} channels cannot have the shape {:?}", layout.dims()),
    }
}
