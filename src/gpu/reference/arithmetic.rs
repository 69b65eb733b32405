//! What shaders have and Rust has not: vectors, textures that are read between their texels, and colour arithmetic.

use std::array::from_fn;
use std::ops::{Add, AddAssign, Index, Mul, Sub};

/// A vector of numbers; `*` is by components.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct V<const N: usize>(pub(super) [f32; N]);

impl<const N: usize> V<N> {
    pub(super) fn zip(self, other: Self, of: impl Fn(f32, f32) -> f32) -> Self {
        Self(from_fn(|k| of(self.0[k], other.0[k])))
    }

    pub(super) fn map(self, of: impl Fn(f32) -> f32) -> Self {
        Self(self.0.map(of))
    }

    pub(super) fn dot(self, other: Self) -> f32 {
        (0..N).map(|k| self.0[k] * other.0[k]).sum()
    }

    pub(super) fn length(self) -> f32 {
        self.dot(self).sqrt()
    }
}

impl V<3> {
    pub(super) fn with(self, last: f32) -> V<4> {
        V([self.0[0], self.0[1], self.0[2], last])
    }
}

impl V<4> {
    pub(super) fn rgb(self) -> V<3> {
        V([self.0[0], self.0[1], self.0[2]])
    }
}

impl<const N: usize> Default for V<N> {
    fn default() -> Self {
        Self([0.0; N])
    }
}

impl<const N: usize> Index<usize> for V<N> {
    type Output = f32;
    fn index(&self, k: usize) -> &f32 {
        &self.0[k]
    }
}

impl<const N: usize> Add for V<N> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
}

impl<const N: usize> AddAssign for V<N> {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl<const N: usize> Sub for V<N> {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }
}

impl<const N: usize> Mul for V<N> {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }
}

impl<const N: usize> Mul<V<N>> for f32 {
    type Output = V<N>;
    fn mul(self, v: V<N>) -> V<N> {
        v.map(|b| self * b)
    }
}

/// A picture of four values a pixel, read as a texture is: texel by texel, or bilinearly and clamped at its edges.
pub(super) struct Texture {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) texels: Vec<[f32; 4]>,
}

impl Texture {
    pub(super) fn new(width: usize, height: usize, texel: impl Fn(usize, usize) -> [f32; 4]) -> Self {
        let texels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| texel(x, y)).collect();
        Self { width, height, texels }
    }

    pub(super) fn load(&self, x: i32, y: i32) -> [f32; 4] {
        let x = x.clamp(0, self.width as i32 - 1) as usize;
        let y = y.clamp(0, self.height as i32 - 1) as usize;
        self.texels[y * self.width + x]
    }

    /// `x` and `y` in texels.
    pub(super) fn sample(&self, x: f32, y: f32) -> [f32; 4] {
        let (left, top) = ((x - 0.5).floor(), (y - 0.5).floor());
        let (u, v) = (x - 0.5 - left, y - 0.5 - top);
        let (left, top) = (left as i32, top as i32);
        let corners =
            [self.load(left, top), self.load(left + 1, top), self.load(left, top + 1), self.load(left + 1, top + 1)];
        from_fn(|c| {
            let upper = corners[0][c] + u * (corners[1][c] - corners[0][c]);
            upper + v * (corners[2][c] + u * (corners[3][c] - corners[2][c]) - upper)
        })
    }

    pub(super) fn at(&self, [x, y]: Place) -> V<4> {
        V(self.load(x, y))
    }

    pub(super) fn between(&self, [x, y]: [f32; 2]) -> V<4> {
        V(self.sample(x, y))
    }
}

/// A texel of a grid.
pub(super) type Place = [i32; 2];

/// How numbers become half floats where a texture is written: to the nearest one, or toward zero. It is up to the device.
pub(super) type Rounding = fn(f32) -> f32;

pub(super) const ROUNDINGS: [Rounding; 2] = [nearest, toward_zero];

fn nearest(v: f32) -> f32 {
    half::f16::from_f32(v).to_f32()
}

fn toward_zero(v: f32) -> f32 {
    let half = half::f16::from_f32(v);
    if half.to_f32().abs() > v.abs() { half::f16::from_bits(half.to_bits() - 1).to_f32() } else { half.to_f32() }
}

/// What a pass writes: so many grids of half floats.
pub(super) fn grids<const N: usize>(
    [width, height]: Place,
    round: Rounding,
    of: impl Fn(Place) -> [V<4>; N],
) -> [Texture; N] {
    let (width, height) = (width as usize, height as usize);
    let texels: Vec<_> = (0..width * height).map(|k| of([(k % width) as i32, (k / width) as i32])).collect();
    from_fn(|n| Texture { width, height, texels: texels.iter().map(|texel| texel[n].map(round).0).collect() })
}

/// The places from one on, row by row, in a square of so many a side.
pub(super) fn square([x, y]: Place, side: i32) -> impl Iterator<Item = Place> {
    (0..side * side).map(move |k| [x + k % side, y + k / side])
}

pub(super) fn within([x, y]: Place, low: Place, high: Place) -> Place {
    [x.clamp(low[0], high[0]), y.clamp(low[1], high[1])]
}

pub(super) fn smoothstep([from, to]: [f32; 2], x: f32) -> f32 {
    let t = ((x - from) / (to - from)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

pub(super) fn mix(a: f32, b: f32, t: f32) -> f32 {
    a * (1.0 - t) + b * t
}

/// −1, 0 or 1.
pub(super) fn sign(x: f32) -> f32 {
    if x == 0.0 { 0.0 } else { x.signum() }
}

pub(super) fn luma(c: V<3>) -> f32 {
    c.dot(V([0.299, 0.587, 0.114]))
}

fn matrix(m: [[f32; 3]; 3], v: V<3>) -> V<3> {
    V(m.map(|row| V(row).dot(v)))
}

pub(super) fn to_oklab(c: V<3>) -> V<3> {
    let linear = c.map(|v| if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) });
    let lms = matrix(
        [
            [0.412_221_46, 0.536_332_55, 0.051_445_995],
            [0.211_903_5, 0.680_699_5, 0.107_396_96],
            [0.088_302_46, 0.281_718_85, 0.629_978_7],
        ],
        linear,
    );
    matrix(
        [
            [0.210_454_26, 0.793_617_8, -0.004_072_047],
            [1.977_998_5, -2.428_592_2, 0.450_593_7],
            [0.025_904_037, 0.782_771_77, -0.808_675_77],
        ],
        lms.map(|v| v.max(0.0).cbrt()),
    )
}

pub(super) fn from_oklab(lab: V<3>) -> V<3> {
    let lms = matrix(
        [[1.0, 0.396_337_78, 0.215_803_76], [1.0, -0.105_561_346, -0.063_854_17], [1.0, -0.089_484_18, -1.291_485_5]],
        lab,
    )
    .map(|v| v * v * v);
    let linear = matrix(
        [
            [4.076_741_7, -3.307_711_6, 0.230_969_93],
            [-1.268_438, 2.609_757_4, -0.341_319_4],
            [-0.004_196_086_3, -0.703_418_6, 1.707_614_7],
        ],
        lms,
    );
    linear.map(|v| if v <= 0.003_130_8 { v * 12.92 } else { 1.055 * v.max(0.0).powf(1.0 / 2.4) - 0.055 })
}
