//! Damaged weights are refused with an error that says so, whatever the damage.

use glowup::Error;
use glowup::face::net::{BlazeFace, Blendshapes, FaceMesh, MeshModel, YuNet};

const DETECTOR: &[u8] = include_bytes!("../models/face_detection_short_range.safetensors");
const MESH: &[u8] = include_bytes!("../models/face_landmark.safetensors");
const REFINED: &[u8] = include_bytes!("../models/face_landmark_with_attention.safetensors");
const YUNET: &[u8] = include_bytes!("../models/face_detection_yunet.safetensors");
const BLENDSHAPES: &[u8] = include_bytes!("../models/face_blendshapes.safetensors");

fn refused(what: &str, bytes: &[u8]) {
    let mesh = |model| FaceMesh::from_safetensors(model, bytes).err();
    let others = [YuNet::from_safetensors(bytes).err(), Blendshapes::from_safetensors(bytes).err()];
    let first = [BlazeFace::from_safetensors(bytes).err(), mesh(MeshModel::Light), mesh(MeshModel::Refined)];
    for error in first.into_iter().chain(others) {
        match error {
            Some(error @ Error::BadWeights { .. }) => {
                let text = error.to_string();
                assert!(text.contains("use the weights it embeds"), "{what}: {text}");
            }
            other => panic!("{what}: {other:?}"),
        }
    }
}

#[test]
fn the_files_that_belong_here_load() {
    assert!(BlazeFace::from_safetensors(DETECTOR).is_ok());
    assert!(BlazeFace::embedded().is_ok());
    assert!(YuNet::from_safetensors(YUNET).is_ok() && YuNet::embedded().is_ok());
    assert!(Blendshapes::from_safetensors(BLENDSHAPES).is_ok() && Blendshapes::embedded().is_ok());
    for (model, bytes) in [(MeshModel::Light, MESH), (MeshModel::Refined, REFINED)] {
        assert!(FaceMesh::from_safetensors(model, bytes).is_ok() && FaceMesh::embedded(model).is_ok());
    }
}

#[test]
fn one_flipped_bit_anywhere_is_refused() {
    for file in [DETECTOR, MESH, REFINED, YUNET, BLENDSHAPES] {
        for step in 0..40 {
            let mut bytes = file.to_vec();
            bytes[step * (file.len() - 1) / 39] ^= 1 << (step % 8);
            refused("a flipped bit", &bytes);
        }
    }
}

#[test]
fn truncated_and_extended_files_are_refused() {
    for file in [DETECTOR, MESH, REFINED, YUNET, BLENDSHAPES] {
        for length in [0, 1, 7, 8, 100, file.len() / 2, file.len() - 1] {
            refused("a truncated file", &file[..length]);
        }
        refused("a byte too many", &[file, &[0]].concat());
    }
}

#[test]
fn another_networks_file_is_refused() {
    let error = FaceMesh::from_safetensors(MeshModel::Light, REFINED).err();
    assert!(matches!(error, Some(Error::BadWeights { network: "face mesh", .. })), "{error:?}");
    let error = FaceMesh::from_safetensors(MeshModel::Light, DETECTOR).err();
    assert!(matches!(error, Some(Error::BadWeights { network: "face mesh", .. })), "{error:?}");
    let error = BlazeFace::from_safetensors(MESH).err();
    assert!(matches!(error, Some(Error::BadWeights { network: "BlazeFace", .. })), "{error:?}");
    let error = YuNet::from_safetensors(DETECTOR).err();
    assert!(matches!(error, Some(Error::BadWeights { network: "YuNet", .. })), "{error:?}");
    let error = Blendshapes::from_safetensors(YUNET).err();
    assert!(matches!(error, Some(Error::BadWeights { network: "blendshapes", .. })), "{error:?}");
    refused("a picture", include_bytes!("data/parity_mesh.png"));
}

#[test]
fn not_a_number_is_refused() {
    for (file, not_a_number) in
        [(MESH, &[0x00, 0x7e][..]), (YUNET, &[0x00, 0x00, 0xc0, 0x7f]), (BLENDSHAPES, &[0x00, 0x7e])]
    {
        let mut bytes = file.to_vec();
        let end = bytes.len();
        bytes[end - not_a_number.len()..].copy_from_slice(not_a_number);
        refused("a weight that is not a number", &bytes);
    }
}

#[test]
fn a_missing_name_is_refused() {
    for (file, name) in [(MESH, b"stem.weight"), (YUNET, b"stem.weight"), (BLENDSHAPES, b"head.weight")] {
        let mut bytes = file.to_vec();
        let at = bytes.windows(11).position(|window| window == name).expect("the layer's weights have a name");
        bytes[at] = b'x';
        refused("a renamed tensor", &bytes);
    }
}
