//! What luma and chroma mean: from Y′CbCr to R′G′B′, and what a change of the one is in the other.

/// Eight-bit red, green and blue.
pub(crate) type Rgb = [u8; 3];

/// A colour rounded, kept within 0..=255.
#[inline]
pub(super) fn rounded(colour: [f32; 3]) -> Rgb {
    colour.map(|value| whole(value, 255.0) as u8)
}

/// A value rounded, kept within 0 and `top`, which is at most 65,535.
#[inline(always)]
pub(super) fn whole(value: f32, top: f32) -> u32 {
    // Beyond 2²³ floats are whole: the sum's last bits are the number. Unlike a cast, this is done for several at once.
    (value.clamp(0.0, top) + 8_388_608.0).to_bits() & 0xFFFF
}

/// Which weights make luma of red, green and blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Matrix {
    /// ITU-R BT.601: standard definition, JPEG, most webcams.
    #[default]
    Bt601,
    /// ITU-R BT.709: high definition.
    Bt709,
    /// ITU-R BT.2020 with non-constant luminance: ultra high definition and HDR.
    Bt2020,
}

/// Which of the values are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Range {
    /// 16 to 235 for luma, 16 to 240 for chroma, or as many times these as there are more values: video.
    #[default]
    Limited,
    /// All of them: JPEG, some cameras.
    Full,
}

/// How light is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Transfer {
    /// As standard video and sRGB do.
    #[default]
    Sdr,
    /// Hybrid log-gamma (ITU-R BT.2100), in the primaries of BT.2020: broadcasts, phones' HDR.
    Hlg,
    /// Perceptual quantizer (SMPTE ST 2084), in the primaries of BT.2020: HDR10.
    Pq,
}

/// How values are to be understood; BT.601 in limited range, not HDR, by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Colours {
    /// The weights of luma.
    pub matrix: Matrix,
    /// The values of luma and chroma in use.
    pub range: Range,
    /// How light is coded. Of no account to formats of eight bits. Faces and skin are looked for in a copy as SDR shows it; what
    /// changes is the original.
    pub transfer: Transfer,
}

impl Colours {
    /// Weights of red and blue in luma.
    fn weights(self) -> (f32, f32) {
        match self.matrix {
            Matrix::Bt601 => (0.299, 0.114),
            Matrix::Bt709 => (0.2126, 0.0722),
            Matrix::Bt2020 => (0.2627, 0.0593),
        }
    }

    /// The numbers of all this, worked out for values whose largest is `top`.
    pub(super) fn code(self, top: f32) -> Code {
        let (red, blue) = self.weights();
        let times = (top + 1.0) / 256.0;
        let (black, luma, chroma) = match self.range {
            Range::Limited => (16.0 * times, 219.0 * times, 224.0 * times),
            Range::Full => (0.0, top, top),
        };
        let reach = [2.0 * (1.0 - blue), 2.0 * (1.0 - red)];
        Code {
            weights: [red, 1.0 - red - blue, blue],
            reach,
            back: [luma / 255.0, chroma / 255.0 / reach[0], chroma / 255.0 / reach[1]],
            black,
            grey: 128.0 * times,
            scale: [255.0 / luma, 255.0 / chroma],
        }
    }
}

/// How to get from luma and chroma to colours and back. Colours are 0..=255, however many values there are.
pub(crate) struct Code {
    /// Of red, green and blue in luma.
    weights: [f32; 3],
    /// By how much blue and red differ from luma where their chroma is 1.
    reach: [f32; 2],
    /// Value of black, and of no chroma.
    black: f32,
    grey: f32,
    /// From values of luma and of chroma to 0..=255.
    scale: [f32; 2],
    /// From differences of luma, of blue to luma and of red to luma back to values.
    back: [f32; 3],
}

impl Code {
    /// The colour of luma, Cb and Cr.
    #[cfg(test)]
    fn rgb(&self, values: [u8; 3]) -> Rgb {
        rounded(self.colour(values.map(f32::from)))
    }

    /// The colours of a row of luma, Cb and Cr: the bytes of red, green, blue and an alpha of 255, the first the lowest.
    #[inline(always)]
    pub(super) fn run<const N: usize>(&self, luma: &[f32; N], cb: &[f32; N], cr: &[f32; N]) -> [u32; N] {
        let mut run = [0; N];
        for (((to, &y), &cb), &cr) in run.iter_mut().zip(luma).zip(cb).zip(cr) {
            let [r, g, b] = self.colour([y, cb, cr]);
            *to = whole(r, 255.0) | whole(g, 255.0) << 8 | whole(b, 255.0) << 16 | 0xFF00_0000;
        }
        run
    }

    /// The same, not rounded: their red, green and blue.
    #[inline(always)]
    pub(super) fn colours<const N: usize>(&self, luma: &[f32; N], cb: &[f32; N], cr: &[f32; N]) -> [[f32; N]; 3] {
        let (mut red, mut green, mut blue) = ([0.0; N], [0.0; N], [0.0; N]);
        let to = red.iter_mut().zip(&mut green).zip(&mut blue);
        for ((((red, green), blue), &y), (&cb, &cr)) in to.zip(luma).zip(cb.iter().zip(cr)) {
            [*red, *green, *blue] = self.colour([y, cb, cr]);
        }
        [red, green, blue]
    }

    /// The colour of luma, Cb and Cr, not rounded; colours that red, green and blue cannot have lie outside 0..=255.
    #[inline(always)]
    pub(super) fn colour(&self, [y, cb, cr]: [f32; 3]) -> [f32; 3] {
        let ([red, green, blue], [luma, chroma]) = (self.weights, self.scale);
        let y = (y - self.black) * luma;
        let (cb, cr) = ((cb - self.grey) * chroma, (cr - self.grey) * chroma);
        let (b, r) = (y + self.reach[0] * cb, y + self.reach[1] * cr);
        [r, (y - red * r - blue * b) / green, b]
    }

    /// By how much luma, Cb and Cr differ between colours of a row, as [`Self::run`] gives them.
    #[inline(always)]
    pub(super) fn differences<const N: usize>(&self, from: &[u32; N], to: &[u32; N]) -> [[f32; N]; 3] {
        // Loops that do one thing each, and no closures: compilers make them of instructions for several values at once.
        self.of_differences(&[off_by(from, to, 0), off_by(from, to, 8), off_by(from, to, 16)])
    }

    /// The same between colours that need not be whole, their red, green and blue.
    #[inline(always)]
    pub(super) fn differences_of<const N: usize>(&self, from: &[[f32; N]; 3], to: &[[f32; N]; 3]) -> [[f32; N]; 3] {
        let mut off = *to;
        off.as_flattened_mut().iter_mut().zip(from.as_flattened()).for_each(|(off, from)| *off -= from);
        self.of_differences(&off)
    }

    /// What differences of red, green and blue are in luma, Cb and Cr.
    #[inline(always)]
    fn of_differences<const N: usize>(&self, [red, green, blue]: &[[f32; N]; 3]) -> [[f32; N]; 3] {
        let (mut luma, mut cb, mut cr) = ([0.0; N], [0.0; N], [0.0; N]);
        for (((luma, r), g), b) in luma.iter_mut().zip(red).zip(green).zip(blue) {
            *luma = self.weights[0] * r + self.weights[1] * g + self.weights[2] * b;
        }
        for ((cb, b), luma) in cb.iter_mut().zip(blue).zip(&luma) {
            *cb = (b - luma) * self.back[1];
        }
        for ((cr, r), luma) in cr.iter_mut().zip(red).zip(&luma) {
            *cr = (r - luma) * self.back[2];
        }
        luma.iter_mut().for_each(|luma| *luma *= self.back[0]);
        [luma, cb, cr]
    }

    /// By how much luma, Cb and Cr differ between two colours.
    #[inline(always)]
    pub(super) fn difference(&self, from: [f32; 3], to: [f32; 3]) -> [f32; 3] {
        self.differences_of(&from.map(|value| [value]), &to.map(|value| [value])).map(|[off]| off)
    }
}

/// By how much the bytes that lie so many bits up differ.
#[inline(always)]
fn off_by<const N: usize>(from: &[u32; N], to: &[u32; N], shift: u32) -> [f32; N] {
    let mut off = [0.0; N];
    for ((off, from), to) in off.iter_mut().zip(from).zip(to) {
        *off = ((to >> shift & 0xFF) as i32 - (from >> shift & 0xFF) as i32) as f32;
    }
    off
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Colours; 4] = [
        Colours { matrix: Matrix::Bt601, range: Range::Limited, transfer: Transfer::Sdr },
        Colours { matrix: Matrix::Bt601, range: Range::Full, transfer: Transfer::Sdr },
        Colours { matrix: Matrix::Bt709, range: Range::Limited, transfer: Transfer::Sdr },
        Colours { matrix: Matrix::Bt709, range: Range::Full, transfer: Transfer::Sdr },
    ];

    #[test]
    fn the_colours_of_the_standards() {
        for colours in ALL {
            let (black, white) = match colours.range {
                Range::Limited => (16, 235),
                Range::Full => (0, 255),
            };
            assert_eq!(colours.code(255.0).rgb([black, 128, 128]), [0; 3]);
            assert_eq!(colours.code(255.0).rgb([white, 128, 128]), [255; 3]);
        }
        // Ten bits: four times the values in limited range, and all of 1,024 in full range.
        for (colours, black, white) in [(ALL[0], 64.0, 940.0), (ALL[1], 0.0, 1023.0)] {
            let code = colours.code(1023.0);
            for (luma, level) in [(black, 0.0), (white, 255.0)] {
                assert!(code.colour([luma, 512.0, 512.0]).iter().all(|v| (v - level).abs() < 1e-3));
            }
        }
        // Pure red, as the tables of colour bars have it.
        assert_eq!(ALL[0].code(255.0).rgb([81, 90, 240]), [254, 0, 0]);
        assert_eq!(ALL[2].code(255.0).rgb([63, 102, 240]), [255, 1, 0]);
    }

    #[test]
    fn a_difference_leads_from_one_colour_to_the_other() {
        for colours in ALL {
            for (from, to) in [([90, 110, 140], [100, 128, 120]), ([200, 100, 150], [180, 118, 140])] {
                let code = colours.code(255.0);
                let by = code.difference(code.rgb(from).map(f32::from), code.rgb(to).map(f32::from));
                for c in 0..3 {
                    assert!((f32::from(from[c]) + by[c] - f32::from(to[c])).abs() < 1.2, "{colours:?} {by:?}");
                }
            }
        }
    }
}
