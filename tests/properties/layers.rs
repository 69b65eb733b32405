//! The networks' layers at any size, by their definitions.

use candle_core::{Device, Tensor};
use glowup::face::net::Workers;
use glowup::face::net::ops::{self, Activation, SimdLevel};
use proptest::prelude::*;

use super::cases;

/// Numbers in −1..=1, the same for the same seed.
fn numbers(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    std::iter::repeat_with(next).take(count).collect()
}

/// A picture of `channels` channels inside a bordered map.
fn filled_map(height: usize, width: usize, channels: usize, values: &[f32]) -> Tensor {
    let padded = channels.next_multiple_of(8);
    let mut data = vec![0.0; (height + 2) * (width + 2) * padded];
    for (pixel, values) in values.chunks(channels).enumerate() {
        let at = ((pixel / width + 1) * (width + 2) + pixel % width + 1) * padded;
        data[at..at + channels].copy_from_slice(values);
    }
    Tensor::from_vec(data, (height + 2, width + 2, padded), &Device::Cpu).unwrap()
}

/// The inside of a bordered map; its border and left-over channels must be zeros.
fn inside(map: &Tensor, channels: usize) -> Vec<f32> {
    let (rows, columns, padded) = map.dims3().unwrap();
    let data = map.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let mut values = Vec::new();
    for (pixel, floats) in data.chunks(padded).enumerate() {
        let (y, x) = (pixel / columns, pixel % columns);
        if (1..rows - 1).contains(&y) && (1..columns - 1).contains(&x) {
            values.extend_from_slice(&floats[..channels]);
            assert!(floats[channels..].iter().all(|&x| x == 0.0), "left-over channels stay zero");
        } else {
            assert!(floats.iter().all(|&x| x == 0.0), "the border stays zero");
        }
    }
    values
}

/// A picture whose pixels outside are zero, and the SAME padding before it.
struct Padded<'a> {
    values: &'a [f32],
    size: [usize; 2],
    channels: usize,
    before: [usize; 2],
}

impl<'a> Padded<'a> {
    fn new(values: &'a [f32], size: [usize; 2], channels: usize, kernel: usize, stride: usize) -> Self {
        // TensorFlow: "SAME" pads (⌈n / s⌉ − 1)·s + k − n pixels in all, the smaller half first.
        let before = size.map(|n| ((n.div_ceil(stride) - 1) * stride + kernel).saturating_sub(n) / 2);
        Self { values, size, channels, before }
    }

    fn at(&self, y: usize, x: usize, channel: usize) -> f32 {
        match (y.checked_sub(self.before[0]), x.checked_sub(self.before[1])) {
            (Some(y), Some(x)) if y < self.size[0] && x < self.size[1] => {
                self.values[(y * self.size[1] + x) * self.channels + channel]
            }
            _ => 0.0,
        }
    }
}

fn close(found: &[f32], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len());
    for (i, (&a, &b)) in found.iter().zip(expected).enumerate() {
        assert!((f64::from(a) - b).abs() <= 1e-4 * (1.0 + b.abs()), "{what}: number {i} is {a}, not {b}");
    }
}

proptest! {
    #![proptest_config(cases(48))]

    /// A residual block of any size, on every SIMD level and on one and three threads, is what its definition says.
    #[test]
    fn blocks_are_what_they_are_defined_to_be(
        height in 1_usize..12,
        width in 1_usize..150,
        inputs in 1_usize..70,
        more in 0_usize..40,
        stride in 1_usize..=2,
        prelu: bool,
        seed: u32,
    ) {
        let outputs = inputs + more;
        let picture = numbers(height * width * inputs, seed);
        let (taps, tap_bias) = (numbers(9 * inputs, seed ^ 1), numbers(inputs, seed ^ 2));
        let (weights, bias) = (numbers(outputs * inputs, seed ^ 3), numbers(outputs, seed ^ 4));
        let slopes = numbers(outputs, seed ^ 5);
        let size = [height.div_ceil(stride), width.div_ceil(stride)];

        let padded = Padded::new(&picture, [height, width], inputs, 3, stride);
        let mut expected = Vec::new();
        for y in 0..size[0] {
            for x in 0..size[1] {
                let filtered: Vec<f64> = (0..inputs)
                    .map(|c| {
                        let taps = (0..9).map(|t| {
                            let x = padded.at(y * stride + t / 3, x * stride + t % 3, c);
                            f64::from(x) * f64::from(taps[t * inputs + c])
                        });
                        f64::from(tap_bias[c]) + taps.sum::<f64>()
                    })
                    .collect();
                for o in 0..outputs {
                    let row = &weights[o * inputs..(o + 1) * inputs];
                    let mut sum = f64::from(bias[o]);
                    sum += row.iter().zip(&filtered).map(|(&w, x)| f64::from(w) * x).sum::<f64>();
                    if o < inputs {
                        let below = (y * stride + stride).min(height);
                        let right = (x * stride + stride).min(width);
                        let cell = (y * stride..below).flat_map(|y| (x * stride..right).map(move |x| (y, x)));
                        let most = cell.map(|(y, x)| picture[(y * width + x) * inputs + o]).fold(f32::MIN, f32::max);
                        sum += f64::from(most);
                    }
                    let slope = if prelu { f64::from(slopes[o]) } else { 0.0 };
                    expected.push(if sum < 0.0 { sum * slope } else { sum });
                }
            }
        }

        let activation = if prelu { Activation::PRelu(&slopes) } else { Activation::Relu };
        let from = filled_map(height, width, inputs, &picture);
        for &simd in SimdLevel::available() {
            let block = ops::Block::new((&taps, &tap_bias), (&weights, &bias), activation, stride, simd).unwrap();
            for threads in [1, 3] {
                let to = ops::feature_map(size[0], size[1], outputs).unwrap();
                block.forward(&from, &to, &Workers::new(threads).unwrap()).unwrap();
                close(&inside(&to, outputs), &expected, &format!("{simd:?}"));
            }
        }
    }

    /// A unit of any size, in all the ways that it takes its input and leaves its output, as above.
    #[test]
    fn units_are_what_they_are_defined_to_be(
        rows in 1_usize..30,
        columns in 1_usize..90,
        inputs in 1_usize..=5,
        outputs in 1_usize..=3,
        relu: bool,
        seed: u32,
    ) {
        // Even sides, of maps with 16 channels or more, so that all ways are open.
        let (height, width, inputs, outputs) = (2 * rows, 2 * columns, 16 * inputs, 16 * outputs);
        let (weights, bias) = (numbers(outputs * inputs, seed ^ 1), numbers(outputs, seed ^ 2));
        let (taps, tap_bias) = (numbers(9 * outputs, seed ^ 3), numbers(outputs, seed ^ 4));
        let define = |values: &[f32], height: usize, width: usize| -> Vec<f64> {
            let mixed: Vec<f64> = values
                .chunks(inputs)
                .flat_map(|pixel| {
                    (0..outputs).map(|o| {
                        let row = &weights[o * inputs..(o + 1) * inputs];
                        let sum = row.iter().zip(pixel).map(|(&w, &x)| f64::from(w) * f64::from(x)).sum::<f64>();
                        sum + f64::from(bias[o])
                    }).collect::<Vec<_>>()
                })
                .collect();
            let mut made = Vec::new();
            for (y, x, o) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))).flat_map(|(y, x)| (0..outputs).map(move |o| (y, x, o))) {
                let mut sum = f64::from(tap_bias[o]);
                for tap in 0..9 {
                    let (y, x) = ((y + tap / 3).wrapping_sub(1), (x + tap % 3).wrapping_sub(1));
                    if y < height && x < width {
                        sum += mixed[(y * width + x) * outputs + o] * f64::from(taps[tap * outputs + o]);
                    }
                }
                made.push(if relu { sum.max(0.0) } else { sum });
            }
            made
        };
        fn halve<T: Copy>(values: &[T], width: usize, channels: usize, max: impl Fn(T, T) -> T) -> Vec<T> {
            let at = |y: usize, x: usize, c: usize| values[(y * width + x) * channels + c];
            let height = values.len() / width / channels;
            let mut halved = Vec::new();
            for (y, x) in (0..height / 2).flat_map(|y| (0..width / 2).map(move |x| (2 * y, 2 * x))) {
                let most = |c| max(max(at(y, x, c), at(y, x + 1, c)), max(at(y + 1, x, c), at(y + 1, x + 1, c)));
                halved.extend((0..channels).map(most));
            }
            halved
        }
        let tensor = |values: &[f32], height: usize, width: usize| {
            Tensor::from_slice(values, (height, width, inputs), &Device::Cpu).unwrap()
        };
        let (fine, coarse) = (numbers(height * width * inputs, seed), numbers(rows * columns * inputs, seed ^ 5));
        let mut sums = fine.clone();
        for (index, sum) in sums.iter_mut().enumerate() {
            let (pixel, channel) = (index / inputs, index % inputs);
            let (y, x) = (pixel / width, pixel % width);
            *sum += coarse[(y / 2 * columns + x / 2) * inputs + channel];
        }
        let (whole, merged) = (define(&fine, height, width), define(&sums, height, width));
        let halved = define(&halve(&fine, width, inputs, f32::max), rows, columns);
        let (fine, coarse) = (tensor(&fine, height, width), tensor(&coarse, rows, columns));
        for &simd in SimdLevel::available() {
            let unit = |pooled| ops::Unit::new((&weights, &bias), (&taps, &tap_bias), relu, pooled, simd).unwrap();
            let (unit, pooling) = (unit(false), unit(true));
            for threads in [1, 3] {
                let workers = Workers::new(threads).unwrap();
                let check = |to: Tensor, expected: &[f64], what: &str| {
                    close(&to.flatten_all().unwrap().to_vec1().unwrap(), expected, &format!("{what}, {simd:?}"));
                };
                let to = ops::plain_map(height, width, outputs).unwrap();
                unit.forward(&fine, &to, &workers).unwrap();
                check(to, &whole, "plain");
                let to = ops::plain_map(height, width, outputs).unwrap();
                unit.forward_merged(&fine, &coarse, &to, &workers).unwrap();
                check(to, &merged, "merged");
                let to = ops::plain_map(rows, columns, outputs).unwrap();
                unit.forward_pooled(&fine, &to, &workers).unwrap();
                check(to, &halved, "halved before");
                let to = ops::plain_map(rows, columns, outputs).unwrap();
                pooling.forward(&fine, &to, &workers).unwrap();
                check(to, &halve(&whole, width, outputs, f64::max), "halved after");
            }
        }
    }

    /// A 1×1 convolution and a dense layer of any size, as above.
    #[test]
    fn matrices_are_what_they_are_defined_to_be(
        height in 1_usize..=7,
        width in 1_usize..30,
        inputs in 1_usize..70,
        outputs in 1_usize..150,
        seed: u32,
    ) {
        let workers = Workers::new(2).unwrap();
        let picture = numbers(height * width * inputs, seed);
        let (weights, bias) = (numbers(outputs * inputs, seed ^ 1), numbers(outputs, seed ^ 2));
        let product = |weights: &[f32], values: &[f32], o: usize| {
            let row = &weights[o * values.len()..(o + 1) * values.len()];
            f64::from(bias[o]) + row.iter().zip(values).map(|(&w, &x)| f64::from(w) * f64::from(x)).sum::<f64>()
        };
        let pixels = picture.chunks(inputs);
        let expected: Vec<f64> =
            pixels.flat_map(|pixel| (0..outputs).map(|o| product(&weights, pixel, o)).collect::<Vec<_>>()).collect();

        // The dense layer sees the left-over channels too; they are zero.
        let padded = inputs.next_multiple_of(8);
        let from = filled_map(height, width, inputs, &picture);
        let all = numbers(outputs * height * width * padded, seed ^ 3);
        let flat: Vec<f32> = picture
            .chunks(inputs)
            .flat_map(|pixel| pixel.iter().copied().chain(std::iter::repeat_n(0.0, padded - inputs)))
            .collect();
        let expected_all: Vec<f64> = (0..outputs).map(|o| product(&all, &flat, o)).collect();

        for &simd in SimdLevel::available() {
            let pointwise = ops::Pointwise::new(&weights, &bias, Activation::None, simd).unwrap();
            let to = ops::feature_map(height, width, outputs).unwrap();
            pointwise.forward(&from, &to, &workers).unwrap();
            close(&inside(&to, outputs), &expected, &format!("{simd:?}"));

            let dense = ops::Dense::new(&all, &bias, simd).unwrap();
            let to = Tensor::zeros(outputs.next_multiple_of(8), candle_core::DType::F32, &Device::Cpu).unwrap();
            dense.forward(&from, &to, &workers).unwrap();
            close(&to.to_vec1::<f32>().unwrap()[..outputs], &expected_all, &format!("{simd:?}"));
        }
    }

    /// A first layer of any size, as above.
    #[test]
    fn stems_are_what_they_are_defined_to_be(
        height in 1_usize..20,
        width in 1_usize..60,
        kernel in 1_usize..=5,
        outputs in 1_usize..40,
        seed: u32,
    ) {
        let picture = numbers(height * width * 3, seed);
        let weights = numbers(outputs * kernel * kernel * 3, seed ^ 1);
        let (bias, slopes) = (numbers(outputs, seed ^ 2), numbers(outputs, seed ^ 3));
        let size = [height.div_ceil(2), width.div_ceil(2)];
        let padded = Padded::new(&picture, [height, width], 3, kernel, 2);
        let mut expected = Vec::new();
        for y in 0..size[0] {
            for x in 0..size[1] {
                for o in 0..outputs {
                    let mut sum = f64::from(bias[o]);
                    for t in 0..kernel * kernel {
                        for c in 0..3 {
                            let x = padded.at(2 * y + t / kernel, 2 * x + t % kernel, c);
                            sum += f64::from(x) * f64::from(weights[(o * kernel * kernel + t) * 3 + c]);
                        }
                    }
                    expected.push(if sum < 0.0 { sum * f64::from(slopes[o]) } else { sum });
                }
            }
        }
        let from = Tensor::from_slice(&picture, (height, width, 3), &Device::Cpu).unwrap();
        for &simd in SimdLevel::available() {
            let stem = ops::Stem::new(&weights, &bias, Activation::PRelu(&slopes), kernel, simd).unwrap();
            let to = ops::feature_map(size[0], size[1], outputs).unwrap();
            stem.forward(&from, &to, &Workers::new(2).unwrap()).unwrap();
            close(&inside(&to, outputs), &expected, &format!("{simd:?}"));
        }
    }
}
