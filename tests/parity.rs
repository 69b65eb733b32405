//! The networks say what the originals say: against LiteRT's outputs (see `tests/data/README.md`), against the same
//! networks on candle's own operations, and on every set of instructions that this machine has.

use candle_core::{Device, Tensor};
use glowup::face::net::ops::{self, Activation, SimdLevel};
use glowup::face::net::{BlazeFace, Blendshape, Blendshapes, FaceMesh, MeshModel, Workers, YuNet, reference};
use proptest::prelude::*;
use safetensors::SafeTensors;

/// The same bytes as `noise` in `tests/data/make_parity.py`.
fn noise(count: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(count).collect()
}

fn picture(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"));
    image::open(path).unwrap().into_rgb8().into_raw()
}

/// The inputs that the golden tensors were made from.
fn inputs(file: &str, side: usize, scale: impl Fn(u8) -> f32) -> [(&'static str, Vec<f32>); 2] {
    let scaled = |bytes: Vec<u8>| bytes.into_iter().map(&scale).collect();
    [("face", scaled(picture(file))), ("noise", scaled(noise(side * side * 3)))]
}

fn detector_inputs() -> [(&'static str, Vec<f32>); 2] {
    inputs("parity_detector.png", BlazeFace::SIDE, |byte| f32::from(byte) / 127.5 - 1.0)
}

fn mesh_inputs() -> [(&'static str, Vec<f32>); 2] {
    inputs("parity_mesh.png", FaceMesh::SIDE, |byte| f32::from(byte) / 255.0)
}

/// The landmark networks, with the names that the golden tensors have.
const MESHES: [(MeshModel, &str); 2] = [(MeshModel::Light, "mesh"), (MeshModel::Refined, "refined")];

fn golden(name: &str) -> Vec<f32> {
    let path = format!("{}/tests/data/parity.safetensors", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(path).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let (words, _) = tensors.tensor(name).unwrap().data().as_chunks::<4>();
    words.iter().map(|&word| f32::from_le_bytes(word)).collect()
}

fn worst(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

fn range(values: &[f32]) -> f32 {
    let (low, high) = values.iter().fold((f32::MAX, f32::MIN), |(low, high), &x| (low.min(x), high.max(x)));
    high - low
}

/// Logits and boxes. The buffers are used twice, the first time on something else: nothing may stay behind.
fn detect(network: &BlazeFace, input: &[f32], workers: &Workers) -> (Vec<f32>, Vec<f32>) {
    let mut buffers = network.buffers().unwrap();
    for scale in [-0.5, 1.0] {
        let fill = |to: &mut [f32]| to.iter_mut().zip(input).for_each(|(to, from)| *to = from * scale);
        buffers.write_input(fill).unwrap();
        network.forward(&mut buffers, workers).unwrap();
    }
    buffers.read_outputs(|logits, boxes| (logits.to_vec(), boxes.to_vec())).unwrap()
}

/// Points and presence, as [`detect`].
fn landmarks(network: &FaceMesh, input: &[f32], workers: &Workers) -> (Vec<f32>, Vec<f32>) {
    let mut buffers = network.buffers().unwrap();
    for scale in [-0.5, 1.0] {
        let fill = |to: &mut [f32]| to.iter_mut().zip(input).for_each(|(to, from)| *to = from * scale);
        buffers.write_input(fill).unwrap();
        network.forward(&mut buffers, workers).unwrap();
    }
    buffers.read_outputs(|points, presence| (points.to_vec(), vec![presence])).unwrap()
}

#[test]
fn detector_says_what_litert_says() {
    let network = BlazeFace::embedded().unwrap();
    for (kind, input) in detector_inputs() {
        let (logits, boxes) = detect(&network, &input, &Workers::new(1).unwrap());
        assert_eq!((logits.len(), boxes.len()), (BlazeFace::ANCHORS, BlazeFace::ANCHORS * 16));
        let scores = worst(&logits, &golden(&format!("detector.{kind}.logits")));
        let places = worst(&boxes, &golden(&format!("detector.{kind}.boxes")));
        println!("{kind}: logits differ by {scores:e}, boxes by {places:e}");
        assert!(scores <= 1e-3 && places <= 1e-3, "{kind}: {scores} {places}");
    }
}

#[test]
fn mesh_says_what_litert_says() {
    for (model, name) in MESHES {
        let network = FaceMesh::embedded(model).unwrap();
        for (kind, input) in mesh_inputs() {
            let (points, presence) = landmarks(&network, &input, &Workers::new(1).unwrap());
            assert_eq!(points.len(), 3 * model.points());
            let far = worst(&points, &golden(&format!("{name}.{kind}.points")));
            let sure = worst(&presence, &golden(&format!("{name}.{kind}.presence")));
            println!("{name}, {kind}: points differ by {far:e} pixels, presence by {sure:e}");
            assert!(far <= 0.01 && sure <= 1e-3, "{name}, {kind}: {far} {sure}");
        }
    }
}

/// A piece of a picture: x, y, width, height.
fn piece(path: &str, [x, y, width, height]: [u32; 4]) -> Vec<u8> {
    let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    let picture = image::open(path).unwrap().into_rgb8();
    image::imageops::crop_imm(&picture, x, y, width, height).to_image().into_raw()
}

/// YuNet's inputs: name, width, height, numbers.
fn yunet_inputs() -> [(&'static str, usize, usize, Vec<f32>); 3] {
    let floats = |bytes: Vec<u8>| bytes.into_iter().map(f32::from).collect();
    [
        ("portrait", 160, 160, floats(piece("assets/astronaut.png", [150, 40, 160, 160]))),
        ("webcam", 320, 192, floats(piece("tests/data/webcam_120.png", [40, 50, 320, 192]))),
        ("noise", 96, 64, floats(noise(64 * 96 * 3))),
    ]
}

/// The cells of each level, as [`detect`].
fn search(network: &YuNet, width: usize, height: usize, input: &[f32], workers: &Workers) -> [Vec<f32>; 3] {
    let mut buffers = network.buffers(width, height).unwrap();
    for scale in [0.5, 1.0] {
        let fill = |to: &mut [f32]| to.iter_mut().zip(input).for_each(|(to, from)| *to = from * scale);
        buffers.write_input(fill).unwrap();
        network.forward(&mut buffers, workers).unwrap();
    }
    let levels = buffers.read_outputs(|levels| {
        levels.map(|level| {
            assert_eq!((level.columns, level.rows), (width / level.stride, height / level.stride));
            level.cells.as_flattened().to_vec()
        })
    });
    levels.unwrap()
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

#[test]
fn yunet_says_what_onnx_runtime_says() {
    let network = YuNet::embedded().unwrap();
    for (kind, width, height, input) in yunet_inputs() {
        let found = search(&network, width, height, &input, &Workers::new(1).unwrap());
        for (found, stride) in found.iter().zip([8_u8, 16, 32]) {
            let expected = golden(&format!("yunet.{kind}.{stride}"));
            assert_eq!(found.len(), expected.len());
            let (mut scores, mut places) = (0.0_f32, 0.0_f32);
            for (found, expected) in found.chunks(16).zip(expected.chunks(16)) {
                for i in 0..2 {
                    scores = scores.max((sigmoid(found[i]) - expected[i]).abs());
                }
                places = places.max(worst(&found[2..], &expected[2..]) * f32::from(stride));
            }
            println!("{kind}, stride {stride}: scores differ by {scores:e}, places by {places:e} pixels");
            assert!(scores <= 1e-4 && places <= 0.01, "{kind}, stride {stride}: {scores} {places}");
        }
    }
}

#[test]
fn yunet_agrees_with_the_reference_network_on_every_simd_level_and_number_of_threads() {
    let reference = reference::YuNet::new(&Device::Cpu).unwrap();
    for (_, width, height, input) in yunet_inputs() {
        let picture = Tensor::from_slice(&input, (height, width, 3), &Device::Cpu).unwrap();
        let expected =
            reference.forward(&picture).unwrap().map(|cells| cells.flatten_all().unwrap().to_vec1().unwrap());
        for &simd in SimdLevel::available() {
            let network = YuNet::embedded_with(simd).unwrap();
            for threads in [1, 2, 3, 5, 16] {
                let found = search(&network, width, height, &input, &Workers::new(threads).unwrap());
                for (found, expected) in found.iter().zip(&expected) {
                    let far = worst(found, expected) / range(expected);
                    assert!(far <= 1e-5, "{simd:?}, {threads} threads: {far}");
                }
            }
        }
    }
}

#[test]
fn yunet_finds_the_portraits_face_where_its_landmarks_are() {
    let network = YuNet::embedded().unwrap();
    let [(_, width, height, input), _, (_, noise_width, noise_height, noise)] = yunet_inputs();
    let workers = Workers::new(1).unwrap();
    let best = |width: usize, height: usize, input: &[f32]| {
        let mut buffers = network.buffers(width, height).unwrap();
        buffers.write_input(|to| to.copy_from_slice(input)).unwrap();
        network.forward(&mut buffers, &workers).unwrap();
        let faces = buffers.read_outputs(|levels| levels.map(|level| level.faces(0.5).collect::<Vec<_>>()));
        faces.unwrap().into_iter().flatten().max_by(|a, b| a.score.total_cmp(&b.score))
    };
    assert_eq!(best(noise_width, noise_height, &noise), None);
    let face = best(width, height, &input).unwrap();
    let (_, marks) = refined_landmarks().remove(0);
    let mark = |indices: [usize; 2]| {
        let sum = |axis: usize| indices.iter().map(|&index| marks[index][axis]).sum::<f32>() / 2.0;
        [sum(0) - 150.0, sum(1) - 40.0]
    };
    // The person's right eye, left eye, nose tip, right and left corner of the mouth.
    for (index, place) in [[33, 133], [362, 263], [1, 4], [61, 61], [291, 291]].map(mark).into_iter().enumerate() {
        let [dx, dy] = [0, 1].map(|axis| face.points[index][axis] - place[axis]);
        assert!(dx.hypot(dy) < 8.0, "point {index}: {:?}, not {place:?}", face.points[index]);
    }
    let inside = |axis: usize, at: f32| (at - face.centre[axis]).abs() < face.size[axis] / 2.0;
    assert!(face.points.iter().all(|point| inside(0, point[0]) && inside(1, point[1])));
}

#[test]
fn yunet_takes_only_sizes_that_all_its_levels_divide() {
    let network = YuNet::embedded().unwrap();
    for (width, height) in [(0, 32), (32, 0), (31, 32), (32, 48), (640, 360), (8224, 32), (32, usize::MAX)] {
        let error = network.buffers(width, height).err().unwrap();
        assert!(error.to_string().contains("multiples of 32"), "{error}");
    }
    for (width, height) in [(32, 32), (32, 128), (2720, 32), (96, 160)] {
        let found = search(&network, width, height, &[], &Workers::new(2).unwrap());
        assert!(found.iter().flatten().all(|x| x.is_finite()));
    }
}

/// Name and 478 points of each line of `landmarks.jsonl`.
fn refined_landmarks() -> Vec<(String, Vec<[f32; 3]>)> {
    let path = format!("{}/tests/data/landmarks.jsonl", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let points: Vec<[f32; 2]> = serde_json::from_value(line["refined"].clone()).unwrap();
        (line["picture"].as_str().unwrap().to_owned(), points.iter().map(|&[x, y]| [x, y, 0.0]).collect())
    });
    lines.collect()
}

#[test]
fn blendshapes_say_what_litert_says() {
    for &simd in SimdLevel::available() {
        let network = Blendshapes::embedded_with(simd).unwrap();
        let mut buffers = network.buffers().unwrap();
        for threads in [1, 2, 3, 16] {
            let workers = Workers::new(threads).unwrap();
            for (index, (picture, points)) in refined_landmarks().iter().enumerate() {
                let found = network.forward(points, &mut buffers, &workers).unwrap();
                let far = worst(&found, &golden(&format!("blendshapes.{index}")));
                println!("{picture}, {simd:?}, {threads} threads: coefficients differ by {far:e}");
                assert!(far <= 1e-4, "{picture}, {simd:?}, {threads} threads: {far}");
            }
        }
    }
}

#[test]
fn blendshapes_do_not_care_where_and_how_large_a_face_is() {
    let network = Blendshapes::embedded().unwrap();
    let (mut buffers, workers) = (network.buffers().unwrap(), Workers::new(1).unwrap());
    let (_, points) = refined_landmarks().remove(0);
    let said = network.forward(&points, &mut buffers, &workers).unwrap();
    let smile = |said: &[f32; 52]| said[Blendshape::MouthSmileLeft as usize];
    assert!(smile(&said) > 0.5, "the portrait smiles: {}", smile(&said));
    let moved: Vec<_> = points.iter().map(|&[x, y, _]| [0.3 * x + 500.0, 0.3 * y - 200.0, 7.0]).collect();
    let again = network.forward(&moved, &mut buffers, &workers).unwrap();
    assert!(worst(&said, &again) < 1e-3, "{}", worst(&said, &again));
}

#[test]
fn blendshapes_of_points_that_are_no_face_are_refused() {
    let network = Blendshapes::embedded().unwrap();
    let (mut buffers, workers) = (network.buffers().unwrap(), Workers::new(1).unwrap());
    let good = refined_landmarks().remove(0).1;
    let mut bad = good.clone();
    bad[1][0] = f32::NAN;
    for points in [&good[..468], &[], &bad, &[[3.0; 3]; 478], &[[f32::MAX; 3]; 478], &[[f32::INFINITY; 3]; 478]] {
        let error = network.forward(points, &mut buffers, &workers).err();
        assert!(matches!(error, Some(glowup::Error::BadLandmarks { .. })), "{error:?}");
    }
    assert!(network.forward(&good, &mut buffers, &workers).is_ok());
}

#[test]
fn blendshapes_have_arkits_names() {
    assert_eq!(Blendshape::ALL[0].name(), "_neutral");
    assert_eq!(Blendshape::JawOpen.name(), "jawOpen");
    for (index, shape) in Blendshape::ALL.into_iter().enumerate() {
        assert_eq!(shape as usize, index);
        let said = format!("{shape:?}").to_lowercase();
        assert_eq!(shape.name().trim_start_matches('_').to_lowercase(), said);
    }
}

#[test]
fn the_portrait_is_a_face_and_noise_is_none() {
    let workers = Workers::new(1).unwrap();
    let [(_, face), (_, noise)] = mesh_inputs();
    for (model, _) in MESHES {
        let network = FaceMesh::embedded(model).unwrap();
        assert!(landmarks(&network, &face, &workers).1[0] > 2.0);
        assert!(landmarks(&network, &noise, &workers).1[0] < -2.0);
    }
}

#[test]
fn every_simd_level_and_number_of_threads_agrees_with_the_reference_networks() {
    let device = Device::Cpu;
    let detector = reference::BlazeFace::new(&device).unwrap();
    let tensor = |input: &[f32], side: usize| Tensor::from_slice(input, (side, side, 3), &device).unwrap();
    let flat = |tensor: Tensor| tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let expected_boxes = detector_inputs().map(|(_, input)| {
        let (logits, boxes) = detector.forward(&tensor(&input, BlazeFace::SIDE)).unwrap();
        (input, flat(logits), flat(boxes))
    });
    let expected_points = MESHES.map(|(model, _)| {
        let mesh = reference::FaceMesh::new(model, &device).unwrap();
        let said = mesh_inputs().map(|(_, input)| {
            let (points, presence) = mesh.forward(&tensor(&input, FaceMesh::SIDE)).unwrap();
            (input, flat(points), flat(presence))
        });
        (model, said)
    });
    for &simd in SimdLevel::available() {
        let detector = BlazeFace::embedded_with(simd).unwrap();
        for threads in [1, 2, 3, 5] {
            let workers = Workers::new(threads).unwrap();
            for (input, logits, boxes) in &expected_boxes {
                let found = detect(&detector, input, &workers);
                let (scores, places) = (worst(&found.0, logits) / range(logits), worst(&found.1, boxes) / range(boxes));
                assert!(scores <= 1e-4 && places <= 1e-4, "{simd:?}, {threads} threads: {scores} {places}");
            }
            for (model, said) in &expected_points {
                let mesh = FaceMesh::embedded_with(*model, simd).unwrap();
                for (input, points, presence) in said {
                    let found = landmarks(&mesh, input, &workers);
                    let far = worst(&found.0, points) / range(points);
                    let sure = worst(&found.1, presence) / presence[0].abs();
                    assert!(far <= 1e-4 && sure <= 1e-4, "{model:?}, {simd:?}, {threads} threads: {far} {sure}");
                }
            }
        }
    }
}

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
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

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

#[test]
fn layers_that_do_not_fit_are_refused() {
    let best = SimdLevel::best();
    let ones = |count: usize| vec![1.0; count];
    let (taps, weights, eight) = (ones(72), ones(64), ones(8));
    let block = |stride: usize, taps: &[f32], weights: &[f32]| {
        ops::Block::new((taps, &eight), (weights, &eight), Activation::Relu, stride, best)
    };
    assert!(block(0, &taps, &weights).is_err() && block(3, &taps, &weights).is_err());
    assert!(block(1, &taps[1..], &weights).is_err() && block(1, &taps, &weights[8..]).is_err());
    assert!(ops::Block::new((&[], &[]), (&[], &[]), Activation::Relu, 1, best).is_err());
    assert!(ops::Stem::new(&ones(8 * 36), &eight, Activation::Relu, 6, best).is_err());
    assert!(ops::Stem::new(&eight, &eight, Activation::Relu, 0, best).is_err());
    assert!(ops::Pointwise::new(&weights, &eight, Activation::PRelu(&[1.0]), best).is_err());

    let workers = Workers::new(1).unwrap();
    let map = |side: usize, channels: usize| ops::feature_map(side, side, channels).unwrap();
    let good = block(2, &taps, &weights).unwrap();
    assert!(good.forward(&map(6, 8), &map(3, 8), &workers).is_ok());
    for (from, to) in [(map(6, 8), map(6, 8)), (map(6, 16), map(3, 8)), (map(6, 8), map(3, 16)), (map(0, 8), map(0, 8))]
    {
        assert!(good.forward(&from, &to, &workers).is_err());
    }
    let same = map(6, 8);
    assert!(
        block(1, &taps, &weights).unwrap().forward(&same, &same, &workers).is_err(),
        "input and output are one tensor"
    );
    let half = Tensor::zeros((8, 8, 8), candle_core::DType::F16, &Device::Cpu).unwrap();
    assert!(good.forward(&half, &map(3, 8), &workers).is_err());
}

#[test]
fn units_that_do_not_fit_are_refused() {
    let best = SimdLevel::best();
    let ones = |count: usize| vec![1.0; count];
    let unit = |inputs: usize, outputs: usize, taps: usize, pooled: bool| {
        ops::Unit::new((&ones(inputs * outputs), &ones(outputs)), (&ones(taps), &ones(outputs)), true, pooled, best)
    };
    for (inputs, outputs, taps) in [(0, 16, 144), (300, 16, 144), (16, 8, 72), (16, 16, 143), (16, 0, 0)] {
        assert!(unit(inputs, outputs, taps, false).is_err());
    }
    let first = |stem: usize, inputs: usize| {
        ops::FirstUnit::new((&ones(stem), &ones(16)), unit(inputs, 16, 144, true).unwrap())
    };
    assert!(first(432, 16).is_ok() && first(431, 16).is_err() && first(432, 32).is_err());

    let workers = Workers::new(1).unwrap();
    let map = |height: usize, width: usize, channels: usize| ops::plain_map(height, width, channels).unwrap();
    let (plain, pooling) = (unit(16, 16, 144, false).unwrap(), unit(16, 16, 144, true).unwrap());
    assert!(plain.forward(&map(3, 5, 16), &map(3, 5, 16), &workers).is_ok());
    for (from, to) in [(map(3, 5, 16), map(5, 3, 16)), (map(3, 5, 8), map(3, 5, 16)), (map(3, 5, 16), map(3, 5, 32))] {
        assert!(plain.forward(&from, &to, &workers).is_err());
    }
    assert!(pooling.forward(&map(4, 6, 16), &map(2, 3, 16), &workers).is_ok());
    assert!(pooling.forward(&map(5, 6, 16), &map(2, 3, 16), &workers).is_err());
    assert!(plain.forward_pooled(&map(5, 6, 16), &map(2, 3, 16), &workers).is_err());
    assert!(plain.forward_merged(&map(4, 6, 16), &map(2, 2, 16), &map(4, 6, 16), &workers).is_err());
    assert!(unit(8, 16, 144, false).unwrap().forward_pooled(&map(4, 6, 8), &map(2, 3, 16), &workers).is_err());
    let same = map(4, 4, 16);
    assert!(plain.forward(&same, &same, &workers).is_err(), "input and output are one tensor");
    assert!(plain.forward_merged(&same, &map(2, 2, 16), &same, &workers).is_err(), "input and output are one tensor");
}
