//! A parallelogram of a feature map, resampled to a map of its own.

use candle_core::{CpuStorage, InplaceOp2, Layout, Result, Tensor, bail};

use super::feature_map::bordered_view;
use super::inplace::run2;
use super::tensor::{floats, floats_mut};

/// Resamples a parallelogram of a feature map. A place (x, y) of the new map, in pixels from its corner, lies at
/// `matrix` × (x, y, 1) of the old one. Values are interpolated between pixels' centres (bilinear), and 0 outside of the
/// outermost centres.
///
/// Jaderberg et al., "Spatial Transformer Networks", 2015.
#[derive(Debug, Clone, Copy)]
pub struct Resample {
    /// New map → old map, both in pixels: the rows that give x and y.
    pub matrix: [[f32; 3]; 2],
}

impl Resample {
    /// Runs it: feature map `from` → feature map `to`, of any size, with as many channels.
    ///
    /// # Errors
    ///
    /// Where the tensors' shapes do not fit each other.
    pub fn forward(&self, from: &Tensor, to: &Tensor) -> Result<()> {
        run2(to, from, self)
    }

    /// Where the centre of pixel (x, y) lies in the old map, in pixels from the centre of its first pixel.
    fn place(&self, x: usize, y: usize) -> [f32; 2] {
        let (x, y) = (x as f32 + 0.5, y as f32 + 0.5);
        self.matrix.map(|[a, b, c]| a * x + b * y + c - 0.5)
    }
}

impl InplaceOp2 for Resample {
    fn name(&self) -> &'static str {
        "resample"
    }

    fn cpu_fwd(&self, to: &mut CpuStorage, to_layout: &Layout, from: &CpuStorage, layout: &Layout) -> Result<()> {
        let (Some(&pixel), Some(&other)) = (layout.dims().last(), to_layout.dims().last()) else {
            bail!("feature maps are needed")
        };
        if pixel != other {
            bail!("a map of {pixel} channels cannot become one of {other}");
        }
        let data = floats(from, layout)?;
        let from = bordered_view(data.as_ptr().cast_mut(), layout, pixel)?;
        let out = floats_mut(to, to_layout)?;
        let map = bordered_view(out.as_mut_ptr(), to_layout, pixel)?;
        let last = [(from.width - 1) as f32, (from.height - 1) as f32];
        for (y, row) in out.chunks_exact_mut(map.row_stride).skip(1).take(map.height).enumerate() {
            for (x, out) in row.chunks_exact_mut(pixel).skip(1).take(map.width).enumerate() {
                let [px, py] = self.place(x, y);
                // NaN is outside too.
                if !(0.0..=last[0]).contains(&px) || !(0.0..=last[1]).contains(&py) {
                    out.fill(0.0);
                    continue;
                }
                let (left, top) = (px as usize, py as usize);
                let (u, v) = (px - left as f32, py - top as f32);
                let start = (top + 1) * from.row_stride + (left + 1) * pixel;
                let taps = |at: usize| data.get(at..at + pixel).zip(data.get(at + pixel..at + 2 * pixel));
                let (Some(above), Some(below)) = (taps(start), taps(start + from.row_stride)) else { continue };
                let sources = above.0.iter().zip(above.1).zip(below.0.iter().zip(below.1));
                for (out, ((a, b), (c, d))) in out.iter_mut().zip(sources) {
                    let (upper, lower) = ((1.0 - u) * a + u * b, (1.0 - u) * c + u * d);
                    *out = (1.0 - v) * upper + v * lower;
                }
            }
        }
        Ok(())
    }
}
