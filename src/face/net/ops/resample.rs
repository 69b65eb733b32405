//! A turned and stretched piece of a feature map, interpolated between its pixels.

use candle_core::{CpuStorage, InplaceOp2, Layout, Result, Tensor, bail};

use super::{bordered, floats, floats_mut, inplace};

/// Cuts a parallelogram out of a feature map: pixel (x, y) of the new map, counted from its first pixel's corner, lies at
/// `matrix` × (x, y, 1) of the old one. Bilinear between pixels' centres; 0 where that is outside of the outermost centres.
///
/// Jaderberg et al., "Spatial Transformer Networks", 2015.
#[derive(Debug, Clone, Copy)]
pub struct Resample {
    /// Two rows: what x and y of the old map are made of.
    pub matrix: [[f32; 3]; 2],
}

impl Resample {
    /// Runs it: feature map `from` → feature map `to`, of any size, with as many channels.
    ///
    /// # Errors
    ///
    /// Where the tensors' shapes do not fit each other.
    pub fn forward(&self, from: &Tensor, to: &Tensor) -> Result<()> {
        inplace::run2(to, from, self)
    }

    /// Where the centre of pixel (x, y) lies, in pixels' centres of the old map.
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
        let from = bordered(data.as_ptr().cast_mut(), layout, pixel)?;
        let out = floats_mut(to, to_layout)?;
        let map = bordered(out.as_mut_ptr(), to_layout, pixel)?;
        let last = [(from.width - 1) as f32, (from.height - 1) as f32];
        for (y, row) in out.chunks_exact_mut(map.row).skip(1).take(map.height).enumerate() {
            for (x, out) in row.chunks_exact_mut(pixel).skip(1).take(map.width).enumerate() {
                let [px, py] = self.place(x, y);
                // What is no number is not inside either.
                if !(0.0..=last[0]).contains(&px) || !(0.0..=last[1]).contains(&py) {
                    out.fill(0.0);
                    continue;
                }
                let (left, top) = (px as usize, py as usize);
                let (u, v) = (px - left as f32, py - top as f32);
                let start = (top + 1) * from.row + (left + 1) * pixel;
                let taps = |at: usize| data.get(at..at + pixel).zip(data.get(at + pixel..at + 2 * pixel));
                let (Some(above), Some(below)) = (taps(start), taps(start + from.row)) else { continue };
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
