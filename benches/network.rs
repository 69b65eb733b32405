//! What the networks cost: each kind of layer at the sizes they have (the throughput is in multiply-adds), each network
//! on one and two threads and on plain Rust, and loading.

use std::hint::black_box;
use std::time::Duration;

use candle_core::{DType, Device, Tensor};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use glowup::face::net::ops::{self, Activation, SimdLevel};
use glowup::face::net::{BlazeFace, Blendshapes, FaceMesh, MeshModel, Workers, YuNet, reference};

/// Numbers in −0.5..0.5.
fn numbers(count: usize) -> Vec<f32> {
    (0..count).map(|i| ((i * 7919) % 256) as f32 / 256.0 - 0.5).collect()
}

/// A feature map full of numbers; what lies in its border and left-over channels does not change the time.
fn map(side: usize, channels: usize) -> Tensor {
    let map = ops::feature_map(side, side, channels).expect("the shape fits");
    let numbers = Tensor::from_vec(numbers(map.elem_count()), map.dims(), &Device::Cpu).expect("the shape fits");
    map.slice_set(&numbers, 0, 0).expect("the shapes are the same");
    map
}

fn layers(c: &mut Criterion) {
    let workers = Workers::new(1).expect("one thread is always there");
    let best = SimdLevel::best();
    let mut group = c.benchmark_group("layer");

    for (side, kernel, outputs) in [(192, 3, 16), (128, 5, 24)] {
        let weights = numbers(outputs * kernel * kernel * 3);
        let bias = numbers(outputs);
        let stem = ops::Stem::new(&weights, &bias, Activation::PRelu(&bias), kernel, best).expect("it fits");
        let from = Tensor::from_vec(numbers(side * side * 3), (side, side, 3), &Device::Cpu).expect("it fits");
        let to = ops::feature_map(side / 2, side / 2, outputs).expect("it fits");
        group.throughput(Throughput::Elements((weights.len() * side * side / 4) as u64));
        group.bench_function(format!("stem {kernel}x{kernel} {side}²x3→{outputs}"), |b| {
            b.iter(|| stem.forward(&from, &to, &workers).expect("it runs"));
        });
    }

    let mesh = [(96, 16, 16, 1), (96, 16, 32, 2), (48, 32, 32, 1), (48, 32, 64, 2), (24, 64, 64, 1), (24, 64, 128, 2)];
    let deep = [(12, 128, 128, 1), (12, 128, 128, 2), (6, 128, 128, 1), (3, 128, 128, 1), (3, 32, 32, 1)];
    let detector =
        [(64, 24, 24, 1), (64, 24, 28, 1), (64, 28, 32, 2), (32, 32, 36, 1), (32, 36, 42, 1), (32, 42, 48, 2)];
    let coarse = [(16, 48, 56, 1), (16, 64, 72, 1), (16, 80, 88, 1), (16, 88, 96, 2), (8, 96, 96, 1)];
    for (side, inputs, outputs, stride) in mesh.into_iter().chain(deep).chain(detector).chain(coarse) {
        let (taps, bias) = (numbers(9 * inputs), numbers(outputs));
        let weights = numbers(inputs * outputs);
        let depthwise = (&taps[..], &bias[..inputs]);
        let block = ops::Block::new(depthwise, (&weights, &bias), Activation::PRelu(&bias), stride, best);
        let block = block.expect("it fits");
        let (from, to) = (map(side, inputs), ops::feature_map(side / stride, side / stride, outputs).expect("it fits"));
        group.throughput(Throughput::Elements((block.cost() * (side / stride).pow(2)) as u64));
        group.bench_function(format!("block {side}²x{inputs}→{outputs} /{stride}"), |b| {
            b.iter(|| block.forward(&from, &to, &workers).expect("it runs"));
        });
    }

    // YuNet's units on a picture of 640×352.
    let units = [(176, 320, 16, 16), (88, 160, 16, 16), (88, 160, 16, 32), (88, 160, 32, 32), (88, 160, 32, 64)];
    for (height, width, inputs, outputs) in
        units.into_iter().chain([(44, 80, 64, 64), (22, 40, 64, 64), (44, 80, 64, 16)])
    {
        let (weights, taps, bias) = (numbers(inputs * outputs), numbers(9 * outputs), numbers(outputs));
        let unit = ops::Unit::new((&weights, &bias), (&taps, &bias), true, false, best).expect("it fits");
        let from = Tensor::from_vec(numbers(height * width * inputs), (height, width, inputs), &Device::Cpu);
        let (from, to) = (from.expect("it fits"), ops::plain_map(height, width, outputs).expect("it fits"));
        group.throughput(Throughput::Elements((unit.cost() * height * width) as u64));
        group.bench_function(format!("unit {width}x{height}x{inputs}→{outputs}"), |b| {
            b.iter(|| unit.forward(&from, &to, &workers).expect("it runs"));
        });
    }

    for (side, inputs, outputs) in [(16, 88, 32), (16, 88, 2), (8, 96, 96), (8, 96, 6)] {
        let (weights, bias) = (numbers(inputs * outputs), numbers(outputs));
        let pointwise = ops::Pointwise::new(&weights, &bias, Activation::None, best).expect("it fits");
        let (from, to) = (map(side, inputs), ops::feature_map(side, side, outputs).expect("it fits"));
        group.throughput(Throughput::Elements((weights.len() * side * side) as u64));
        group.bench_function(format!("1x1 {side}²x{inputs}→{outputs}"), |b| {
            b.iter(|| pointwise.forward(&from, &to, &workers).expect("it runs"));
        });
    }

    let (weights, bias) = (numbers(1404 * 288), numbers(1404));
    let dense = ops::Dense::new(&weights, &bias, best).expect("it fits");
    let (from, to) = (map(3, 32), Tensor::zeros(1408, DType::F32, &Device::Cpu).expect("it fits"));
    group.throughput(Throughput::Elements(weights.len() as u64));
    group.bench_function("dense 3²x32→1404", |b| b.iter(|| dense.forward(&from, &to, &workers).expect("it runs")));
}

fn networks(c: &mut Criterion) {
    let mut group = c.benchmark_group("network");
    for &simd in SimdLevel::available() {
        let detector = BlazeFace::embedded_with(simd).expect("the weights are good");
        let mut boxes = detector.buffers().expect("memory");
        boxes.write_input(|input| input.copy_from_slice(&numbers(input.len()))).expect("it is there");
        for threads in [1, 2] {
            let workers = Workers::new(threads).expect("two threads");
            group.bench_function(format!("detector, {simd:?}, {threads} threads"), |b| {
                b.iter(|| detector.forward(&mut boxes, &workers).expect("it runs"));
            });
            for model in [MeshModel::Light, MeshModel::Refined] {
                let mesh = FaceMesh::embedded_with(model, simd).expect("the weights are good");
                let mut points = mesh.buffers().expect("memory");
                points.write_input(|input| input.copy_from_slice(&numbers(input.len()))).expect("it is there");
                group.bench_function(format!("{model:?} mesh, {simd:?}, {threads} threads"), |b| {
                    b.iter(|| mesh.forward(&mut points, &workers).expect("it runs"));
                });
            }
        }
    }
    for &simd in SimdLevel::available() {
        let yunet = YuNet::embedded_with(simd).expect("the weights are good");
        let blendshapes = Blendshapes::embedded_with(simd).expect("the weights are good");
        let mut coefficients = blendshapes.buffers().expect("memory");
        let marks: Vec<_> = (0..478).map(|i| [(i * 37 % 100) as f32, (i * 61 % 100) as f32, 0.0]).collect();
        for threads in [1, 2] {
            let workers = Workers::new(threads).expect("two threads");
            for (width, height) in [(160, 160), (320, 192), (640, 352), (1280, 736)] {
                let mut cells = yunet.buffers(width, height).expect("memory");
                cells.write_input(|input| input.copy_from_slice(&numbers(input.len()))).expect("it is there");
                group.bench_function(format!("YuNet {width}x{height}, {simd:?}, {threads} threads"), |b| {
                    b.iter(|| yunet.forward(&mut cells, &workers).expect("it runs"));
                });
            }
            group.bench_function(format!("blendshapes, {simd:?}, {threads} threads"), |b| {
                b.iter(|| blendshapes.forward(&marks, &mut coefficients, &workers).expect("it runs"));
            });
        }
    }
    group.sample_size(10);
    let mesh = reference::FaceMesh::new(MeshModel::Light, &Device::Cpu).expect("the weights are good");
    let picture = Tensor::from_vec(numbers(192 * 192 * 3), (192, 192, 3), &Device::Cpu).expect("it fits");
    group.bench_function("mesh, candle's own operations", |b| b.iter(|| mesh.forward(&picture).expect("it runs")));
    group.bench_function("loading both", |b| {
        b.iter(|| {
            let mesh = FaceMesh::embedded(MeshModel::Refined).expect("good weights");
            black_box((BlazeFace::embedded().expect("good weights"), mesh))
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    targets = layers, networks
}
criterion_main!(benches);
