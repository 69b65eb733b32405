//! The networks say what the originals say: against LiteRT's outputs (see `tests/data/README.md`), against the same
//! networks on candle's own operations, and on every set of instructions that this machine has.

use candle_core::{Device, Tensor};
use glowup::face::net::ops::{self, Activation, SimdLevel};
use glowup::face::net::{BlazeFace, Blendshape, Blendshapes, FaceMesh, MeshModel, Workers, YuNet, reference};
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
